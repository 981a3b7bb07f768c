// Package exhaustive tells tests which of their two speeds is asked for. Without
// the variable AGENTSYNC_EXHAUSTIVE they try a sample, the same one each time;
// with it they try everything.
package exhaustive

import (
	"math/rand/v2"
	"os"
)

// Variable is set to anything but "" to try everything. Tests read it with
// os.Getenv, so that go test's cache keeps the results of the two speeds apart.
const Variable = "AGENTSYNC_EXHAUSTIVE"

// On reports whether everything is to be tried.
func On() bool { return os.Getenv(Variable) != "" }

// Or returns all if everything is to be tried, and sample if not: how many
// rounds there are, or which cases.
func Or[T any](sample, all T) T {
	if On() {
		return all
	}
	return sample
}

// Of returns the numbers from 1 to n if everything is to be tried. If not, it
// returns one of each block of share numbers. Which one varies from block to
// block, and with name, but not from run to run.
func Of(n, share int, name string) []int {
	share = Or(share, 1)
	var seed uint64
	for _, r := range name {
		seed = seed*31 + uint64(r)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	var chosen []int
	for first := 1; first <= n; first += share {
		chosen = append(chosen, first+random.IntN(min(share, n-first+1)))
	}
	return chosen
}
