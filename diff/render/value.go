package render

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
)

const (
	maxInline = 60 // columns of a value that still stands in a step's own line
	noValue   = "unset"
)

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
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = flow(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		items := make([]string, 0, len(v))
		for _, k := range keysOf(v) {
			items = append(items, Escape(k)+": "+flow(v[k]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	case json.Number:
		return Escape(string(v))
	default:
		return fmt.Sprint(v)
	}
}

// keysOf gives a map's keys in order, what names an item first.
func keysOf(m map[string]any) []string {
	keys := value.SortedKeys(m)
	rank := func(k string) int {
		if k == "name" || k == "role" {
			return 0
		}
		return 1
	}
	sort.SliceStable(keys, func(i, j int) bool { return rank(keys[i]) < rank(keys[j]) })
	return keys
}

// literal is flow with text quoted, but for the API's own words such as FIXED,
// which stand in fields that name a type.
func literal(path string, v any) string {
	if s, ok := v.(string); ok && !strings.HasSuffix(path, "_type") || ok && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
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
	letters := false
	for _, t := range tokens(s) {
		if tokenKind(t) != word && !strings.Contains("-./", t) {
			return false
		}
		letters = letters || strings.Trim(t, "0123456789-./") != ""
	}
	return letters
}

// shorten cuts a one-line value to max columns.
func shorten(s string, max int) string {
	if columns(s) <= max {
		return s
	}
	start, _ := head(s, max-1)
	return strings.TrimRight(start, " ") + ellipsis
}

// isLong says whether a text needs lines of its own.
func isLong(v any) bool {
	s, ok := v.(string)
	return ok && (strings.Contains(s, "\n") || columns(s) > maxInline)
}

// listItems gives a list as one line an item; ok is false for other values. No
// value is an empty list.
func listItems(v any) (items []string, ok bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, v == nil
	}
	items = make([]string, len(list))
	for i, item := range list {
		items[i] = flow(item)
	}
	return items, true
}

func isMap(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// count is a number with its noun: "1 step", "2 steps".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// size is a text's size for a reader: "38 lines, 4.1 KB".
func size(s string) string {
	lines := count(len(splitLines(s)), "line", "lines")
	switch n := len(s); {
	case n < 1000:
		return lines + ", " + count(n, "byte", "bytes")
	case n < 1000*1000:
		return fmt.Sprintf("%s, %.1f KB", lines, float64(n)/1000)
	default:
		return fmt.Sprintf("%s, %.1f MB", lines, float64(n)/1e6)
	}
}
