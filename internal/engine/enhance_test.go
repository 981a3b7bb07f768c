package engine

import (
	"slices"
	"testing"
)

// TestLost holds that a better text which drops a value of the call is told of.
func TestLost(t *testing.T) {
	names := []string{"name", "city", "शहर"}
	got := lost("Hi {name} of {{city}} in {शहर}, {other}.", "Hi {{name}}, of City.", names)
	if want := []string{"{{city}}", "{शहर}"}; !slices.Equal(got, want) {
		t.Errorf("lost %q, want %q", got, want)
	}
}
