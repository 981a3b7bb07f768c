package render

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"github.com/fatih/color"
)

// style is what a stretch of text means, and how that looks. This is the only
// place that knows colours.
type style = *color.Color

var (
	plain       style
	faint       = look(color.Faint)
	strong      = look(color.Bold)
	heading     = look(color.FgCyan) // a hunk header
	added       = look(color.FgGreen)
	addedWord   = look(color.FgGreen, color.Bold, color.ReverseVideo)
	removed     = look(color.FgRed)
	removedWord = look(color.FgRed, color.Bold, color.ReverseVideo)
	changed     = look(color.FgYellow)
	live        = look(color.FgCyan, color.Bold)    // goes live: publish
	back        = look(color.FgMagenta, color.Bold) // goes live again: rollback
	alert       = look(color.FgYellow)
)

func look(attributes ...color.Attribute) style {
	c := color.New(attributes...)
	c.EnableColor() // the caller knows; the library's own guess is not asked
	return c
}

// span is a stretch of one line.
type span struct {
	style style
	text  string
}

// printer collects lines. Everything that is shown goes through its line
// method, which holds what Escape promises whatever a caller forgot.
type printer struct {
	bytes.Buffer
	opt    Options
	limit  int    // columns from which a content line is long
	wrap   int    // columns at which content lines wrap; 0 for never
	indent string // before the lines of a content block
	show   limits // how much of what changes is shown
	rest   string // says in a note on what is left out where that is; may be ""
	cut    bool   // something that changes is left out
}

// limits say how much of a change is shown, line by line.
type limits struct {
	context int // unchanged lines around a change
	lines   int // changed lines of one field; with 0, none are shown or counted
	whole   int // lines of a text that is new or goes away
	added   int // columns of one line that goes live
	removed int // columns of one line that only goes away
}

// times are limits of n times as much.
func (l limits) times(n int) limits {
	return limits{context: l.context, lines: l.lines * n, whole: l.whole * n, added: l.added * n, removed: l.removed * n}
}

// textLimits are those of a terminal or a log.
var textLimits = limits{context: 2, lines: 200, whole: 6, added: 1200, removed: 360}

// noLimits shows all that changes.
var noLimits = limits{context: 2, lines: math.MaxInt, whole: math.MaxInt, added: math.MaxInt, removed: math.MaxInt}

const (
	defaultWidth = 120       // what counts as a long line where nothing limits it
	minWidth     = 40        // content is not squeezed below this
	blockIndent  = "       " // under a step's kind
)

func newPrinter(opt Options) *printer {
	p := &printer{opt: opt, limit: defaultWidth, indent: blockIndent, show: textLimits, rest: " (-v shows all)"}
	switch {
	case opt.Verbose:
		p.show = noLimits
	case opt.Groups:
		p.rest = " (all below)"
	}
	if opt.Width > 0 {
		p.limit = max(opt.Width-len(blockIndent)-2, minWidth)
		p.wrap = p.limit
	}
	return p
}

// newFencePrinter collects what stands in a fence of a Markdown document, where
// show limits what changes.
func newFencePrinter(verbose bool, show limits) *printer {
	return &printer{opt: Options{Verbose: verbose}, limit: defaultWidth, wrap: defaultWidth, show: show}
}

// under writes what head and body write, and nothing where body writes nothing.
func (p *printer) under(head, body func()) {
	start := p.Len()
	head()
	filled := p.Len()
	if body(); p.Len() == filled {
		p.Truncate(start)
	}
}

// line writes one line of spans. Where the width is limited, what is longer goes
// on below, a little further right than it began.
func (p *printer) line(spans ...span) {
	lines := [][]span{spans}
	if p.opt.Width > 0 {
		lines = hang(guard(spans), p.opt.Width)
	}
	for _, spans := range lines {
		p.put(spans)
	}
}

func (p *printer) put(spans []span) {
	for _, s := range trimRight(guard(merge(spans))) {
		if p.opt.Color && s.style != plain {
			s.text = s.style.Sprint(s.text)
		}
		p.WriteString(s.text)
	}
	p.WriteByte('\n')
}

// say writes one line of plain text.
func (p *printer) say(text string) { p.line(span{plain, text}) }

// gap writes a blank line, unless there is one already or nothing above.
func (p *printer) gap() {
	if p.Len() > 0 && !bytes.HasSuffix(p.Bytes(), []byte("\n\n")) {
		p.line()
	}
}

// guard escapes what is left to escape in a line, also where only several
// spans together would be obeyed by a CI runner.
func guard(spans []span) []span {
	for i := range spans {
		spans[i].text = escapeHidden(spans[i].text)
	}
	if hasCommand(join(spans)) {
		i := slices.IndexFunc(spans, func(s span) bool { return strings.Contains(s.text, ":") })
		spans[i].text = strings.Replace(spans[i].text, ":", `\x3a`, 1)
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
		} else if s.text != "" {
			out = append(out, s)
		}
	}
	return out
}

// join is the line without its styles.
func join(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.text)
	}
	return b.String()
}

func trimRight(spans []span) []span {
	for n := len(spans) - 1; n >= 0; n-- {
		spans[n].text = strings.TrimRight(spans[n].text, " ")
		if spans[n].text != "" {
			return spans[:n+1]
		}
	}
	return nil
}
