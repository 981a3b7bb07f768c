package schema

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
)

// Node is a value of a document with its place. Once a document is checked its
// nodes are shared and not changed.
type Node struct {
	Key     string // of a field in a map: its name
	Pos     Pos
	Below   []*Node // the fields of a map or the items of a list, in the document's order
	Literal bool    // a "|" block, whose lines map one to one
	Source  any     // the caller's: what a text was read from

	kind    string // "" where there is no value
	flow    bool   // a map or a list in {} or []
	comment string // what stands after a text or a null that no quotes hold, in its line, from # on
	tag     string // of a text: the writer's own, such as "!important"
	raw     string // of a scalar: as the document has it
	flaw    string // why a scalar, a map or a list has no JSON value
	oddKey  bool   // the key is no text

	keyLine, keyColumn int
}

// Kinds of value, by JSON Schema's names and three of our own.
const (
	kindNull    = "null"
	kindBool    = "boolean"
	kindNumber  = "number"
	kindInteger = "integer"
	kindText    = "string"
	kindList    = "array"
	kindMap     = "object"
	kindDate    = "date"     // a YAML timestamp: no JSON value
	kindOdd     = "odd form" // a number that is not decimal, or too large
	kindInvalid = "invalid"  // what must not be used; there is a problem about it
)

// None stands where there is no value.
var None = &Node{}

// KeyPos is the place of a field's key.
func (n *Node) KeyPos() Pos { return Pos{n.Pos.File, n.keyLine, n.keyColumn} }

// Get returns the value of a field, or None.
func (n *Node) Get(keys ...string) *Node {
	for _, key := range keys {
		i := slices.IndexFunc(n.Below, func(f *Node) bool { return f.Key == key })
		if i < 0 || n.kind != kindMap {
			return None
		}
		n = n.Below[i]
	}
	return n
}

// Each Is method reports what n is. None is nothing but empty; a value that is
// invalid, and one below it, is not to be used.
func (n *Node) IsNone() bool    { return n.kind == "" }
func (n *Node) IsInvalid() bool { return n.kind == kindInvalid }
func (n *Node) IsMap() bool     { return n.kind == kindMap }
func (n *Node) IsList() bool    { return n.kind == kindList }
func (n *Node) IsText() bool    { return n.kind == kindText }

// IsEmpty reports whether n holds nothing: null, "", [] or {}.
func (n *Node) IsEmpty() bool {
	switch n.kind {
	case kindMap, kindList:
		return len(n.Below) == 0
	case kindText:
		return n.Text() == ""
	}
	return n.kind == kindNull || n.kind == ""
}

// Text returns a text as agentsync compares and sends it; "" for anything else.
func (n *Node) Text() string {
	if n.kind != kindText {
		return ""
	}
	return value.Text(n.raw)
}

// Value returns what a node says: nil, bool, string, json.Number, []any or
// map[string]any, with texts and numbers in canonical form.
func (n *Node) Value() any {
	switch n.kind {
	case kindMap:
		out := make(map[string]any, len(n.Below))
		for _, f := range n.Below {
			out[f.Key] = f.Value()
		}
		return out
	case kindList:
		out := make([]any, len(n.Below))
		for i, item := range n.Below {
			out[i] = item.Value()
		}
		return out
	case kindText:
		return n.Text()
	case kindNumber:
		return value.Number(json.Number(strings.TrimPrefix(n.raw, "+")))
	case kindBool:
		return n.isTrue()
	}
	return nil
}

func (n *Node) isTrue() bool { return strings.EqualFold(n.raw, "true") }

// Texts returns the texts among a list's items; with a key, those that the items
// have as that field.
func (n *Node) Texts(key ...string) []*Node {
	var out []*Node
	for _, item := range n.Below {
		if item = item.Get(key...); item.IsText() {
			out = append(out, item)
		}
	}
	return out
}

// With returns n with other values below it.
func (n *Node) With(below []*Node) *Node {
	out := *n
	out.Below = below
	return &out
}

// WithText returns a text in n's place, and what it was read from.
func (n *Node) WithText(text string, source any) *Node {
	out := n.With(nil)
	out.kind, out.raw, out.Source = kindText, text, source
	return out
}

// Invalid returns a value that must not be used, in n's place.
func (n *Node) Invalid() *Node {
	out := n.With(nil)
	out.kind = kindInvalid
	return out
}
