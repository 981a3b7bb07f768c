package sync_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// holdRequestOrder holds the requests that reached the platform to the plan's
// order: each write is of the step whose turn it is. The create of an agent
// carries its first outcome and infield, and fields that it does not take follow
// at once. What a rollback has moved is set right at the end.
func holdRequestOrder(t *rapid.T, plan *diff.Plan, report *sync.Report, requests []sandbox.RequestRecord) {
	writes := slices.DeleteFunc(requests, func(r sandbox.RequestRecord) bool { return !r.IsWrite() || r.Status == 401 })
	for _, agent := range report.Agents { // they run one after another here
		i := slices.IndexFunc(plan.Agents, func(a diff.AgentPlan) bool { return a.Name == agent.Name })
		w := &writeLog{t: t, id: agent.AgentID, agent: plan.Agents[i], left: writes}
		for _, step := range w.agent.Steps {
			w.step(step)
		}
		if has(w.agent.Steps, diff.Rollback) {
			w.setRight()
		}
		writes = w.left
	}
	if len(writes) > 0 {
		t.Fatalf("writes that no step has asked for: %v", writes)
	}
}

func has(steps []diff.Step, action diff.Action) bool {
	return slices.ContainsFunc(steps, func(s diff.Step) bool { return s.Action == action })
}

// writeLog is what one agent's steps have sent.
type writeLog struct {
	t     *rapid.T
	id    string
	agent diff.AgentPlan
	left  []sandbox.RequestRecord
}

// next takes the next write if it has this form, below the agent.
func (w *writeLog) next(method, path string) bool {
	if len(w.left) == 0 || w.left[0].Method != method || w.left[0].Path != "/api/agents/"+path {
		return false
	}
	w.left = w.left[1:]
	return true
}

// must takes the next write, which is step's.
func (w *writeLog) must(step diff.Step, method, path string) {
	if !w.next(method, path) {
		w.t.Fatalf("%s: the next write is to be %s %s, of the writes %v", step.ID, method, path, w.left)
	}
}

func (w *writeLog) step(step diff.Step) {
	agent := w.id
	configs := agent + "/configs"
	items := agent + "/" + step.Action.Facts().Section
	switch step.Action {
	case diff.Adopt:
	case diff.CreateAgent:
		w.must(step, "POST", "create")
		w.next("PUT", agent)
	case diff.UpdateAgent:
		w.must(step, "PUT", agent)
	case diff.DeleteAgent:
		w.must(step, "DELETE", agent)
	case diff.CreateDraft:
		w.must(step, "POST", configs)
	case diff.UpdateDraft:
		w.must(step, "PUT", fmt.Sprintf("%s/%d", configs, *step.To))
	case diff.DeleteDraft:
		w.must(step, "DELETE", fmt.Sprintf("%s/%d", configs, *step.To))
	case diff.Publish:
		w.publish(step, configs)
	case diff.Rollback:
		w.must(step, "POST", fmt.Sprintf("%s/%d/rollback", configs, *step.To))
	case diff.UpdateService:
		w.must(step, "PUT", agent+"/config/"+step.Target)
	case diff.CreateOutcome, diff.CreateInfield:
		if !w.wentWithCreate(step) {
			w.must(step, "POST", items)
		}
	case diff.UpdateOutcome, diff.UpdateInfield:
		w.must(step, "PATCH", items+"/"+step.Target)
	case diff.DeleteOutcome, diff.DeleteInfield:
		w.must(step, "DELETE", items+"/"+step.Target)
	default:
		w.t.Fatalf("no write is known of %s", step.Action)
	}
}

// publish takes the publication of the version that the step names, or of the
// one that the agent's steps have made, whose number the plan can't know. Some
// platforms publish a new agent by themselves.
func (w *writeLog) publish(step diff.Step, configs string) {
	if step.To != nil {
		w.must(step, "POST", fmt.Sprintf("%s/%d/publish", configs, *step.To))
		return
	}
	if len(w.left) > 0 {
		number, isPublish := strings.CutSuffix(strings.TrimPrefix(w.left[0].Path, "/api/agents/"+configs+"/"), "/publish")
		if isPublish {
			w.must(step, "POST", configs+"/"+number+"/publish")
			return
		}
	}
	if w.agent.Status != diff.Create {
		w.t.Fatalf("%s: nothing was published, of the writes %v", step.ID, w.left)
	}
}

// wentWithCreate reports whether the step is the first outcome or infield of a
// new agent.
func (w *writeLog) wentWithCreate(step diff.Step) bool {
	first := slices.IndexFunc(w.agent.Steps, func(s diff.Step) bool { return s.Action == step.Action })
	return w.agent.Status == diff.Create && w.agent.Steps[first].ID == step.ID
}

// setRight takes what follows a rollback that has moved outcomes and infields.
func (w *writeLog) setRight() {
	for len(w.left) > 0 {
		below, ours := strings.CutPrefix(w.left[0].Path, "/api/agents/"+w.id+"/")
		section, _, _ := strings.Cut(below, "/")
		if !ours || section != spec.SectionOutcomes && section != spec.SectionInfields {
			return
		}
		w.left = w.left[1:]
	}
}
