package render

import (
	"bytes"
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
	p := newPrinter(w, opt)
	p.indent = "    "
	p.differences(reviewed, now)
	return p.flush()
}

// DifferencesMarkdown is what Differences says as one fence for a comment or a
// job summary, in at most Options.Budget bytes. Lines that do not fit are
// counted, and Options.Elsewhere is named for them.
func DifferencesMarkdown(reviewed, now *diff.Plan, opt Options) string {
	var text bytes.Buffer
	p := newFencePrinter(&text, opt.Verbose, textLimits)
	p.differences(reviewed, now)
	if err := p.flush(); err != nil {
		panic(err) // a buffer takes everything
	}
	return Fenced("diff", text.String(), budgetOf(opt), elsewhereOf(opt))
}

func (p *printer) differences(saved, now *diff.Plan) {
	p.fact("", "format_version", saved.FormatVersion, now.FormatVersion)
	p.fact("", "environment", saved.Environment, now.Environment)
	p.fact("", "base_url", saved.BaseURL, now.BaseURL)
	p.fact("", "base", saved.Base, now.Base)
	p.fact("", "targets", strings.Join(saved.Targets, ", "), strings.Join(now.Targets, ", "))
	p.fact("", "prune", yesNo(saved.Prune), yesNo(now.Prune))
	counted := onlyCounted(saved)
	before, after := agentsByName(saved), agentsByName(now)
	for _, name := range keysOfBoth(before, after) {
		p.agentDifferences(before[name], after[name], counted > 0)
	}
	p.refusalDifferences(refusalLines(saved), refusalLines(now))
	changed := p.lines > 0
	switch {
	case changed:
	case saved.Digest == now.Digest:
		p.line(span{plain, "No differences: the plan is as it was reviewed."})
		return
	case inShort(saved):
		p.line(span{plain, "The plan has changed, in what the kept form of the reviewed plan leaves out."})
		p.fact("  ", "digest", saved.Digest, now.Digest)
	default:
		p.line(span{plain, "The digests differ, and nothing that a plan shows does: was it made by another version of agentsync?"})
		p.fact("  ", "digest", saved.Digest, now.Digest)
	}
	if inShort(saved) {
		p.gap()
		p.line(span{faint, "The reviewed plan was kept in short: ‹…› stands for a longer value, by a digest of it."})
	}
	if counted > 0 {
		p.line(span{plain, fmt.Sprintf("Agents that were unchanged when reviewed were only counted, and are not compared: %d then, %d now.", counted, now.Summary.Unchanged)})
	}
}

func inShort(p *diff.Plan) bool { return p.FormatVersion != diff.FormatVersion }

// onlyCounted is how many unchanged agents a plan in short counts and does not
// name.
func onlyCounted(p *diff.Plan) int {
	if !inShort(p) {
		return 0
	}
	return p.Summary.Unchanged - tallyOf(p).unchanged
}

const factColumns = 18

// fact writes a one-line value where it differs.
func (p *printer) fact(indent, name, reviewed, now string) {
	if reviewed == now {
		return
	}
	p.line(span{plain, indent + pad(name, factColumns)}, span{faint, "reviewed "}, span{removed, orNone(reviewed)}, span{faint, ", now "}, span{added, orNone(now)})
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return escapeHidden(s)
}

func agentsByName(p *diff.Plan) map[string]*diff.AgentPlan {
	out := make(map[string]*diff.AgentPlan, len(p.Agents))
	for i := range p.Agents {
		out[p.Agents[i].Name] = &p.Agents[i]
	}
	return out
}

// keysOfBoth returns the keys of two maps, sorted.
func keysOfBoth[V any](a, b map[string]V) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b)))))
}

// agentDifferences writes one agent's differences under its name; none, nothing.
func (p *printer) agentDifferences(saved, now *diff.AgentPlan, maybeUnchanged bool) {
	switch {
	case saved == nil:
		p.gap()
		then := "was not in the reviewed plan"
		if maybeUnchanged {
			then += ", or unchanged in it"
		}
		p.line(span{strong, Escape(now.Name)}, span{plain, "   " + then + ", and is now: " + statusText(now)})
	case now == nil:
		p.gap()
		p.line(span{strong, Escape(saved.Name)}, span{plain, "   is not in the plan any more, and was reviewed as: " + statusText(saved)})
	default:
		p.under(func() { p.agentHead(now) }, func() { p.agentFacts(saved, now) })
	}
}

func (p *printer) agentHead(a *diff.AgentPlan) {
	header := []span{{strong, Escape(a.Name)}}
	if a.AgentName != "" || a.AgentID != "" {
		header = append(header, span{plain, "  " + quote(a.AgentName)}, span{faint, "  " + orNone(a.AgentID)})
	}
	p.gap()
	p.line(header...)
}

