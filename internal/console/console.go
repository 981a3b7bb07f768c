// Package console is what both front ends speak through, and what their command
// lines have in common.
//
// How the program speaks: results go to stdout, messages and progress to
// stderr. An error is one line, lower case, without a period, that says where
// and what; the way out is a `hint:` line of its own. Nothing is coloured
// where there is no terminal, and nothing from a manifest or from the platform
// is printed with its control characters.
package console

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
)

// Console is where the program speaks to. Its methods are safe for concurrent
// use.
type Console struct {
	Stdout, Stderr io.Writer
	Terminal       bool           // stderr is one, and shows progress
	Width          int            // columns of stdout, 0 when it is no terminal
	Zone           *time.Location // of times on stdout; nil is UTC
	Color          bool           // stdout takes colours
	Groups         bool           // and is a GitHub runner's log, which folds groups
	NoColor        bool           // and must have none all the same
	Dumb           bool           // a terminal that knows no escapes: lines are not written over
	Verbose        bool
	Now            func() time.Time // for how long what goes on will take; nil is time.Now
	As             string           // as whom the platform is asked, as engine's Account says it

	pace     Pace
	mu       sync.Mutex
	progress bool // a line that is written over stands on the terminal
}

// RenderOptions are how results are shown on stdout.
func (c *Console) RenderOptions() render.Options {
	return render.Options{Color: c.Color && !c.NoColor, Width: c.Width, Verbose: c.Verbose, Groups: c.Groups, As: c.As, Zone: c.Zone}
}

// ShowPlan prints a plan as text on stdout.
func (c *Console) ShowPlan(p *diff.Plan) error {
	c.ClearProgress()
	return render.Text(c.Stdout, p, c.RenderOptions())
}

// Message prints lines to stderr, below any progress, with control characters
// shown escaped.
func (c *Console) Message(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	c.print(c.Stderr, fmt.Sprintf(format, args...))
}

// print writes lines, with control characters shown escaped. On a terminal they
// are broken between words.
func (c *Console) print(w io.Writer, text string) {
	width := c.Width
	if w == c.Stderr {
		width = c.messageWidth()
	}
	for _, line := range strings.Split(text, "\n") {
		for _, shown := range render.Wrap(render.Escape(line), width) {
			fmt.Fprintln(w, shown)
		}
	}
}

// messageWidth is the columns of stderr, 0 where it is no terminal.
func (c *Console) messageWidth() int {
	if !c.Terminal {
		return 0
	}
	return c.Width
}

// Warning prints a remark of a plan; agent and hint may be "".
func (c *Console) Warning(agent, message, hint string) {
	if agent != "" {
		agent += ": "
	}
	c.Message("warning: %s%s", agent, message)
	if hint != "" {
		c.Message("  hint: %s", hint)
	}
}

// Lines prints each as a message.
func (c *Console) Lines(lines []string) {
	for _, line := range lines {
		c.Message("%s", line)
	}
}

// Text prints a text of the platform or of a manifest on stdout, line by line,
// with control characters shown escaped.
func (c *Console) Text(text string) {
	for _, line := range strings.Split(text, "\n") {
		fmt.Fprintln(c.Stdout, render.Escape(line))
	}
}

// Say prints lines of a result on stdout, with control characters shown escaped. On a
// terminal they are broken between words.
func (c *Console) Say(format string, args ...any) {
	c.ClearProgress()
	c.print(c.Stdout, fmt.Sprintf(format, args...))
}

// Ask prints a question to stderr as Message does, and leaves the cursor behind it.
func (c *Console) Ask(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	lines := render.Wrap(render.Escape(fmt.Sprintf(format, args...)), c.messageWidth()-1)
	fmt.Fprint(c.Stderr, strings.Join(lines, "\n")+" ")
}

// Logf is Message under -v.
func (c *Console) Logf(format string, args ...any) {
	if c.Verbose {
		c.Message(format, args...)
	}
}

// Error prints an error and its hint; of problems, each.
func (c *Console) Error(err error) {
	var problems spec.Problems
	if errors.As(err, &problems) {
		c.Problems(c.Stderr, problems)
		return
	}
	c.Message("error: %s", err)
	if hint := engine.HintOf(err); hint != "" {
		c.Message("  hint: %s", hint)
	}
}

// Valid says that the project's agents are.
func Valid(project *engine.Project) string {
	if len(project.Agents) == 1 {
		return "1 agent is valid"
	}
	return fmt.Sprintf("%d agents are valid", len(project.Agents))
}

// Shown are the findings without those that only -v shows.
func (c *Console) Shown(problems spec.Problems) spec.Problems {
	var out spec.Problems
	for _, p := range problems {
		if !p.Verbose || c.Verbose {
			out = append(out, p)
		}
	}
	return out
}

// mostProblems is how many findings fit on a few screens.
const mostProblems = 50

// Problems prints findings as text, at most 50 and errors before warnings; of
// further ones it says how many there are.
func (c *Console) Problems(w io.Writer, problems spec.Problems) {
	c.ClearProgress()
	shown := c.Shown(problems)
	errs := len(shown.Errors())
	room := max(0, mostProblems-errs) // for warnings
	left := map[bool]int{false: min(errs, mostProblems), true: min(room, len(shown)-errs)}
	for _, p := range shown {
		if left[p.Warning]--; left[p.Warning] < 0 {
			continue
		}
		c.print(w, p.String())
	}
	var more []string
	if n := errs - mostProblems; n > 0 {
		more = append(more, render.Count(n, "error"))
	}
	if n := len(shown) - errs - room; n > 0 {
		more = append(more, render.Count(n, "warning"))
	}
	if len(more) > 0 {
		fmt.Fprintf(w, "… and %s more; validate --format json has all\n", strings.Join(more, " and "))
	}
}

// Progress puts a line on a terminal's stderr that the next one is written
// over; a pipe gets nothing.
func (c *Console) Progress(format string, args ...any) {
	if !c.overwrites() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress = true
	line := render.Wrap(render.Escape(fmt.Sprintf(format, args...)), c.Width)[0] // two lines could not be taken away
	fmt.Fprintf(c.Stderr, "\r\x1b[K%s", line)
}

// overwrites says whether progress is a line that is written over.
func (c *Console) overwrites() bool { return c.Terminal && !c.Dumb }

// Reading shows how many agents are read; of none, that the platform is asked.
func (c *Console) Reading(done, total int) {
	if total == 0 {
		c.Progress("asking the platform")
		return
	}
	c.Progress("reading %d of %d agents%s", done, total, c.left(done, total))
}

// left is how long it will take to do the rest; "" while that can't be said.
func (c *Console) left(done, total int) string {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	return c.pace.Left(now(), done, total)
}

// Results is stdout, where what is written takes a progress line away first.
func (c *Console) Results() io.Writer { return results{c} }

type results struct{ c *Console }

func (r results) Write(b []byte) (int, error) {
	r.c.ClearProgress()
	return r.c.Stdout.Write(b)
}

// ClearProgress takes the progress line away.
func (c *Console) ClearProgress() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
}

// wipe is ClearProgress for a caller that has locked c.mu.
func (c *Console) wipe() {
	if c.progress {
		fmt.Fprint(c.Stderr, "\r\x1b[K")
		c.progress = false
	}
}
