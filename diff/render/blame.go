package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff/history"
)

// Blame writes each line of the live prompt after the version that brought it,
// with its commit, author and day. The error is w's.
func Blame(w io.Writer, lines []history.Line, t *history.Timeline, opt Options) error {
	p := newPrinter(opt)
	heads := make([][4]string, len(lines))
	var widths [4]int
	for i, line := range lines {
		heads[i] = blameHead(t.Find(line.Version), opt)
		for k, text := range heads[i] {
			widths[k] = max(widths[k], columns(text))
		}
	}
	for i, line := range lines {
		spans := []span{}
		for k, text := range heads[i] {
			look := faint
			if k == 0 {
				look = strong
			}
			if widths[k] > 0 {
				spans = append(spans, span{look, text}, span{plain, strings.Repeat(" ", widths[k]-columns(text)+2)})
			}
		}
		used := columns(join(spans))
		wrap := 0
		if opt.Width > 0 {
			wrap = max(opt.Width-used-2, minWidth)
		}
		for _, shown := range wrapSpans([]span{{plain, escapeHidden(line.Text)}}, wrap) {
			p.line(append(append(spans, span{faint, "│ "}), shown...)...)
			spans = []span{{plain, strings.Repeat(" ", used)}}
		}
	}
	_, err := p.WriteTo(w)
	return err
}

// blameHead is a version, its commit, its author and its day; v is nil where
// the version is not known.
func blameHead(v *history.Version, opt Options) [4]string {
	if v == nil {
		return [4]string{"?"}
	}
	out := [4]string{fmt.Sprintf("v%d", v.Number), "", shorten(Escape(v.Author()), 24), ""}
	if v.Commit != nil {
		if out[1] = Escape(v.Commit.ID); v.Commit.Dirty {
			out[1] += "+"
		}
	}
	if !v.CreatedAt.IsZero() {
		out[3] = v.CreatedAt.In(zone(opt)).Format("2006-01-02")
	}
	return out
}
