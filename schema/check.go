package schema

import (
	"fmt"
	"strconv"
	"strings"

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

// Check gives every way in which doc breaks the schema of kind (see Kinds), in
// the document's order. doc is the root of a document whose aliases and merge
// keys are already resolved and which has no duplicate keys; it must be finite.
// Check may be called by many goroutines at once. An unknown kind panics.
func Check(kind string, doc *yaml.Node) []Finding {
	r := compiled[kind]()
	c := checker{homes: r.homes}
	c.value(r.root, doc, "")
	return c.findings
}

type checker struct {
	homes    map[string][]string
	findings []Finding
}

func (c *checker) add(at, value *yaml.Node, path, hint, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + ": " + message
	}
	c.findings = append(c.findings, Finding{At: at, Value: value, Message: message, Hint: hint})
}

// free is the rule of a value that no schema describes: any JSON value.
var free = &rule{}

func (c *checker) value(r *rule, n *yaml.Node, path string) {
	switch n.Kind {
	case yaml.MappingNode:
		if n.Tag != "!!map" && n.Tag != "" {
			c.add(n, n, path, "leave the tag out", "the tag %s is not known", Quote(n.Tag))
		} else if c.typed(r, n, path, kindMap, "") {
			c.object(r, n, path)
		}
	case yaml.SequenceNode:
		if n.Tag != "!!seq" && n.Tag != "" {
			c.add(n, n, path, "leave the tag out", "the tag %s is not known", Quote(n.Tag))
		} else if c.typed(r, n, path, kindList, "") {
			c.list(r, n, path)
		}
	default:
		c.scalar(r, n, path)
	}
}

// typed reports whether a value of kind may stand here, and says so if not.
func (c *checker) typed(r *rule, n *yaml.Node, path, kind, problem string) bool {
	allowed := r.allowed()
	switch {
	case problem != "" && (len(allowed) == 0 || kind == kindInvalid):
		c.add(n, n, path, repair(kindText, kind, n), "%s", problem)
	case len(allowed) == 0 || allowed.has(kind):
		return true
	case kind == kindNumber && allowed.has("integer"):
		return true // integer checks more
	case r.Enum != nil:
		c.add(n, n, path, "", "want %s, got %s", either(r.choices()), got(kind, n))
	default:
		c.add(n, n, path, repair(allowed[0], kind, n), "want %s, got %s", want(allowed), got(kind, n))
	}
	return false
}

// allowed gives the kinds of value that r takes; none means any.
func (r *rule) allowed() types {
	if r.Type != nil || r.Enum == nil && r.Const == nil {
		return r.Type
	}
	for _, e := range r.Enum {
		if e == nil {
			return types{kindText, kindNull}
		}
	}
	return types{kindText}
}

func (c *checker) object(r *rule, n *yaml.Node, path string) {
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		seen[name] = true
		below := r.Properties[name]
		switch {
		case below != nil:
		case r.AdditionalProperties == nil:
			below = free
		case r.AdditionalProperties.rule != nil:
			below = r.AdditionalProperties.rule
		default:
			near := Nearest(name, r.known)
			seen[near] = true // so that it is not reported as missing too
			c.add(key, value, path, c.homeOf(name, near, r, path), "unknown field %s", Quote(name))
			c.findings[len(c.findings)-1].Meant = near
			continue
		}
		if c.key(r, key, value, path) {
			c.value(below, value, join(path, name))
		}
	}
	for _, name := range r.Required {
		if !seen[name] {
			hint := ""
			if len(seen) > 0 && r.Properties[name] != nil {
				hint = r.Properties[name].Description
			}
			c.add(n, nil, path, sentence(hint), "missing the field %q", name)
		}
	}
}

// key checks a field's name where names are free.
func (c *checker) key(r *rule, key, value *yaml.Node, path string) bool {
	if key.Tag != "!!str" && r.Properties[key.Value] == nil {
		c.add(key, value, path, "put it in quotes: "+Quote(key.Value), "the key %s is no text", Clip(Quote(key.Value)))
		return false
	}
	names := r.PropertyNames
	if names == nil {
		names = &rule{oneLine: true}
	}
	if r.Properties[key.Value] != nil {
		return true
	}
	before := len(c.findings)
	c.text(names, key, path)
	return len(c.findings) == before
}

