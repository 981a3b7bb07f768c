// Package checks fills in prompts as a call would, and judges what comes out of it
// by an agent's checks. It is pure, and serves both what the platform has rendered
// and what is rendered here, without a network.
package checks

import (
	"encoding/json"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Ask is what is asked of endpoint 18.
type Ask struct {
	Version int               // 0 is the live one
	Values  map[string]any    // of a call, by name
	Texts   map[string]string // in place of the version's, by the field of the config; they go into the address
}

// Rendered is what endpoint 18 answers, or Render in its place.
type Rendered struct {
	Texts  map[string]string // by the field of the config, as spec.SpokenFields
	Errors []string          // what the platform had to say; none is said here
}

// userName always has a value: the platform's, else this one (reference.md, "Prompts").
const userName = "user_name"

// localUser stands for {user_name}, which is the customer's number unless a call
// says otherwise (reference.md, "Calls to a voice agent"): here there is no customer.
const localUser = "the customer's number"

// Render fills in the prompts of a config with the values of a call: {name} and
// {{name}} give way to the value of that name, else to the metadata schema's
// default. What has no value stays as it stands, and so does all else in braces.
func Render(config value.Value, values map[string]any) Rendered {
	given := map[string]any{userName: localUser}
	for _, member := range config.Get("metadata_schema").List() {
		if def := member.Get("default"); !def.IsEmpty() {
			given[member.Get("name").Text()] = def.Any()
		}
	}
	for name, v := range values {
		if v != nil {
			given[name] = v
		}
	}
	out := Rendered{Texts: map[string]string{}}
	for _, field := range spec.SpokenFields() {
		out.Texts[field] = Fill(config.Get(field).Text(), given)
	}
	return out
}

// Fill replaces the placeholders in a text that have a value. A value that is no
// text stands as its JSON.
func Fill(text string, values map[string]any) string {
	var b strings.Builder
	done := 0
	for p := range spec.AllBraced(text) {
		v, ok := values[p.Name]
		if !ok || v == nil {
			continue
		}
		b.WriteString(text[done:p.Start])
		b.WriteString(spoken(v))
		done = p.End
	}
	return b.String() + text[done:]
}

func spoken(v any) string {
	if s, is := v.(string); is {
		return s
	}
	if n, is := v.(json.Number); is {
		return n.String()
	}
	return string(value.Of(v).JSON())
}
