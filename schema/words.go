package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// The words of the messages: what each keyword of a schema asks for, what a
// kind of value is called, and how to turn one into another.

// word adds what is wrong with the value at p, which breaks a keyword of its
// schema.
func (c *checker) word(keyword string, p place) {
	row, n := p.row, p.node
	say := func(hint, format string, args ...any) {
		c.add(Finding{At: n, Value: n, Message: fmt.Sprintf(format, args...), Hint: hint}, p.path)
	}
	switch keyword {
	case "type", "const", "enum":
		c.wrongType(p)
	case "required":
		c.missing(p)
	case "additionalProperties":
		c.unknown(p)
	case "minItems", "minLength":
		say("", "must not be empty")
	case "maxItems":
		say("", "want at most %d entries, got %d", row.MaxItems, len(n.Content))
	case "uniqueItems":
		c.twice(p)
	case "pattern":
		c.unfit(p)
	case "not":
		not := forms[row.Type].not
		say(not.hint, "%s is not allowed here: %s", Quote(n.Value), not.why)
	case "minimum":
		say("", "want %s or more, got %s", decimals(*row.Min), Clip(n.Value))
	case "maximum":
		say("", "want %s or less, got %s", decimals(*row.max()), Clip(n.Value))
	}
}

func decimals(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// wrongType adds that a value is not of the type, or none of the choices, that
// may stand there.
func (c *checker) wrongType(p place) {
	allowed, kind := jsonTypes[p.row.Type], kindOf(p.node)
	f := Finding{At: p.node, Value: p.node}
	switch {
	case kind == kindNumber && slices.Contains(allowed, kindInteger):
		f.Message = "want a whole number, got " + Clip(p.node.Value)
	case len(p.row.Values) == 0:
		f.Message, f.Hint = "want "+want(allowed)+", got "+got(kind, p.node), repair(allowed[0], kind, p.node)
	case kind == kindText:
		f.Message, f.Hint = "want "+either(p.row.Values)+", got "+Quote(p.node.Value), didYouMean(Nearest(p.node.Value, p.row.Values))
	default:
		f.Message = "want " + either(p.row.Values) + ", got " + got(kind, p.node)
	}
	c.add(f, p.path)
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return kindMap
	case yaml.SequenceNode:
		return kindList
	}
	_, kind, _ := scalar(n)
	return kind
}

// unfit adds that a text does not match its type's pattern.
func (c *checker) unfit(p place) {
	form, s := forms[p.row.Type], p.node.Value
	f := Finding{At: p.node, Value: p.node, Message: Quote(s) + " is not allowed here", Hint: form.want}
	if bad, _ := Unsafe(s, form.oneLine); bad >= 0 {
		f.Message, f.Hint = fmt.Sprintf("the control character %U is not allowed", bad), "delete it"
		switch {
		case bad == '\n':
			f.Message, f.Hint = fmt.Sprintf("want one line, got a line break (%U)", bad), "write it on one line"
		case bad > 0x9f:
			f.Message = fmt.Sprintf("the invisible character %U is not allowed here", bad)
		}
	}
	c.add(f, p.path)
}

// unknown adds the fields that a map has and its row does not know.
func (c *checker) unknown(p place) {
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		key, value := p.node.Content[i], p.node.Content[i+1]
		if p.row.Below(key.Value) == nil {
			near := Nearest(key.Value, p.row.names())
			c.add(Finding{At: key, Value: value, Meant: near, Message: "unknown field " + Quote(key.Value), Hint: c.homeOf(key.Value, near, p)}, p.path)
		}
	}
}

// missing adds the fields that a map must have and does not, those aside that
// are there under a misspelt name.
func (c *checker) missing(p place) {
	there := map[string]bool{}
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		name := p.node.Content[i].Value
		there[name] = true
		if p.row.Below(name) == nil {
			there[Nearest(name, p.row.names())] = true
		}
	}
	for _, field := range p.row.Fields {
		if !field.Required || there[field.Name] {
			continue
		}
		f := Finding{At: p.node, Message: fmt.Sprintf("missing the field %q", field.Name)}
		if len(there) > 0 {
			f.Hint = sentence(field.Doc)
		}
		c.add(f, p.path)
	}
}

// twice adds the texts that a list holds more than once.
func (c *checker) twice(p place) {
	first := map[string]*yaml.Node{}
	for _, item := range p.node.Content {
		if item.Kind != yaml.ScalarNode {
			continue
		}
		if f := first[item.Value]; f != nil {
			c.add(Finding{At: item, Value: item, Message: Quote(item.Value) + " is listed twice",
				Hint: fmt.Sprintf("first given in line %d: keep one of them", f.Line)}, p.path)
		} else {
			first[item.Value] = item
		}
	}
}

