package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The words of the messages: what each keyword of a schema asks for, what a
// kind of value is called, and how to turn one into another.

// add reports what is wrong at a place of the document.
func (c *checker) add(path string, at Pos, hint, message string) {
	if path != "" {
		message = clip(path, longestPath) + ": " + message
	}
	c.report(Problem{Pos: at, Message: message, Hint: hint})
}

// say reports what is wrong with the value at p, which must not be used then.
func (c *checker) say(p *place, hint, format string, args ...any) {
	c.spoiled[p.node], c.told[p.node] = "", true
	c.add(p.path(), p.node.Pos, hint, fmt.Sprintf(format, args...))
}

// word reports that the value at p breaks a keyword of its schema.
func (c *checker) word(keyword string, p *place) {
	row, n := p.row, p.node
	switch keyword {
	case "type", "pattern":
		if row.Type == Variable && isNumber(n.raw) {
			c.say(p, "write the name of the variable that holds it, such as INDUSLABS_SMOKE_NUMBER", "want the name of an environment variable, got a number (…%s)", n.raw[len(n.raw)-4:])
			return
		}
	}
	switch keyword {
	case "type", "const", "enum":
		c.wrongType(p)
	case "required":
		c.missing(p)
	case "additionalProperties":
		c.unknown(p)
	case "minItems", "minLength":
		c.say(p, "", "must not be empty")
	case "maxItems":
		c.say(p, "", "want at most %d entries, got %d", row.MaxItems, len(n.Below))
	case "uniqueItems":
		c.twice(p)
	case "pattern":
		message, hint := unfit(row.Type, n.raw)
		c.say(p, hint, "%s", message)
	case "minimum":
		c.say(p, "", "want %s or more, got %s", decimals(*row.Min), Clip(n.raw))
	case "maximum":
		c.say(p, "", "want %s or less, got %s", decimals(*row.Max), Clip(n.raw))
	}
}

// isNumber reports whether a text reads as a phone number, of which no message
// shows more than the end.
func isNumber(s string) bool {
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	return digits >= 8 && strings.Trim(s, "0123456789+-. ()") == "" && s[len(s)-1] >= '0' && strings.Trim(s[len(s)-4:], "0123456789") == ""
}

func decimals(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// wrongType reports that a value is not of the type, or none of the choices,
// that may stand there.
func (c *checker) wrongType(p *place) {
	row, n := p.row, p.node
	hint, given := repair(row, n), got(n)
	switch {
	case n.kind == kindNumber && row.Type == Integer:
		hint, given = "", Clip(n.raw)
	case n.kind == kindText && row.Meant[strings.ToUpper(n.raw)] != "":
		hint, given = "did you mean "+row.Meant[strings.ToUpper(n.raw)]+"?", Quote(n.raw)
	case n.kind == kindText && len(row.Values) > 0:
		hint, given = DidYouMean(n.raw, row.Values), Quote(n.raw)
	case len(row.Values) > 0:
		hint = ""
	}
	c.say(p, hint, "want %s, got %s", row.wanted(), given)
}

// wanted names what may stand in a field; null goes without saying.
func (f *Field) wanted() string {
	words := f.Values
	switch len(words) {
	case 0:
		for _, kind := range f.Type.json {
			words = append(words, called[kind])
		}
	case 1:
		return words[0]
	default:
		return "one of " + or(words)
	}
	return or(words)
}

// unfit says why a text is not of a form.
func unfit(form *Type, s string) (message, hint string) {
	switch bad, _ := Unsafe(s, form.oneLine); {
	case bad < 0:
		return Quote(s) + " is not allowed here", form.want
	case bad == '\n':
		return fmt.Sprintf("want one line, got a line break (%U)", bad), "write it on one line"
	case bad > 0x9f:
		return fmt.Sprintf("the invisible character %U is not allowed here", bad), "delete it"
	default:
		return fmt.Sprintf("the control character %U is not allowed", bad), "delete it"
	}
}

// unknown reports the fields that a map has and its row does not know.
func (c *checker) unknown(p *place) {
	for _, f := range p.node.Below {
		if p.row.Below(f.Key) == nil {
			c.spoiled[f] = Nearest(f.Key, p.row.names())
			c.add(p.path(), f.KeyPos(), c.homeOf(f.Key, p), "unknown field "+Quote(f.Key))
		}
	}
}

// missing reports the fields that a map must have and does not, those aside that
// are there under a misspelt name.
func (c *checker) missing(p *place) {
	there := map[string]bool{}
	for _, f := range p.node.Below {
		there[f.Key] = true
		if p.row.Below(f.Key) == nil {
			there[Nearest(f.Key, p.row.names())] = true
		}
	}
	for _, row := range p.row.Fields {
		if !row.Required || there[row.Name] || p.row.Type == Prompt && len(there) > 0 {
			continue // of a prompt that is a map of other things, each says so
		}
		hint := ""
		if len(there) > 0 {
			hint = sentence(row.Doc)
		}
		c.add(p.path(), p.node.Pos, hint, "missing the field "+strconv.Quote(row.Name))
	}
}

// twice reports the texts that a list holds more than once.
func (c *checker) twice(p *place) {
	first := map[string]*Node{}
	for _, item := range p.node.Below {
		if item.kind == kindMap || item.kind == kindList {
			continue
		}
		if f := first[item.raw]; f != nil {
			c.spoiled[item] = ""
			hint := fmt.Sprintf("first given in line %d: keep one of them", f.Pos.Line)
			c.add(p.path(), item.Pos, hint, Quote(item.raw)+" is listed twice")
		} else {
			first[item.raw] = item
		}
	}
}

// homeOf says what to do about a field that the map at p does not know.
func (c *checker) homeOf(name string, p *place) string {
	path, names := p.path(), p.row.names()
	if hint := DidYouMean(name, names); hint != "" {
		return hint
	}
	homes := roots[c.kind].homes(name, "", nil)
	if len(homes) == 1 && homes[0] != path && !strings.Contains(homes[0], "[") {
		if homes[0] == "" {
			return "it belongs at the top of the document"
		}
		return "it belongs in " + homes[0]
	}
	if p.row.Type == Prompt {
		return `known fields: file; a text of several lines begins below a "|"`
	}
	if section, in := strings.CutPrefix(path, SectionConfig); in && (section == "" || p.row.Service) {
		return "a field that the API has gained goes under config.passthrough" + section
	}
	return "known fields: " + strings.Join(names, ", ")
}

// homes adds to found the path of each map at path or below it that knows a
// field of that name.
func (f *Field) homes(name, path string, found []string) []string {
	if f.Items != nil {
		found = f.Items.homes(name, path+"[]", found)
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

func got(n *Node) string {
	switch n.kind {
	case kindNumber:
		return "the number " + Clip(n.raw)
	case kindBool:
		return n.raw
	case kindDate:
		return "the date " + Clip(n.raw)
	case kindText:
		return "the text " + Quote(n.raw)
	default:
		return called[n.kind]
	}
}

// DidYouMean is the hint for a name that is not among those known, or "".
func DidYouMean(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return "did you mean " + strconv.Quote(near) + "?"
	}
	return ""
}

func or(words []string) string { return series(words, " or ") }

func and(words []string) string { return series(words, " and ") }

func series(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + last + words[len(words)-1]
}

// sentence makes a hint of a description: its first sentence, begun with a
// small letter and without its period.
func sentence(description string) string {
	s, _, _ := strings.Cut(description, ". ")
	s = strings.TrimSuffix(s, ".")
	return strings.ToLower(s[:1]) + s[1:]
}
