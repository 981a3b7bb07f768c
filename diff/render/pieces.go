package render

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/agentsync/agentsync/diff"
)

// level is how much of an agent is shown.
type level int

const (
	whole   level = iota // all that changes
	hunks                // long changes are cut, and less stands around them
	glimpse              // a few lines of each change
	steps                // every step, without the lines that change
	oneLine              // the steps as far as a line takes them
	named                // in a list of names
	counted              // not at all
)

// shown are the limits of the levels that show changes.
var shown = map[level]limits{
	whole:   noLimits,
	hunks:   {context: 1, lines: 60, whole: 12, added: 600, removed: 240},
	glimpse: {context: 0, lines: 8, whole: 3, added: 240, removed: 120},
}

// loss is what a piece leaves out of its agent.
type loss int

const (
	nothing loss = iota
	someLines
	allLines
	someSteps
	allButName
	everything
)

// piece is one agent at one level.
type piece struct {
	agent *diff.AgentPlan
	level level
	lost  loss
	text  string // as it stands in the document; for named in the list of names
}

// cost is what the piece takes, with what parts it from its neighbour.
func (p piece) cost() int {
	switch {
	case p.level == counted:
		return 0
	case p.level == named:
		return len(p.text) + len(", ")
	default:
		return len(p.text) + len("\n")
	}
}

// agents writes what there is to say of each agent, in at most room bytes, and
// what had to be left out.
func (m *markdown) agents(room int) string {
	chosen := m.choose(func(a *diff.AgentPlan) bool {
		return len(a.Steps) > 0 || a.Status == diff.Orphan || a.Unfinished || len(a.Drift) > 0 || m.verbose
	})
	if len(chosen) == 0 {
		return ""
	}
	pieces := m.fit(chosen, room-noteRoom-len(m.elsewhere))
	var out strings.Builder
	out.WriteString(m.note(pieces))
	list := false // the last piece was a list item; neighbours make one list
	var names []string
	for _, p := range pieces {
		switch {
		case p.level == named:
			names = append(names, p.text)
			continue
		case p.level == counted:
			continue
		}
		item := strings.HasPrefix(p.text, "- ")
		if !item || !list {
			out.WriteByte('\n')
		}
		out.WriteString(p.text)
		list = item
	}
	if len(names) > 0 {
		out.WriteString("\n**Also in this plan:** " + strings.Join(names, ", ") + "\n")
	}
	if out.Len() > room { // where even the note is too much, the counts above stand alone
		return ""
	}
	return out.String()
}

// fit chooses each agent's level. All go up together from nothing, one level at
// a time, as far as there is room: those that hurt first.
func (m *markdown) fit(agents []*diff.AgentPlan, room int) []piece {
	pieces := make([]piece, len(agents))
	order := make([]int, len(agents))
	for i, a := range agents {
		pieces[i], order[i] = m.piece(a, counted), i
	}
	sort.SliceStable(order, func(i, j int) bool {
		return hurts(pieces[order[i]].agent) && !hurts(pieces[order[j]].agent)
	})
	used := 0
	for l := counted - 1; l >= whole; l-- {
		misses := 0
		for _, i := range order {
			if pieces[i].level != l+1 || misses == missesMax {
				continue
			}
			p := m.piece(pieces[i].agent, l)
			if grown := used - pieces[i].cost() + p.cost(); grown <= room {
				pieces[i], used, misses = p, grown, 0
			} else {
				misses++
			}
		}
	}
	return pieces
}

// missesMax is how many agents in a row may be too long for the room that is
// left, before the others are not tried at that level any more.
const missesMax = 20

// piece is an agent at one level, or at the nearest that has a form of its own:
// what has nothing to unfold is a line.
func (m *markdown) piece(a *diff.AgentPlan, l level) piece {
	p := piece{agent: a, level: l}
	switch {
	case l == counted:
		p.lost = everything
	case l == named:
		p.text, p.lost = agentName(a), allButName
	case l == oneLine || len(a.Steps) == 0:
		p.text, p.lost = m.lineOf(a)
	case l == steps:
		if p.text, p.lost = m.lineOf(a); p.lost == someSteps {
			p.text, p.lost = m.details(a, l)
		}
	default:
		p.text, p.lost = m.details(a, l)
	}
	return p
}

