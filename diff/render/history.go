package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff/history"
)

// History writes an agent's timeline as text: a line for each version, with when
// it was live, how that is known, who made it and from which commit; one that was
// live more than once has a line for each time. Notes stand below, their first
// line alone unless Verbose. Times are in Options.Zone. The error is w's.
func History(w io.Writer, t *history.Timeline, opt Options) error {
	p := newPrinter(opt)
	p.agentTitle(t.Name, t.AgentName, t.AgentID)
	p.gap()
	rows := [][]span{heads("version", "status", "live from", "to", "known by", "author", "commit")}
	for i := range t.Versions {
		rows = append(rows, p.versionRows(t, &t.Versions[i])...)
	}
	rows = append(rows, p.unread(t)...)
	p.table("  ", rows)
	if !t.Whole && len(t.Versions) > 0 {
		p.line(span{faint, "  … older versions, and whether one of them was live again meanwhile: --limit 0 shows all"})
	}
	p.calls(t.Calls)
	p.notes(t)
	p.legend(t.Spans)
	p.line(span{faint, "Times are in " + zoneOf(opt) + "."})
	_, err := p.WriteTo(w)
	return err
}

func (p *printer) agentTitle(name, agentName, id string, more ...span) {
	spans := []span{{strong, Escape(name)}, {plain, "  " + quote(agentName)}, {faint, "  " + Escape(id)}}
	p.line(append(spans, more...)...)
}

// versionRows are the lines of one version: its own, and one for each further
// time that it was live.
func (p *printer) versionRows(t *history.Timeline, v *history.Version) [][]span {
	status := v.Status
	look := plain
	switch {
	case v.Number == t.Live:
		status, look = "live", live
	case v.Status == "draft":
		look = changed
	}
	spans := t.SpansOf(v.Number)
	slices.Reverse(spans)
	row := []span{{strong, fmt.Sprintf("v%d", v.Number)}, cell(look, status)}
	row = append(row, p.spanCells(t, spans)...)
	row = append(row, cell(plain, v.Author()), commitCell(v))
	rows := [][]span{row}
	for len(spans) > 1 {
		spans = spans[1:]
		rows = append(rows, append([]span{{}, {}}, p.spanCells(t, spans)...))
	}
	return rows
}

// unread are the lines of versions that were live meanwhile and are not among
// those that are shown.
func (p *printer) unread(t *history.Timeline) (rows [][]span) {
	for _, s := range slices.Backward(t.Spans) {
		if t.Find(s.Version) == nil {
			row := append([]span{{strong, fmt.Sprintf("v%d", s.Version)}, {faint, "older"}}, p.spanCells(t, []history.Span{s})...)
			rows = append(rows, row)
		}
	}
	return rows
}

// spanCells say from when to when, and how that is known, of the first span.
func (p *printer) spanCells(t *history.Timeline, spans []history.Span) []span {
	if len(spans) == 0 {
		return []span{{}, {}, {}}
	}
	s := spans[0]
	to := p.time(s.To)
	if s.To.IsZero() {
		to = "?"
		if s == t.Spans[len(t.Spans)-1] {
			to = "now"
		}
	}
	return []span{{plain, p.time(s.From)}, {plain, to}, cell(faint, knownText(s))}
}

func knownText(s history.Span) string {
	switch s.Known {
	case history.ByLock:
		return strings.TrimSpace("lock " + s.Lock)
	case history.Untold:
		return "nothing"
	}
	return string(s.Known)
}

// knownBy explains how a time is known; that the platform says so needs no words.
var knownBy = []struct {
	known history.Known
	text  string
}{
	{history.ByCreation, "created: the version's last write came later; it went live no earlier than it was made"},
	{history.ByLock, "lock: the lock file has it, of this commit or in this folder; it was live by then, and maybe a little before"},
	{history.Assumed, "assumed: it was last written while a later one was live, and may have been a draft until then"},
	{history.Untold, "nothing: it went live again after the one before it, and nothing says when"},
}

func (p *printer) legend(spans []history.Span) {
	for _, k := range knownBy {
		if slices.ContainsFunc(spans, func(s history.Span) bool { return s.Known == k.known }) {
			p.line(span{faint, k.text + "."})
		}
	}
}

