// Package schema holds the JSON Schemas of agentsync's manifests, one a kind,
// and checks documents against them. It knows no network: a $schema or an $id
// is a name, never an address to fetch.
package schema

import (
	"embed"
	"sync"
)

//go:embed agent.schema.json base.schema.json project.schema.json
var files embed.FS

// Kinds gives the kinds that have a schema, in lower case as the schema
// command takes them.
func Kinds() []string { return []string{"agent", "base", "project"} }

// JSON gives the schema of a kind (see Kinds) as it is embedded: draft 2020-12,
// with a description on every field. It is false for a kind that has none.
func JSON(kind string) ([]byte, bool) {
	for _, k := range Kinds() {
		if k == kind {
			data, err := files.ReadFile(kind + ".schema.json")
			return data, err == nil
		}
	}
	return nil, false
}

// compiled holds each kind's rules, read once when a kind is first asked for.
var compiled = map[string]func() *rules{
	"agent":   sync.OnceValue(func() *rules { return mustCompile("agent") }),
	"base":    sync.OnceValue(func() *rules { return mustCompile("base") }),
	"project": sync.OnceValue(func() *rules { return mustCompile("project") }),
}

// mustCompile panics on a schema that is not as this package reads it: it is
// embedded, so that is a programmer's error, and a test finds it.
func mustCompile(kind string) *rules {
	data, _ := JSON(kind)
	r, err := compile(data)
	if err != nil {
		panic("schema: " + kind + ": " + err.Error())
	}
	return r
}
