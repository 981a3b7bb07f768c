package sync

import (
	"context"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// verify reads the agent once more. It must be what is wanted: a plan of it
// must be empty. A rollback may have moved outcomes and infields: those are set
// right, once. It gives the lock's entry of the verified agent, unmarked.
func (r *agentRun) verify(ctx context.Context) (*lock.Entry, error) {
	fresh, left, err := r.replan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	if len(left) > 0 && r.rolledBack() && settable(left) {
		for _, step := range left {
			if _, err := r.do(ctx, step); err != nil {
				return nil, fmt.Errorf("set right %s %s: %w", step.Action, step.Target, err)
			}
		}
		if fresh, left, err = r.replan(ctx); err != nil {
			return nil, fmt.Errorf("read back: %w", err)
		}
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("read back, the agent is not what was applied: %s; plan again", describeLeft(left))
	}
	entry := toEntry(diff.Remember(r.want, fresh))
	return &entry, nil
}

// replan reads the whole agent and plans it again.
func (r *agentRun) replan(ctx context.Context) (*diff.RemoteAgent, []diff.Step, error) {
	fresh, err := r.readBack(ctx)
	if err != nil {
		return nil, nil, err
	}
	want := r.wantedBack()
	if diff.NeedVersions(want, fresh) {
		versions, err := r.in.Remote.Versions(ctx, r.id)
		if err != nil {
			return nil, nil, err
		}
		fresh.Versions = versions
	}
	plan, problems := diff.Compute(diff.Input{
		Policy: r.in.Policy, Agents: []spec.Agent{want},
		Remote: diff.Remote{Agents: map[string]*diff.RemoteAgent{want.Name: fresh}},
		Memory: diff.Memory{want.Name: {ID: r.id}},
	})
	if len(problems) > 0 {
		return nil, nil, problems
	}
	r.wanted = diff.Merge(want, fresh, nil)
	return fresh, plan.Agents[0].Steps, nil
}

// readBack reads the agent. An apply of nothing but a draft and its publication
// has read fields and lists under its claim, right before it went live; it
// reads the version list, where a version shows that somebody else has made
// live in between.
func (r *agentRun) readBack(ctx context.Context) (*diff.RemoteAgent, error) {
	if r.checked == nil || !r.draftAlone() {
		fresh := &diff.RemoteAgent{ID: r.id}
		return fresh, readSections(ctx, r.in.Remote, fresh, allSections)
	}
	fresh := *r.checked
	fresh.Current, fresh.Versions = nil, nil
	which := sections{outcomes: !r.rest.outcomes, infields: !r.rest.infields}
	versions, err := r.in.Remote.Versions(ctx, r.id)
	if err != nil {
		return nil, err
	}
	for i := range versions {
		v := &versions[i]
		was := findVersion(r.listed, v.Number)
		if !v.IsDraft() && v.Number != r.version && (was == nil || was.IsDraft()) {
			return nil, fmt.Errorf("v%d was made live at the same moment%s, and v%d is live in its place: take from v%d what is to stay, and plan again", v.Number, by(v), r.version, v.Number)
		}
	}
	if fresh.Current = currentOf(versions); fresh.Current == nil { // or the list does not say
		which.current = true
	}
	return &fresh, readSections(ctx, r.in.Remote, &fresh, which)
}

// draftAlone says whether all steps are about the draft that this run made.
func (r *agentRun) draftAlone() bool {
	for _, step := range r.plan.Steps {
		if step.Action != diff.CreateDraft && step.Action != diff.Publish {
			return false
		}
	}
	return r.makesDraft()
}

// wantedBack is the manifest as it must be read back. After a rollback that
// includes the outcomes and infields that it does not manage: they stay as
// they were.
func (r *agentRun) wantedBack() spec.Agent {
	want := r.want
	if r.seen == nil || !r.rolledBack() {
		return want
	}
	if !want.OutcomesManaged {
		want.OutcomesManaged, want.Outcomes = true, asWanted(diff.OutcomeItems, r.seen.Outcomes)
	}
	if !want.InfieldsManaged {
		want.InfieldsManaged, want.Infields = true, asWanted(diff.InfieldItems, r.seen.Infields)
	}
	return want
}

func asWanted(kind diff.ItemKind, items []map[string]any) []spec.Item {
	out := make([]spec.Item, len(items))
	for i, fields := range items {
		name, _ := fields[kind.NameField].(string)
		out[i] = spec.Item{Name: name, Fields: fields}
	}
	return out
}

func (r *agentRun) rolledBack() bool {
	for _, step := range r.plan.Steps {
		if step.Action == diff.Rollback {
			return true
		}
	}
	return false
}

// settable says that all steps are about the agent's fields and items.
func settable(steps []diff.Step) bool {
	for _, step := range steps {
		switch step.Action {
		case diff.UpdateAgent, diff.CreateOutcome, diff.UpdateOutcome, diff.DeleteOutcome,
			diff.CreateInfield, diff.UpdateInfield, diff.DeleteInfield:
		default:
			return false
		}
	}
	return true
}

// describeLeft says what still differs, without quoting long texts.
func describeLeft(steps []diff.Step) string {
	var parts []string
	for _, step := range steps {
		part := string(step.Action) + " " + step.Target
		if len(step.Changes) > 0 {
			part += " (" + paths(step.Changes) + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ") + " would be next"
}
