package render

import (
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/spec"
)

// block is a change that is shown line by line.
type block struct {
	path          string   // "" for a file as a whole
	unit          string   // "line" or "item"
	before, after []string // lines, not escaped
	source        []spec.Segment
	hunks         []words.Hunk
}

// whole says that the text is new or goes away: its start is enough.
func (b *block) whole() bool { return len(b.before) == 0 || len(b.after) == 0 }

// block writes a change line by line: hunks with their place in the prompt's
// file, a little context, and marked words.
func (p *printer) block(b block) {
	switch {
	case p.show.lines == 0:
		return
	case b.whole():
		p.place(b, 0)
		lines := len(b.before) + len(b.after)
		if lines-1 > p.show.whole { // a note would take a line as well
			lines = p.show.whole
		}
		old, now := p.hunk(b.before, b.after, lines)
		p.more(len(b.after)-now, len(b.before)-old)
		return
	}
	budget := p.show.lines
	at := 0 // the first new line that is not shown
	for i, h := range b.hunks {
		if budget <= 0 {
			p.more(words.Count(b.hunks[i:]))
			return
		}
		if i == 0 || !p.together(b, i) {
			p.place(b, h.New.From)
			at = max(h.New.From-p.show.context, at)
			for at < h.New.From && b.after[at] == "" {
				at++ // no blank line at the edge
			}
		}
		p.plain(' ', b.after[at:h.New.From])
		old, now := p.hunk(b.before[h.Old.From:h.Old.To], b.after[h.New.From:h.New.To], budget)
		if budget -= old + now; old+now < h.Len() { // what stays of this hunk and all others is one number
			added, removed := words.Count(b.hunks[i:])
			p.more(added-now, removed-old)
			return
		}
		at = h.New.To
		if i+1 < len(b.hunks) && p.together(b, i+1) {
			continue
		}
		end := min(at+p.show.context, len(b.after))
		if i+1 < len(b.hunks) {
			end = min(end, b.hunks[i+1].New.From)
		}
		for end > at && b.after[end-1] == "" {
			end--
		}
		p.plain(' ', b.after[at:end])
		at = end
	}
}

// together says whether hunk i is shown under the header of the one before:
// with little between them, and from the same file.
func (p *printer) together(b block, i int) bool {
	last, h := b.hunks[i-1].New, b.hunks[i].New
	file, _ := locate(b.source, last.From+1)
	next, _ := locate(b.source, h.From+1)
	return h.From-last.To <= 2*p.show.context && file == next
}

// more says that changed lines are not shown.
func (p *printer) more(added, removed int) {
	if added+removed > 0 {
		p.cut = true
		p.line(span{plain, p.indent}, span{faint, "… " + Count(added+removed, "more line") + p.rest})
	}
}

// plain writes lines without marked words.
func (p *printer) plain(sign byte, lines []string) {
	for _, line := range lines {
		p.content(words.Whole(sign, escapeHidden(line)))
	}
}

// hunk writes the lines of one hunk, and returns how many of each side. Where they
// are more than budget, each side gets its share, so that a rewritten text shows
// old and new alike.
func (p *printer) hunk(before, after []string, budget int) (old, now int) {
	if old, now = len(before), len(after); old+now > budget {
		old = min(old, max(budget/2, budget-now))
		now = min(now, max(budget-old, 1))
	}
	sign, text := byte(0), ""
	for _, line := range words.Align(escapeAll(before[:old]), escapeAll(after[:now])) {
		edited, was := sign == '-' && line.Sign == '+', text
		sign, text = line.Sign, line.Text() // whole: content shortens it
		p.content(line)
		if edited {
			p.alike(was, text)
		}
	}
	return old, now
}

// place writes the header of hunks: the field, and the place of line index
// (from 0) of the new text, in its file where that is known.
func (p *printer) place(b block, index int) {
	place := fmt.Sprintf(", %s %d", b.unit, index+1)
	if file, line := locate(b.source, index+1); file != "" {
		place = fmt.Sprintf(", %s:%d", escapeHidden(file), line)
	} else if b.whole() && len(b.source) == 0 {
		place = ""
	}
	if b.path == "" { // a file of its own
		place = strings.TrimPrefix(place, ", ")
	}
	p.line(span{plain, p.indent}, span{heading, "@@ " + b.path + place + " @@"})
}

// locate returns the file and line of line n (from 1) of a text; "" when the
// sources do not tell.
func locate(source []spec.Segment, n int) (file string, line int) {
	var best spec.Segment
	for _, s := range source {
		if s.Start <= n && s.Start >= best.Start {
			best = s
		}
	}
	if best.Start == 0 || best.Fixed {
		return best.File, best.Line
	}
	return best.File, best.Line + n - best.Start
}

func escapeAll(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = escapeHidden(line)
	}
	return out
}
