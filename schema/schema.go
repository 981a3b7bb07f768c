// Package schema holds the registry: one table of every field of every kind of
// document, with its type, its description and what the API does with it. The
// JSON Schemas for editors are generated from it, and documents are checked
// against them. It knows no network: a $schema or an $id is a name, never an
// address to fetch.
package schema

import (
	"embed"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

//go:generate go test -run TestSchemas . -update

//go:embed agent.schema.json base.schema.json project.schema.json
var files embed.FS

// JSON returns the schema of a kind (see Kinds): draft-07, with a
// description on every field. It is false for a kind that has none.
func JSON(kind string) ([]byte, bool) {
	data, err := files.ReadFile(kind + ".schema.json")
	return data, err == nil
}

// compiled holds each kind's schema, compiled when it is first asked for.
var compiled = map[string]func() *jsonschema.Schema{
	"agent": compile("agent"), "base": compile("base"), "project": compile("project"),
}

func compile(kind string) func() *jsonschema.Schema {
	return sync.OnceValue(func() *jsonschema.Schema {
		data, _ := JSON(kind)
		return jsonschema.MustCompileString(kind, string(data))
	})
}
