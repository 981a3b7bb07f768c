package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// problem is one entry of FastAPI's 422 answer.
type problem struct {
	Loc  []any  `json:"loc"`
	Msg  string `json:"msg"`
	Type string `json:"type"`
}

// parser checks one request's body and collects every problem in it.
type parser struct {
	strict   bool
	extra    []string
	problems []problem
}

func (p *parser) fail(loc []any, kind, msg string) {
	p.problems = append(p.problems, problem{Loc: slices.Clone(loc), Msg: msg, Type: kind})
}

// check reads v, which stands at loc, and returns it as it is stored. What is
// wrong with it goes to the parser.
type check func(p *parser, loc []any, v any) any

// at is loc with one more step, never sharing loc's array.
func at(loc []any, step any) []any { return append(slices.Clone(loc), step) }

func anything(_ *parser, _ []any, v any) any { return v }

func text(p *parser, loc []any, v any) any {
	if _, ok := v.(string); !ok {
		p.fail(loc, "string_type", "Input should be a valid string")
	}
	return v
}

func nonEmpty(p *parser, loc []any, v any) any {
	if s, ok := v.(string); ok && strings.TrimSpace(s) == "" {
		p.fail(loc, "string_too_short", "String should have at least 1 character")
		return v
	}
	return text(p, loc, v)
}

func boolean(p *parser, loc []any, v any) any {
	if _, ok := v.(bool); !ok {
		p.fail(loc, "bool_type", "Input should be a valid boolean")
	}
	return v
}

func integer(p *parser, loc []any, v any) any {
	n, ok := v.(json.Number)
	if ok {
		f, err := n.Float64()
		if err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return json.Number(strconv.FormatInt(int64(f), 10))
		}
	}
	p.fail(loc, "int_type", "Input should be a valid integer")
	return v
}

// decimal stores a number the way Python prints a float: 5 becomes 5.0.
func decimal(p *parser, loc []any, v any) any {
	n, ok := v.(json.Number)
	if ok {
		if f, err := n.Float64(); err == nil {
			return pyFloat(f)
		}
	}
	p.fail(loc, "float_type", "Input should be a valid number")
	return v
}

func pyFloat(f float64) json.Number {
	abs := math.Abs(f)
	if abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return json.Number(strconv.FormatFloat(f, 'e', -1, 64))
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return json.Number(s)
}

func oneOf(values ...string) check {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = "'" + v + "'"
	}
	last := len(quoted) - 1
	msg := fmt.Sprintf("Input should be %s or %s", strings.Join(quoted[:last], ", "), quoted[last])
	return func(p *parser, loc []any, v any) any {
		s, ok := v.(string)
		if !ok || !slices.Contains(values, s) {
			p.fail(loc, "enum", msg)
		}
		return v
	}
}

func listOf(item check) check {
	return func(p *parser, loc []any, v any) any {
		list, ok := v.([]any)
		if !ok {
			p.fail(loc, "list_type", "Input should be a valid list")
			return v
		}
		out := make([]any, len(list))
		for i, e := range list {
			out[i] = item(p, at(loc, i), e)
		}
		return out
	}
}

// orNull lets null through and stores empty in its place.
func orNull(c check, empty any) check {
	return func(p *parser, loc []any, v any) any {
		if v == nil {
			return empty
		}
		return c(p, loc, v)
	}
}

// field is one documented field of an object.
type field struct {
	name     string
	required bool
	fill     bool // store def when the field is left out
	def      any
	check    check
}

// unknown says what an object does with fields that are not documented.
type unknown int

const (
	drop unknown = iota // dropped; 422 when strict
	keep                // stored; 422 when strict
	free                // stored, strict or not
)

// object checks the fields that were sent. The result holds those, what is
// filled in, and unknown fields as rest says. name, when not "", is what
// Options.Extra calls the object.
func object(name string, fields []field, rest unknown) check {
	known := make(map[string]bool, len(fields))
	for _, f := range fields {
		known[f.name] = true
	}
	return func(p *parser, loc []any, v any) any {
		sent, ok := v.(map[string]any)
		if !ok {
			p.fail(loc, "model_attributes_type", "Input should be a valid dictionary or object to extract fields from")
			return v
		}
		out := make(map[string]any, len(sent))
		for _, f := range fields {
			value, given := sent[f.name]
			switch {
			case given:
				out[f.name] = f.check(p, at(loc, f.name), value)
			case f.required:
				p.fail(at(loc, f.name), "missing", "Field required")
			case f.fill:
				out[f.name] = f.def
			}
		}
		var others []string
		for key := range sent {
			if !known[key] {
				others = append(others, key)
			}
		}
		sort.Strings(others)
		for _, key := range others {
			switch {
			case rest == free || p.knows(name, key):
				out[key] = sent[key]
			case p.strict:
				p.fail(at(loc, key), "extra_forbidden", "Extra inputs are not permitted")
			case rest == keep:
				out[key] = sent[key]
			}
		}
		return out
	}
}

// knows says whether Options.Extra names the key of the object name.
func (p *parser) knows(name, key string) bool {
	switch name {
	case "":
		return false
	case configObject:
		return slices.Contains(p.extra, key)
	default:
		return slices.Contains(p.extra, name+"."+key)
	}
}

// maxDepth is how deep a body may be nested, far below what encoding/json can
// read back from the data file.
const maxDepth = 200

// storable tells why a value cannot be kept, "" when it can: a number that no
// float64 holds, or nesting without end.
func storable(v any, depth int) string {
	if depth > maxDepth {
		return "nested too deeply"
	}
	switch v := v.(type) {
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return "a number is out of range"
		}
	case []any:
		for _, e := range v {
			if why := storable(e, depth+1); why != "" {
				return why
			}
		}
	case map[string]any:
		for _, e := range v {
			if why := storable(e, depth+1); why != "" {
				return why
			}
		}
	}
	return ""
}
