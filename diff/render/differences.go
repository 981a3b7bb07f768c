package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Differences tells what a plan that was reviewed says other than the plan as
// it would be made now, for somebody who has to decide whether to review
// again: by agent, step and field, with the reviewed and the present value,
// and who moved: what the platform has, or what git wants. Two plans that say
// the same give one line. Beside an abridged plan (see ParseReviewed) long
// values show as their size and a digest, and what the abridged plan cannot
// tell is said. The error is w's.
func Differences(w io.Writer, reviewed, now *diff.Plan, opt Options) error {
	p := newPrinter(w, opt)
	p.indent = "    "
	p.differences(reviewed, now)
	return p.flush()
}

func (p *printer) differences(saved, now *diff.Plan) {
	now = AbridgeAs(now, saved)
	p.short = abridgement(saved.FormatVersion)
	p.fact("", "format_version", saved.FormatVersion, now.FormatVersion)
	p.fact("", "environment", saved.Environment, now.Environment)
	p.fact("", "base_url", saved.BaseURL, now.BaseURL)
	p.fact("", "base", saved.Base, now.Base)
	p.fact("", "targets", strings.Join(saved.Targets, ", "), strings.Join(now.Targets, ", "))
	p.fact("", "prune", yesNo(saved.Prune), yesNo(now.Prune))
	before, after := agentsByName(saved), agentsByName(now)
	for _, name := range value.SortedKeys(union(before, after)) {
		p.agentDifferences(before[name], after[name])
	}
	p.remarkDifferences(refusalLines(saved), refusalLines(now))
	p.inShort(saved, now)
	switch {
	case p.lines > 0:
	case saved.Digest != now.Digest:
		p.line(span{plain, "The digests differ, and nothing that a plan shows does: was it made by another version of agentsync?"})
		p.fact("  ", "digest", saved.Digest, now.Digest)
	default:
		p.line(span{plain, "No differences: the plan is as it was reviewed."})
	}
}

