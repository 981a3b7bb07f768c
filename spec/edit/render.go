package edit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// How new values are written: as a person would, in the registry's order, texts of
// several lines as "|" blocks, short lists in one line.

// shortList is how long a list of plain values may be to stand in one line.
const shortList = 90

// field returns the lines of "key: value", or of "- value" where key is "-". The
// first begins with the key; the others are indented from there.
func field(key string, row *schema.Field, v any) []string {
	head := key
	if key != "-" {
		head = scalarText(key, 0, false) + ":"
	}
	switch v := v.(type) {
	case string:
		if lines, ok := literal(v); ok && strings.Contains(v, "\n") {
			return append([]string{head + " " + lines[0]}, indented(lines[1:])...)
		}
	case map[string]any:
		if row != nil && row.Type == schema.Prompt { // {file: a.md}
			break
		}
		lines := mapLines(row, v)
		if len(lines) > 0 && key == "-" {
			return append([]string{"- " + lines[0]}, indented(lines[1:])...)
		}
		if len(lines) > 0 {
			return append([]string{head}, indented(lines)...)
		}
	case []any:
		if text := inline(row, v); len(v) > 0 && (len(text) > shortList || slices.ContainsFunc(v, isCollection)) {
			out := []string{head}
			for _, item := range v {
				out = append(out, indented(field("-", row.Item(), item))...)
			}
			return out
		}
	}
	return []string{head + " " + inline(row, v)}
}

func isCollection(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return !isNothing(v)
	}
	return false
}

func mapLines(row *schema.Field, m map[string]any) []string {
	var out []string
	for _, key := range inOrder(row, m) {
		out = append(out, field(key, row.Below(key), m[key])...)
	}
	return out
}

func indented(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			line = "  " + line
		}
		out[i] = line
	}
	return out
}

// inOrder returns the keys of a map as the registry orders them, unknown ones
// last and sorted.
func inOrder(row *schema.Field, m map[string]any) []string {
	keys := value.SortedKeys(m)
	slices.SortStableFunc(keys, func(a, b string) int { return rank(row, a) - rank(row, b) })
	return keys
}

// rank is where the registry has a field of a map; one that it does not know, and
// any of a table, comes last.
func rank(row *schema.Field, key string) int {
	if row == nil {
		return 0
	}
	if i := slices.IndexFunc(row.Fields, func(f *schema.Field) bool { return f.Name == key }); i >= 0 {
		return i
	}
	return len(row.Fields)
}

// inline returns a value in one line, for block and flow context alike.
func inline(row *schema.Field, v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, key := range inOrder(row, v) {
			parts = append(parts, scalarText(key, 0, true)+": "+inline(row.Below(key), v[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		var parts []string
		for _, item := range v {
			parts = append(parts, inline(row.Item(), item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case nil:
		empty, _ := json.Marshal(row.Empty())
		return string(empty)
	}
	return scalarText(v, 0, true)
}

// scalarText returns a scalar in one line. A text is quoted as style says where
// that can hold it, and else bare where that is safe.
func scalarText(v any, style yaml.Style, flow bool) string {
	text, isText := v.(string)
	switch {
	case !isText:
		return fmt.Sprint(v) // a bool or a json.Number
	case style&yaml.SingleQuotedStyle != 0 && !strings.ContainsAny(text, "\n\t") && !strings.ContainsFunc(text, isHidden):
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	case style&yaml.DoubleQuotedStyle != 0:
		return quoted(text)
	}
	return scalar(text, flow)
}

// isHidden reports whether a character may not stand in YAML as it is, or would be
// read as a line break or passed over.
func isHidden(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff ||
		r >= 0xd800 && r < 0xe000 || r == 0xfffe || r == 0xffff
}

// literal returns a text as a "|" block: its header, and its lines without
// indentation. ok is false where a block cannot hold it.
func literal(text string) (lines []string, ok bool) {
	breaks := func(r rune) bool { return r != '\n' && r != '\t' && isHidden(r) }
	if strings.ContainsFunc(text, breaks) || strings.TrimSpace(text) == "" {
		return nil, false
	}
	header := "|"
	if first := strings.TrimLeft(text, "\n"); first[0] == ' ' || first[0] == '\t' || strings.HasPrefix(text, "\n") {
		header += strconv.Itoa(step)
	}
	lines = strings.Split(text, "\n")
	for i, line := range lines {
		if strings.Trim(line, " ") == "" && line != "" && i == len(lines)-1 {
			return nil, false
		}
	}
	return append([]string{header}, lines...), true
}

// step is by how much new lines are indented below what they belong to.
const step = 2
