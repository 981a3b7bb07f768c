package words

import (
	"math/big"
	"slices"
)

// shortest returns hunks with as few lines as possible, however many differ.
// Two texts of 3,000 lines take some milliseconds.
func shortest(before, after []string) []Hunk {
	ids := map[string]int{}
	m := &matcher{oldKept: make([]bool, len(before)), newKept: make([]bool, len(after))}
	m.match(numbered(before, ids), numbered(after, ids), 0, 0)
	return m.hunks()
}

// numbered returns a number for each line, the same one for equal lines.
func numbered(lines []string, ids map[string]int) []int {
	out := make([]int, len(lines))
	for i, line := range lines {
		id, known := ids[line]
		if !known {
			id = len(ids)
			ids[line] = id
		}
		out[i] = id
	}
	return out
}

// matcher finds a longest list of lines that both texts have in the same order,
// and marks them on both sides.
type matcher struct{ oldKept, newKept []bool }

// match marks what a and b have in common; they are the old lines from i on and
// the new ones from j on. It cuts a in the middle, and b where the two halves
// have most in common with the two parts of b (Hirschberg's algorithm).
func (m *matcher) match(a, b []int, i, j int) {
	keep := func(i, j int) { m.oldKept[i], m.newKept[j] = true, true }
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		keep(i, j)
		a, b, i, j = a[1:], b[1:], i+1, j+1
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
		keep(i+len(a), j+len(b))
	}
	switch {
	case len(a) == 0 || len(b) == 0:
		return
	case len(a) == 1:
		if at := slices.Index(b, a[0]); at >= 0 {
			keep(i, j+at)
		}
		return
	}
	half := len(a) / 2
	first, second := common(a[:half], b), common(reversed(a[half:]), reversed(b))
	cut, most := 0, -1
	for at := range len(b) + 1 {
		if n := first[at] + second[len(b)-at]; n > most {
			cut, most = at, n
		}
	}
	m.match(a[:half], b[:cut], i, j)
	m.match(a[half:], b[cut:], i+half, j+cut)
}

func reversed(list []int) []int {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

// common returns for each n how long the longest common subsequence of a and
// the first n of b is. A row of the usual table grows from left to right by at
// most one a cell, so the row is kept as one bit a cell: 0 where it grows. One
// addition makes all cells of the next row (Hyyrö, "Bit-parallel LCS-length
// computation revisited", 2004).
func common(a, b []int) []int {
	places := map[int]*big.Int{} // where in b each of a stands
	for _, id := range a {
		places[id] = new(big.Int)
	}
	for n, id := range slices.Backward(b) { // the highest bit first: then none needs more room
		if at := places[id]; at != nil {
			at.SetBit(at, n, 1)
		}
	}
	row := new(big.Int).Lsh(big.NewInt(1), uint(len(b)))
	row.Sub(row, big.NewInt(1))
	var hits, sum big.Int
	for _, id := range a {
		hits.And(row, places[id])
		sum.Add(row, &hits)
		row.AndNot(row, places[id])
		row.Or(row, &sum)
	}
	lengths := make([]int, len(b)+1)
	for n := range b {
		lengths[n+1] = lengths[n] + 1 - int(row.Bit(n))
	}
	return lengths
}

// hunks returns what stands between the marked lines.
func (m *matcher) hunks() []Hunk {
	var out []Hunk
	i, j := 0, 0
	for i < len(m.oldKept) || j < len(m.newKept) {
		h := Hunk{Span{i, i}, Span{j, j}}
		for h.Old.To < len(m.oldKept) && !m.oldKept[h.Old.To] {
			h.Old.To++
		}
		for h.New.To < len(m.newKept) && !m.newKept[h.New.To] {
			h.New.To++
		}
		if h.Len() > 0 {
			out = append(out, h)
		}
		i, j = h.Old.To+1, h.New.To+1 // past the line that both keep
	}
	return out
}
