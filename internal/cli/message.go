package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/github"
	"github.com/agentsync/agentsync/spec"
)

// message prints lines to stderr, below any progress, with control characters
// shown escaped.
func (a *app) message(format string, args ...any) {
	a.progress.mu.Lock()
	defer a.progress.mu.Unlock()
	a.wipe()
	for _, line := range strings.Split(fmt.Sprintf(format, args...), "\n") {
		fmt.Fprintln(a.env.Stderr, render.Escape(line))
	}
}

// verbosef is message under -v.
func (a *app) verbosef(format string, args ...any) {
	if a.verbose {
		a.message(format, args...)
	}
}

// printProblems writes findings as text, those that only -v shows left out.
func (a *app) printProblems(w io.Writer, problems spec.Problems) {
	a.clearProgress()
	for _, p := range problems {
		if p.Verbose && !a.verbose {
			continue
		}
		for _, line := range strings.Split(p.String(), "\n") {
			fmt.Fprintln(w, render.Escape(line))
		}
	}
}

// printProblemsJSON writes findings as a JSON array.
func (a *app) printProblemsJSON(w io.Writer, problems spec.Problems) error {
	type finding struct {
		File     string `json:"file"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
		Severity string `json:"severity"` // "error" or "warning"
		Message  string `json:"message"`
		Hint     string `json:"hint,omitempty"`
	}
	out := []finding{}
	for _, p := range problems {
		if p.Verbose && !a.verbose {
			continue
		}
		out = append(out, finding{p.Pos.File, p.Pos.Line, p.Pos.Column, severity(p), p.Message, p.Hint})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// printProblemsGitHub writes findings as workflow annotations.
func (a *app) printProblemsGitHub(w io.Writer, problems spec.Problems) error {
	for _, p := range problems {
		if p.Verbose && !a.verbose {
			continue
		}
		if err := github.ProblemAnnotation(p, "").Write(w); err != nil {
			return err
		}
	}
	return nil
}

func severity(p spec.Problem) string {
	if p.Warning {
		return "warning"
	}
	return "error"
}

// progress is one line on a terminal that is written over.
type progress struct {
	mu    sync.Mutex
	shown bool
}

// showProgress puts a line on a terminal's stderr; a pipe gets nothing.
func (a *app) showProgress(format string, args ...any) {
	if !a.env.StderrTerminal {
		return
	}
	a.progress.mu.Lock()
	defer a.progress.mu.Unlock()
	a.progress.shown = true
	fmt.Fprintf(a.env.Stderr, "\r\x1b[K%s", render.Escape(fmt.Sprintf(format, args...)))
}

func (a *app) clearProgress() {
	a.progress.mu.Lock()
	defer a.progress.mu.Unlock()
	a.wipe()
}

// wipe takes the progress line away; a.progress.mu is held.
func (a *app) wipe() {
	if a.progress.shown {
		fmt.Fprint(a.env.Stderr, "\r\x1b[K")
		a.progress.shown = false
	}
}
