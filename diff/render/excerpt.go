package render

import (
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff/words"
)

const (
	ellipsis   = "…"
	keepAround = 40 // columns, at most, of an unchanged stretch kept beside a change
)

// content writes one line of a text diff under its sign: as it is when it is
// short, as an excerpt around the changed words when it is long.
func (p *printer) content(line words.Line) {
	long := columns(line.Text()) > p.limit
	if long && !p.opt.Verbose {
		line.Parts = p.excerpt(line)
	}
	base, hot := plain, plain
	switch line.Sign {
	case '-':
		base, hot = removed, removedWord
	case '+':
		base, hot = added, addedWord
	}
	if line.Sign != ' ' {
		showTrailing(line.Parts)
	}
	spans := make([]span, 0, len(line.Parts))
	for _, part := range line.Parts {
		s := span{base, part.Text}
		if part.Changed && part.Text != "" {
			s.style = hot
			if long && p.colors == nil {
				s.text = bracket(line.Sign, part.Text)
			}
		}
		spans = append(spans, s)
	}
	for i, shown := range wrapSpans(spans, p.wrap) {
		prefix := string(line.Sign) + " "
		if i > 0 {
			prefix += "  "
		}
		p.line(append([]span{{plain, p.indent}, {base, prefix}}, shown...)...)
	}
}

// bracket marks changed words where no colour can.
func bracket(sign byte, s string) string {
	if sign == '-' {
		return "[-" + s + "-]"
	}
	return "{+" + s + "+}"
}

// showTrailing makes spaces at the end of a changed line visible.
func showTrailing(parts []words.Part) {
	for i := len(parts) - 1; i >= 0; i-- {
		s := parts[i].Text
		cut := strings.TrimRight(s, " ")
		parts[i].Text = cut + strings.Repeat("·", len(s)-len(cut))
		if cut != "" {
			return
		}
	}
}

// excerpt shortens a long line: unchanged stretches keep only what stands next
// to a change, and everything is bounded, with a note of how much is left out.
func (p *printer) excerpt(line words.Line) []words.Part {
	if line.Sign == ' ' {
		start, _ := head(line.Text(), p.limit-2)
		return []words.Part{{Text: strings.TrimRight(start, " ") + " " + ellipsis}}
	}
	if len(line.Parts) == 1 && line.Sign == '-' {
		return p.bound(line.Parts, p.show.removed)
	}
	if len(line.Parts) == 1 {
		return p.bound(line.Parts, p.show.added)
	}
	out := make([]words.Part, 0, len(line.Parts))
	for i, part := range line.Parts {
		if !part.Changed {
			part.Text = elide(part.Text, min(keepAround, p.limit/3), i > 0, i < len(line.Parts)-1)
		}
		out = append(out, part)
	}
	return p.bound(out, p.show.added)
}

// elide keeps the ends of an unchanged stretch that touch a change: keep
// columns at its left or right end, or at both.
func elide(s string, keep int, left, right bool) string {
	all := 0
	if left {
		all += keep
	}
	if right {
		all += keep
	}
	if columns(s) <= all+10 {
		return s
	}
	var b strings.Builder
	if left {
		start, _ := head(s, keep)
		b.WriteString(strings.TrimRight(start, " ") + " ")
	}
	b.WriteString(ellipsis)
	if right {
		end := tail(s, keep)
		b.WriteString(" " + strings.TrimLeft(end, " "))
	}
	return b.String()
}

// bound cuts parts after max columns and says how many characters follow.
func (p *printer) bound(parts []words.Part, max int) []words.Part {
	var out []words.Part
	for i, part := range parts {
		n := columns(part.Text)
		if n <= max {
			out, max = append(out, part), max-n
			continue
		}
		start, rest := head(part.Text, max)
		left := utf8.RuneCountInString(rest)
		for _, later := range parts[i+1:] {
			left += utf8.RuneCountInString(later.Text)
		}
		part.Text = strings.TrimRight(start, " ")
		p.cut = true
		return append(out, part, p.partNote(left))
	}
	return out
}

// partNote says how many characters of a line are not shown.
func (p *printer) partNote(left int) words.Part {
	return words.Part{Text: " … " + Count(left, "more character") + p.rest}
}

// wrapSpans breaks spans into lines of at most width columns, at spaces where
// there are any. A width of 0 breaks nothing.
func wrapSpans(spans []span, width int) [][]span {
	if width == 0 {
		return [][]span{spans}
	}
	cells := cellsOf(spans, width)
	var lines [][]span
	start, space, cols := 0, -1, 0
	for k := 0; k < len(cells); k++ {
		if strings.Trim(cells[k].text, " ") == "" {
			space = k
		}
		cols += columns(cells[k].text)
		if cols <= width || k == start {
			continue
		}
		next := k
		if space > start {
			lines, next = append(lines, cells[start:space]), space+1
		} else {
			lines = append(lines, cells[start:k])
		}
		start, space, cols, k = next, -1, 0, next-1
	}
	return append(lines, cells[start:])
}

// cellsOf cuts spans into tokens, and tokens wider than width into characters.
func cellsOf(spans []span, width int) []span {
	var cells []span
	for _, s := range spans {
		for _, t := range words.Tokens(s.text) {
			for t != "" {
				n := max(fitting(t, width, words.Cluster), words.Cluster(t))
				cells, t = append(cells, span{s.style, t[:n]}), t[n:]
			}
		}
	}
	return cells
}
