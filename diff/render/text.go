// Package render shows a plan, what differs between two, and the history of an
// agent: as text for a terminal or a log, and as Markdown for a pull request. It is the only place
// that knows colour and width, and what it prints is safe to print, whoever
// wrote the manifests.
package render

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
)

// Options say for whom something is rendered.
type Options struct {
	Color   bool // only the caller knows whether it is a terminal
	Width   int  // columns; 0 = no limit (a pipe)
	Verbose bool // everything: unchanged agents, whole texts, pending sections
	// Zone is the one of times in text, which says so; nil is UTC. Markdown of a plan,
	// which people in several zones read, has UTC.
	Zone *time.Location

	// Of a plan: as whom the platform is asked, such as "as dev…@example.com"; ""
	// where nobody says.
	As string
	// For Text alone: where an agent's changes are too long, all of them follow in
	// a group, which a GitHub runner's log folds.
	Groups bool

	// For Markdown alone.
	Budget     int    // bytes that the document may have; 0 = 60,000
	Characters bool   // Budget is in characters, as GitHub counts a comment's
	Elsewhere  string // where the whole plan is, as Markdown of at most 500 bytes; "" = "the job summary"
}

// Text writes a plan as design section 4 shows it: first which environment,
// address and account it is about, then each changed agent with its
// steps and the words that change, what was refused and warned of, and a count
// with the plan's digest at the end. A plan without steps says so
// instead, and one that was not compared with the platform says that.
//
// A line that is longer than Width (120 columns without one) shows only what
// changed in it and a little around; a text shows at most 200 changed lines.
// Verbose shows all, and so do Groups. The error is w's.
func Text(w io.Writer, p *diff.Plan, opt Options) error {
	pr := newPrinter(opt)
	tally := tallyOf(p)
	pr.address(p)
	pr.opening(p, tally)
	pr.agents(p)
	pr.remarks(p)
	if tally.steps > 0 {
		pr.gap()
		pr.closing(p, tally)
	}
	_, err := pr.WriteTo(w)
	return err
}

// closing writes the count, and the digest by which an apply can be told to do
// just this plan; on a line of its own where the count leaves no room for it.
func (p *printer) closing(plan *diff.Plan, t tally) {
	const label = "Plan: "
	count := []span{{strong, label}, {plain, t.String()}}
	switch digest := escapeHidden(plan.Digest); {
	case plan.Base != "" || digest == "": // nothing applies it
		p.line(count...)
	case p.opt.Width > 0 && columns(label+t.String()+" "+digest) > p.opt.Width:
		p.line(count...)
		p.line(span{faint, digest})
	default:
		p.line(append(count, span{plain, " "}, span{faint, digest})...)
	}
}

// address writes which platform, environment and account a plan is about, unless
// it was not compared with a platform, and which part of the fleet.
func (p *printer) address(plan *diff.Plan) {
	part := partText(plan)
	if plan.Base != "" && part == "" {
		return
	}
	spans := []span{{strong, cmp.Or(plan.Environment, "default")}}
	for _, more := range []string{plan.BaseURL, p.opt.As, part} {
		if more != "" {
			spans = append(spans, span{plain, "  " + more})
		}
	}
	p.line(spans...)
	p.gap()
}

// notAsked says that no agent was asked for, and so the platform was not asked.
func notAsked(plan *diff.Plan) bool {
	return plan.Targets != nil && len(plan.Agents) == 0 && (plan.Shard == nil || len(plan.Targets) == 0)
}

// partText says which part of a fleet a plan is of, "" for the whole.
func partText(plan *diff.Plan) string {
	if plan.Shard == nil {
		return ""
	}
	return "part " + plan.Shard.String()
}

// opening writes the line that says how little there is in a plan, where that is so.
func (p *printer) opening(plan *diff.Plan, t tally) {
	since := "hat the manifests change since " + shortCommit(plan.Base)
	offline := span{alert, "Not compared with the platform."}
	switch {
	case plan.Base != "" && t.steps == 0:
		p.line(offline, span{plain, " W" + since + " asks for no step. " + matching(t.unchanged)})
	case plan.Base != "":
		p.line(offline, span{plain, " This is w" + since + "."})
	case notAsked(plan):
		p.line(span{strong, "Nothing to plan."}, span{plain, " The platform was not asked."})
	case t.steps == 0:
		p.line(span{strong, "No changes."}, span{plain, " " + matching(t.unchanged)})
	}
}

// shortCommit is a commit as people read it.
func shortCommit(id string) string { return escapeHidden(id[:min(12, len(id))]) }

// agents writes the agents with steps as blocks, and the others a line each.
func (p *printer) agents(plan *diff.Plan) {
	block := false
	for i := range plan.Agents {
		a := &plan.Agents[i]
		if a.Status == diff.Unchanged && len(a.Steps) == 0 && !a.Unfinished && !p.opt.Verbose {
			continue
		}
		if block || len(a.Steps) > 0 || i == 0 {
			p.gap()
		}
		p.header(a)
		p.drift(a)
		p.pullHint(plan, a)
		details := describe(a.Steps)
		p.cut = false
		p.steps(a.Steps, details)
		if p.cut && p.opt.Groups {
			p.group(a, details)
		}
		block = len(a.Steps) > 0
	}
}

