package diff

import (
	"fmt"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// agentPlanner plans one agent.
type agentPlanner struct {
	want       spec.Agent
	remote     *RemoteAgent // nil: not on the platform; its Versions are without holds
	holds      []Version
	memory     Remembered
	remembered bool // the lock knows this very agent
	adopting   bool // found by name, and nothing says that it is ours
	unlisted   bool // agents can't be looked up by name
	gone       bool // the lock has an id for it, and the platform has no such agent
	policy     spec.Policy
	wanted     Wanted
	offline    bool        // the manifests of another commit play the platform
	base       *spec.Agent // what they want of this agent; nil when not offline, or not in them

	problems spec.Problems
	refusals []Refusal
	warnings []Warning
}

func newAgentPlanner(in Input, want spec.Agent, r *RemoteAgent) *agentPlanner {
	p := &agentPlanner{want: want, remote: r, policy: in.Policy, unlisted: in.Remote.Unlisted, offline: in.base != nil}
	memory, known := in.Memory[want.Name]
	p.memory = memory
	if p.remote != nil {
		p.base = in.base[p.remote.ID]
		p.remembered = known && memory.ID == p.remote.ID
		begun := known && memory.ID == "" && memory.Unfinished
		p.adopting = !p.remembered && !begun && !carriesProvenance(p.remote)
	}
	p.gone = p.remote == nil && memory.ID != "" && !memory.Unfinished
	if known && !p.remembered && memory.ID != "" {
		p.memory = Remembered{Protect: memory.Protect} // the lock's agent is another one, or gone
	}
	p.splitHolds()
	p.wanted = Merge(want, p.remote, nil)
	return p
}

// splitHolds takes holds out of the versions that a plan may publish, go on
// with, or rest on: they come and go with the applies that make them.
func (p *agentPlanner) splitHolds() {
	if p.remote == nil {
		return
	}
	var rest []Version
	for i := range p.remote.Versions {
		if v := &p.remote.Versions[i]; IsHold(v) {
			p.holds = append(p.holds, *v)
		} else {
			rest = append(rest, *v)
		}
	}
	if len(p.holds) > 0 {
		remote := *p.remote
		remote.Versions = rest
		p.remote = &remote
	}
}

func (p *agentPlanner) plan() AgentPlan {
	out := AgentPlan{Name: p.want.Name, AgentName: p.want.AgentName, Status: Unchanged,
		Drift: map[string]Class{}, Steps: []Step{}}
	switch {
	case p.remote == nil && p.want.Lifecycle.Absent:
		p.warnUnlisted()
		return out
	case p.remote == nil:
		p.planCreate(&out)
		return out
	}
	out.AgentID = p.remote.ID
	if p.want.Lifecycle.Absent {
		out.Status = Delete
		out.Steps = []Step{p.step(DeleteAgent, p.want.Name)}
		out.Fingerprint = Fingerprint(p.remote, nil)
		return out
	}
	relies := p.planUpdate(&out)
	out.Fingerprint = Fingerprint(p.remote, relies)
	p.warnCreationOnly()
	return out
}

// planCreate is a new agent: the agent with its first version, then its
// outcomes and infields, then that version goes live, where the platform has
// not published it by itself.
func (p *agentPlanner) planCreate(out *AgentPlan) {
	out.Status = Create
	p.checkCreate()
	create := p.step(CreateAgent, p.want.Name)
	for _, field := range spec.AgentFields {
		if v, ok := p.wanted.Agent[field]; ok && v != nil {
			create.Changes = append(create.Changes, Change{Path: field, After: v})
		}
	}
	for _, change := range configChanges(nil, p.wanted.Config, p.want) {
		change.Path = "config." + change.Path
		create.Changes = append(create.Changes, change)
	}
	outcomes := p.planItems(OutcomeItems, p.wanted.Outcomes, nil, nil)
	infields := p.planItems(InfieldItems, p.wanted.Infields, nil, nil)
	stages := [][]Step{{create}, append(outcomes.write, infields.write...)}
	if p.want.Release.Mode != "draft" {
		stages = append(stages, []Step{p.versionStep(Publish, nil)})
	}
	out.Steps = chain(stages)
	if p.gone {
		out.Drift[spec.SectionAgent] = Drift
		p.warnings = append(p.warnings, Warning{
			Agent:   p.want.Name,
			Message: "the lock file knows this agent, and it is not on the platform any more: it would be created again",
			Hint:    "somebody deleted it there; to keep it deleted, set lifecycle.state: absent",
		})
	}
}

// checkCreate finds what forbids to create the agent. Offline, nobody knows
// whether it is on the platform already, so these are warnings.
func (p *agentPlanner) checkCreate() {
	noType := fmt.Sprintf("agent.agent_type is missing: %q is not on the platform yet, and creating it needs a type", p.want.Name)
	noVersion := fmt.Sprintf("release.version: %q is not on the platform yet and has no version %d", p.want.Name, p.want.Release.Version)
	report := func(path, message, hint string) { p.problems = append(p.problems, *p.problem(path, message, hint)) }
	if p.offline {
		noType = "agent.agent_type is missing, and creating the agent needs a type, unless it is on the platform already"
		noVersion = fmt.Sprintf("release.version: the agent needs to be on the platform already, with a version %d", p.want.Release.Version)
		report = func(_, message, hint string) {
			p.warnings = append(p.warnings, Warning{Agent: p.want.Name, Message: message, Hint: hint})
		}
	}
	if value.Empty(p.want.Agent["agent_type"]) {
		report("agent", noType, "add agent_type: INBOUND or OUTBOUND")
	}
	if p.want.Release.Version > 1 {
		report("release.version", noVersion, "remove the pin until the version exists")
	}
}

// planUpdate is an agent that is there. It gives the version, other than the
// live one, that the plan rests on.
func (p *agentPlanner) planUpdate(out *AgentPlan) *Version {
	stages := make([][]Step, 6)
	if p.adopting {
		stages[0] = append(stages[0], p.step(Adopt, p.remote.ID))
		p.guardAdopt()
	}
	if changes := agentChanges(p.wanted, p.remote); len(changes) > 0 {
		step := p.step(UpdateAgent, p.want.Name)
		step.Changes = changes
		stages[1] = []Step{step}
		out.Drift[spec.SectionAgent], _ = p.agentClass(changes)
	}
	outcomes := p.planItems(OutcomeItems, p.wanted.Outcomes, p.remote.Outcomes, p.memory.Outcomes)
	infields := p.planItems(InfieldItems, p.wanted.Infields, p.remote.Infields, p.memory.Infields)
	rel := p.planRelease()
	stages[2] = append(outcomes.write, infields.write...)
	stages[3], stages[4] = rel.draft, rel.release
	stages[5] = append(append(outcomes.remove, infields.remove...), p.leftDrafts(rel.relies)...)
	if rel.problem != nil {
		p.problems = append(p.problems, *rel.problem)
	}
	if rel.differs {
		out.Drift[spec.SectionConfig] = p.configClass()
	}
	if outcomes.class != "" {
		out.Drift[spec.SectionOutcomes] = outcomes.class
	}
	if infields.class != "" {
		out.Drift[spec.SectionInfields] = infields.class
	}
	out.Steps = chain(stages)
	if len(out.Steps) > 0 {
		out.Status, out.Unfinished = Update, p.memory.Unfinished
	}
	return rel.relies
}

// chain puts stages in order: each step needs all of the last stage that has any.
func chain(stages [][]Step) []Step {
	steps := []Step{}
	needs := []string{}
	for _, stage := range stages {
		var ids []string
		for _, step := range stage {
			step.Needs = needs
			steps = append(steps, step)
			ids = append(ids, step.ID)
		}
		if len(ids) > 0 {
			needs = ids
		}
	}
	return steps
}

func (p *agentPlanner) step(action Action, target string) Step {
	id := p.want.Name + "/" + string(action)
	switch action {
	case UpdateService, CreateOutcome, UpdateOutcome, DeleteOutcome, CreateInfield, UpdateInfield, DeleteInfield:
		id += "/" + target
	}
	return Step{ID: id, Action: action, Target: target, Needs: []string{}, Changes: []Change{}}
}

func (p *agentPlanner) guardAdopt() {
	if p.policy.Adopt != "never" {
		return
	}
	p.refusals = append(p.refusals, Refusal{
		Agent: p.want.Name, Rule: "adopt",
		Message: fmt.Sprintf("an agent named %q is on the platform already (%s) and policy.adopt is never", p.want.AgentName, p.remote.ID),
		Hint:    "rename one of them, or set policy.adopt: by_name in agentsync.yaml",
	})
}

// warnUnlisted tells that an agent that is to be absent may be there all the
// same: neither the lock nor a listing knows of it.
func (p *agentPlanner) warnUnlisted() {
	if !p.unlisted || p.memory.ID != "" {
		return
	}
	p.warnings = append(p.warnings, Warning{
		Agent:   p.want.Name,
		Message: "it is to be absent, and can't be looked for: the lock file does not know it, and the platform lists no agents",
		Hint:    "if it is there, delete it in the dashboard, or put its agent_id into the lock file",
	})
}

// warnCreationOnly tells of wanted values that the platform only takes when it
// creates an agent (reference.md, endpoint 7).
func (p *agentPlanner) warnCreationOnly() {
	want, managed := p.wanted.Agent["agent_type"]
	have := value.Canonical(p.remote.Fields["agent_type"])
	if !managed || want == nil || have == nil || value.Equal(want, have) {
		return
	}
	message := fmt.Sprintf("agent_type is %v on the platform and %v in the manifest; it is set at creation only and stays", have, want)
	if p.offline {
		message = fmt.Sprintf("agent_type changes from %v to %v; it is set at creation only, so the platform's stays", have, want)
	}
	p.warnings = append(p.warnings, Warning{
		Agent: p.want.Name, Message: message,
		Hint: "correct the manifest, or delete the agent and let it be created again",
	})
}

func (p *agentPlanner) problem(path, message, hint string) *spec.Problem {
	pos, ok := p.want.Positions[path]
	if !ok {
		pos = p.want.Pos
	}
	return &spec.Problem{Pos: pos, Message: message, Hint: hint}
}
