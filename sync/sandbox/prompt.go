package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// placeholder is what a prompt may have filled in: a name in two braces, or in
// one. Names are in any script, and may have blanks and hyphens.
var placeholder = regexp.MustCompile(`\{\{[ \t]*([^{}\n]+?)[ \t]*\}\}|\{([^{}\n]+)\}`)

// plainName is a text in braces that is surely a name, and no JSON.
var plainName = regexp.MustCompile(`^[\p{L}_][\p{L}\p{M}\p{N}_]*$`)

// noCustomer is {user_name} where there is no call: in one it is by default the
// customer's number (reference.md, "Calls to a voice agent").
const noCustomer = "the customer's number"

// enhance is endpoint 17. The reference does not name the fields of its answer, so
// there are two shapes of it. What it makes better is always the same.
func enhance(c *call) answer {
	if c.s.opts.Enhance == "none" {
		return detail(http.StatusNotFound, "Not Found")
	}
	base := map[string]any{}
	if v := c.agent.current(); v != nil {
		base = v.Doc.fields
	}
	before, after := map[string]any{}, map[string]any{}
	for _, key := range []string{"system_prompt", "starting_instructions"} {
		s, given := c.body[key].(string)
		if !given {
			s, _ = base[key].(string)
		}
		if s = strings.TrimSpace(s); s != "" {
			before[key] = s
			after[key] = strings.ReplaceAll(s, "Ask ", "Politely ask ") + "\n\nKeep every answer short enough to be spoken."
		}
	}
	tips := []string{"Say what the agent does when it does not know an answer.", "Give one example of a good first turn."}
	if c.s.opts.Enhance == "nested" {
		return raw(map[string]any{"original": before, "enhanced_config": after, "model": "sandbox-1",
			"suggestions": []any{map[string]any{"suggestion": tips[0], "field": "system_prompt"}, tips[1]}})
	}
	out := map[string]any{"suggestions": tips}
	for key, text := range after {
		out["enhanced_"+key] = text
	}
	return raw(out)
}

// asked is the config that a render or validate request is about: the version
// in the query, else the current one.
func (c *call) asked() (v *version, a answer, ok bool) {
	if c.r.URL.Query().Has("version") {
		if v = c.agent.version(c.number("version", 0)); v == nil {
			return nil, tracedDetail(http.StatusNotFound, "Version not found"), false
		}
		return v, answer{}, true
	}
	if v = c.agent.current(); v == nil {
		return nil, noCurrent(), false
	}
	return v, answer{}, true
}

// render is endpoint 18. A placeholder without a value stays as it stands, and
// is an error in the list.
func render(c *call) answer {
	v, a, ok := c.asked()
	if !ok {
		return a
	}
	values := c.values(v)
	errors := metadataErrors(v, c.body)
	fill := func(key string) string {
		prompt := v.Doc.text(key)
		if query := c.r.URL.Query(); query.Has(key) {
			prompt = query.Get(key)
		}
		text, missing := fillIn(prompt, values)
		for _, name := range missing {
			e := "Missing value for placeholder: " + name
			if !slices.Contains(errors, e) {
				errors = append(errors, e)
			}
		}
		return text
	}
	return raw(map[string]any{
		"rendered_system_prompt":         fill("system_prompt"),
		"rendered_starting_instructions": fill("starting_instructions"),
		"errors":                         errors,
	})
}

// values are what placeholders stand for: the metadata's defaults, then the
// request's values, and the user's name.
func (c *call) values(v *version) map[string]any {
	out := map[string]any{"user_name": noCustomer}
	for _, m := range metadata(v) {
		if m["default"] != nil {
			name, _ := m["name"].(string)
			out[name] = m["default"]
		}
	}
	for key, value := range c.body {
		out[key] = value
	}
	return out
}

// fillIn replaces placeholders and tells those without a value, in the order
// of the prompt.
func fillIn(prompt string, values map[string]any) (filled string, missing []string) {
	filled = placeholder.ReplaceAllStringFunc(prompt, func(p string) string {
		groups := placeholder.FindStringSubmatch(p)
		name := groups[1] + groups[2] // one of the two forms
		value, ok := values[name]
		if !ok || value == nil {
			if plainName.MatchString(name) {
				missing = append(missing, name)
			}
			return p
		}
		if s, ok := value.(string); ok {
			return s
		}
		return string(mustEncode(value))
	})
	return filled, missing
}

// validate is endpoint 19. The reference gives it no version: a platform may take
// one, or look at what is live whatever is asked.
func validate(c *call) answer {
	if c.s.opts.ValidatesLive {
		query := c.r.URL.Query()
		query.Del("version")
		c.r.URL.RawQuery = query.Encode()
	}
	v, a, ok := c.asked()
	if !ok {
		return a
	}
	errors := metadataErrors(v, c.body)
	return raw(map[string]any{"valid": len(errors) == 0, "errors": errors})
}

func metadata(v *version) []map[string]any {
	var out []map[string]any
	list, _ := v.Doc.get("metadata_schema").([]any)
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// metadataErrors tells what of the values does not fit the metadata schema,
// in its order. It is never nil.
func metadataErrors(v *version, values map[string]any) []string {
	errors := []string{}
	for _, m := range metadata(v) {
		name, _ := m["name"].(string)
		value := values[name]
		if value == nil {
			if m["required"] == true && m["default"] == nil {
				errors = append(errors, name+": Field required")
			}
			continue
		}
		if kind, _ := m["type"].(string); !hasType(value, kind) {
			errors = append(errors, fmt.Sprintf("%s: Expected %s", name, kind))
			continue
		}
		choices, _ := m["enum_values"].([]any)
		if len(choices) > 0 && !slices.ContainsFunc(choices, func(e any) bool {
			return string(mustEncode(e)) == string(mustEncode(value))
		}) {
			errors = append(errors, name+": Value is not one of the allowed values")
		}
	}
	return errors
}

// hasType says whether a value fits a metadata type; types that are not known
// fit everything.
func hasType(v any, kind string) bool {
	switch strings.ToLower(kind) {
	case "string", "text":
		_, ok := v.(string)
		return ok
	case "number", "float":
		_, ok := v.(json.Number)
		return ok
	case "integer", "int":
		n, ok := v.(json.Number)
		if !ok {
			return false
		}
		_, err := n.Int64()
		return err == nil
	case "boolean", "bool":
		_, ok := v.(bool)
		return ok
	case "array", "list":
		_, ok := v.([]any)
		return ok
	}
	return true
}
