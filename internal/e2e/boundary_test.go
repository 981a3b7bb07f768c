package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// agentYAML is a manifest with the parts that a story changes.
func agentYAML(name, prompt, more string) string {
	return fmt.Sprintf(`apiVersion: agentsync/v1
kind: Agent
metadata: {name: %s}
spec:
  agent: {agent_name: Agent %s, agent_description: The %s one, agent_type: OUTBOUND}
  config:
    system_prompt: %s
    llm_config: {provider: groq, model: m, temperature: 0.2}
    tts_config: {voice_id: maya}
%s`, name, name, name, prompt, more)
}

const twoOutcomes = `  call_outcomes:
    - {outcome_name: lead, outcome_description: Lead, outcome_type: FIXED, outcome_enum: [a, b], is_visible: true}
    - {outcome_name: old, outcome_description: Old, outcome_type: TEXT, is_visible: true}
  call_infields:
    - {field_name: budget, field_type: NUMBER, is_visible: true}
    - {field_name: gone, field_type: TEXT, is_visible: true}
`

const otherOutcomes = `  call_outcomes:
    - {outcome_name: lead, outcome_description: Lead, outcome_type: FIXED, outcome_enum: [a, b, c], is_visible: true}
    - {outcome_name: new, outcome_description: New, outcome_type: BOOLEAN, is_visible: true}
  call_infields:
    - {field_name: budget, field_type: TEXT, is_visible: true}
    - {field_name: fresh, field_type: DATE, is_visible: true}
`

// theChecks let an agent through whose prompt has this text.
func theChecks(text string) string {
	return fmt.Sprintf(`  checks:
    - {name: says it, metadata: {budget: 5, fresh: "2026-05-05", gone: x}, valid: true, system_prompt: {contains: [%q], max_chars: 100}}
    - {name: says no more, starting_instructions: {max_chars: 1}, no_placeholders_left: true}
`, text)
}

// history is what was applied before the story, oldest first.
var history = []map[string]string{
	{
		"changed.yaml":  agentYAML("changed", "One.", twoOutcomes),
		"reverted.yaml": agentYAML("reverted", "The good prompt.", twoOutcomes),
		"removed.yaml":  agentYAML("removed", "Bye.", ""),
		"tuned.yaml":    agentYAML("tuned", "Tune me.", "  release: {service_updates: in_place}\n"),
	},
	{
		"changed.yaml":  agentYAML("changed", "Two.", twoOutcomes),
		"reverted.yaml": agentYAML("reverted", "The bad prompt.", otherOutcomes),
	},
}

// story has creates, updates, checks, publish, rollback, in-place updates and deletes.
var story = map[string]string{
	"changed.yaml": agentYAML("changed", "Three.", otherOutcomes+theChecks("Three.")),
	"fresh.yaml":   agentYAML("fresh", "Hello.", twoOutcomes+theChecks("Hello.")),
	"bare.yaml": `apiVersion: agentsync/v1
kind: Agent
metadata: {name: bare}
spec:
  agent: {agent_name: Bare, agent_type: INBOUND, is_active: false, whatsapp_enabled: true}
  config: {system_prompt: Bare.}
`,
	"reverted.yaml": agentYAML("reverted", "The good prompt.", twoOutcomes+theChecks("good")),
	"removed.yaml":  agentYAML("removed", "Bye.", "  lifecycle: {state: absent}\n"),
	"tuned.yaml": `apiVersion: agentsync/v1
kind: Agent
metadata: {name: tuned}
spec:
  agent: {agent_name: Agent tuned, agent_description: Another description, agent_type: OUTBOUND}
  config:
    system_prompt: Tune me.
    llm_config: {provider: groq, model: m, temperature: 0.7}
    tts_config: {voice_id: other}
  release: {service_updates: in_place}
`,
}

// prepare applies the history, writes the files that come next, and returns the
// folder that each boundary starts from.
func prepare(t *testing.T, change func(*sandbox.Options), next map[string]string, history ...map[string]string) string {
	t.Helper()
	base := t.TempDir()
	w := newWorld(t, func(o *sandbox.Options) {
		change(o)
		o.DataFile = filepath.Join(base, "platform.json")
	})
	w.dir = base
	for _, files := range history {
		w.write(files)
		w.must(0, "apply", "--auto-approve")
	}
	w.write(next)
	return base
}

// from starts a world of its own from a prepared folder.
func from(t *testing.T, base string, change func(*sandbox.Options)) *world {
	t.Helper()
	dir := t.TempDir()
	copyDir(t, base, dir)
	w := newWorld(t, func(o *sandbox.Options) {
		change(o)
		o.DataFile = filepath.Join(dir, "platform.json")
	})
	w.dir = dir
	return w
}

