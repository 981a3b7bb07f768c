package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
	"gopkg.in/yaml.v3"
)

// Finding is one way in which a document breaks its schema. Message and Hint
// are worded as spec.Problem wants them.
type Finding struct {
	At      *yaml.Node // where to point: the value, or the key of an unknown field
	Value   *yaml.Node // the value that must not be used; nil when one is missing
	Meant   string     // of an unknown field: the name that was probably meant, or ""
	Message string
	Hint    string
}

// Check returns every way in which doc breaks the schema of kind (see Kinds),
// in the document's order. doc is the root of a document whose aliases and merge
// keys are already resolved and which has no duplicate keys; it must be finite.
// Check may be called by many goroutines at once. An unknown kind panics.
func Check(kind string, doc *yaml.Node) []Finding {
	v, ok := plain(roots[kind], doc)
	err := compiled[kind]().Validate(v)
	if ok && err == nil {
		return nil
	}
	c := checker{kind: kind, places: map[string]place{}, told: map[string]bool{}}
	c.walk(place{row: roots[kind], node: doc}, "")
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		c.leaves(invalid)
	}
	sort.SliceStable(c.findings, func(i, j int) bool {
		a, b := c.findings[i].At, c.findings[j].At
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return c.findings
}

// The library writes out the path of each value that it looks at, and leaves
// empty keys out of it. So a key that is empty or too long stands under another
// name there.
const (
	longestKey = 256 // bytes
	unusable   = "\x00"
)

func usable(key string) bool { return key != "" && len(key) <= longestKey }

// plain returns the value of n as the JSON Schema library takes it. A value that
// may be anything is null there, and free checks it: what an error deep inside
// costs the library grows with the square of its depth. What stands below an
// unknown field is null too, and nobody checks it. ok is false where something
// has no JSON value, or is not as free wants it.
func plain(row *Field, n *yaml.Node) (v any, ok bool) {
	switch {
	case row == nil:
		return nil, true
	case row.Type == Any:
		return nil, free(n)
	}
	ok = true
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if !usable(key.Value) {
				out[unusable], ok = nil, false
				continue
			}
			below, fine := plain(row.Below(key.Value), n.Content[i+1])
			out[key.Value] = below
			ok = ok && fine && key.Tag == "!!str"
		}
		return out, ok && knownTag(n)
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, item := range n.Content {
			below, fine := plain(row.Item(), item)
			out[i] = below
			ok = ok && fine
		}
		return out, ok && knownTag(n)
	}
	v, _, problem := scalar(n)
	if number, is := v.(json.Number); is {
		// The library makes a fraction of a number's text, and of 1e-999999999 none.
		v, _ = number.Float64()
	}
	return v, problem == ""
}

// free reports whether a value that may be anything is one of JSON, and whether
// its texts and names are safe to show.
func free(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		v, _, problem := scalar(n)
		text, _ := v.(string)
		return problem == "" && isSafe(text, false)
	}
	for i, item := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			if !free(item) {
				return false
			}
		} else if item.Tag != "!!str" || !usable(item.Value) || !isSafe(item.Value, true) {
			return false
		}
	}
	return knownTag(n)
}

func isSafe(s string, oneLine bool) bool {
	bad, _ := Unsafe(s, oneLine)
	return bad < 0
}

func knownTag(n *yaml.Node) bool { return n.Tag == "!!map" || n.Tag == "!!seq" || n.Tag == "" }

// checker words what is wrong with one document.
type checker struct {
	kind     string
	places   map[string]place // by JSON pointer, as the library writes it
	told     map[string]bool  // the texts that a finding is about, by their pointers
	findings []Finding
}

// place is a value of the document.
type place struct {
	row  *Field     // what may stand there
	key  *yaml.Node // nil for an entry of a list
	node *yaml.Node
	path string // as messages name it
}

func (c *checker) add(f Finding, path string) {
	if path != "" {
		f.Message = clip(path, 200) + ": " + f.Message
	}
	c.findings = append(c.findings, f)
}

// walk notes where each value stands, and reports what has no JSON value. What
// stands below a field that is not known, or a value of the wrong type, is
// passed over: there is no saying what it should be.
func (c *checker) walk(p place, pointer string) {
	n := p.node
	if p.row == nil || !c.isJSON(p) {
		return
	}
	if p.row.Type != Any || pointer != "" {
		c.places[pointer] = p
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if p.row.open() && !c.isKey(p, key, value) {
				continue
			}
			c.walk(place{p.row.Below(key.Value), key, value, join(p.path, key.Value)}, below(p, pointer, key.Value))
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			c.walk(place{p.row.Item(), nil, item, p.path + itemName(item, i)}, below(p, pointer, strconv.Itoa(i)))
		}
	}
}

