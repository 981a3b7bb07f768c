package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// job is one agent's part of an apply. Nothing of it changes while it runs but
// the report that it fills in; what the steps find out and make is in progress.
type job struct {
	*ApplyInput
	plan   diff.AgentPlan
	want   spec.Agent
	seen   *diff.RemoteAgent // what the plan saw; nil for a new agent
	before lock.Entry        // the lock's entry before the mark
	marked lock.Entry        // and with it
	moved  bool              // another apply in this folder was there since the plan
	stop   context.CancelCauseFunc
	// earlier are the steps of other agents that are done, for steps that need them.
	earlier map[string]bool
	out     *AgentReport
}

// progress is what an agent's steps know of one another.
type progress struct {
	id string
	// listed are the versions before the first write: all down to listedTo, and
	// those of the steps (diff.RemoteAgent).
	listed   []diff.Version
	listedTo int
	version  int  // the draft that a step made or updated, or a new agent's first version
	lost     bool // the answer to the draft's create was lost
	// created is the agent that a step made, as the answer shows it; with is what
	// went with its create.
	created  *diff.RemoteAgent
	with     []diff.Step
	live     *diff.Version     // what is live, where that was read after the last write
	checked  *diff.Version     // what the checks are about, once one has begun
	verified *diff.RemoteAgent // the agent as it was read back
	wrote    bool              // some write may have reached the platform and stays there
	acted    bool              // one of the step that runs may have reached it
}

// run takes the agent through read again, steps and read back, and reports how
// that ended.
func (j *job) run(ctx context.Context) {
	p := &progress{id: j.plan.AgentID}
	err := j.reread(ctx, p)
	if err != nil {
		j.fail(0, endOf(ctx, err, false))
	} else {
		err = j.steps(ctx, p)
	}
	readBack := false
	if err == nil && j.plan.Status != diff.Delete && !j.takesBack() {
		err = j.readBack(ctx, p)
		readBack = true
	}
	if i := len(j.plan.Steps) - 1; j.plan.Steps[i].Action == diff.SmokeCall && err == nil {
		readBack = false
		err = j.smokeCall(ctx, p, i)
	} else if readBack && err != nil {
		j.skipRest(notReadBack(ctx))
	}
	j.out.AgentID = p.id
	switch {
	case err == nil:
		j.out.Result = "done"
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		j.out.Result, j.out.Error = interrupted, whyCancelled(ctx)
		if readBack {
			j.out.Error += " before the agent was read back"
		}
	default:
		j.out.Result, j.out.Error = "failed", err.Error()
	}
	j.out.Error += j.mayHaveMoved(p, err)
	if err != nil && !p.wrote && !j.moved {
		j.unmark()
	}
}

// steps does the plan's steps in the plan's order. A step that fails stops the
// agent; a check that fails lets the other checks run first.
func (j *job) steps(ctx context.Context, p *progress) error {
	done := map[string]bool{}
	var failed []diff.Step // checks
	for i, step := range j.plan.Steps {
		if step.Action == diff.SmokeCall { // once the agent was read back
			break
		}
		if len(failed) > 0 && !(step.Action.IsCheck() && failed[0].Action.IsCheck()) {
			break
		}
		note, err := "", ctx.Err()
		if need := firstMissing(step.Needs, done, j.earlier); need != "" {
			err = fmt.Errorf("it needs %s, which is not done", need)
		}
		p.acted = false
		if err == nil {
			note, err = j.do(ctx, p, step)
		}
		acted := p.acted
		var unmet *checkFailed
		if errors.As(err, &unmet) {
			j.finish(i, StepReport{Status: Failed, Reason: err.Error(), Note: note, To: p.versionOf(step), Failures: unmet.failures})
			failed = append(failed, step)
			continue
		}
		if err != nil {
			if step.Action != diff.Publish && !step.Action.IsCheck() || isConflict(err) {
				err = j.takeBack(ctx, p, err)
			}
			j.fail(i, endOf(ctx, err, acted))
			return fmt.Errorf("%s %s: %w", step.Action, step.Target, err)
		}
		done[step.ID] = true
		j.finish(i, StepReport{Status: Done, Note: note, To: p.versionOf(step)})
	}
	if len(failed) == 0 {
		return nil
	}
	var names []string
	for _, step := range j.out.Steps {
		for _, f := range step.Failures {
			if !slices.Contains(names, f.Check) {
				names = append(names, f.Check)
			}
		}
	}
	j.skipRest("because of " + failed[0].ID)
	return j.stopped(p, names)
}