func (p *printer) agentFacts(saved, now *diff.AgentPlan) {
	p.fact("  ", "agent_name", saved.AgentName, now.AgentName)
	p.fact("  ", "agent_id", saved.AgentID, now.AgentID)
	p.fact("  ", "status", string(saved.Status), string(now.Status))
	p.stateDifference(saved, now)
	for _, section := range keysOfBoth(saved.Drift, now.Drift) {
		p.fact("  ", "drift of "+escapeHidden(section), string(saved.Drift[section]), string(now.Drift[section]))
	}
	p.fact("  ", "unfinished", yesNo(saved.Unfinished), yesNo(now.Unfinished))
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
	p.line(span{plain, "  "}, span{alert, text}, span{faint, fmt.Sprintf("  (fingerprint %s → %s)", shortDigest(saved.Fingerprint), shortDigest(now.Fingerprint))})
}

// shortDigest is enough of a digest to tell two apart.
func shortDigest(s string) string { return shorten(orNone(strings.TrimPrefix(s, "sha256:")), 13) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// stepDifferences compares two lists of steps by id.
func (p *printer) stepDifferences(saved, now []diff.Step) {
	before, after := stepsByID(saved), stepsByID(now)
	for i := range now {
		s := &now[i]
		if old := before[s.ID]; old != nil {
			p.stepDifference(old, s)
		} else {
			p.line(span{plain, "  "}, span{added, "+ " + stepName(s)}, span{plain, "   was not in the reviewed plan"})
		}
	}
	for i := range saved {
		if s := &saved[i]; after[s.ID] == nil {
			p.line(span{plain, "  "}, span{removed, "- " + stepName(s)}, span{plain, "   was reviewed, and is not in the plan now"})
		}
	}
	id := func(a, b diff.Step) bool { return a.ID == b.ID }
	if len(saved) == len(now) && len(keysOfBoth(before, after)) == len(now) && !slices.EqualFunc(saved, now, id) {
		p.line(span{plain, "  the steps come in another order"})
	}
}

func stepsByID(steps []diff.Step) map[string]*diff.Step {
	out := make(map[string]*diff.Step, len(steps))
	for i := range steps {
		out[steps[i].ID] = &steps[i]
	}
	return out
}

// stepName is a step as its line in a plan begins.
func stepName(s *diff.Step) string { return factsOf(s.Action).Noun + " " + target(s) }

// stepDifference compares one step of two plans, field by field.
func (p *printer) stepDifference(saved, now *diff.Step) {
	name := stepName(saved)
	renamed := name != stepName(now)
	head := func() { p.line(span{plain, "  "}, span{changed, "~ " + name}) }
	if renamed {
		p.line(span{plain, "  "}, span{changed, "~ " + name}, span{plain, "   is now " + stepName(now)})
		head = func() {}
	}
	p.under(head, func() {
		if !renamed {
			p.fact("    ", "action", string(saved.Action), string(now.Action))
			p.fact("    ", "target", saved.Target, now.Target)
			p.fact("    ", "from", versionText(saved.From), versionText(now.From))
			p.fact("    ", "to", versionText(saved.To), versionText(now.To))
		}
		p.fact("    ", "needs", strings.Join(saved.Needs, ", "), strings.Join(now.Needs, ", "))
		before, after := changesByPath(saved.Changes), changesByPath(now.Changes)
		for _, path := range keysOfBoth(before, after) {
			p.changeDifference(path, before[path], after[path])
		}
	})
}

func versionText(v *int) string {
	if v == nil {
		return ""
	}
	return version(v)
}

func changesByPath(changes []diff.Change) map[string]*diff.Change {
	out := make(map[string]*diff.Change, len(changes))
	for i := range changes {
		out[changes[i].Path] = &changes[i]
	}
	return out
}

// changeDifference says whether the platform's value, the wanted one or the
// whole change is another than was reviewed.
func (p *printer) changeDifference(path string, saved, now *diff.Change) {
	name := escapeHidden(path)
	switch {
	case saved == nil:
		p.line(span{plain, "    " + name + ": no change was reviewed, now "}, span{plain, brief(now.Before.Any()) + " → " + brief(now.After.Any())})
	case now == nil:
		p.line(span{plain, "    " + name + ": is no change any more, reviewed was "}, span{plain, brief(saved.Before.Any()) + " → " + brief(saved.After.Any())})
	default:
		p.valueDifference(name+", on the platform", diff.Change{Before: saved.Before, After: now.Before})
		p.valueDifference(name+", wanted", diff.Change{Before: saved.After, After: now.After, Source: now.Source})
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
func (p *printer) valueDifference(name string, c diff.Change) {
	if c.Before.Equal(c.After) {
		return
	}
	d := detail{}
	c.Path = name
	d.change(c, false)
	if len(d.blocks) == 0 {
		p.line(span{plain, "    " + name + ": "}, span{faint, "reviewed "}, span{removed, brief(c.Before.Any())}, span{faint, ", now "}, span{added, brief(c.After.Any())})
		return
	}
	p.line(span{plain, "    " + name + ": "}, span{removed, "- reviewed"}, span{plain, " "}, span{added, "+ now"})
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
		out[i] = escapeHidden(fmt.Sprintf("%s: %s: %s", r.Agent, r.Rule, r.Message))
	}
	return out
}
