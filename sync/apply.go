package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// Keeper is the lock file as an apply needs it; lock.Store is one.
type Keeper interface {
	Entries() lock.Environment
	Hold(context.Context) (release func(), err error)
	Put(map[string]*lock.Entry) error
	PutLater(map[string]*lock.Entry)
	Flush() error
}

// ApplyInput is a plan with all that it was computed from.
type ApplyInput struct {
	Plan    *diff.Plan
	Agents  []spec.Agent // those that the plan is about
	Seen    diff.Remote
	Memory  diff.Memory      // after Rekey
	Locked  lock.Environment // the lock's entries as the plan read them, before Rekey
	Orphans []string
	Policy  spec.Policy
	Commit  string // 12 hex digits, for provenance lines
	// Claim is 12 hex digits that no other apply has: its holds are known by it.
	Claim string

	Remote      Remote
	Lock        Keeper
	Parallelism int
	Sleep       func(context.Context, time.Duration) error
	Now         func() time.Time // nil: time.Now
	// Logf is told of each write that is looked for or repeated, and why; it may
	// be nil.
	Logf func(format string, args ...any)
	// Say is told what an apply waits for; it may be nil.
	Say func(format string, args ...any)
	// Event is told of each step as it ends; it may be nil and must be safe
	// for concurrent use.
	Event func(agent string, step StepReport)
}

// Apply does what the plan says: agents side by side, the steps of one agent
// in order. A step that fails stops its agent alone. When ctx is cancelled,
// no further step starts. The report is never nil and always whole; an error
// is about the lock file, without which nothing may go on.
//
// What an apply keeps: before an agent's first write, what the steps touch is
// read again, and the agent is left alone if it is not what the plan saw;
// after its last step the agent is read and must be what is wanted; a create
// whose answer was lost is looked up before it is repeated; the lock knows of
// every agent that was created before its next request.
func Apply(ctx context.Context, in ApplyInput) (*Report, error) {
	a := &applier{in: in, want: map[string]spec.Agent{}}
	for _, want := range in.Agents {
		a.want[want.Name] = want
	}
	report := NewReport(in.Plan, "done", "")
	release, err := in.Lock.Hold(ctx)
	if err != nil {
		return NewReport(in.Plan, "failed", err.Error()), err
	}
	defer release()
	if err := a.begin(); err != nil {
		return NewReport(in.Plan, "failed", err.Error()), err
	}
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	a.stop = stop
	a.runAll(running, report)
	report.count()
	report.settle(ctx)
	err = in.Lock.Flush()
	var lost *lockError
	if errors.As(context.Cause(running), &lost) {
		err = lost
	}
	if err != nil {
		report.Result, report.Error = "failed", err.Error()
		return report, err
	}
	return report, nil
}

type applier struct {
	in   ApplyInput
	want map[string]spec.Agent
	// marked are the lock's entries of the agents that are about to change.
	marked map[string]lock.Entry
	moved  map[string]bool // agents whose lock entry changed since the plan
	stop   context.CancelCauseFunc
}

// lockError is a lock file that can't be written: nothing may go on without it.
type lockError struct{ err error }

func (e *lockError) Error() string { return e.err.Error() }
func (e *lockError) Unwrap() error { return e.err }

