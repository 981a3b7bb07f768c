package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	api "github.com/google/go-github/v84/github"
)

const (
	driftLabel  = "agentsync-drift"
	driftMarker = "<!-- agentsync:drift -->" // the second line, below a plan's marker
	issueLines  = 20_000                     // bytes of the issue that drift's lines take
	issueRest   = 3_000                      // characters for what follows the plan in it

	driftGone = "The drift is gone: the platform is as the last apply left it, or as the manifests want it."
)

// drift reports what was changed on the platform since the last apply.
func (j *Job) drift(ctx context.Context) error {
	if err := j.load(ctx); err != nil {
		return err
	}
	planned, err := j.project.Plan(ctx, j.Inputs.Scope)
	if err != nil {
		j.failed("❌ The platform was not compared", err)
		return err
	}
	defer planned.Close()
	p, lines, unknown := planned.Plan, planned.Drift(), append(planned.Unknown(), planned.Unfound()...)
	if err := j.showPlan(p); err != nil {
		return err
	}
	j.out.Lines(lines)
	j.out.Lines(unknown)
	number := j.tellDrift(ctx, planned, lines, unknown)
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case len(lines) == 0 && len(unknown) > 0:
		return engine.Errorf(engine.Drifted, engine.MendUnknown,
			"whether the platform was changed since the last apply can't be told, in %s", render.Count(len(unknown), "agent"))
	case len(lines) == 0:
		return engine.Refusal(p)
	}
	way := engine.PullHint(p)
	if number != 0 {
		way = fmt.Sprintf("merge #%d, which takes it into the manifests", number)
	}
	return engine.Errorf(engine.Drifted, way+", or apply with scope: all and on-drift: overwrite",
		"the platform was changed since the last apply, in %s", render.Count(len(drifted(p)), "agent"))
}

// tellDrift keeps what stands on GitHub about drift, and returns the number of the
// pull request that takes it, 0 for none. What fails is told.
func (j *Job) tellDrift(ctx context.Context, planned *engine.Planned, lines, unknown []string) (number int) {
	current, err := j.isCurrent(ctx)
	if err == nil && current && (len(lines) > 0 || len(unknown) == 0) { // else nobody can tell
		if j.Inputs.PullRequest {
			number = j.keepPull(ctx, planned, lines, unknown)
		}
		err = j.keepIssue(ctx, planned.Plan, lines, unknown, number)
	}
	if err != nil {
		j.warn("the drift issue was not brought up to date", err)
	}
	return number
}

// drifted are the agents with a section that the platform moved.
func drifted(p *diff.Plan) []diff.AgentPlan {
	return slices.DeleteFunc(slices.Clone(p.Agents), func(agent diff.AgentPlan) bool { return !hasDrift(agent) })
}

func hasDrift(agent diff.AgentPlan) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(agent.Drift)), engine.Moved)
}

// issueMarker is that of the drift issue: it belongs to its branch, since each
// branch has manifests of its own.
func (j *Job) issueMarker() marker {
	m := j.marker()
	m.Branch = markerName(j.Run.Branch())
	if s := j.Inputs.Scope.Shard; s != nil {
		m.Shard = s.String()
	}
	return m
}

// isCurrent says whether the run speaks for its branch. A tag, and the merge that a
// pull request or a queue tries out, have no issue; an old run that is run again
// knows nothing of what the branch wants now.
func (j *Job) isCurrent(ctx context.Context) (bool, error) {
	if j.Client == nil || j.Run.aboutPull() || j.Run.Event == "merge_group" {
		return false, nil
	}
	if j.Run.Branch() == "" {
		j.annotate("notice", "no issue: it belongs to a branch, and this run is on none")
		return false, nil
	}
	head, err := j.Client.BranchHead(ctx, j.Run.Branch())
	if err == nil && head != j.Run.SHA {
		j.annotate("notice", fmt.Sprintf("the drift issue stays as it is: %s is at %s by now, and this run is of %s",
			j.Run.Branch(), cut12(head), cut12(j.Run.SHA)))
	}
	return head == j.Run.SHA, err
}

