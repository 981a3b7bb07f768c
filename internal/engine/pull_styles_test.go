package engine_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// styled writes a document as one of many hands would: comments, blank lines,
// anchors, aliases, merge keys, quotes, blocks and brackets, in any order of keys.
// It notes on which lines each value stands.
type styled struct {
	t     *rapid.T
	lines []string
	first int // number of the file's lines before
	// at is the lines of each value, by path; kin are values that one anchor ties
	// together, whose lines may all change with one of them.
	at      map[string][2]int
	kin     [][]string
	anchors map[string]anchored // by the value's JSON
	items   []anchored          // maps with an anchor, for merge keys
	n       int
}

type anchored struct {
	name, path string
	v          map[string]any
}

func (s *styled) chance(label string, of int) bool {
	return rapid.IntRange(0, of-1).Draw(s.t, label) == 0
}

func (s *styled) add(line string) { s.lines = append(s.lines, line) }

// noise is a comment or a blank line, now and then.
func (s *styled) noise(indent string) {
	switch rapid.IntRange(0, 9).Draw(s.t, "noise") {
	case 0:
		s.add(indent + "# यह क्यों है: because, \"of\" {that}")
	case 1:
		s.add("")
	case 2:
		s.add("")
		s.add(indent + "#")
	}
}

func (s *styled) beside() string {
	if s.chance("comment beside", 6) {
		return "  # beside: it's"
	}
	return ""
}

// mapping writes the keys of a map in block style.
func (s *styled) mapping(path, indent string, m map[string]any) {
	for _, key := range rapid.Permutation(slices.Sorted(maps.Keys(m))).Draw(s.t, "order") {
		s.noise(indent)
		s.value(path+"."+key, indent, indent+key+":", m[key])
	}
}

// value writes "head value".
func (s *styled) value(path, indent, head string, v any) {
	from := len(s.lines)
	defer func() { s.at[path] = [2]int{s.first + from, s.first + len(s.lines)} }()
	id := fmt.Sprint(isLong(path), jsonOf(v)) // a block of text is no line
	anchor, known := "", s.anchors[id]
	switch {
	case known.name != "" && s.chance("alias", 2):
		s.add(head + " *" + known.name + s.beside())
		s.kin = append(s.kin, []string{known.path, path})
		return
	case known.name == "" && s.chance("anchor", 5):
		s.n++
		name := fmt.Sprintf("a%d", s.n)
		anchor = " &" + name
		defer func() { s.anchors[id] = anchored{name: name, path: path} }()
	}
	switch v := v.(type) {
	case map[string]any:
		if s.chance("brackets", 3) || len(v) == 0 {
			s.add(head + anchor + " " + s.flow(v) + s.beside())
			return
		}
		s.add(head + anchor + s.beside())
		s.mapping(path, indent+"  ", v)
	case []any:
		if s.chance("brackets", 3) || len(v) == 0 {
			s.add(head + anchor + " " + s.flow(v) + s.beside())
			return
		}
		s.add(head + anchor + s.beside())
		s.list(path, indent+pick(s.t, "list indent", []string{"", "  "}), v)
	case string:
		s.text(path, head+anchor, indent, v)
	default:
		s.add(head + anchor + " " + jsonOf(v) + s.beside())
	}
}

func (s *styled) list(path, indent string, list []any) {
	for i, item := range list {
		s.noise(indent)
		below := fmt.Sprintf("%s.%d", path, i)
		m, isMap := item.(map[string]any)
		if isMap {
			for _, key := range []string{"outcome_name", "field_name", "name"} {
				if name, is := m[key].(string); is {
					below = path + "." + name
				}
			}
		}
		switch {
		case isMap && s.chance("item in block", 2):
			s.item(below, indent, m)
		default:
			s.value(below, indent, indent+"-", item)
		}
	}
}