func (c *checker) list(r *rule, n *yaml.Node, path string) {
	if len(n.Content) < r.MinItems {
		c.add(n, n, path, "", "must not be empty")
	}
	if r.MaxItems > 0 && len(n.Content) > r.MaxItems {
		c.add(n, n, path, "", "want at most %d entries, got %d", r.MaxItems, len(n.Content))
		return
	}
	items := r.Items
	if items == nil {
		items = free
	}
	first := map[string]*yaml.Node{}
	for i, item := range n.Content {
		c.value(items, item, path+itemName(item, i))
		if !r.UniqueItems || item.Kind != yaml.ScalarNode {
			continue
		}
		if f := first[item.Value]; f != nil {
			c.add(item, item, path, fmt.Sprintf("first given in line %d: keep one of them", f.Line), "%s is listed twice", Quote(item.Value))
		} else {
			first[item.Value] = item
		}
	}
}

func (c *checker) scalar(r *rule, n *yaml.Node, path string) {
	v, kind, problem := scalar(n)
	if !c.typed(r, n, path, kind, problem) {
		return
	}
	switch kind {
	case kindText:
		c.text(r, n, path)
	case kindNumber:
		c.number(r, n, path, fmt.Sprint(v))
	}
}

func (c *checker) text(r *rule, n *yaml.Node, path string) {
	s := n.Value
	if bad, _ := Unsafe(s, r.oneLine); bad >= 0 {
		what, hint := "the control character %U is not allowed", "delete it"
		switch {
		case bad == '\n':
			what, hint = "want one line, got a line break (%U)", "write it on one line"
		case bad > 0x9f:
			what = "the invisible character %U is not allowed here"
		}
		c.add(n, n, path, hint, what, bad)
		return
	}
	switch {
	case r.Const != nil && s != *r.Const:
		c.add(n, n, path, "", "want %s, got %s", Quote(*r.Const), Quote(s))
	case r.Enum != nil:
		c.enum(r, n, path)
	case len(s) < r.MinLength:
		c.add(n, n, path, "", "must not be empty")
	case r.pattern != nil && !r.pattern.MatchString(s):
		c.add(n, n, path, r.PatternErrorMessage, "%s is not allowed here", Quote(s))
	case r.Not != nil && r.Not.pattern.MatchString(s):
		c.add(n, n, path, r.Not.PatternErrorMessage, "%s is not allowed here: %s", Quote(s), r.Not.Description)
	}
}

func (c *checker) enum(r *rule, n *yaml.Node, path string) {
	choices := r.choices()
	for _, choice := range choices {
		if n.Value == choice {
			return
		}
	}
	hint := ""
	if near := Nearest(n.Value, choices); near != "" {
		hint = didYouMean(near)
	}
	c.add(n, n, path, hint, "want %s, got %s", either(choices), Quote(n.Value))
}

// choices gives an enum's values without null.
func (r *rule) choices() []string {
	var out []string
	for _, e := range r.Enum {
		if e != nil {
			out = append(out, *e)
		}
	}
	return out
}

func (c *checker) number(r *rule, n *yaml.Node, path, s string) {
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil:
		c.add(n, n, path, "", "the number %s is too large", Clip(s))
	case r.Type.has("integer") && f != float64(int64(f)):
		c.add(n, n, path, "", "want a whole number, got %s", Clip(s))
	case r.Minimum != nil && f < *r.Minimum:
		c.add(n, n, path, "", "want %g or more, got %s", *r.Minimum, Clip(s))
	case r.Maximum != nil && f > *r.Maximum:
		c.add(n, n, path, "", "want %s or less, got %s", strconv.FormatFloat(*r.Maximum, 'f', -1, 64), Clip(s))
	}
}

// join adds a field to a path. The root's "spec" is left out: a path reads
// config.llm_config, as in the API.
func join(path, name string) string {
	if !plain(name) {
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
				if v := item.Content[k+1]; v.Kind == yaml.ScalarNode && plain(v.Value) {
					return "." + v.Value
				}
			}
		}
	}
	return "[" + strconv.Itoa(i) + "]"
}

func plain(s string) bool {
	return s != "" && len(s) <= 80 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
