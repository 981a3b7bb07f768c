package spec

import (
	"maps"
	"reflect"
	"regexp"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// Check is a gate: with these values, a version must validate and render like
// this before it goes live.
type Check struct {
	Name     string
	Pos      Pos
	Metadata map[string]any // the values of a call, by name: what JSON can say, numbers as json.Number
	// Valid is what the metadata schema must say of the values: "true", "false",
	// or "" where the check does not ask.
	Valid string
	// Prompts is what the rendered texts must be like, by the field of the
	// config; a field that the check does not name has no entry.
	Prompts map[string]Expectation
	// NoPlaceholdersLeft says that no placeholder of an infield or of the
	// metadata schema may stay in the rendered texts.
	NoPlaceholdersLeft bool
}

// Expectation is what one rendered text must be like; all of it must hold.
type Expectation struct {
	Contains []string `json:"contains,omitempty"`
	Excludes []string `json:"excludes,omitempty"`
	Matches  []string `json:"matches,omitempty"`   // regular expressions that compile
	MaxChars int      `json:"max_chars,omitempty"` // 0 for no limit
}

func (e Expectation) isEmpty() bool {
	return len(e.Contains)+len(e.Excludes)+len(e.Matches)+e.MaxChars == 0
}

// Renders reports whether the check has anything to say about rendered texts.
func (c Check) Renders() bool { return c.NoPlaceholdersLeft || len(c.Prompts) > 0 }

// SpokenFields are the fields of a config that hold placeholders, in the order
// that plans show.
func SpokenFields() []string {
	var out []string
	for _, row := range Fields(SectionConfig) {
		if row.Spoken {
			out = append(out, row.Name)
		}
	}
	return out
}

// Same reports whether two checks expect the same of the same values.
func (c Check) Same(d Check) bool {
	return c.Name == d.Name && (len(c.Metadata)+len(d.Metadata) == 0 || reflect.DeepEqual(c.Metadata, d.Metadata)) && c.Valid == d.Valid && c.NoPlaceholdersLeft == d.NoPlaceholdersLeft &&
		maps.EqualFunc(c.Prompts, d.Prompts, func(a, b Expectation) bool { return value.Equal(a.asWritten(), b.asWritten()) })
}

// asWritten is a check as a manifest has it, for digests.
func (c Check) asWritten() map[string]any {
	prompts := map[string]any{}
	for field, e := range c.Prompts {
		prompts[field] = e.asWritten()
	}
	return map[string]any{"name": c.Name, "metadata": c.Metadata, "valid": c.Valid, "prompts": prompts, "no_placeholders_left": c.NoPlaceholdersLeft}
}

func (e Expectation) asWritten() value.Value {
	return value.Of(map[string]any{"contains": e.Contains, "excludes": e.Excludes, "matches": e.Matches, "max_chars": e.MaxChars})
}

// checks reads the checks of a merged and checked spec.
func checks(list *node) []Check {
	var out []Check
	for _, n := range list.Below {
		c := Check{Name: n.Get("name").Text(), Pos: n.Pos, Prompts: map[string]Expectation{}}
		c.Metadata, _ = n.Get("metadata").Value().(map[string]any)
		if valid, is := n.Get("valid").Value().(bool); is {
			c.Valid = map[bool]string{true: "true", false: "false"}[valid]
		}
		left, given := n.Get("no_placeholders_left").Value().(bool)
		c.NoPlaceholdersLeft = left || !given
		for _, field := range SpokenFields() {
			var e Expectation
			if below := n.Get(field); below.IsMap() {
				decode(below, &e)
			}
			if !e.isEmpty() {
				c.Prompts[field] = e
			}
		}
		out = append(out, c)
	}
	return out
}

// checkChecks finds what the schema does not say of a document's checks: one
// without an expectation proves nothing, and would look as if it did.
func checkChecks(list *node, report func(Problem)) {
	for _, n := range list.Below {
		if !n.IsMap() {
			continue // already reported
		}
		asks := n.Get("no_placeholders_left").Value() == true || !n.Get("valid").IsEmpty()
		for _, field := range SpokenFields() {
			for _, below := range n.Get(field).Below {
				asks = asks || !below.IsEmpty()
			}
			for _, e := range n.Get(field, "matches").Texts() {
				if _, err := regexp.Compile(e.Text()); err != nil {
					report(problem(e.Pos, "write it in Go's syntax, and in single quotes, where a backslash is one: '(?i)rupees'",
						"checks: %s.matches: %s", field, schema.Clip(err.Error())))
				}
			}
		}
		if !asks {
			report(problem(n.Pos, "say what must hold: valid, system_prompt, starting_instructions, or no_placeholders_left: true alone",
				"checks: the check %s expects nothing", schema.Quote(n.Get("name").Text())))
		}
	}
	repeated(list.Texts("name"), func(name, first *node) {
		report(problem(name.Pos, "first given at "+first.Pos.String()+": give each its own name", "checks: %s is given twice", schema.Quote(name.Text())))
	})
}
