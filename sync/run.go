package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// agentRun carries out one agent's steps.
type agentRun struct {
	in   *ApplyInput
	want spec.Agent
	plan diff.AgentPlan
	out  *AgentReport

	seen   *diff.RemoteAgent // what the plan saw; nil for a new agent
	wanted diff.Wanted
	id     string
	before lock.Entry               // the lock's entry before the mark
	marked lock.Entry               // and with it
	made   func(*diff.Version) bool // whether a draft is one that an apply with this lock file made

	known         map[int]bool   // versions that were there before the first write
	listed        []diff.Version // the version list before the first write
	version       int            // the draft that this run made or updated, or a new agent's first version
	claimed       *diff.Version  // the draft as it was read after it was made or updated
	published     bool           // a step of this run made its draft live
	rolledBackNow bool           // a step of this run rolled back
	// claimIsFresh says that the version list was read since the last write.
	claimIsFresh bool
	// liveHolds says whether what is live is what this run knows of: what the
	// plan saw, or what a step of this run made live.
	liveHolds func(*diff.Version) bool
	hold      int           // the draft that holds the agent; 0 when there is none
	heldBy    *diff.Version // the hold as it was read after it was made
	heldSince time.Time
	stale     []int // holds that killed applies left
	// checked is the agent as it was read under the hold, in the sections rest.
	checked *diff.RemoteAgent
	rest    sections
	writes  int  // that may have reached the platform and were not taken back
	moved   bool // another apply in this folder was there since the plan
	stop    context.CancelCauseFunc
}

func (a *applier) newRun(plan diff.AgentPlan, out *AgentReport) *agentRun {
	r := &agentRun{in: &a.in, want: a.want[plan.Name], plan: plan, out: out,
		seen: a.in.Seen.Agents[plan.Name], id: plan.AgentID, before: toEntry(a.in.Memory[plan.Name]),
		marked: a.marked[plan.Name], made: a.in.Memory[plan.Name].Made, moved: a.moved[plan.Name], stop: a.stop}
	r.wanted = diff.Merge(r.want, r.seen, nil)
	if r.seen != nil {
		r.liveHolds = func(live *diff.Version) bool { return diff.SameVersion(live, r.seen.Current) }
	}
	return r
}

func (r *agentRun) run(ctx context.Context) {
	var err error
	if r.moved {
		err = &conflict{"another apply in this folder changed the agent since the plan"}
	} else {
		err = r.recheck(ctx)
	}
	if err == nil && r.needsHold() {
		err = r.makeHold(ctx, r.seen.Current)
	}
	if err != nil {
		r.fail(ctx, 0, err)
	} else {
		err = r.runSteps(ctx)
	}
	var entry *lock.Entry
	if err == nil && r.plan.Status != diff.Delete {
		entry, err = r.verify(ctx)
	}
	if err == nil {
		r.sweep(ctx)
	}
	if endErr := r.letGo(ctx); err == nil && r.hold != 0 {
		err = cmp.Or(endErr, ctx.Err())
	} else if endErr != nil {
		err = fmt.Errorf("%w; %v", err, endErr)
	}
	if err == nil && entry != nil {
		r.in.Lock.PutLater(map[string]*lock.Entry{r.plan.Name: entry})
	}
	r.out.AgentID = r.id
	switch {
	case err == nil:
		r.out.Result = "done"
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		r.out.Result, r.out.Error = interrupted, whyCancelled(ctx)
		if r.allDone() && entry == nil {
			r.out.Error += " before the agent was read back"
		}
	default:
		r.out.Result, r.out.Error = "failed", err.Error()
	}
	if err != nil && r.writes == 0 && !r.moved {
		r.unmark()
	}
}

// runSteps does the steps in order, but for a draft, which comes first: it is
// not live, and it claims the agent (makeDraft), so that an apply that loses
// against another has not written anything that callers hear.
func (r *agentRun) runSteps(ctx context.Context) error {
	for n, i := range r.order() {
		step := r.plan.Steps[i]
		err := ctx.Err()
		if err == nil && n > 0 {
			if err = r.guard(ctx, step); isConflict(err) && r.claimed != nil && !r.published {
				err = r.giveBack(ctx, err)
			}
		}
		if err != nil {
			r.fail(ctx, i, err)
			return err
		}
		r.claimIsFresh = false
		note, err := r.do(ctx, step)
		if err != nil {
			r.fail(ctx, i, err)
			return fmt.Errorf("%s %s: %w", step.Action, step.Target, err)
		}
		r.finish(i, StepReport{Status: Done, Note: note, To: r.madeVersion(step)})
	}
	return nil
}

// order gives the steps' indexes as they are done.
func (r *agentRun) order() []int {
	var first, rest []int
	for i, step := range r.plan.Steps {
		if step.Action == diff.CreateDraft || step.Action == diff.UpdateDraft {
			first = append(first, i)
		} else {
			rest = append(rest, i)
		}
	}
	return append(first, rest...)
}

// madeVersion is the version that a step of the release made or made live.
func (r *agentRun) madeVersion(step diff.Step) *int {
	switch step.Action {
	case diff.CreateDraft, diff.UpdateDraft, diff.Publish:
		if r.version > 0 {
			v := r.version
			return &v
		}
	}
	return step.To
}

// fail ends step i, and skips those that are not done because of it.
func (r *agentRun) fail(ctx context.Context, i int, err error) {
	status, reason := Failed, err.Error()
	var unknown *unknownFate
	switch {
	case errors.As(err, &unknown):
		status = Fate
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		if mayHaveActed(err) {
			status = Fate
			break
		}
		status, reason = Skipped, whyCancelled(ctx)
	}
	r.finish(i, StepReport{Status: status, Reason: reason})
	because := "because of " + r.plan.Steps[i].ID
	if status == Skipped {
		because = reason
	}
	for j := range r.plan.Steps {
		if j != i && r.out.Steps[j].Status == Skipped {
			r.finish(j, StepReport{Status: Skipped, Reason: because})
		}
	}
}

func (r *agentRun) allDone() bool {
	for _, step := range r.out.Steps {
		if step.Status != Done {
			return false
		}
	}
	return true
}

func (r *agentRun) finish(i int, end StepReport) {
	step := &r.out.Steps[i]
	step.Status, step.Reason, step.Note = end.Status, end.Reason, end.Note
	if end.Status == Done {
		step.To = end.To
	}
	if r.in.Event != nil {
		r.in.Event(r.plan.Name, *step)
	}
}

// unmark gives the lock's entry back: nothing of the agent was written.
func (r *agentRun) unmark() {
	if r.before.AgentID == "" && !r.before.Unfinished {
		r.in.Lock.PutLater(map[string]*lock.Entry{r.plan.Name: nil})
		return
	}
	before := r.before
	r.in.Lock.PutLater(map[string]*lock.Entry{r.plan.Name: &before})
}

// whyCancelled is an interrupt, or what made this apply stop itself.
func whyCancelled(ctx context.Context) string {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause.Error()
	}
	return interrupted
}

func isConflict(err error) bool {
	var c *conflict
	return errors.As(err, &c)
}

// conflict is an agent that is not what the plan saw.
type conflict struct{ what string }

func (c *conflict) Error() string {
	return "conflict: " + c.what + "; nothing more of this agent was written, plan again"
}

// unknownFate is a write of which nobody can say whether it happened.
type unknownFate struct {
	err  error // of the write
	look error // of looking for what it did
}

func (u *unknownFate) Error() string {
	return fmt.Sprintf("%v; and what became of it is not known: %v", u.err, u.look)
}

func (u *unknownFate) Unwrap() []error { return []error{u.err, u.look} }
