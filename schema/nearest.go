package schema

import "strings"

// Nearest returns the known name that name was probably meant to be, or "" when
// none is near: a third of the shorter name's letters may differ, at least one,
// and upper and lower case count as the same.
func Nearest(name string, known []string) string {
	const longest = 80 // bytes
	if name == "" || len(name) > longest {
		return ""
	}
	letters := []rune(strings.ToLower(name))
	best, least := "", len(letters)
	for _, k := range known {
		if k == name || len(k) > longest {
			continue
		}
		other := []rune(strings.ToLower(k))
		most := max(1, min(len(other), len(letters))/3)
		if d := distance(letters, other); d <= most && d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the number of letters to insert, drop, change or swap with their
// neighbour to turn a into b.
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
