package github

import (
	"context"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
)

// The values of Inputs.About.
const (
	AboutChange = "change"
	AboutAll    = "all"
)

// scope is what a plan or an apply is about: in a workflow, what the commit
// changes and what was left before it. r is the review that an apply goes by, nil
// for a plan.
func (j *Job) scope(r *review) engine.Scope {
	scope := j.Inputs.Scope
	scope.Keep = engine.KeepChanges
	if j.Inputs.About == AboutAll || !j.Run.InWorkflow {
		return scope
	}
	scope.Change = &engine.Change{Into: j.Run.Into, Before: j.Run.Before}
	if j.Client != nil && !j.Run.Token.IsZero() {
		scope.Change.Applied = j.lastApplied
	}
	if r != nil && r.plan != nil {
		for _, agent := range withSteps(r.plan) {
			scope.Change.Reviewed = append(scope.Change.Reviewed, agent.Name)
		}
	}
	return scope
}

// lastApplied returns the first of commits, newest first, whose pull request's
// comment says that it was applied at this address: that apply did what was left
// before it too, or it would not say so. It is "" where none does, and where
// GitHub can't be asked.
func (j *Job) lastApplied(ctx context.Context, commits []string, address string) string {
	seen := map[int]bool{}
	for _, commit := range commits {
		pull, err := j.pullOf(ctx, commit)
		if err == nil && pull != nil && !seen[pull.GetNumber()] {
			seen[pull.GetNumber()] = true
			var r *review
			r, err = j.readReview(ctx, pull, commit)
			if err == nil && r.note.status.State == applied && r.plan != nil && r.plan.BaseURL == address {
				return commit
			}
		}
		if err != nil {
			if ctx.Err() == nil {
				j.warn("what earlier runs have applied is not known", err)
			}
			return ""
		}
	}
	return ""
}

// tellScope says which agents a plan is about: on stderr, and as Markdown that
// stands above the plan in the summary and in the comment.
func (j *Job) tellScope(a *engine.About) {
	if a == nil {
		return
	}
	j.out.Lines(scopeLines(a, func(name string) string { return name }))
	for _, line := range scopeLines(a, code) {
		j.about += "> " + line + "\n"
	}
	if j.about != "" {
		j.about += "\n"
	}
}

// scopeLines are what there is to say of a plan's scope; show writes a name, and
// what git said.
func scopeLines(a *engine.About, show func(string) string) (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	const unsaid = "neither the lock file nor the comment of a merged pull request says"
	names := append([]string{}, a.Left[:min(len(a.Left), 10)]...)
	for i, name := range names {
		names[i] = show(name)
	}
	left := strings.Join(names, ", ")
	if more := len(a.Left) - len(names); more > 0 {
		left += fmt.Sprintf(" and %d more", more)
	}
	if a.Others > 0 {
		say("This plan is about %s. Of the project's other agents, %d, none is read or changed: the drift job looks after them.",
			render.Count(a.Planned, "agent"), a.Others)
	}
	switch {
	case a.Why != "":
		say("What this changes can't be told from git (%s), so every agent is planned of which %s that it is as its manifest wants it.", show(a.Why), unsaid)
	case left == "":
	case a.Unknown:
		say("Planned too, since %s that what was asked for earlier was applied: %s.", unsaid, left)
	default:
		say("Planned too, since an earlier merge asked for something and no run has applied it yet: %s.", left)
	}
	return lines
}
