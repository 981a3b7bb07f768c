package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
)

// id gives the platform's id of an agent.
func (w *world) id(name string) string {
	w.t.Helper()
	id, err := w.platform.Dashboard().AgentID(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// edit changes an agent's prompt in the dashboard.
func (w *world) edit(name, prompt string) {
	w.t.Helper()
	if _, err := w.platform.Dashboard().EditPrompt(w.id(name), prompt); err != nil {
		w.t.Error(err)
	}
}

func (w *world) prompt(name string) any {
	w.t.Helper()
	agent, ok := w.snapshot().Agent(name)
	if !ok {
		w.t.Fatalf("no agent %q, or more than one", name)
	}
	live, _ := agent.Live()
	return live.Content["system_prompt"]
}

// two applies a project of two agents and then changes both.
func two(t *testing.T) *world {
	w := newWorld(t, nil)
	w.write(map[string]string{"a.yaml": agentYAML("a", "A one.", twoOutcomes), "b.yaml": agentYAML("b", "B one.", twoOutcomes)})
	w.must(0, "apply", "--auto-approve")
	w.write(map[string]string{"a.yaml": agentYAML("a", "A two.", twoOutcomes), "b.yaml": agentYAML("b", "B two.", twoOutcomes)})
	return w
}

func TestDashboardEditBeforePlanIsDrift(t *testing.T) {
	t.Parallel()
	w := two(t)
	w.edit("Agent a", "A by hand.")
	if r := w.must(0, "plan"); !strings.Contains(r.stdout, "drift") && !strings.Contains(r.stdout, "platform") {
		t.Errorf("the plan does not tell of drift: %s", r)
	}
	w.faults.Reset()
	r := w.must(4, "apply", "--auto-approve")
	if w.faults.Writes() != 0 || w.prompt("Agent a") != "A by hand." {
		t.Errorf("something was written: %s", r)
	}
	if !strings.Contains(r.stderr, "--on-drift overwrite") || !strings.Contains(r.stderr, w.platform.Dashboard().UserID()) {
		t.Errorf("want the way out and who changed it: %s", r)
	}
	w.must(0, "apply", "--auto-approve", "--on-drift", "overwrite")
	if w.prompt("Agent a") != "A two." {
		t.Errorf("the prompt is %q", w.prompt("Agent a"))
	}
	w.settled()
}

func TestDashboardEditBetweenPlanAndApplyIsStale(t *testing.T) {
	t.Parallel()
	w := two(t)
	file := filepath.Join(t.TempDir(), "plan.json")
	w.must(0, "plan", "--out", file)
	w.edit("Agent b", "B by hand.")
	w.faults.Reset()
	r := w.must(3, "apply", file)
	if w.faults.Writes() != 0 || w.prompt("Agent a") != "A one." {
		t.Errorf("something was written: %s", r)
	}
	for _, want := range []string{"b", "system_prompt", "B one.", "B by hand."} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("what differs does not show %q: %s", want, r)
		}
	}
}

// TestDashboardEditDuringApply edits one agent after it was read for the plan
// and before its own first write, while the other is written.
func TestDashboardEditDuringApply(t *testing.T) {
	t.Parallel()
	w := two(t)
	var once sync.Once
	w.faults.Add(faults.Rule{Writes: true, Do: faults.Before(func(r *http.Request) {
		once.Do(func() { w.edit("Agent b", "B by hand.") })
	})})
	r := w.must(1, "apply", "--auto-approve", "--parallelism", "1")
	if w.prompt("Agent a") != "A two." || w.prompt("Agent b") != "B by hand." {
		t.Errorf("a is %q and b is %q: %s", w.prompt("Agent a"), w.prompt("Agent b"), r)
	}
	if !strings.Contains(r.stdout, "conflict") || strings.Contains(r.stdout, "a  "+w.id("Agent a")+"  failed") {
		t.Errorf("want a conflict of b alone: %s", r)
	}
	w.faults.Reset()
	w.must(4, "apply", "--auto-approve") // what was done by hand is drift now
}

// TestTwoCreatesAtOnce lets two applies create the same agents.
func TestTwoCreatesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, name := range []string{"a", "b", "c"} {
		w.write(map[string]string{name + ".yaml": agentYAML(name, "Same.", twoOutcomes)})
	}
	other := w.neighbour()
	copyDir(t, w.dir, other.dir)
	first, second := w.start("apply", "--auto-approve"), other.start("apply", "--auto-approve")
	r1, r2 := w.wait(first), other.wait(second)
	for _, name := range []string{"a", "b", "c"} {
		if _, ok := w.snapshot().Agent("Agent " + name); !ok {
			t.Errorf("agent %s is not there once\nfirst %s\nsecond %s", name, r1, r2)
		}
	}
	w.must(0, "apply", "--auto-approve")
	w.settled()
	other.must(0, "apply", "--auto-approve")
	other.settled()
}

// TestDashboardEditAtEveryRequest publishes in the dashboard before each request
// of an apply that publishes (the quick tests before a fourth of them): a new
// version, or a draft that was there before.
// Whichever is live then, the apply does not end as if nobody else had been
// there.
func TestDashboardEditAtEveryRequest(t *testing.T) {
	for name, c := range map[string]struct {
		before, edit func(w *world)
	}{
		"a new version": {func(*world) {}, func(w *world) { w.edit("Agent a", "A by hand.") }},
		"a draft": {func(w *world) {
			if _, err := w.platform.Dashboard().CreateDraft(w.id("Agent a"), map[string]any{"system_prompt": "A by hand."}); err != nil {
				w.t.Fatal(err)
			}
		}, func(w *world) {
			if err := w.platform.Dashboard().Publish(w.id("Agent a"), 2); err != nil {
				w.t.Error(err)
			}
		}},
	} {
		const requests = 14
		for _, n := range exhaustive.Of(requests, 4, name) {
			nth := n + 1 // not the login; the last one never comes
			t.Run(fmt.Sprintf("%s, request %d of %d", name, nth, requests), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				w.write(map[string]string{"a.yaml": agentYAML("a", "A one.", twoOutcomes)})
				w.must(0, "apply", "--auto-approve")
				c.before(w)
				w.write(map[string]string{"a.yaml": agentYAML("a", "A two.", twoOutcomes)})
				reached := false
				w.faults.Reset()
				w.faults.Add(faults.Rule{Nth: nth, Do: faults.Before(func(*http.Request) {
					reached = true
					c.edit(w)
				})})
				r := w.run("apply", "--auto-approve", "--parallelism", "1")
				if reached != (nth <= requests) || reached == (r.code == 0) {
					t.Errorf("reached %v: %s", reached, r)
				}
			})
		}
	}
}
