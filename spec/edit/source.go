package edit

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// source is the text of one part of a manifest. yaml.v3 says where a node begins,
// and not where it ends; this finds out.
type source struct {
	data  []byte
	lines []int // where each line begins, lines as YAML counts them
}

// errOddForm is the error for YAML that is not changed by splices: explicit keys
// ("? key"), and what is like them.
var errOddForm = errors.New("it is written in a form of YAML that is not edited here")

func newSource(data []byte) *source {
	s := &source{data: data, lines: []int{0}}
	for i := 0; i < len(data); {
		if n := breakAt(data, i); n > 0 {
			i += n
			s.lines = append(s.lines, i)
			continue
		}
		i++
	}
	return s
}

// breakAt returns how many bytes the line break at i has; 0 where there is none.
func breakAt(data []byte, i int) int {
	switch rest := data[i:]; {
	case bytes.HasPrefix(rest, []byte("\r\n")):
		return 2
	case len(rest) > 0 && (rest[0] == '\n' || rest[0] == '\r'):
		return 1
	case bytes.HasPrefix(rest, []byte("\u2028")), bytes.HasPrefix(rest, []byte("\u2029")):
		return 3
	}
	return 0
}

// at is the byte at i; 0 at the end.
func (s *source) at(i int) byte {
	if i < 0 || i >= len(s.data) {
		return 0
	}
	return s.data[i]
}

// start returns where a node begins, its anchor and tag included.
func (s *source) start(n *yaml.Node) int {
	i := s.lines[min(n.Line, len(s.lines))-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(s.data[i:])
		i += size
	}
	return i
}

// lineStart and lineEnd are where the line around i begins, and where its break
// is.
func (s *source) lineStart(i int) int {
	return bytes.LastIndexByte(s.data[:i], '\n') + 1
}

func (s *source) lineEnd(i int) int {
	if end := bytes.IndexByte(s.data[i:], '\n'); end >= 0 {
		end += i
		if end > i && s.data[end-1] == '\r' {
			end--
		}
		return end
	}
	return len(s.data)
}

// nextLine is where the line after the one around i begins.
func (s *source) nextLine(i int) int {
	end := s.lineEnd(i)
	return end + breakAt(s.data, end)
}

// column is how many characters stand before i in its line.
func (s *source) column(i int) int { return utf8.RuneCount(s.data[s.lineStart(i):i]) }

// blankBefore reports whether only spaces stand before i in its line.
func (s *source) blankBefore(i int) bool {
	return len(bytes.Trim(s.data[s.lineStart(i):i], " ")) == 0
}

// skip passes over spaces, line breaks and comments, and with commas also over
// those.
func (s *source) skip(i int, commas bool) int {
	for i < len(s.data) {
		switch c := s.data[i]; {
		case c == ' ' || c == '\t' || commas && c == ',':
			i++
		case breakAt(s.data, i) > 0:
			i += breakAt(s.data, i)
		case c == '#':
			i = s.lineEnd(i)
		default:
			return i
		}
	}
	return i
}

// hasProps reports whether a node has an anchor or a tag in the text.
func hasProps(n *yaml.Node) bool {
	return n.Kind != yaml.AliasNode && (n.Anchor != "" || n.Style&yaml.TaggedStyle != 0)
}

// isEmpty reports whether nothing stands where the node is.
func isEmpty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0 && n.Anchor == ""
}

// content returns where a node's own text begins, after its anchor and tag; for
// a value that is an anchor alone, the end of that.
func (s *source) content(n *yaml.Node) int {
	i := s.start(n)
	if !hasProps(n) {
		return i
	}
	end := i
	for c := s.at(i); c == '&' || c == '!'; c = s.at(i) {
		for end = i; end < len(s.data) && strings.IndexByte(" \t\r\n,[]{}", s.data[end]) < 0; end++ {
		}
		i = s.skip(end, false)
	}
	if n.Kind == yaml.ScalarNode && n.Value == "" && s.at(i) != '"' && s.at(i) != '\'' && s.at(i) != '|' && s.at(i) != '>' {
		return end
	}
	return i
}

// end returns where a node ends. indent is the column of the entries of the block
// collection around it, -1 for a root; it is asked for blocks of text.
func (s *source) end(n *yaml.Node, indent int) (int, error) {
	i := s.content(n)
	switch n.Kind {
	case yaml.AliasNode:
		for i < len(s.data) && strings.IndexByte(" \t\r\n,[]{}", s.data[i]) < 0 {
			i++
		}
		return i, nil
	case yaml.ScalarNode:
		return s.scalarEnd(n, i, indent)
	}
	bracket := s.at(i) == '[' || s.at(i) == '{'
	last := i
	if n.Style&yaml.FlowStyle != 0 && bracket {
		last = i + 1
	}
	parts, err := s.parts(n)
	if err != nil {
		return 0, err
	}
	if len(parts) > 0 {
		last = parts[len(parts)-1].end
	}
	if n.Style&yaml.FlowStyle == 0 || !bracket {
		return last, nil
	}
	if last = s.skip(last, true); s.at(last) != ']' && s.at(last) != '}' {
		return 0, errOddForm
	}
	return last + 1, nil
}

