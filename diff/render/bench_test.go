package render

import (
	"fmt"
	"io"
	"testing"

	"github.com/agentsync/agentsync/diff"
)

// thousand is a plan of 1,000 agents with one changed word each in a 4 KB line.
func thousand() *diff.Plan {
	agents := make([]diff.AgentPlan, 1000)
	for i := range agents {
		a := longLinePlan().Agents[0]
		a.Name = fmt.Sprintf("agent-%04d", i)
		a.Steps = append([]diff.Step{}, a.Steps...)
		for k := range a.Steps {
			a.Steps[k].ID = a.Name + "/" + string(a.Steps[k].Action)
		}
		agents[i] = a
	}
	return plan(agents...)
}

func BenchmarkText(b *testing.B) {
	p := thousand()
	for b.Loop() {
		if err := Text(io.Discard, p, Options{Color: true, Width: 120}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMarkdown(b *testing.B) {
	p := thousand()
	for b.Loop() {
		if err := Markdown(io.Discard, p, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMarkdownOfAFleet is 1,000 agents with several changed lines each, in
// a comment and in a job summary.
func BenchmarkMarkdownOfAFleet(b *testing.B) {
	p := fleet(1000)
	for _, opt := range []Options{{}, {Budget: 1 << 20}} {
		b.Run(fmt.Sprint(budgetOf(opt)), func(b *testing.B) {
			for b.Loop() {
				if err := Markdown(io.Discard, p, opt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
