package schema

import (
	"fmt"
	"strings"
	"unique"

	"gopkg.in/yaml.v3"
)

// Limits that keep a hostile document from using up memory or time.
const (
	maxValues = 20_000 // of a document, aliases written out
	maxDepth  = 64     // of maps and lists in one another
	longest   = 256    // bytes of a key that the writer may choose
)

// reader makes a document plain: aliases are replaced by what they name, merge
// keys by the fields they bring, and duplicate keys are reported and dropped. It
// counts what it visits, aliases written out, so that an alias bomb ends at the
// limit and not in memory.
type reader struct {
	file    string
	report  func(Problem)
	values  int
	aliased map[*yaml.Node]bool // what an alias names
	anchors []*yaml.Node        // the texts that have an anchor
	open    map[*yaml.Node]bool // maps and lists around the current node that an anchor names
	failed  bool
}

func (r *reader) pos(at *yaml.Node) Pos { return Pos{r.file, at.Line, at.Column} }

func (r *reader) problem(at Pos, message, hint string) {
	r.report(Problem{Pos: at, Message: message, Hint: hint})
}

// fail ends the walk with one problem.
func (r *reader) fail(at *yaml.Node, message, hint string) {
	if !r.failed {
		r.failed = true
		r.problem(r.pos(at), message, hint)
	}
}

func (r *reader) node(at *yaml.Node, depth int) *Node {
	if at.Kind == yaml.AliasNode {
		if r.open[at.Alias] {
			r.fail(at, fmt.Sprintf("the anchor %s contains itself", Quote(at.Value)), "write the value out")
		}
		at = r.alias(at)
	}
	if r.count(at, 1); depth > maxDepth {
		r.fail(at, fmt.Sprintf("maps and lists are nested more than %d deep", maxDepth), "nest less")
	}
	n := &Node{Pos: r.pos(at)}
	switch {
	case r.failed:
		return n
	case at.Kind == yaml.ScalarNode:
		n.raw, n.Literal = at.Value, at.Style&yaml.LiteralStyle != 0
		n.kind, n.flaw = scalar(at.Tag, at.Value)
		if n.kind == kindInvalid && strings.HasPrefix(at.Tag, "!") && !strings.HasPrefix(at.Tag, "!!") {
			n.tag = at.Tag
		}
		if n.kind == kindText && at.Style&^yaml.TaggedStyle == 0 {
			n.comment = at.LineComment
		}
		if at.Anchor != "" && (n.kind == kindText || n.kind == kindNull) {
			r.anchors = append(r.anchors, at)
		}
		return n
	case at.Anchor != "":
		r.open[at] = true
		defer delete(r.open, at)
	}
	n.flow = at.Style&yaml.FlowStyle != 0
	if at.Kind == yaml.MappingNode {
		n.kind = kindMap
		r.fields(n, at, depth)
	} else {
		n.kind = kindList
		n.Below = make([]*Node, len(at.Content))
		for i := range at.Content {
			if n.Below[i] = r.node(at.Content[i], depth+1); r.failed {
				return n
			}
		}
	}
	if at.Tag != "!!map" && at.Tag != "!!seq" && at.Tag != "" {
		n.kind, n.flaw = kindInvalid, unknownTag(at.Tag)
	}
	return n
}

// count adds what is visited and ends the walk at the limit.
func (r *reader) count(at *yaml.Node, values int) {
	if r.values += values; r.values > maxValues {
		r.fail(at, fmt.Sprintf("the document is too large: more than %d values, aliases written out", maxValues),
			"use fewer aliases, or spread the agents over several documents")
	}
}

// fields reads a map's entries. Own fields win over those that "<<" brings, and
// of several maps that it brings, the first wins.
func (r *reader) fields(n *Node, at *yaml.Node, depth int) {
	first := make(map[string]Pos, len(at.Content)/2)
	n.Below = make([]*Node, 0, len(at.Content)/2)
	var brought []*Node
	for i := 0; i+1 < len(at.Content); i += 2 {
		key := at.Content[i]
		if key.Kind == yaml.AliasNode {
			key = r.alias(key)
		}
		r.count(key, 1)
		f := r.node(at.Content[i+1], depth+1)
		if r.failed {
			return
		}
		before, twice := first[key.Value]
		switch {
		case n.flow && braced(key) != "" && f.kind == kindNull:
			n.kind, n.flaw, n.raw = kindInvalid, "YAML reads this text as a map in a map", "{"+braced(key)+"}"
			continue
		case key.Kind != yaml.ScalarNode:
			r.problem(r.pos(at.Content[i]), "a key must be text, not a map or a list", "")
			continue
		case twice:
			r.problem(r.pos(key), "the key "+Quote(key.Value)+" is given twice", "first given at "+before.String()+": keep one of them")
			continue
		case key.Tag == "!!merge":
			brought = r.maps(f)
		default:
			f.Key = unique.Make(key.Value).Value() // agents share the names of their fields
			f.keyLine, f.keyColumn, f.oddKey = key.Line, key.Column, key.Tag != "!!str"
			if f.kind == kindNull && f.raw == "" {
				f.comment = key.LineComment
			}
			n.Below = append(n.Below, f)
		}
		first[key.Value] = r.pos(key)
	}
	for _, m := range brought {
		for _, f := range m.Below {
			if r.count(at, 2); r.failed {
				return
			}
			if _, given := first[f.Key]; !given {
				first[f.Key] = f.KeyPos()
				n.Below = append(n.Below, f)
			}
		}
	}
}

// maps returns the maps that the value of "<<" names.
func (r *reader) maps(n *Node) []*Node {
	maps := []*Node{n}
	if n.kind == kindList {
		maps = n.Below
	}
	for _, m := range maps {
		if m.kind != kindMap {
			r.problem(m.Pos, `"<<" wants a map, or a list of maps`, "write <<: *anchor, where &anchor stands at a map")
			return nil
		}
	}
	return maps
}

// alias returns what an alias names.
func (r *reader) alias(at *yaml.Node) *yaml.Node {
	r.aliased[at.Alias] = true
	return at.Alias
}

// braced returns "{name}" for a map that YAML makes of a placeholder, and "" for
// anything else.
func braced(at *yaml.Node) string {
	if at.Kind != yaml.MappingNode || at.Style&yaml.FlowStyle == 0 || len(at.Content) != 2 ||
		at.Content[0].Kind != yaml.ScalarNode || at.Content[1].Tag != "!!null" {
		return ""
	}
	return "{" + at.Content[0].Value + "}"
}

// unused warns of texts whose beginning YAML has taken for an anchor that nothing
// names, such as "&Co is here".
func (r *reader) unused() {
	for _, at := range r.anchors {
		if !r.aliased[at] {
			whole := strings.TrimSpace("&" + at.Anchor + " " + at.Value)
			r.report(Problem{Pos: r.pos(at), Warning: true, Hint: InQuotes(whole),
				Message: fmt.Sprintf("YAML takes %s for an anchor, which nothing names, and keeps %s alone", Quote("&"+at.Anchor), Quote(at.Value))})
		}
	}
}
