package render

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/words"
)

// Differences says what a plan that was reviewed says other than the plan as it
// would be made now, for somebody who has to decide whether to review again: by
// agent, step and field, with the reviewed and the present value, and who moved:
// what the platform has, or what git wants. Two plans that say the same are one
// line. A reviewed plan of another format version is one that was kept in short:
// ‹…› stands for a long value there, agents may be missing, and what it can't
// tell is said. The error is w's.
func Differences(w io.Writer, reviewed, now *diff.Plan, opt Options) error {
	p := newPrinter(opt)
	p.indent = "    "
	p.differences(reviewed, now)
	_, err := p.WriteTo(w)
	return err
}

// DifferencesMarkdown is what Differences says as one fence for a comment or a
// job summary, in at most Options.Budget bytes: all of it where that fits. Lines
// that do not fit are counted, and Options.Elsewhere is named for them.
func DifferencesMarkdown(reviewed, now *diff.Plan, opt Options) string {
	text := func(show limits) string {
		p := newFencePrinter(opt.Verbose, show)
		p.rest = ", see " + elsewhereOf(opt)
		p.differences(reviewed, now)
		return p.String()
	}
	if all := fence("diff", text(noLimits)); len(all) <= budgetOf(opt) {
		return all
	}
	return Fenced("diff", text(textLimits), budgetOf(opt), elsewhereOf(opt))
}

func (p *printer) differences(saved, now *diff.Plan) {
	p.fact("format_version", saved.FormatVersion, now.FormatVersion)
	p.fact("environment", saved.Environment, now.Environment)
	p.fact("base_url", saved.BaseURL, now.BaseURL)
	p.fact("base", saved.Base, now.Base)
	p.fact("targets", saved.Targets, now.Targets)
	p.fact("prune", saved.Prune, now.Prune)
	p.fact("shard", partText(saved), partText(now))
	inShort, counted := saved.FormatVersion != diff.FormatVersion, 0
	if inShort { // unchanged agents may be counted alone
		counted = saved.Summary.Unchanged - tallyOf(saved).unchanged
	}
	name := func(a *diff.AgentPlan) string { return a.Name }
	inBoth(saved.Agents, now.Agents, name, func(_ string, before, after *diff.AgentPlan) {
		p.agentDifferences(before, after, counted > 0)
	})
	p.refusalDifferences(refusalLines(saved), refusalLines(now))
	if p.Len() == 0 {
		text := "The digests differ, and nothing that a plan shows does: was it made by another version of agentsync?"
		switch {
		case saved.Digest == now.Digest:
			p.say("No differences: the plan is as it was reviewed.")
			return
		case inShort:
			text = "The plan has changed, in what the kept form of the reviewed plan leaves out."
		}
		p.say(text)
		p.fact("  digest", saved.Digest, now.Digest)
	}
	if inShort {
		p.gap()
		p.line(span{faint, "The reviewed plan was kept in short: ‹…› stands for a longer value, by a digest of it."})
	}
	if counted > 0 {
		p.say(fmt.Sprintf("Agents that were unchanged when reviewed were only counted, and are not compared: %d then, %d now.",
			counted, now.Summary.Unchanged))
	}
}

const factColumns = 18

// fact writes a one-line value where it differs, under a name that begins with
// its indent.
func (p *printer) fact(name string, reviewed, now any) {
	before, after := factText(reviewed), factText(now)
	if before != after {
		bare := strings.TrimLeft(name, " ")
		p.moved(name[:len(name)-len(bare)]+pad(bare, factColumns), before, after)
	}
}

func (p *printer) moved(label, reviewed, now string) {
	p.line(span{plain, label}, span{faint, "reviewed "}, span{removed, reviewed}, span{faint, ", now "}, span{added, now},
		span{plain, besides(reviewed, now)})
}

func factText(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case *int:
		if v != nil {
			return version(v)
		}
		return "none"
	case []string:
		return factText(strings.Join(v, ", "))
	default:
		return cmp.Or(fmt.Sprint(v), "none")
	}
}

