package render

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff/words"
)

const (
	ellipsis   = "…"
	keepAround = 40 // columns, at most, of an unchanged stretch kept beside a change
)

// signs are how the lines of a text diff look, by their sign, and what marks
// changed words where no colour can.
var signs = map[byte]struct {
	line, word  style
	open, close string
}{
	'-': {removed, removedWord, "[-", "-]"},
	'+': {added, addedWord, "{+", "+}"},
}

// content writes one line of a text diff, which is escaped, under its sign: as
// it is when it is short, as an excerpt around the changed words when it is
// long.
func (p *printer) content(line words.Line) {
	long := columns(line.Text()) > p.limit
	if long && !p.opt.Verbose {
		line.Parts = p.excerpt(line)
	}
	marks := long || similar(line.Parts)
	sign := signs[line.Sign]
	if line.Sign != ' ' {
		showTrailing(line.Parts)
	}
	spans := make([]span, 0, len(line.Parts))
	for _, part := range line.Parts {
		s := span{sign.line, part.Text}
		if part.Changed && part.Text != "" {
			s.style = sign.word
			if marks && !p.opt.Color {
				s.text = sign.open + part.Text + sign.close
			}
		}
		spans = append(spans, s)
	}
	prefix := string(line.Sign) + " "
	for _, shown := range wrapSpans(spans, p.wrap) {
		p.line(append([]span{{plain, p.indent}, {sign.line, prefix}}, shown...)...)
		prefix = string(line.Sign) + "   "
	}
}

// similar reports whether an eye may miss what has changed in a line: a few words, of a
// script in which a dot or a vowel sign makes another word.
func similar(parts []words.Part) bool {
	changed, all, ascii := 0, 0, true
	for _, part := range parts {
		n := columns(part.Text)
		if all += n; part.Changed {
			changed += n
			ascii = ascii && isASCII(part.Text)
		}
	}
	return !ascii && changed < all
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
// to a change, and everything is bounded, with a note of how many characters
// are left out.
func (p *printer) excerpt(line words.Line) []words.Part {
	most, last := p.show.added, len(line.Parts)-1
	switch {
	case line.Sign == ' ':
		start, _ := head(line.Text(), p.limit-2)
		return []words.Part{{Text: strings.TrimRight(start, " ") + " " + ellipsis}}
	case last == 0 && line.Sign == '-':
		most = p.show.removed
	}
	for i, part := range line.Parts {
		if !part.Changed && last > 0 {
			part.Text = elide(part.Text, min(keepAround, p.limit/3), i > 0, i < last)
		}
		line.Parts[i] = part
	}
	for i, part := range line.Parts {
		if n := columns(part.Text); n <= most {
			most -= n
			continue
		}
		start, rest := head(part.Text, most)
		left := utf8.RuneCountInString(rest + words.Line{Parts: line.Parts[i+1:]}.Text())
		part.Text = strings.TrimRight(start, " ")
		p.cut = true
		return append(line.Parts[:i], part, words.Part{Text: " … " + Count(left, "more character") + p.rest})
	}
	return line.Parts
}

// elide keeps the ends of an unchanged stretch that touch a change: keep
// columns at its left or right end, or at both.
func elide(s string, keep int, left, right bool) string {
	most := keep + 10
	if left && right {
		most += keep
	}
	if columns(s) <= most {
		return s
	}
	short := ellipsis
	if left {
		start, _ := head(s, keep)
		short = strings.TrimRight(start, " ") + " " + short
	}
	if right {
		short += " " + strings.TrimLeft(tail(s, keep), " ")
	}
	return short
}

// wrapSpans breaks spans into lines of at most width columns, at spaces where
// there are any. A width of 0 breaks nothing.
func wrapSpans(spans []span, width int) (lines [][]span) {
	text := join(spans)
	for width > 0 {
		end := max(fitting(text, width, words.Cluster), words.Cluster(text))
		if end == len(text) {
			break
		}
		line := strings.TrimRight(text[:strings.LastIndexByte(text[:end+1], ' ')+1], " ")
		if line == "" { // no space: between words, or else between characters
			line, _ = head(text, width)
			line = cmp.Or(line, text[:end])
		}
		rest := strings.TrimLeft(text[len(line):], " ")
		start, _ := split(spans, len(line))
		_, spans = split(spans, len(text)-len(rest))
		lines, text = append(lines, start), rest
	}
	return append(lines, spans)
}

// hang breaks a line that is longer than width between words; what goes on is
// indented two columns more than its start, and never so far that little room is
// left for it.
func hang(spans []span, width int) [][]span {
	text := join(spans)
	width = max(width, minWidth)
	if len(text) <= width || columns(text) <= width {
		return [][]span{spans}
	}
	indent := len(text) - len(strings.TrimLeft(text, " "))
	start, rest := split(spans, indent)
	indent = min(indent, width-minWidth)
	lines := wrapSpans(rest, width-indent-2)
	for i := range lines {
		before := start
		if i > 0 {
			before = []span{{plain, strings.Repeat(" ", indent+2)}}
		}
		lines[i] = append(slices.Clone(before), lines[i]...)
	}
	return lines
}

// Wrap breaks an escaped line of a message as the lines of a plan are broken: at
// most width columns each, between words. A width of 0 breaks nothing.
func Wrap(line string, width int) []string {
	if width <= 0 {
		return []string{line}
	}
	var out []string
	for _, spans := range hang([]span{{plain, line}}, width) {
		out = append(out, strings.TrimRight(join(spans), " "))
	}
	return out
}

// split cuts spans after n bytes.
func split(spans []span, n int) (start, rest []span) {
	for i, s := range spans {
		if n < len(s.text) {
			start = append(slices.Clone(spans[:i]), span{s.style, s.text[:n]})
			return start, append([]span{{s.style, s.text[n:]}}, spans[i+1:]...)
		}
		n -= len(s.text)
	}
	return spans, nil
}
