package render

import (
	"unicode"
	"unicode/utf8"
)

// wide are the ranges that take two columns in a terminal (Unicode's East
// Asian Width W and F, rounded to blocks).
var wide = [...][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0xa4cf},
	{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
	{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
}

// columns is how many terminal columns s takes.
func columns(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			n, i = n+1, i+1
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		n, i = n+runeColumns(r), i+size
	}
	return n
}

func runeColumns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	for _, w := range wide {
		if r < w[0] {
			return 1
		}
		if r <= w[1] {
			return 2
		}
	}
	return 1
}

// clusterEnd is the length in bytes of the first user-perceived character of
// s: a letter with its marks, an Indic conjunct, an emoji sequence. Text is
// never cut inside one. It is 0 for "" alone.
func clusterEnd(s string) int {
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

// head gives the longest start of s that fits in max columns, cut between
// words, or inside a word where that word alone does not fit. What is left of
// s follows it.
func head(s string, max int) (start, rest string) {
	end, cols := 0, 0
	for end < len(s) {
		t := s[end : end+tokenEnd(s[end:])]
		n := columns(t)
		if cols+n > max {
			if end == 0 {
				end = clusterHead(t, max)
			}
			break
		}
		cols, end = cols+n, end+len(t)
	}
	return s[:end], s[end:]
}

// clusterHead is the length of the longest start of s, in whole characters,
// that fits in max columns.
func clusterHead(s string, max int) int {
	end, cols := 0, 0
	for end < len(s) {
		n := clusterEnd(s[end:])
		cols += columns(s[end : end+n])
		if cols > max {
			break
		}
		end += n
	}
	return end
}

// tail gives the longest end of s that fits in limit columns, cut as head cuts.
// It looks at no more of s than it needs.
func tail(s string, limit int) (rest, end string) {
	from := len(s) - limit*tailBytes
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	window := s[max(from, 0):]
	ts := tokens(window)
	cut, cols := len(s), 0
	for i := len(ts) - 1; i >= 0; i-- {
		n := columns(ts[i])
		if cols+n > limit {
			if cut == len(s) {
				cut -= len(ts[i]) - clusterTail(ts[i], limit)
			}
			break
		}
		cols, cut = cols+n, cut-len(ts[i])
	}
	return s[:cut], s[cut:]
}

// tailBytes is more than any script takes for a column, marks included.
const tailBytes = 24

// clusterTail is where the longest end of s, in whole characters, starts that
// fits in max columns.
func clusterTail(s string, max int) int {
	at, over := 0, columns(s)-max
	for at < len(s) && over > 0 {
		n := clusterEnd(s[at:])
		over -= columns(s[at : at+n])
		at += n
	}
	return at
}
