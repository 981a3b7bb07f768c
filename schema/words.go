package schema

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// The words of the messages: what a kind of value is called, and how to turn
// one into another.

var called = map[string]string{
	kindText: "text", kindNumber: "a number", "integer": "a whole number", kindBool: "true or false",
	kindList: "a list", kindMap: "a map", kindNull: "nothing", kindDate: "a date",
}

// want names the kinds that may stand somewhere; null goes without saying.
func want(allowed types) string {
	var words []string
	for _, kind := range allowed {
		if kind != kindNull || len(allowed) == 1 {
			words = append(words, called[kind])
		}
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
	switch {
	case kind == kindInvalid && n.Tag != "!!int" && n.Tag != "!!float":
		return "leave the tag out"
	case wanted == kindText && (kind == kindNumber || kind == kindBool || kind == kindDate) && short:
		return "put it in quotes: " + strconv.Quote(n.Value)
	case wanted == kindText && kind == kindInvalid && short:
		return "write a decimal number, or put it in quotes as text: " + strconv.Quote(n.Value)
	case wanted == kindBool && kind == kindText:
		switch strings.ToLower(n.Value) {
		case "yes", "on", "y", "true":
			return "write true, without quotes"
		case "no", "off", "n", "false":
			return "write false, without quotes"
		}
	case (wanted == kindNumber || wanted == "integer") && kind == kindText && decimal.MatchString(n.Value) && short:
		return "leave the quotes out: " + n.Value
	case wanted == kindList && kind == kindText && short && plain(n.Value):
		return "write a list: [" + n.Value + "]"
	case wanted == kindList && kind == kindMap:
		return `begin each entry of a list with "- "`
	case wanted == kindMap && kind == kindList:
		return `write "name: value" lines without a leading "- "`
	}
	return ""
}

// homeOf says what to do about a field that the map at path does not know; near
// is the nearest that it knows, or "".
func (c *checker) homeOf(name, near string, r *rule, path string) string {
	if near != "" {
		return didYouMean(near)
	}
	if homes := c.homes[name]; len(homes) == 1 && homes[0] != path && !strings.ContainsAny(homes[0], "[*") {
		if homes[0] == "" {
			return "it belongs at the top of the document"
		}
		return "it belongs in " + homes[0]
	}
	switch path {
	case "config", "config.llm_config", "config.tts_config", "config.stt_config", "config.vad_config":
		return "a field that the API has gained goes under " + strings.Replace(path, "config", "config.passthrough", 1)
	}
	return "known fields: " + strings.Join(r.known, ", ")
}

func didYouMean(name string) string { return "did you mean " + strconv.Quote(name) + "?" }

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

// sentence makes a hint of a schema's description: its first sentence, begun
// with a small letter and without its period.
func sentence(description string) string {
	s, _, _ := strings.Cut(description, ". ")
	s = strings.TrimSuffix(s, ".")
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}
