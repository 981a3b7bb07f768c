package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// Refusal is the policy that forbids the plan, as the plan itself says it; nil
// for none.
func Refusal(p *diff.Plan) error {
	if len(p.Refusals) == 0 {
		return nil
	}
	return &Error{Kind: Refused, Err: errors.New(p.Refusals[0].Message), Way: p.Refusals[0].Hint, Told: true}
}

// CheckDigest refuses a plan that is not the one with this digest; "" is any.
func CheckDigest(now *diff.Plan, want string) error {
	if want == "" || want == now.Digest {
		return nil
	}
	way := "the plan above is what apply would do now; review it again"
	if now.Shard != nil {
		way += ". Where the digest is a merged plan's, give its file: agentsync apply --shard " + now.Shard.String() + " PLANFILE"
	}
	return Errorf(Stale, way,
		"the plan's digest is %s, not the expected one, nothing was written", now.Digest)
}

// CheckSaved refuses a plan that is not the saved one.
func CheckSaved(now, saved *diff.Plan) error {
	if now.Digest == saved.Digest {
		return nil
	}
	if LeavesNothing(now, saved) {
		return Errorf(Stale, "no new plan is needed: this one was applied already, or the files have gone back to what is live",
			"the plan is stale: the platform is as the manifests want it, and there is nothing to apply")
	}
	return Errorf(Stale, "make the plan again, and review what is new in it",
		"the plan is stale: manifests or platform have moved since it was made, nothing was written")
}

// LeavesNothing reports whether nothing of a saved plan is left to do, as when it is
// applied for a second time.
func LeavesNothing(now, saved *diff.Plan) bool { return now.IsEmpty() && !saved.IsEmpty() }

// CheckDrift refuses a plan that nobody has reviewed when it would overwrite
// what was changed on the platform. onDrift is "fail" or "overwrite"; "" is what
// the project's policy says.
func (p *Planned) CheckDrift(onDrift string) error {
	if onDrift == "" {
		onDrift = p.project.Policy.OnDrift
	}
	if p.Plan.IsEmpty() || onDrift == "overwrite" || len(p.Drift()) == 0 {
		return nil
	}
	return Errorf(Drifted, PullHint(p.Plan)+", or review the plan (plan --out FILE, apply FILE), or go on with --on-drift overwrite",
		"%s", driftReason(p.Plan))
}

// PullHint names the command that takes a plan's drift into the files.
func PullHint(p *diff.Plan) string {
	if command := p.PullCommand(); command != "" {
		return "take it into the manifests (" + command + ")"
	}
	return "take it into the manifests"
}

// driftReason says what a plan with drift would overwrite.
func driftReason(p *diff.Plan) string {
	for _, agent := range p.Agents {
		for _, class := range agent.Drift {
			if Moved(class) && agent.Steps[0].Action != diff.Adopt {
				return "the platform was changed since the last apply, and this would overwrite it"
			}
		}
	}
	return "agentsync has never applied what it would adopt here, and this would overwrite it"
}

// Moved says whether the class is that of a section which the platform changed.
func Moved(class diff.Class) bool { return class.Moved() }

// Drift has a line for each section that the platform changed since the last
// apply, with when and by whom where the platform says so.
func (p *Planned) Drift() []string {
	var lines []string
	for _, agent := range p.Plan.Agents {
		for _, line := range p.driftOf(agent, Moved) {
			lines = append(lines, fmt.Sprintf("drift: %s: %s", agent.Name, line))
		}
	}
	return lines
}

// driftOf has a line for each section of an agent that is of some class.
func (p *Planned) driftOf(agent diff.AgentPlan, is func(diff.Class) bool) (lines []string) {
	for _, section := range value.SortedKeys(agent.Drift) {
		class := agent.Drift[section]
		if !is(class) {
			continue
		}
		line := strings.ReplaceAll(section, "_", " ") + " " + p.whoAndWhen(agent, section)
		if len(agent.Steps) > 0 && agent.Steps[0].Action == diff.Adopt {
			line += "; agentsync has never applied it"
		}
		if class == diff.Both {
			line += ", and git moved too"
		}
		lines = append(lines, line)
	}
	return lines
}

// changedOn says whether a pull takes something of a section: also of one of which
// nobody knows who moved it.
func changedOn(class diff.Class) bool { return class != diff.Pending }

// Unknown has a line for each agent with a section that differs, of which nobody
// can say whether the platform changed it since the last apply. It never counts
// as "no drift".
func (p *Planned) Unknown() []string {
	var lines []string
	for _, agent := range p.Plan.Agents {
		if names := unknownSections(agent); len(names) > 0 {
			lines = append(lines, fmt.Sprintf("unknown: %s: %s not as the manifest wants it, and nothing says who changed that",
				agent.Name, strings.Join(names, ", ")))
		}
	}
	return lines
}

// Unfound has a line for each agent that is not found, where no lock file says
// whether it was ever there: it may be new, or somebody has deleted it.
func (p *Planned) Unfound() []string {
	var lines []string
	for _, agent := range p.Plan.Agents {
		tell := func(text string) { lines = append(lines, fmt.Sprintf("unknown: %s: %s", agent.Name, text)) }
		switch {
		case agent.Status != diff.Create || p.in.Memory[agent.Name].AgentID != "":
		case p.in.Remote.Unlisted:
			tell("the lock file does not know it, and this platform lists no agents: it may be there, and changed")
		case len(p.locked) == 0:
			tell("it is not on the platform, and no lock file says whether it was")
		}
	}
	return lines
}

// MendUnknown is the way out of what Unknown and Unfound tell.
const MendUnknown = "commit agentsync.lock.yaml after each apply, and fetch the whole history (in a workflow, fetch-depth: 0); or plan, and look at what differs"

func unknownSections(agent diff.AgentPlan) []string {
	var names []string
	for _, section := range value.SortedKeys(agent.Drift) {
		if agent.Drift[section] == diff.Unknown {
			names = append(names, strings.ReplaceAll(section, "_", " "))
		}
	}
	return names
}

// IsUnknown says whether nobody can say of a section of the agent who changed it.
func IsUnknown(agent diff.AgentPlan) bool { return len(unknownSections(agent)) > 0 }

func (p *Planned) whoAndWhen(agent diff.AgentPlan, section string) string {
	if agent.AgentID == "" {
		return "is gone from the platform"
	}
	return "changed on the platform" + agent.Touched[section].In(p.project.opt.Now().Location())
}