func (s *source) scalarEnd(n *yaml.Node, i, indent int) (int, error) {
	switch s.at(i) {
	case '"':
		if n.Style&yaml.DoubleQuotedStyle != 0 {
			for i++; i < len(s.data) && s.data[i] != '"'; i++ {
				if s.data[i] == '\\' {
					i++
				}
			}
			return min(i+1, len(s.data)), nil
		}
	case '\'':
		if n.Style&yaml.SingleQuotedStyle != 0 {
			for i++; i < len(s.data) && (s.data[i] != '\'' || s.at(i+1) == '\''); i++ {
				if s.data[i] == '\'' {
					i++
				}
			}
			return min(i+1, len(s.data)), nil
		}
	case '|', '>':
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			_, end := s.blockText(i, indent)
			return end, nil
		}
	}
	return s.plainEnd(n.Value, i)
}

// blockText returns the column at which the lines of a "|" or ">" text stand, and
// where its last line that is not blank ends. i is where its header begins.
func (s *source) blockText(i, indent int) (column, end int) {
	header := s.data[i:s.lineEnd(i)]
	column = -1
	for _, c := range header[1:] {
		if c >= '1' && c <= '9' {
			column = max(indent, 0) + int(c-'0')
		}
		if c == ' ' || c == '#' {
			break
		}
	}
	end = s.lineEnd(i)
	for at := s.nextLine(i); at < len(s.data); at = s.nextLine(at) {
		line := s.data[at:s.lineEnd(at)]
		text := bytes.TrimLeft(line, " ")
		if len(text) == 0 {
			continue
		}
		spaces := len(line) - len(text)
		if column < 0 && spaces > indent {
			column = spaces
		}
		if column < 0 || spaces < column {
			break
		}
		end = at + len(line)
	}
	return column, end
}

// plainEnd follows an unquoted text through the source: a line break in it and
// the spaces around stand for one space, further breaks for themselves.
func (s *source) plainEnd(text string, i int) (int, error) {
	for k := 0; k < len(text); {
		breaks, j := 0, i
		for j < len(s.data) {
			if n := breakAt(s.data, j); n > 0 {
				breaks++
				j += n
			} else if s.data[j] == ' ' || s.data[j] == '\t' {
				j++
			} else {
				break
			}
		}
		switch {
		case breaks == 1 && text[k] == ' ':
			i, k = j, k+1
		case breaks > 1 && strings.HasPrefix(text[k:], strings.Repeat("\n", breaks-1)):
			i, k = j, k+breaks-1
		case breaks == 0 && s.at(i) == text[k]:
			i, k = i+1, k+1
		default:
			return 0, errOddForm
		}
	}
	return i, nil
}

// entry is an entry of a map or an item of a list, with its place in the text.
type entry struct {
	key, value *yaml.Node // no key in a list
	start      int        // of the key; in a block list, of the dash
	after      int        // where what is about the value may begin: after the colon, or the dash
	end        int
}

// parts returns what stands in a map or a list, in order.
func (s *source) parts(n *yaml.Node) ([]entry, error) {
	at := s.content(n)
	if n.Style&yaml.FlowStyle != 0 && (s.at(at) == '[' || s.at(at) == '{') {
		at++
	}
	step := 2
	if n.Kind == yaml.SequenceNode {
		step = 1
	}
	var out []entry
	for i := 0; i+step <= len(n.Content); i += step {
		p, err := s.part(n, n.Content[i:i+step], at)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
		at = p.end
	}
	return out, nil
}

// part returns the entry or item that comes next after at.
func (s *source) part(n *yaml.Node, nodes []*yaml.Node, at int) (p entry, err error) {
	flow := n.Style&yaml.FlowStyle != 0
	p.start = s.skip(at, flow)
	column := s.column(p.start)
	if p.value = nodes[len(nodes)-1]; len(nodes) == 2 {
		p.key = nodes[0]
		if s.start(p.key) != p.start {
			return p, errOddForm
		}
		if p.after, err = s.end(p.key, column); err != nil {
			return p, err
		}
		if colon := s.skip(p.after, false); s.at(colon) == ':' {
			p.after = colon + 1
		} else if !flow {
			return p, errOddForm
		}
	} else if p.after = p.start; !flow {
		if s.at(p.start) != '-' {
			return p, errOddForm
		}
		p.after++
	}
	if p.end = p.after; isEmpty(p.value) {
		return p, nil
	}
	p.end, err = s.end(p.value, column)
	if p.end < p.after {
		return p, errOddForm
	}
	return p, err
}
