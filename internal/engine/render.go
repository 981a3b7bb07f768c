package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
)

// Rendering says what Render renders: of the agent Name, the live version, the
// one of a number, or what its manifest wants.
type Rendering struct {
	Name    string
	Values  map[string]string // of a call, by name
	Version int               // 0 for the live one
	Local   bool              // what the manifest wants, without the platform
}

// Rendered are prompts as a call with these values speaks them.
type Rendered struct {
	checks.Rendered
	On   string   // "v7", or "local"
	Left []string // placeholders of the agent's own fields that got no value, as they stand
	// Undeclared are the given values' names that the agent does not declare, sorted,
	// each with what may have been meant in its place.
	Undeclared []Undeclared
}

// Undeclared is the name of a value that an agent does not declare.
type Undeclared struct {
	Name string
	Hint string // "" where no declared name is near
}

// String says so of the flag that gave it.
func (u Undeclared) String() string {
	text := fmt.Sprintf("--set %s: the agent declares neither an infield nor metadata of that name", diff.MaskPhones(u.Name))
	if u.Hint != "" {
		text += "; did you mean " + u.Hint + "?"
	}
	return text
}

// Render fills in an agent's prompts.
func (p *Project) Render(ctx context.Context, ask Rendering) (*Rendered, error) {
	if err := p.knows([]string{ask.Name}); err != nil {
		return nil, err
	}
	var agent spec.Agent
	for _, a := range p.Agents {
		if a.Name == ask.Name {
			agent = a
		}
	}
	if ask.Local {
		w := diff.Want(agent, nil)
		rendered := checks.Render(w.Config, typed(w.Config, ask.Values))
		out := concluded(rendered, "local", w.Config, w.Infields)
		declared := checks.Declared(w.Config, w.Infields)
		if !agent.InfieldsManaged { // the platform has them: the prompts show which
			declared = append(declared, placeholdersIn(w.Config)...)
		}
		out.Undeclared = undeclared(ask.Values, declared)
		return out, nil
	}
	planned, err := p.Plan(ctx, Scope{Targets: []string{ask.Name}})
	if err != nil {
		return nil, err
	}
	defer planned.Close()
	seen := planned.in.Remote.Agents[ask.Name]
	switch {
	case seen == nil:
		return nil, Errorf(Failed, "render the manifest's own texts with --local", "%s is not on the platform yet", ask.Name)
	case seen.Current == nil && ask.Version == 0:
		return nil, Errorf(Failed, "name a version with --version, or render the manifest's own texts with --local", "no version of %s is live", ask.Name)
	}
	version := seen.Current
	if ask.Version > 0 {
		if version, err = planned.remote.Version(ctx, seen.ID, ask.Version); err != nil {
			return nil, fmt.Errorf("read v%d of %s: %w", ask.Version, ask.Name, err)
		}
	}
	rendered, err := planned.remote.Render(ctx, seen.ID, checks.Ask{Version: ask.Version, Values: typed(version.Content, ask.Values)})
	if err != nil {
		return nil, err
	}
	out := concluded(rendered, fmt.Sprintf("v%d", version.Number), version.Content, seen.Infields)
	out.Undeclared = undeclared(ask.Values, checks.Declared(version.Content, seen.Infields))
	return out, nil
}

// undeclared are the names of given values that are not among the declared ones,
// nor always there.
func undeclared[V any](given map[string]V, declared []string) []Undeclared {
	var out []Undeclared
	for _, name := range value.SortedKeys(given) {
		if name != "user_name" && !slices.Contains(declared, name) {
			out = append(out, Undeclared{name, schema.Nearest(name, declared)})
		}
	}
	return out
}

// placeholdersIn are the names in braces in a config's prompts.
func placeholdersIn(config value.Value) []string {
	var out []string
	for _, field := range spec.SpokenFields() {
		for b := range spec.AllBraced(config.Get(field).Text()) {
			out = append(out, b.Name)
		}
	}
	return out
}

func concluded(rendered checks.Rendered, on string, config value.Value, infields []value.Value) *Rendered {
	out := &Rendered{Rendered: rendered, On: on}
	declared := checks.Declared(config, infields)
	for _, field := range spec.SpokenFields() {
		text := rendered.Texts[field]
		for _, b := range checks.Left(text, declared) {
			out.Left = append(out.Left, text[b.Start:b.End])
		}
	}
	return out
}

// typed makes of the values on a command line what the metadata schema says they
// are. What is no number or the like stays text: the platform says what it thinks
// of it.
func typed(config value.Value, values map[string]string) map[string]any {
	out := make(map[string]any, len(values))
	for name, text := range values {
		out[name] = text
	}
	for _, member := range config.Get("metadata_schema").List() {
		name := member.Get("name").Text()
		text, given := values[name]
		if !given {
			continue
		}
		switch strings.ToLower(member.Get("type").Text()) {
		case "number", "float", "integer", "int":
			if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
				out[name] = json.Number(text)
			}
		case "boolean", "bool":
			if b, err := strconv.ParseBool(text); err == nil {
				out[name] = b
			}
		case "array", "list":
			var list []any
			if json.Unmarshal([]byte(text), &list) == nil {
				out[name] = list
			}
		}
	}
	return out
}
