package diff

import (
	"fmt"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// An offline plan compares the manifests of two commits: what the base's
// manifests want plays the platform, as if they had been applied and nobody had
// touched anything since. It can be made without credentials and network, and
// says what a change of the manifests is meant to do; what an apply would do,
// only a plan of the platform tells. So it has no drift, no agent ids, no
// fingerprints and no version numbers, and never asks for a rollback to an
// older version of the same content.

// Recall is the memory of an offline plan: the base's agents, as if the lock
// knew them. It wants Rekey as every memory does.
func Recall(base *spec.Project) Memory {
	out := Memory{}
	for _, agent := range base.Agents {
		if !agent.Lifecycle.Absent {
			out[agent.Name] = Remembered{AgentID: agent.Name, AgentName: agent.AgentName, Protect: agent.Lifecycle.Protect}
		}
	}
	return out
}

// Offline makes the plan of in.Agents over the manifests of base, which are
// those of commit. Of in, Remote and Prepared are not read; Memory is Recall's,
// after Rekey.
func Offline(in Input, base *spec.Project, commit string) *Plan {
	in.base = map[string]*spec.Agent{}
	for i := range base.Agents {
		in.base[base.Agents[i].Name] = &base.Agents[i]
	}
	in.Prepared, in.Remote = nil, Remote{Agents: map[string]*RemoteAgent{}}
	for key, entry := range in.Memory {
		if agent := in.base[entry.AgentID]; agent != nil {
			in.Remote.Agents[key] = asApplied(agent)
		}
	}
	in.Remote.Others = map[string]string{}
	for key := range in.Others {
		if r := in.Remote.Agents[key]; r != nil {
			in.Remote.Others[key] = nameOf(r)
		}
	}
	plan, problems := Compute(in)
	if len(problems) > 0 {
		panic(problems) // offline, what the platform would have to show is a warning
	}
	plan.Base = commit
	for i := range plan.Agents {
		agent := &plan.Agents[i]
		agent.AgentID, agent.Fingerprint, agent.Drift = "", "", map[string]Class{}
	}
	plan.Warnings = append(settingWarnings(base, in), plan.Warnings...)
	return plan
}

// asApplied is the platform's agent after an apply of nothing but this manifest.
func asApplied(agent *spec.Agent) *RemoteAgent {
	w := Want(*agent, nil)
	return &RemoteAgent{
		ID: agent.Name, Fields: value.Of(agent.Agent.Any()),
		Current:  &Version{Number: 1, Status: "published", IsCurrent: true, Content: w.Config},
		Outcomes: w.Outcomes, Infields: w.Infields,
	}
}

// offlineRelease is planRelease where no versions are known.
func (p *agentPlanner) offlineRelease() release {
	want, was := p.want.Release, p.base.Release
	if want.Version > 0 {
		var edited []string
		for _, change := range configChanges(p.liveContent(), p.wanted.Config, p.want) {
			edited = append(edited, change.Path)
		}
		if len(edited) > 0 {
			p.unheard(listed(edited))
		}
		if want.Version == was.Version {
			return release{}
		}
		step := p.step(Rollback, fmt.Sprintf("v%d", want.Version))
		step.To = &want.Version
		return release{steps: []Step{step}, differs: true}
	}
	if !managesConfig(p.want) {
		return release{}
	}
	live := p.liveContent()
	switch same := value.Equal(live, p.wanted.Config); {
	case was.Version > 0:
		p.warnings = append(p.warnings, Warning{
			Agent:   p.want.Name,
			Message: fmt.Sprintf("the pin on version %d goes away: which version goes live then, only a plan of the platform tells", was.Version),
		})
		return p.planVersion()
	case same && was.Mode == "draft" && want.Mode != "draft":
		return release{steps: []Step{p.versionStep(Publish, nil)}, differs: true}
	case same:
		return release{}
	case inPlace(p.want, live, p.wanted.Config):
		return release{steps: p.serviceSteps(live, p.wanted.Config), differs: true}
	default:
		return p.planVersion()
	}
}

// settingWarnings tell of changes to agentsync.yaml that say where an apply
// goes and what it may do: no step shows them.
func settingWarnings(base *spec.Project, in Input) []Warning {
	var out []Warning
	warn := func(name, before, after, hint string) {
		if before != after {
			out = append(out, Warning{Message: fmt.Sprintf("%s changes from %s to %s", name, before, after), Hint: hint})
		}
	}
	was, now := base.Environment, in.Environment
	warn("base_url", address(was.BaseURL), address(now.BaseURL), "an apply would go to another platform")
	if was.Credentials != now.Credentials {
		out = append(out, Warning{Message: "the names of the variables that hold the credentials change", Hint: "see credentials in agentsync.yaml"})
	}
	old, policy := base.Policy, in.Policy
	warn("policy.prune", fmt.Sprint(old.Prune), fmt.Sprint(policy.Prune), "")
	warn("policy.max_delete_percent", fmt.Sprint(old.MaxDeletePercent), fmt.Sprint(policy.MaxDeletePercent), "")
	warn("policy.adopt", old.Adopt, policy.Adopt, "")
	warn("policy.on_drift", old.OnDrift, policy.OnDrift, "")
	warn("policy.provenance", fmt.Sprint(old.Provenance), fmt.Sprint(policy.Provenance), "")
	return out
}

func address(url string) string {
	if url == "" {
		return "the default"
	}
	return url
}
