package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
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
	if !needsEscape(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	before := rune(-1)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		at := b.Len()
		if modifies(r) && !mayModify(before, r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			writeEscaped(&b, r, n, s[i])
		}
		if before = r; b.Len() != at+n || r == utf8.RuneError {
			before = 'x' // what was escaped is no character to modify
		}
		i += n
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

func needsEscape(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return !utf8.ValidString(s) || strings.IndexFunc(s, func(r rune) bool { return hidden(r) || modifies(r) }) >= 0
		}
	}
	return false
}

func writeEscaped(b *strings.Builder, r rune, n int, first byte) {
	switch {
	case r == utf8.RuneError && n <= 1:
		fmt.Fprintf(b, `\x%02x`, first)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\t':
		b.WriteString(`\t`)
	case r == '\r':
		b.WriteString(`\r`)
	case !hidden(r):
		b.WriteRune(r)
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	case r <= 0xffff:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// hidden says whether a reader could not see r, or r would move the cursor or
// reorder the text around it.
func hidden(r rune) bool {
	switch {
	case r < 0x80:
		return r < ' ' || r == 0x7f
	case r == '\u200c' || r == '\u200d' || r == '\u3000':
		return false // the joiners of Indic scripts, and the CJK space
	case r == '\u2028' || r == '\u2029', unicode.Is(unicode.Cc, r), unicode.Is(unicode.Zs, r):
		return true
	case unicode.Is(unicode.Cf, r):
		return !unicode.Is(unicode.Prepended_Concatenation_Mark, r) // Arabic number signs can be seen
	case r >= 0xe0100 && r <= 0xe01ef: // variation selectors that smuggle text
		return true
	default: // fillers and other characters without a shape
		return strings.ContainsRune("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0", r)
	}
}
