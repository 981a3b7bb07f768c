package edit

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/schema"
)

// writing is the document that parts are written into.
type writing struct {
	kind, key, path string
	extends         string // a Base, "" for none
}

// document writes parts as files, the document first.
func document(d writing, parts []part, left []Left) []File {
	body := &yaml.Node{Kind: yaml.MappingNode}
	var prompts []File
	if d.extends != "" {
		set(body, []string{"extends"}, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{textOf(d.extends)}})
	}
	for _, p := range parts {
		node := treeOf(p.row, p.v)
		if p.none {
			node = &yaml.Node{Kind: yaml.SequenceNode}
		}
		if p.row.Type == schema.Prompt && ownFile(p.keys[1], p.v.Text()) {
			file := File{PromptPath(d.key, p.keys[1]), []byte(p.v.Text() + "\n")}
			prompts = append(prompts, file)
			node = &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{textOf("file"), textOf(file.Path)}}
		}
		set(body, p.keys, node)
	}
	up := strings.Repeat("../", strings.Count(d.path, "/"))
	var b strings.Builder
	b.WriteString("# yaml-language-server: $schema=" + up + "schema/" + strings.ToLower(d.kind) + ".schema.json\n")
	b.WriteString("apiVersion: agentsync/v1\nkind: " + d.kind + "\nmetadata:\n  name: " + scalar(d.key, false) + "\n")
	if len(left) > 0 {
		b.WriteString("# Left to the platform, since a manifest can't say it:\n")
	}
	for _, l := range left {
		b.WriteString("#   " + l.String() + "\n")
	}
	b.WriteString("spec:")
	emitter{&b}.value(body, 0, true)
	return append([]File{{d.path, []byte(b.String())}}, prompts...)
}

// String is the comment about what is left out: one line that shows as it is.
func (l Left) String() string {
	text := l.Why
	switch {
	case l.Items > 1:
		text = fmt.Sprintf("%s, all %d of them, since a list is all or nothing: %s", l.Path, l.Items, text)
	case !strings.HasPrefix(text, l.Path):
		text = l.Path + ": " + text
	}
	if bad, _ := schema.Unsafe(text, true); bad >= 0 {
		text = strconv.QuoteToGraphic(text)
	}
	if bad, _ := schema.Unsafe(text, true); bad >= 0 {
		text = strconv.QuoteToASCII(text)
	}
	return text
}

// set puts a value into the map at keys, whose maps it makes.
func set(at *yaml.Node, keys []string, v *yaml.Node) {
	for _, key := range keys[:len(keys)-1] {
		last := len(at.Content) - 2
		if last < 0 || at.Content[last].Value != key { // parts come in order
			at.Content = append(at.Content, textOf(key), &yaml.Node{Kind: yaml.MappingNode})
			last = len(at.Content) - 2
		}
		at = at.Content[last+1]
	}
	at.Content = append(at.Content, textOf(keys[len(keys)-1]), v)
}

const (
	longText   = 400 // bytes from which starting instructions are long
	longLines  = 5   // and line ends
	lfsPointer = "version https://git-lfs.github.com/spec/v1\n"
)

// ownFile reports whether a text gets a file of its own. A prompt does, unless
// a file of it would read as something else: blanks are no text there, a
// byte-order mark is dropped, and a pointer of Git LFS is refused. So does a
// text that is long, or that would read as a path in a manifest.
func ownFile(field, text string) bool {
	switch {
	case strings.TrimSpace(text) == "", strings.HasPrefix(text, "\ufeff"), strings.HasPrefix(text+"\n", lfsPointer):
		return false
	case field == "system_prompt", looksLikePath(text):
		return true
	case strings.Contains(text, "\n") && !isBlock(text): // it would be one line of escapes
		return true
	}
	return len(text) >= longText || strings.Count(text, "\n") >= longLines
}

// looksLikePath reports whether a text could be a path that stands where
// {file: path} was meant.
func looksLikePath(text string) bool {
	return !strings.ContainsAny(text, " \n") && (strings.Contains(text, "/") || fileEnd.MatchString(text))
}

