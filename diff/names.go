package diff

import (
	"fmt"
	"slices"
	"strings"
)

// Agents are independent of one another, but for names, which are unique on the
// platform: an agent that takes a name which another one gives up has to wait
// for that.

// names is what an agent's steps do to its name; steps are "" for none.
type names struct {
	holds    string // its name on the platform; "" for a new agent
	takes    string
	takeStep string // the step that takes it
	freeStep string // the step after which it does not have its name any more
}

func (a *AgentPlan) names(r *RemoteAgent) names {
	var n names
	if r != nil {
		n.holds = nameOf(r)
	}
	for _, step := range a.Steps {
		switch step.Action {
		case CreateAgent:
			n.takes, n.takeStep = a.AgentName, step.ID
		case DeleteAgent:
			n.freeStep = step.ID
		case UpdateAgent:
			if i := slices.IndexFunc(step.Changes, func(c Change) bool { return c.Path == "agent_name" }); i >= 0 {
				n.takes, n.takeStep, n.freeStep = step.Changes[i].After.Text(), step.ID, step.ID
			}
		}
	}
	return n
}

// orderNames makes the step that takes a name need the one that gives it up,
// and refuses names that go round in a ring: no order of single renames ends
// that.
func (p *Plan) orderNames(remote map[string]*RemoteAgent) {
	all := make([]names, len(p.Agents))
	holder := map[string]int{}
	for i := range p.Agents {
		all[i] = p.Agents[i].names(remote[p.Agents[i].Name])
		if all[i].holds != "" && all[i].freeStep != "" {
			holder[all[i].holds] = i
		}
	}
	waitsFor := map[int]int{}
	for i, n := range all {
		from, freed := holder[n.takes]
		if n.takeStep == "" || !freed || from == i {
			continue
		}
		waitsFor[i] = from
		steps := p.Agents[i].Steps
		at := slices.IndexFunc(steps, func(s Step) bool { return s.ID == n.takeStep })
		steps[at].Needs = append(slices.Clone(steps[at].Needs), all[from].freeStep)
	}
	for i := range p.Agents {
		if ring := ringFrom(i, waitsFor); len(ring) > 0 && slices.Min(ring) == i {
			p.refuseRing(ring, all)
		}
	}
}

// ringFrom follows who waits for whom, and returns those of a ring that comes
// back to start.
func ringFrom(start int, waitsFor map[int]int) []int {
	ring := []int{start}
	for at := start; ; {
		next, waits := waitsFor[at]
		switch {
		case !waits || len(ring) > len(waitsFor):
			return nil
		case next == start:
			return ring
		}
		ring, at = append(ring, next), next
	}
}

func (p *Plan) refuseRing(ring []int, all []names) {
	var moves []string
	for _, i := range ring {
		moves = append(moves, fmt.Sprintf("%s (%q → %q)", p.Agents[i].Name, all[i].holds, all[i].takes))
	}
	p.Refusals = append(p.Refusals, Refusal{
		Agent: p.Agents[ring[0]].Name, Rule: "names",
		Message: "these agents take one another's names, and a name can't be had twice: " + strings.Join(moves, ", "),
		Hint:    "give one of them a name of its own and apply, and then the name that has become free",
	})
}