// details is an agent's folded block.
func (m *markdown) details(a *diff.AgentPlan, l level) (string, loss) {
	var body bytes.Buffer
	p := newFencePrinter(&body, m.verbose && l == whole, shown[l])
	p.noBlocks = l == steps
	p.drift(a)
	p.steps(a.Steps, m.describe(a))
	if err := p.flush(); err != nil {
		panic(err) // a buffer takes everything
	}
	title := codeHTML(a.Name, 200)
	if a.AgentName != "" {
		title += " " + codeHTML(a.AgentName, 200)
	}
	text := "<details>\n<summary>" + title + ": " + state(a, codeHTML) + "</summary>\n\n" + fence("diff", body.String()) + "\n</details>\n"
	switch {
	case p.noBlocks && m.hasLines(a):
		return text, allLines
	case p.cut:
		return text, someLines
	default:
		return text, nothing
	}
}

// lineColumns is how much of the steps stands in an agent's line.
const lineColumns = 200

// lineOf is an agent as a list item.
func (m *markdown) lineOf(a *diff.AgentPlan) (string, loss) {
	text := "- " + agentName(a)
	if a.AgentName != "" {
		text += " " + Code(a.AgentName, 64)
	}
	text += ": " + state(a, Code)
	if len(a.Steps) == 0 {
		return text + "\n", nothing
	}
	var said strings.Builder
	details := m.describe(a)
	for i := range a.Steps {
		if i > 0 {
			said.WriteString("; ")
		}
		if said.Len() > 4*lineColumns {
			said.WriteString(ellipsis)
			break
		}
		s := &a.Steps[i]
		said.WriteString(factsOf(s.Action).Glyph + " " + stepName(s))
		if items := details[i].inline; len(items) > 0 {
			said.WriteString(": " + strings.Join(items, ", "))
		}
	}
	all := said.String()
	text += ": " + Code(all, lineColumns) + "\n"
	switch {
	case clip(all, lineColumns) != Escape(all):
		return text, someSteps
	case m.hasLines(a):
		return text, allLines
	default:
		return text, nothing
	}
}

// hasLines says whether the agent has changes that are shown line by line.
func (m *markdown) hasLines(a *diff.AgentPlan) bool {
	return slices.ContainsFunc(m.describe(a), func(d detail) bool { return len(d.blocks) > 0 })
}

// describe describes an agent's steps, once.
func (m *markdown) describe(a *diff.AgentPlan) []detail {
	details, ok := m.described[a]
	if !ok {
		details = describeAll(a.Steps)
		m.described[a] = details
	}
	return details
}

// state is "update, 4 steps, config pending".
func state(a *diff.AgentPlan, code func(string, int) string) string {
	text := statusText(a)
	for _, class := range []diff.Class{diff.Drift, diff.Both, diff.Unknown, diff.Pending} {
		if names := sectionNames(a, class, code); names != "" {
			text += ", " + names + " " + string(class)
		}
	}
	if a.Unfinished {
		text += ", unfinished apply"
	}
	return text
}

// statusText is "update, 4 steps".
func statusText(a *diff.AgentPlan) string {
	switch {
	case a.Status == diff.Orphan:
		return "orphan, its manifest is gone; not deleted"
	case len(a.Steps) == 0:
		return escapeHidden(string(a.Status))
	}
	return escapeHidden(string(a.Status)) + ", " + Count(len(a.Steps), "step")
}

// note says what is left out, and where it is.
func (m *markdown) note(pieces []piece) string {
	lost := map[loss]int{}
	for _, p := range pieces {
		lost[p.lost]++
	}
	var parts []string
	for _, l := range []struct {
		loss loss
		form string
	}{
		{someLines, "only part of what changes in %s"},
		{allLines, "no changed lines of %s"},
		{someSteps, "only part of the steps of %s"},
		{allButName, "only the name of %s"},
		{everything, "nothing of %s"},
	} {
		if n := lost[l.loss]; n > 0 {
			parts = append(parts, fmt.Sprintf(l.form, Count(n, "agent")))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "\n**Cut to fit:** this shows " + strings.Join(parts, ", ") + ". See " + m.elsewhere + " for the whole plan.\n"
}
