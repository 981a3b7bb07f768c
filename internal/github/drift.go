package github

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	api "github.com/google/go-github/v84/github"
)

// drift reports what was changed on the platform since the last apply. What
// only git has changed is pending, and no drift.
func (j *Job) drift(ctx context.Context) error {
	if err := j.checkTarget(); err != nil {
		return err
	}
	if err := j.load(ctx); err != nil {
		return err
	}
	planned, err := j.project.Plan(ctx, j.Inputs.Scope)
	if err != nil {
		j.failed("The platform was not compared", err)
		return err
	}
	defer planned.Close()
	p, lines := planned.Plan, planned.Drift()
	refused := j.showPlan(p)
	if refused != nil && engine.KindOf(refused) != engine.Refused {
		return refused
	}
	j.out.Lines(lines)
	if err := j.keepIssue(ctx, p, lines); err != nil {
		j.warn("the drift issue was not brought up to date", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(lines) == 0 {
		return refused
	}
	return engine.Errorf(engine.Drifted, "take it into the manifests, or apply with on-drift: overwrite",
		"the platform was changed since the last apply, in %s", render.Count(len(drifted(p)), "agent"))
}

// drifted are the agents with a section that the platform moved.
func drifted(p *diff.Plan) []diff.AgentPlan {
	return slices.DeleteFunc(slices.Clone(p.Agents), func(agent diff.AgentPlan) bool { return !hasDrift(agent) })
}

func hasDrift(agent diff.AgentPlan) bool {
	for _, class := range agent.Drift {
		if engine.Moved(class) {
			return true
		}
	}
	return false
}

const (
	driftLabel  = "agentsync-drift"
	driftMarker = "<!-- agentsync:drift -->" // the second line, below a plan's marker
	driftTitle  = "Voice agents were changed on the platform"
	issueLines  = 20_000 // bytes of the issue that drift's lines take
	issuePlan   = 36_000 // and what would be overwritten
)

// keepIssue keeps the one issue of this environment of this project: opened or
// reopened while there is drift, brought up to date when it is another,
// closed when it is gone.
func (j *Job) keepIssue(ctx context.Context, p *diff.Plan, lines []string) error {
	if j.Client == nil || j.Run.Event == "pull_request" {
		return nil
	}
	open, closed, err := j.findIssues(ctx)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return j.closeIssues(ctx, open, "The drift is gone: the platform is as the last apply left it, or as the manifests want it.")
	}
	body := j.issueBody(p, lines)
	title := j.issueTitle()
	switch {
	case len(open) > 0:
		one := open[len(open)-1] // the oldest
		if err := j.closeIssues(ctx, open[:len(open)-1], fmt.Sprintf("See #%d.", one.GetNumber())); err != nil {
			return err
		}
		if one.GetTitle() == title && withoutFoot(one.GetBody()) == withoutFoot(body) {
			return nil
		}
		return j.Client.EditIssue(ctx, one.GetNumber(), title, body, true)
	case len(closed) > 0:
		if err := j.Client.EditIssue(ctx, closed[0].GetNumber(), title, body, true); err != nil {
			return err
		}
		_, err := j.Client.CreateComment(ctx, closed[0].GetNumber(), "The drift is back.")
		return err
	}
	return j.Client.CreateIssue(ctx, title, body, driftLabel)
}

// findIssues returns this environment's issues of ours, newest first.
func (j *Job) findIssues(ctx context.Context) (open, closed []*api.Issue, err error) {
	me, err := j.Client.author(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := j.Client.Issues(ctx, driftLabel)
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(all, func(a, b *api.Issue) int { return b.GetNumber() - a.GetNumber() })
	for _, issue := range all {
		if !me.wrote(issue.User) || !j.isOurs(issue.GetBody()) {
			continue
		}
		if issue.GetState() == "open" {
			open = append(open, issue)
		} else {
			closed = append(closed, issue)
		}
	}
	return open, closed, nil
}

func (j *Job) isOurs(body string) bool {
	marker, ok := findMarker(body)
	_, rest, _ := strings.Cut(body, "\n")
	line, _, _ := strings.Cut(rest, "\n")
	return ok && strings.TrimSuffix(line, "\r") == driftMarker && marker.Environment == j.environment() && marker.Project == j.Folder
}

func (j *Job) closeIssues(ctx context.Context, issues []*api.Issue, why string) error {
	for _, issue := range issues {
		if _, err := j.Client.CreateComment(ctx, issue.GetNumber(), why); err != nil {
			return err
		}
		if err := j.Client.EditIssue(ctx, issue.GetNumber(), issue.GetTitle(), issue.GetBody(), false); err != nil {
			return err
		}
	}
	return nil
}

func (j *Job) issueTitle() string { return driftTitle + j.where("", j.environment(), render.Escape) }

func (j *Job) issueBody(p *diff.Plan, lines []string) string {
	marker := marker{Environment: p.Environment, FormatVersion: p.FormatVersion, Project: j.Folder}
	agents := drifted(p)
	overwritten := visible(onlyAgents(p, agents), issuePlan, inSummaryOrLog)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", marker, driftMarker)
	fmt.Fprintf(&b, "%s changed on the platform since the last apply%s:\n\n%s\n", agentsWere(len(agents)), j.title(p.Environment), fenced("text", strings.Join(lines, "\n"), issueLines))
	b.WriteString("**What to do:** take what is right into the manifests by a pull request. What is wrong is overwritten by the next reviewed plan, or by `apply` with `on-drift: overwrite`.\n\n")
	b.WriteString(folded("What an apply would overwrite", overwritten))
	if pending := pendingNames(p); pending != "" {
		b.WriteString("\nNo drift, but not applied yet: " + pending + ".\n")
	}
	fmt.Fprintf(&b, "\n%s\n<sub>%s</sub>\n", footBegin, j.foot("Found"))
	return b.String()
}

func withoutFoot(body string) string {
	body = strings.ReplaceAll(body, "\r\n", "\n")
	if at := strings.LastIndex(body, "\n"+footBegin); at >= 0 {
		body = body[:at]
	}
	return strings.TrimSpace(body)
}

func agentsWere(n int) string {
	if n == 1 {
		return "1 agent was"
	}
	return fmt.Sprintf("%d agents were", n)
}

// onlyAgents is the plan of some of its agents, to be shown.
func onlyAgents(p *diff.Plan, agents []diff.AgentPlan) *diff.Plan {
	out := *p
	out.Agents, out.Warnings, out.Refusals = agents, nil, nil
	out.Count()
	return &out
}

// pendingNames names agents whose changes are git's alone.
func pendingNames(p *diff.Plan) string {
	const most = 20
	var names []string
	for _, agent := range withSteps(p) {
		if !hasDrift(agent) {
			names = append(names, code(agent.Name))
		}
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}