// takesBack reports that the plan finishes what an earlier apply began: to put back
// what was live before a release whose smoke call failed.
func (j *job) takesBack() bool {
	return j.marked.Smoke != nil && j.marked.Smoke.State == spec.CallFailed
}

// notReadBack is why no smoke call is made of an agent that was not read back.
func notReadBack(ctx context.Context) string {
	if ctx.Err() != nil {
		return whyCancelled(ctx)
	}
	return "the agent is not read back as it is wanted"
}

// firstMissing returns the first need that neither the agent's own steps nor
// those of other agents have done; "" when there is none.
func firstMissing(needs []string, own, others map[string]bool) string {
	if i := slices.IndexFunc(needs, func(id string) bool { return !own[id] && !others[id] }); i >= 0 {
		return needs[i]
	}
	return ""
}

// versionOf is the version that a step made or made live.
func (p *progress) versionOf(step diff.Step) *int {
	switch step.Action {
	case diff.CreateDraft, diff.UpdateDraft, diff.Publish:
		if v := p.version; v > 0 {
			return &v
		}
	case diff.Validate, diff.Render:
		if p.checked != nil {
			return &p.checked.Number
		}
	}
	return step.To
}

// fail ends step i, and skips those that are not done because of it.
func (j *job) fail(i int, end StepReport) {
	j.finish(i, end)
	because := "because of " + j.plan.Steps[i].ID
	if end.Status == Skipped {
		because = end.Reason
	}
	j.skipRest(because, i)
}

// skipRest ends the steps that have not ended, but for these.
func (j *job) skipRest(because string, but ...int) {
	for k := range j.plan.Steps {
		if !slices.Contains(but, k) && j.out.Steps[k].Status == Skipped {
			j.finish(k, StepReport{Status: Skipped, Reason: because})
		}
	}
}

// endOf says what became of a step that ended with err: it failed, nobody knows
// its fate, or it was never sent since the apply was interrupted. acted says that
// a write of the step may have reached the platform, as the create of an agent
// has whose other fields were to be set by a second request: then it is not
// skipped.
func endOf(ctx context.Context, err error, acted bool) StepReport {
	var unknown *unknownFate
	cancelled := ctx.Err() != nil && errors.Is(err, context.Canceled)
	switch {
	case errors.As(err, &unknown), cancelled && mayHaveActed(err):
		return StepReport{Status: Fate, Reason: err.Error()}
	case cancelled && acted:
		return StepReport{Status: Fate, Reason: whyCancelled(ctx) + " after a part of it was sent: " + err.Error()}
	case cancelled:
		return StepReport{Status: Skipped, Reason: whyCancelled(ctx)}
	default:
		return StepReport{Status: Failed, Reason: err.Error()}
	}
}

func (j *job) finish(i int, end StepReport) {
	step := &j.out.Steps[i]
	step.Status, step.Reason, step.Note, step.Failures = end.Status, end.Reason, end.Note, end.Failures
	step.CallID, step.BackTo = end.CallID, end.BackTo
	if end.To != nil || end.Status == Done {
		step.To = end.To
	}
	if step.Action == diff.UpdateService && end.Status != Skipped && j.seen.Current != nil {
		before := j.seen.Current.Content.Get(step.Target)
		step.Before = &before
	}
	if j.Event != nil {
		j.Event(j.plan.Name, *step)
	}
}

// remember puts an entry of this agent into the lock with the next write; nil
// removes it.
func (j *job) remember(entry *lock.Entry) {
	j.Lock.PutLater(map[string]*lock.Entry{j.plan.Name: entry})
}

// unmark puts the lock's entry back as it was: nothing of the agent was written.
func (j *job) unmark() {
	if j.before.AgentID == "" && !j.before.Unfinished {
		j.remember(nil)
		return
	}
	before := j.before
	j.remember(&before)
}

// whyCancelled is an interrupt, or what made this apply stop itself.
func whyCancelled(ctx context.Context) string {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause.Error()
	}
	return interrupted
}

// conflict is an agent that is not what the plan saw.
type conflict struct{ what string }

func (c *conflict) Error() string {
	return "conflict: " + c.what + "; nothing more of this agent was written, plan again"
}

func isConflict(err error) bool {
	var c *conflict
	return errors.As(err, &c)
}
