package spec

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/agentsync/agentsync/schema"
)

// Texts that people write without quotes and that YAML reads as something else.
// The library says where it gave up; here is what it gave up on.

// entry cuts a line of a manifest into what leads to its value, "  - name: ", and
// the value.
var entry = regexp.MustCompile(`^([ \t]*(?:- +)*(?:(?:[^\s"'\[\]{}#&*!|>%@,-][^:#]*|"[^"]*"|'[^']*'):[ \t]+)?)(.*?)\s*$`)

// inFlow finds a text in a map or a list in braces that begins with a mark.
var inFlow = regexp.MustCompile("[:,{\\[][ \\t]*([@%*`][^,\\]}]*)")

// trap explains a line that YAML can't read: where its value begins, counted from
// 1, and what is wrong. It is false where the line looks as it should.
func trap(line string) (column int, message, hint string, ok bool) {
	m := entry.FindStringSubmatch(line)
	if m == nil || m[2] == "" {
		return 0, "", "", false
	}
	lead, value := m[1], m[2]
	column = utf8.RuneCountInString(lead) + 1
	message, hint = misread(value)
	if at := inFlow.FindStringSubmatchIndex(value); message == "" && strings.ContainsAny(value[:1], "[{") && at != nil {
		column += utf8.RuneCountInString(value[:at[2]])
		message, hint = misread(value[at[2]:at[3]])
	}
	if message == "" && strings.HasSuffix(strings.TrimRight(lead, " "), ":") && strings.HasPrefix(value, "- ") {
		message, hint = "a list can't begin behind a name", "write each entry on a line of its own, or "+schema.InQuotes(value)
	}
	return column, message, hint, message != ""
}

// misread says what YAML makes of a value that begins with one of its own marks,
// or holds one; "" for a value that it reads as it stands.
func misread(value string) (message, hint string) {
	first, quote := value[:1], schema.InQuotes(value)
	switch first {
	case `"`, "'":
		end := closing(value, first[0])
		if end < 0 || strings.HasPrefix(strings.TrimSpace(value[end+1:]), "#") || strings.Trim(value[end+1:], " ,]}:") == "" {
			return "", ""
		}
		if strings.HasSuffix(value, first) {
			quote = schema.InQuotes(value[1 : len(value)-1])
		}
		return fmt.Sprintf("the text goes on after its closing %s", first), quote
	case "{", "[":
		end := matching(value)
		if end < 0 || strings.HasPrefix(strings.TrimSpace(value[end+1:]), "#") || strings.Trim(value[end+1:], " ,]}:") == "" {
			return flowComment(value)
		}
		return fmt.Sprintf("the text goes on after %s, which reads as a %s", schema.Quote(value[:end+1]),
			map[string]string{"{": "map", "[": "list"}[first]), quote
	case "*":
		return "a text that begins with * reads as an alias", quote
	case "&":
		return "a text that begins with & reads as an anchor", quote
	case "!":
		return "a text that begins with ! reads as a tag", quote
	case "|", ">":
		if strings.Trim(value[1:], "+-0123456789 ") == "" {
			return "", ""
		}
		return fmt.Sprintf("after %s the text begins on the next line", first), "write the text on lines of its own, indented; " + quote
	case "@", "`", "%":
		return fmt.Sprintf("a text can't begin with %s", first), quote
	case "?":
		return "a text that begins with ? reads as a key", quote
	}
	switch {
	case strings.Contains(value, ": "):
		return `a colon and a blank in a text read as the end of a name`, quote
	case commentIn(value) >= 0:
		return fmt.Sprintf("%s reads as a comment, and the text ends before it", schema.Quote(value[commentIn(value):])), quote
	}
	return "", ""
}

// closing is where the quote that a value begins with is closed, -1 for nowhere.
func closing(value string, quote byte) int {
	for i := 1; i < len(value); i++ {
		switch {
		case value[i] == '\\' && quote == '"':
			i++
		case value[i] == quote && quote == '\'' && i+1 < len(value) && value[i+1] == quote:
			i++
		case value[i] == quote:
			return i
		}
	}
	return -1
}

// matching is where the brace or bracket that a value begins with is closed, -1 for
// nowhere in it.
func matching(value string) int {
	depth := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '"':
			end := closing(value[i:], '"')
			if end < 0 {
				return -1
			}
			i += end
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// flowComment explains a list or a map that a comment cuts off.
func flowComment(value string) (message, hint string) {
	at := commentIn(value)
	if at < 0 || !strings.ContainsAny(value[at:], "]}") || strings.ContainsAny(value, `"'`) {
		return "", ""
	}
	return fmt.Sprintf("%s reads as a comment", schema.Quote(value[at:])), "put the text that holds # in quotes"
}

// commentIn is where a comment begins in a value without quotes, -1 for nowhere.
func commentIn(value string) int {
	at := strings.Index(value, " #")
	if at >= 0 {
		at++
	}
	return at
}

var jsonEscape = regexp.MustCompile(`\\u([dD][89a-fA-F][0-9a-fA-F]{2})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?`)

// surrogate finds a character that JSON writes as two escapes, which YAML does not
// know.
func surrogate(line string) (column int, hint string, ok bool) {
	m := jsonEscape.FindStringSubmatchIndex(line)
	if m == nil {
		return 0, "", false
	}
	hint = "write the character itself"
	if m[4] >= 0 {
		var high, low rune
		fmt.Sscanf(line[m[2]:m[3]], "%x", &high)
		fmt.Sscanf(line[m[4]:m[5]], "%x", &low)
		if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
			hint = fmt.Sprintf("write the character itself, %c, or \\U%08X", r, r)
		}
	}
	return utf8.RuneCountInString(line[:m[0]]) + 1, hint, true
}

// lineSeparator finds the characters that YAML takes for the end of a line, and no
// editor does.
func lineSeparator(file string, data []byte) (Problem, bool) {
	at := bytes.IndexAny(data, "\u2028\u2029")
	if at < 0 {
		return Problem{}, false
	}
	r, _ := utf8.DecodeRune(data[at:])
	before := data[:at]
	start := bytes.LastIndexByte(before, '\n') + 1
	place := Pos{File: file, Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[start:]) + 1}
	return problem(place, "delete it: an editor shows nothing there", "the invisible character %U ends a line in YAML", r), true
}
