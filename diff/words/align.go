package words

import (
	"slices"
	"strings"
)

// Line is one line of a difference.
type Line struct {
	Sign  byte   // '-', '+', or ' ' for one that is the same on both sides
	Parts []Part // together they are the line
}

// Part is a stretch of a line. Changed says that the line's other form has
// something else there. An empty changed part is where the other form has words
// and this one has none.
type Part struct {
	Text    string
	Changed bool
}

// Whole is a line without marked words.
func Whole(sign byte, text string) Line { return Line{sign, []Part{{Text: text}}} }

// Text is the line without its sign and marks.
func (l Line) Text() string {
	var b strings.Builder
	for _, p := range l.Parts {
		b.WriteString(p.Text)
	}
	return b.String()
}

// Align orders the lines of one hunk for reading: a line that was edited comes
// as its old and its new form with the changed words marked, and lines without
// a counterpart stand between such pairs, old ones first.
func Align(before, after []string) []Line {
	lines := make([]Line, 0, len(before)+len(after))
	i, j := 0, 0
	for _, pair := range append(pairs(before, after), [2]int{len(before), len(after)}) {
		for ; i < pair[0]; i++ {
			lines = append(lines, Whole('-', before[i]))
		}
		for ; j < pair[1]; j++ {
			lines = append(lines, Whole('+', after[j]))
		}
		if i < len(before) && j < len(after) {
			old, now := mark(before[i], after[j])
			lines = append(lines, Line{'-', old}, Line{'+', now})
			i, j = i+1, j+1
		}
	}
	return lines
}

// maxPairing bounds the pairs of lines that are looked at in one hunk; beyond
// it, only lines that look the same have counterparts.
const maxPairing = 2500

// pairs finds the lines that are edits of one another, in order on both sides.
// A letter in another form, or of another script, is the same letter for that.
func pairs(before, after []string) [][2]int {
	if !isASCII(strings.Join(before, "") + strings.Join(after, "")) {
		before, after = looks(before), looks(after)
	}
	if len(before)*len(after) > maxPairing {
		return samePairs(before, after)
	}
	now := make([]map[string]int, len(after))
	for j, line := range after {
		now[j] = weights(line)
	}
	var out [][2]int
	next := 0
	for i, line := range before {
		old := weights(line)
		best, at := 0.0, -1
		for j := next; j < len(after); j++ {
			if s := similarity(old, now[j]); s > best {
				best, at = s, j
			}
		}
		if best >= 0.5 {
			out = append(out, [2]int{i, at})
			next = at + 1
		}
	}
	return out
}

// samePairs are what is the same on both sides, in order: lines, or parts of one.
func samePairs(before, after []string) (out [][2]int) {
	i, j := 0, 0
	for _, h := range append(search(before, after), Hunk{Span{len(before), len(before)}, Span{len(after), len(after)}}) {
		for ; i < h.Old.From; i, j = i+1, j+1 {
			out = append(out, [2]int{i, j})
		}
		i, j = h.Old.To, h.New.To
	}
	return out
}

// weights are how many bytes each of a line's words and signs takes in it.
func weights(line string) map[string]int {
	out := map[string]int{}
	for _, t := range Tokens(line) {
		if kindOf(t) != blank {
			out[t] += len(t)
		}
	}
	return out
}

// similarity is the shared part of two lines: 0 for nothing, 1 for all.
func similarity(a, b map[string]int) float64 {
	shared, all := 0, 0
	for w, n := range a {
		shared += min(n, b[w])
		all += n
	}
	for _, n := range b {
		all += n
	}
	return float64(2*shared) / float64(max(all, 1))
}

// mark cuts two forms of a line into what they share and what changed. Changes
// that only spaces or punctuation part are one: two new words in a row are one
// change to a reader.
func mark(before, after string) (old, now []Part) {
	a, b := Tokens(before), Tokens(after)
	var changes []Hunk
	for _, h := range slide(search(a, b), a, b) {
		if n := len(changes); n > 0 && !slices.ContainsFunc(a[changes[n-1].Old.To:h.Old.From], IsWord) {
			h.Old.From, h.New.From = changes[n-1].Old.To, changes[n-1].New.To
		}
		changes = add(changes, h)
	}
	part := func(tokens []string, changed bool) Part { return Part{strings.Join(tokens, ""), changed} }
	i, j := 0, 0
	for _, h := range changes {
		old = append(old, part(a[i:h.Old.From], false), part(a[h.Old.From:h.Old.To], true))
		now = append(now, part(b[j:h.New.From], false), part(b[h.New.From:h.New.To], true))
		i, j = h.Old.To, h.New.To
	}
	return append(old, part(a[i:], false)), append(now, part(b[j:], false))
}
