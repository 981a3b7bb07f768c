package words

import (
	"math/big"
	"slices"
)

// shortest returns hunks with as few lines as possible, however many differ.
// Two texts of 3,000 lines take some tens of milliseconds.
func shortest(before, after []string) []Hunk { return addShortest(nil, before, after, 0, 0) }

// addShortest adds the hunks of a and b, which are the old lines from i on and
// the new ones from j on. It cuts a in the middle, and b where the two halves
// have most in common with the two parts of b (Hirschberg's algorithm).
func addShortest(hunks []Hunk, a, b []string, i, j int) []Hunk {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b, i, j = a[1:], b[1:], i+1, j+1
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) == 0 || len(b) == 0 {
		return add(hunks, Hunk{Span{i, i + len(a)}, Span{j, j + len(b)}})
	}
	half := (len(a) + 1) / 2
	first, second := common(a[:half], b), common(reversed(a[half:]), reversed(b))
	cut, most := 0, -1
	for at := range first {
		if n := first[at] + second[len(b)-at]; n > most {
			cut, most = at, n
		}
	}
	hunks = addShortest(hunks, a[:half], b[:cut], i, j)
	return addShortest(hunks, a[half:], b[cut:], i+half, j+cut)
}

func reversed(list []string) []string {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

// common returns for each n how long the longest common subsequence of a and
// the first n of b is. A row of the usual table grows from left to right by at
// most one a cell, so the row is kept as one bit a cell: 0 where it grows. One
// addition makes all cells of the next row (Hyyrö, "Bit-parallel LCS-length
// computation revisited", 2004).
func common(a, b []string) []int {
	places := map[string]*big.Int{} // where in b each of a stands
	for _, line := range a {
		places[line] = new(big.Int)
	}
	for n, line := range slices.Backward(b) { // the highest bit first: then none needs more room
		if at := places[line]; at != nil {
			at.SetBit(at, n, 1)
		}
	}
	row := new(big.Int).Lsh(big.NewInt(1), uint(len(b)))
	row.Sub(row, big.NewInt(1))
	var hits, sum big.Int
	for _, line := range a {
		hits.And(row, places[line])
		sum.Add(row, &hits)
		row.AndNot(row, places[line])
		row.Or(row, &sum)
	}
	lengths := make([]int, len(b)+1)
	for n := range b {
		lengths[n+1] = lengths[n] + 1 - int(row.Bit(n))
	}
	return lengths
}
