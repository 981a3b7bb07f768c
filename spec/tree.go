package spec

import (
	"encoding/json"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// kind of a node.
type kind uint8

const (
	scalarKind  kind = iota // nil, bool, string or json.Number
	listKind                // items
	mapKind                 // fields
	invalidKind             // something that a problem already tells about
)

// node is a value of a manifest with its place. Nodes are not changed once a
// document is loaded: merged trees share them.
type node struct {
	kind    kind
	literal bool // a "|" block, whose lines map one to one
	pos     Pos
	value   any
	items   []*node
	fields  []field
	prompt  *prompt // what a text was read from, or nil
}

// field is an entry of a map, in the document's order.
type field struct {
	key  string
	pos  Pos // of the key
	node *node
}

// get returns the value of a field, or nil.
func (n *node) get(key string) *node {
	if f := n.field(key); f != nil {
		return f.node
	}
	return nil
}

func (n *node) field(key string) *field {
	if n == nil {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].key == key {
			return &n.fields[i]
		}
	}
	return nil
}

// at returns the value below n by its keys, or nil.
func (n *node) at(keys ...string) *node {
	for _, key := range keys {
		n = n.get(key)
	}
	return n
}

// text returns a string value; "" for anything else.
func (n *node) text() string {
	if n == nil {
		return ""
	}
	s, _ := n.value.(string)
	return s
}

// isText says that n holds text, and isEmpty that it holds nothing: null, "",
// [] or {}.
func (n *node) isText() bool {
	if n == nil {
		return false
	}
	_, ok := n.value.(string)
	return ok
}

func (n *node) isEmpty() bool {
	switch {
	case n == nil:
		return true
	case n.kind == mapKind:
		return len(n.fields) == 0
	case n.kind == listKind:
		return len(n.items) == 0
	default:
		return n.kind == scalarKind && (n.value == nil || n.value == "")
	}
}

// count returns the number of a list's items.
func (n *node) count() int {
	if n == nil {
		return 0
	}
	return len(n.items)
}

func (n *node) isInvalid() bool { return n != nil && n.kind == invalidKind }

// texts returns the text items of a list.
func (n *node) texts() []*node {
	var out []*node
	if n != nil {
		for _, item := range n.items {
			if item.isText() {
				out = append(out, item)
			}
		}
	}
	return out
}

// fromYAML turns a checked YAML tree into nodes. A value in bad becomes an
// invalid node, under the name that its field was meant to have, so that what
// is right beside it is still checked.
func fromYAML(file string, n *yaml.Node, bad map[*yaml.Node]string) *node {
	out := &node{pos: Pos{File: file, Line: n.Line, Column: n.Column}}
	if _, is := bad[n]; is {
		out.kind = invalidKind
		return out
	}
	switch n.Kind {
	case yaml.MappingNode:
		out.kind = mapKind
		out.fields = make([]field, 0, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, name := n.Content[i], n.Content[i].Value
			if meant := bad[n.Content[i+1]]; meant != "" {
				name = meant
			}
			out.fields = append(out.fields, field{
				key:  name,
				pos:  Pos{File: file, Line: key.Line, Column: key.Column},
				node: fromYAML(file, n.Content[i+1], bad),
			})
		}
	case yaml.SequenceNode:
		out.kind = listKind
		out.items = make([]*node, 0, len(n.Content))
		for _, item := range n.Content {
			out.items = append(out.items, fromYAML(file, item, bad))
		}
	default:
		v, ok := schema.Scalar(n)
		if !ok {
			out.kind = invalidKind
			return out
		}
		switch v := v.(type) {
		case string:
			out.value = value.Text(v)
			out.literal = n.Style&yaml.LiteralStyle != 0
		case json.Number:
			out.value = value.Number(v)
		default:
			out.value = v
		}
	}
	return out
}
