// Package words compares two texts by lines, and the lines that were edited by
// words, for prose in any script. A difference is a value, which says nothing
// of how it is shown. The package is pure.
package words

import (
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// Span is a stretch of lines or words: those from From up to, but not
// including, To, counted from 0.
type Span struct{ From, To int }

// Len is how many lines or words the span has.
func (s Span) Len() int { return s.To - s.From }

// Hunk is a stretch where two lists differ: what stands in Old was replaced by
// what stands in New. One of the two may be empty. Around hunks, and between
// two of them, the lists are equal.
type Hunk struct{ Old, New Span }

// Len is how many lines the hunk shows: removed and added ones.
func (h Hunk) Len() int { return h.Old.Len() + h.New.Len() }

// Count returns how many lines hunks add and remove.
func Count(hunks []Hunk) (added, removed int) {
	for _, h := range hunks {
		added, removed = added+h.New.Len(), removed+h.Old.Len()
	}
	return added, removed
}

// Split returns the lines of a text; none for "".
func Split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Lines returns where two lists of lines differ, in order, with as few lines
// as possible. Where the same lines can be shown at several places, a hunk
// stands where it begins and ends at a heading or a paragraph.
func Lines(before, after []string) []Hunk { return slide(shortest(before, after), before, after) }

// add adds a hunk to those before it, as part of the last one where they touch.
// An empty hunk is none.
func add(hunks []Hunk, h Hunk) []Hunk {
	n := len(hunks)
	switch {
	case h.Len() == 0:
		return hunks
	case n > 0 && hunks[n-1].Old.To == h.Old.From:
		hunks[n-1].Old.To, hunks[n-1].New.To = h.Old.To, h.New.To
		return hunks
	}
	return append(hunks, h)
}

// search asks the library. It takes little time whatever the lists are, but
// beyond a hundred changes it may show what is unchanged as changed
// (golang.org/issue/71648): good enough for words.
func search(before, after []string) []Hunk {
	var hunks []Hunk
	for _, d := range lcs.DiffLines(before, after) {
		hunks = append(hunks, Hunk{Span{d.Start, d.End}, Span{d.ReplStart, d.ReplEnd}})
	}
	return hunks
}

// slide moves hunks that only add or only remove lines to where they read best,
// and joins those that then touch.
func slide(hunks []Hunk, before, after []string) []Hunk {
	var out []Hunk
	end := 0 // of the hunk before, in the old lines
	for i, h := range hunks {
		below := len(before) - h.Old.To
		if i+1 < len(hunks) {
			below = hunks[i+1].Old.From - h.Old.To
		}
		by := 0
		switch {
		case h.Old.Len() == 0:
			by = bestShift(after, h.New, h.Old.From-end, below)
		case h.New.Len() == 0:
			by = bestShift(before, h.Old, h.Old.From-end, below)
		}
		end = h.Old.To + by
		out = add(out, Hunk{Span{h.Old.From + by, end}, Span{h.New.From + by, h.New.To + by}})
	}
	return out
}

// bestShift returns by how many lines to move a span, at most above lines up
// and below lines down. Of equally good places it takes the last.
func bestShift(lines []string, s Span, above, below int) int {
	up, down := 0, 0
	for up < above && lines[s.From-up-1] == lines[s.To-up-1] {
		up++
	}
	for down < below && lines[s.From+down] == lines[s.To+down] {
		down++
	}
	best, score := 0, -1
	for shift := down; shift >= -up; shift-- {
		if n := edge(lines, s.From+shift) + edge(lines, s.To+shift); n > score {
			best, score = shift, n
		}
	}
	return best
}

// edge says how well a text can be cut before line i, or a line before word i.
func edge(lines []string, i int) int {
	blank := func(line string) bool { return strings.TrimSpace(line) == "" }
	switch {
	case i == 0 || i == len(lines) || strings.HasPrefix(lines[i], "#"):
		return 3
	case blank(lines[i-1]) && !blank(lines[i]):
		return 2
	case blank(lines[i]):
		return 1
	default:
		return 0
	}
}
