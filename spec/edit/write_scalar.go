package edit

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scalar writes a text within one line: bare where that can be read as nothing
// else, in this version of YAML or an older one; else in double quotes. With
// tight, it is a key or stands in brackets.
func scalar(text string, tight bool) string {
	if isBare(text, tight) {
		return text
	}
	return quoted(text)
}

// quoted writes a text within one line, in double quotes.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case mustEscape(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08X`, r)
		case mustEscape(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// mustEscape reports whether a character is a line's end to YAML, or one that
// can't be seen. What joins letters in Indic scripts and in emoji stays.
func mustEscape(r rune) bool {
	switch r {
	case '\n', '\t', '\u200c', '\u200d':
		return false
	case utf8.RuneError:
		return false
	}
	return !unicode.IsPrint(r) && !unicode.Is(unicode.Co, r)
}

// notText are words that YAML, or its older version, reads as something else.
var notText = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

func isBare(text string, tight bool) bool {
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	switch {
	case !unicode.IsLetter(first), unicode.IsSpace(last), last == ':',
		strings.ContainsAny(text, "\n\t"), strings.ContainsFunc(text, mustEscape),
		strings.Contains(text, ": "), strings.Contains(text, " #"),
		tight && strings.ContainsAny(text, ",[]{}:?\"'#&*!|>%@`"),
		slices.Contains(notText, strings.ToLower(text)):
		return false
	}
	return true
}