var fileEnd = regexp.MustCompile(`\.[a-z]{1,8}$`)

// emitter writes YAML as a person does, which the library does not: it escapes
// every emoji, and gives each list its own lines however short.
type emitter struct{ *strings.Builder }

const lineWidth = 100

// value writes what stands after a "key:" or a "-" of a line that is indented
// by so much, and ends the line. With open, a map or list gets lines of its own.
func (e emitter) value(n *yaml.Node, indent int, open bool) {
	switch {
	case n.Kind == yaml.ScalarNode:
		e.text(n, indent)
	case len(n.Content) == 0 || !open && isShort(n) && indent+utf8.RuneCountInString(flow(n)) <= lineWidth:
		e.WriteString(" " + flow(n) + "\n")
	case n.Kind == yaml.SequenceNode:
		e.WriteByte('\n')
		for _, item := range n.Content {
			e.WriteString(strings.Repeat(" ", indent+2) + "-")
			e.item(item, indent+2)
		}
	default:
		e.WriteByte('\n')
		e.fields(n, indent+2, false)
	}
}

// item writes an entry of a list after its "-".
func (e emitter) item(n *yaml.Node, indent int) {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 || isShort(n) && indent+2+utf8.RuneCountInString(flow(n)) <= lineWidth {
		e.value(n, indent, false)
		return
	}
	e.WriteByte(' ')
	e.fields(n, indent+2, true)
}

// fields writes a map's, the first one at the place where the line is with begun.
func (e emitter) fields(n *yaml.Node, indent int, begun bool) {
	for i := 0; i < len(n.Content); i += 2 {
		key, v := n.Content[i].Value, n.Content[i+1]
		if i > 0 || !begun {
			e.WriteString(strings.Repeat(" ", indent))
		}
		e.WriteString(scalar(key, true) + ":")
		section := indent == 2 && (key == schema.SectionAgent || key == schema.SectionConfig ||
			key == schema.SectionOutcomes || key == schema.SectionInfields)
		e.value(v, indent, section)
	}
}

func (e emitter) text(n *yaml.Node, indent int) {
	if n.Tag != "!!str" || !isBlock(n.Value) {
		e.WriteString(" " + flow(n) + "\n")
		return
	}
	e.WriteString(" |\n")
	for line := range strings.Lines(n.Value) {
		if line != "\n" {
			e.WriteString(strings.Repeat(" ", indent+2))
		}
		e.WriteString(line)
	}
	e.WriteByte('\n')
}

// isBlock reports whether a text has lines, and reads back from a "|" block.
func isBlock(text string) bool {
	return strings.Contains(text, "\n") && !strings.ContainsAny(text[:1], " \n") &&
		!strings.Contains(text, "\t") && !strings.ContainsFunc(text, mustEscape)
}

// isShort reports whether a map or a list can stand in brackets: a list of a few
// words, or a map of words and such lists.
func isShort(n *yaml.Node) bool {
	const most, longest = 12, 30
	if n.Kind == yaml.SequenceNode && len(n.Content) > most {
		return false
	}
	return !slices.ContainsFunc(n.Content, func(below *yaml.Node) bool {
		switch {
		case below.Kind != yaml.ScalarNode:
			return n.Kind == yaml.SequenceNode || below.Kind == yaml.MappingNode || !isShort(below)
		case n.Kind == yaml.SequenceNode && utf8.RuneCountInString(below.Value) > longest:
			return true
		}
		return strings.Contains(below.Value, "\n")
	})
}

// flow writes a value within one line.
func flow(n *yaml.Node) string {
	var b strings.Builder
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag != "!!str" {
			return n.Value
		}
		return scalar(n.Value, false)
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(inBrackets(n.Content[i]) + ": " + inBrackets(n.Content[i+1]))
		}
		b.WriteByte('}')
	default:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(inBrackets(item))
		}
		b.WriteByte(']')
	}
	return b.String()
}

func inBrackets(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		return scalar(n.Value, true)
	}
	return flow(n)
}
