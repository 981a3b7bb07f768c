package render

import "strings"

// part is a stretch of a line that is the same on both sides, or is not.
type part struct {
	text    string
	changed bool
}

// row is one line of a text diff.
type row struct {
	sign  byte   // '-', '+' or ' '
	parts []part // joined they are the line; changed only where words are marked
}

func (r row) text() string {
	if len(r.parts) == 1 {
		return r.parts[0].text
	}
	var b strings.Builder
	for _, p := range r.parts {
		b.WriteString(p.text)
	}
	return b.String()
}

func wholeRow(sign byte, line string) row { return row{sign, []part{{text: line}}} }

// align orders the lines of one region for reading: a line that was edited
// comes as its old and its new form with the changed words marked, and lines
// without a counterpart stand between such pairs, old ones first.
func align(before, after []string) []row {
	rows := make([]row, 0, len(before)+len(after))
	i, j := 0, 0
	flush := func(toI, toJ int) {
		for ; i < toI; i++ {
			rows = append(rows, wholeRow('-', before[i]))
		}
		for ; j < toJ; j++ {
			rows = append(rows, wholeRow('+', after[j]))
		}
	}
	for _, pair := range pairs(before, after) {
		flush(pair[0], pair[1])
		old, now := markWords(before[i], after[j])
		rows = append(rows, row{'-', old}, row{'+', now})
		i, j = i+1, j+1
	}
	flush(len(before), len(after))
	return rows
}

// maxPairing bounds the line pairs that are looked at in one region; beyond
// it, lines have no counterparts and no words are marked.
const maxPairing = 2500

// pairs finds the lines that are edits of one another, in order on both sides.
func pairs(before, after []string) [][2]int {
	if len(before) == 0 || len(after) == 0 || len(before)*len(after) > maxPairing {
		return nil
	}
	if len(before) == 1 && len(after) == 1 && shareEnds(before[0], after[0]) {
		return [][2]int{{0, 0}}
	}
	bagsA, bagsB := bags(before), bags(after)
	var out [][2]int
	next := 0
	for i := range before {
		best, at := 0.0, -1
		for j := next; j < len(after); j++ {
			if s := bagsA[i].similarity(bagsB[j]); s > best {
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

// shareEnds says whether two lines share most of their text at their ends: the
// common case of one edit, which needs no further look.
func shareEnds(a, b string) bool {
	most := min(len(a), len(b))
	i := 0
	for i < most && a[i] == b[i] {
		i++
	}
	k := 0
	for k < most-i && a[len(a)-1-k] == b[len(b)-1-k] {
		k++
	}
	return 4*(i+k) >= 3*max(len(a), len(b))
}

// bag counts a line's words, weighed by their length.
type bag struct {
	words map[string]int
	size  int
}

func bags(lines []string) []bag {
	out := make([]bag, len(lines))
	for i, line := range lines {
		out[i].words = map[string]int{}
		for _, t := range tokens(line) {
			if tokenKind(t) == blank {
				continue
			}
			out[i].words[t]++
			out[i].size += len(t)
		}
	}
	return out
}

// similarity is the shared part of two bags: 0 for nothing, 1 for all.
func (a bag) similarity(b bag) float64 {
	if a.size+b.size == 0 {
		return 0
	}
	shared := 0
	for w, n := range a.words {
		shared += min(n, b.words[w]) * len(w)
	}
	return float64(2*shared) / float64(a.size+b.size)
}

// markWords cuts two forms of a line into what they share and what changed.
func markWords(before, after string) (old, now []part) {
	a, b := tokens(before), tokens(after)
	i, j := 0, 0
	for _, r := range mergeRegions(a, compare(a, b)) {
		old = addPart(old, a[i:r.i1], false)
		now = addPart(now, b[j:r.j1], false)
		old = addPart(old, a[r.i1:r.i2], true)
		now = addPart(now, b[r.j1:r.j2], true)
		i, j = r.i2, r.j2
	}
	return addPart(old, a[i:], false), addPart(now, b[j:], false)
}

// mergeRegions joins regions that only spaces or punctuation part: two new
// words in a row are one change to a reader.
func mergeRegions(a []string, regions []region) []region {
	var out []region
	for _, r := range regions {
		if n := len(out); n > 0 && !hasWord(a[out[n-1].i2:r.i1]) {
			out[n-1].i2, out[n-1].j2 = r.i2, r.j2
			continue
		}
		out = append(out, r)
	}
	return out
}

func hasWord(ts []string) bool {
	for _, t := range ts {
		if tokenKind(t) == word {
			return true
		}
	}
	return false
}

func addPart(parts []part, ts []string, changed bool) []part {
	if len(ts) == 0 && !changed {
		return parts // an empty changed part stays: it is where the other side has words
	}
	return append(parts, part{strings.Join(ts, ""), changed})
}
