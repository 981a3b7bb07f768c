package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// TestRollbackAtEveryRequest kills rollback --apply at every request, reads among
// them, before and after the platform has acted. The
// same command once more ends where the undisturbed one did: the version before is
// live, the files want it, and it did not lead forward again.
func TestRollbackAtEveryRequest(t *testing.T) {
	exhaustive.Only(t, "hundreds of rollbacks")
	t.Parallel()
	rollback := []string{"rollback", "changed", "--apply", "--auto-approve"}
	for name, change := range map[string]func(*sandbox.Options){
		"repoint": func(o *sandbox.Options) { o.RestoreFields = false },
		"clone":   func(o *sandbox.Options) { o.Rollback, o.Superseded, o.Listing = "clone", "published", "none" },
		"restore": func(*sandbox.Options) {},
	} {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			first := newWorld(t, func(o *sandbox.Options) {
				change(o)
				o.DataFile = filepath.Join(base, "platform.json")
			})
			first.dir = base
			for i, prompt := range []string{"One.", "Two.", "Three."} {
				outcomes := twoOutcomes
				if i == 2 {
					outcomes = otherOutcomes
				}
				first.write(map[string]string{"changed.yaml": agentYAML("changed", prompt, outcomes)})
				first.must(0, "apply", "--auto-approve")
			}
			calm := from(t, base, change)
			calm.must(0, rollback...)
			requests, writes := len(calm.faults.Requests()), calm.faults.Writes()
			if requests > 8 && name == "repoint" {
				t.Errorf("%d requests, want 8 at most", requests)
			}
			want := calm.snapshot()
			calm.settled()
			if live, _ := want.Agents[0].Live(); live.Content["system_prompt"] != "Two." || writes == 0 {
				t.Fatalf("live is %v after %d writes", live.Content, writes)
			}
			for kind, act := range map[string]func(*world) faults.Action{
				"before": func(w *world) faults.Action { return faults.Before(func(*http.Request) { w.kill() }) },
				"after":  func(w *world) faults.Action { return faults.After(func(*http.Request) { w.kill() }) },
			} {
				for n := 1; n <= requests; n++ {
					t.Run(fmt.Sprintf("%s request %d", kind, n), func(t *testing.T) {
						t.Parallel()
						w := from(t, base, change)
						w.faults.Add(faults.Rule{Nth: n, Do: act(w)})
						if r := w.run(rollback...); r.code != -1 || w.faults.Faulted() != 1 {
							t.Fatalf("struck %d times: %s", w.faults.Faulted(), r)
						}
						w.faults.Reset()
						w.must(0, rollback...)
						compare(t, want, w.snapshot())
						w.settled()
					})
				}
			}
		})
	}
}
