package edit

import (
	"bytes"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/schema"
)

// freed returns the source, without the splices, in which no alias and no merge key
// needs an anchor that the splices take away: what they bring is written out. freed
// is false where there is nothing to free.
func (e *editor) freed(root *yaml.Node, row *schema.Field) (out []byte, freed bool) {
	lost := map[*yaml.Node]bool{}
	e.lost(root, lost)
	if len(lost) == 0 {
		return nil, false
	}
	f := &editor{source: e.source, eol: e.eol, reach: locally}
	f.free(root, row, lost)
	return f.spliced(), len(f.splices) > 0
}

// lost notes the nodes whose anchor a splice takes away.
func (e *editor) lost(n *yaml.Node, lost map[*yaml.Node]bool) {
	if n.Anchor != "" && n.Kind != yaml.AliasNode {
		at := e.start(n)
		for _, s := range e.splices {
			if s.from <= at && at < s.to && !strings.HasPrefix(s.text, " &"+n.Anchor) {
				lost[n] = true
			}
		}
	}
	for _, below := range n.Content {
		e.lost(below, lost)
	}
}

// free writes out what comes from lost anchors, in n and below.
func (e *editor) free(n *yaml.Node, row *schema.Field, lost map[*yaml.Node]bool) {
	if n.Kind != yaml.MappingNode && n.Kind != yaml.SequenceNode {
		return
	}
	entries, err := e.parts(n)
	if err != nil {
		return
	}
	flow := n.Style&yaml.FlowStyle != 0
	for i, p := range entries {
		below := row.Item()
		if p.key != nil {
			below = row.Below(keyOf(p.key))
		}
		switch {
		case p.key != nil && isMerge(p.key):
			if names(p.value, lost) {
				e.freeMerge(n, row, entries, i, flow)
			}
		case p.value.Kind == yaml.AliasNode:
			if lost[p.value.Alias] {
				e.replace(p, below, plain(p.value), e.column(p.start), flow)
			}
		default:
			e.free(p.value, below, lost)
		}
	}
}

// names reports whether the value of a merge key names a lost anchor.
func names(n *yaml.Node, lost map[*yaml.Node]bool) bool {
	if n.Kind == yaml.AliasNode {
		return lost[n.Alias]
	}
	for _, item := range n.Content {
		if n.Kind == yaml.SequenceNode && names(item, lost) {
			return true
		}
	}
	return false
}

// freeMerge puts the keys that a map has from its merge key in the place of that.
func (e *editor) freeMerge(n *yaml.Node, row *schema.Field, entries []entry, at int, flow bool) {
	keys := brought(n)
	for _, p := range entries {
		delete(keys, keyOf(p.key))
	}
	p := entries[at]
	pad := strings.Repeat(" ", e.column(p.start))
	var texts []string
	for _, key := range inOrder(row, keys) {
		if flow {
			texts = append(texts, scalarText(key, 0, true)+": "+inline(row.Below(key), keys[key]))
			continue
		}
		lines := padded(field(key, row.Below(key), keys[key]), pad)
		texts = append(texts, strings.Join(lines, e.eol))
	}
	switch {
	case len(texts) == 0:
		e.remove(entries, []int{at}, flow)
	case flow:
		e.splice(p.start, p.end, strings.Join(texts, ", "))
	default:
		e.splice(p.start, p.end, strings.Join(texts, e.eol)[len(pad):])
	}
}

// withoutIdle returns data, in which root stands now, without the anchors of texts
// that aliases named before and that none names any more: such a text reads as if
// somebody had meant it to begin with "&".
func withoutIdle(data []byte, root, before *yaml.Node) []byte {
	had, has := map[*yaml.Node]bool{}, map[*yaml.Node]bool{}
	aliased(before, had)
	aliased(root, has)
	named := map[string]bool{}
	for n := range had {
		named[n.Anchor] = true
	}
	e := &editor{source: newSource(data)}
	e.dropIdle(root, named, has)
	return e.spliced()
}

func (e *editor) dropIdle(n *yaml.Node, named map[string]bool, has map[*yaml.Node]bool) {
	at := e.start(n)
	if rest, ok := bytes.CutPrefix(e.data[at:], []byte("&"+n.Anchor)); ok && n.Kind == yaml.ScalarNode && named[n.Anchor] && !has[n] {
		from, to := at, len(e.data)-len(bytes.TrimLeft(rest, " \t"))
		if to == e.lineEnd(to) { // the text begins in a line of its own
			from = len(bytes.TrimRight(e.data[:at], " \t"))
		}
		e.splice(from, to, "")
	}
	for _, below := range n.Content {
		e.dropIdle(below, named, has)
	}
}

// aliased notes the nodes that an alias in n or below names.
func aliased(n *yaml.Node, has map[*yaml.Node]bool) {
	if n.Kind == yaml.AliasNode {
		has[n.Alias] = true
	}
	for _, below := range n.Content {
		aliased(below, has)
	}
}
