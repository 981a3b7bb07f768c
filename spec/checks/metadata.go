package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
)

// Complaints are the ways in which the values of a call do not fit a metadata
// schema, in its order, as endpoint 19 finds them: a required value without a
// default that is missing, one of another type, one that is not among the
// values to choose from. A type that nobody knows fits everything.
func Complaints(schema value.Value, values map[string]any) []string {
	var out []string
	for _, member := range schema.List() {
		name := member.Get("name").Text()
		v := values[name]
		choices := member.Get("enum_values").List()
		switch kind := member.Get("type").Text(); {
		case v == nil:
			if member.Get("required").Any() == true && member.Get("default").IsEmpty() {
				out = append(out, name+" is required")
			}
		case !hasType(value.Of(v), v, kind):
			out = append(out, fmt.Sprintf("%s is not of type %s", name, kind))
		case len(choices) > 0 && !slices.ContainsFunc(choices, func(c value.Value) bool { return value.Equal(c, value.Of(v)) }):
			out = append(out, name+" is none of its enum_values")
		}
	}
	return out
}

// hasType reports whether a value fits a metadata type; v is raw in canonical form.
func hasType(v value.Value, raw any, kind string) bool {
	_, isText := raw.(string)
	_, isBool := raw.(bool)
	_, isList := raw.([]any)
	_, isMap := raw.(map[string]any)
	isNumber := !isText && !isBool && !isList && !isMap
	switch strings.ToLower(kind) {
	case "string", "text":
		return isText
	case "number", "float":
		return isNumber
	case "integer", "int":
		return isNumber && !strings.ContainsAny(string(v.JSON()), ".eE")
	case "boolean", "bool":
		return isBool
	case "array", "list":
		return isList
	}
	return true
}