// boundaryFaults are what happens at one write. Those that kill leave no
// answer either way.
func boundaryFaults(w *world) map[string]faults.Action {
	return map[string]faults.Action{
		"kill before": func(http.ResponseWriter, *http.Request, http.Handler) {
			w.kill()
			panic(http.ErrAbortHandler)
		},
		"kill after": func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			faults.After(func(*http.Request) { w.kill() })(rw, r, next)
		},
		"cut before": faults.CutBefore(),
		"cut after":  faults.CutAfter(),
		"500 after":  faults.StatusAfter(http.StatusInternalServerError),
		"truncated":  faults.Truncate(),
	}
}

// boundaryReadings are two of what the reference leaves open, far from each other.
var boundaryReadings = map[string]func(*sandbox.Options){
	"first readings": func(*sandbox.Options) {},
	"other readings": func(o *sandbox.Options) {
		o.Rollback, o.CreatePublishes, o.Superseded, o.RestoreFields, o.Strict = "clone", false, "published", false, true
		o.Numbers = "once"
	},
}

// TestEveryBoundary disturbs every write of a story, in every way (the quick
// tests a sample of them). After each, a second apply ends where the undisturbed
// one did.
func TestEveryBoundary(t *testing.T) {
	var tried atomic.Int64
	for name, change := range boundaryReadings {
		t.Run(name, func(t *testing.T) {
			base := prepare(t, change, story, history...)
			calm := from(t, base, change)
			calm.must(0, "apply", "--auto-approve", "--parallelism", "1")
			writes, renderings := calm.faults.Writes(), calm.faults.Count("POST", "/configs/render", 200)
			want := calm.snapshot()
			calm.settled()
			if writes < 20 {
				t.Fatalf("the story makes only %d writes", writes)
			}
			if renderings != 6 {
				t.Fatalf("the story renders %d times, want two checks of three agents", renderings)
			}
			for kind := range boundaryFaults(calm) {
				for _, n := range exhaustive.Of(writes, 32, name+kind) {
					t.Run(fmt.Sprintf("%s write %d", kind, n), func(t *testing.T) {
						t.Parallel()
						tried.Add(1)
						disturb(t, from(t, base, change), kind, n, want)
					})
				}
			}
		})
	}
	t.Cleanup(func() { fmt.Printf("boundaries tried: %d\n", tried.Load()) })
}

// secondEnds holds that an apply after the first one, which was cut off, ends as the
// undisturbed one did, and leaves nothing to do and no journal.
func secondEnds(t *testing.T, w *world, first result, want sandbox.Snapshot) {
	t.Helper()
	w.faults.Reset()
	second := w.run("apply", "--auto-approve")
	if second.code != 0 {
		t.Fatalf("the second apply: %s\nthe first: %s", second, first)
	}
	compare(t, want, w.snapshot())
	if t.Failed() {
		t.Logf("first: %s\nsecond: %s", first, second)
	}
	w.settled()
	if w.journal() != "" {
		t.Error("the journal is still there")
	}
}

func disturb(t *testing.T, w *world, kind string, n int, want sandbox.Snapshot) {
	w.faults.Add(faults.Rule{Writes: true, Nth: n, Do: boundaryFaults(w)[kind]})
	first := w.run("apply", "--auto-approve", "--parallelism", "1", "--report", filepath.Join(w.dir, "report.json"))
	if w.faults.Faulted() != 1 {
		t.Fatalf("the fault struck %d times: %s", w.faults.Faulted(), first)
	}
	secondEnds(t, w, first, want)
	for _, stray := range []string{"lock.tmp"} {
		if _, err := os.Stat(filepath.Join(w.dir, ".agentsync", stray)); err == nil && kind != "kill before" && kind != "kill after" {
			t.Errorf("%s is left over", stray)
		}
	}
}

// compare holds two states of the platform against each other: the same
// agents with the same fields, live configs, outcomes and infields; no more
// drafts, and at most one more version.
func compare(t *testing.T, want, got sandbox.Snapshot) {
	t.Helper()
	type shown struct {
		Name               string
		Fields, Live       map[string]any
		Notes              string
		Outcomes, Infields []map[string]any
		Drafts             int
	}
	show := func(s sandbox.Snapshot) []shown {
		var out []shown
		for _, a := range s.Agents {
			live, _ := a.Live()
			one := shown{Name: a.Name, Fields: a.Fields, Live: live.Content, Notes: live.Notes, Outcomes: a.Outcomes, Infields: a.Infields}
			for _, v := range a.Versions {
				if v.Status == "draft" {
					one.Drafts++
				}
			}
			out = append(out, one)
		}
		return out
	}
	if d := cmp.Diff(show(want), show(got)); d != "" {
		t.Errorf("not what the undisturbed apply left (-want +got):\n%s", d)
	}
	for i := range want.Agents {
		if i < len(got.Agents) && len(got.Agents[i].Versions) > len(want.Agents[i].Versions)+1 {
			t.Errorf("%s has %d versions, the undisturbed one %d", got.Agents[i].Name, len(got.Agents[i].Versions), len(want.Agents[i].Versions))
		}
	}
}
