package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/schema"
)

// parseYAML returns the roots of all documents in data, with lines counted from
// the file's beginning. A broken document is reported, and the others are still
// given. data is UTF-8 without control characters.
func parseYAML(file string, data []byte, b *budget, report func(Problem)) []*yaml.Node {
	var roots []*yaml.Node
	chunks := split(data)
	if len(chunks) > maxDocuments {
		report(Problem{Pos: Pos{File: file, Line: chunks[maxDocuments].line + 1},
			Message: fmt.Sprintf("more than %d documents in one file", maxDocuments), Hint: "spread them over several files"})
		return nil
	}
	for _, c := range chunks {
		if blank(c.data) {
			continue
		}
		found, err := decode(c.data)
		for _, root := range found {
			shift(root, c.line)
			roots = append(roots, root)
		}
		if err != nil {
			report(brokenYAML(file, c, err, b))
		}
	}
	return roots
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
	start, line, startLine, directive := 0, 0, 0, false
	for at := 0; at < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		text := data[at:end]
		if bytes.HasPrefix(text, []byte("---")) && (len(text) == 3 || strings.IndexByte(" \t\r\n", text[3]) >= 0) {
			if at > start && !directive {
				out = append(out, chunk{data[start:at], startLine})
				start, startLine = at, line
			}
			directive = false
		} else if text[0] == '%' {
			directive = true
		}
		at = end
	}
	return append(out, chunk{data[start:], startLine})
}

// blank says that data holds comments and white space alone.
func blank(data []byte) bool {
	for len(data) > 0 {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("---")))
		if len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// decode returns the documents before the first broken one, and its error.
func decode(data []byte) (roots []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // a bug of the YAML library
			err = errors.New("yaml: cannot make sense of this")
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); err != nil {
			if errors.Is(err, io.EOF) {
				return roots, nil
			}
			return roots, err
		}
		if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
			roots = append(roots, doc.Content[0])
		}
	}
}

// shift moves n and all below it down by some lines.
func shift(n *yaml.Node, lines int) {
	if lines == 0 {
		return
	}
	n.Line += lines
	for _, below := range n.Content {
		shift(below, lines)
	}
}

// brokenYAML words an error of the YAML library. The line that the library
// names is often the one before, or where a block began; so the first line is
// sought at which the library notices.
func brokenYAML(file string, c chunk, err error, b *budget) Problem {
	_, message := cutLine(err)
	line := noticed(c.data, message, b)
	p := Problem{Pos: Pos{File: file, Line: c.line + line}, Message: "broken YAML: " + printable(schema.Clip(message))}
	text := nthLine(c.data, line)
	indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
	p.Pos.Column = len(indent) + 1
	if bytes.IndexByte(indent, '\t') >= 0 {
		p.Pos.Column = bytes.IndexByte(indent, '\t') + 1
		p.Message, p.Hint = "broken YAML: a tab indents this line", "indent with spaces"
		return p
	}
	for _, h := range yamlHints {
		if strings.Contains(message, h.in) {
			p.Hint = h.hint
			break
		}
	}
	return p
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

// cutLine takes "yaml: line 4: " off an error's text.
func cutLine(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		if _, err := fmt.Sscanf(rest, "%d:", &line); err == nil {
			_, message, _ = strings.Cut(rest, ": ")
		}
	}
	return line, message
}

// noticed returns the first line, from 1, whose addition makes data fail with
// message. Where a bracket or a quote is never closed, that is where it opens.
func noticed(data []byte, message string, b *budget) int {
	const most = 64 << 10 // each try parses data anew
	ends := lineEnds(data)
	if len(data) > most || len(ends) == 0 || !b.takeEffort(16*len(data)) {
		_, err := decode(data)
		if err == nil {
			return 1
		}
		line, _ := cutLine(err)
		return max(1, min(line, len(ends)))
	}
	low, high := 1, len(ends)
	for low < high {
		middle := (low + high) / 2
		_, err := decode(data[:ends[middle-1]])
		same := false
		if err != nil {
			_, text := cutLine(err)
			same = text == message
		}
		if same {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// lineEnds returns the offset after each line.
func lineEnds(data []byte) []int {
	var ends []int
	for i, b := range data {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		ends = append(ends, len(data))
	}
	return ends
}

func nthLine(data []byte, n int) []byte {
	for ; n > 1; n-- {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			return nil
		}
		data = data[i+1:]
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return line
}
