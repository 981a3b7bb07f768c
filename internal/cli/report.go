package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/sync"
)

var statusMarks = map[sync.StepStatus]string{sync.Done: "✓", sync.Failed: "✗", sync.Skipped: "-", sync.Fate: "?"}

// printReport tells what became of every step, and counts.
func printReport(w io.Writer, r *sync.Report) {
	fmt.Fprintln(w)
	for _, agent := range r.Agents {
		id := ""
		if agent.AgentID != "" {
			id = "  " + render.Escape(agent.AgentID)
		}
		fmt.Fprintf(w, "%s%s  %s\n", render.Escape(agent.Name), id, agent.Result)
		for _, step := range agent.Steps {
			fmt.Fprintf(w, "  %s %-8s %s\n", statusMarks[step.Status], step.Status, stepText(step))
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
	if step.To != nil && step.Action != diff.UpdateService {
		text = fmt.Sprintf("%s v%d", step.Action, *step.To)
	}
	for _, more := range []string{step.Note, step.Reason} {
		if more != "" {
			text += ": " + escapeLines(more)
		}
	}
	return text
}

// stepTells says whether a step's reason has the agent's error already.
func stepTells(agent sync.AgentReport) bool {
	for _, step := range agent.Steps {
		if step.Reason != "" && strings.HasSuffix(agent.Error, step.Reason) {
			return true
		}
	}
	return false
}

func escapeLines(s string) string {
	return render.Escape(strings.ReplaceAll(s, "\n", "; "))
}
