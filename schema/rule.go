package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"sort"
	"strings"
)

// rules are a kind's schema in the form that Check walks.
type rules struct {
	root *rule
	// homes tells for a field's name which maps know it, by dotted path: what
	// to say of a field that stands in the wrong place.
	homes map[string][]string
}

// rule is one schema, its $ref already laid over it. It has the keywords that
// agentsync's schemas use; any other one is an error at compile time, so that
// no keyword is ever silently not checked.
type rule struct {
	Schema               string           `json:"$schema"`
	ID                   string           `json:"$id"`
	Ref                  string           `json:"$ref"`
	Defs                 map[string]*rule `json:"$defs"`
	Title                string           `json:"title"`
	Description          string           `json:"description"`
	Type                 types            `json:"type"`
	Const                *string          `json:"const"`
	Enum                 []*string        `json:"enum"` // nil stands for null
	Properties           map[string]*rule `json:"properties"`
	Required             []string         `json:"required"`
	AdditionalProperties *additional      `json:"additionalProperties"`
	PropertyNames        *rule            `json:"propertyNames"`
	Items                *rule            `json:"items"`
	MinItems             int              `json:"minItems"`
	MaxItems             int              `json:"maxItems"`
	UniqueItems          bool             `json:"uniqueItems"`
	MinLength            int              `json:"minLength"`
	Pattern              string           `json:"pattern"`
	PatternErrorMessage  string           `json:"patternErrorMessage"`
	Not                  *exclusion       `json:"not"`
	Minimum              *float64         `json:"minimum"`
	Maximum              *float64         `json:"maximum"`

	oneLine bool           // the text must be of one line, see Unsafe
	pattern *regexp.Regexp // what Unsafe does not cover; nil for none
	known   []string       // Properties' names, sorted
}

// exclusion is the keyword "not": a pattern of texts that are not allowed.
type exclusion struct {
	Description         string `json:"description"` // why they are not
	Pattern             string `json:"pattern"`
	PatternErrorMessage string `json:"patternErrorMessage"`

	pattern *regexp.Regexp
}

// Patterns that Unsafe checks faster, and with a better message.
const (
	linePattern = "^[^\\x00-\\x1f\\x7f-\\x9f\u2028-\u202e\u2066-\u2069\ufeff]*$"
	textPattern = `^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$`
)

// types is the keyword "type": a name or a list of names.
type types []string

func (t *types) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		*t = make(types, 1)
		return json.Unmarshal(data, &(*t)[0])
	}
	return json.Unmarshal(data, (*[]string)(t))
}

func (t types) has(name string) bool {
	for _, s := range t {
		if s == name {
			return true
		}
	}
	return false
}

// additional is the keyword "additionalProperties": false, or a schema.
type additional struct{ rule *rule }

func (a *additional) UnmarshalJSON(data []byte) error {
	if string(data) == "false" {
		return nil
	}
	return strictly(data, &a.rule)
}

func strictly(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

func compile(data []byte) (*rules, error) {
	root := &rule{}
	if err := strictly(data, root); err != nil {
		return nil, err
	}
	c := compiler{defs: root.Defs, homes: map[string][]string{}}
	if err := c.resolve(root, ""); err != nil {
		return nil, err
	}
	return &rules{root: root, homes: c.homes}, nil
}

type compiler struct {
	defs  map[string]*rule
	homes map[string][]string
}

// resolve prepares r and all below it, which stands at path in a document.
// Each place gets its own copy of a definition, so the definitions must not
// refer to themselves.
func (c *compiler) resolve(r *rule, path string) error {
	if r.Ref != "" {
		if err := c.follow(r); err != nil {
			return err
		}
	}
	switch r.Pattern {
	case "":
	case textPattern:
	case linePattern:
		r.oneLine = true
	default:
		p, err := regexp.Compile(r.Pattern)
		if err != nil {
			return err
		}
		r.oneLine, r.pattern = true, p
	}
	if r.Not != nil {
		p, err := regexp.Compile(r.Not.Pattern)
		if err != nil {
			return err
		}
		r.Not = &exclusion{r.Not.Description, r.Not.Pattern, r.Not.PatternErrorMessage, p}
	}
	r.own()
	for name := range r.Properties {
		r.known = append(r.known, name)
		c.homes[name] = append(c.homes[name], path)
	}
	sort.Strings(r.known)
	for _, name := range r.known {
		if err := c.child(&rule{}, r.Properties, name, join(path, name)); err != nil {
			return err
		}
	}
	for _, below := range []**rule{&r.Items, &r.PropertyNames} {
		if err := c.place(below, path+"[]"); err != nil {
			return err
		}
	}
	if r.AdditionalProperties != nil {
		return c.place(&r.AdditionalProperties.rule, path+".*")
	}
	return nil
}

// own gives r maps of its own, so that what is resolved below it leaves the
// definition alone that r was copied from.
func (r *rule) own() {
	r.known = nil
	r.Properties = maps.Clone(r.Properties)
	if r.AdditionalProperties != nil {
		own := *r.AdditionalProperties
		r.AdditionalProperties = &own
	}
}

func (c *compiler) child(own *rule, in map[string]*rule, name, path string) error {
	*own = *in[name]
	in[name] = own
	return c.resolve(own, path)
}

func (c *compiler) place(at **rule, path string) error {
	if *at == nil {
		return nil
	}
	own := **at
	*at = &own
	return c.resolve(&own, path)
}

// follow lays r's own keywords over the definition that it refers to. Beside a
// $ref stand a description and a type alone.
func (c *compiler) follow(r *rule) error {
	def := c.defs[strings.TrimPrefix(r.Ref, "#/$defs/")]
	if def == nil || def.Ref != "" {
		return fmt.Errorf("$ref %q: want a definition of this file that is none itself", r.Ref)
	}
	description, kinds := r.Description, r.Type
	*r = *def
	if description != "" {
		r.Description = description
	}
	if kinds != nil {
		r.Type = kinds
	}
	return nil
}
