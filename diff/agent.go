package diff

import (
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// agentPlanner plans one agent.
type agentPlanner struct {
	in       Input
	want     spec.Agent
	remote   *RemoteAgent // nil: not on the platform
	wanted   Wanted
	memory   Remembered // of this very agent
	locked   bool       // the lock knows this very agent
	owner    owner
	unlisted bool        // nobody could look for it
	lost     bool        // the lock has an id for it, and the platform has no such agent
	offline  bool        // the manifests of another commit play the platform
	base     *spec.Agent // what they want of this agent; nil when not offline, or not in them
	restored []string    // sections that the manifest does not manage and a rollback has moved

	problems spec.Problems
	refusals []Refusal
	warnings []Warning
	moves    []Move
}

func newAgentPlanner(in Input, want spec.Agent, r *RemoteAgent, w Wanted) *agentPlanner {
	memory := in.Memory[want.Name]
	p := &agentPlanner{in: in, want: want, remote: r, wanted: w, memory: memory,
		unlisted: in.Remote.Unlisted && memory.AgentID == "", offline: in.base != nil}
	p.lost = r == nil && memory.AgentID != "" && !memory.Unfinished
	if r != nil {
		p.base = in.base[r.ID]
		p.locked = memory.AgentID == r.ID
		p.owner = ownerOf(in, want, r)
	}
	if !p.locked && memory.AgentID != "" {
		p.memory = Remembered{} // the lock's agent is another one, or gone
	}
	p.undoRevert()
	p.putBack()
	return p
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
		steps := []Step{p.step(DeleteAgent, p.want.Name)}
		if p.owner == nobodys {
			steps = append(steps, p.adopt())
			out.Drift[spec.SectionAgent] = Drift // nobody here has made what is to go
		} else if p.publishedSince() {
			out.Drift[spec.SectionConfig] = Drift // what somebody has published goes with it
		}
		out.Steps = inOrder(steps)
		out.Fingerprint = Fingerprint(p.remote, nil)
		if !p.offline {
			p.warnings = append(p.warnings, warnDelete(p.want.Name, p.remote))
		}
	} else {
		relies := p.planUpdate(&out)
		out.Fingerprint = Fingerprint(p.remote, relies)
		p.warnPutBack()
		p.warnCreationOnly()
		p.warnPrompt()
		p.warnDrafts(relies, out.Steps)
	}
	out.Touched = touched(out.Drift, p.remote)
	if p.owner == others {
		p.refusals = append(p.refusals, refuseOthers(p.in, p.want.Name, nameOf(p.remote), p.remote))
	}
	return out
}

// publishedSince reports whether somebody has published something since the apply
// that the lock remembers.
func (p *agentPlanner) publishedSince() bool {
	live := p.remote.Current
	return live != nil && p.memory.Config != "" && p.liveFacts(live).verdict() == notOurs
}

