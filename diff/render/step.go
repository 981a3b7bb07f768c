package render

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/agentsync/agentsync/diff"
)

// styles are how a step's sign and noun look, by its sign.
var styles = map[string]style{"⇢": changed, "+": added, "~": changed, "-": removed, "↑": live, "↓": back, "?": heading}

// factsOf returns how an action shows; one that this version does not know shows
// under its own name.
func factsOf(a diff.Action) diff.ActionFacts {
	facts := a.Facts()
	if facts.Glyph == "" {
		facts = diff.ActionFacts{Glyph: "·", Noun: Escape(strings.ReplaceAll(string(a), "_", " ")), Count: "run"}
	}
	return facts
}

const (
	kindColumns   = 10
	targetColumns = 20 // at least; longer targets move the details of their agent
	targetMax     = 36
	minDetails    = 60 // columns; details that go on below have as many at least
)

// steps writes an agent's numbered steps, each with what it changes: what
// describe says of them.
func (p *printer) steps(steps []diff.Step, details []detail) {
	digits := len(strconv.Itoa(len(steps)))
	width := targetColumns
	for i := range steps {
		if n := columns(target(&steps[i])) + 2; n <= targetMax {
			width = max(width, n)
		}
	}
	for i := range steps {
		p.step(&steps[i], details[i], fmt.Sprintf("  %*d  ", digits, i+1), width)
	}
}

// step writes one step. Details that do not fit in its line go on below where
// they start, or further left where that leaves too little room.
func (p *printer) step(s *diff.Step, what detail, number string, targetWidth int) {
	facts := factsOf(s.Action)
	items, cut := what.items(p.show)
	p.cut = p.cut || cut
	kind, to := pad(facts.Noun, kindColumns), target(s)
	if len(items) > 0 {
		to = pad(to, targetWidth)
	}
	width := cmp.Or(p.opt.Width, defaultWidth)
	column := columns(number) + 2 + columns(kind) + columns(to)
	indent := column
	if width-column < minDetails {
		indent = len(blockIndent)
	}
	lines := p.breakItems(wrapItems(items, width-column, max(width-indent, minWidth)), max(width-indent, minWidth))
	p.line(span{faint, number}, span{styles[facts.Glyph], facts.Glyph}, span{plain, " " + kind}, span{strong, to},
		span{plain, lines[0]})
	for _, text := range lines[1:] {
		p.say(strings.Repeat(" ", indent) + text)
	}
	for _, b := range what.blocks {
		p.block(b)
	}
}

// wrapItems joins items with commas, in as few lines as whole items allow; the
// first line has another width than the further ones, and is there always.
func wrapItems(items []string, first, further int) []string {
	lines := []string{""}
	for i, item := range items {
		if i < len(items)-1 {
			item += ","
		}
		last, width := len(lines)-1, further
		if last == 0 {
			width = first
		}
		joined := strings.TrimPrefix(lines[last]+" "+item, " ")
		if columns(joined) <= width || i == 0 && first == further {
			lines[last] = joined
		} else {
			lines = append(lines, item)
		}
	}
	return lines
}

// breakItems breaks lines of items that are longer than a limited width allows,
// as one long item is.
func (p *printer) breakItems(lines []string, width int) (out []string) {
	if p.opt.Width == 0 {
		return lines
	}
	for _, line := range lines {
		out = append(out, Wrap(line, width)...)
	}
	return out
}

func pad(s string, width int) string {
	if n := width - columns(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s + "  "
}

// target is what a step works on, in its column.
func target(s *diff.Step) string {
	to := version(s.To)
	switch s.Action {
	case diff.CreateDraft:
		if s.From != nil {
			to += " (from " + version(s.From) + ")"
		}
	case diff.Publish, diff.Rollback:
		if s.To == nil {
			to = Escape(s.Target)
		}
		if s.From != nil {
			to = version(s.From) + " → " + to
		}
	default:
		to = Escape(s.Target)
	}
	return to
}

// version is "v8", or "new" while the platform has not numbered it.
func version(n *int) string {
	if n == nil {
		return "new"
	}
	return fmt.Sprintf("v%d", *n)
}
