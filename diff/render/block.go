package render

import (
	"fmt"

	"github.com/agentsync/agentsync/spec"
)

// block writes a change line by line: hunks with their place in the prompt's
// file, a little context, and marked words.
func (p *printer) block(b block) {
	if b.whole {
		p.whole(b)
		return
	}
	regions := b.regions
	budget := p.show.lines
	from := 0 // context starts after what is shown already
	for len(regions) > 0 && budget > 0 {
		n := p.hunkLength(regions, b.source)
		h := hunk{regions: regions[:n], from: from, to: len(b.after)}
		regions = regions[n:]
		if len(regions) > 0 {
			h.to = regions[0].j1
		}
		var shown int
		shown, from = p.hunk(b, h, budget)
		budget -= shown
	}
	left := 0
	for _, r := range regions {
		left += r.i2 - r.i1 + r.j2 - r.j1
	}
	p.more(left)
}

// hunk is a run of regions that are shown together. Its context may take the
// new lines from:to.
type hunk struct {
	regions  []region
	from, to int
}

// more says that changed lines are not shown.
func (p *printer) more(lines int) {
	if lines > 0 {
		p.cut = true
		p.line(span{plain, p.indent}, span{faint, "… " + count(lines, "more line", "more lines") + p.rest})
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
	p.hunkHeader(b, 0)
	for _, line := range lines[:shown] {
		p.content(wholeRow(sign, escapeHidden(line)))
	}
	p.more(len(lines) - shown)
}

// hunkLength is how many of the regions are shown as one hunk: those with
// little between them, and from the same file.
func (p *printer) hunkLength(regions []region, source []spec.Segment) int {
	file, _ := locate(source, regions[0].j1+1)
	n := 1
	for n < len(regions) && regions[n].j1-regions[n-1].j2 <= 2*p.show.context {
		if f, _ := locate(source, regions[n].j1+1); f != file {
			break
		}
		n++
	}
	return n
}

// hunk writes regions with their context. It shows at most budget changed
// lines and says what it left out; end is the first new line after it.
func (p *printer) hunk(b block, h hunk, budget int) (shown, end int) {
	p.hunkHeader(b, h.regions[0].j1)
	at := max(h.regions[0].j1-p.show.context, h.from)
	for at < h.regions[0].j1 && b.after[at] == "" {
		at++ // no blank line at a hunk's edge
	}
	for i, r := range h.regions {
		if shown >= budget {
			left := 0
			for _, r := range h.regions[i:] {
				left += r.i2 - r.i1 + r.j2 - r.j1
			}
			p.more(left)
			return shown, at
		}
		p.context(b.after[at:r.j1])
		shown += p.region(b.before[r.i1:r.i2], b.after[r.j1:r.j2], budget-shown)
		at = r.j2
	}
	end = min(at+p.show.context, h.to)
	for end > at && b.after[end-1] == "" {
		end--
	}
	p.context(b.after[at:end])
	return shown, end
}

// region writes the lines of one region. Where they are more than budget, each
// side gets its share, so that a rewritten text shows old and new alike.
func (p *printer) region(before, after []string, budget int) (shown int) {
	old, now := len(before), len(after)
	if old+now > budget {
		old = min(old, max(budget/2, budget-now))
		now = min(now, max(budget-old, 1))
	}
	if old == len(before) && now == len(after) {
		for _, row := range align(escapeAll(before), escapeAll(after)) {
			p.content(row)
		}
		return old + now
	}
	for _, line := range before[:old] {
		p.content(wholeRow('-', escapeHidden(line)))
	}
	p.more(len(before) - old)
	for _, line := range after[:now] {
		p.content(wholeRow('+', escapeHidden(line)))
	}
	p.more(len(after) - now)
	return old + now
}

func (p *printer) context(lines []string) {
	for _, line := range lines {
		p.content(wholeRow(' ', escapeHidden(line)))
	}
}

// hunkHeader names the field and the place of line index (from 0) of the new
// text: in its file where that is known.
func (p *printer) hunkHeader(b block, index int) {
	place := fmt.Sprintf("%s %d", b.unit, index+1)
	if file, line := locate(b.source, index+1); file != "" {
		place = fmt.Sprintf("%s:%d", escapeHidden(file), line)
	}
	if b.whole && len(b.source) == 0 {
		place = ""
	}
	text := b.path
	if place != "" {
		text += ", " + place
	}
	p.line(span{plain, p.indent}, span{heading, "@@ " + text + " @@"})
}

// locate gives the file and line of line n (from 1) of a text; "" when the
// sources do not tell.
func locate(source []spec.Segment, n int) (file string, line int) {
	var best *spec.Segment
	for i := range source {
		if s := &source[i]; s.Start <= n && (best == nil || s.Start >= best.Start) {
			best = s
		}
	}
	switch {
	case best == nil:
		return "", 0
	case best.Fixed:
		return best.File, best.Line
	default:
		return best.File, best.Line + n - best.Start
	}
}

func escapeAll(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = escapeHidden(line)
	}
	return out
}
