package words

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tokens cuts a text into words, runs of spaces and single other characters.
// Joined they are the text again; a letter never loses its marks.
func Tokens(s string) []string {
	out := make([]string, 0, len(s)/4+1)
	for len(s) > 0 {
		n := Token(s)
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

// Token is the length in bytes of the first token of s; 0 for "" alone.
func Token(s string) int {
	end := Cluster(s)
	if end == 0 || kindOf(s) == other {
		return end
	}
	for first := kindOf(s); end < len(s) && kindOf(s[end:]) == first; {
		end += Cluster(s[end:])
	}
	return end
}

// IsWord says whether a token is a word.
func IsWord(token string) bool { return kindOf(token) == word }

const (
	other = iota
	blank
	word
)

// unspaced are the scripts that part words by nothing: there each character is
// a token.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// kindOf classes the first character of s.
func kindOf(s string) int {
	if c := s[0]; c < utf8.RuneSelf {
		switch {
		case c == ' ':
			return blank
		case c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z':
			return word
		}
		return other
	}
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case unicode.IsSpace(r):
		return blank
	case unicode.In(r, unspaced...):
		return other
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		return word
	}
	return other
}

// Cluster is the length in bytes of the first user-perceived character of s: a
// letter with its marks, an Indic conjunct, an emoji sequence. Text is never cut
// inside one. It is 0 for "" alone. Unicode's own rules (UAX 29), as libraries
// have them, join a conjunct in some scripts only.
func Cluster(s string) int {
	if s == "" {
		return 0
	}
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1 // ASCII joins nothing
	}
	prev, end := utf8.DecodeRuneInString(s)
	flags := 0
	for end < len(s) {
		r, n := utf8.DecodeRuneInString(s[end:])
		switch {
		case extends(r), prev == '\u200d', isVirama(prev) && unicode.IsLetter(r):
		case isFlag(prev) && isFlag(r) && flags == 0:
			flags = 1
		default:
			return end
		}
		prev, end = r, end+n
	}
	return end
}

// extends says whether r belongs to the character before it.
func extends(r rune) bool {
	return r >= 0x300 && (unicode.Is(unicode.M, r) || r == '\u200c' || r == '\u200d' || r >= 0x1f3fb && r <= 0x1f3ff)
}

// isVirama says whether r joins the consonants of an Indic script.
func isVirama(r rune) bool {
	switch r {
	case 0x94d, 0x9cd, 0xa4d, 0xacd, 0xb4d, 0xbcd, 0xc4d, 0xccd, 0xd4d, 0xdca:
		return true
	}
	return false
}

func isFlag(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// Hidden says whether a reader could not see r, or r would move the cursor or
// reorder the text around it.
func Hidden(r rune) bool {
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
