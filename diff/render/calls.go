package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
)

// Call writes what is known of one call: how it went, and what was said. The
// error is w's.
func Call(w io.Writer, c *diff.Call, opt Options) error {
	p := newPrinter(opt)
	line := []span{cell(strong, c.ID)}
	if c.Status != "" || c.TranscriptStatus == "" {
		line = append(line, span{plain, "  "}, answeredCell(c))
	}
	if c.Duration > 0 {
		line = append(line, span{plain, "  " + lengthText(c.Duration)})
	}
	if c.Customer != "" {
		line = append(line, span{faint, "  to " + Escape(c.Customer)})
	}
	p.line(line...)
	p.transcript(c)
	_, err := p.WriteTo(w)
	return err
}

func (p *printer) transcript(c *diff.Call) {
	switch {
	case c.TranscriptStatus == "":
		return
	case c.TranscriptStatus != "ready":
		text := "transcript  " + Escape(c.TranscriptStatus)
		if c.Problem != "" {
			text += ": " + Escape(c.Problem)
		}
		p.say(text)
		return
	}
	outcome := c.Outcome
	if outcome == "" {
		outcome = "none"
	}
	rows := [][]span{{{faint, "outcome"}, cell(strong, outcome)}}
	head := span{faint, "summary"}
	for part := range strings.Lines(c.Summary) {
		rows = append(rows, []span{head, cell(plain, strings.TrimSpace(part))})
		head = span{}
	}
	p.table("", rows)
	rows = nil
	if len(c.Turns) > 0 {
		p.gap()
	}
	for _, turn := range c.Turns {
		role := cell(strong, turn.Role)
		for _, part := range strings.Split(turn.Text, "\n") {
			rows = append(rows, []span{role, cell(plain, part)})
			role = span{}
		}
	}
	for _, row := range rows {
		p.line(row[0], span{plain, strings.Repeat(" ", max(2, 8-columns(row[0].text)))}, row[1])
	}
}

func answeredCell(c *diff.Call) span {
	switch answered, known := c.Answered(); {
	case !known:
		return cell(changed, c.Status)
	case answered:
		return span{added, "answered"}
	default:
		return span{removed, "not answered"}
	}
}

// Calls writes a line for each call, the newest first, and their sum. The error
// is w's.
func Calls(w io.Writer, name string, calls []diff.Call, since time.Time, opt Options) error {
	p := newPrinter(opt)
	rows := [][]span{heads("call", "made", "answered", "length", "customer", "outcome")}
	answered := 0
	var talked time.Duration
	for i := range calls {
		c := &calls[i]
		rows = append(rows, []span{cell(strong, c.ID), {plain, p.time(c.CreatedAt)}, answeredCell(c), {plain, lengthText(c.Duration)},
			cell(plain, c.Customer), outcomeCell(c)})
		if yes, _ := c.Answered(); yes {
			answered++
			talked += c.Duration
		}
	}
	if len(calls) > 0 {
		p.table("", rows)
		p.gap()
	}
	text := fmt.Sprintf("%s of %s since %s", Count(len(calls), "call"), Escape(name), p.time(since))
	if answered > 0 {
		text += fmt.Sprintf(": %d answered, of %s on average", answered, lengthText(talked/time.Duration(answered)))
	}
	p.say(text + ".")
	p.line(span{faint, "Times are in " + zoneOf(opt) + "."})
	_, err := p.WriteTo(w)
	return err
}

func outcomeCell(c *diff.Call) span {
	if c.TranscriptStatus == "ready" {
		return cell(plain, c.Outcome)
	}
	return cell(faint, strings.TrimSpace("transcript "+c.TranscriptStatus))
}

// lengthText is how long a call was, to the second; "" for no time at all.
func lengthText(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return d.Round(time.Second).String()
}

// callHeads are the columns of what came of a version's calls.
var callHeads = []string{"version", "calls", "answered", "length", "outcomes"}

// calls writes what came of the calls of each version.
func (p *printer) calls(c *history.Calls) {
	if c == nil {
		return
	}
	p.gap()
	rows := [][]span{heads(callHeads...)}
	for i := range c.Versions {
		rows = append(rows, versionCallsRow(&c.Versions[i]))
	}
	if len(rows) > 1 {
		p.table("  ", rows)
	}
	for _, line := range callsRemarks(c, p.opt) {
		p.line(span{faint, line})
	}
}

func versionCallsRow(v *history.VersionCalls) []span {
	return []span{{strong, fmt.Sprintf("v%d", v.Version)}, {plain, fmt.Sprint(v.Calls)}, {plain, fmt.Sprint(v.Answered)},
		{plain, lengthText(v.Length())}, cell(plain, outcomesText(v))}
}

// outcomesText is how the outcomes of answered calls are spread.
func outcomesText(v *history.VersionCalls) string {
	var parts []string
	for _, o := range v.Outcomes {
		name := o.Outcome
		if name == "" {
			name = "no outcome"
		}
		parts = append(parts, fmt.Sprintf("%s %d", name, o.Calls))
	}
	if v.Unread > 0 {
		parts = append(parts, fmt.Sprintf("no transcript %d", v.Unread))
	}
	return strings.Join(parts, ", ")
}

// callsRemarks are sentences about what is counted.
func callsRemarks(c *history.Calls, opt Options) []string {
	if c.Problem != "" {
		return []string{"Nothing is known of calls: " + Escape(c.Problem) + "."}
	}
	var out []string
	switch {
	case c.Since.IsZero():
		return []string{"Nothing says when a version went live, so no call can be placed."}
	case len(c.Versions) == 0 && c.Unplaced == 0:
		return []string{"No calls since " + timeText(c.Since, opt) + "."}
	case c.Cut:
		out = append(out, "Calls since "+timeText(c.Since, opt)+": older ones are too many to read.")
	default:
		out = append(out, "Calls since "+timeText(c.Since, opt)+", each with the version that was live when it was made.")
	}
	if c.Unplaced > 0 {
		out = append(out, Count(c.Unplaced, "call")+" could not be placed: nothing is sure of what was live then.")
	}
	return out
}

// callsMarkdown is the same as a table of Markdown, in at most half of Options.Budget;
// "" where calls were not asked for.
func callsMarkdown(c *history.Calls, opt Options) string {
	if c == nil {
		return ""
	}
	remarks := "\n" + strings.Join(callsRemarks(c, opt), " ") + "\n"
	if len(c.Versions) == 0 {
		return remarks
	}
	var rows [][]span
	for i := range c.Versions {
		rows = append(rows, versionCallsRow(&c.Versions[i]))
	}
	head := "\n| " + strings.Join(callHeads, " | ") + " |\n" + strings.Repeat("|---", len(callHeads)) + "|\n"
	const rest = 100 // bytes for what is said of rows that have no room
	return head + rowsMarkdown(rows, len(callHeads), 200, budgetOf(opt)/2-len(head)-len(remarks)-rest) + remarks
}
