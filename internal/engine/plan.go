package engine

import (
	"cmp"
	"context"
	"slices"
	gosync "sync"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/lock"
)

// Planned is a plan with all that it was computed from, and what an apply of it
// needs.
type Planned struct {
	Plan  *diff.Plan
	About *About // of a scope with a Change, else nil

	project *Project
	keep    Keep
	in      diff.Input
	locked  lock.Environment // the lock's entries that in.Memory is made of
	matched lock.Environment // with KeepChanges: what the lock is to hold of agents that match
	store   *lock.Store
	keeper  sync.Keeper // what an apply remembers in: the store, or a part of it
	remote  sync.Remote // nil when the scope asks nothing of the platform
	close   func()
}

// Close ends the connection.
func (p *Planned) Close() { p.close() }

// Plan compares the agents of the scope with the platform. Close must be called
// on what it returns.
func (p *Project) Plan(ctx context.Context, scope Scope) (*Planned, error) {
	return p.planThrough(ctx, scope, func() (sync.Remote, func(), error) {
		client, done, err := p.connect(indus.Options{})
		return client, done, err
	})
}

// planThrough is Plan by way of the connection that connect makes, with what ends
// it. It is called once the address is known, if at all.
func (p *Project) planThrough(ctx context.Context, scope Scope, connect func() (sync.Remote, func(), error)) (_ *Planned, err error) {
	if scope.Keep != KeepAll {
		collect(enoughToPlan)
	}
	out := &Planned{project: p, keep: scope.Keep, close: func() {}}
	if out.store, err = p.openLock(); err != nil {
		return nil, err
	}
	out.keeper, out.locked = out.store, out.store.Entries()
	memory := sync.ToMemory(out.locked).Rekey(p.Agents)
	address, err := p.address()
	if err != nil {
		return nil, err
	}
	var targets []string
	if targets, out.About, err = p.choose(ctx, scope, memory, address); err != nil {
		return nil, err
	}
	p.Environment.BaseURL = address
	narrowed := scope.Since != "" || out.About != nil
	if !narrowed || targets == nil || len(targets) > 0 {
		if out.remote, out.close, err = connect(); err != nil {
			return nil, err
		}
	}
	if err := out.compare(ctx, memory, targets, scope); err != nil {
		out.close()
		return nil, err
	}
	return out, nil
}

// compare observes the platform and computes the plan, which has its digest.
func (p *Planned) compare(ctx context.Context, memory diff.Memory, targets []string, scope Scope) error {
	in, err := narrow(p.project.Project, memory, targets, scope.Shard)
	if err != nil {
		return err
	}
	if in.Shard != nil {
		in.Shard.Commit = HeadCommit(ctx, p.project.opt.Dir)
	}
	orphans := allOrphans(in)
	in.Prune = scope.Prune || p.project.Policy.Prune
	if len(orphans) > 0 {
		in.Unmatched = spec.AgentFiles(p.project.opt.Dir, orphans)
		for _, key := range value.SortedKeys(in.Unmatched) {
			if file := in.Unmatched[key]; slices.Contains(in.PassedOver, file) { // it was told of
				delete(in.Unmatched, key)
			} else {
				in.PassedOver = append(in.PassedOver, file)
			}
		}
	}
	in.Identity, in.Elsewhere = p.project.identity(), p.store.Elsewhere()
	past := &origins{project: p.project}
	in.OriginOf = func(key string, live *diff.Version, line diff.Provenance) diff.Origin {
		return past.of(ctx, key, live, line)
	}
	locks := &pastLocks{project: p.project}
	in.LastLocked = func(id string) (diff.Remembered, bool) { return locks.last(ctx, id) }
	in.Prepared, p.matched = map[string]diff.Prepared{}, lock.Environment{}
	var mu gosync.Mutex
	seen, err := sync.Observe(ctx, p.remote, sync.Scope{
		Agents: in.Agents, Memory: memory, Orphans: in.Orphans, Others: in.Others, Parallelism: p.project.opt.Parallelism,
		Seen: func(want spec.Agent, r *diff.RemoteAgent, w diff.Wanted) { // planned while others are read
			prepared := diff.Prepare(in, want, r, w)
			entry, done := lock.Entry(memory[want.Name]), scope.Keep != KeepAll && prepared.Matches()
			if done && scope.Keep == KeepChanges {
				entry = sync.Verified(p.project.Environment, entry, want, r)
			}
			mu.Lock()
			defer mu.Unlock()
			if in.Prepared[want.Name] = prepared; done && scope.Keep == KeepChanges {
				p.matched[want.Name] = entry
			}
			if done {
				p.forgetManifest(in.Agents, want.Name)
				r.Forget()
			}
		},
		Ask: func(want spec.Agent, r *diff.RemoteAgent, w diff.Wanted) diff.VersionsAsked {
			return diff.AskVersions(in, want, r, w)
		},
		Progress: func(done, total int) {
			if scope.Keep != KeepAll && done%256 == 0 {
				collect(enoughToPlan)
			}
			if p.project.opt.Progress != nil {
				p.project.opt.Progress(done, total)
			}
		},
	})
	if err != nil {
		return err
	}
	in.Remote = seen
	plan, problems := diff.Compute(in)
	if len(problems) > 0 {
		return problems
	}
	in.Prepared = nil
	if p.in = in; p.keep == KeepPlan {
		for i := range plan.Agents {
			p.forget(&plan.Agents[i])
		}
	}
	p.Plan = planfile.Seal(plan)
	return nil
}

// forget lets go of all that the steps of an agent need, but for what the plan says
// of them.
func (p *Planned) forget(plan *diff.AgentPlan) {
	p.forgetManifest(p.in.Agents, plan.Name)
	if seen := p.in.Remote.Agents[plan.Name]; seen != nil {
		seen.Forget()
	}
	plan.Wanted, plan.Moves = nil, nil
}

// forgetManifest lets go of what an agent's manifest wants, in the project and among
// the agents that are planned.
func (p *Planned) forgetManifest(planned []spec.Agent, name string) {
	for _, agents := range [][]spec.Agent{p.project.Agents, planned} {
		if agent := manifestOf(agents, name); agent != nil {
			agent.Forget()
		}
	}
}

// manifestOf is the agent of that name among those of a project or of a plan's input,
// which are sorted by it; nil where it has no manifest there.
func manifestOf(agents []spec.Agent, name string) *spec.Agent {
	byName := func(a spec.Agent, name string) int { return cmp.Compare(a.Name, name) }
	i, found := slices.BinarySearchFunc(agents, name, byName)
	if !found {
		return nil
	}
	return &agents[i]
}