// item writes a map behind a dash; what another item with an anchor has too comes
// by a merge key, now and then.
func (s *styled) item(path, indent string, m map[string]any) {
	from := len(s.lines)
	own := maps.Clone(m)
	first := indent + "- "
	if s.chance("anchored item", 3) {
		s.n++
		name := fmt.Sprintf("a%d", s.n)
		s.add(indent + "- &" + name)
		first = indent + "  "
		defer func() { s.items = append(s.items, anchored{name, path, m}) }()
	}
	for _, other := range s.items {
		shares := true
		for key := range other.v {
			_, has := m[key]
			shares = shares && has
		}
		if !shares || !s.chance("merge", 2) {
			continue
		}
		s.add(first + "<<: *" + other.name)
		first = indent + "  "
		for key, v := range other.v {
			if jsonOf(m[key]) == jsonOf(v) {
				delete(own, key)
			}
		}
		s.kin = append(s.kin, []string{other.path, path})
		break
	}
	for _, key := range rapid.Permutation(slices.Sorted(maps.Keys(own))).Draw(s.t, "order") {
		if first != indent+"- " {
			s.noise(indent + "  ")
		}
		s.value(path+"."+key, indent+"  ", first+key+":", own[key])
		first = indent + "  "
	}
	s.at[path] = [2]int{s.first + from, s.first + len(s.lines)}
}

// text writes a text in some style that can hold it.
func (s *styled) text(path, head, indent, text string) {
	long := isLong(path)
	lines := strings.Split(text, "\n")
	folds := text != ""
	for _, line := range lines {
		folds = folds && line == strings.Trim(line, " \t") && line != ""
	}
	switch style := rapid.IntRange(0, 4).Draw(s.t, "style"); {
	case style == 0 && isWord(text):
		s.add(head + " " + text + s.beside())
	case style == 1 && !strings.Contains(text, "\n"):
		s.add(head + " '" + strings.ReplaceAll(text, "'", "''") + "'" + s.beside())
	case long && style == 2 && strings.TrimSpace(text) != "" && text[0] != ' ' && text[0] != '\n':
		s.add(head + " " + pick(s.t, "literal", []string{"|", "|-", "|+"}) + s.beside())
		for _, line := range lines {
			if line != "" {
				line = indent + "    " + line
			}
			s.add(line)
		}
	case long && style == 3 && folds:
		s.add(head + " " + pick(s.t, "folded", []string{">", ">-"}) + s.beside())
		for i, line := range lines {
			if i > 0 {
				s.add("")
			}
			for _, word := range strings.SplitAfterN(line, " ", 2) {
				s.add(indent + "   " + strings.TrimRight(word, " "))
			}
		}
	default:
		s.add(head + " " + jsonOf(text) + s.beside())
	}
}

// isLong reports whether a value may have several lines.
func isLong(path string) bool {
	ends := []string{"prompt", "instructions", "description", "content", "guidelines.0", "guidelines.1"}
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(path, end) })
}

// isWord is stricter than YAML.
func isWord(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.") == "" && text[0] != '.' && text != "null" && text != "true"
}

// flow writes a value in brackets, in one line.
func (s *styled) flow(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, key := range rapid.Permutation(slices.Sorted(maps.Keys(v))).Draw(s.t, "order") {
			parts = append(parts, key+": "+s.flow(v[key]))
		}
		return "{" + strings.Join(parts, pick(s.t, "comma", []string{", ", " , ", ","})) + "}"
	case []any:
		var parts []string
		for _, item := range v {
			parts = append(parts, s.flow(item))
		}
		return "[" + strings.Join(parts, ", ") + pick(s.t, "last comma", []string{"", " ", ","}[:min(3, 1+2*len(v))]) + "]"
	case string:
		if isWord(v) && s.chance("bare", 2) {
			return v
		}
	}
	return jsonOf(v)
}

func pick[T any](t *rapid.T, label string, from []T) T { return rapid.SampledFrom(from).Draw(t, label) }

func jsonOf(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
