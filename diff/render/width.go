package render

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/agentsync/agentsync/diff/words"
)

// columns is how many terminal columns s takes. Terminals give a letter of a cluster
// a column of its own where only a vowel sign with an advance or a virama joins it to
// the one before, as Devanagari has them; the library counts one for the cluster.
func columns(s string) int {
	if isASCII(s) {
		return displaywidth.String(s)
	}
	n := 0
	for clusters := displaywidth.StringGraphemes(s); clusters.Next(); {
		width := clusters.Width()
		if width == 1 {
			width = max(1, advances(clusters.Value()))
		}
		n += width
	}
	return n
}

// advances counts the characters that move a terminal's cursor.
func advances(cluster string) (n int) {
	for _, r := range cluster {
		if !unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
			n++
		}
	}
	return n
}

// Columns is how many terminal columns a line takes, as this package counts them.
func Columns(line string) int { return columns(line) }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// shorten cuts a one-line value to max columns.
func shorten(s string, max int) string {
	if columns(s) <= max {
		return s
	}
	start, _ := head(s, max-1)
	return strings.TrimRight(start, " ") + ellipsis
}

// head returns the longest start of s that fits in max columns, cut between
// words, or inside a word where that word alone does not fit, and what is left.
func head(s string, max int) (start, rest string) {
	end := fitting(s, max, words.Token)
	if end == 0 {
		end = fitting(s, max, words.Cluster)
	}
	return s[:end], s[end:]
}

// fitting is the length of the longest start of s that fits in max columns, of
// whole units: the length of the first one is what unit returns.
func fitting(s string, max int, unit func(string) int) int {
	end, used := 0, 0
	for end < len(s) {
		n := unit(s[end:])
		used += columns(s[end : end+n])
		if used > max {
			break
		}
		end += n
	}
	return end
}

// tailBytes is more than any script takes for a column, marks included.
const tailBytes = 24

// tail returns the longest end of s that fits in limit columns, cut as head cuts.
// It looks at no more of s than it needs.
func tail(s string, limit int) string {
	from := max(len(s)-limit*tailBytes, 0)
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	s = s[from:]
	for over := columns(s) - limit; over > 0 && s != ""; {
		n := words.Token(s)
		if n == len(s) { // the last word alone is too long
			n = words.Cluster(s)
		}
		over -= columns(s[:n])
		s = s[n:]
	}
	return s
}