// begin writes the lock once before anything else is written: the agents that
// are about to change are marked, what was found out about the others is
// remembered, and orphans that are gone are forgotten.
func (a *applier) begin() error {
	have := a.in.Lock.Entries()
	a.findMoved(have)
	changes := map[string]*lock.Entry{}
	for key := range a.in.Locked {
		if _, kept := a.in.Memory[key]; !kept && !a.moved[key] {
			changes[key] = nil // Rekey moved it to the manifest's new key
		}
	}
	for _, plan := range a.in.Plan.Agents {
		if a.moved[plan.Name] {
			continue
		}
		want, wanted := a.want[plan.Name]
		seen := a.in.Seen.Agents[plan.Name]
		entry := toEntry(a.in.Memory[plan.Name])
		switch {
		case len(plan.Steps) > 0:
			a.mark(&entry, plan, want, seen)
		case !wanted: // an orphan stays as it is remembered
		case seen == nil:
			changes[plan.Name] = nil
			continue
		default:
			entry = toEntry(diff.Remember(want, seen))
		}
		if old, ok := have[plan.Name]; !ok || !sameEntry(old, entry) {
			changes[plan.Name] = &entry
		}
	}
	for _, key := range a.in.Orphans {
		lost := a.in.Memory[key].ID == "" && a.in.Seen.Unlisted // nobody could look for it
		if a.in.Seen.Agents[key] == nil && !lost && !a.moved[key] {
			changes[key] = nil
		}
	}
	dropAbsent(changes, have)
	if len(changes) == 0 {
		return nil
	}
	return a.in.Lock.Put(changes)
}

// findMoved finds the agents that another apply in this folder has changed in
// the lock since the plan.
func (a *applier) findMoved(have lock.Environment) {
	a.moved = map[string]bool{}
	for _, entries := range []lock.Environment{have, a.in.Locked} {
		for key := range entries {
			now, still := have[key]
			then, before := a.in.Locked[key]
			if still != before || !sameEntry(now, then) {
				a.moved[key] = true
			}
		}
	}
}

func dropAbsent(changes map[string]*lock.Entry, have lock.Environment) {
	for key, entry := range changes {
		if _, ok := have[key]; entry == nil && !ok {
			delete(changes, key)
		}
	}
}

// mark says in the lock that an apply of the agent has begun.
func (a *applier) mark(entry *lock.Entry, plan diff.AgentPlan, want spec.Agent, seen *diff.RemoteAgent) {
	entry.Unfinished = true
	if entry.AgentName == "" {
		entry.AgentName = plan.AgentName
	}
	entry.AgentID = plan.AgentID
	entry.Expect = append(slices.Clone(entry.Expect), expected(plan, want, seen)...)
	entry.Claims = append(slices.Clone(entry.Claims), a.in.Claim)
	if a.marked == nil {
		a.marked = map[string]lock.Entry{}
	}
	a.marked[plan.Name] = *entry
}

// expected are the digests of the configs that the steps may leave when they
// are cut off.
func expected(plan diff.AgentPlan, want spec.Agent, seen *diff.RemoteAgent) []string {
	var out []string
	if seen != nil && seen.Current != nil {
		out = diff.ServiceDigests(want, seen, plan.Steps)
	}
	for _, step := range plan.Steps {
		switch step.Action {
		case diff.CreateAgent, diff.CreateDraft, diff.UpdateDraft:
			out = append(out, diff.Merge(want, seen, nil).ConfigDigest)
		}
	}
	return out
}

func (a *applier) runAll(ctx context.Context, report *Report) {
	plans := map[string]diff.AgentPlan{}
	for _, plan := range a.in.Plan.Agents {
		plans[plan.Name] = plan
	}
	limit := make(chan struct{}, max(1, a.in.Parallelism))
	var wg sync.WaitGroup
	for i := range report.Agents {
		limit <- struct{}{}
		wg.Add(1)
		go func(out *AgentReport) {
			defer func() { <-limit; wg.Done() }()
			a.newRun(plans[out.Name], out).run(ctx)
		}(&report.Agents[i])
	}
	wg.Wait()
}

// settle gives the report its result.
func (r *Report) settle(ctx context.Context) {
	failed := 0
	for _, agent := range r.Agents {
		if agent.Result != "done" {
			failed++
		}
	}
	switch {
	case failed == 0:
		r.Result = "done"
	case ctx.Err() != nil:
		r.Result, r.Error = "interrupted", interrupted
	default:
		r.Result, r.Error = "failed", fmt.Sprintf("%d of %d agents did not end in the wanted state", failed, len(r.Agents))
	}
}

const interrupted = "interrupted"
