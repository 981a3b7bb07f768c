package engine

import (
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
)

// A plan that nobody has reviewed overwrites what the platform changed only
// where the policy, or who asks, says so.
func TestCheckDrift(t *testing.T) {
	step := []diff.Step{{Action: diff.Publish}}
	for _, c := range []struct {
		class           diff.Class
		steps           []diff.Step
		policy, onDrift string
		refused         string
	}{
		{diff.Drift, step, "fail", "", "the platform was changed since the last apply, and this would overwrite it"},
		{diff.Both, step, "fail", "", "the platform was changed since the last apply, and this would overwrite it"},
		{diff.Drift, []diff.Step{{Action: diff.Adopt}}, "fail", "", "agentsync has never applied what it would adopt here, and this would overwrite it"},
		{diff.Drift, step, "overwrite", "fail", "the platform was changed since the last apply, and this would overwrite it"},
		{diff.Drift, step, "overwrite", "", ""},
		{diff.Drift, step, "fail", "overwrite", ""},
		{diff.Pending, step, "fail", "", ""},
		{diff.Drift, nil, "fail", "", ""},
	} {
		plan := &diff.Plan{Agents: []diff.AgentPlan{{Name: "sales", Drift: map[string]diff.Class{spec.SectionConfig: c.class}, Steps: c.steps}}}
		plan.Count()
		p := &Planned{Plan: plan, project: &Project{Project: &spec.Project{Policy: spec.Policy{OnDrift: c.policy}}}}
		err := p.CheckDrift(c.onDrift)
		if got := errText(err); got != c.refused || err != nil && KindOf(err) != Drifted {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
