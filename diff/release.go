package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// NeedVersions reports whether the plan of an agent needs its version list,
// which is large: only when what is live is not what is wanted.
func NeedVersions(want spec.Agent, r *RemoteAgent, w Wanted) bool {
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
		return !value.Equal(r.Current.Content, w.Config) && !inPlace(want, r.Current.Content, w.Config)
	}
}

func managesConfig(want spec.Agent) bool {
	return want.Config.Len() > 0 || want.Passthrough.Len() > 0
}

// inPlace reports whether the difference goes through endpoint 28.
func inPlace(want spec.Agent, live, wanted value.Value) bool {
	if want.Release.ServiceUpdates != "in_place" || want.Release.Mode == "draft" {
		return false
	}
	return !slices.ContainsFunc(configOrder(live, wanted), func(field string) bool {
		return !isService(field) && !value.Equal(live.Get(field), wanted.Get(field))
	})
}

// release is what becomes of an agent's config.
type release struct {
	steps   []Step
	relies  *Version // a draft or older version that a step names
	differs bool
	problem *spec.Problem
}

// planRelease follows the five rules of design section 4, "Which release step".
func (p *agentPlanner) planRelease() release {
	switch {
	case p.offline:
		return p.offlineRelease()
	case p.want.Release.Version > 0:
		return p.planPin()
	case !managesConfig(p.want):
		return release{}
	}
	live := p.liveContent()
	switch {
	case p.remote.Current == nil:
		return p.planVersion()
	case value.Equal(live, p.wanted.Config): // rule 1
		return release{}
	case inPlace(p.want, live, p.wanted.Config):
		return release{steps: p.serviceSteps(live, p.wanted.Config), differs: true}
	default:
		return p.planVersion()
	}
}

func (p *agentPlanner) liveContent() value.Value {
	if p.remote.Current == nil {
		return value.Value{}
	}
	return p.remote.Current.Content
}

// planVersion finds the version that is to go live, or makes one: rules 2 to 5.
func (p *agentPlanner) planVersion() release {
	live, draftOnly := p.liveContent(), p.want.Release.Mode == "draft"
	if v := p.findVersion(func(v *Version) bool { return !v.IsDraft() }); v != nil && !draftOnly {
		return p.switchTo(Rollback, v, p.want) // rule 2
	}
	if v := p.findVersion((*Version).IsDraft); v != nil { // rule 3
		if draftOnly {
			return release{relies: v}
		}
		return p.switchTo(Publish, v, p.want)
	}
	draft, own := p.step(CreateDraft, "new"), p.ownDraft()
	draft.From = p.currentNumber()
	draft.Changes = configChanges(live, p.wanted.Config, p.want)
	if own != nil { // rule 4, else rule 5
		p.wanted.setConfig(p.want, p.wantedOver(own))
		draft = p.versionStep(UpdateDraft, own)
		draft.Changes = configChanges(live, p.wanted.Config, p.want)
	}
	out := release{steps: []Step{draft}, relies: own, differs: true}
	if !draftOnly {
		out.steps = append(out.steps, p.versionStep(Publish, own))
	}
	return out
}

// switchTo makes a version live that is there already.
func (p *agentPlanner) switchTo(action Action, v *Version, want spec.Agent) release {
	step := p.versionStep(action, v)
	step.Changes = configChanges(p.liveContent(), v.Content, want)
	return release{steps: []Step{step}, relies: v, differs: true}
}

// findVersion returns the newest version, other than the live one, whose
// content is what is wanted, give or take what a platform fills in.
func (p *agentPlanner) findVersion(ok func(*Version) bool) *Version {
	for i := range p.remote.Versions {
		v := &p.remote.Versions[i]
		live := p.remote.Current != nil && v.Number == p.remote.Current.Number
		if !live && ok(v) && ConfigMismatch(p.want, v.Content) == nil &&
			value.Equal(withoutDefaults(v.Content), withoutDefaults(p.wantedOver(v))) {
			return v
		}
	}
	return nil
}

