package spec

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/schema"
)

// parseYAML returns the roots of all documents in data, with lines counted from
// the file's beginning, and what is broken: the other documents are there all the
// same. data is UTF-8 without control characters.
func (l *loader) parseYAML(file string, data []byte) (roots []*yaml.Node, broken []Problem) {
	chunks := split(data)
	if len(chunks) > maxDocuments {
		return nil, []Problem{problem(Pos{File: file, Line: chunks[maxDocuments].line + 1},
			"spread them over several files", "more than %d documents in one file", maxDocuments)}
	}
	for _, c := range chunks {
		found, err := decodeYAML(c.data)
		for _, root := range found {
			shift(root, c.line)
		}
		roots = append(roots, found...)
		if err != nil {
			broken = append(broken, l.brokenYAML(file, c, err))
		}
	}
	return roots, broken
}

// Part is a stretch of a manifest with the documents that stand in it, most often
// one. The parts of a file, one after the other, are the file without its byte
// order mark.
type Part struct {
	Data  []byte
	Line  int          // number of lines before it
	Roots []*yaml.Node // their lines are counted from the part's beginning
}

// Parts parses a manifest for who wants to change it: UTF-8 without control
// characters and without a byte order mark. The error is the first broken
// document's.
func Parts(data []byte) ([]Part, error) {
	var out []Part
	for _, c := range split(data) {
		roots, err := decodeYAML(c.data)
		if err != nil {
			return nil, err
		}
		out = append(out, Part{c.data, c.line, roots})
	}
	return out, nil
}

// chunk is a part of a file that holds a document of its own; line is the
// number of lines before it.
type chunk struct {
	data []byte
	line int
}

// split cuts data before each "---" that begins a line: YAML allows it nowhere
// else, not even inside of a quoted text. So one broken document leaves the
// next one readable. Directives stay with the document after them.
func split(data []byte) []chunk {
	var out []chunk
	start, at, line, startLine, directive := 0, 0, 0, 0, false
	for text := range bytes.Lines(data) {
		if bytes.HasPrefix(text, []byte("---")) && (len(text) == 3 || strings.IndexByte(" \t\r\n", text[3]) >= 0) {
			if at > start && !directive {
				out = append(out, chunk{data[start:at], startLine})
				start, startLine = at, line
			}
			directive = false
		} else if text[0] == '%' {
			directive = true
		}
		at += len(text)
		line++
	}
	return append(out, chunk{data[start:], startLine})
}

// decodeYAML returns the documents before the first broken one, and its error.
func decodeYAML(data []byte) (roots []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // a bug of the YAML library
			err = errors.New("yaml: cannot make sense of this")
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		switch err := dec.Decode(&doc); {
		case err == io.EOF:
			return roots, nil
		case err != nil:
			return roots, err
		case len(doc.Content) == 1:
			roots = append(roots, doc.Content[0])
		}
	}
}

// shift moves n and all below it down by some lines.
func shift(n *yaml.Node, lines int) {
	n.Line += lines
	for _, below := range n.Content {
		shift(below, lines)
	}
}

// brokenYAML words an error of the YAML library.
func (l *loader) brokenYAML(file string, c chunk, err error) Problem {
	named, message := cutLine(err)
	lines := slices.Collect(bytes.Lines(c.data))
	line := l.noticed(c.data, lines, named, message)
	text := lines[line-1]
	indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
	at := Pos{File: file, Line: c.line + line, Column: len(indent) + 1}
	if tab := bytes.IndexByte(indent, '\t'); tab >= 0 {
		at.Column = tab + 1
		return problem(at, "indent with spaces", "broken YAML: a tab indents this line")
	}
	if p, ok := explain(at, lines[:line], message); ok {
		return p
	}
	return problem(at, yamlHint(message), "broken YAML: %s", printable(schema.Clip(message)))
}

func yamlHint(message string) string {
	for _, h := range yamlHints {
		if strings.Contains(message, h.in) {
			return h.hint
		}
	}
	return ""
}

// explain words an error of the YAML library by what stands in the last of the
// lines, which is at a place, or in the one before it.
func explain(at Pos, lines [][]byte, message string) (Problem, bool) {
	text := strings.TrimRight(string(lines[len(lines)-1]), "\r\n")
	switch column, hint, ok := surrogate(text); {
	case ok && strings.Contains(message, "Unicode character escape"):
		at.Column = column
		return problem(at, hint, `broken YAML: \u can't write half of a character, as JSON does`), true
	case strings.Contains(message, "incompatible YAML document"):
		at.Column = 1
		return problem(at, "delete the line", "broken YAML: %s stands in a line that agentsync does not read", schema.Quote(strings.TrimSpace(text))), true
	}
	if column, said, hint, ok := trap(text); ok {
		at.Column = column
		if strings.Contains(message, "unknown anchor") {
			said, hint = message, yamlHint(message)+"; a text that begins with * goes in quotes"
		}
		return problem(at, hint, "broken YAML: %s", said), true
	}
	if len(lines) < 2 {
		return Problem{}, false
	}
	before := strings.TrimRight(string(lines[len(lines)-2]), "\r\n")
	if hash := commentIn(before); hash >= 0 && strings.Contains(message, "expected") && loses(before, hash) {
		at.Line, at.Column = at.Line-1, utf8.RuneCountInString(before[:hash])+1
		return problem(at, `put the whole text in quotes, or on lines of its own below a "|"`,
			"broken YAML: %s reads as a comment, and the text goes on in the next line", schema.Quote(before[hash:])), true
	}
	return Problem{}, false
}

// loses reports whether what stands from hash on in a line is a part of its text
// rather than a comment: the line has a value, and no quotes.
func loses(line string, hash int) bool {
	m := entry.FindStringSubmatch(line)
	return m != nil && len(m[1]) < hash && !strings.ContainsAny(m[2][:1], "\"'#|>[{&*!")
}

var yamlHints = []struct{ in, hint string }{
	{"expected key", "check the indentation of this line and of those above"},
	{"mapping values are not allowed", `check the indentation, and put text that holds ": " in quotes`},
	{"block sequence entries are not allowed", "check the indentation"},
	{"cannot start any token", "put text that begins with a special character in quotes"},
	{"expected ':'", `a "name: value" line lacks its colon, or a text is not indented deep enough`},
	{"unexpected end of stream", "a quote is opened here and never closed"},
	{"expected ',' or", "a bracket is opened and never closed, or a comma is missing"},
	{"unknown anchor", "an anchor is defined with & before its first use, in the same document"},
	{"while scanning", "check the quotes"},
}

var yamlError = regexp.MustCompile(`(?s)^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// cutLine takes "yaml: line 4: " off an error's text.
func cutLine(err error) (line int, message string) {
	m := yamlError.FindStringSubmatch(err.Error())
	line, _ = strconv.Atoi(m[1])
	return line, m[2]
}

// noticed returns the first line, from 1, whose addition makes data fail with
// message. Where a bracket or a quote is never closed, that is where it opens. The
// line that the library names is often the one before, or where a block began; it
// does for data that would take too long to parse again and again.
func (l *loader) noticed(data []byte, lines [][]byte, named int, message string) int {
	const most = 64 << 10
	if len(data) > most || l.effort.Add(int64(16*len(data))) > maxEffort {
		return max(1, min(named, len(lines)))
	}
	return 1 + sort.Search(len(lines)-1, func(i int) bool {
		_, err := decodeYAML(bytes.Join(lines[:i+1], nil))
		if err == nil {
			return false
		}
		_, text := cutLine(err)
		return text == message
	})
}
