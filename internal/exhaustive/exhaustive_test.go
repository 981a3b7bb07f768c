package exhaustive_test

import (
	"slices"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
)

func TestSample(t *testing.T) {
	t.Setenv(exhaustive.Variable, "")
	got := exhaustive.Of(23, 5, "cut")
	if len(got) != 5 || !slices.Equal(got, exhaustive.Of(23, 5, "cut")) {
		t.Errorf("want the same five each time, got %v", got)
	}
	for i, n := range got {
		if n <= 5*i || n > 5*i+5 || n > 23 {
			t.Errorf("%d is not in block %d of %v", n, i, got)
		}
	}
	if slices.Equal(got, exhaustive.Of(23, 5, "kill")) {
		t.Errorf("want another sample for another name, got %v", got)
	}
	if got := exhaustive.Or("sample", "all"); got != "sample" {
		t.Errorf("want a sample, got %s", got)
	}
}

func TestEverything(t *testing.T) {
	t.Setenv(exhaustive.Variable, "1")
	if got := exhaustive.Of(4, 3, "cut"); !slices.Equal(got, []int{1, 2, 3, 4}) {
		t.Errorf("want all four, got %v", got)
	}
	if got := exhaustive.Or("sample", "all"); got != "all" {
		t.Errorf("want all, got %s", got)
	}
}