// group writes all that changes in an agent in a group. A runner takes a % in its
// name for the start of an escape.
func (p *printer) group(a *diff.AgentPlan, details []detail) {
	all := newPrinter(Options{Color: p.opt.Color, Width: p.opt.Width, Verbose: true})
	all.steps(a.Steps, details)
	fmt.Fprintf(p, "::group::%s: all that changes\n%s::endgroup::\n", strings.ReplaceAll(Escape(a.Name), "%", "%25"), all.String())
}

var statusStyles = map[diff.Status]style{diff.Create: added, diff.Update: changed, diff.Orphan: changed,
	diff.Delete: removed, diff.Unchanged: faint}

// header writes the line that an agent's block starts with.
func (p *printer) header(a *diff.AgentPlan) {
	rest := ""
	if a.Status == diff.Orphan {
		rest = ": its manifest is gone; not deleted (--prune deletes it)"
	}
	p.line(append(title(a), span{plain, "   "}, span{statusStyles[a.Status], string(a.Status)}, span{plain, rest})...)
}

// title is an agent's name, with its title and id on the platform.
func title(a *diff.AgentPlan) []span {
	spans := []span{{strong, Escape(a.Name)}}
	if a.AgentName != "" {
		spans = append(spans, span{plain, "  " + quote(a.AgentName)})
	}
	if a.AgentID != "" {
		spans = append(spans, span{faint, "  " + a.AgentID})
	}
	return spans
}

// drift says who moved, sections of one class in one line. What is pending is
// the normal case, so only Verbose has it.
func (p *printer) drift(a *diff.AgentPlan) {
	warn := func(text string) { p.line(span{plain, "  "}, span{alert, text}) }
	if a.Unfinished {
		warn("unfinished apply: an earlier apply of this agent did not end")
	}
	drift := "drift: %s changed on the platform since the last apply"
	if adopts(a) {
		drift = "drift: %s differs from the manifest, and agentsync never applied it: adopting would overwrite it"
	}
	for _, c := range []struct {
		class diff.Class
		form  string
	}{
		{diff.Drift, drift},
		{diff.Both, "drift: %s changed in git and on the platform since the last apply"},
		{diff.Unknown, "drift unknown: nothing remembers the last apply of %s"},
		{diff.Pending, "pending: %s changed in git since the last apply"},
	} {
		names := sections(a.Drift, c.class)
		for i, name := range names {
			if touch := a.Touched[name].In(zone(p.opt)); c.class.Moved() && touch != "" {
				names[i] += " (" + strings.TrimSpace(touch) + ")"
			}
		}
		if len(names) == 0 || c.class == diff.Pending && !p.opt.Verbose {
			continue
		}
		warn(fmt.Sprintf(c.form, strings.Join(names, ", ")))
		if c.class == diff.Unknown {
			p.line(span{plain, "  "}, span{faint, "hint: " + unknownHint})
		}
	}
}

// unknownHint says how to find out who changed what nothing remembers.
const unknownHint = "an apply overwrites it, whoever changed it; a committed lock file, or the whole history (fetch-depth: 0), would tell"

// pullHint names the command that takes what the platform changed into the files.
func (p *printer) pullHint(plan *diff.Plan, a *diff.AgentPlan) {
	if command := plan.PullCommand(a.Name); command != "" {
		p.line(span{plain, "  "}, span{faint, "hint: " + Escape(command) + " takes it into the files"})
	}
}

// adopts says whether the agent is one that agentsync has not made.
func adopts(a *diff.AgentPlan) bool {
	return len(a.Steps) > 0 && a.Steps[0].Action == diff.Adopt
}

// sectionOrder is the order of the sections in a manifest.
var sectionOrder = []string{spec.SectionAgent, spec.SectionConfig, spec.SectionOutcomes, spec.SectionInfields}

// sections returns the names of the sections of one class, in the order of a
// manifest, unknown ones last.
func sections(drift map[string]diff.Class, class diff.Class) []string {
	var names []string
	for _, name := range slices.Concat(sectionOrder, slices.Sorted(maps.Keys(drift))) {
		if shown := escapeHidden(name); drift[name] == class && !slices.Contains(names, shown) {
			names = append(names, shown)
		}
	}
	return names
}

// remarks writes what policy refuses and what is worth a warning.
func (p *printer) remarks(plan *diff.Plan) {
	if len(plan.Refusals)+len(plan.Warnings) > 0 {
		p.gap()
	}
	for _, r := range plan.Refusals {
		p.remark(removed, "refused ("+r.Rule+"): ", r.Agent, r.Message, r.Hint)
	}
	for _, w := range plan.Warnings {
		p.remark(alert, "warning: ", w.Agent, w.Message, w.Hint)
	}
}

func (p *printer) remark(s style, label, agent, message, hint string) {
	if agent != "" {
		agent += ": "
	}
	p.line(span{s, label}, span{plain, agent + message})
	if hint != "" {
		p.line(span{faint, "  hint: " + hint})
	}
}
