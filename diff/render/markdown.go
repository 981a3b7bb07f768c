package render

import (
	"cmp"
	"io"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff"
)

// GitHub takes 65,536 characters in a comment. The default leaves some of them
// to the caller, who may add lines of his own.
const (
	defaultBudget = 60000
	minBudget     = 2000
	noteRoom      = 400 // kept back for the note on what is cut, beside Elsewhere
)

// Markdown writes a plan for a pull request's comment or a job summary, in at
// most Options.Budget bytes (60,000 for 0; less than 2,000 counts as 2,000):
//
//   - a heading with the environment, the address, Options.As and the counts; for
//     a plan with a base that it was not compared with the platform;
//   - what hurts: refusals, deletions, drift; then warnings. These lists are
//     bounded;
//   - each agent with steps in a folded block, its changes in a diff fence, and
//     the others that have something to say in a line.
//
// When that is too much, agents show less: hunks with less around them, then
// step lines, then one line, then their names, and at last they are only
// counted; a note says so, and that Options.Elsewhere has the whole. All agents
// go down together, and what room is left goes to those that hurt, then to the
// first. No text is cut inside a character, and no fence stays open.
//
// What manifests and platform hold stays inside code, where GitHub reads
// neither HTML, Markdown nor mentions. Color and Width are not used. The error
// is w's.
func Markdown(w io.Writer, p *diff.Plan, opt Options) error {
	text, _ := Document(p, opt)
	_, err := io.WriteString(w, text)
	return err
}

// Document is what Markdown writes. whole says that all of the plan is in it:
// then nobody needs to look elsewhere.
func Document(p *diff.Plan, opt Options) (text string, whole bool) {
	m := &markdown{plan: p, as: opt.As, verbose: opt.Verbose, elsewhere: elsewhereOf(opt), tally: tallyOf(p), size: sizeIn(opt)}
	text = m.heading()
	alerts, cut := m.alerts((budgetOf(opt) - m.size(text)) / 3)
	m.alertsCut = cut
	text += alerts
	agents, whole := m.agents(budgetOf(opt) - m.size(text))
	return text + agents, whole
}

// sizeIn counts what Options.Budget is in.
func sizeIn(opt Options) func(string) int {
	if opt.Characters {
		return utf8.RuneCountInString
	}
	return func(s string) int { return len(s) }
}

func budgetOf(opt Options) int { return max(cmp.Or(opt.Budget, defaultBudget), minBudget) }

func elsewhereOf(opt Options) string { return cmp.Or(opt.Elsewhere, "the job summary") }

type markdown struct {
	plan      *diff.Plan
	as        string
	verbose   bool
	elsewhere string
	tally     tally
	size      func(string) int // of a text, in what the budget is in
	alertsCut bool             // refusals or warnings are shortened or left out
}

// heading says what the plan is of, what it comes to, and what it was not
// compared with.
func (m *markdown) heading() string {
	p, t := m.plan, m.tally
	title := "### agentsync plan for " + Code(cmp.Or(p.Environment, "default"), 40)
	if part := partText(p); part != "" {
		title += ", " + part
	}
	counts, text := t.agentCounts(), t.stepCounts()
	base := Code(shortCommit(p.Base), 40)
	switch {
	case p.Base != "":
		title += ", not compared with the platform"
	case p.BaseURL != "":
		title += " at " + Code(p.BaseURL, 100)
		if m.as != "" {
			title += " (" + Code(m.as, 100) + ")"
		}
	}
	switch {
	case p.Base != "" && t.steps == 0:
		counts = "no difference in the manifests"
		text = "The manifests do not differ from " + base + "; the platform was not looked at."
	case p.Base != "":
		text += "\n\nThis compares the manifests with those of commit " + base + " alone. " +
			"The platform was not looked at: what it has now, and drift, are not in here."
	case notAsked(p):
		counts, text = "nothing to plan", "The platform was not asked."
	case t.steps == 0:
		counts, text = "no changes", "No changes. "+matching(t.unchanged)
	}
	if len(p.Refusals) > 0 {
		counts = "refused, " + counts
	}
	return title + ": " + counts + "\n\n" + text + "\n"
}
