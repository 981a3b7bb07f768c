package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/lock"
	"github.com/agentsync/agentsync/sync/sandbox"
)

const smokeNumber = "INDUSLABS_SMOKE_NUMBER=919999994321"

// smokeCall wants this outcome. The platform finds "Interested" in every call.
func smokeCall(outcome string) string {
	return fmt.Sprintf("  smoke_call: {customer_number_env: INDUSLABS_SMOKE_NUMBER, timeout: 5m, expect: {call_outcome: [%s]}}\n", outcome)
}

// smokeReadings are those under which going back is another thing.
var smokeReadings = map[string]func(*sandbox.Options){
	"first readings": func(*sandbox.Options) {},
	"other readings": func(o *sandbox.Options) {
		o.Rollback, o.CreatePublishes, o.Superseded, o.RestoreFields = "clone", false, "published", false
	},
}

// TestEveryBoundaryOfASmokeCall disturbs every write of two stories with checks and
// a smoke call, in every way: one whose calls are as expected, and one whose call
// fails and puts the old version back. Further applies end where the undisturbed one
// did, and nobody is called twice for one release.
func TestEveryBoundaryOfASmokeCall(t *testing.T) {
	var tried atomic.Int64
	for name, story := range map[string]struct {
		files map[string]string
		code  int // of the undisturbed apply
		calls int
	}{
		"as expected": {map[string]string{
			"changed.yaml": agentYAML("changed", "Two.", otherOutcomes+theChecks("Two.")+smokeCall("interested")),
			"fresh.yaml":   agentYAML("fresh", "Hello.", twoOutcomes+theChecks("Hello.")+smokeCall("interested")),
		}, 0, 2},
		"not as expected": {map[string]string{
			"changed.yaml": agentYAML("changed", "Two.", otherOutcomes+theChecks("Two.")+smokeCall("qualified")),
		}, 1, 1},
	} {
		for reading, change := range smokeReadings {
			t.Run(name+" "+reading, func(t *testing.T) {
				base := prepare(t, change, story.files, map[string]string{"changed.yaml": agentYAML("changed", "One.", twoOutcomes)})
				calm := from(t, base, change)
				calm.env = []string{smokeNumber}
				calm.must(story.code, "apply", "--auto-approve", "--parallelism", "1")
				writes, want := calm.faults.Writes(), calm.snapshot()
				if n := callsOf(calm); n != story.calls || writes < 9 {
					t.Fatalf("the undisturbed apply made %d calls and %d writes", n, writes)
				}
				for kind := range boundaryFaults(calm) {
					for _, n := range exhaustive.Of(writes, 48, name+reading+kind) {
						t.Run(fmt.Sprintf("%s write %d", kind, n), func(t *testing.T) {
							t.Parallel()
							tried.Add(1)
							w := from(t, base, change)
							w.env = []string{smokeNumber}
							disturbCall(t, w, kind, n, want, story.calls)
						})
					}
				}
			})
		}
	}
	t.Cleanup(func() { fmt.Printf("boundaries of smoke calls tried: %d\n", tried.Load()) })
}

func disturbCall(t *testing.T, w *world, kind string, n int, want sandbox.Snapshot, calls int) {
	w.faults.Add(faults.Rule{Writes: true, Nth: n, Do: boundaryFaults(w)[kind]})
	said := []string{w.run("apply", "--auto-approve", "--parallelism", "1").String()}
	if w.faults.Faulted() != 1 {
		t.Fatalf("the fault struck %d times: %s", w.faults.Faulted(), said[0])
	}
	w.faults.Reset()
	for range 3 {
		if w.run("plan", "--detailed-exitcode").code == 0 || takenBack(t, w) {
			break
		}
		said = append(said, w.run("apply", "--auto-approve").String())
	}
	compare(t, want, w.snapshot())
	if got := callsOf(w); got != calls {
		t.Errorf("%d calls, want %d", got, calls)
	}
	if t.Failed() {
		t.Log(strings.Join(said, "\n"))
	}
}

// takenBack reports that the lock says that an old version was put back.
func takenBack(t *testing.T, w *world) bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, lock.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(data), "state: taken_back")
}

func callsOf(w *world) (n int) {
	for _, agent := range w.snapshot().Agents {
		n += agent.Calls
	}
	return n
}
