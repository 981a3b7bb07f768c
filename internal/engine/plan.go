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
	mu      gosync.Mutex // of in.Prepared, matched and all manifests, while agents are planned or applied
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
	out := &Planned{project: p, keep: scope.Keep, close: func() {}}
	out.collect()
	if out.store, err = p.openLock(); err != nil {
		return nil, err
	}
	out.collect()
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
	p.in = in
	if err := p.observe(ctx); err != nil {
		return err
	}
	plan, problems := diff.Compute(p.in)
	if len(problems) > 0 {
		return problems
	}
	p.in.Prepared = nil
	p.collect()
	p.Plan = planfile.Seal(plan)
	return nil
}

// observe reads the platform, and plans each agent as soon as it was read.
func (p *Planned) observe(ctx context.Context) (err error) {
	p.in.Prepared, p.matched = map[string]diff.Prepared{}, lock.Environment{}
	p.in.Remote, err = sync.Observe(ctx, p.remote, sync.Scope{
		Agents: p.in.Agents, Memory: p.in.Memory, Orphans: p.in.Orphans, Others: p.in.Others, Parallelism: p.project.opt.Parallelism,
		Seen: p.prepare,
		Ask: func(want spec.Agent, r *diff.RemoteAgent, w diff.Wanted) diff.VersionsAsked {
			return diff.AskVersions(p.in, want, r, w)
		},
		Progress: func(done, total int) {
			if done%often == 0 {
				p.collect()
			}
			if p.project.opt.Progress != nil {
				p.project.opt.Progress(done, total)
			}
		},
	})
	if err != nil {
		return err
	}
	for i, want := range p.in.Agents {
		if _, done := p.in.Prepared[want.Name]; !done { // it is not on the platform
			p.prepare(want, nil, diff.Want(want, nil))
		}
		if i%often == 0 {
			p.collect()
		}
	}
	return nil
}

// prepare plans one agent, and lets go of what is not needed of it any more. It is
// safe for concurrent use.
func (p *Planned) prepare(want spec.Agent, r *diff.RemoteAgent, w diff.Wanted) {
	prepared := diff.Prepare(p.in, want, r, w)
	matches := r != nil && p.keep != KeepAll && prepared.Matches()
	var entry lock.Entry
	if matches && p.keep == KeepChanges {
		entry = sync.Verified(p.project.Environment, lock.Entry(p.in.Memory[want.Name]), want, r)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if matches && p.keep == KeepChanges {
		p.matched[want.Name] = entry
	}
	if matches || p.keep == KeepPlan {
		prepared.Forget()
		p.forgetManifest(want.Name)
		if r != nil {
			r.Forget()
		}
	}
	p.in.Prepared[want.Name] = prepared
}

// forget lets go of all that the steps of an agent need, but for what the plan says
// of them. It is safe for concurrent use.
func (p *Planned) forget(plan *diff.AgentPlan) {
	p.mu.Lock() // to look for a manifest is to read them all
	defer p.mu.Unlock()
	p.forgetManifest(plan.Name)
	if seen := p.in.Remote.Agents[plan.Name]; seen != nil {
		seen.Forget()
	}
	plan.Wanted, plan.Moves = nil, nil
}

// forgetManifest lets go of what an agent's manifest wants, in the project and among
// the agents that are planned.
func (p *Planned) forgetManifest(name string) {
	for _, agents := range [][]spec.Agent{p.project.Agents, p.in.Agents} {
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
