package diff

import (
	"testing"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// TestUnmanagedItemsAreLeft holds that outcomes and infields which the manifest
// does not manage bring no steps, even where no manifest could say them: two of
// one name, and one without a name.
func TestUnmanagedItemsAreLeft(t *testing.T) {
	of := func(fields map[string]any) value.Value { return value.Of(fields) }
	r := &RemoteAgent{ID: "AGT_1", Fields: of(map[string]any{"agent_name": "Sales"}),
		Outcomes: []value.Value{of(map[string]any{"outcome_name": "a", "outcome_type": "TEXT"}), of(map[string]any{"outcome_name": "a", "outcome_type": "DATE"})},
		Infields: []value.Value{{}, of(map[string]any{"field_type": "TEXT"})}}
	in := Input{Policy: spec.DefaultPolicy(), Agents: []spec.Agent{{Name: "sales", AgentName: "Sales"}}, Memory: Memory{"sales": {AgentID: "AGT_1"}},
		Remote: Remote{Agents: map[string]*RemoteAgent{"sales": r}}}
	if plan, problems := Compute(in); len(problems) > 0 || len(plan.Agents[0].Steps) > 0 {
		t.Errorf("%v, steps %+v", problems, plan.Agents[0].Steps)
	}
	in.Agents[0].OutcomesManaged, in.Agents[0].InfieldsManaged = true, true
	if plan, _ := Compute(in); len(plan.Agents[0].Steps) == 0 {
		t.Error("managed, they bring none either")
	}
}

// TestWhose holds whose an agent is that import may not take.
func TestWhose(t *testing.T) {
	in := Input{Identity: Identity{Project: "ours", Environment: "default", Formerly: []string{"once"}}, Elsewhere: map[string]string{"AGT_2": "staging"}}
	line := func(p Provenance) *Version { return &Version{Notes: "x\n" + p.String()} }
	for name, c := range map[string]struct {
		id                   string
		live                 *Version
		project, environment string
		foreign              bool
	}{
		"nobody's":              {"AGT_1", &Version{Notes: "by hand"}, "", "", false},
		"nothing live":          {"AGT_1", nil, "", "", false},
		"ours":                  {"AGT_1", line(Provenance{Project: "ours", Environment: "default", Commit: NoCommit, Config: "0123456789ab"}), "", "", false},
		"ours, as it was":       {"AGT_1", line(Provenance{Project: "once", Environment: "default", Commit: NoCommit, Config: "0123456789ab"}), "", "", false},
		"another project's":     {"AGT_1", line(Provenance{Project: "theirs", Environment: "prod", Commit: NoCommit, Config: "0123456789ab"}), "theirs", "prod", true},
		"another environment's": {"AGT_1", line(Provenance{Project: "ours", Environment: "prod", Commit: NoCommit, Config: "0123456789ab"}), "ours", "prod", true},
		"so the lock says":      {"AGT_2", nil, "", "staging", true},
	} {
		project, environment, foreign := Whose(in, "", &RemoteAgent{ID: c.id, Current: c.live})
		if project != c.project || environment != c.environment || foreign != c.foreign {
			t.Errorf("%s: %q, %q, %v", name, project, environment, foreign)
		}
	}
}
