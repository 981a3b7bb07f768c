package schema

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// What a value was probably meant to be, and how to write that.

// textRow stands for text of any kind.
var textRow = &Field{Type: Text}

// repair says how to turn a value into what row takes, or "".
func repair(row *Field, n *Node) string {
	wanted := row.Type.json[0]
	switch {
	case strings.HasPrefix(n.raw, "{{"):
		return InQuotes(n.raw)
	case n.tag != "" && IsTextFile(n.raw) && row.Type == Prompt:
		return "write {file: " + n.raw + "}"
	case n.tag != "":
		return InQuotes(n.tag + " " + n.raw)
	case n.kind == kindInvalid:
		return "leave the tag out"
	case n.Get("file").kind != "" && row.Type != Prompt:
		return "only " + and(prompts()) + " are read from files: write the text itself here"
	case n.kind == kindList && row.Type == Prompt && len(filesIn(n)) > 0:
		return "write {file: [" + strings.Join(filesIn(n), ", ") + "]}"
	case wanted == kindText && asText(n) != "":
		return InQuotes(asText(n))
	case n.kind == kindText && wanted == kindList && slices.Contains(row.Items.Type.json, kindText):
		return asList(row, n.raw)
	case len(n.raw) > 60:
	case n.kind == kindOdd:
		return "write a decimal number, or put it in quotes as text: " + strconv.Quote(n.raw)
	case n.kind == kindText:
		return rewrite(wanted, n.raw)
	case n.kind == kindMap && wanted == kindList:
		return `begin each entry of a list with "- "`
	case n.kind == kindList && wanted == kindMap:
		return `write "name: value" lines without a leading "- "`
	case wanted == kindText && slices.Contains([]string{kindNumber, kindBool, kindDate}, n.kind):
		return "put it in quotes: " + strconv.Quote(n.raw)
	}
	return ""
}

// prompts are the config's fields that may stand in files.
func prompts() []string {
	var names []string
	for _, f := range config {
		if f.Type == Prompt {
			names = append(names, f.Name)
		}
	}
	return names
}

// filesIn returns the items of a list when all of them look like files of text.
func filesIn(n *Node) []string {
	var names []string
	for _, item := range n.Below {
		if !item.IsText() || !IsTextFile(item.raw) {
			return nil
		}
		names = append(names, item.raw)
	}
	return names
}

// textFiles are the endings of files that people keep prompts in.
var textFiles = []string{
	".md", ".markdown", ".mdx", ".txt", ".text", ".prompt", ".rst", ".adoc", ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl",
	".hbs", ".mustache", ".liquid", ".html", ".htm", ".yaml", ".yml", ".json", ".docx", ".doc", ".pdf", ".rtf",
}

// HasTextEnding reports whether a name ends as that of a file does that holds text.
func HasTextEnding(name string) bool {
	ext := path.Ext(name)
	return len(ext) < len(name) && slices.Contains(textFiles, strings.ToLower(ext))
}

// IsTextFile reports whether a text is one word that HasTextEnding.
func IsTextFile(s string) bool { return !strings.ContainsAny(s, " \t\n") && HasTextEnding(s) }

// asText returns the text that YAML has read as a map or a list, as far as that
// can be told: "{name}", "Note: be brief" and "[Pause]".
func asText(n *Node) string {
	plain := func(n *Node) bool { return n.kind == kindText || n.kind == kindNumber || n.kind == kindBool }
	switch {
	case n.kind == kindList && n.flow && len(n.Below) > 0:
		var items []string
		for _, item := range n.Below {
			if !plain(item) {
				return ""
			}
			items = append(items, item.raw)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case n.kind != kindMap || len(n.Below) != 1:
		return ""
	}
	switch f := n.Below[0]; {
	case n.flow && f.kind == kindNull:
		return "{" + f.Key + "}"
	case n.flow && plain(f):
		return "{" + f.Key + ": " + f.raw + "}"
	case plain(f) && !f.Literal:
		return f.Key + ": " + f.raw
	}
	return ""
}

// asList says how to write a text as the list that row describes.
func asList(row *Field, text string) string {
	items := []string{text}
	if row.Items.Type == Name {
		items = strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|\n", r) })
	}
	for i, item := range items {
		if items[i] = strings.TrimSpace(item); !isPlain(strings.ReplaceAll(items[i], " ", "")) {
			items[i] = inQuotes(items[i])
		}
	}
	list := "[" + strings.Join(items, ", ") + "]"
	if len(list) > 100 || strings.Contains(list, "\n") {
		return `begin each entry of the list with "- ", on a line of its own`
	}
	return "write a list: " + list
}

// InQuotes is the hint to put a text in quotes, with the text where it is short.
func InQuotes(text string) string {
	if bad, _ := Unsafe(text, true); len(text) > 60 || bad >= 0 {
		return `put the whole text in quotes, or on lines of its own below a "|"`
	}
	return "put the whole text in quotes: " + inQuotes(text)
}

func inQuotes(text string) string {
	if strings.ContainsAny(text, `"\`) {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return `"` + text + `"`
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
	}
	return ""
}

// isTrapped reports what YAML has made of a text that its writer hardly meant, and
// whether the value must not be used.
func (c *checker) isTrapped(p *place) bool {
	n := p.node
	prose := p.row.Type == Prompt || p.row.Type == Text
	switch {
	case n.kind == kindMap && p.row.Type == Prompt && n.flow && len(n.Below) == 1 && n.Below[0].kind == kindNull && n.Below[0].Key != "file":
		c.say(p, InQuotes(asText(n)), "want text or {file: path}, got a map: YAML reads text in braces as one")
		return true
	case n.kind == kindText && loses(n.comment):
		c.warn(p, InQuotes(n.raw+" "+n.comment)+"; or write a comment with a blank after #",
			"YAML keeps %s alone: %s behind it is a comment", Quote(n.raw), Quote(n.comment))
	case n.kind == kindNull && prose && n.comment != "":
		c.warn(p, InQuotes(n.comment)+"; or leave the field out",
			"YAML reads no text here: %s is a comment, and the field is to be empty", Quote(n.comment))
	}
	return false
}

// loses reports whether a comment looks like a part of the text before it: people
// write a blank, or a rule, after the # of a comment.
func loses(comment string) bool {
	rest := strings.TrimPrefix(comment, "#")
	return rest != comment && rest != "" && !strings.ContainsAny(rest[:1], " \t#!-=*~_.:<>|+/")
}

// warn reports what may be right at a place of the document.
func (c *checker) warn(p *place, hint, format string, args ...any) {
	c.report(Problem{Pos: p.node.Pos, Warning: true, Hint: hint,
		Message: clip(p.path(), longestPath) + ": " + fmt.Sprintf(format, args...)})
}
