package render

import (
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
)

// alertSize bounds the list of what hurts.
type alertSize struct {
	remarks int // refusals, and warnings, that are shown
	names   int // agents that one line names
	columns int // of a message
}

var alertSizes = []alertSize{{20, 40, 300}, {8, 12, 120}, {3, 3, 60}}

// alerts are the lines that a reviewer has to see first: what policy refuses,
// what goes away, what somebody else changed, and warnings. Where not even the
// shortest of these lists fits in room, they are counted.
func (m *markdown) alerts(room int) string {
	for _, size := range alertSizes {
		text := "\n" + strings.Join(m.alertLines(size), "")
		if text == "\n" {
			return ""
		}
		if len(text) <= room {
			return text
		}
	}
	drifted := m.choose(func(a *diff.AgentPlan) bool { return a.Status != diff.Delete && hurts(a) })
	return fmt.Sprintf("\n⛔ %s, %s to delete, %s, %s.\n", count(len(m.plan.Refusals), "refusal", "refusals"),
		count(m.tally.agents[diff.Delete], "agent", "agents"), count(len(drifted), "agent with drift", "agents with drift"),
		count(len(m.plan.Warnings), "warning", "warnings"))
}

func (m *markdown) alertLines(size alertSize) []string {
	var lines []string
	for i, r := range m.plan.Refusals {
		if i == size.remarks {
			lines = append(lines, fmt.Sprintf("- ⛔ … %s\n", count(len(m.plan.Refusals)-i, "more refusal", "more refusals")))
			break
		}
		lines = append(lines, remarkLine("⛔ **Refused** by "+codeSpan(clip(r.Rule, 40)), r.Agent, r.Message, r.Hint, size.columns))
	}
	lines = append(lines, m.lossLines(size)...)
	lines = append(lines, m.driftLines(size)...)
	for i, w := range m.plan.Warnings {
		if i == size.remarks {
			lines = append(lines, fmt.Sprintf("- ⚠️ … %s\n", count(len(m.plan.Warnings)-i, "more warning", "more warnings")))
			break
		}
		lines = append(lines, remarkLine("⚠️ **Warning**", w.Agent, w.Message, w.Hint, size.columns))
	}
	return lines
}

func remarkLine(label, agent, message, hint string, columns int) string {
	if agent != "" {
		label += " for " + codeSpan(clip(agent, 64))
	}
	label += ": " + codeSpan(clip(message, columns))
	if hint != "" {
		label += " Hint: " + codeSpan(clip(hint, columns))
	}
	return "- " + label + "\n"
}

// lossLines name the agents that go away, and those that lose an outcome or an
// infield.
func (m *markdown) lossLines(size alertSize) []string {
	var lines []string
	if gone := m.choose(func(a *diff.AgentPlan) bool { return a.Status == diff.Delete }); len(gone) > 0 {
		lines = append(lines, fmt.Sprintf("- 🗑️ **Deletes %s:** %s\n", count(len(gone), "agent", "agents"), nameAgents(gone, size.names, nil)))
	}
	if less := m.choose(func(a *diff.AgentPlan) bool { return removals(a) > 0 }); len(less) > 0 {
		lines = append(lines, fmt.Sprintf("- 🗑️ **Removes outcomes or infields** of %s: %s\n", count(len(less), "agent", "agents"),
			nameAgents(less, size.names, func(a *diff.AgentPlan) string { return fmt.Sprint(removals(a)) })))
	}
	return lines
}

func removals(a *diff.AgentPlan) int {
	n := 0
	for i := range a.Steps {
		if action := a.Steps[i].Action; action == diff.DeleteOutcome || action == diff.DeleteInfield {
			n++
		}
	}
	return n
}

// driftLines name the agents that an apply would overwrite something in, by
// who moved.
func (m *markdown) driftLines(size alertSize) []string {
	var lines []string
	for _, c := range []struct {
		class   diff.Class
		adopted bool
		form    string
	}{
		{diff.Drift, true, "**Adopts %s** that agentsync never applied; what differs there would be overwritten"},
		{diff.Drift, false, "**Drift in %s**, changed on the platform since the last apply"},
		{diff.Both, false, "**Drift in %s**, changed in git and on the platform since the last apply"},
		{diff.Unknown, false, "**Drift unknown in %s**, nothing remembers the last apply"},
	} {
		chosen := m.choose(func(a *diff.AgentPlan) bool {
			return len(sections(a.Drift, c.class)) > 0 && (c.class != diff.Drift || adopts(a) == c.adopted)
		})
		if len(chosen) > 0 {
			detail := func(a *diff.AgentPlan) string { return sectionNames(a, c.class, codeSpan) }
			lines = append(lines, "- ⚠️ "+fmt.Sprintf(c.form, count(len(chosen), "agent", "agents"))+": "+nameAgents(chosen, size.names, detail)+"\n")
		}
	}
	if open := m.choose(func(a *diff.AgentPlan) bool { return a.Unfinished }); len(open) > 0 {
		lines = append(lines, fmt.Sprintf("- ⚠️ **Unfinished apply** of %s, an earlier one did not end: %s\n", count(len(open), "agent", "agents"), nameAgents(open, size.names, nil)))
	}
	return lines
}

// hurts says whether a reviewer has to look at the agent before others.
func hurts(a *diff.AgentPlan) bool {
	for _, class := range a.Drift {
		if class != diff.Pending {
			return true
		}
	}
	return a.Status == diff.Delete || a.Unfinished || removals(a) > 0
}

func (m *markdown) choose(is func(*diff.AgentPlan) bool) []*diff.AgentPlan {
	var out []*diff.AgentPlan
	for i := range m.plan.Agents {
		if a := &m.plan.Agents[i]; is(a) {
			out = append(out, a)
		}
	}
	return out
}

// nameAgents is "`a` (config), `b` (agent) and 3 more".
func nameAgents(agents []*diff.AgentPlan, limit int, detail func(*diff.AgentPlan) string) string {
	var names []string
	for _, a := range agents[:min(limit, len(agents))] {
		name := agentName(a)
		if detail != nil {
			name += " (" + detail(a) + ")"
		}
		names = append(names, name)
	}
	text := strings.Join(names, ", ")
	if left := len(agents) - len(names); left > 0 {
		text += fmt.Sprintf(" and %d more", left)
	}
	return text
}

func agentName(a *diff.AgentPlan) string { return codeSpan(clip(a.Name, 64)) }

// sectionNames lists an agent's sections of one class. Those that no manifest
// has come from elsewhere and stand as code.
func sectionNames(a *diff.AgentPlan, class diff.Class, code func(string) string) string {
	names := sections(a.Drift, class)
	for i, name := range names {
		switch name {
		case spec.SectionAgent, spec.SectionConfig, spec.SectionOutcomes, spec.SectionInfields:
		default:
			names[i] = code(clip(name, 40))
		}
	}
	if len(names) > 6 {
		names = append(names[:6], fmt.Sprintf("%d more", len(names)-6))
	}
	return strings.Join(names, ", ")
}
