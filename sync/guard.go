package sync

import (
	"context"
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"golang.org/x/sync/errgroup"
)

// The API has no way to write only if nothing has changed, so before each
// write after its first a run looks whether the agent is still as it knows it:
// whether its draft stands, what is live, and the list that it is about to
// write. Of two applies at the same moment one finds the other's writes there,
// and stops. A single changed prompt needs no such look: the claim of its draft
// is one.

// guard looks before the write of step.
func (r *agentRun) guard(ctx context.Context, step diff.Step) error {
	if r.seen == nil {
		return r.holdNew(ctx, step)
	}
	if err := r.renew(ctx); err != nil {
		return err
	}
	if err := r.holdTail(ctx, step); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	if r.writesConfig() && !r.claimIsFresh {
		group.Go(func() error { return r.guardConfig(ctx) })
	}
	if !r.rolledBackNow { // which may have moved them; verify sets them right
		for _, kind := range r.listsBefore(step) {
			group.Go(func() error { return r.guardItems(ctx, kind) })
		}
	}
	return group.Wait()
}

// listsBefore are the lists to look at before a step: the one that it writes,
// and before a version goes live those that this run has written.
func (r *agentRun) listsBefore(step diff.Step) []Kind {
	switch {
	case isItemStep(step.Action):
		return []Kind{kindOf(step.Action)}
	case step.Action != diff.Publish && step.Action != diff.Rollback:
		return nil
	}
	var kinds []Kind
	for i, done := range r.plan.Steps {
		if r.out.Steps[i].Status == Done && isItemStep(done.Action) && !slices.Contains(kinds, kindOf(done.Action)) {
			kinds = append(kinds, kindOf(done.Action))
		}
	}
	return kinds
}

func (r *agentRun) writesConfig() bool {
	for _, step := range r.plan.Steps {
		switch step.Action {
		case diff.CreateDraft, diff.UpdateDraft, diff.Publish, diff.Rollback, diff.UpdateService:
			return true
		}
	}
	return false
}

func (r *agentRun) guardConfig(ctx context.Context) error {
	if r.claimed == nil || r.published {
		live, err := r.in.Remote.CurrentVersion(ctx, r.id)
		if err != nil {
			return err
		}
		return r.checkLive(live)
	}
	versions, err := r.in.Remote.Versions(ctx, r.id)
	if err != nil {
		return err
	}
	if mine := findVersion(versions, r.version); !diff.SameVersion(mine, r.claimed) {
		return &conflict{fmt.Sprintf("draft v%d was taken by another apply or person%s", r.version, by(mine))}
	}
	if live := currentOf(versions); live != nil {
		return r.checkLive(live)
	}
	return nil
}

func (r *agentRun) checkLive(live *diff.Version) error {
	switch {
	case r.liveHolds(live):
		return nil
	case live == nil:
		return &conflict{"the live config is gone"}
	case r.seen.Current != nil && live.Number == r.seen.Current.Number:
		return &conflict{fmt.Sprintf("v%d, which is live, was changed meanwhile%s", live.Number, by(live))}
	default:
		return &conflict{fmt.Sprintf("v%d went live meanwhile%s", live.Number, by(live))}
	}
}

// guardItems wants each item as this run wrote it, or else as the plan saw it.
func (r *agentRun) guardItems(ctx context.Context, kind Kind) error {
	items, err := r.in.Remote.Items(ctx, r.id, kind)
	if err != nil {
		return err
	}
	itemKind, seen := itemKindOf(kind), r.seen.Outcomes
	if kind == Infield {
		seen = r.seen.Infields
	}
	written := map[string]bool{}
	for i, step := range r.plan.Steps {
		if r.out.Steps[i].Status != Done || !isItemStep(step.Action) || kindOf(step.Action) != kind {
			continue
		}
		written[step.Target] = true
		have, there := diff.FindItem(itemKind, items, step.Target)
		removed := step.Action == diff.DeleteOutcome || step.Action == diff.DeleteInfield
		if there == removed || there && !diff.Holds(step.Changes, have) {
			return &conflict{fmt.Sprintf("%s was written by somebody else meanwhile", step.Target)}
		}
	}
	if name, moved := diff.MovedItem(itemKind, seen, items, written); moved {
		return &conflict{fmt.Sprintf("%s was written by somebody else meanwhile", name)}
	}
	return nil
}

func isItemStep(action diff.Action) bool {
	switch action {
	case diff.CreateOutcome, diff.UpdateOutcome, diff.DeleteOutcome,
		diff.CreateInfield, diff.UpdateInfield, diff.DeleteInfield:
		return true
	default:
		return false
	}
}
