package planfile

import (
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// TestDigest holds what a plan's digest covers (design section 4).
func TestDigest(t *testing.T) {
	plan := func() *diff.Plan {
		three, before := 3, value.Of("One.")
		return &diff.Plan{FormatVersion: "1", Targets: []string{"a"}, Shard: &diff.Shard{Index: 1, Of: 3}, Digest: "sha256:old", Warnings: []diff.Warning{{Message: "x"}}, Agents: []diff.AgentPlan{{
			Name: "a", Fingerprint: "sha256:f", Drift: map[string]diff.Class{"config": diff.Pending},
			Steps: []diff.Step{{ID: "a/publish", Action: diff.Publish, Target: "v3", To: &three, Needs: []string{},
				Changes: []diff.Change{{Path: "system_prompt", Before: before, Source: []spec.Segment{{Start: 1, File: "p.md", Line: 1}}}}}}}}}
	}
	was := Digest(plan())
	if !strings.HasPrefix(was, "sha256:") || len(was) != len("sha256:")+64 {
		t.Fatal(was)
	}
	for name, tt := range map[string]struct {
		change func(p *diff.Plan)
		same   bool
	}{
		"the digest itself": {func(p *diff.Plan) { p.Digest = "" }, true},
		"warnings":          {func(p *diff.Plan) { p.Warnings = nil }, true},
		"sources":           {func(p *diff.Plan) { p.Agents[0].Steps[0].Changes[0].Source = nil }, true},
		"a part's commit":   {func(p *diff.Plan) { p.Shard.Commit = strings.Repeat("b", 40) }, true},
		"a part":            {func(p *diff.Plan) { p.Shard.Index = 2 }, false},
		"the whole fleet":   {func(p *diff.Plan) { p.Shard = nil }, false},
		"what is wanted":    {func(p *diff.Plan) { p.Agents[0].Wanted = &diff.Wanted{} }, true},
		"targets":           {func(p *diff.Plan) { p.Targets = nil }, false},
		"no targets":        {func(p *diff.Plan) { p.Targets = []string{} }, false},
		"prune":             {func(p *diff.Plan) { p.Prune = true }, false},
		"a fingerprint":     {func(p *diff.Plan) { p.Agents[0].Fingerprint = "" }, false},
		"drift":             {func(p *diff.Plan) { p.Agents[0].Drift["config"] = diff.Drift }, false},
		"a value":           {func(p *diff.Plan) { p.Agents[0].Steps[0].Changes[0].After = value.Of("Two.") }, false},
		"a version":         {func(p *diff.Plan) { p.Agents[0].Steps[0].To = nil }, false},
		"a refusal":         {func(p *diff.Plan) { p.Refusals = []diff.Refusal{{Rule: "protect"}} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan()
			tt.change(p)
			if same := Digest(p) == was; same != tt.same {
				t.Errorf("the same: %v", same)
			}
		})
	}
	p := plan()
	if Digest(p); p.Agents[0].Steps[0].Changes[0].Source == nil || p.Digest == "" {
		t.Error("the plan was changed")
	}
}

// TestDigestOfWhole: agents that go into the digest one by one give that of the
// whole plan's canonical JSON.
func TestDigestOfWhole(t *testing.T) {
	agent := diff.AgentPlan{Name: "a", Drift: map[string]diff.Class{"config": diff.Pending},
		Steps: []diff.Step{{ID: "a/publish", Action: diff.Publish, Changes: []diff.Change{{Path: "system_prompt", After: value.Of("Say \"é\"\n<b>")}}}}}
	for _, agents := range [][]diff.AgentPlan{nil, {agent}, {agent, {Name: "b"}, {Name: "c", Status: diff.Unchanged}}} {
		p := &diff.Plan{FormatVersion: "1", Environment: "default", Prune: true, Agents: agents, Summary: diff.Summary{Steps: 1}}
		whole := *Bare(p)
		whole.Digest = ""
		if got, want := Digest(p), "sha256:"+canonical(&whole).Digest(); got != want {
			t.Errorf("%d agents: %s, want %s", len(agents), got, want)
		}
	}
}
