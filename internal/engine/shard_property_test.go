package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/sync"
	"pgregory.net/rapid"
)

// TestPartsAreTheWhole holds of any fleet, and of any number of parts: the plans of
// the parts make the plan of the whole, byte for byte, and a part cut out of that
// has the digest of the part's own plan. Where a name moves from one part to
// another, the parts refuse it instead. The parts' applies then end where the
// manifests want.
func TestPartsAreTheWhole(t *testing.T) {
	exhaustive.Checks(t, "12", "600") // each applies a dozen agents
	rapid.Check(t, func(t *rapid.T) {
		w := newPullWorld(t)
		defer w.close()
		fleet := newFleet(w, rapid.IntRange(1, 14).Draw(t, "agents"))
		fleet.write()
		w.apply()
		fleet.change()
		scope := engine.Scope{Prune: rapid.Bool().Draw(t, "prune")}
		if rapid.IntRange(0, 3).Draw(t, "targeted") == 0 {
			scope.Targets = []string{"agent-0*"}
		}
		of := rapid.IntRange(1, 6).Draw(t, "parts")
		whole, err := w.planned(scope)
		var files []string
		var parts []*diff.Plan
		var partErrs []string
		for i := range of {
			scope.Shard = &diff.Shard{Index: i + 1, Of: of}
			part, partErr := w.planned(scope)
			files, parts = append(files, fmt.Sprint("part ", i+1)), append(parts, part)
			if partErr != nil {
				partErrs = append(partErrs, partErr.Error())
			}
		}
		if err != nil || len(partErrs) > 0 {
			if err == nil || len(partErrs) == 0 {
				t.Fatalf("the whole: %v; parts: %v\n%s", err, partErrs, w.files())
			}
			return
		}
		merged, err := engine.MergePlans(files, parts)
		if err != nil {
			t.Fatal(err)
		}
		if crosses(whole, of) {
			if !slices.ContainsFunc(merged.Refusals, func(r diff.Refusal) bool { return r.Rule == "names" }) {
				t.Fatalf("a name moves from part to part, and nothing refuses it:\n%s", bytesOf(t, whole))
			}
			return
		}
		if got, want := bytesOf(t, merged), bytesOf(t, whole); got != want {
			t.Fatalf("the parts make\n%s\nand the whole is\n%s\n%s", got, want, w.files())
		}
		for i, part := range parts {
			if cut := engine.PartOf(whole, engine.Scope{Shard: &diff.Shard{Index: i + 1, Of: of}}); cut.Digest != part.Digest {
				t.Fatalf("the plan of part %d is not the one that is cut out of the whole:\n%s\n%s", i+1, bytesOf(t, part), bytesOf(t, cut))
			}
		}
		keepsName := merged.Targets != nil || merged.Summary.Orphan > 0 // which somebody else may want
		if len(merged.Refusals) == 0 && !keepsName {
			fleet.applyInParts(merged, of)
		}
	})
}

// crosses says whether a step needs one of another part.
func crosses(p *diff.Plan, of int) bool {
	part := func(key string) (index int) {
		for index = 1; !(diff.Shard{Index: index, Of: of}).Has(key); index++ {
		}
		return index
	}
	for _, agent := range p.Agents {
		for _, step := range agent.Steps {
			for _, need := range step.Needs {
				if key, _, _ := strings.Cut(need, "/"); part(key) != part(agent.Name) {
					return true
				}
			}
		}
	}
	for _, r := range p.Refusals { // a ring's agents may be of one part, or not
		if r.Rule == "names" {
			return true
		}
	}
	return false
}

