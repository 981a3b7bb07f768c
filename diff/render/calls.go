package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
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
