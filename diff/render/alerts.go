package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
)

// alertSize bounds the list of what hurts: how many refusals, and warnings, are
// shown, how many agents one line names, and how many columns of a message.
type alertSize struct{ remarks, names, columns int }

var alertSizes = []alertSize{{20, 40, 300}, {8, 12, 120}, {3, 3, 60}}

// alerts are the lines that a reviewer has to see first: what policy refuses,
// what goes away, what somebody else changed, and warnings. Where not even the
// shortest of these lists fits in room, they are counted.
func (m *markdown) alerts(room int) (text string, cut bool) {
	for _, size := range alertSizes {
		lines := atMost(size.remarks, m.plan.Refusals, "⛔ … %s\n", "more refusal", func(r diff.Refusal) string {
			return remarkLine("⛔ **Refused** by "+Code(r.Rule, 40), r.Agent, r.Message, r.Hint, size.columns)
		})
		lines += m.agentLines(size)
		lines += atMost(size.remarks, m.plan.Warnings, "⚠️ … %s\n", "more warning", func(w diff.Warning) string {
			return remarkLine("⚠️ **Warning**", w.Agent, w.Message, w.Hint, size.columns)
		})
		if lines == "" {
			return "", false
		}
		if m.size(lines) < room {
			return "\n" + lines, m.shortens(size)
		}
	}
	drifted := m.choose(func(a *diff.AgentPlan) bool { return a.Status != diff.Delete && hurts(a) })
	return fmt.Sprintf("\n⛔ %s, %s to delete, %s with drift, %s.\n", Count(len(m.plan.Refusals), "refusal"),
		Count(m.tally.agents[diff.Delete], "agent"), Count(len(drifted), "agent"), Count(len(m.plan.Warnings), "warning")), true
}

// shortens says whether a list of this size leaves out or shortens what policy
// refuses or a warning. Agents that it does not name are shown below.
func (m *markdown) shortens(size alertSize) bool {
	long := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(s string) bool { return clip(s, size.columns) != Escape(s) })
	}
	return len(m.plan.Refusals) > size.remarks || len(m.plan.Warnings) > size.remarks ||
		slices.ContainsFunc(m.plan.Refusals, func(r diff.Refusal) bool { return long(r.Message, r.Hint) }) ||
		slices.ContainsFunc(m.plan.Warnings, func(w diff.Warning) bool { return long(w.Message, w.Hint) })
}

// atMost is one line for each of the first items, and one that counts the rest.
func atMost[T any](limit int, items []T, rest, noun string, line func(T) string) (lines string) {
	for _, item := range items[:min(limit, len(items))] {
		lines += line(item)
	}
	if left := len(items) - limit; left > 0 {
		lines += fmt.Sprintf("- "+rest, Count(left, noun))
	}
	return lines
}

func remarkLine(label, agent, message, hint string, columns int) string {
	if agent != "" {
		label += " for " + Code(agent, 64)
	}
	label += ": " + Code(message, columns)
	if hint != "" {
		label += " Hint: " + Code(hint, columns)
	}
	return "- " + label + "\n"
}

// agentLines name the agents that go away, those that lose an outcome or an
// infield, and those that an apply would overwrite something in, by who moved.
func (m *markdown) agentLines(size alertSize) (lines string) {
	type agent = *diff.AgentPlan
	line := func(form string, is func(agent) bool, detail func(agent) string) {
		if chosen := m.choose(is); len(chosen) > 0 {
			lines += fmt.Sprintf("- "+form+" %s\n", Count(len(chosen), "agent"), nameAgents(chosen, size.names, detail))
		}
	}
	drift := func(form string, class diff.Class, and func(agent) bool) {
		is := func(a agent) bool { return len(sections(a.Drift, class)) > 0 && and(a) }
		line("⚠️ "+form, is, func(a agent) string { return sectionNames(a, class, Code, class.Moved()) })
	}
	all := func(agent) bool { return true }
	line("🗑️ **Deletes %s:**", func(a agent) bool { return a.Status == diff.Delete }, nil)
	line("🗑️ **Removes outcomes or infields** of %s:", func(a agent) bool { return removals(a) > 0 },
		func(a agent) string { return fmt.Sprint(removals(a)) })
	drift("**Adopts %s** that agentsync never applied; what differs there would be overwritten:", diff.Drift, adopts)
	drift("**Drift in %s**, changed on the platform since the last apply:", diff.Drift, func(a agent) bool { return !adopts(a) })
	drift("**Drift in %s**, changed in git and on the platform since the last apply:", diff.Both, all)
	if command := m.plan.PullCommand(); command != "" && size != alertSizes[len(alertSizes)-1] {
		lines += "- 💡 " + Code(command, size.columns) + " takes what was changed on the platform into the files.\n"
	}
	drift("**Drift unknown in %s**, nothing remembers the last apply, and this one overwrites it, whoever changed it:", diff.Unknown, all)
	line("⚠️ **Unfinished apply** of %s, an earlier one did not end:", func(a agent) bool { return a.Unfinished }, nil)
	return lines
}

func removals(a *diff.AgentPlan) (n int) {
	for _, s := range a.Steps {
		if isRemoval(&s) {
			n++
		}
	}
	return n
}

// isRemoval says whether a step takes an outcome or an infield away.
func isRemoval(s *diff.Step) bool {
	return s.Action == diff.DeleteOutcome || s.Action == diff.DeleteInfield
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

func agentName(a *diff.AgentPlan) string { return Code(a.Name, 64) }

// sectionNames lists an agent's sections of one class; with who,
// also by whom each was changed, and when. Those that no manifest
// has come from elsewhere and stand as code.
func sectionNames(a *diff.AgentPlan, class diff.Class, code func(string, int) string, who bool) string {
	names := sections(a.Drift, class)
	for i, name := range names {
		if !slices.Contains(sectionOrder, name) {
			names[i] = code(name, 40)
		}
		if touch := a.Touched[name]; who {
			if touch.By != "" {
				touch.By = code(touch.By, 40)
			}
			names[i] += touch.String()
		}
	}
	if len(names) > 6 {
		names = append(names[:6], fmt.Sprintf("%d more", len(names)-6))
	}
	return strings.Join(names, ", ")
}
