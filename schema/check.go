package schema

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
	"gopkg.in/yaml.v3"
)

// Check returns a document with its aliases and merge keys written out, and
// reports every way in which it breaks the schema of kind (see Kinds). What must
// not be used is invalid in it; an unknown field has the name that it was
// probably meant to have. It is nil for a document that cannot be used at all.
// Check may be called by many goroutines at once. An unknown kind panics.
func Check(kind, file string, root *yaml.Node, report func(Problem)) *Node {
	r := reader{file: file, report: report, open: map[*yaml.Node]bool{}, aliased: map[*yaml.Node]bool{}}
	doc := r.node(root, 0)
	if r.failed {
		return nil
	}
	r.unused()
	c := checker{kind: kind, report: report, spoiled: map[*Node]string{}, told: map[*Node]bool{}}
	c.root = &place{row: roots[kind], node: doc}
	var invalid *jsonschema.ValidationError
	if errors.As(compiled[kind]().Validate(c.plain(c.root)), &invalid) {
		c.leaves(invalid)
	}
	for n, meant := range c.spoiled {
		n.kind, n.Below = kindInvalid, nil
		if meant != "" {
			n.Key = meant
		}
	}
	return doc
}

// checker words what is wrong with one document.
type checker struct {
	kind    string
	root    *place
	report  func(Problem)
	spoiled map[*Node]string // what must not be used; the name that its key was meant to be, or ""
	told    map[*Node]bool   // what a problem is about
}

// place is a value of the document.
type place struct {
	up   *place // nil for the root
	row  *Field // what may stand there; nil where that is not known
	node *Node
	at   int // in the list or map around it
}

// entry returns the place of the i-th value below p.
func (p *place) entry(i int) place {
	n := p.node.Below[i]
	if p.node.kind == kindMap {
		return place{p, p.row.Below(n.Key), n, i}
	}
	return place{p, p.row.Item(), n, i}
}

// path is the place as messages name it, which cut it after longestPath bytes.
func (p *place) path() string {
	if p.up == nil {
		return ""
	}
	path := p.up.path()
	switch {
	case len(path) > longestPath:
		return path
	case p.up.node.kind == kindMap:
		return join(path, p.node.Key)
	default:
		return path + itemName(p.node, p.at)
	}
}

const longestPath = 200

// plain returns the value at p as the JSON Schema library takes it, and reports
// what has no JSON value. A value that may be anything is null there, and is
// checked here: what an error deep inside costs the library grows with the square
// of its depth. What stands below an unknown field is null too, and nobody checks
// it: there is no saying what it should be.
func (c *checker) plain(p *place) any {
	n := p.node
	if p.row == nil || !c.isJSON(p) || c.isTrapped(p) {
		return nil
	}
	var v any
	switch n.kind {
	case kindMap:
		out := make(map[string]any, len(n.Below))
		for i, f := range n.Below {
			if !p.row.open() || c.isKey(p, f) {
				below := p.entry(i)
				out[f.Key] = c.plain(&below)
			}
		}
		v = out
	case kindList:
		out := make([]any, len(n.Below))
		for i := range n.Below {
			below := p.entry(i)
			out[i] = c.plain(&below)
		}
		v = out
	case kindText:
		v = n.raw
	case kindNumber:
		// The library makes a fraction of a number's text, and of 1e-999999999 none.
		v, _ = strconv.ParseFloat(n.raw, 64)
	case kindBool:
		v = n.isTrue()
	}
	if p.row.Type == Any {
		return nil
	}
	return v
}

// isKey reports whether the key of f may stand in an open map. The library writes
// out the path of each value that it looks at, and leaves empty keys out of it.
func (c *checker) isKey(p *place, f *Node) bool {
	key, message, hint := f.Key, "", ""
	switch {
	case key == "":
		message = "a key must not be empty"
	case len(key) > longest:
		message, hint = "the key "+Quote(key)+" is longer than "+strconv.Itoa(longest)+" bytes", "shorten it"
	case f.oddKey:
		message, hint = "the key "+Quote(key)+" is no text", "put it in quotes: "+Quote(key)
	case p.row.Type == Any:
		if bad, _ := Unsafe(key, true); bad < 0 {
			return true
		}
		message, hint = unfit(Line, key)
	default:
		return true
	}
	c.add(p.path(), f.KeyPos(), hint, message)
	c.spoiled[f] = ""
	return false
}

// isJSON reports whether a value is one of JSON. It does not look into maps and
// lists. Text that may be anything is checked here as well: the library does not
// see it.
func (c *checker) isJSON(p *place) bool {
	switch n := p.node; {
	case n.kind == kindDate && p.row.Type != Any:
		c.wrongType(p)
		return false
	case n.flaw != "":
		row := p.row
		if row.Type != Prompt {
			row = textRow
		}
		c.say(p, repair(row, n), "%s", n.flaw)
		return false
	case n.kind == kindText && p.row.Type == Any:
		if bad, _ := Unsafe(n.raw, false); bad >= 0 {
			c.word("pattern", p)
		}
	}
	return true
}

// leaves words the innermost causes of the library's error.
func (c *checker) leaves(e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		c.leaves(cause)
	}
	p := c.find(e.InstanceLocation)
	if len(e.Causes) > 0 || p == nil {
		return
	}
	schema, keyword := cutLast(e.KeywordLocation)
	if strings.HasSuffix(strings.TrimSuffix(strings.TrimSuffix(schema, "/$ref"), "/allOf/0"), "/propertyNames") {
		key := *p.up.node
		key.Pos, key.kind, key.raw = p.node.KeyPos(), kindText, p.node.Key
		p = &place{p.up.up, p.up.row.keys(), &key, p.up.at}
	}
	if c.told[p.node] && p.node.kind != kindMap && p.node.kind != kindList {
		return // of all that is wrong with a text, the first is said
	}
	c.word(keyword, p)
}

func cutLast(pointer string) (before, last string) {
	i := strings.LastIndexByte(pointer, '/')
	return pointer[:max(i, 0)], pointer[i+1:]
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// find returns the place that one of the library's JSON pointers names; nil for
// a value that the library does not see.
func (c *checker) find(pointer string) *place {
	p := c.root
	for _, part := range strings.Split(pointer, "/")[1:] {
		name, _ := url.PathUnescape(part)
		name = unescape.Replace(name)
		i, err := strconv.Atoi(name)
		if p.node.kind == kindMap {
			i = slices.IndexFunc(p.node.Below, func(f *Node) bool { return f.Key == name })
		} else if err != nil {
			i = -1
		}
		if i < 0 {
			return nil
		}
		below := p.entry(i)
		p = &below
	}
	return p
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
func itemName(item *Node, i int) string {
	for _, f := range item.Below {
		switch f.Key {
		case "outcome_name", "field_name", "name":
			if isPlain(f.raw) {
				return "." + f.raw
			}
		}
	}
	return "[" + strconv.Itoa(i) + "]"
}

const plainLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

func isPlain(s string) bool { return s != "" && len(s) <= 80 && strings.Trim(s, plainLetters) == "" }
