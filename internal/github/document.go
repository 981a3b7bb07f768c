package github

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
)

// visible is what a plan says to people, in at most budget bytes.
func visible(p *diff.Plan, budget int, elsewhere string) string {
	var b strings.Builder
	if err := render.Markdown(&b, p, render.Options{Budget: budget, Elsewhere: elsewhere}); err != nil {
		panic(err) // a builder takes everything
	}
	return b.String()
}

// document is a plan for a comment, without its marker: what people read, and
// the plan itself, hidden.
func document(p *diff.Plan, budget int, elsewhere string) string {
	hidden := hide(p, budget)
	return visible(p, budget-len(hidden)-len("\n\n"), elsewhere) + "\n" + hidden + "\n"
}

// stepsDigest is the digest of what a plan would do: of its agents that have
// steps, with what was seen of them on the platform. Two plans with the same
// one do the same, whatever became of the agents that neither touches.
func stepsDigest(p *diff.Plan) string {
	bare := *p
	bare.Summary = diff.Summary{}
	bare.Agents = withSteps(p)
	return planfile.Digest(&bare)
}

func withSteps(p *diff.Plan) []diff.AgentPlan {
	out := append([]diff.AgentPlan{}, p.Agents...) // never nil, which has another digest
	return slices.DeleteFunc(out, func(agent diff.AgentPlan) bool { return len(agent.Steps) == 0 })
}

// planNote is the comment of a plan that stands for review, or why it doesn't.
func (j *Job) planNote(p *diff.Plan, s state) note {
	n := note{marker: markerOf(p, j.Folder), status: status{State: s}, foot: j.foot("Planned")}
	n.document = document(p, planBudget, inSummaryOrLog)
	if s == planned {
		n.status.Steps = stepsDigest(p)
		return n
	}
	n.marker.Digest = ""
	switch s {
	case planRefused:
		n.document = "**Policy forbids this plan: it can't be applied.**\n\n" + n.document
	case late:
		n.document = "**This plan was made after the merge: nobody has reviewed it, and no apply goes by it.**\n\n" + n.document
	}
	return n
}

// failedNote takes the place of a plan when planning failed.
func (j *Job) failedNote(environment string, err error) note {
	n := note{marker: marker{Environment: environment, FormatVersion: diff.FormatVersion, Project: j.Folder},
		status: status{State: planFailed}, foot: j.foot("Tried")}
	what := fenced("text", errorText(err, j.Folder), 10_000)
	n.told = fmt.Sprintf("### ❌ The plan failed%s\n\nThere is nothing to review: a plan that stood here before does not hold any more.\n\n%s", j.title(environment), what)
	return n
}

// errorText is an error with its hint, as the log has it.
func errorText(err error, folder string) string {
	var problems spec.Problems
	if errors.As(err, &problems) {
		return inFolder(problems.Errors(), folder).Error()
	}
	text := err.Error()
	if hint := engine.HintOf(err); hint != "" {
		text += "\nhint: " + hint
	}
	return text
}

// foot says of which commit a comment speaks, and where the run is.
func (j *Job) foot(verb string) string {
	text := verb
	sha := j.Run.SHA
	if j.Run.Pull != nil {
		sha = j.Run.Pull.HeadSHA
	}
	if sha != "" {
		text += " at " + cut12(sha)
	}
	if link := j.Run.Link(); link != "" {
		text += fmt.Sprintf(` in <a href="%s">this run</a>`, link)
	}
	if verb == "Planned" {
		text += "; later commits that leave the plan as it is leave this comment as it is"
	}
	return text + "."
}

// cut12 is a commit as GitHub links it.
func cut12(sha string) string { return fmt.Sprintf("%.12s", sha) }
