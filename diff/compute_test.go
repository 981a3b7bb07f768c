package diff

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// TestMaxDeletePercent holds design section 3: more deletes than the policy
// allows are refused when ten agents or more are known, and still shown.
func TestMaxDeletePercent(t *testing.T) {
	for name, tt := range map[string]struct {
		known, deletes, percent int
		refused                 bool
	}{
		"as many as it allows":       {10, 3, 30, false},
		"one more":                   {10, 4, 30, true},
		"nine agents don't count":    {9, 9, 30, false},
		"a hundredth more":           {201, 61, 30, true},
		"a hundredth less":           {201, 60, 30, false},
		"none may go":                {10, 1, 0, true},
		"all may go":                 {10, 10, 100, false},
		"none goes, and none may go": {10, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Prune: true, Known: tt.known, Memory: Memory{}, Remote: Remote{Agents: map[string]*RemoteAgent{}}}
			in.Policy.MaxDeletePercent = tt.percent
			for i := range tt.deletes {
				key := fmt.Sprintf("a%02d", i)
				in.Orphans = append(in.Orphans, key)
				in.Remote.Agents[key] = &RemoteAgent{ID: key}
			}
			plan, _ := Compute(in)
			if plan.Summary.Delete != tt.deletes || plan.Summary.Steps != tt.deletes || len(plan.Agents) != tt.deletes {
				t.Errorf("%+v", plan.Summary)
			}
			refused := len(plan.Refusals) == 1 && plan.Refusals[0].Rule == "max_delete_percent" && plan.Refusals[0].Agent == ""
			if refused != tt.refused || len(plan.Refusals) > 1 {
				t.Errorf("refusals: %+v", plan.Refusals)
			}
			want := fmt.Sprintf("%d of %d agents would be deleted, more than policy.max_delete_percent (%d%%)", tt.deletes, tt.known, tt.percent)
			if refused && plan.Refusals[0].Message != want {
				t.Errorf("it says %q", plan.Refusals[0].Message)
			}
		})
	}
}

// TestPlanIsSorted holds that the order of what goes in shows nowhere, and that
// remarks of one agent stay in the order in which they were made.
func TestPlanIsSorted(t *testing.T) {
	in := Input{Targets: []string{"c", "a"}, Remote: Remote{Agents: map[string]*RemoteAgent{}}, Prepared: map[string]Prepared{}}
	for _, name := range []string{"c", "a", "b"} {
		in.Agents = append(in.Agents, spec.Agent{Name: name})
		p := Prepared{agent: AgentPlan{Name: name, Status: Unchanged}}
		for _, text := range []string{"2", "1", "3"} {
			p.refusals = append(p.refusals, Refusal{Agent: name, Rule: text})
			p.warnings = append(p.warnings, Warning{Agent: name, Message: text})
		}
		in.Prepared[name] = p
	}
	plan, _ := Compute(in)
	var agents, refusals, warnings []string
	for _, a := range plan.Agents {
		agents = append(agents, a.Name)
	}
	for _, r := range plan.Refusals {
		refusals = append(refusals, r.Agent+r.Rule)
	}
	for _, w := range plan.Warnings {
		warnings = append(warnings, w.Agent+w.Message)
	}
	const sorted = "a2 a1 a3 b2 b1 b3 c2 c1 c3"
	if strings.Join(agents, " ") != "a b c" || strings.Join(refusals, " ") != sorted || strings.Join(warnings, " ") != sorted {
		t.Errorf("agents %v, refusals %v, warnings %v", agents, refusals, warnings)
	}
	if strings.Join(plan.Targets, " ") != "a c" || strings.Join(in.Targets, " ") != "c a" {
		t.Errorf("targets %v of %v", plan.Targets, in.Targets)
	}
}

// TestPlanCarriesWhatIsWanted holds that an apply finds what each step ends in,
// and that an agent without steps costs no memory for it.
func TestPlanCarriesWhatIsWanted(t *testing.T) {
	in := Input{Agents: []spec.Agent{manifest(t, `{"system_prompt":"One."}`)}, Remote: Remote{Agents: map[string]*RemoteAgent{}}}
	for prompt, carried := range map[string]bool{"One.": false, "Two.": true} {
		in.Remote.Agents["sales"] = &RemoteAgent{ID: "AGT_1", Fields: object(t, `{"agent_name":"Sales"}`), Current: &Version{Number: 1, Notes: line,
			Content: object(t, `{"system_prompt":"`+prompt+`","guidelines":["a"]}`)}}
		plan, _ := Compute(in)
		if w := plan.Agents[0].Wanted; (w != nil) != carried {
			t.Errorf("%s is live: %+v is carried", prompt, w)
		} else if carried {
			holdJSON(t, w.Config, `{"guidelines":["a"],"system_prompt":"One."}`)
		}
	}
}

// TestProblemsLeaveNoPlan holds that faults of several manifests come together,
// by their places.
func TestProblemsLeaveNoPlan(t *testing.T) {
	prompt := value.NewPatch(map[string]any{"system_prompt": "Hello."})
	in := Input{Agents: []spec.Agent{
		{Name: "b", AgentName: "B", Pos: spec.Pos{File: "b.yaml", Line: 1}, Config: prompt},
		{Name: "a", AgentName: "A", Pos: spec.Pos{File: "a.yaml", Line: 1}, Config: prompt},
	}}
	plan, problems := Compute(in)
	if plan != nil || len(problems) != 2 || problems[0].Pos.File != "a.yaml" || problems[1].Pos.File != "b.yaml" {
		t.Errorf("plan %v, problems %v", plan, problems)
	}
}

// TestStepJSON holds that a step about a version says which, or null, and that
// other steps have neither (design section 4).
func TestStepJSON(t *testing.T) {
	five := 5
	for want, step := range map[string]Step{
		`{"id":"a/publish","action":"publish","target":"new","needs":[],"from":5,"to":null,"changes":[]}`:                {ID: "a/publish", Action: Publish, Target: "new", From: &five, Needs: []string{}, Changes: []Change{}},
		`{"id":"a/create_draft","action":"create_draft","target":"new","needs":[],"from":null,"to":null,"changes":[]}`:   {ID: "a/create_draft", Action: CreateDraft, Target: "new", Needs: []string{}, Changes: []Change{}},
		`{"id":"a/adopt","action":"adopt","target":"AGT_1","needs":[],"changes":[{"path":"a","before":null,"after":1}]}`: {ID: "a/adopt", Action: Adopt, Target: "AGT_1", Needs: []string{}, Changes: []Change{{Path: "a", After: value.Of(1)}}},
	} {
		got, err := json.Marshal(step)
		if err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
	if !(&Plan{}).IsEmpty() || (&Plan{Summary: Summary{Steps: 1}}).IsEmpty() {
		t.Error("a plan is empty that has no steps")
	}
}