// inShort says what an abridged plan leaves open.
func (p *printer) inShort(saved, now *diff.Plan) {
	if p.short == unabridged || saved.Digest == now.Digest && p.lines == 0 {
		return
	}
	if p.lines == 0 {
		p.line(span{plain, "The plan has changed, in what the kept form of the reviewed plan leaves out."})
		p.fact("  ", "digest", saved.Digest, now.Digest)
	}
	p.gap()
	p.line(span{faint, "The reviewed plan was kept in short: ‹…› stands for a longer value, by a digest of it."})
	if p.short == shortest {
		p.line(span{plain, fmt.Sprintf("Agents that were unchanged when reviewed were only counted, and are not compared: %d then, %d now.", saved.Summary.Unchanged, now.Summary.Unchanged)})
	}
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

func union[V any](a, b map[string]V) map[string]bool {
	out := make(map[string]bool, len(a))
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}

// agentDifferences writes one agent's differences under its name; none, nothing.
func (p *printer) agentDifferences(saved, now *diff.AgentPlan) {
	switch {
	case saved == nil:
		p.gap()
		then := "was not in the reviewed plan"
		if p.short == shortest {
			then += ", or unchanged in it"
		}
		p.line(span{strong, Escape(now.Name)}, span{plain, "   " + then + ", and is now: " + statusText(now)})
		return
	case now == nil:
		p.gap()
		p.line(span{strong, Escape(saved.Name)}, span{plain, "   is not in the plan any more, and was reviewed as: " + statusText(saved)})
		return
	case value.Equal(value.Of(agentValue(saved)), value.Of(agentValue(now))):
		return
	}
	p.gap()
	header := []span{{strong, Escape(now.Name)}}
	if now.AgentName != "" || now.AgentID != "" {
		header = append(header, span{plain, "  " + quote(now.AgentName)}, span{faint, "  " + orNone(now.AgentID)})
	}
	p.line(header...)
	p.fact("  ", "agent_name", saved.AgentName, now.AgentName)
	p.fact("  ", "agent_id", saved.AgentID, now.AgentID)
	p.fact("  ", "status", string(saved.Status), string(now.Status))
	p.stateDifference(saved, now)
	for _, section := range value.SortedKeys(union(saved.Drift, now.Drift)) {
		p.fact("  ", "drift of "+escapeHidden(section), string(saved.Drift[section]), string(now.Drift[section]))
	}
	p.fact("  ", "unfinished", yesNo(saved.Unfinished), yesNo(now.Unfinished))
	p.stepDifferences(saved.Steps, now.Steps)
}

// agentValue is an agent's plan as a value, without what is for readers alone.
func agentValue(a *diff.AgentPlan) map[string]any {
	drift := map[string]any{}
	for section, class := range a.Drift {
		drift[section] = string(class)
	}
	steps := make([]any, len(a.Steps))
	for i := range a.Steps {
		steps[i] = stepValue(&a.Steps[i])
	}
	return map[string]any{"agent_name": a.AgentName, "agent_id": a.AgentID, "status": string(a.Status),
		"drift": drift, "unfinished": a.Unfinished, "fingerprint": a.Fingerprint, "steps": steps}
}

func stepValue(s *diff.Step) map[string]any {
	changes := make([]any, len(s.Changes))
	for i, c := range s.Changes {
		changes[i] = []any{c.Path, c.Before, c.After}
	}
	return map[string]any{"id": s.ID, "action": string(s.Action), "target": s.Target, "needs": s.Needs,
		"from": versionText(s.From), "to": versionText(s.To), "changes": changes}
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
func shortDigest(s string) string {
	s = strings.TrimPrefix(s, "sha256:")
	if s == "" {
		return "none"
	}
	return shorten(escapeHidden(s), 13)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// stepDifferences compares two lists of steps by id.
func (p *printer) stepDifferences(saved, now []diff.Step) {
	reviewed := map[string]*diff.Step{}
	for i := range saved {
		reviewed[saved[i].ID] = &saved[i]
	}
	present := map[string]bool{}
	for i := range now {
		s := &now[i]
		present[s.ID] = true
		if old := reviewed[s.ID]; old != nil {
			p.stepDifference(old, s)
		} else {
			p.line(span{plain, "  "}, span{added, "+ " + stepName(s)}, span{plain, "   was not in the reviewed plan"})
		}
	}
	for i := range saved {
		if s := &saved[i]; !present[s.ID] {
			p.line(span{plain, "  "}, span{removed, "- " + stepName(s)}, span{plain, "   was reviewed, and is not in the plan now"})
		}
	}
	p.orderDifference(saved, now)
}

// orderDifference says that the same steps come in another order.
func (p *printer) orderDifference(saved, now []diff.Step) {
	if len(saved) != len(now) {
		return
	}
	var before, after []string
	for i := range saved {
		before, after = append(before, saved[i].ID), append(after, now[i].ID)
	}
	if len(compare(before, after)) > 0 && len(union(setOf(before), setOf(after))) == len(before) {
		p.line(span{plain, "  the steps come in another order"})
	}
}

func setOf(items []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range items {
		out[s] = true
	}
	return out
}

// stepName is a step as its line in a plan begins.
func stepName(s *diff.Step) string {
	return lookOf(s.Action).kind + " " + target(s)
}

// stepDifference compares one step of two plans, field by field.
func (p *printer) stepDifference(saved, now *diff.Step) {
	if value.Equal(value.Of(stepValue(saved)), value.Of(stepValue(now))) {
		return
	}
	if reviewed := stepName(saved); reviewed != stepName(now) {
		p.line(span{plain, "  "}, span{changed, "~ " + reviewed}, span{plain, "   is now " + stepName(now)})
	} else {
		p.line(span{plain, "  "}, span{changed, "~ " + reviewed})
		p.fact("    ", "action", string(saved.Action), string(now.Action))
		p.fact("    ", "target", saved.Target, now.Target)
		p.fact("    ", "from", versionText(saved.From), versionText(now.From))
		p.fact("    ", "to", versionText(saved.To), versionText(now.To))
	}
	p.fact("    ", "needs", strings.Join(saved.Needs, ", "), strings.Join(now.Needs, ", "))
	before, after := changesByPath(saved.Changes), changesByPath(now.Changes)
	for _, path := range value.SortedKeys(union(before, after)) {
		p.changeDifference(path, before[path], after[path])
	}
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
		p.valueDifference(name+", on the platform", saved.Before, now.Before, nil)
		p.valueDifference(name+", wanted", saved.After, now.After, now.Source)
	}
}

// brief is a value in a few words.
func brief(v any) string {
	s, _ := v.(string)
	switch {
	case isAbridged(v):
		return shorten(Escape(s), maxInline)
	case isLong(v):
		return "text of " + size(s)
	}
	return shorten(literal("", v), maxInline)
}

// valueDifference shows a value as reviewed and as it is now: texts and lists
// line by line, the reviewed ones as removed.
func (p *printer) valueDifference(name string, reviewed, now value.Value, source []spec.Segment) {
	if value.Equal(reviewed, now) {
		return
	}
	d := detail{}
	d.change(diff.Change{Path: name, Before: reviewed, After: now, Source: source}, false)
	if len(d.blocks) == 0 {
		p.line(span{plain, "    " + name + ": "}, span{faint, "reviewed "}, span{removed, brief(reviewed.Any())}, span{faint, ", now "}, span{added, brief(now.Any())})
		return
	}
	p.line(span{plain, "    " + name + ": "}, span{removed, "- reviewed"}, span{plain, " "}, span{added, "+ now"})
	for _, b := range d.blocks {
		p.block(b)
	}
}

// remarkDifferences compares what policy refuses.
func (p *printer) remarkDifferences(saved, now []string) {
	regions := compare(saved, now)
	if len(regions) > 0 {
		p.gap()
	}
	for _, r := range regions {
		for _, s := range saved[r.i1:r.i2] {
			p.line(span{removed, "- refused when reviewed: "}, span{plain, s})
		}
		for _, s := range now[r.j1:r.j2] {
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
