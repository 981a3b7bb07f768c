package console

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec/checks"
	"github.com/agentsync/agentsync/sync"
)

var statusMarks = map[sync.StepStatus]string{sync.Done: "✓", sync.Failed: "✗", sync.Skipped: "-", sync.Fate: "?"}

// Apply applies the plan, shows each step as it ends, and prints the report,
// which is never nil.
func (c *Console) Apply(ctx context.Context, planned *engine.Planned) (*sync.Report, error) {
	total := planned.Plan.Summary.Steps
	if total > 0 {
		c.stepProgress("0 of %d steps%s", total, c.left(0, total))
	}
	said := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.Message("interrupted: what is in flight is waited for, nothing new is started; once more stops at once")
		close(said)
	})
	report, err := planned.Apply(ctx, c.steps(total))
	if !stop() {
		<-said
	}
	c.ClearProgress()
	if report.Summary.Steps > 0 {
		var text strings.Builder
		Report(&text, report)
		c.print(c.Stdout, strings.TrimSuffix(text.String(), "\n"))
	}
	return report, err
}

// stepProgress is Progress that says whether there is any. Where stdout is no terminal,
// whoever reads it there may write to the same one, behind the line.
func (c *Console) stepProgress(format string, args ...any) bool {
	if !c.overwrites() || c.Width == 0 {
		return false
	}
	c.Progress(format, args...)
	return true
}

// steps shows each step as it ends: on a terminal in one line that is
// written over, on a pipe a line each.
func (c *Console) steps(total int) func(string, sync.StepReport) {
	var done atomic.Int64
	return func(_ string, step sync.StepReport) {
		n := done.Add(1)
		if c.stepProgress("%d of %d steps%s  %s %s", n, total, c.left(int(n), total), step.Status, step.ID) {
			return
		}
		if step.Status != sync.Skipped {
			c.Message("%s  %s", step.Status, step.ID)
		}
	}
}

// Report prints what became of every step, and counts.
func Report(w io.Writer, r *sync.Report) {
	fmt.Fprintln(w)
	var left []string // agents with steps that were skipped because of the interrupt
	leftSteps := 0
	for _, agent := range r.Agents {
		id := ""
		if n := unstarted(r, agent); n > 0 {
			left, leftSteps = append(left, agent.Name), leftSteps+n
			if n == len(agent.Steps) {
				continue
			}
		}
		if agent.AgentID != "" {
			id = "  " + render.Escape(agent.AgentID)
		}
		fmt.Fprintf(w, "%s%s  %s\n", render.Escape(agent.Name), id, agent.Result)
		for _, step := range agent.Steps {
			if wasUnstarted(r, step) {
				continue
			}
			fmt.Fprintf(w, "  %s %-8s %s\n", statusMarks[step.Status], step.Status, stepText(step))
			Failures(w, "             ", step.Failures)
			if step.Before != nil {
				fmt.Fprintf(w, "             it was %s, which no version keeps\n", before(*step.Before))
			}
		}
		if agent.Error != "" && !stepTells(agent) {
			fmt.Fprintf(w, "  error: %s\n", escapeLines(agent.Error))
		}
	}
	if len(left) > 0 {
		fmt.Fprintf(w, "%s skipped  %s of %s: %s\n", statusMarks[sync.Skipped], render.Count(leftSteps, "step"),
			nameSome(left), r.Error)
	}
	s := r.Summary
	parts := []string{fmt.Sprintf("%d done", s.Done)}
	for _, part := range []struct {
		n    int
		word string
	}{{s.Failed, "failed"}, {s.Skipped, "skipped"}, {s.Unknown, "unknown"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	fmt.Fprintf(w, "\nApply %s: %s of %s.\n", r.Result, strings.Join(parts, ", "), render.Count(s.Steps, "step"))
	if !r.OK() && r.Result != "interrupted" { // whose hint says it
		fmt.Fprintln(w, "When what failed is mended, apply again: it looks at what is there and does the rest.")
	}
}

// unstarted is how many of an agent's steps were skipped because of an interrupt.
func unstarted(r *sync.Report, agent sync.AgentReport) (n int) {
	for _, step := range agent.Steps {
		if wasUnstarted(r, step) {
			n++
		}
	}
	return n
}

func wasUnstarted(r *sync.Report, step sync.StepReport) bool {
	return r.Result == "interrupted" && step.Status == sync.Skipped && step.Reason == r.Error
}

// nameSome is "a, b, c and 9 more agents".
func nameSome(agents []string) string {
	most := 3
	if len(agents) == most+1 { // a name says more than "1 more agent"
		most++
	}
	names := make([]string, min(most, len(agents)))
	for i := range names {
		names[i] = render.Escape(agents[i])
	}
	text := strings.Join(names, ", ")
	if left := len(agents) - most; left > 0 {
		text += " and " + render.Count(left, "more agent")
	}
	return text
}

func stepText(step sync.StepReport) string {
	text := string(step.Action) + " " + render.Escape(step.Target)
	switch {
	case step.To == nil, step.Action == diff.UpdateService:
	case step.Action.IsCheck(), step.Action == diff.SmokeCall:
		text += fmt.Sprintf(" on v%d", *step.To)
	default:
		text = fmt.Sprintf("%s v%d", step.Action, *step.To)
	}
	reason := step.Reason
	if len(step.Failures) > 0 {
		reason = "" // in lines of its own
	}
	for _, more := range []string{step.Note, reason} {
		if more != "" {
			text += ": " + escapeLines(more)
		}
	}
	return text
}

// Failures prints the expectations that did not hold, each with the rendered line.
func Failures(w io.Writer, indent string, failures []checks.Failure) {
	for _, f := range failures {
		fmt.Fprintf(w, "%s%s\n", indent, render.Escape(f.Expected()))
		if f.Line > 0 {
			fmt.Fprintf(w, "%s  line %d: %s\n", indent, f.Line, render.Escape(f.Text))
		}
	}
}

// stepTells says whether a step's reason has the agent's error already.
func stepTells(agent sync.AgentReport) bool {
	return slices.ContainsFunc(agent.Steps, func(step sync.StepReport) bool {
		return step.Reason != "" && strings.HasSuffix(agent.Error, step.Reason)
	})
}

func escapeLines(s string) string {
	return render.Escape(strings.ReplaceAll(s, "\n", "; "))
}

// before is what a section was before it was changed in place.
func before(section value.Value) string {
	if section.IsEmpty() {
		return "unset"
	}
	return render.Flow(section)
}
