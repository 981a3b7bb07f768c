package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/agentsync/agentsync/diff"
)

// styles are how a step's sign and noun look, by its sign.
var styles = map[string]style{"⇢": changed, "+": added, "~": changed, "-": removed, "↑": live, "↓": back}

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
)

// steps writes an agent's numbered steps, each with what it changes: what
// describeAll says of them.
func (p *printer) steps(steps []diff.Step, details []detail) {
	digits := len(strconv.Itoa(len(steps)))
	width := targetColumns
	for i := range steps {
		if n := columns(target(&steps[i])) + 2; n > width && n <= targetMax {
			width = n
		}
	}
	for i := range steps {
		p.step(&steps[i], details[i], fmt.Sprintf("  %*d  ", digits, i+1), width)
	}
}

func (p *printer) step(s *diff.Step, what detail, number string, width int) {
	facts := factsOf(s.Action)
	kind := pad(facts.Noun, kindColumns)
	to := target(s)
	if len(what.inline) > 0 {
		to = pad(to, width)
	}
	column := columns(number) + 2 + columns(kind) + columns(to)
	first, further, indent := p.detailColumns(column)
	for i, text := range wrapItems(what.inline, first, further) {
		if i == 0 {
			p.line(span{faint, number}, span{styles[facts.Glyph], facts.Glyph}, span{plain, " " + kind}, span{strong, to}, span{plain, text})
			continue
		}
		p.line(span{plain, strings.Repeat(" ", indent) + text})
	}
	if p.noBlocks {
		return
	}
	for _, b := range what.blocks {
		p.block(b)
	}
}

// detailColumns says how wide details that start at column may be in their
// first line and in further ones, and where those start: below the first, or
// further left where that leaves too little room.
func (p *printer) detailColumns(column int) (first, further, indent int) {
	width := p.opt.Width
	if width == 0 {
		width = defaultWidth
	}
	indent = column
	if width-column < minWidth {
		indent = len(blockIndent)
	}
	return width - column, max(width-indent, minWidth), indent
}

// wrapItems joins items with commas, in as few lines as whole items allow; the
// first line has another width than the further ones, and is there always.
func wrapItems(items []string, first, further int) []string {
	lines := []string{""}
	for i, item := range items {
		if i < len(items)-1 {
			item += ","
		}
		last, width := &lines[len(lines)-1], further
		if len(lines) == 1 {
			width = first
		}
		switch {
		case *last == "" && columns(item) <= width, *last == "" && first == further:
			*last = item
		case *last != "" && columns(*last)+1+columns(item) <= width:
			*last += " " + item
		default:
			lines = append(lines, item)
		}
	}
	return lines
}

func pad(s string, width int) string {
	if n := width - columns(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s + "  "
}

// target is what a step works on, in its column.
func target(s *diff.Step) string {
	switch s.Action {
	case diff.CreateDraft:
		if s.From != nil {
			return fmt.Sprintf("%s (from v%d)", version(s.To), *s.From)
		}
		return version(s.To)
	case diff.Publish, diff.Rollback:
		to := version(s.To)
		if s.To == nil {
			to = Escape(s.Target)
		}
		if s.From != nil {
			return fmt.Sprintf("v%d → %s", *s.From, to)
		}
		return to
	default:
		return Escape(s.Target)
	}
}

// version is "v8", or "new" while the platform has not numbered it.
func version(n *int) string {
	if n == nil {
		return "new"
	}
	return fmt.Sprintf("v%d", *n)
}
