//go:build race

package e2e

// buildFlags make the program with the race detector when the tests have it.
var buildFlags = []string{"-race"}
