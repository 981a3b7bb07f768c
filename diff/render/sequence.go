package render

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	godiff "github.com/rogpeppe/go-internal/diff"
)

// region is a stretch where two sequences differ: a[i1:i2] became b[j1:j2].
// Between two regions, and around them, the sequences are equal.
type region struct{ i1, i2, j1, j2 int }

// compare gives the regions where a and b differ, in order. No item may hold a
// newline. It takes O(n log n) time whatever the input, and no clock: the diff
// is anchored at items that are unique, which is also what reads best in prose.
func compare(a, b []string) []region {
	p := 0
	for p < len(a) && p < len(b) && a[p] == b[p] {
		p++
	}
	x, y := a[p:], b[p:]
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	switch {
	case len(x) == 0 && len(y) == 0:
		return nil
	case len(x) == 0 || len(y) == 0 || len(x) == 1 && len(y) == 1:
		return []region{{p, p + len(x), p, p + len(y)}}
	}
	return parseUnified(godiff.Diff("a", joinLines(x), "b", joinLines(y)), p)
}

func joinLines(items []string) []byte {
	var b bytes.Buffer
	for _, s := range items {
		b.WriteString(s)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// parseUnified reads the library's unified diff back into regions, moved by
// offset. Its first three lines name the files.
func parseUnified(unified []byte, offset int) []region {
	var out []region
	i, j := 0, 0
	inside := false
	for n, line := range bytes.Split(unified, []byte("\n")) {
		if n < 3 || len(line) == 0 {
			continue
		}
		switch line[0] {
		case '@':
			i, j = hunkStart(string(line))
			i, j, inside = i+offset, j+offset, false
			continue
		case ' ':
			i, j, inside = i+1, j+1, false
			continue
		}
		if !inside {
			out = append(out, region{i, i, j, j})
			inside = true
		}
		last := &out[len(out)-1]
		if line[0] == '-' {
			i++
			last.i2 = i
		} else {
			j++
			last.j2 = j
		}
	}
	return out
}

// hunkStart reads "@@ -1,5 +1,6 @@" as two positions from 0. A side without
// lines counts from 0 already.
func hunkStart(header string) (i, j int) {
	var ni, nj int
	if _, err := fmt.Sscanf(header, "@@ -%d,%d +%d,%d @@", &i, &ni, &j, &nj); err != nil {
		panic(fmt.Sprintf("render: the diff library wrote %q", header))
	}
	if ni > 0 {
		i--
	}
	if nj > 0 {
		j--
	}
	return i, j
}

// tokens cuts s into words, runs of spaces and single other characters.
// Joined they are s again; a letter never loses its marks.
func tokens(s string) []string {
	out := make([]string, 0, len(s)/4+1)
	for len(s) > 0 {
		n := tokenEnd(s)
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

func tokenEnd(s string) int {
	end := clusterEnd(s)
	first := tokenKind(s)
	if first == other {
		return end
	}
	for end < len(s) && tokenKind(s[end:]) == first {
		end += clusterEnd(s[end:])
	}
	return end
}

const (
	other = iota
	blank
	word
)

// tokenKind classes the first character of s. Scripts that write without
// spaces give one token a character.
func tokenKind(s string) int {
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
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return other
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		return word
	}
	return other
}

// splitLines gives the lines of a text; none for "".
func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
