package render

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff"
)

// GitHub refuses a comment of more than 65,536 characters. Some of them are
// left for the caller, who marks the comment as his own.
const (
	commentLimit = 65536 - 1024
	noteLimit    = 4000 // kept back for the note on what was cut
	namesShown   = 40   // agents that the note names
	smallBlock   = 300  // less room than this is not worth a try
	remarksShown = 20   // refusals, and warnings, that are shown
)

// Markdown writes a plan for a pull request: a summary line, what policy
// refuses, a folded block with a diff fence for each agent with steps, drift or
// an orphan's name, and warnings. It never grows over GitHub's limit for a
// comment: agents that do not fit are shown without their diffs, then named in
// a note. Whatever manifests and platform hold stays inside code, where GitHub
// reads neither HTML, Markdown nor mentions. Color and Width are not used. The
// error is w's.
func Markdown(w io.Writer, p *diff.Plan, opt Options) error {
	m := &markdown{plan: p, opt: Options{Verbose: opt.Verbose}}
	m.summary()
	m.remarks()
	m.agents()
	_, err := w.Write(m.buf.Bytes())
	return err
}

type markdown struct {
	plan *diff.Plan
	opt  Options
	buf  bytes.Buffer
	size int // of buf, as GitHub counts

	inList bool // the last agent was a list item
}

func (m *markdown) write(s string) {
	m.buf.WriteString(s)
	m.size += characters(s)
}

// characters counts as GitHub does at worst: in UTF-16.
func characters(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

func (m *markdown) summary() {
	t := tallyOf(m.plan)
	text := "**Plan:** " + t.String()
	if t.steps == 0 {
		text = "**No changes.** " + matching(t.unchanged)
	}
	if env := m.plan.Environment; env != "" && env != "default" {
		text += " Environment " + codeSpan(shorten(env, 200)) + "."
	}
	m.write(text + "\n")
}

// remarks come before the agents, so that they are never what is cut.
func (m *markdown) remarks() {
	lines := make([]string, 0, len(m.plan.Refusals))
	for _, r := range m.plan.Refusals {
		lines = append(lines, remarkLine("⛔ **Refused** by "+codeSpan(shorten(r.Rule, 80)), r.Agent, r.Message, r.Hint))
	}
	m.list(lines)
	lines = lines[:0]
	for _, w := range m.plan.Warnings {
		lines = append(lines, remarkLine("⚠️ **Warning**", w.Agent, w.Message, w.Hint))
	}
	m.list(lines)
}

func remarkLine(label, agent, message, hint string) string {
	const max = 400
	if agent != "" {
		label += " for " + codeSpan(shorten(agent, 80))
	}
	label += ": " + codeSpan(shorten(message, max))
	if hint != "" {
		label += " Hint: " + codeSpan(shorten(hint, max))
	}
	return "- " + label + "\n"
}

func (m *markdown) list(lines []string) {
	if len(lines) == 0 {
		return
	}
	m.write("\n")
	for i, line := range lines {
		if i == remarksShown {
			m.write(fmt.Sprintf("- … %d more, see `agentsync plan`\n", len(lines)-i))
			return
		}
		m.write(line)
	}
}

// agents writes a block for each agent that has something to say, as long as
// there is room.
func (m *markdown) agents() {
	var bare, cut []string
	for i := range m.plan.Agents {
		a := &m.plan.Agents[i]
		if len(a.Steps) == 0 && a.Status != diff.Orphan && !a.Unfinished && !m.opt.Verbose {
			continue
		}
		room := commentLimit - noteLimit - m.size
		if room < smallBlock {
			cut = append(cut, a.Name)
			continue
		}
		full := m.agent(a, true)
		if characters(full) <= room {
			m.write(full)
			m.inList = !strings.HasPrefix(full, "\n<")
			continue
		}
		if short := m.agent(a, false); characters(short) <= room {
			m.write(short)
			m.inList = false
			bare = append(bare, a.Name)
			continue
		}
		cut = append(cut, a.Name)
	}
	m.note("shown without their changed text", bare)
	m.note("not shown", cut)
}

// note says which agents are not there in full.
func (m *markdown) note(how string, names []string) {
	if len(names) == 0 {
		return
	}
	verb := "are"
	if len(names) == 1 {
		verb, how = "is", strings.Replace(how, "their", "its", 1)
	}
	var shown []string
	size := 0
	for _, name := range names {
		s := codeSpan(shorten(name, 64))
		if size += len(s) + 2; len(shown) == namesShown || size > noteLimit/2-400 {
			break
		}
		shown = append(shown, s)
	}
	more := ""
	if left := len(names) - len(shown); left > 0 {
		more = fmt.Sprintf(" and %d more", left)
	}
	m.write(fmt.Sprintf("\n**Cut:** %s %s %s, because GitHub limits a comment to 65,536 characters: %s%s. `agentsync plan` shows all.\n",
		count(len(names), "agent", "agents"), verb, how, strings.Join(shown, ", "), more))
}

// agent is one agent's block, with or without the lines that change.
func (m *markdown) agent(a *diff.AgentPlan, blocks bool) string {
	var body bytes.Buffer
	p := newPrinter(&body, m.opt)
	p.indent, p.wrap, p.limit, p.noBlocks = "", defaultWidth, defaultWidth, !blocks
	p.drift(a)
	p.steps(a.Steps)
	if err := p.flush(); err != nil {
		panic(err) // a buffer takes everything
	}
	if body.Len() == 0 {
		return m.listItem(a)
	}
	title := "<code>" + codeHTML(a.Name) + "</code>"
	if a.AgentName != "" {
		title += " <code>" + codeHTML(a.AgentName) + "</code>"
	}
	title += ": " + html.EscapeString(statusText(a))
	text := body.String()
	fence := strings.Repeat("`", max(3, longestRun(text, '`')+1))
	return fmt.Sprintf("\n<details>\n<summary>%s</summary>\n\n%sdiff\n%s%s\n\n</details>\n", title, fence, text, fence)
}

// listItem is an agent that has nothing to unfold. Neighbours make one list.
func (m *markdown) listItem(a *diff.AgentPlan) string {
	text := "- " + codeSpan(shorten(a.Name, 200))
	if a.AgentName != "" {
		text += " " + codeSpan(shorten(a.AgentName, 200))
	}
	text += ": " + html.EscapeString(statusText(a)) + "\n"
	if !m.inList {
		text = "\n" + text
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
	return escapeHidden(string(a.Status)) + ", " + count(len(a.Steps), "step", "steps")
}

// codeSpan is s as inline code: nothing in it is read as Markdown, HTML or a
// mention.
func codeSpan(s string) string {
	s = Escape(s)
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.Trim(s, " ") == "" {
		return "` `"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// codeHTML is s for a <code> element inside an HTML block: one line, and no
// mark-up.
func codeHTML(s string) string { return html.EscapeString(Escape(shorten(s, 200))) }

// longestRun is the length of the longest run of c in s.
func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