// inBoth calls do for each key of two lists, in order, with the items that have
// it: nil where a list has none.
func inBoth[T any](saved, now []T, key func(*T) string, do func(key string, before, after *T)) {
	items := map[string][2]*T{}
	for i, list := range [][]T{saved, now} {
		for k := range list {
			pair := items[key(&list[k])]
			pair[i] = &list[k]
			items[key(&list[k])] = pair
		}
	}
	for _, name := range slices.Sorted(maps.Keys(items)) {
		do(name, items[name][0], items[name][1])
	}
}

// agentDifferences writes one agent's differences under its name; none, nothing.
func (p *printer) agentDifferences(saved, now *diff.AgentPlan, maybeUnchanged bool) {
	switch {
	case saved == nil:
		p.gap()
		then := "   was not in the reviewed plan"
		if maybeUnchanged {
			then += ", or unchanged in it"
		}
		p.line(span{strong, Escape(now.Name)}, span{plain, then + ", and is now: " + statusText(now)})
	case now == nil:
		p.gap()
		p.line(span{strong, Escape(saved.Name)},
			span{plain, "   is not in the plan any more, and was reviewed as: " + statusText(saved)})
	default:
		p.under(func() {
			p.gap()
			p.line(title(now)...)
		}, func() { p.agentFacts(saved, now) })
	}
}

func (p *printer) agentFacts(saved, now *diff.AgentPlan) {
	p.fact("  agent_name", saved.AgentName, now.AgentName)
	p.fact("  agent_id", saved.AgentID, now.AgentID)
	p.fact("  status", saved.Status, now.Status)
	p.stateDifference(saved, now)
	both := map[string]diff.Class{}
	maps.Copy(both, saved.Drift)
	maps.Copy(both, now.Drift)
	for _, section := range slices.Sorted(maps.Keys(both)) {
		p.fact("  drift of "+section, saved.Drift[section], now.Drift[section])
	}
	p.fact("  unfinished", saved.Unfinished, now.Unfinished)
	p.stepDifferences(saved.Steps, now.Steps)
}

// stateDifference says that the platform's state is not the one that was seen.
func (p *printer) stateDifference(saved, now *diff.AgentPlan) {
	if saved.Fingerprint == now.Fingerprint {
		return
	}
	text := "remote state changed since the review"
	switch {
	case saved.Fingerprint == "":
		text = "the agent is on the platform now, and was not at the review"
	case now.Fingerprint == "":
		text = "the agent is not on the platform any more"
	case saved.Status == diff.Unchanged:
		text = "the agent was unchanged when reviewed; its remote state changed since"
	}
	before, after := shortDigest(saved.Fingerprint), shortDigest(now.Fingerprint)
	p.line(span{plain, "  "}, span{alert, text}, span{faint, "  (fingerprint " + before + " → " + after + ")"})
}

// shortDigest is enough of a digest to tell two apart.
func shortDigest(s string) string {
	return shorten(escapeHidden(factText(strings.TrimPrefix(s, "sha256:"))), 13)
}

// stepDifferences compares two lists of steps by id.
func (p *printer) stepDifferences(saved, now []diff.Step) {
	for i := range now {
		s := &now[i]
		if old := stepOf(saved, s.ID); old != nil {
			p.stepDifference(old, s)
		} else {
			p.line(span{plain, "  "}, span{added, "+ " + stepName(s)}, span{plain, "   was not in the reviewed plan"})
		}
	}
	same := len(saved) == len(now)
	for i := range saved {
		if s := &saved[i]; stepOf(now, s.ID) == nil {
			p.line(span{plain, "  "}, span{removed, "- " + stepName(s)}, span{plain, "   was reviewed, and is not in the plan now"})
			same = false
		}
	}
	if same && !slices.EqualFunc(saved, now, func(a, b diff.Step) bool { return a.ID == b.ID }) {
		p.say("  the steps come in another order")
	}
}

