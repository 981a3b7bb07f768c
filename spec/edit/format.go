package edit

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// Format returns a manifest with its keys in the registry's order: that of design
// section 2, merge keys first. A comment moves with the key that it stands above or
// beside; blank lines stay where they are. Nothing else changes: neither how values
// are written nor what they say. Documents of other tools stay as they are, and so
// does a map in brackets with comments in it, and one whose order an anchor needs.
// What is formatted is formatted no further. data is a whole file; the error is
// that of broken YAML.
func Format(data []byte) ([]byte, error) {
	body, hadBOM := bytes.CutPrefix(data, bom)
	parts, err := spec.Parts(body)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if hadBOM {
		out.Write(bom)
	}
	for _, p := range parts {
		out.Write(formatted(p))
	}
	return out.Bytes(), nil
}

func formatted(p spec.Part) []byte {
	data := p.Data
	for doc := range p.Roots {
		row := rowOf(p.Roots[doc])
		if row == nil {
			continue
		}
		want := plain(p.Roots[doc])
		stuck := map[string]bool{} // maps that can't be sorted as things stand
		for {
			next, path := sortedOnce(data, doc, row, stuck)
			if path == "" {
				break
			}
			parts, err := spec.Parts(next)
			if err != nil || len(parts) != 1 || len(parts[0].Roots) != len(p.Roots) || !same(plain(parts[0].Roots[doc]), want) {
				stuck[path] = true
				continue
			}
			data = next
			clear(stuck)
		}
	}
	return data
}

// rowOf is the registry's row of a document of ours; nil for any other.
func rowOf(root *yaml.Node) *schema.Field {
	doc, _ := plain(root).(map[string]any)
	kind, _ := doc["kind"].(string)
	if version, _ := doc["apiVersion"].(string); version != "agentsync/v1" {
		return nil
	}
	return schema.Document(strings.ToLower(kind))
}

// sortedOnce sorts the first map that is not in order, and says which it is; "" for
// none.
func sortedOnce(data []byte, doc int, row *schema.Field, stuck map[string]bool) (out []byte, path string) {
	parts, err := spec.Parts(data)
	if err != nil {
		return nil, ""
	}
	s := &sorter{source: newSource(data), stuck: stuck}
	s.visit("$", parts[0].Roots[doc], row)
	return s.out, s.path
}

type sorter struct {
	*source
	stuck map[string]bool
	out   []byte
	path  string
}

func (s *sorter) visit(path string, n *yaml.Node, row *schema.Field) {
	if s.path != "" || row == nil || n.Kind != yaml.MappingNode && n.Kind != yaml.SequenceNode {
		return
	}
	entries, err := s.parts(n)
	if err != nil {
		return
	}
	if n.Kind == yaml.MappingNode && !s.stuck[path] && s.sort(n, row, entries) {
		s.path = path
		return
	}
	for i, entry := range entries {
		below := row.Item()
		name := string(rune('0' + i%10))
		if entry.key != nil {
			name = keyOf(entry.key)
			below = row.Below(name)
		}
		s.visit(path+"\x00"+name+"\x00"+strings.Repeat("i", i), entry.value, below)
	}
}

// sort puts the entries of a map in order, and reports whether they were not.
func (s *sorter) sort(n *yaml.Node, row *schema.Field, entries []entry) bool {
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	place := func(i int) int {
		if isMerge(entries[i].key) {
			return -1
		}
		return rank(row, keyOf(entries[i].key))
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(place(a), place(b)) })
	if slices.IsSorted(order) {
		return false
	}
	var err error
	if n.Style&yaml.FlowStyle != 0 {
		s.out, err = s.sortFlow(entries, order)
	} else {
		s.out, err = s.sortBlock(entries, order)
	}
	return err == nil
}

// sortFlow lets the entries of a map in brackets change places; what is between
// them stays.
func (s *sorter) sortFlow(entries []entry, order []int) ([]byte, error) {
	var out bytes.Buffer
	at := 0
	for i, entry := range entries {
		if i > 0 && bytes.ContainsRune(s.data[entries[i-1].end:entry.start], '#') {
			return nil, errors.New("a comment would stand beside another key")
		}
		out.Write(s.data[at:entry.start])
		out.Write(s.data[entries[order[i]].start:entries[order[i]].end])
		at = entry.end
	}
	out.Write(s.data[at:])
	return out.Bytes(), nil
}

// sortBlock lets the lines of a block's entries change places, with the comments
// above them. The blank lines before each place stay there.
func (s *sorter) sortBlock(entries []entry, order []int) ([]byte, error) {
	column := s.column(entries[0].start)
	pad := strings.Repeat(" ", column)
	from := entries[0].start
	behindDash := !s.blankBefore(from)
	if !behindDash {
		from = s.commentAbove(s.lineStart(from))
	}
	start := from
	blanks, texts := make([]string, len(entries)), make([]string, len(entries))
	for i, entry := range entries {
		if !s.blankBefore(entry.start) && !(i == 0 && behindDash) {
			return nil, errOddForm
		}
		end := s.nextLine(entry.end)
		if i+1 < len(entries) {
			end = s.deeperComments(end, column)
		}
		text := string(s.data[from:end])
		if i > 0 {
			rest := strings.TrimLeft(text, " \r\n")
			blank := text[:len(text)-len(rest)]
			blanks[i] = blank[:strings.LastIndexByte(blank, '\n')+1]
			text = text[len(blanks[i]):]
		} else if behindDash {
			text = pad + text
		}
		texts[i], from = text, end
	}
	eol := "\n"
	if strings.Contains(texts[0], "\r\n") {
		eol = "\r\n"
	}
	var lines strings.Builder
	for i, which := range order {
		lines.WriteString(blanks[i])
		lines.WriteString(texts[which])
		if !strings.HasSuffix(texts[which], "\n") {
			lines.WriteString(eol)
		}
	}
	text := lines.String()
	if behindDash {
		text = strings.TrimPrefix(text, pad)
	}
	if !bytes.HasSuffix(s.data[:from], []byte("\n")) { // the file does not end its last line
		text = strings.TrimSuffix(text, eol)
	}
	return slices.Concat(s.data[:start], []byte(text), s.data[from:]), nil
}

// deeperComments returns where the comments end that come next and stand deeper
// than a column: they belong to what is above them.
func (s *source) deeperComments(at, column int) int {
	end := at
	for at < len(s.data) {
		line := string(s.data[at:s.lineEnd(at)])
		text := strings.TrimLeft(line, " ")
		switch {
		case text == "":
		case strings.HasPrefix(text, "#") && len(line)-len(text) > column:
			end = s.nextLine(at)
		default:
			return end
		}
		at = s.nextLine(at)
	}
	return end
}
