package e2e

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
)

// refused is a change whose check fails, and what it is mended to.
var (
	refused = map[string]string{"refused.yaml": agentYAML("refused", "Two, and bad.", otherOutcomes+theChecks("good"))}
	mended  = map[string]string{"refused.yaml": agentYAML("refused", "Three, and good.", otherOutcomes+theChecks("good"))}
)

// struck holds that the fault came, once, and ends it.
func (w *world) struck() {
	w.t.Helper()
	if n := w.faults.Faulted(); n != 1 {
		w.t.Fatalf("the fault struck %d times", n)
	}
	w.faults.Reset()
}

// TestEveryRefusedBoundary disturbs every write of an apply whose check fails, and
// of the one after it that publishes the same draft. Whatever happens, what was live
// stays live until the check holds, and the draft that is there is the one that is
// published: none is left, and no second one is made.
func TestEveryRefusedBoundary(t *testing.T) {
	exhaustive.Only(t, "hundreds of applies")
	var tried atomic.Int64
	for name, change := range boundaryReadings {
		t.Run(name, func(t *testing.T) {
			base := prepare(t, change, nil, map[string]string{"refused.yaml": agentYAML("refused", "One.", twoOutcomes)})
			calm := from(t, base, change)
			calm.write(refused)
			stopped := calm.must(1, "apply", "--auto-approve")
			if !strings.Contains(stopped.stdout, "stays live, and draft v2 is kept for the next apply") {
				t.Fatalf("not stopped by its check: %s", stopped)
			}
			held, draft := calm.snapshot(), calm.faults.Writes()
			if live, _ := held.Agents[0].Live(); live.Content["system_prompt"] != "One." || len(held.Agents[0].Versions) != 2 {
				t.Fatalf("v%d is live of %d versions", live.Number, len(held.Agents[0].Versions))
			}
			calm.write(mended)
			calm.must(0, "apply", "--auto-approve")
			end, writes := calm.snapshot(), calm.faults.Writes()
			calm.settled()
			if len(end.Agents[0].Versions) != 2 {
				t.Fatalf("%d versions: the draft was not used again", len(end.Agents[0].Versions))
			}
			if draft < 5 || writes < draft+3 {
				t.Fatalf("only %d writes, and %d when mended", draft, writes-draft)
			}
			for kind := range boundaryFaults(calm) {
				for n := 1; n <= writes; n++ {
					t.Run(fmt.Sprintf("%s write %d", kind, n), func(t *testing.T) {
						t.Parallel()
						tried.Add(1)
						w := from(t, base, change)
						w.faults.Add(faults.Rule{Writes: true, Nth: n, Do: boundaryFaults(w)[kind]})
						w.write(refused)
						first := w.run("apply", "--auto-approve", "--parallelism", "1")
						if n <= draft {
							w.struck()
							first = w.run("apply", "--auto-approve")
						}
						if first.code != 1 || !strings.Contains(first.stdout, "is kept for the next apply") {
							t.Fatalf("not stopped by its check: %s", first)
						}
						compare(t, held, w.snapshot())
						w.write(mended)
						second := w.run("apply", "--auto-approve", "--parallelism", "1")
						if n > draft {
							w.struck()
							second = w.run("apply", "--auto-approve")
						}
						if second.code != 0 {
							t.Fatalf("the mended apply: %s", second)
						}
						compare(t, end, w.snapshot())
						w.settled()
					})
				}
			}
		})
	}
	t.Cleanup(func() { fmt.Printf("boundaries around a check that fails: %d\n", tried.Load()) })
}
