package render

import (
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

// shown are the limits of the levels that show changes, line by line.
var shown = map[level]limits{
	whole:   noLimits,
	hunks:   {context: 1, lines: 60, whole: 12, added: 600, removed: 240},
	glimpse: {context: 0, lines: 8, whole: 3, added: 240, removed: 120},
}

// loss is what a piece leaves out of its agent, as the note on it says it.
type loss string

const (
	nothing    loss = ""
	someLines  loss = "only part of what changes in %s"
	allLines   loss = "no changed lines of %s"
	someSteps  loss = "only part of the steps of %s"
	allButName loss = "only the name of %s"
	everything loss = "nothing of %s"
)

// piece is one agent at one level.
type piece struct {
	agent   *diff.AgentPlan
	details []detail // of its steps
	level   level
	show    limits // of what changes, at the levels that show it
	lost    loss
	text    string // as it stands in the document; for named in the list of names
	size    int    // of text
}

// cost is what the piece takes, with what parts it from its neighbour.
func (p piece) cost() int {
	switch p.level {
	case counted:
		return 0
	case named:
		return p.size + len(", ")
	}
	return p.size + len("\n")
}

// agents is what there is to say of each agent, in at most room, and what had to
// be left out. whole says that nothing had.
func (m *markdown) agents(room int) (text string, whole bool) {
	chosen := m.choose(func(a *diff.AgentPlan) bool {
		return len(a.Steps) > 0 || a.Status == diff.Orphan || a.Unfinished || len(a.Drift) > 0 || m.verbose
	})
	pieces := m.fit(chosen, room-noteRoom-m.size(m.elsewhere))
	note := m.note(pieces)
	var out strings.Builder
	out.WriteString(note)
	list := false // the last piece was a list item; neighbours make one list
	var names []string
	for _, p := range pieces {
		if p.level == named {
			names = append(names, p.text)
		} else if p.level < named {
			item := strings.HasPrefix(p.text, "- ")
			if !item || !list {
				out.WriteByte('\n')
			}
			out.WriteString(p.text)
			list = item
		}
	}
	if len(names) > 0 {
		out.WriteString("\n**Also in this plan:** " + strings.Join(names, ", ") + "\n")
	}
	if m.size(out.String()) > room { // where even the note is too much, the counts above stand alone
		return "", false
	}
	return out.String(), note == ""
}

// fit chooses each agent's level. All go up together from nothing, one level at
// a time, as far as there is room: those that hurt first.
func (m *markdown) fit(agents []*diff.AgentPlan, room int) []piece {
	pieces := make([]piece, len(agents))
	var order, others []*piece
	for i, a := range agents {
		pieces[i] = piece{agent: a, details: describe(a.Steps), level: counted, lost: everything}
		if hurts(a) {
			order = append(order, &pieces[i])
		} else {
			others = append(others, &pieces[i])
		}
	}
	order = append(order, others...)
	used := 0
	for l := counted - 1; l >= whole; l-- {
		misses := 0
		for _, p := range order {
			if p.level != l+1 || misses == missesMax {
				continue
			}
			up := m.at(*p, l)
			if grown := used - p.cost() + up.cost(); grown <= room {
				*p, used, misses = up, grown, 0
			} else {
				misses++
			}
		}
	}
	m.stretch(order, room-used)
	return pieces
}

// stretch gives what room is left to the pieces whose lines are cut: to all of
// them the same number of times as many lines, then what is left to the first.
func (m *markdown) stretch(order []*piece, room int) {
	cut := slices.DeleteFunc(slices.Clone(order), func(p *piece) bool { return p.level > glimpse || p.lost != someLines })
	room -= m.grow(cut, room)
	for _, p := range cut[:min(missesMax, len(cut))] {
		if p.lost == someLines {
			room -= m.grow([]*piece{p}, room)
		}
	}
}

// grow shows as many times more lines of each piece as there is room for, and
// returns what that takes.
func (m *markdown) grow(pieces []*piece, room int) (cost int) {
	longer := func(times int) (grown []piece, cost int) {
		for _, p := range pieces {
			up := m.within(*p, p.show.times(times))
			grown, cost = append(grown, up), cost+up.cost()-p.cost()
			if cost > room {
				break
			}
		}
		return grown, cost
	}
	times := 1 + sort.Search(maxTimes, func(i int) bool { _, cost := longer(i + 2); return cost > room })
	grown, cost := longer(times)
	for i, p := range pieces {
		*p = grown[i]
	}
	return cost
}

// maxTimes is how often more lines grow shows at most: more than GitHub takes.
const maxTimes = 20_000

// missesMax is how many agents in a row may be too long for the room that is
// left, before the others are not tried at that level any more.
const missesMax = 20

// at is a piece at another level, or at the nearest that has a form of its own:
// what has nothing to unfold is a line.
func (m *markdown) at(p piece, l level) piece {
	p.level = l
	return m.within(p, shown[l])
}

// within is a piece at its level, in these limits.
func (m *markdown) within(p piece, show limits) piece {
	l := p.level
	p.show = show
	switch {
	case l == named:
		p.text, p.lost = agentName(p.agent), allButName
	case l >= steps || len(p.agent.Steps) == 0:
		p.text, p.lost = p.line()
		if l == steps && p.lost == someSteps {
			p.text, p.lost = m.folded(p)
		}
	default:
		p.text, p.lost = m.folded(p)
	}
	p.size = m.size(p.text)
	return p
}

// folded is an agent's folded block.
func (m *markdown) folded(p piece) (string, loss) {
	a := p.agent
	body := newFencePrinter(m.verbose && p.level == whole, p.show)
	body.drift(a)
	body.steps(a.Steps, p.details)
	title := codeHTML(a.Name, 200)
	if a.AgentName != "" {
		title += " " + codeHTML(a.AgentName, 200)
	}
	text := "<details>\n<summary>" + title + ": " + state(a, codeHTML) + "</summary>\n\n" +
		fence("diff", body.String()) + "\n</details>\n"
	switch {
	case p.level == steps && p.hasLines():
		return text, allLines
	case body.cut:
		return text, someLines
	}
	return text, nothing
}

// lineColumns is how much of the steps stands in an agent's line.
const lineColumns = 200

// line is the agent as a list item.
func (p piece) line() (string, loss) {
	text := "- " + agentName(p.agent)
	if p.agent.AgentName != "" {
		text += " " + Code(p.agent.AgentName, 64)
	}
	text += ": " + state(p.agent, Code)
	if len(p.agent.Steps) == 0 {
		return text + "\n", nothing
	}
	var said []string
	for i, s := range p.agent.Steps {
		step := factsOf(s.Action).Glyph + " " + stepName(&s)
		if items := p.details[i].inline; len(items) > 0 {
			step += ": " + strings.Join(items, ", ")
		}
		said = append(said, step)
	}
	all := strings.Join(said, "; ")
	text += ": " + Code(all, lineColumns) + "\n"
	switch {
	case clip(all, lineColumns) != Escape(all):
		return text, someSteps
	case p.hasLines():
		return text, allLines
	}
	return text, nothing
}

// hasLines says whether the agent has changes that are shown line by line.
func (p piece) hasLines() bool {
	return slices.ContainsFunc(p.details, func(d detail) bool { return len(d.blocks) > 0 })
}

// state is "update, 4 steps, config pending".
func state(a *diff.AgentPlan, code func(string, int) string) string {
	text := statusText(a)
	for _, class := range []diff.Class{diff.Drift, diff.Both, diff.Unknown, diff.Pending} {
		if names := sectionNames(a, class, code, false); names != "" {
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
	text := escapeHidden(string(a.Status))
	if a.Status == diff.Orphan {
		text += ", its manifest is gone; not deleted"
	} else if len(a.Steps) > 0 {
		text += ", " + Count(len(a.Steps), "step")
	}
	return text
}

// note says what is left out, and where it is.
func (m *markdown) note(pieces []piece) string {
	lost := map[loss]int{}
	for _, p := range pieces {
		lost[p.lost]++
	}
	var parts []string
	for _, l := range []loss{someLines, allLines, someSteps, allButName, everything} {
		if n := lost[l]; n > 0 {
			parts = append(parts, fmt.Sprintf(string(l), Count(n, "agent")))
		}
	}
	if m.alertsCut {
		parts = append(parts, "only part of what is refused or warned of")
	}
	if len(parts) == 0 {
		return ""
	}
	return "\n**Cut to fit:** this shows " + strings.Join(parts, ", ") + ". See " + m.elsewhere + " for the whole plan.\n"
}
