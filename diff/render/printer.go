package render

import (
	"bufio"
	"io"
	"math"
	"strings"

	"github.com/fatih/color"
)

// style is what a stretch of text means; the palette says how that looks.
type style int

const (
	plain style = iota
	faint
	strong
	heading // a hunk header
	added
	addedWord
	removed
	removedWord
	changed
	live // goes live: publish
	back // goes live again: rollback
	alert
)

// palette is the only place that knows colours.
var palette = map[style][]color.Attribute{
	faint:       {color.Faint},
	strong:      {color.Bold},
	heading:     {color.FgCyan},
	added:       {color.FgGreen},
	addedWord:   {color.FgGreen, color.Bold, color.ReverseVideo},
	removed:     {color.FgRed},
	removedWord: {color.FgRed, color.Bold, color.ReverseVideo},
	changed:     {color.FgYellow},
	live:        {color.FgCyan, color.Bold},
	back:        {color.FgMagenta, color.Bold},
	alert:       {color.FgYellow},
}

// span is a stretch of one line.
type span struct {
	style style
	text  string
}

// printer writes lines. Everything that is shown goes through its line method,
// which holds what Escape promises whatever a caller forgot.
type printer struct {
	w       *bufio.Writer
	colors  map[style]*color.Color // nil without colour
	opt     Options
	limit   int      // columns from which a content line is long
	wrap    int      // columns at which content lines wrap; 0 for never
	indent  string   // before the lines of a content block
	written bool     // a line that is not blank came last
	lines   int      // written so far
	show    limits   // how much of what changes is shown
	rest    string   // says in a note on what is left out where that is; may be ""
	cut     bool     // something that changes is left out
	heads   []func() // what stands above the next line, if one comes; see under

	noBlocks bool // steps only, without the lines that change
}

// limits say how much of a change is shown, line by line.
type limits struct {
	context int // unchanged lines around a change
	lines   int // changed lines of one field
	whole   int // lines of a text that is new or goes away
	added   int // columns of one line that goes live
	removed int // columns of one line that only goes away
}

// textLimits are those of a terminal or a log.
var textLimits = limits{context: 2, lines: 200, whole: 6, added: 1200, removed: 360}

// noLimits shows all that changes.
var noLimits = limits{context: 2, lines: math.MaxInt, whole: math.MaxInt - 1, added: math.MaxInt, removed: math.MaxInt}

func newPrinter(w io.Writer, opt Options) *printer {
	p := &printer{w: bufio.NewWriter(w), opt: opt, limit: defaultWidth, indent: blockIndent,
		show: textLimits, rest: " (-v shows all)"}
	if opt.Verbose {
		p.show = noLimits
	}
	if opt.Width > 0 {
		p.limit = max(opt.Width-len(blockIndent)-2, minWidth)
		p.wrap = p.limit
	}
	if opt.Color {
		p.colors = make(map[style]*color.Color, len(palette))
		for s, attributes := range palette {
			c := color.New(attributes...)
			c.EnableColor() // the caller knows; the library's own guess is not asked
			p.colors[s] = c
		}
	}
	return p
}

// newFencePrinter writes what stands in a fence of a Markdown document, where
// show limits what changes.
func newFencePrinter(w io.Writer, verbose bool, show limits) *printer {
	p := newPrinter(w, Options{Verbose: verbose})
	p.indent, p.wrap, p.limit, p.rest, p.show = "", defaultWidth, defaultWidth, "", show
	return p
}

const (
	defaultWidth = 120       // what counts as a long line where nothing limits it
	minWidth     = 40        // content is not squeezed below this
	blockIndent  = "       " // under a step's kind
)

// under writes what body writes, with head above it. Where body writes nothing,
// head is left out as well.
func (p *printer) under(head, body func()) {
	p.heads = append(p.heads, head)
	body()
	if n := len(p.heads); n > 0 {
		p.heads = p.heads[:n-1]
	}
}

// line writes one line of spans.
func (p *printer) line(spans ...span) {
	heads := p.heads
	p.heads = nil
	for _, head := range heads {
		head()
	}
	spans = trimRight(guard(merge(spans)))
	for _, s := range spans {
		if c := p.colors[s.style]; c != nil && s.text != "" {
			_, _ = p.w.WriteString(c.Sprint(s.text)) // bufio keeps the error for flush
		} else {
			_, _ = p.w.WriteString(s.text)
		}
	}
	_ = p.w.WriteByte('\n')
	p.written = len(spans) > 0
	p.lines++
}

// gap writes a blank line, unless there is one already or nothing above.
func (p *printer) gap() {
	if p.written {
		p.line()
	}
}

func (p *printer) flush() error { return p.w.Flush() }

// guard escapes what is left to escape in a line, also where only several
// spans together would be obeyed by a CI runner.
func guard(spans []span) []span {
	for i := range spans {
		spans[i].text = escapeHidden(spans[i].text)
	}
	if hasCommand(join(spans)) {
		for i := range spans {
			if strings.Contains(spans[i].text, ":") {
				spans[i].text = strings.Replace(spans[i].text, ":", `\x3a`, 1)
				break
			}
		}
	}
	if strings.Contains(join(spans), "##[") {
		for i := range spans {
			spans[i].text = strings.ReplaceAll(spans[i].text, "[", `\x5b`)
		}
	}
	return spans
}

// merge joins neighbours of one style, so that colours switch only where they
// change.
func merge(spans []span) []span {
	out := make([]span, 0, len(spans))
	for _, s := range spans {
		if n := len(out); n > 0 && out[n-1].style == s.style {
			out[n-1].text += s.text
			continue
		}
		out = append(out, s)
	}
	return out
}

// join is the line without its styles.
func join(spans []span) string {
	if len(spans) == 1 {
		return spans[0].text
	}
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.text)
	}
	return b.String()
}

func trimRight(spans []span) []span {
	for len(spans) > 0 {
		last := &spans[len(spans)-1]
		last.text = strings.TrimRight(last.text, " ")
		if last.text != "" {
			return spans
		}
		spans = spans[:len(spans)-1]
	}
	return nil
}
