package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff"
)

// differenceColumns is how much of one line of differences a comment shows.
const differenceColumns = 400

// DifferencesMarkdown writes what Differences tells as one fenced block for a
// comment or a job summary, in at most Options.Budget bytes (as Markdown has
// it). What does not fit is counted, and Options.Elsewhere is named for it. The
// error is w's.
func DifferencesMarkdown(w io.Writer, reviewed, now *diff.Plan, opt Options) error {
	var text bytes.Buffer
	p := newPrinter(&text, Options{Verbose: opt.Verbose})
	p.indent, p.wrap, p.limit, p.rest = "", defaultWidth, defaultWidth, ""
	p.differences(reviewed, now)
	if err := p.flush(); err != nil {
		panic(err) // a buffer takes everything
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	_, err := io.WriteString(w, fencedLines(lines, budgetOf(opt), elsewhereOf(opt)))
	return err
}

// fencedLines is as many of the lines in a diff fence as room takes, and a note
// on the others.
func fencedLines(lines []string, room int, elsewhere string) string {
	const noteRoom = 100
	room -= noteRoom + len(elsewhere)
	var kept strings.Builder
	ticks := 3
	for i, line := range lines {
		line = clip(line, differenceColumns)
		ticks = max(ticks, longestRun(line, '`')+1)
		if kept.Len()+len(line)+2*ticks+len("diff\n\n\n") > room {
			return fenced("diff", kept.String()) + fmt.Sprintf("\n… %s, see %s.\n", count(len(lines)-i, "more line", "more lines"), elsewhere)
		}
		kept.WriteString(line + "\n")
	}
	return fenced("diff", kept.String())
}
