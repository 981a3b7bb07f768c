package sync

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// Keeper is the lock file as an apply needs it; lock.Store is one. Put and
// PutLater go to its journal, and Flush puts them into the file.
type Keeper interface {
	Entries() lock.Environment
	Put(map[string]*lock.Entry) error
	PutLater(map[string]*lock.Entry)
	Flush() error
}

// ApplyInput is a plan with all that it was computed from.
type ApplyInput struct {
	Plan   *diff.Plan   // as Compute made it: with what is wanted of each agent
	Agents []spec.Agent // those that the plan is about
	Seen   diff.Remote
	Memory diff.Memory      // after Rekey
	Locked lock.Environment // the lock's entries as the plan read them, before Rekey
	// Matched is Verified of agents that match and whose manifest and state are kept
	// neither in Agents nor in Seen.
	Matched lock.Environment
	Orphans []string
	Policy  spec.Policy
	// Environment is the one that is applied to, its BaseURL the address used.
	Environment spec.Environment
	// Identity and Commit are what provenance lines say; Commit is as in
	// diff.Provenance.
	Identity diff.Identity
	Commit   string

	// Numbers are those that smoke calls dial, by the variables that manifests name.
	Numbers map[string]diff.Phone

	Remote      Remote
	Lock        Keeper
	Parallelism int
	Sleep       func(context.Context, time.Duration) error
	// Logf is told of each write that is looked for or repeated, and why; it may
	// be nil.
	Logf func(format string, args ...any)
	// Message is told of what takes minutes; it may be nil.
	Message func(format string, args ...any)
	// Event is told of each step as it ends; it may be nil and must be safe
	// for concurrent use.
	Event func(agent string, step StepReport)
	// Ended is handed the plan of each agent whose steps have ended. The apply needs
	// it no more, nor the agent's manifest and what was seen of it, so that these may
	// be let go. It may be nil and must be safe for concurrent use.
	Ended func(*diff.AgentPlan)

	lines *lines // of this apply
}

// Apply does what the plan says: agents side by side, the steps of one agent
// in order. A step that fails stops its agent alone. When ctx is cancelled,
// no further step starts. The report is never nil and always whole; an error
// is about the lock file, without which nothing may go on.
//
// What an apply keeps: before an agent's first write, what the steps touch is
// read again, and the agent is left alone if it is not what the plan saw; a
// version is read right before it goes live; after its last step the agent is
// read and must be what is wanted; a write whose answer was lost is looked for
// before it is repeated; the lock knows of every agent that was created before
// its next request. So of two applies at once, at least one reports whatever
// mixture they leave. That no other apply runs in the same folder is the caller's
// business (lock.Store.Acquire).
func Apply(ctx context.Context, in ApplyInput) (*Report, error) {
	// Of an interrupt too: a runner may commit the lock file alone, and give no
	// time for the end.
	defer context.AfterFunc(ctx, func() { _ = in.Lock.Flush() })()
	m := marksFor(&in, in.Lock.Entries())
	if len(m.changes) > 0 {
		if err := in.Lock.Put(m.changes); err != nil {
			return NewReport(in.Plan, "failed", err.Error()), err
		}
	}
	report := NewReport(in.Plan, "done", "")
	in.lines = &lines{}
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	runAll(running, &in, m, stop, report)
	report.conclude(ctx)
	err := in.Lock.Flush()
	var lost *lockError
	if errors.As(context.Cause(running), &lost) {
		err = errors.Join(lost, err)
	}
	if err != nil {
		report.Result, report.Error = "failed", err.Error()
		return report, err
	}
	return report, nil
}

// lockError is a lock file that can't be written: nothing may go on without it.
type lockError struct{ err error }

func (e *lockError) Error() string { return e.err.Error() }
func (e *lockError) Unwrap() error { return e.err }

func runAll(ctx context.Context, in *ApplyInput, m marks, stop context.CancelCauseFunc, report *Report) {
	want := map[string]*spec.Agent{}
	for i := range in.Agents {
		want[in.Agents[i].Name] = &in.Agents[i]
	}
	plans := map[string]*diff.AgentPlan{}
	for i := range in.Plan.Agents {
		plans[in.Plan.Agents[i].Name] = &in.Plan.Agents[i]
	}
	done := map[string]bool{} // the steps of earlier waves
	for _, wave := range waves(in.Plan.Agents) {
		limit := make(chan struct{}, max(1, in.Parallelism))
		var group sync.WaitGroup
		for i := range report.Agents {
			out := &report.Agents[i]
			if !wave[out.Name] {
				continue
			}
			limit <- struct{}{}
			group.Go(func() {
				defer func() { <-limit }()
				j := &job{ApplyInput: in, plan: *plans[out.Name], seen: in.Seen.Agents[out.Name], earlier: done,
					before: m.before[out.Name], marked: m.marked[out.Name], moved: m.moved[out.Name], stop: stop, out: out}
				if wanted := want[out.Name]; wanted != nil { // else an orphan
					j.want = *wanted
				}
				j.run(ctx)
				if in.Ended != nil {
					in.Ended(plans[out.Name])
				}
			})
		}
		group.Wait()
		for _, agent := range report.Agents {
			for _, step := range agent.Steps {
				done[step.ID] = step.Status == Done
			}
		}
	}
}

// waves groups agents by what they need of one another: an agent is in a later
// wave than those whose steps its own steps need. Nearly always there is one
// wave, since only names that move make agents wait.
func waves(plans []diff.AgentPlan) []map[string]bool {
	owner := map[string]int{}
	for i, plan := range plans {
		for _, step := range plan.Steps {
			owner[step.ID] = i
		}
	}
	depth := make([]int, len(plans))
	for range plans { // a chain of n agents settles in n rounds
		moved := false
		for i, plan := range plans {
			for _, step := range plan.Steps {
				for _, need := range step.Needs {
					if from, known := owner[need]; known && from != i && depth[i] <= depth[from] && depth[from] < len(plans) {
						depth[i], moved = depth[from]+1, true
					}
				}
			}
		}
		if !moved {
			break
		}
	}
	var out []map[string]bool
	for i, plan := range plans {
		for len(out) <= depth[i] {
			out = append(out, map[string]bool{})
		}
		out[depth[i]][plan.Name] = true
	}
	return out
}

// conclude counts the steps, and says how the apply ended.
func (r *Report) conclude(ctx context.Context) {
	r.Count()
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
