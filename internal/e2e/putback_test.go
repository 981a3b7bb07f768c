package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// unmanaged leaves infields to the platform, and of its one outcome a part.
const unmanaged = `  call_outcomes:
    - {outcome_name: lead, outcome_type: TEXT}
`

// rolledBack is a project and a platform on which a rollback to v1 has much to put
// back: v1 had one other infield, and all that is there now came by hand since.
func rolledBack(t *testing.T, change func(*sandbox.Options)) string {
	t.Helper()
	base := t.TempDir()
	w := newWorld(t, func(o *sandbox.Options) {
		change(o)
		o.DataFile = filepath.Join(base, "platform.json")
	})
	w.dir = base
	d := w.platform.Dashboard()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w.write(map[string]string{"a.yaml": agentYAML("a", "One.", unmanaged+"  call_infields: [{field_name: old, field_type: TEXT}]\n")})
	w.must(0, "apply", "--auto-approve")
	w.write(map[string]string{"a.yaml": agentYAML("a", "Two.", unmanaged)})
	do(d.DeleteInfield(w.id("Agent a"), "old"))
	do(d.SetInfield(w.id("Agent a"), map[string]any{"field_name": "agent_id", "field_type": "TEXT", "is_visible": false}))
	do(d.SetInfield(w.id("Agent a"), map[string]any{"field_name": "fine", "field_type": "FIXED", "field_enum": []any{"x", "y"}, "is_visible": true}))
	w.must(0, "apply", "--auto-approve")
	do(d.SetOutcome(w.id("Agent a"), map[string]any{"outcome_name": "lead", "outcome_type": "TEXT", "outcome_description": "Theirs", "is_visible": true}))
	w.must(0, "apply", "--auto-approve")
	return base
}

// TestRollbackPutsBackWhatGitDoesNotHave kills a rollback at every request, before
// and after the platform has acted. The same command once more puts back every outcome
// and infield, though no manifest and no version holds them.
func TestRollbackPutsBackWhatGitDoesNotHave(t *testing.T) {
	exhaustive.Only(t, "hundreds of applies")
	t.Parallel()
	for name, change := range map[string]func(*sandbox.Options){
		"repoint": func(*sandbox.Options) {},
		"clone":   func(o *sandbox.Options) { o.Rollback, o.Superseded, o.Listing = "clone", "published", "none" },
		"stay":    func(o *sandbox.Options) { o.RestoreFields = false },
	} {
		t.Run(name, func(t *testing.T) {
			base := rolledBack(t, change)
			for _, command := range [][]string{
				{"apply", "--auto-approve", "--parallelism", "1"},
				{"rollback", "a", "--to", "v1", "--apply", "--auto-approve"},
			} {
				begin := func() *world {
					w := from(t, base, change)
					if command[0] == "apply" {
						w.write(map[string]string{"a.yaml": agentYAML("a", "One.", unmanaged)})
					}
					return w
				}
				before := begin()
				items := fmt.Sprint(before.snapshot().Agents[0].Outcomes, before.snapshot().Agents[0].Infields)
				calm := begin()
				calm.must(0, command...)
				requests, want := len(calm.faults.Requests()), calm.snapshot()
				if got := fmt.Sprint(want.Agents[0].Outcomes, want.Agents[0].Infields); got != items || !strings.Contains(got, "agent_id") {
					t.Fatalf("undisturbed, the items are\n%s, were\n%s", got, items)
				}
				calm.settled()
				for kind, act := range map[string]func(*world) faults.Action{
					"before": func(w *world) faults.Action { return faults.Before(func(*http.Request) { w.kill() }) },
					"after":  func(w *world) faults.Action { return faults.After(func(*http.Request) { w.kill() }) },
				} {
					for n := 1; n <= requests; n++ {
						t.Run(fmt.Sprintf("%s %s request %d of %d", command[0], kind, n, requests), func(t *testing.T) {
							t.Parallel()
							w := begin()
							w.faults.Add(faults.Rule{Nth: n, Do: act(w)})
							if r := w.run(command...); r.code != -1 || w.faults.Faulted() != 1 {
								t.Fatalf("struck %d times: %s", w.faults.Faulted(), r)
							}
							w.faults.Reset()
							w.must(0, command...)
							compare(t, want, w.snapshot())
							w.settled()
							w.noPutBack()
						})
					}
				}
			}
		})
	}
}

// TestRollbackCutTwice kills the apply that puts back, too.
func TestRollbackCutTwice(t *testing.T) {
	t.Parallel()
	base := rolledBack(t, func(*sandbox.Options) {})
	w := from(t, base, func(*sandbox.Options) {})
	items := fmt.Sprint(w.snapshot().Agents[0].Outcomes, w.snapshot().Agents[0].Infields)
	w.write(map[string]string{"a.yaml": agentYAML("a", "One.", unmanaged)})
	for _, path := range []string{"/rollback", "/call_outcomes", "/call_infields"} {
		w.faults.Reset()
		w.faults.Add(faults.Rule{Writes: true, Path: path, Nth: 1, Do: faults.After(func(*http.Request) { w.kill() })})
		if r := w.run("apply", "--auto-approve"); r.code != -1 {
			t.Fatalf("not killed at %s: %s", path, r)
		}
	}
	w.faults.Reset()
	if r := w.must(0, "plan"); !strings.Contains(r.stdout, "a rollback of it did not end") || !strings.Contains(r.stdout, "unfinished") {
		t.Errorf("the plan does not say why: %s", r)
	}
	w.must(0, "apply", "--auto-approve")
	if got := fmt.Sprint(w.snapshot().Agents[0].Outcomes, w.snapshot().Agents[0].Infields); got != items {
		t.Errorf("the items are\n%s, were\n%s", got, items)
	}
	w.settled()
	w.noPutBack()
}

// TestRollbackInterruptIsTold interrupts a rollback in its one write: what it may have
// taken is named, and the next apply puts it back.
func TestRollbackInterruptIsTold(t *testing.T) {
	t.Parallel()
	base := rolledBack(t, func(*sandbox.Options) {})
	w := from(t, base, func(*sandbox.Options) {})
	items := fmt.Sprint(w.snapshot().Agents[0].Outcomes, w.snapshot().Agents[0].Infields)
	rollback := []string{"rollback", "a", "--to", "v1", "--apply", "--auto-approve"}
	w.faults.Add(faults.Rule{Path: "/rollback", Nth: 1, Do: faults.After(func(*http.Request) { w.signal(os.Interrupt) })})
	r := w.run(rollback...)
	if told := "a rollback may take outcomes and infields (lead, agent_id, fine) with it, and the next apply puts them back"; r.code != 130 || !strings.Contains(r.stdout, told) {
		t.Errorf("want exit 130 and %q: %s", told, r)
	}
	w.faults.Reset()
	w.must(0, rollback...)
	if got := fmt.Sprint(w.snapshot().Agents[0].Outcomes, w.snapshot().Agents[0].Infields); got != items {
		t.Errorf("the items are\n%s, were\n%s", got, items)
	}
	w.settled()
}

// noPutBack wants nothing in the lock file that is still to be put back.
func (w *world) noPutBack() {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "agentsync.lock.yaml"))
	if err != nil || strings.Contains(string(data), "put_back") || strings.Contains(string(data), "unfinished") {
		w.t.Errorf("the lock: %v\n%s", err, data)
	}
}
