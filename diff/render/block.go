package render

import (
	"fmt"

	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/spec"
)

// block is a change that is shown line by line.
type block struct {
	path          string
	unit          string   // "line" or "item"
	before, after []string // lines, not escaped
	source        []spec.Segment
	whole         bool // the text is new or goes away: its start is enough
	hunks         []words.Hunk
}

// block writes a change line by line: hunks with their place in the prompt's
// file, a little context, and marked words.
func (p *printer) block(b block) {
	if b.whole {
		p.whole(b)
		return
	}
	hunks := b.hunks
	budget := p.show.lines
	from := 0 // context starts after what is shown already
	for len(hunks) > 0 && budget > 0 {
		n := p.together(hunks, b.source)
		to := len(b.after)
		if n < len(hunks) {
			to = hunks[n].New.From
		}
		var shown int
		shown, from = p.hunks(b, hunks[:n], from, to, budget)
		hunks = hunks[n:]
		budget -= shown
	}
	p.more(linesOf(hunks))
}

func linesOf(hunks []words.Hunk) int {
	added, removed := words.Count(hunks)
	return added + removed
}

// more says that changed lines are not shown.
func (p *printer) more(lines int) {
	if lines > 0 {
		p.cut = true
		p.line(span{plain, p.indent}, span{faint, "… " + Count(lines, "more line") + p.rest})
	}
}

// whole writes the start of a text that is new or goes away.
func (p *printer) whole(b block) {
	lines, sign := b.after, byte('+')
	if len(lines) == 0 {
		lines, sign = b.before, '-'
	}
	shown := len(lines)
	if shown > p.show.whole+1 {
		shown = p.show.whole
	}
	p.place(b, 0)
	p.plain(sign, lines[:shown])
	p.more(len(lines) - shown)
}

// plain writes lines without marked words.
func (p *printer) plain(sign byte, lines []string) {
	for _, line := range lines {
		p.content(words.Whole(sign, escapeHidden(line)))
	}
}

// together is how many of the hunks are shown under one header: those with
// little between them, and from the same file.
func (p *printer) together(hunks []words.Hunk, source []spec.Segment) int {
	file, _ := locate(source, hunks[0].New.From+1)
	n := 1
	for n < len(hunks) && hunks[n].New.From-hunks[n-1].New.To <= 2*p.show.context {
		if f, _ := locate(source, hunks[n].New.From+1); f != file {
			break
		}
		n++
	}
	return n
}

// hunks writes hunks under one header, with context from the new lines
// from:to. It shows at most budget changed lines and says what it left out; end
// is the first new line after it.
func (p *printer) hunks(b block, hunks []words.Hunk, from, to, budget int) (shown, end int) {
	first := hunks[0].New.From
	p.place(b, first)
	at := max(first-p.show.context, from)
	for at < first && b.after[at] == "" {
		at++ // no blank line at the edge
	}
	for i, h := range hunks {
		if shown >= budget {
			p.more(linesOf(hunks[i:]))
			return shown, at
		}
		p.plain(' ', b.after[at:h.New.From])
		shown += p.hunk(b.before[h.Old.From:h.Old.To], b.after[h.New.From:h.New.To], budget-shown)
		at = h.New.To
	}
	end = min(at+p.show.context, to)
	for end > at && b.after[end-1] == "" {
		end--
	}
	p.plain(' ', b.after[at:end])
	return shown, end
}

// hunk writes the lines of one hunk. Where they are more than budget, each side
// gets its share, so that a rewritten text shows old and new alike.
func (p *printer) hunk(before, after []string, budget int) (shown int) {
	old, now := len(before), len(after)
	if old+now <= budget {
		for _, line := range words.Align(escapeAll(before), escapeAll(after)) {
			p.content(line)
		}
		return old + now
	}
	old = min(old, max(budget/2, budget-now))
	now = min(now, max(budget-old, 1))
	p.plain('-', before[:old])
	p.more(len(before) - old)
	p.plain('+', after[:now])
	p.more(len(after) - now)
	return old + now
}

// place writes the header of hunks: the field, and the place of line index
// (from 0) of the new text, in its file where that is known.
func (p *printer) place(b block, index int) {
	place := fmt.Sprintf(", %s %d", b.unit, index+1)
	if file, line := locate(b.source, index+1); file != "" {
		place = fmt.Sprintf(", %s:%d", escapeHidden(file), line)
	} else if b.whole && len(b.source) == 0 {
		place = ""
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