func bytesOf(t *rapid.T, p *diff.Plan) string {
	var b bytes.Buffer
	if err := planfile.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (w *pullWorld) planned(scope engine.Scope) (*diff.Plan, error) {
	planned, err := w.load().Plan(context.Background(), scope)
	if err != nil {
		return nil, err
	}
	defer planned.Close()
	return planned.Plan, nil
}

// fleet is many small agents, each in a file of its own.
type fleet struct {
	*pullWorld
	agents map[string]*fleetAgent // by key
}

type fleetAgent struct {
	name, prompt string
	absent       bool
	protect      bool
}

func newFleet(w *pullWorld, n int) *fleet {
	f := &fleet{w, map[string]*fleetAgent{}}
	for i := range n {
		f.agents[fmt.Sprintf("agent-%02d", i)] = &fleetAgent{name: fmt.Sprint("Name ", i), prompt: "Hello."}
	}
	return f
}

func (f *fleet) write() {
	for key, a := range f.agents {
		state := "present"
		if a.absent {
			state = "absent"
		}
		text := fmt.Sprintf(`apiVersion: agentsync/v1
kind: Agent
metadata: {name: %s}
spec:
  agent: {agent_name: %s, agent_type: INBOUND}
  config: {system_prompt: %q}
  lifecycle: {state: %s, protect: %v}
`, key, a.name, a.prompt, state, a.protect)
		f.writeFile(key+".yaml", text)
	}
}

func (f *fleet) writeFile(name, text string) {
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
}

// change draws what happened since the apply to manifests, platform and lock.
func (f *fleet) change() {
	board := f.server.Dashboard()
	for i := range len(f.agents) {
		key := fmt.Sprintf("agent-%02d", i)
		a := f.agents[key]
		what := pick(f.T, key, []string{"nothing", "nothing", "prompt", "name", "next name", "absent", "gone", "drift", "renamed there", "protect"})
		switch what {
		case "prompt":
			a.prompt = "Good morning."
		case "name":
			a.name = fmt.Sprint("New name ", i)
		case "next name":
			a.name = fmt.Sprint("Name ", i+1)
		case "absent":
			a.absent = true
		case "gone":
			delete(f.agents, key)
			if err := os.Remove(filepath.Join(f.dir, key+".yaml")); err != nil {
				f.Fatal(err)
			}
		case "drift", "renamed there":
			id, err := board.AgentID(a.name)
			if err == nil && what == "drift" {
				_, err = board.EditPrompt(id, "Somebody's.")
			} else if err == nil {
				err = board.EditAgent(id, map[string]any{"agent_name": fmt.Sprint("Their name ", i)})
			}
			if err != nil && what == "drift" {
				f.Fatal(err)
			}
		case "protect":
			a.protect = true
		}
	}
	names := map[string]bool{}
	for key, a := range f.agents { // two manifests of one name do not validate
		for names[a.name] {
			a.name += " of " + key
		}
		names[a.name] = true
	}
	f.agents["agent-50"] = &fleetAgent{name: "Fresh", prompt: "Hello."}
	if rapid.Bool().Draw(f.T, "the lock is lost") {
		if err := os.Remove(filepath.Join(f.dir, "agentsync.lock.yaml")); err != nil {
			f.Fatal(err)
		}
	}
	if rapid.Bool().Draw(f.T, "something is passed over") {
		f.writeFile("odd.yaml", "kind: Agent\nmetadata: {name: odd}\nspec: {config: {system_prompt: Hi.}}\n")
	}
	f.writeFile("agentsync.yaml", "apiVersion: agentsync/v1\nkind: Project\nspec: {policy: {max_delete_percent: 20}}\n")
	f.write()
}

// applyInParts applies a merged plan part by part, each held against it, and fails
// where a plan of the whole has anything left.
func (f *fleet) applyInParts(merged *diff.Plan, of int) {
	scope := engine.ScopeOf(merged)
	for i := range of {
		scope.Shard = &diff.Shard{Index: i + 1, Of: of}
		planned, err := f.load().Plan(context.Background(), scope)
		if err != nil {
			f.Fatal(err)
		}
		err = engine.CheckSaved(planned.Plan, engine.PartOf(merged, scope))
		var report *sync.Report
		if err == nil {
			report, err = planned.Apply(context.Background(), nil)
		}
		planned.Close()
		if err != nil {
			var differs strings.Builder
			_ = render.Differences(&differs, engine.PartOf(merged, scope), planned.Plan, render.Options{})
			f.Fatalf("part %d: %v, %+v\n%s\n%s", i+1, err, report, &differs, f.files())
		}
	}
	if left, err := f.planned(engine.Scope{Prune: merged.Prune}); err != nil || !left.IsEmpty() {
		f.Fatalf("after the parts' applies the whole has %v, %v", left, err)
	}
}
