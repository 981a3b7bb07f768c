package diff

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/agentsync/agentsync/spec"
)

// Input is all that a plan depends on.
type Input struct {
	Environment spec.Environment
	Policy      spec.Policy
	Agents      []spec.Agent // the wanted ones, by name; of a targeted plan, only the targets
	Remote      Remote
	Prepared    map[string]Prepared // by name, of agents that were planned already; may be nil
	Memory      Memory              // after Rekey
	Identity    Identity            // who plans
	Elsewhere   map[string]string   // agent ids that the lock gives to other environments: to which
	// OriginOf asks git about a live version whose line names this project and
	// environment; key is the agent's. nil where there is no git. It is asked only
	// where the lock does not settle the question, and must be safe for
	// concurrent use.
	OriginOf func(key string, live *Version, line Provenance) Origin
	// LastLocked asks git's history of the lock file what it says was verified last
	// of the agent with an id; nil where there is no such history. It is asked only
	// where Memory does not have what is live: somebody may have reverted a commit,
	// and with it what the lock file said. Safe for concurrent use.
	LastLocked func(agentID string) (Remembered, bool)
	// Orphans are the keys in Memory that no manifest has and that this plan is
	// about; of a targeted plan, only the targets.
	Orphans []string
	Prune   bool // delete orphans; Policy.Prune or --prune
	// PassedOver names what could be a manifest and was not read (spec.Project).
	PassedOver []string
	// Unmatched are the files that have a manifest of an orphan, by its key, and
	// that the project's patterns do not match.
	Unmatched map[string]string
	Targets   []string // as asked for; nil for all, empty for none
	Known     int      // agents in manifests and lock together, targeted or not
	// Shard is the part that Agents and Orphans are of; nil for all. Others are the
	// other parts' agents by key, nil for an orphan; of a targeted plan, only the targets.
	Shard  *Shard
	Others map[string]*spec.Agent

	base map[string]*spec.Agent // of an offline plan: what plays the platform, by the ids in Remote
}

// Prepared is one agent's part of a plan, ready for Compute.
type Prepared struct {
	agent    AgentPlan
	problems spec.Problems
	refusals []Refusal
	warnings []Warning
}

// Matches reports whether nothing is to be done about the agent, and nothing to be
// said but its line in the plan and warnings.
func (p *Prepared) Matches() bool {
	return p.agent.Status == Unchanged && len(p.agent.Steps)+len(p.agent.Drift)+len(p.problems)+len(p.refusals) == 0
}

// Forget lets go of what only an apply of the agent needs.
func (p *Prepared) Forget() { p.agent.Wanted, p.agent.Moves = nil, nil }

// Prepare plans one agent that was seen as r; nil is not there. w is Want's. It
// is what Compute does for each agent, and reads nothing of in.Remote but
// Unlisted, so it can be done while others are still being read.
func Prepare(in Input, want spec.Agent, r *RemoteAgent, w Wanted) Prepared {
	p := newAgentPlanner(in, want, r, w)
	agent := p.plan()
	if len(agent.Steps) > 0 {
		wanted := p.wanted // a copy, so that the planner is not kept with it
		agent.Wanted, agent.Moves = &wanted, p.moves
	}
	return Prepared{agent, p.problems, p.refusals, p.warnings}
}

// Compute makes the plan, without its digest (see planfile.Seal). Problems are
// faults in manifests that only the platform's state shows; then the plan is nil.
func Compute(in Input) (*Plan, spec.Problems) {
	plan := &Plan{
		FormatVersion: FormatVersion, Environment: in.Environment.Name, BaseURL: in.Environment.BaseURL,
		Targets: sortedTargets(in.Targets), Prune: in.Prune, Shard: in.Shard,
		Agents: []AgentPlan{}, Refusals: []Refusal{}, Warnings: []Warning{},
	}
	var problems spec.Problems
	for _, want := range in.Agents {
		p, done := in.Prepared[want.Name]
		if !done {
			r := in.Remote.Agents[want.Name]
			p = Prepare(in, want, r, Want(want, r))
		}
		problems = append(problems, p.problems...)
		plan.Refusals = append(plan.Refusals, p.refusals...)
		plan.Warnings = append(plan.Warnings, p.warnings...)
		if p.agent.Status == Delete {
			plan.guardProtected(p.agent, want.Lifecycle.Protect)
		}
		plan.Agents = append(plan.Agents, p.agent)
	}
	for _, key := range in.Orphans {
		if r := in.Remote.Agents[key]; r != nil {
			plan.addOrphan(key, r, in)
		}
	}
	if len(problems) > 0 {
		problems.Sort()
		return nil, problems
	}
	plan.warnUnlisted(in)
	sort.SliceStable(plan.Agents, func(i, j int) bool { return plan.Agents[i].Name < plan.Agents[j].Name })
	plan.orderNames(in.Remote.Agents)
	plan.refuseAcross(in)
	plan.Count()
	plan.guardDeletes(in)
	plan.guardPrune(in)
	sort.SliceStable(plan.Refusals, func(i, j int) bool { return plan.Refusals[i].Agent < plan.Refusals[j].Agent })
	sort.SliceStable(plan.Warnings, func(i, j int) bool { return plan.Warnings[i].Agent < plan.Warnings[j].Agent })
	return plan, nil
}

