package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
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
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// kindOf classes the first character of s.
func kindOf(s string) int {
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case unicode.IsSpace(r):
		return blank
	case r >= utf8.RuneSelf && unicode.In(r, unspaced...):
		return other
	case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		return word
	}
	return other
}

// Cluster is the length in bytes of the first user-perceived character of s: a
// letter with its marks, an Indic conjunct, an emoji sequence. Text is never cut
// inside one. It is 0 for "" alone. Unicode's own rules (UAX 29), as the library
// has them, join a conjunct in some scripts only.
func Cluster(s string) int {
	if s != "" && s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1 // ASCII joins nothing
	}
	end := len(graphemes.FromString(s).First())
	for {
		last, _ := utf8.DecodeLastRuneInString(s[:end])
		next, _ := utf8.DecodeRuneInString(s[end:])
		if !strings.ContainsRune(joining, last) || !unicode.IsLetter(next) {
			return end
		}
		end += len(graphemes.FromString(s[end:]).First())
	}
}

// joining are the viramas of Indic scripts, which join the letters around them,
// and the joiner.
const joining = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u200d"

// Hidden says whether a reader could not see r, or r would move the cursor or
// reorder the text around it.
func Hidden(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case r == '\u200c' || r == '\u200d' || r == '\u3000':
		return false // the joiners of Indic scripts, and the CJK space
	case unicode.In(r, unicode.Cc, unicode.Z, unicode.Cf):
		return !unicode.Is(unicode.Prepended_Concatenation_Mark, r) // Arabic number signs can be seen
	}
	smuggles := r >= 0xe0100 && r <= 0xe01ef // text, as variation selectors
	return smuggles || strings.ContainsRune(shapeless, r)
}

// shapeless are fillers and other characters without a shape.
const shapeless = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