// isKey reports whether a key may stand in an open map, and adds a finding where
// it may not. The library checks what it says, but for maps of anything.
func (c *checker) isKey(p place, key, value *yaml.Node) bool {
	f := Finding{At: key, Value: value}
	switch {
	case key.Value == "":
		f.Message = "a key must not be empty"
	case len(key.Value) > longestKey:
		f.Message, f.Hint = fmt.Sprintf("the key %s is longer than %d bytes", Quote(key.Value), longestKey), "shorten it"
	case key.Tag != "!!str":
		f.Message, f.Hint = "the key "+Quote(key.Value)+" is no text", "put it in quotes: "+Quote(key.Value)
	case p.row.Type == Any && !isSafe(key.Value, true):
		c.unfit(place{row: p.row.keys(), node: key, path: p.path})
		return false
	default:
		return true
	}
	c.add(f, p.path)
	return false
}

// isJSON reports whether a value is one of JSON, and adds a finding where it is
// not. It does not look into maps and lists. Text that may be anything is checked
// here as well: the library does not see it.
func (c *checker) isJSON(p place) bool {
	n := p.node
	if n.Kind != yaml.ScalarNode {
		if !knownTag(n) {
			c.add(Finding{At: n, Value: n, Message: "the tag " + Quote(n.Tag) + " is not known", Hint: "leave the tag out"}, p.path)
		}
		return knownTag(n)
	}
	_, kind, problem := scalar(n)
	if problem == "" {
		if p.row.Type == Any && kind == kindText && !isSafe(n.Value, false) {
			c.unfit(p)
		}
		return true
	}
	if kind == kindDate && p.row.Type != Any {
		c.wrongType(p)
		return false
	}
	c.add(Finding{At: n, Value: n, Message: problem, Hint: repair(kindText, kind, n)}, p.path)
	return false
}

// leaves words the innermost causes of the library's error.
func (c *checker) leaves(e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		c.leaves(cause)
	}
	at := e.InstanceLocation
	p, ok := c.places[at]
	if len(e.Causes) > 0 || !ok {
		return // walk has a finding about it, or about what is around it
	}
	around, keyword := cutLast(e.KeywordLocation)
	if strings.HasSuffix(strings.TrimSuffix(around, "/$ref"), "/propertyNames") {
		in, _ := cutLast(at)
		p = place{row: c.places[in].row.keys(), node: p.key, path: c.places[in].path}
		at = "key " + at
	}
	if p.node.Kind == yaml.ScalarNode && c.told[at] {
		return // of all that is wrong with a text, the first is said
	}
	c.told[at] = true
	c.word(keyword, p)
}

func cutLast(pointer string) (before, last string) {
	i := strings.LastIndexByte(pointer, '/')
	return pointer[:max(i, 0)], pointer[i+1:]
}

// below returns the JSON pointer of an entry of the value at p. What may be
// anything has none: the library does not see it.
func below(p place, pointer, key string) string {
	if p.row.Type == Any {
		return ""
	}
	return pointer + "/" + escape(key)
}

// escape writes a key as the library writes it in a JSON pointer.
func escape(key string) string {
	return url.PathEscape(strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1"))
}

// join adds a field to a path. The root's "spec" is left out: a path reads
// config.llm_config, as in the API.
func join(path, name string) string {
	if !isPlain(name) {
		name = Quote(name)
	}
	switch path {
	case "", "spec":
		return name
	default:
		return path + "." + name
	}
}

// itemName names a list's item by its name where it has one.
func itemName(item *yaml.Node, i int) string {
	if item.Kind == yaml.MappingNode {
		for k := 0; k+1 < len(item.Content); k += 2 {
			switch item.Content[k].Value {
			case "outcome_name", "field_name", "name":
				if v := item.Content[k+1]; v.Kind == yaml.ScalarNode && isPlain(v.Value) {
					return "." + v.Value
				}
			}
		}
	}
	return "[" + strconv.Itoa(i) + "]"
}

func isPlain(s string) bool {
	return s != "" && len(s) <= 80 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