// keepIssue keeps the one issue of this environment of this project on this
// branch: open and up to date while there is drift, closed when it is gone or when
// the pull request number says all of it.
func (j *Job) keepIssue(ctx context.Context, p *diff.Plan, lines, unknown []string, number int) error {
	ours, err := j.findIssues(ctx)
	if err != nil {
		return err
	}
	open := slices.DeleteFunc(slices.Clone(ours), func(one *api.Issue) bool { return one.GetState() != "open" })
	if len(lines) == 0 {
		return j.closeIssues(ctx, open, driftGone)
	}
	if number != 0 {
		return j.closeIssues(ctx, open, fmt.Sprintf("See #%d, which takes into the files what can be taken.", number))
	}
	title := "Voice agents were changed on the platform" + j.where("", j.environment(), render.Escape) + " (branch " + render.Escape(j.Run.Branch()) + j.partOf(", ") + ")"
	body := j.issueBody(p, append(lines, unknown...))
	if len(ours) == 0 {
		return j.Client.SaveIssue(ctx, 0, api.IssueRequest{Title: &title, Body: &body, Labels: &[]string{driftLabel}})
	}
	one := ours[0]
	if len(open) > 0 {
		one = open[len(open)-1] // the oldest
		if err := j.closeIssues(ctx, open[:len(open)-1], fmt.Sprintf("See #%d.", one.GetNumber())); err != nil {
			return err
		}
		if one.GetTitle() == title && withoutFoot(one.GetBody()) == withoutFoot(body) {
			return nil
		}
	}
	err = j.Client.SaveIssue(ctx, one.GetNumber(), api.IssueRequest{Title: &title, Body: &body, State: new("open")})
	if err != nil || len(open) > 0 {
		return err
	}
	return j.say(ctx, one.GetNumber(), "The drift is back.")
}

// say adds a comment to an issue or pull request, which is the less important part:
// one that is locked takes none.
func (j *Job) say(ctx context.Context, number int, text string) error {
	_, err := j.Client.CreateComment(ctx, number, text)
	if refusal, ok := errors.AsType[*apiError](err); ok && refusal.locked {
		return nil
	}
	return err
}

// isOurs says whether a text begins with the marker of this environment of this
// project on this branch, and this second line.
func (j *Job) isOurs(body, second string) bool {
	lines := strings.SplitN(strings.ReplaceAll(body, "\r\n", "\n")+"\n", "\n", 3)
	marker, ok := findMarker(lines[0])
	return ok && lines[1] == second && marker.sameKey(j.issueMarker())
}

// findIssues returns those of this environment of this project on this branch,
// the latest first.
func (j *Job) findIssues(ctx context.Context) ([]*api.Issue, error) {
	me, err := j.Client.author(ctx)
	if err != nil {
		return nil, err
	}
	all, err := j.Client.Issues(ctx, driftLabel)
	slices.SortFunc(all, func(a, b *api.Issue) int { return cmp.Compare(b.GetNumber(), a.GetNumber()) })
	return slices.DeleteFunc(all, func(one *api.Issue) bool {
		return !j.isOurs(one.GetBody(), driftMarker) || !wrote(me, one.User) || one.IsPullRequest()
	}), err
}

func (j *Job) closeIssues(ctx context.Context, issues []*api.Issue, why string) error {
	for _, issue := range issues {
		if err := j.say(ctx, issue.GetNumber(), why); err != nil {
			return err
		}
		if err := j.Client.SaveIssue(ctx, issue.GetNumber(), api.IssueRequest{State: new("closed")}); err != nil {
			return err
		}
	}
	return nil
}

func (j *Job) issueBody(p *diff.Plan, lines []string) string {
	agents := drifted(p)
	were := "were"
	if len(agents) == 1 {
		were = "was"
	}
	only := *p // what is to be shown of it
	only.Agents, only.Warnings, only.Refusals = agents, nil, nil
	only.Count()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", j.issueMarker(), driftMarker)
	fmt.Fprintf(&b, "%s %s changed on the platform since the last apply of %s%s:\n\n%s\n",
		render.Count(len(agents), "agent"), were, code(j.Run.Branch()), j.partOf(", ")+j.title(), fenced("text", strings.Join(lines, "\n"), issueLines))
	b.WriteString("**What to do:** take what is right into the manifests by a pull request")
	if command := p.PullCommand(); command != "" {
		b.WriteString(": " + code(command) + " writes it into the files")
	}
	b.WriteString(". What is wrong is overwritten by a plan with `scope: all` that is reviewed, or by `apply` with `scope: all`, `require-reviewed-plan: false` and `on-drift: overwrite`.\n\n")
	b.WriteString(folded("What an apply would overwrite", visible(&only, j.out.As, bodyLimit-issueRest-utf8.RuneCountInString(b.String()), j.whole)))
	notPending := func(agent diff.AgentPlan) bool { return hasDrift(agent) || engine.IsUnknown(agent) }
	if pending := slices.DeleteFunc(withSteps(p), notPending); len(pending) > 0 { // git's changes alone
		var names []string
		for _, agent := range pending[:min(20, len(pending))] {
			names = append(names, code(agent.Name))
		}
		if more := len(pending) - len(names); more > 0 {
			names = append(names, fmt.Sprintf("%d more", more))
		}
		b.WriteString("\nNo drift, but not applied yet: " + strings.Join(names, ", ") + ".\n")
	}
	return b.String() + footer(j.foot("Found"))
}

func withoutFoot(body string) string {
	text, _, _ := cutLast(strings.ReplaceAll(body, "\r\n", "\n"), "\n"+footBegin)
	return strings.TrimSpace(text)
}
