package diff_test

import (
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

func TestPullCommand(t *testing.T) {
	drift := map[string]diff.Class{"config": diff.Drift}
	agents := []diff.AgentPlan{
		{Name: "a", AgentID: "AGT_1", Drift: drift}, {Name: "b", AgentID: "AGT_2", Drift: map[string]diff.Class{"config": diff.Pending, "agent": diff.Both}},
		{Name: "pending", AgentID: "AGT_3", Drift: map[string]diff.Class{"config": diff.Pending}},
		{Name: "lost", Drift: drift}, {Name: "goes", AgentID: "AGT_4", Status: diff.Delete, Drift: drift},
		{Name: "unfinished", AgentID: "AGT_5", Unfinished: true, Drift: drift},
	}
	many := &diff.Plan{}
	for range 11 {
		many.Agents = append(many.Agents, agents[0])
	}
	for _, c := range []struct {
		plan  *diff.Plan
		names []string
		want  string
	}{
		{&diff.Plan{Environment: "default", Agents: agents}, nil, "agentsync pull a b unfinished"},
		{&diff.Plan{Environment: "staging", Agents: agents}, []string{"b"}, "agentsync pull --env staging b"},
		{&diff.Plan{Environment: "sandbox", Agents: agents}, []string{"a"}, "agentsync pull --sandbox a"},
		{&diff.Plan{Agents: agents}, []string{"pending"}, ""},
		{&diff.Plan{Agents: agents, Base: "abc"}, nil, ""},
		{many, nil, "agentsync pull --all"},
	} {
		if got := c.plan.PullCommand(c.names...); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.plan.Environment, c.names, got, c.want)
		}
	}
}

// What is taken is wanted: over the live config, a manifest with another version's
// config wants just that.
func TestTakeConfig(t *testing.T) {
	config := func(fields map[string]any) value.Value { return value.Of(fields) }
	live := config(map[string]any{"system_prompt": "New.", "agent_type": "b", "llm_config": map[string]any{"model": "m", "temperature": 1, "extra": 2}, "more": "x"})
	target := config(map[string]any{"system_prompt": "Old.", "starting_instructions": "Hi", "llm_config": map[string]any{"model": "m", "temperature": 0.5, "extra": 3}})
	want := spec.Agent{Name: "a", Config: value.NewPatch(map[string]any{
		"system_prompt": "Git's.", "notes": "n", "llm_config": map[string]any{"temperature": 0.2}, "guidelines": []any{"one"}})}
	got := diff.TakeConfig(want, live, target)
	if w := diff.Want(got, &diff.RemoteAgent{Current: &diff.Version{Content: live}}); !value.Equal(w.Config, target) {
		t.Errorf("wanted: %s\nwant:   %s", w.Config.JSON(), target.JSON())
	}
	if got.Config.Get("notes").Text() != "n" || got.Config.Has("guidelines") == false {
		t.Errorf("config %v", got.Config.Any())
	}
	if keys := got.Passthrough.Keys(); len(keys) != 2 || keys[0] != "llm_config" || keys[1] != "more" {
		t.Errorf("passthrough %v", got.Passthrough.Any())
	}
}