func sortedTargets(targets []string) []string {
	out := slices.Clone(targets)
	slices.Sort(out)
	return out
}

// warnUnlisted tells that agents were taken for new which nobody could look for.
func (p *Plan) warnUnlisted(in Input) {
	for _, agent := range p.Agents {
		if in.Remote.Unlisted && agent.Status == Create && in.Memory[agent.Name].AgentID == "" {
			p.Warnings = append(p.Warnings, Warning{
				Message: "this platform lists no agents: those that the lock file does not know are taken for new",
				Hint:    "if one of them is there already, put its agent_id into the lock file before you apply",
			})
			return
		}
	}
}

func (p *Plan) addOrphan(key string, r *RemoteAgent, in Input) {
	agent := AgentPlan{
		Name: key, AgentName: r.Fields.Get("agent_name").Text(), AgentID: r.ID, Status: Orphan,
		Drift: map[string]Class{}, Steps: []Step{}, Fingerprint: Fingerprint(r, nil),
	}
	if file := in.Unmatched[key]; file != "" {
		p.Warnings = append(p.Warnings, Warning{Agent: key,
			Message: file + " has its manifest, and no pattern of `manifests` in agentsync.yaml matches that file",
			Hint:    "move it back, or let a pattern match it; until then nothing is pruned"})
	}
	if in.Prune {
		agent.Status = Delete
		agent.Steps = []Step{{ID: key + "/" + string(DeleteAgent), Action: DeleteAgent, Target: key, Needs: []string{}, Changes: []Change{}}}
		p.guardProtected(agent, in.Memory[key].Protect)
		if in.base == nil {
			p.Warnings = append(p.Warnings, warnDelete(key, r))
		}
		switch planner := newAgentPlanner(in, spec.Agent{Name: key}, r, Wanted{}); {
		case planner.owner == others:
			p.Refusals = append(p.Refusals, refuseOthers(in, key, nameOf(r), r))
		case planner.publishedSince():
			agent.Drift[spec.SectionConfig] = Drift
			agent.Touched = touched(agent.Drift, r)
		}
	}
	p.Agents = append(p.Agents, agent)
}

func (p *Plan) guardProtected(agent AgentPlan, protected bool) {
	if !protected {
		return
	}
	p.Refusals = append(p.Refusals, Refusal{
		Agent: agent.Name, Rule: "protect",
		Message: fmt.Sprintf("%q is protected (lifecycle.protect: true) and would be deleted", agent.Name),
		Hint:    "to delete it, apply its manifest with protect: false first",
	})
}

// minKnown is how many agents there must be before max_delete_percent counts.
const minKnown = 10

func (p *Plan) guardDeletes(in Input) {
	deletes := p.Summary.Delete + in.othersDeleted()
	if in.Known < minKnown || deletes*100 <= in.Policy.MaxDeletePercent*in.Known {
		return
	}
	p.Refusals = append(p.Refusals, Refusal{
		Rule: "max_delete_percent",
		Message: fmt.Sprintf("%d of %d agents would be deleted, more than policy.max_delete_percent (%d%%)",
			deletes, in.Known, in.Policy.MaxDeletePercent),
		Hint: "raise policy.max_delete_percent in agentsync.yaml, or delete fewer agents at a time with --target",
	})
}

// guardPrune refuses to delete orphans while something was passed over: that may
// be the manifest of one of them.
func (p *Plan) guardPrune(in Input) {
	orphans := in.otherOrphans()
	for _, key := range in.Orphans {
		if in.Remote.Agents[key] != nil {
			orphans++
		}
	}
	if !in.Prune || orphans == 0 || len(in.PassedOver) == 0 {
		return
	}
	const most = 10
	names := strings.Join(in.PassedOver[:min(most, len(in.PassedOver))], ", ")
	if more := len(in.PassedOver) - most; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	p.Refusals = append(p.Refusals, Refusal{
		Rule: "passed_over",
		Message: fmt.Sprintf("orphans would be deleted (%d), and what was passed over may hold their manifests: %s",
			orphans, names),
		Hint: "make manifests of them, or let `manifests` in agentsync.yaml not match them; or plan without pruning",
	})
}

// Count sets the summary by what is in the agents.
func (p *Plan) Count() {
	p.Summary = Summary{}
	for _, agent := range p.Agents {
		p.Summary.Steps += len(agent.Steps)
		switch agent.Status {
		case Create:
			p.Summary.Create++
		case Update:
			p.Summary.Update++
		case Delete:
			p.Summary.Delete++
		case Orphan:
			p.Summary.Orphan++
		default:
			p.Summary.Unchanged++
		}
	}
}
