package render

import (
	"io"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/spec"
)

// Taken is an agent of which a pull takes something into files.
type Taken struct {
	Name, AgentName, ID string
	Said                []string // what is to say about it, a line each
	Files               []File
}

// File is a file before and after; a new one has nothing before.
type File struct {
	Path          string
	Before, After []byte
}

// Files writes what a pull makes of agents and their files, each change with its
// place, as a plan shows one. The error is w's.
func Files(w io.Writer, agents []Taken, opt Options) error {
	pr := newPrinter(opt)
	for _, a := range agents {
		pr.gap()
		spans := []span{{strong, Escape(a.Name)}}
		if a.AgentName != "" {
			spans = append(spans, span{plain, "  " + quote(a.AgentName)})
		}
		if a.ID != "" {
			spans = append(spans, span{faint, "  " + a.ID})
		}
		pr.line(spans...)
		for _, line := range a.Said {
			pr.line(span{alert, "  " + Escape(line)})
		}
		for _, f := range a.Files {
			pr.file(f)
		}
	}
	_, err := pr.WriteTo(w)
	return err
}

// file writes the lines of a file that change. Line ends are not shown.
func (p *printer) file(f File) {
	lines := func(data []byte) []string {
		text := strings.ReplaceAll(string(data), "\r\n", "\n")
		return words.Split(strings.TrimSuffix(text, "\n"))
	}
	b := block{unit: "line", before: lines(f.Before), after: lines(f.After), source: []spec.Segment{{Start: 1, File: f.Path, Line: 1}}}
	if b.hunks = words.Lines(b.before, b.after); len(b.hunks) == 0 && !slices.Equal(f.Before, f.After) {
		p.line(span{plain, p.indent}, span{heading, "@@ " + escapeHidden(f.Path) + " @@"}, span{faint, " only how it ends"})
		return
	}
	p.block(b)
}
