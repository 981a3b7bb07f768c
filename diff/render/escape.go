package render

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff/words"
)

// Escape makes text from a manifest or from the platform safe to print on one
// line of a terminal or of a CI log:
//
//   - control characters (C0, DEL, C1), bidi controls, line and paragraph
//     separators, bytes that are not UTF-8, and characters that nobody can see
//     (zero-width space, tags, no-break spaces, fillers) show as \x1b or \u202e;
//     the joiners U+200C and U+200D and the variation selectors stay where
//     scripts and emoji need one: text can be hidden in a row of them;
//   - newline and tab show as \n and \t, so whoever wants lines splits first;
//   - what a CI runner would obey is broken up: "::" at the start of the text,
//     "##[" anywhere.
//
// It changes nothing in text that it made, so escaping twice is harmless. A
// backslash stays as it is: the form is for readers, not for machines.
func Escape(s string) string {
	s = escapeHidden(s)
	if hasCommand(s) {
		s = strings.Replace(s, "::", `\x3a:`, 1)
	}
	return strings.ReplaceAll(s, "##[", `#\x23[`)
}

// hasCommand says whether a GitHub runner would read the line s as a workflow
// command: it trims white space, then looks for "::".
func hasCommand(s string) bool {
	return strings.HasPrefix(strings.TrimLeftFunc(s, unicode.IsSpace), "::")
}

// escapeHidden is Escape without what depends on the place in a line.
func escapeHidden(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return words.Hidden(r) || modifies(r) }) < 0 {
		return s
	}
	var b strings.Builder
	before := rune(-1)
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		char := s[:n]
		s = s[n:]
		if r == utf8.RuneError && n == 1 || words.Hidden(r) || modifies(r) && !mayModify(before, r) {
			char = strings.Trim(strconv.QuoteToASCII(char), `"`)
			r = 'x' // what was escaped is no character to modify
		}
		b.WriteString(char)
		before = r
	}
	return b.String()
}

// modifies says whether r shows in nothing but the character before it.
func modifies(r rune) bool { return isJoiner(r) || isSelector(r) }

func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

func isSelector(r rune) bool { return r >= 0xfe00 && r <= 0xfe0f }

// mayModify says whether a joiner or a variation selector can mean anything
// after before: a joiner after a letter of a script that has marks or after a
// symbol, also one with a selector; a selector after a symbol, a keycap's
// character or an ideograph.
func mayModify(before, r rune) bool {
	switch {
	case isJoiner(before) || isSelector(before) && isSelector(r):
		return false
	case isJoiner(r):
		return before >= 0x300
	case before < 0x80:
		return before >= '0' && before <= '9' || before == '#' || before == '*'
	default:
		return !unicode.IsLetter(before) && !unicode.IsMark(before) && !unicode.IsSpace(before) || unicode.Is(unicode.Han, before)
	}
}
