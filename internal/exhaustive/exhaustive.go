// Package exhaustive tells tests which of their two speeds is asked for. Without
// the variable AGENTSYNC_EXHAUSTIVE they try a sample, the same one each time;
// with it they try everything.
package exhaustive

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"
)

// Variable is set to anything but "" to try everything. Tests read it with
// os.Getenv, so that go test's cache keeps the results of the two speeds apart.
const Variable = "AGENTSYNC_EXHAUSTIVE"

// On reports whether everything is to be tried.
func On() bool { return os.Getenv(Variable) != "" }

// Only skips a test that takes too long for the quick tests, unless everything is to
// be tried. why is what takes so long.
func Only(t testing.TB, why string) {
	t.Helper()
	if !On() {
		t.Skip(why + "; " + Variable + " is not set")
	}
}

// Checks makes a property be tried so often in this test, where the command line does
// not say how often. The test must use rapid, and must not run beside others.
func Checks(t testing.TB, sample, all string) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if given {
		return
	}
	checks := flag.Lookup("rapid.checks").Value
	before := checks.String()
	if err := checks.Set(Or(sample, all)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = checks.Set(before) })
}

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
