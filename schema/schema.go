// Package schema holds the registry: one table of every field of every kind of
// document, with its type, its description and what the API does with it. The
// JSON Schemas for editors are generated from it, and documents are checked
// against them. It knows no network: a $schema or an $id is a name, never an
// address to fetch.
package schema

import (
	"bytes"
	"embed"
	"slices"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

//go:generate go test -run TestSchemas . -update

//go:embed agent.schema.json base.schema.json project.schema.json
var files embed.FS

// JSON returns the schema of a kind (see Kinds): draft 2020-12, with a
// description on every field. It is false for a kind that has none.
func JSON(kind string) ([]byte, bool) {
	if !slices.Contains(Kinds(), kind) {
		return nil, false
	}
	data, err := files.ReadFile(kind + ".schema.json")
	return data, err == nil
}

// compiled holds each kind's schema, compiled when it is first asked for.
var compiled = map[string]func() *jsonschema.Schema{
	"agent":   sync.OnceValue(func() *jsonschema.Schema { return compile("agent") }),
	"base":    sync.OnceValue(func() *jsonschema.Schema { return compile("base") }),
	"project": sync.OnceValue(func() *jsonschema.Schema { return compile("project") }),
}

// compile panics on a schema that is none: it is embedded, so that is a
// programmer's error, and a test finds it.
func compile(kind string) *jsonschema.Schema {
	data, _ := JSON(kind)
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	if err := c.AddResource(kind, bytes.NewReader(data)); err != nil {
		panic(err)
	}
	return c.MustCompile(kind)
}
