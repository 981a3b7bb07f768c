package engine

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/sync"
)

// Apply does the plan. event is called with each step as it ends and must be safe
// for concurrent use. The report is never nil; what is not done in it comes with
// an error.
func (p *Planned) Apply(ctx context.Context, event func(agent string, step sync.StepReport)) (*sync.Report, error) {
	opt := p.project.opt
	numbers, _, err := p.numbers()
	if err != nil {
		return sync.NewReport(p.Plan, "refused", err.Error()), err
	}
	if !p.project.hasTurn {
		release, err := p.project.acquire(ctx, p.store)
		if err != nil {
			return sync.NewReport(p.Plan, "failed", err.Error()), err
		}
		defer release()
	}
	collect(enoughToApply)
	var ended atomic.Int64
	tell := func(agent string, step sync.StepReport) {
		if ended.Add(1)%often == 0 {
			collect(enoughToApply)
		}
		if event != nil {
			event(agent, step)
		}
	}
	forget := p.forget
	if p.keep == KeepAll {
		forget = nil
	}
	commit := diff.NoCommit
	if !p.Plan.IsEmpty() {
		commit = p.stamp(ctx)
	}
	report, err := sync.Apply(ctx, sync.ApplyInput{
		Plan: p.Plan, Agents: p.in.Agents, Seen: p.in.Remote, Memory: p.in.Memory, Locked: p.locked, Matched: p.matched, Orphans: p.in.Orphans,
		Policy: p.project.Policy, Environment: p.project.Environment, Identity: p.project.identity(), Commit: commit,
		Numbers: numbers, Remote: p.remote, Lock: p.keeper,
		Parallelism: opt.Parallelism, Sleep: opt.Sleep, Logf: opt.Logf, Message: opt.Message, Event: tell, Ended: forget,
	})
	switch {
	case err != nil:
		return report, err
	case report.Result == "interrupted":
		return report, Errorf(Interrupted, "apply again: it goes on from what is there", "interrupted")
	case !report.OK():
		return report, &Error{Kind: Unapplied, Err: errors.New("failed"), Told: true}
	}
	return report, nil
}
