package engine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// TestKeep: what a plan lets go of changes neither its bytes nor what an apply of it
// leaves in the lock file, also where an
// older agentsync wrote it, which remembered less; and nothing
// stays of an agent that matches.
func TestKeep(t *testing.T) {
	w := newWorld(t, func(*sandbox.Options) {})
	w.fleet(40, "Say hello.")
	w.plan(KeepAll, true)
	lockFile := filepath.Join(w.dir, "agentsync.lock.yaml")
	wanted := readFile(t, lockFile)
	w.fleet(2, "Say goodbye.") // what differs is kept
	all, _ := w.plan(KeepAll, false)
	for _, keep := range []Keep{KeepChanges, KeepPlan} {
		if plan, _ := w.plan(keep, false); !bytes.Equal(plan, all) {
			t.Errorf("keep %d: another plan:\n%s\nthan\n%s", keep, plan, all)
		}
	}
	w.fleet(2, "Say hello.")
	older := regexp.MustCompile(`(?m)^ *wants: .*\n`).ReplaceAll(wanted, nil)
	if err := os.WriteFile(lockFile, older, 0o644); err != nil || bytes.Equal(older, wanted) {
		t.Fatal(err, "or nothing was taken out")
	}
	_, planned := w.plan(KeepChanges, true)
	if got := readFile(t, lockFile); !bytes.Equal(got, wanted) {
		t.Errorf("the lock file is\n%s\nand was\n%s", got, wanted)
	}
	for i, agent := range planned.in.Agents {
		seen := planned.in.Remote.Agents[agent.Name]
		if agent.Config.Len() > 0 || planned.project.Agents[i].Config.Len() > 0 || seen.Current != nil || len(seen.Outcomes) > 0 {
			t.Fatalf("%s is still there", agent.Name)
		}
	}
}

// fleet writes the manifests of agents 0 to n-1 with a prompt.
func (w *world) fleet(n int, prompt string) {
	w.t.Helper()
	for i := range n {
		manifest := fmt.Sprintf(`apiVersion: agentsync/v1
kind: Agent
metadata: {name: a%02d}
spec:
  agent: {agent_name: Agent %02[1]d, agent_type: OUTBOUND}
  config: {system_prompt: %[2]q}
  call_outcomes: [{outcome_name: lead, outcome_description: Result, outcome_type: TEXT, is_visible: true}]
`, i, prompt)
		if err := os.WriteFile(filepath.Join(w.dir, fmt.Sprintf("a%02d.yaml", i)), []byte(manifest), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

// plan plans all, and applies the plan where that is asked for.
func (w *world) plan(keep Keep, apply bool) ([]byte, *Planned) {
	w.t.Helper()
	planned, err := w.load().Plan(w.t.Context(), Scope{Keep: keep})
	if err != nil {
		w.t.Fatal(err)
	}
	defer planned.Close()
	var text bytes.Buffer
	if err := planfile.Write(&text, planned.Plan); err != nil {
		w.t.Fatal(err)
	}
	if apply {
		if _, err := planned.Apply(w.t.Context(), nil); err != nil {
			w.t.Fatal(err)
		}
	}
	return text.Bytes(), planned
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
