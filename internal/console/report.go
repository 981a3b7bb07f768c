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
	"github.com/agentsync/agentsync/spec/checks"
	"github.com/agentsync/agentsync/sync"
)

var statusMarks = map[sync.StepStatus]string{sync.Done: "✓", sync.Failed: "✗", sync.Skipped: "-", sync.Fate: "?"}

// Apply applies the plan, shows each step as it ends, and prints the report,
// which is never nil.
func (c *Console) Apply(ctx context.Context, planned *engine.Planned) (*sync.Report, error) {
	report, err := planned.Apply(ctx, c.steps(planned.Plan.Summary.Steps))
	c.ClearProgress()
	if report.Summary.Steps > 0 {
		Report(c.Stdout, report)
	}
	return report, err
}

// steps shows each step as it ends: on a terminal in one line that is
// written over, on a pipe a line each.
func (c *Console) steps(total int) func(string, sync.StepReport) {
	var done atomic.Int64
	return func(_ string, step sync.StepReport) {
		n := done.Add(1)
		if c.Terminal {
			c.Progress("%d of %d steps  %s %s", n, total, step.Status, step.ID)
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
	for _, agent := range r.Agents {
		id := ""
		if agent.AgentID != "" {
			id = "  " + render.Escape(agent.AgentID)
		}
		fmt.Fprintf(w, "%s%s  %s\n", render.Escape(agent.Name), id, agent.Result)
		for _, step := range agent.Steps {
			fmt.Fprintf(w, "  %s %-8s %s\n", statusMarks[step.Status], step.Status, stepText(step))
			Failures(w, "             ", step.Failures)
		}
		if agent.Error != "" && !stepTells(agent) {
			fmt.Fprintf(w, "  error: %s\n", escapeLines(agent.Error))
		}
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

func stepText(step sync.StepReport) string {
	text := string(step.Action) + " " + render.Escape(step.Target)
	switch {
	case step.To == nil, step.Action == diff.UpdateService:
	case step.Action.IsCheck():
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
