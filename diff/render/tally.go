package render

import (
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
)

// tally counts what a plan holds, from its agents rather than its summary, so
// that the last line always agrees with the lines above it.
type tally struct {
	agents           map[diff.Status]int
	kinds            map[string]int // by ActionFacts.Count
	steps, unchanged int
}

func tallyOf(p *diff.Plan) tally {
	t := tally{agents: map[diff.Status]int{}, kinds: map[string]int{}}
	for _, a := range p.Agents {
		t.agents[a.Status]++
		for _, s := range a.Steps {
			t.kinds[factsOf(s.Action).Count]++
		}
		t.steps += len(a.Steps)
	}
	t.unchanged = t.agents[diff.Unchanged]
	return t
}

// String is "1 to update, 3 unchanged. 2 steps: 1 to add, 1 to publish."
func (t tally) String() string { return t.agentCounts() + ". " + t.stepCounts() }

// agentCounts is "1 to update, 3 unchanged".
func (t tally) agentCounts() string {
	agents := toDo(t.agents, diff.Create, diff.Update, diff.Delete)
	if t.unchanged > 0 {
		agents = append(agents, fmt.Sprintf("%d unchanged", t.unchanged))
	}
	if n := t.agents[diff.Orphan]; n > 0 {
		agents = append(agents, Count(n, "orphan"))
	}
	return strings.Join(agents, ", ")
}

// stepCounts is "2 steps: 1 to add, 1 to publish."
func (t tally) stepCounts() string {
	kinds := toDo(t.kinds, "adopt", "add", "change", "check", "publish", "roll back", "remove", "call", "run")
	return Count(t.steps, "step") + ": " + strings.Join(kinds, ", ") + "."
}

// toDo is "1 to add" for each of the kinds that there are.
func toDo[K ~string](counts map[K]int, kinds ...K) (parts []string) {
	for _, kind := range kinds {
		if n := counts[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, kind))
		}
	}
	return parts
}

// matching is "4 agents match."
func matching(n int) string {
	if n == 1 {
		return "1 agent matches."
	}
	return fmt.Sprintf("%d agents match.", n)
}
