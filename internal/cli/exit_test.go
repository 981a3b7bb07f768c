package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
)

// TestExitCodes holds the table of exit codes, also for errors that stand
// behind others.
func TestExitCodes(t *testing.T) {
	for kind, want := range map[engine.Kind]int{
		engine.Failed: 1, engine.Invalid: 1, engine.Unapplied: 1, engine.Stale: 3,
		engine.Refused: 4, engine.Drifted: 4, engine.NotReviewed: 4, engine.Usage: 64, engine.Interrupted: 130,
	} {
		err := engine.Errorf(kind, "", "no")
		for _, one := range []error{err, fmt.Errorf("plan: %w", err), errors.Join(err, errors.New("the report can't be written"))} {
			if got := exitCode(one); got != want {
				t.Errorf("kind %d as %T: exit %d, want %d", kind, one, got, want)
			}
		}
	}
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0}, {errors.New("no"), 1}, {errChanges, 2}, {spec.Problems{{Message: "no"}}, 1},
		{fmt.Errorf("read: %w", context.Canceled), 130}, {errors.New(`required flag(s) "x" not set`), 64},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: exit %d, want %d", c.err, got, c.want)
		}
	}
}