// notes writes what people wrote of their versions.
func (p *printer) notes(t *history.Timeline) {
	p.gap()
	for i := range t.Versions {
		v := &t.Versions[i]
		lines := strings.Split(v.Notes, "\n")
		if v.Notes == "" {
			continue
		}
		if !p.opt.Verbose && len(lines) > 1 {
			lines = []string{lines[0] + " " + ellipsis}
		}
		label := fmt.Sprintf("  v%d  ", v.Number)
		for _, line := range lines {
			for _, shown := range wrapSpans([]span{cell(plain, line)}, p.wrap) {
				p.line(append([]span{{faint, label}}, shown...)...)
				label = strings.Repeat(" ", len(label))
			}
		}
	}
	p.gap()
}

// commitCell is what a version was made from: a commit, or an older version which a
// rollback has copied.
func commitCell(v *history.Version) span {
	text := commitText(v.Commit)
	if v.CopyOf > 0 {
		text = strings.TrimSuffix(fmt.Sprintf("as v%d, %s", v.CopyOf, text), ", ")
	}
	return cell(plain, text)
}

// commitText is a commit with its subject; "" for none.
func commitText(c *history.Commit) string {
	if c == nil {
		return ""
	}
	text := c.ID
	if c.Dirty {
		text += "+"
	}
	if c.Subject != "" {
		text += " " + c.Subject
	}
	return text
}

// time is a time to the minute; "?" for none.
func (p *printer) time(t time.Time) string { return timeText(t, p.opt) }

func timeText(t time.Time, opt Options) string {
	if t.IsZero() {
		return "?"
	}
	return t.In(zone(opt)).Format("2006-01-02 15:04")
}

func zone(opt Options) *time.Location {
	if opt.Zone == nil {
		return time.UTC
	}
	return opt.Zone
}

// zoneOf names the zone for a reader.
func zoneOf(opt Options) string {
	z := zone(opt)
	if z == time.UTC || z.String() == "UTC" {
		return "UTC"
	}
	if z.String() == "Local" {
		return "this machine's zone"
	}
	return Escape(z.String())
}

// HistoryMarkdown writes a timeline as a Markdown table, of as many rows as
// Options.Budget has room for. What the platform holds stays inside code. The error
// is w's.
func HistoryMarkdown(w io.Writer, t *history.Timeline, opt Options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### History of %s\n\n", Code(t.Name, 64))
	fmt.Fprintf(&b, "%s, %s. Times are in %s.\n\n", Code(t.AgentName, 64), Code(t.AgentID, 64), zoneOf(opt))
	b.WriteString("| version | status | live from | to | known by | author | commit | notes |\n" + strings.Repeat("|---", 8) + "|\n")
	p := newPrinter(opt)
	var rows [][]span
	for i := range t.Versions {
		v := &t.Versions[i]
		for k, row := range p.versionRows(t, v) {
			if k == 0 {
				row = append(row, span{plain, strings.Split(v.Notes, "\n")[0]})
			}
			rows = append(rows, row)
		}
	}
	rows = append(rows, p.unread(t)...)
	calls := callsMarkdown(t.Calls, opt)
	const rest = 100 // bytes for what else follows the table
	b.WriteString(rowsMarkdown(rows, 8, 100, budgetOf(opt)-b.Len()-len(calls)-rest))
	if !t.Whole && len(t.Versions) > 0 {
		b.WriteString("\nOlder versions are not shown.\n")
	}
	b.WriteString(calls)
	_, err := io.WriteString(w, b.String())
	return err
}

// rowsMarkdown are rows of a Markdown table, each with so many cells of at most most
// columns, as far as they go into room bytes, and below them how many did not.
func rowsMarkdown(rows [][]span, cells, most, room int) string {
	var b strings.Builder
	for n, row := range rows {
		var line strings.Builder
		for i := range cells {
			text := ""
			if i < len(row) && row[i].text != "" {
				text = strings.ReplaceAll(Code(row[i].text, most), "|", `\|`)
			}
			line.WriteString("| " + text + " ")
		}
		if b.Len()+line.Len() > room {
			fmt.Fprintf(&b, "\nThere is no room for %s.\n", Count(len(rows)-n, "more row"))
			break
		}
		b.WriteString(line.String() + "|\n")
	}
	return b.String()
}
