package spec

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/schema"
)

// normalizer makes a document plain: aliases are replaced by what they name,
// merge keys by the fields they bring, and duplicate keys are reported and
// dropped. It counts what it visits, aliases written out, so that an alias
// bomb ends at the limit and not in memory.
type normalizer struct {
	file   string
	report func(Problem)
	nodes  int
	open   map[*yaml.Node]bool // maps and lists around the current node that an anchor names
	failed bool
}

// normalize changes root in place and returns the plain root. It is false when
// the document cannot be used at all.
func normalize(file string, root *yaml.Node, report func(Problem)) (*yaml.Node, bool) {
	n := normalizer{file: file, report: report, open: map[*yaml.Node]bool{}}
	root = n.resolve(root, 0)
	return root, !n.failed
}

func (n *normalizer) problem(at *yaml.Node, message, hint string) {
	n.report(Problem{Pos: n.pos(at), Message: message, Hint: hint})
}

func (n *normalizer) pos(at *yaml.Node) Pos {
	return Pos{File: n.file, Line: at.Line, Column: at.Column}
}

// fail ends the walk with one problem.
func (n *normalizer) fail(at *yaml.Node, message, hint string) {
	if !n.failed {
		n.failed = true
		n.problem(at, message, hint)
	}
}

func (n *normalizer) resolve(at *yaml.Node, depth int) *yaml.Node {
	if n.failed {
		return at
	}
	if at.Kind == yaml.AliasNode {
		if at.Alias == nil || n.open[at.Alias] {
			n.fail(at, fmt.Sprintf("the anchor %s contains itself", schema.Quote(at.Value)), "write the value out")
			return at
		}
		at = at.Alias
	}
	n.nodes++
	switch {
	case n.nodes > maxDocumentSize:
		n.fail(at, fmt.Sprintf("the document is too large: more than %d values, aliases written out", maxDocumentSize),
			"use fewer aliases, or spread the agents over several documents")
	case depth > maxDepth:
		n.fail(at, fmt.Sprintf("maps and lists are nested more than %d deep", maxDepth), "nest less")
	}
	if n.failed || at.Kind == yaml.ScalarNode {
		return at
	}
	if at.Anchor != "" {
		n.open[at] = true
		defer delete(n.open, at)
	}
	if at.Kind == yaml.MappingNode {
		n.mapping(at, depth)
		return at
	}
	for i := range at.Content {
		at.Content[i] = n.resolve(at.Content[i], depth+1)
	}
	return at
}

// mapping resolves a map's entries. Own fields win over those that "<<"
// brings, and of several maps that it brings, the first wins.
func (n *normalizer) mapping(at *yaml.Node, depth int) {
	out := at.Content[:0:0]
	first := make(map[string]*yaml.Node, len(at.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(at.Content) && !n.failed; i += 2 {
		key, value := n.resolve(at.Content[i], depth+1), n.resolve(at.Content[i+1], depth+1)
		switch {
		case n.failed:
		case key.Kind != yaml.ScalarNode:
			n.problem(at.Content[i], "a key must be text, not a map or a list", "")
		case first[key.Value] != nil:
			n.problem(key, fmt.Sprintf("the key %s is given twice", schema.Quote(key.Value)),
				fmt.Sprintf("first given at %s: keep one of them", n.pos(first[key.Value])))
		case key.Tag == "!!merge":
			first[key.Value] = key
			merged = n.mergeMaps(value)
		default:
			first[key.Value] = key
			out = append(out, key, value)
		}
	}
	for _, m := range merged {
		for i := 0; i+1 < len(m.Content); i += 2 {
			if n.nodes += 2; n.nodes > maxDocumentSize {
				n.fail(at, fmt.Sprintf("the document is too large: more than %d values, aliases written out", maxDocumentSize), "use fewer aliases")
				return
			}
			if key := m.Content[i]; first[key.Value] == nil {
				first[key.Value] = key
				out = append(out, key, m.Content[i+1])
			}
		}
	}
	at.Content = out
}

// mergeMaps returns the maps that the value of "<<" names.
func (n *normalizer) mergeMaps(value *yaml.Node) []*yaml.Node {
	maps := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		maps = value.Content
	}
	for _, m := range maps {
		if m.Kind != yaml.MappingNode {
			n.problem(m, `"<<" wants a map, or a list of maps`, "write <<: *anchor, where &anchor stands at a map")
			return nil
		}
	}
	return maps
}