// planCreate is a new agent: the agent with its first version, its outcomes and
// infields, and then that version goes live, where the platform has not
// published it by itself.
func (p *agentPlanner) planCreate(out *AgentPlan) {
	out.Status = Create
	p.checkCreate()
	create := p.step(CreateAgent, p.want.Name)
	for _, field := range spec.FieldNames(spec.SectionAgent) {
		if v := p.wanted.Agent.Get(field); !v.IsEmpty() {
			create.Changes = append(create.Changes, Change{Path: field, After: v})
		}
	}
	for _, change := range configChanges(value.Value{}, p.wanted.Config, p.want) {
		change.Path = "config." + change.Path
		create.Changes = append(create.Changes, change)
	}
	create.Changes = slices.Clone(create.Changes) // a fleet of new agents has many: no room for more
	outcomes, _ := p.planItems(OutcomeItems, nil, nil)
	infields, _ := p.planItems(InfieldItems, nil, nil)
	steps := slices.Concat([]Step{create}, outcomes, infields, p.checkSteps(nil))
	if p.want.Release.Mode != "draft" {
		rel := release{steps: []Step{p.versionStep(Publish, nil)}}
		steps = slices.Concat(steps, rel.steps, p.smokeCall(rel))
	}
	out.Steps = inOrder(steps)
	if p.lost {
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
	noPrompt := fmt.Sprintf("config.system_prompt is missing: %q is not on the platform yet, and would take calls without a prompt",
		p.want.Name)
	noVersion := fmt.Sprintf("release.version: %q is not on the platform yet and has no version %d", p.want.Name, p.want.Release.Version)
	report := func(path, message, hint string) { p.problems = append(p.problems, *p.problem(path, message, hint)) }
	if p.offline {
		noType = "agent.agent_type is missing, and creating the agent needs a type, unless it is on the platform already"
		noPrompt = "config.system_prompt is missing, and the agent would take calls without a prompt, unless it is on the platform already"
		noVersion = fmt.Sprintf("release.version: the agent needs to be on the platform already, with a version %d", p.want.Release.Version)
		report = func(_, message, hint string) {
			p.warnings = append(p.warnings, Warning{Agent: p.want.Name, Message: message, Hint: hint})
		}
	}
	if p.wanted.Config.Get("system_prompt").IsEmpty() {
		report(p.promptPath(), noPrompt, "write config.system_prompt, as text or {file: path}")
	}
	if p.want.Agent.Get("agent_type").IsEmpty() {
		report("agent", noType, "add agent_type: INBOUND or OUTBOUND")
	}
	if p.want.Release.Version > 1 {
		report("release.version", noVersion, "remove the pin until the version exists")
	}
}

// promptPath is the path of what is nearest to the prompt in the manifest.
func (p *agentPlanner) promptPath() string {
	if _, ok := p.want.Positions.At("config.system_prompt"); ok {
		return "config.system_prompt"
	}
	return spec.SectionConfig
}

// warnPrompt tells of an agent that is there and whose prompt is not in git, or is
// empty there.
func (p *agentPlanner) warnPrompt() {
	message := ""
	switch {
	case p.want.Release.Version > 0: // see warnPin
	case p.want.Config.Has("system_prompt") && p.want.Config.Get("system_prompt").IsEmpty():
		message = "config.system_prompt is empty: the agent takes calls without a prompt"
	case !p.want.Config.Has("system_prompt") && p.liveContent().Get("system_prompt").IsEmpty():
		message = "the agent has no prompt, neither in the manifest nor on the platform"
	case !p.want.Config.Has("system_prompt"):
		message = "the manifest has no config.system_prompt: the platform's stays, whoever changes it, and no plan shows it"
	}
	if message != "" {
		p.warnings = append(p.warnings, Warning{Agent: p.want.Name, Message: message,
			Hint: "write config.system_prompt, as text or {file: path}"})
	}
}

// planUpdate is an agent that is there. It returns the version, other than the
// live one, that the plan rests on.
func (p *agentPlanner) planUpdate(out *AgentPlan) *Version {
	var steps []Step
	if p.takesBack() {
		out.Status, out.Steps = Update, p.smokeCall(release{})
		return nil
	}
	if p.owner == nobodys {
		steps = append(steps, p.adopt())
	}
	class := map[string]Class{}
	if changes := agentChanges(p.wanted.Agent, p.remote.Fields); len(changes) > 0 {
		step := p.step(UpdateAgent, p.want.Name)
		step.Changes = changes
		steps = append(steps, step)
		class[spec.SectionAgent] = p.agentClass(changes)
	}
	outcomes, outcomesClass := p.planItems(OutcomeItems, p.remote.Outcomes, p.memory.Outcomes)
	infields, infieldsClass := p.planItems(InfieldItems, p.remote.Infields, p.memory.Infields)
	class[spec.SectionOutcomes], class[spec.SectionInfields] = outcomesClass, infieldsClass
	rel := p.planRelease()
	if rel.problem != nil {
		p.problems = append(p.problems, *rel.problem)
	}
	if rel.differs {
		class[spec.SectionConfig] = p.configClass()
	}
	for section, c := range class {
		if c != "" {
			out.Drift[section] = c
		}
	}
	out.Steps = inOrder(slices.Concat(steps, outcomes, infields, p.checks(rel), rel.steps, p.leftDrafts(rel.relies), p.smokeCall(rel)))
	if len(out.Steps) > 0 {
		out.Status, out.Unfinished = Update, p.memory.Unfinished
	}
	return rel.relies
}

func (p *agentPlanner) step(action Action, target string) Step {
	id := p.want.Name + "/" + string(action)
	if action.Facts().Each {
		id += "/" + target
	}
	return Step{ID: id, Action: action, Target: target, Needs: []string{}, Changes: []Change{}}
}

// adopt is the step that makes an agent ours which was found by its name.
func (p *agentPlanner) adopt() Step {
	if p.in.Policy.Adopt == "never" {
		p.refusals = append(p.refusals, Refusal{
			Agent: p.want.Name, Rule: "adopt",
			Message: fmt.Sprintf("an agent named %q is on the platform already (%s) and policy.adopt is never", nameOf(p.remote), p.remote.ID),
			Hint:    "rename one of them, or set policy.adopt: by_name in agentsync.yaml",
		})
	}
	return p.step(Adopt, p.remote.ID)
}

// warnUnlisted tells that an agent that is to be absent may be there all the
// same: neither the lock nor a listing knows of it.
func (p *agentPlanner) warnUnlisted() {
	if !p.unlisted {
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
	want, have := p.wanted.Agent.Get("agent_type").Text(), p.remote.Fields.Get("agent_type").Text()
	if want == "" || have == "" || want == have {
		return
	}
	message := fmt.Sprintf("agent_type is %s on the platform and %s in the manifest; it is set at creation only and stays", have, want)
	if p.offline {
		message = fmt.Sprintf("agent_type changes from %s to %s; it is set at creation only, so the platform's stays", have, want)
	}
	p.warnings = append(p.warnings, Warning{
		Agent: p.want.Name, Message: message,
		Hint: "correct the manifest, or delete the agent and let it be created again",
	})
}

func (p *agentPlanner) problem(path, message, hint string) *spec.Problem {
	pos, ok := p.want.Positions.At(path)
	if !ok {
		pos = p.want.Pos
	}
	return &spec.Problem{Pos: pos, Message: message, Hint: hint}
}