// ownDraft returns the newest draft that an apply with this lock file made and
// nobody touched. Another's draft may be of an apply that is at work.
func (p *agentPlanner) ownDraft() *Version {
	for i := range p.remote.Versions {
		if v := &p.remote.Versions[i]; v.IsDraft() && vouched(v, p.want) && p.memory.Made(v) {
			return v
		}
	}
	return nil
}

// wantedOver is the wanted config: over the live version, or over v itself
// where nothing is live.
func (p *agentPlanner) wantedOver(v *Version) value.Value {
	if p.remote.Current != nil {
		return p.wanted.Config
	}
	return overConfig(v.Content, p.want)
}

// leftOver is the age, by the platform's clock, from which a draft of ours
// that no lock knows counts as left by an apply that was killed.
const leftOver = time.Hour

// leftDrafts removes the drafts that earlier applies have left and that nothing
// needs any more, such as when git was turned back since.
func (p *agentPlanner) leftDrafts(relies *Version) []Step {
	var steps []Step
	for i := range p.remote.Versions {
		v := &p.remote.Versions[i]
		if !v.IsDraft() || relies != nil && v.Number == relies.Number || !vouched(v, p.want) {
			continue
		}
		touched := v.LastTouched()
		old := !touched.IsZero() && !p.remote.SeenAt.IsZero() && p.remote.SeenAt.Sub(touched) >= leftOver
		line, _ := lineOf(v)
		if p.memory.Unfinished && p.memory.Made(v) || old && p.in.Identity.isOwn(line) {
			step := p.versionStep(DeleteDraft, v)
			step.ID = fmt.Sprintf("%s/v%d", step.ID, v.Number)
			steps = append(steps, step)
		}
	}
	return steps
}

// planPin makes the pinned version live.
func (p *agentPlanner) planPin() release {
	pin, live := p.want.Release.Version, p.remote.Current
	if live != nil && live.Number == pin {
		p.warnPin(live)
		return release{}
	}
	v := FindVersion(p.remote.Versions, pin)
	if v != nil {
		p.warnPin(v)
	}
	switch {
	case v == nil:
		return release{problem: p.problem("release.version",
			fmt.Sprintf("release.version: %q has no version %d", p.want.Name, pin),
			"pin a version that the platform lists, or remove the pin")}
	case SameContent(v, live): // a rollback that cloned the version
		return release{}
	case v.IsDraft():
		return p.switchTo(Publish, v, spec.Agent{})
	default:
		return p.switchTo(Rollback, v, spec.Agent{})
	}
}

// warnPin tells what the manifest's config says otherwise than the pinned version:
// none of it has an effect.
func (p *agentPlanner) warnPin(pinned *Version) {
	var fields []string
	for _, change := range configChanges(pinned.Content, overConfig(pinned.Content, p.want), p.want) {
		fields = append(fields, change.Path)
	}
	if len(fields) > 0 {
		p.unheard(listed(fields))
	}
}

// unheard tells that the pin keeps these fields of the config from the platform.
func (p *agentPlanner) unheard(fields string) {
	p.warnings = append(p.warnings, Warning{
		Agent: p.want.Name,
		Message: fmt.Sprintf("release.version pins version %d: what config says otherwise has no effect: %s",
			p.want.Release.Version, fields),
		Hint: "remove release.version to have the config applied again",
	})
}

// listed names at most five fields.
func listed(fields []string) string {
	const most = 5
	if len(fields) <= most {
		return strings.Join(fields, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(fields[:most], ", "), len(fields)-most)
}

func (p *agentPlanner) serviceSteps(live, wanted value.Value) []Step {
	var steps []Step
	var changed []string
	for _, field := range spec.FieldNames(spec.SectionConfig) {
		before, after := live.Get(field), wanted.Get(field)
		if !isService(field) || value.Equal(before, after) {
			continue
		}
		step := p.step(UpdateService, field)
		step.From, step.To = p.currentNumber(), p.currentNumber()
		step.Changes = objectChanges("", before, after)
		steps, changed = append(steps, step), append(changed, field)
	}
	p.warnings = append(p.warnings, Warning{
		Agent:   p.want.Name,
		Message: "the live version itself changes, so no version is kept to roll back to: " + strings.Join(changed, ", "),
		Hint:    "the apply's report holds what was there; release.service_updates: versioned makes a version",
	})
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