// stepOf returns the step with an id; nil where there is none.
func stepOf(steps []diff.Step, id string) *diff.Step {
	for i := range steps {
		if steps[i].ID == id {
			return &steps[i]
		}
	}
	return nil
}

// stepName is a step as its line in a plan begins.
func stepName(s *diff.Step) string { return factsOf(s.Action).Noun + " " + target(s) }

// stepDifference compares one step of two plans, field by field.
func (p *printer) stepDifference(saved, now *diff.Step) {
	name, present := span{changed, "~ " + stepName(saved)}, stepName(now)
	details := func() {
		p.fact("    needs", saved.Needs, now.Needs)
		inBoth(saved.Changes, now.Changes, func(c *diff.Change) string { return c.Path }, p.changeDifference)
	}
	if stepName(saved) != present {
		p.line(span{plain, "  "}, name, span{plain, "   is now " + present})
		details()
		return
	}
	p.under(func() { p.line(span{plain, "  "}, name) }, func() {
		p.fact("    action", saved.Action, now.Action)
		p.fact("    target", saved.Target, now.Target)
		p.fact("    from", saved.From, now.From)
		p.fact("    to", saved.To, now.To)
		details()
	})
}

// changeDifference says whether the platform's value, the wanted one or the
// whole change is another than was reviewed.
func (p *printer) changeDifference(path string, saved, now *diff.Change) {
	arrow := func(c *diff.Change) string { return brief(c.Before.Any()) + " → " + brief(c.After.Any()) }
	switch {
	case saved == nil:
		p.say("    " + path + ": no change was reviewed, now " + arrow(now))
	case now == nil:
		p.say("    " + path + ": is no change any more, reviewed was " + arrow(saved))
	default:
		p.valueDifference(diff.Change{Path: path + ", on the platform", Before: saved.Before, After: now.Before})
		p.valueDifference(diff.Change{Path: path + ", wanted", Before: saved.After, After: now.After, Source: now.Source})
	}
}

// brief is a value in a few words. ‹…› is what stands for a longer one, and
// needs no quotes; a value that only looks so does no harm without them.
func brief(v any) string {
	s, _ := v.(string)
	switch {
	case strings.HasPrefix(s, "‹") && strings.HasSuffix(s, "›"):
		return shorten(Escape(s), maxInline)
	case IsLong(v):
		return "text of " + Size(s)
	}
	return shorten(literal("", v), maxInline)
}

// valueDifference shows a value as reviewed (before) and as it is now (after):
// texts and lists line by line, the reviewed ones as removed.
func (p *printer) valueDifference(c diff.Change) {
	if c.Before.Equal(c.After) {
		return
	}
	d, label := detail{}, "    "+c.Path+": "
	d.change(c, false)
	if len(d.blocks) == 0 {
		p.moved(label, brief(c.Before.Any()), brief(c.After.Any()))
		return
	}
	p.line(span{plain, label}, span{removed, "- reviewed"}, span{plain, " "}, span{added, "+ now"})
	for _, b := range d.blocks {
		p.block(b)
	}
}

// refusalDifferences compares what policy refuses.
func (p *printer) refusalDifferences(saved, now []string) {
	hunks := words.Lines(saved, now)
	if len(hunks) > 0 {
		p.gap()
	}
	for _, h := range hunks {
		for _, s := range saved[h.Old.From:h.Old.To] {
			p.line(span{removed, "- refused when reviewed: "}, span{plain, s})
		}
		for _, s := range now[h.New.From:h.New.To] {
			p.line(span{added, "+ refused now: "}, span{plain, s})
		}
	}
}

func refusalLines(p *diff.Plan) []string {
	out := make([]string, len(p.Refusals))
	for i, r := range p.Refusals {
		out[i] = fmt.Sprintf("%s: %s: %s", r.Agent, r.Rule, r.Message)
	}
	return out
}
