package diff

import (
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// NeedVersions says whether the plan of an agent needs its version list, which
// is large: only when what is live is not what is wanted.
func NeedVersions(want spec.Agent, r *RemoteAgent) bool {
	switch {
	case r == nil:
		return false
	case want.Lifecycle.Absent: // its drafts go with it: one that is new since the plan shows
		return true
	case want.Release.Version > 0:
		return r.Current == nil || r.Current.Number != want.Release.Version
	case !managesConfig(want):
		return false
	case r.Current == nil:
		return true
	default:
		live := r.Current.config()
		wanted := overlayCanonical(live, want)
		return !value.EqualCanonical(live, wanted) && !inPlace(want, live, wanted)
	}
}

func managesConfig(want spec.Agent) bool {
	return len(want.Config) > 0 || len(want.Passthrough) > 0
}

// inPlace says whether the difference goes through endpoint 28.
func inPlace(want spec.Agent, live, wanted map[string]any) bool {
	if want.Release.ServiceUpdates != "in_place" || want.Release.Mode == "draft" {
		return false
	}
	for _, field := range configOrder(live, wanted) {
		if !isService(field) && !value.Equal(live[field], wanted[field]) {
			return false
		}
	}
	return true
}

// release is what becomes of an agent's config: the steps by stage, and what
// the plan relies on beside the live version.
type release struct {
	draft   []Step
	release []Step
	relies  *Version // a draft or older version that a step names
	differs bool
	problem *spec.Problem
}

// planRelease follows the five rules of design section 4, "Which release step".
func (p *agentPlanner) planRelease() release {
	want, r := p.want, p.remote
	if p.offline {
		return p.offlineRelease()
	}
	if want.Release.Version > 0 {
		return p.planPin()
	}
	if !managesConfig(want) {
		return release{}
	}
	var live map[string]any
	if r.Current != nil {
		live = r.Current.config()
		wanted := p.wanted.Config
		if value.EqualCanonical(live, wanted) {
			return release{}
		}
		if inPlace(want, live, wanted) {
			return release{release: p.serviceSteps(live, wanted), differs: true}
		}
	}
	return p.planVersion(live)
}

func (p *agentPlanner) planVersion(live map[string]any) release {
	draftOnly := p.want.Release.Mode == "draft"
	if !draftOnly {
		if v := p.findVersion(func(v *Version) bool { return !v.IsDraft() }); v != nil {
			step := p.versionStep(Rollback, v)
			step.Changes = configChanges(live, v.config(), p.want)
			return release{release: []Step{step}, relies: v, differs: true}
		}
	}
	if v := p.findVersion((*Version).IsDraft); v != nil {
		if draftOnly {
			return release{relies: v}
		}
		step := p.versionStep(Publish, v)
		step.Changes = configChanges(live, v.config(), p.want)
		return release{release: []Step{step}, relies: v, differs: true}
	}
	out := release{differs: true}
	if v := p.ownDraft(); v != nil {
		out.relies = v
		step := p.versionStep(UpdateDraft, v)
		step.Changes = configChanges(live, p.wantedOver(v), p.want)
		out.draft = []Step{step}
	} else {
		step := p.step(CreateDraft, "new")
		step.From = p.currentNumber()
		step.Changes = configChanges(live, p.wanted.Config, p.want)
		out.draft = []Step{step}
	}
	if !draftOnly {
		out.release = []Step{p.versionStep(Publish, out.relies)}
	}
	return out
}

// findVersion gives the newest version, other than the live one, whose content
// is what is wanted, give or take what a platform fills in.
func (p *agentPlanner) findVersion(ok func(*Version) bool) *Version {
	for i := range p.remote.Versions {
		v := &p.remote.Versions[i]
		live := p.remote.Current != nil && v.Number == p.remote.Current.Number
		if !live && ok(v) && ConfigMismatch(p.want, v.Content) == nil &&
			value.Equal(withoutDefaults(v.config()), withoutDefaults(p.wantedOver(v))) {
			return v
		}
	}
	return nil
}

// ownDraft gives the newest draft that agentsync made and nobody touched.
func (p *agentPlanner) ownDraft() *Version {
	for i := range p.remote.Versions {
		if v := &p.remote.Versions[i]; v.IsDraft() && vouched(v, p.want) {
			return v
		}
	}
	return nil
}

// wantedOver is the wanted config: over the live version, or over v itself
// where nothing is live.
func (p *agentPlanner) wantedOver(v *Version) map[string]any {
	if p.remote.Current != nil {
		return p.wanted.Config
	}
	return overlayConfig(v.Content, p.want)
}

// leftDrafts removes the drafts that an unfinished apply has made and that
// nothing needs any more, such as when git was turned back since.
func (p *agentPlanner) leftDrafts(relies *Version) []Step {
	if !p.memory.Unfinished {
		return nil
	}
	var steps []Step
	left := slices.Concat(p.holds, p.remote.Versions)
	for i := range left {
		v := &left[i]
		if v.IsDraft() && (relies == nil || v.Number != relies.Number) && vouched(v, p.want) && p.memory.Made(v) {
			step := p.versionStep(DeleteDraft, v)
			step.ID = fmt.Sprintf("%s/v%d", step.ID, v.Number)
			steps = append(steps, step)
		}
	}
	return steps
}

func (p *agentPlanner) planPin() release {
	pin, r := p.want.Release.Version, p.remote
	if r.Current != nil && r.Current.Number == pin {
		return release{}
	}
	for i := range r.Versions {
		v := &r.Versions[i]
		if v.Number != pin {
			continue
		}
		var live map[string]any
		if r.Current != nil {
			live = r.Current.config()
			if value.EqualCanonical(live, v.config()) {
				return release{} // a rollback that cloned the version
			}
		}
		action := Rollback
		if v.IsDraft() {
			action = Publish
		}
		step := p.versionStep(action, v)
		step.Changes = configChanges(live, v.config(), spec.Agent{})
		return release{release: []Step{step}, relies: v, differs: true}
	}
	return release{problem: p.problem("release.version",
		fmt.Sprintf("release.version: %q has no version %d", p.want.Name, pin),
		"pin a version that the platform lists, or remove the pin")}
}

func (p *agentPlanner) serviceSteps(live, wanted map[string]any) []Step {
	var steps []Step
	for _, field := range spec.ServiceFields {
		if value.Equal(live[field], wanted[field]) {
			continue
		}
		step := p.step(UpdateService, field)
		step.From, step.To = p.currentNumber(), p.currentNumber()
		b, _ := live[field].(map[string]any)
		a, _ := wanted[field].(map[string]any)
		step.Changes = mapChanges("", b, a)
		steps = append(steps, step)
	}
	return steps
}

// versionStep makes a step about version v; nil is the draft yet to be made.
func (p *agentPlanner) versionStep(action Action, v *Version) Step {
	step := p.step(action, "new")
	step.From = p.currentNumber()
	if v != nil {
		step.Target = fmt.Sprintf("v%d", v.Number)
		number := v.Number
		step.To = &number
	}
	return step
}

func (p *agentPlanner) currentNumber() *int {
	if p.remote == nil || p.remote.Current == nil || p.offline {
		return nil
	}
	n := p.remote.Current.Number
	return &n
}