// homeOf says what to do about a field that the map at p does not know; near is
// the nearest that it knows, or "".
func (c *checker) homeOf(name, near string, p place) string {
	if near != "" {
		return didYouMean(near)
	}
	homes := roots[c.kind].homes(name, "", nil)
	if len(homes) == 1 && homes[0] != p.path && !strings.ContainsAny(homes[0], "[*") {
		if homes[0] == "" {
			return "it belongs at the top of the document"
		}
		return "it belongs in " + homes[0]
	}
	if section, in := strings.CutPrefix(p.path, SectionConfig); in && (section == "" || p.row.Service) {
		return "a field that the API has gained goes under config.passthrough" + section
	}
	return "known fields: " + strings.Join(p.row.names(), ", ")
}

// homes adds to found the path of each map at path or below it that knows a
// field of that name.
func (f *Field) homes(name, path string, found []string) []string {
	if f.Item() != nil && f.Type != Any {
		found = f.Item().homes(name, path+"[]", found)
	}
	if f.Type == Table && f.Items.Type != Any {
		found = f.Items.homes(name, path+".*", found)
	}
	for _, below := range f.Fields {
		if below.Name == name {
			found = append(found, path)
		}
		found = below.homes(name, join(path, below.Name), found)
	}
	return found
}

// names returns the names of a map's fields, sorted.
func (f *Field) names() []string {
	var out []string
	for _, below := range f.Fields {
		out = append(out, below.Name)
	}
	slices.Sort(out)
	return out
}

var called = map[string]string{
	kindText: "text", kindNumber: "a number", kindInteger: "a whole number", kindBool: "true or false",
	kindList: "a list", kindMap: "a map", kindNull: "nothing", kindDate: "a date",
}

// want names the kinds that may stand somewhere; null goes without saying.
func want(allowed []string) string {
	var words []string
	for _, kind := range allowed {
		words = append(words, called[kind])
	}
	return or(words)
}

func got(kind string, n *yaml.Node) string {
	switch kind {
	case kindNumber:
		return "the number " + Clip(n.Value)
	case kindBool:
		return n.Value
	case kindDate:
		return "the date " + Clip(n.Value)
	case kindText:
		return "the text " + Quote(n.Value)
	default:
		return called[kind]
	}
}

// repair says how to turn a value of a kind into the wanted one, or "".
func repair(wanted, kind string, n *yaml.Node) string {
	short := len(n.Value) <= 60
	switch kind {
	case kindInvalid:
		if n.Tag != "!!int" && n.Tag != "!!float" {
			return "leave the tag out"
		}
		if short {
			return "write a decimal number, or put it in quotes as text: " + strconv.Quote(n.Value)
		}
	case kindNumber, kindBool, kindDate:
		if wanted == kindText && short {
			return "put it in quotes: " + strconv.Quote(n.Value)
		}
	case kindText:
		if short {
			return rewrite(wanted, n.Value)
		}
	case kindMap:
		if wanted == kindList {
			return `begin each entry of a list with "- "`
		}
	case kindList:
		if wanted == kindMap {
			return `write "name: value" lines without a leading "- "`
		}
	}
	return ""
}

// rewrite says how to write a text as the wanted kind of value, or "".
func rewrite(wanted, text string) string {
	switch wanted {
	case kindBool:
		switch strings.ToLower(text) {
		case "yes", "on", "y", "true":
			return "write true, without quotes"
		case "no", "off", "n", "false":
			return "write false, without quotes"
		}
	case kindNumber, kindInteger:
		if decimal.MatchString(text) {
			return "leave the quotes out: " + text
		}
	case kindList:
		if isPlain(text) {
			return "write a list: [" + text + "]"
		}
	}
	return ""
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "did you mean " + strconv.Quote(name) + "?"
}

// either lists choices as "one of A, B or C", and a single one as itself.
func either(choices []string) string {
	if len(choices) == 1 {
		return choices[0]
	}
	return "one of " + or(choices)
}

func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// sentence makes a hint of a description: its first sentence, begun with a
// small letter and without its period.
func sentence(description string) string {
	s, _, _ := strings.Cut(description, ". ")
	s = strings.TrimSuffix(s, ".")
	return strings.ToLower(s[:1]) + s[1:]
}
