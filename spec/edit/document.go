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

// splice replaces a stretch of the source.
type splice struct {
	from, to int
	text     string
}

// reach is how far a change of a value may go. Each is tried where the one before
// it does not lead to what is wanted.
type reach int

const (
	// Values are changed where they stand; what an alias or a merge key brings is
	// left to where it stands.
	inPlace reach = iota
	// An alias that is not right is replaced by its value, and a key that a merge key
	// brings is set beside that.
	locally
	// Values that are not right are written anew with all that is below them.
	asAWhole
	reachEnds // nothing helps
)

// editor collects the splices that make one document say something else.
type editor struct {
	*source
	eol     string
	reach   reach
	splices []splice
}

// rewrite returns part with its document number doc saying want, which is a whole
// document as plain gives it. row is the registry's of such a document. All other
// bytes stay. What comes back was parsed again, and says want.
func rewrite(p spec.Part, doc int, row *schema.Field, want any, eol string) ([]byte, error) {
	data, r := p.Data, inPlace
	for tries := 0; r < reachEnds && tries < mostTries; tries++ {
		parts, err := spec.Parts(data)
		if err != nil {
			return nil, err
		}
		root := parts[0].Roots[doc]
		if same(plain(root), want) {
			return withoutIdle(data, root, p.Roots[doc]), nil
		}
		e := &editor{source: newSource(data), eol: eol, reach: r}
		if err := e.root(root, row, want); err != nil {
			return nil, err
		}
		next := e.spliced()
		switch free, freed := e.freed(root, row); {
		case freed && parses(free, len(p.Roots)):
			data = free
		case bytes.Equal(next, data) || !parses(next, len(p.Roots)):
			r++
		case tries >= mostTries/2:
			data, r = next, asAWhole
		default:
			data, r = next, max(r, locally)
		}
	}
	return nil, errors.New("no change of the text leads to what it should say")
}

// mostTries bounds the passes over one document. One is the rule; aliases that are
// to say two things from now on take two or three.
const mostTries = 10

func parses(data []byte, documents int) bool {
	parts, err := spec.Parts(data)
	return err == nil && len(parts) == 1 && len(parts[0].Roots) == documents
}

// root makes a document say want.
func (e *editor) root(root *yaml.Node, row *schema.Field, want any) error {
	p := entry{value: root, start: e.start(root), after: e.start(root)}
	var err error
	if p.end, err = e.end(root, -1); err == nil {
		err = e.value(p, row, want, -1, 0, root.Style&yaml.FlowStyle != 0)
	}
	return err
}

// spliced returns the source with all splices. Those at one place come in the
// order in which they were made.
func (e *editor) spliced() []byte {
	slices.SortStableFunc(e.splices, func(a, b splice) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var out bytes.Buffer
	at := 0
	for _, s := range e.splices {
		if s.from < at { // inside of what is replaced already
			continue
		}
		out.Write(e.data[at:s.from])
		out.WriteString(s.text)
		at = s.to
	}
	out.Write(e.data[at:])
	return out.Bytes()
}

func (e *editor) splice(from, to int, text string) {
	e.splices = append(e.splices, splice{from, to, text})
}

// value makes the value of p say want. indent is the column of the block
// collection that p is in, and depth how far below the root it is.
func (e *editor) value(p entry, row *schema.Field, want any, indent, depth int, flow bool) error {
	n := p.value
	if same(plain(n), want) {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		if e.reach > inPlace {
			e.replace(p, row, want, indent, flow)
		}
		return nil
	}
	fields, isMap := want.(map[string]any)
	items, isList := want.([]any)
	whole := e.reach == asAWhole && depth >= wholeDepth || hasProps(n) && n.Style&yaml.TaggedStyle != 0
	switch {
	case whole || len(n.Content) == 0 && n.Kind != yaml.ScalarNode:
	case isMap && len(fields) > 0 && n.Kind == yaml.MappingNode:
		return e.mapping(p, row, fields, depth)
	case isList && len(items) > 0 && n.Kind == yaml.SequenceNode:
		return e.sequence(p, row, items, depth)
	case !isMap && !isList && want != nil && n.Kind == yaml.ScalarNode && !isEmpty(n):
		e.scalar(p, want, indent, flow)
		return nil
	}
	e.replace(p, row, want, indent, flow)
	return nil
}

// wholeDepth is the depth of spec.config.system_prompt: what stands at least so
// deep may be written anew as a whole.
const wholeDepth = 3

// scalar replaces a scalar by another one, in the style that it has. A text that
// has become several lines is a "|" block from then on.
func (e *editor) scalar(p entry, want any, indent int, flow bool) {
	n, i := p.value, e.content(p.value)
	text, isText := want.(string)
	block := n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if out, ok := "", false; isText && block {
		if out, ok = e.blockScalar(n, text, i, indent, e.eol); ok {
			e.splice(i, p.end, out)
			return
		}
	}
	if block || !flow && strings.Contains(text, "\n") && !strings.Contains(n.Value, "\n") {
		e.replace(p, nil, want, indent, flow)
		return
	}
	e.splice(i, p.end, scalarText(want, n.Style, flow))
}

// replace writes the value of p anew. Its anchor stays, and a comment beside it.
func (e *editor) replace(p entry, row *schema.Field, want any, indent int, flow bool) {
	anchor := ""
	if p.value.Kind != yaml.AliasNode && p.value.Anchor != "" {
		anchor = " &" + p.value.Anchor
	}
	if flow {
		text := anchor + " " + inline(row, want)
		switch {
		case p.key == nil:
			text = text[1:]
		case e.at(p.after-1) != ':': // {key} alone
			text = ":" + text
		}
		e.splice(p.after, p.end, text)
		return
	}
	key, mark := "k", "k:"
	if p.key == nil {
		key, mark = "-", "-"
	}
	lines := field(key, row, want)
	if anchor != "" && p.key == nil && isCollection(want) { // "- &a key: value" would be the key's
		lines = []string{"- " + inline(row, want)}
	}
	to, comment := e.commentBeside(p)
	if len(lines) == 1 {
		to, comment = p.end, ""
		if p.value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			_, comment = e.commentBeside(p)
		}
	}
	text := anchor + strings.TrimPrefix(lines[0], mark) + comment
	if len(lines) > 1 {
		text += e.eol + strings.Join(padded(lines[1:], strings.Repeat(" ", max(indent, 0))), e.eol)
	}
	e.splice(p.after, to, text)
}

// commentBeside returns the comment that stands beside a value, or beside the
// header of a block of text, with the space before it; "" where there is none. to
// is where value and comment end.
func (e *editor) commentBeside(p entry) (to int, comment string) {
	from := p.end
	if p.value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		from = e.content(p.value)
	}
	rest := string(e.data[from:e.lineEnd(from)])
	if from != p.end {
		_, after, found := strings.Cut(rest, " #")
		if found {
			comment = " #" + after
		}
		return p.end, comment
	}
	if text := strings.TrimLeft(rest, " \t"); strings.HasPrefix(text, "#") && len(text) < len(rest) {
		return e.lineEnd(from), rest
	}
	return p.end, ""
}
