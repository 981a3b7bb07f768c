package engine

import (
	"slices"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
)

func projectOf(names ...string) *spec.Project {
	p := &spec.Project{}
	for _, name := range names {
		p.Agents = append(p.Agents, spec.Agent{Name: name})
	}
	return p
}

// A plan sees the agents that it is asked for; those of the lock without a
// manifest are orphans.
func TestNarrow(t *testing.T) {
	project, memory := projectOf("billing", "sales"), diff.Memory{"sales": {}, "old": {}}
	for _, c := range []struct {
		scope           Scope
		agents, orphans int
	}{
		{Scope{}, 2, 1},
		{Scope{Targets: []string{"sales"}}, 1, 0},
		{Scope{Targets: []string{"old", "sales"}}, 1, 1},
		{Scope{None: true}, 0, 0},
		{ScopeOf(&diff.Plan{}), 2, 1},
		{ScopeOf(&diff.Plan{Targets: []string{}}), 0, 0},
	} {
		in, err := narrow(project, memory, c.scope.targets(), nil)
		if err != nil || len(in.Agents) != c.agents || len(in.Orphans) != c.orphans || in.Known != 3 {
			t.Errorf("%+v: %d agents, %d orphans of %d, %v", c.scope, len(in.Agents), len(in.Orphans), in.Known, err)
		}
	}
	_, err := narrow(project, memory, []string{"sale"}, nil)
	if err == nil || err.Error() != "--target sale: no such agent" || HintOf(err) != `did you mean "sales"?` {
		t.Errorf("%v, hint %q", err, HintOf(err))
	}
}

// What can't be compared counts as changed, and so do the agents that a changed
// policy is about.
func TestChangedFrom(t *testing.T) {
	memory := diff.Memory{"sales": {AgentID: "AGT_1"}, "old": {AgentID: "AGT_2"}}
	with := func(change func(*spec.Project)) *spec.Project {
		p := projectOf("billing", "sales")
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		was  *spec.Project
		want []string
	}{
		"the same":       {with(func(*spec.Project) {}), []string{}},
		"a broken one":   {nil, []string{"billing", "old", "sales"}},
		"another server": {with(func(p *spec.Project) { p.Environment.BaseURL = "https://other.example.com" }), []string{"billing", "old", "sales"}},
		"prune":          {with(func(p *spec.Project) { p.Policy.Prune = true }), []string{"old"}},
		"adopt":          {with(func(p *spec.Project) { p.Policy.Adopt = "never" }), []string{"billing"}},
		"a new agent":    {projectOf("sales"), []string{"billing"}},
	} {
		if got := changedFrom(c.was, projectOf("billing", "sales"), memory); got == nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
