package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/agentsync/agentsync/diff"
)

// An apply holds an agent while it writes what no draft of its own guards:
// fields, outcomes, infields, in-place services, a rollback, the publication of
// a draft that is there already, or its end. The hold is a draft
// (diff.HoldBody), since versions are the only thing that the API numbers: of
// two applies at the same moment the one with the lower number goes on. It is
// deleted at the end. One that a killed apply left is removed by the next apply
// that knows its claim from the lock file, or that meets it when it is old.

// A draft of another apply is taken for one at work until it is as old as
// lease; a run that takes longer renews its own in between.
const (
	lease      = time.Minute
	renewAfter = lease / 3
)

// needsHold says whether the agent's steps need a hold before the first one. A
// draft that the apply makes itself is one, until it is published (holdTail).
func (r *agentRun) needsHold() bool {
	if r.seen == nil || r.makesDraft() || r.plan.Status == diff.Delete && r.seen.Current == nil {
		return false
	}
	return slices.ContainsFunc(r.plan.Steps, func(s diff.Step) bool {
		return s.Action != diff.Adopt && s.Action != diff.DeleteDraft
	})
}

func (r *agentRun) makesDraft() bool {
	return slices.ContainsFunc(r.plan.Steps, func(s diff.Step) bool { return s.Action == diff.CreateDraft })
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

// makeHold makes the hold, a copy of what is live, and looks at the whole agent
// under it: it must be what the plan saw, also where the plan writes nothing.
func (r *agentRun) makeHold(ctx context.Context, live *diff.Version) error {
	body := diff.HoldBody(r.want, r.wanted, live, r.in.Claim, r.in.Commit)
	made, err := r.newDraft(ctx, body, func(*diff.Version) bool { return true })
	if err != nil {
		return fmt.Errorf("hold the agent with a draft: %w", err)
	}
	r.hold, r.heldSince = made.number, r.now()
	return r.confirm(ctx, made, r.claimed == nil, func(versions []diff.Version) error {
		mine := findVersion(versions, r.hold)
		if mine == nil {
			return &conflict{fmt.Sprintf("draft v%d, which held the agent, is gone", r.hold)}
		}
		r.known[r.hold], r.heldBy = true, mine
		if r.claimed != nil { // those that came after the draft give way to it
			return nil
		}
		return r.contested(versions, r.hold)
	})
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
	return nil
}

// sweep removes the holds that killed applies left long ago, once this run has
// written the agent. What fails stays for the next.
func (r *agentRun) sweep(ctx context.Context) {
	for _, number := range r.stale {
		if ctx.Err() != nil {
			return
		}
		if err := r.in.Remote.DeleteDraft(ctx, r.id, number); err != nil && !isNotFound(err) && r.in.Logf != nil {
			r.in.Logf("%s: draft v%d, an old hold, stays: %v", r.plan.Name, number, err)
		}
	}
	r.stale = nil
}

// busy is an agent on which another apply is at work.
type busy struct{ draft *diff.Version }

func (b *busy) Error() string {
	return fmt.Sprintf("conflict: another apply is at work on the agent, with draft v%d%s; nothing of this agent was written. Apply again when it is done; if none is running, delete that draft",
		b.draft.Number, by(b.draft))
}

// waitForOthers waits while another apply is at work, and then gives what look
// says; a draft that a killed apply left is old after a lease. Who still holds
// the agent after two is at work.
func (r *agentRun) waitForOthers(ctx context.Context, look func() error) error {
	pause, waited := 250*time.Millisecond, time.Duration(0)
	for {
		err := look()
		var b *busy
		if !errors.As(err, &b) || waited >= 2*lease {
			return err
		}
		if waited == 0 && r.in.Say != nil {
			r.in.Say("%s: another apply is at work, with draft v%d%s: waiting until that is gone or %s old", r.plan.Name, b.draft.Number, by(b.draft), lease)
		}
		if err := r.in.Sleep(ctx, pause); err != nil {
			return err
		}
		waited += pause
		pause = min(2*pause, 4*time.Second)
	}
}

// inUse gives the draft by which another apply holds the agent, or nil. A draft
// that this run's own lock file knows is none. Old holds are remembered, to be
// swept.
func (r *agentRun) inUse(versions []diff.Version) *diff.Version {
	r.stale = nil
	for i := range versions {
		v := &versions[i]
		if !v.IsDraft() || r.made(v) || !diff.IsOwn(v, r.want) {
			continue
		}
		if r.isFresh(v) {
			return v
		}
		if diff.IsHold(v) {
			r.stale = append(r.stale, v.Number)
		}
	}
	return nil
}

// isFresh says whether a version was written within the last lease. A hold
// without a time is taken for one at work.
func (r *agentRun) isFresh(v *diff.Version) bool {
	at := v.UpdatedAt
	if at.IsZero() {
		at = v.CreatedAt
	}
	if at.IsZero() {
		return diff.IsHold(v)
	}
	return r.now().Sub(at) < lease
}

// renew writes the draft that holds the agent again before it grows old.
func (r *agentRun) renew(ctx context.Context) error {
	number, held := r.hold, r.heldBy
	if r.hold == 0 {
		number, held = r.version, r.claimed
	}
	if held == nil || r.published && r.hold == 0 || r.now().Sub(r.heldSince) < renewAfter {
		return nil
	}
	err := r.in.Remote.UpdateDraft(ctx, r.id, number, map[string]any{"notes": held.Notes})
	if isNotFound(err) {
		return &conflict{fmt.Sprintf("draft v%d, which held the agent, is gone", number)}
	}
	if err == nil {
		r.heldSince, r.claimIsFresh = r.now(), false
	}
	return err
}

func (r *agentRun) now() time.Time {
	if r.in.Now != nil {
		return r.in.Now()
	}
	return time.Now()
}
