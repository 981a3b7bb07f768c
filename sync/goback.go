package sync

import (
	"context"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// goBack puts back the version that was live before the one whose smoke call
// failed, with the agent's fields, outcomes and infields of then. It is planned and
// done like a manifest that pins that version, and read back like one, so that it
// ends the same under each reading of what a rollback brings back. What somebody
// else has changed since the release was verified stays theirs (diff.LeaveOthers).
// It returns the version that is live again, nil where none was put back. Its error is
// the agent's: because, what is live now, and what was left.
func (s *smoke) goBack(ctx context.Context, because error) (backTo *int, err error) {
	if s.pending.Back == 0 {
		s.judged()
		return nil, fmt.Errorf("%w: v%d stays live: nothing was live before it, so there is nothing to go back to", because, s.live)
	}
	s.pending.State = spec.CallFailed
	if err := s.keep(); err != nil {
		return nil, err
	}
	live, err := s.restore(ctx)
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, fmt.Errorf("%w, and putting back v%d was interrupted: the next apply finishes it%s: %w", because, s.pending.Back, s.theirs(), context.Canceled)
	case isConflict(err):
		s.judged()
		return nil, fmt.Errorf("%w, and v%d was not put back: %w", because, s.pending.Back, err)
	case err != nil:
		return nil, fmt.Errorf("%w, and putting back v%d did not succeed: %w; the next apply goes on with it%s", because, s.pending.Back, err, s.theirs())
	}
	entry := s.wentBack(s.verified(s.entry, s.want, live), []diff.Step{{Action: diff.Rollback, To: &s.pending.Back}})
	entry = lock.Entry(diff.Remembered(entry).Forgotten(s.others, diff.Remembered(s.baseline())))
	entry.Wants = "" // what git wants is not what is there
	entry.Smoke = &spec.PendingCall{Releases: s.pending.Releases, Back: s.pending.Back, Version: s.pending.Version, State: spec.CallTakenBack}
	s.remember(&entry)
	return &s.pending.Back, fmt.Errorf("%w: v%d is live again in place of v%d%s; git still wants v%d, so the next apply makes it live again and calls again: revert the commit in git to stop that",
		because, s.pending.Back, s.pending.Version, s.theirs(), s.pending.Version)
}

// restore makes the agent what it was, and returns it as it was read back.
func (s *smoke) restore(ctx context.Context) (*diff.RemoteAgent, error) {
	in, p := *s.ApplyInput, &progress{id: s.p.id}
	in.Event = nil // its steps are no steps of the plan
	back := &job{ApplyInput: &in, marked: s.entry, stop: s.stop, earlier: map[string]bool{}}
	now, err := back.readWhole(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("read what is live: %w", err)
	}
	if err := s.leaveOthers(now); err != nil {
		return nil, err
	}
	if back.want, err = diff.WantBefore(s.want, &s.pending); err != nil {
		return nil, err
	}
	back.marked.Smoke, back.marked.PutBack = &s.pending, s.pending.Before
	if back.seen, back.plan, err = back.planRead(ctx, p, back.want, now); err != nil {
		return nil, fmt.Errorf("read what is live: %w", err)
	}
	p.listed, p.listedTo = back.seen.Versions, back.seen.ListedTo
	if now := back.seen.Current; back.rollsBack() && (now == nil || now.Number != s.pending.Version) {
		if now == nil {
			return nil, &conflict{"nothing is live any more"}
		}
		return nil, &conflict{fmt.Sprintf("v%d went live meanwhile%s", now.Number, by(now))}
	}
	report := newAgentReport(back.plan, "skipped", "")
	back.out = &report
	if len(back.plan.Steps) == 0 {
		return back.seen, nil
	}
	if err := back.steps(ctx, p); err != nil {
		return nil, err
	}
	if err := back.readBack(ctx, p); err != nil {
		return nil, err
	}
	return p.verified, nil
}

// baseline is the lock's entry of the agent when its release was verified, by this
// apply or by an earlier one.
func (s *smoke) baseline() lock.Entry {
	if !s.before.Unfinished && len(s.plan.Steps) == 1 { // the call
		return s.before
	}
	return s.entry
}

// leaveOthers finds what somebody has changed since the release was verified, and
// makes durable that it is not put back. Where an earlier apply has gone back
// already, what differs may be the rollback's doing: then it was found before that.
func (s *smoke) leaveOthers(now *diff.RemoteAgent) error {
	if s.takesBack() && (now.Current == nil || now.Current.Number != s.pending.Version) {
		return nil
	}
	verified := diff.Remembered(s.baseline())
	var was *diff.Version
	if s.p.verified != nil {
		was = s.p.verified.Current
	}
	s.inPlace = diff.ChangedInPlace(s.want, verified, was, now.Current)
	var err error
	if s.pending.Before, s.others, err = diff.LeaveOthers(s.want, &s.pending, verified, now); err != nil {
		return err
	}
	return s.keep()
}

// theirs names what somebody else changed while the call was judged; "" for nothing.
func (s *smoke) theirs() string {
	text := ""
	if len(s.others) > 0 {
		names := make([]string, len(s.others))
		for i, o := range s.others {
			names[i] = o.String()
		}
		text = "; somebody else's changes since then were left as they are: " + strings.Join(names, ", ")
	}
	if len(s.inPlace) > 0 {
		text += fmt.Sprintf("; somebody has changed v%d in place (%s), which is on v%d alone", s.pending.Version, strings.Join(s.inPlace, ", "), s.pending.Version)
	}
	return text
}

// pendingSmoke is the lock's entry with what it is to hold of the plan's smoke call;
// without a number no call is begun.
func (in *ApplyInput) pendingSmoke(entry lock.Entry, plan diff.AgentPlan, want spec.Agent, seen *diff.RemoteAgent) *spec.PendingCall {
	pending := diff.PendingCall(want, plan.Steps, seen, diff.Remembered(entry))
	if pending != nil && diff.Releases(plan.Steps) && in.Numbers[want.SmokeCall.NumberEnv].IsZero() {
		return nil
	}
	return pending
}
