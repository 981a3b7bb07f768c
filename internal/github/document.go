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

// visible is what a plan says to people, in at most budget characters; as is
// render.Options.As.
func visible(p *diff.Plan, as string, budget int, elsewhere string) string {
	text, _ := render.Document(p, render.Options{As: as, Budget: budget, Characters: true, Elsewhere: elsewhere})
	return text
}

// document is a plan for a comment: what people read, and the plan itself, hidden.
func document(p *diff.Plan, as string, budget int, elsewhere string) string {
	hidden := hide(p, budget)
	return visible(p, as, budget-len(hidden)-len("\n\n"), elsewhere) + "\n" + hidden + "\n"
}

// stepsDigest is the digest of what a plan would do: of its agents that have
// steps, with what was seen of them on the platform. Two plans with the same
// one do the same, whatever became of the agents that neither touches.
func stepsDigest(p *diff.Plan) string { return digestOf(p, withSteps(p)...) }

// digestOf is the digest that the plan would have with these agents alone. Which
// others it was asked about plays no part: that depends on what other runs have
// applied by now, and on the part of the fleet.
func digestOf(p *diff.Plan, agents ...diff.AgentPlan) string {
	bare := *p
	bare.Summary = diff.Summary{}
	bare.Agents, bare.Targets, bare.Shard = agents, nil, nil
	return planfile.Digest(&bare)
}

func withSteps(p *diff.Plan) []diff.AgentPlan {
	return slices.DeleteFunc(slices.Clone(p.Agents), func(agent diff.AgentPlan) bool { return len(agent.Steps) == 0 })
}

// errorText is an error with its hint, as the log has it.
func errorText(err error, folder string) string {
	if problems, ok := errors.AsType[spec.Problems](err); ok {
		return inFolder(problems.Errors(), folder).Error()
	}
	text := err.Error()
	if hint := engine.HintOf(err); hint != "" {
		text += "\nhint: " + hint
	}
	return text
}

// inFolder names files from the repository's root.
func inFolder(problems spec.Problems, folder string) spec.Problems {
	return engine.Located(problems, strings.TrimPrefix(folder+"/", "/"))
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
	text += j.title()
	if verb == "Planned" {
		text += "; later commits that leave the plan as it is leave this comment as it is"
	}
	return text + "."
}

// cut12 is a commit as GitHub links it.
func cut12(sha string) string { return fmt.Sprintf("%.12s", sha) }

// code is s as inline code in Markdown, one line.
func code(s string) string { return render.Code(s, 300) }

// fenced puts text in a fence that it can't close, in at most limit bytes. It is a
// text that the log has too.
func fenced(kind, text string, limit int) string { return render.Fenced(kind, text, limit, inLog) }

// folded is a block that a click unfolds; the title is HTML.
func folded(title, body string) string {
	return "<details>\n<summary>" + title + "</summary>\n\n" + strings.TrimRight(body, "\n") + "\n\n</details>\n"
}

// cut shortens s to at most n bytes, on a rune's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return render.FirstBytes(s, n) + "…"
}
