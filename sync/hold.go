package sync

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/agentsync/agentsync/diff"
)

// An apply holds an agent while it writes what no draft of its own guards:
// fields, outcomes, infields, in-place services, a rollback, or the publication
// of a draft that is there already. The hold is a draft (diff.HoldBody), since
// versions are the only thing that the API numbers: of two applies at the same
// moment the one with the lower number goes on. It is deleted at the end; one
// that a killed apply left is removed by the next apply that knows of it from
// its lock file, or that meets it when it has grown old.

// How long a draft of another apply is taken for one that is at work: from its
// draft to its publication an apply takes seconds, and a hold lasts as long as
// all steps of its agent on a limited server.
const (
	draftAge = time.Minute
	holdAge  = 5 * time.Minute
)

// needsHold says whether the agent's steps need a hold before the first one. A
// draft that the apply makes itself is one, until it is published (holdTail).
func (r *agentRun) needsHold() bool {
	if r.seen == nil || r.plan.Status == diff.Delete || r.makesDraft() {
		return false
	}
	return slices.ContainsFunc(r.plan.Steps, func(s diff.Step) bool {
		return s.Action != diff.Adopt && s.Action != diff.DeleteDraft
	})
}

func (r *agentRun) makesDraft() bool {
	return slices.ContainsFunc(r.plan.Steps, func(s diff.Step) bool { return s.Action == diff.CreateDraft })
}

// takeHold makes the hold, and then looks at the whole agent: it must be what
// the plan saw, also where the plan writes nothing.
func (r *agentRun) takeHold(ctx context.Context) error {
	if err := r.makeHold(ctx, r.seen.Current); err != nil {
		return err
	}
	return r.recheckRest(ctx)
}

// holdNew holds an agent that this run has created, before its first outcome
// or infield: where creation has made it live, another apply may see it as it
// is and set about it. Where it is not live, its draft says whose it is.
func (r *agentRun) holdNew(ctx context.Context, step diff.Step) error {
	if r.known != nil || !isItemStep(step.Action) {
		return nil
	}
	live, err := r.in.Remote.CurrentVersion(ctx, r.id)
	if err != nil {
		return err
	}
	r.known = map[int]bool{}
	if live == nil {
		return nil
	}
	r.known[live.Number] = true
	return r.makeHold(ctx, live)
}

// holdTail makes the hold of a run whose own draft is about to be published,
// and is none any more for what the run removes after that.
func (r *agentRun) holdTail(ctx context.Context, publish diff.Step) error {
	at := slices.IndexFunc(r.plan.Steps, func(s diff.Step) bool { return s.ID == publish.ID })
	if publish.Action != diff.Publish || r.claimed == nil || r.hold != 0 || !slices.ContainsFunc(r.plan.Steps[at:], func(s diff.Step) bool { return isItemStep(s.Action) }) {
		return nil
	}
	return r.makeHold(ctx, r.seen.Current)
}

func (r *agentRun) makeHold(ctx context.Context, live *diff.Version) error {
	body := diff.HoldBody(r.want, r.wanted, live, r.in.Plan.Digest, r.in.Commit)
	number, versions, err := r.numbered(ctx, body, func(*diff.Version) bool { return true })
	if err != nil {
		return fmt.Errorf("hold the agent with a draft: %w", err)
	}
	r.hold, r.heldSince = number, r.now()
	if findVersion(versions, r.hold) == nil {
		return &conflict{fmt.Sprintf("draft v%d, which held the agent, is gone", r.hold)}
	}
	r.known[r.hold] = true
	if r.claimed != nil { // those that came after the draft give way to it
		return nil
	}
	return r.contested(versions, r.hold)
}

// letGo deletes the hold, and those that killed applies left. An interrupted
// apply starts no request: its hold stays until the next apply.
func (r *agentRun) letGo(ctx context.Context) error {
	if r.hold == 0 || ctx.Err() != nil {
		return nil
	}
	before := r.writes
	if err := r.deleteDraft(ctx, r.hold); err != nil {
		return fmt.Errorf("draft v%d, which held the agent, stays: %w; apply again", r.hold, err)
	}
	r.hold, r.writes = 0, before-1 // as if it had not been made
	for _, number := range r.stale {
		if err := r.in.Remote.DeleteDraft(ctx, r.id, number); err != nil && !isNotFound(err) && r.in.Logf != nil {
			r.in.Logf("%s: draft v%d, an old hold, stays: %v", r.plan.Name, number, err)
		}
	}
	return nil
}

// inUse gives the draft by which another apply holds the agent, or nil. A draft
// that this run's own lock file knows is none. Old holds are remembered, and
// removed at the end.
func (r *agentRun) inUse(versions []diff.Version) *diff.Version {
	r.stale = nil
	for i := range versions {
		v := &versions[i]
		if !v.IsDraft() || r.before.Unfinished || r.before.Draft == v.Number || !diff.IsOwn(v, r.want) {
			continue
		}
		age := draftAge
		if diff.IsHold(v) {
			age = holdAge
		}
		if r.isFresh(v, age) {
			return v
		}
		if diff.IsHold(v) {
			r.stale = append(r.stale, v.Number)
		}
	}
	return nil
}

// isFresh says whether a version was written within the last age, by either
// clock's account. A hold without a time is taken for one at work.
func (r *agentRun) isFresh(v *diff.Version, age time.Duration) bool {
	at := v.UpdatedAt
	if at.IsZero() {
		at = v.CreatedAt
	}
	if at.IsZero() {
		return diff.IsHold(v)
	}
	return r.now().Sub(at).Abs() < age
}

// guardHold looks whether a hold that others may take for a left one is there.
func (r *agentRun) guardHold(ctx context.Context) error {
	if r.hold == 0 || r.now().Sub(r.heldSince) < holdAge-time.Minute {
		return nil
	}
	versions, err := r.in.Remote.Versions(ctx, r.id)
	if err == nil && findVersion(versions, r.hold) == nil {
		err = &conflict{fmt.Sprintf("draft v%d, which held the agent, is gone", r.hold)}
	}
	return err
}

func (r *agentRun) now() time.Time {
	if r.in.Now != nil {
		return r.in.Now()
	}
	return time.Now()
}
