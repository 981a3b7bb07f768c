package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/internal/value"
)

const (
	maxInline = 60 // columns of a value that still stands in a step's own line
	noValue   = "unset"
)

// Flow is a value on one line, as plans show one. The result is escaped.
func Flow(v value.Value) string { return flow(v.Any()) }

// flow writes a value on one line, much as a YAML flow: words bare, other text
// quoted. The result is escaped.
func flow(v any) string {
	switch v := v.(type) {
	case nil:
		return noValue
	case string:
		if isBare(v) {
			return v
		}
		return quote(v)
	case []any:
		return "[" + strings.Join(flows(v), ", ") + "]"
	case map[string]any:
		items := make([]string, 0, len(v))
		for _, k := range keysOf(v) {
			items = append(items, Escape(k)+": "+flow(v[k]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	default:
		return Escape(fmt.Sprint(v))
	}
}

func flows(list []any) []string {
	items := make([]string, len(list))
	for i, item := range list {
		items[i] = flow(item)
	}
	return items
}

// keysOf returns a map's keys in order, what names an item first.
func keysOf(m map[string]any) []string {
	keys := slices.Sorted(maps.Keys(m))
	names := func(k string) bool { return k == "name" || k == "role" }
	first := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !names(k) })
	return append(first, slices.DeleteFunc(keys, names)...)
}

// literal is flow with text quoted, but for the API's own words such as FIXED,
// which stand in fields that name a type.
func literal(path string, v any) string {
	s, ok := v.(string)
	if ok && (!strings.HasSuffix(path, "_type") || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "") {
		return quote(s)
	}
	return flow(v)
}

func quote(s string) string {
	return `"` + strings.ReplaceAll(escapeHidden(s), `"`, `\"`) + `"`
}

// isBare says whether a text can stand in a list without quotes.
func isBare(s string) bool {
	if s == "" || s == "true" || s == "false" || s == "null" || s == noValue || escapeHidden(s) != s {
		return false
	}
	for _, t := range words.Tokens(s) {
		if !words.IsWord(t) && !strings.Contains("-./", t) {
			return false
		}
	}
	return strings.Trim(s, "0123456789-./") != ""
}

// IsLong says whether a value is a text that needs lines of its own.
func IsLong(v any) bool {
	s, ok := v.(string)
	return ok && (strings.Contains(s, "\n") || columns(s) > maxInline)
}
