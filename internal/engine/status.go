package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	gosync "sync"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/indus"
	"golang.org/x/sync/errgroup"
)

// Status says what is live, and what git has to say of it. It costs what a plan
// of the same agents costs, one small read more for each, which finds its drafts,
// and, where all agents are asked for, a listing, which a plan may do without.
// The plan comes with it for its warnings and refusals.
func (p *Project) Status(ctx context.Context, targets []string) (*history.Fleet, *diff.Plan, error) {
	store, err := p.openLock()
	if err != nil {
		return nil, nil, err
	}
	memory := sync.ToMemory(store.Entries()).Rekey(p.Agents)
	var unknown []error
	for _, name := range targets {
		if err := known(p.Project, memory, name); err != nil {
			unknown = append(unknown, err)
		}
	}
	if len(unknown) > 0 {
		return nil, nil, errors.Join(unknown...)
	}
	r := &readOnce{}
	planned, err := p.planThrough(ctx, Scope{Targets: targets}, func() (_ sync.Remote, done func(), err error) {
		r.Client, done, err = p.connect(indus.Options{})
		return r, done, err
	})
	if err != nil {
		return nil, nil, err
	}
	defer planned.Close()
	fleet := &history.Fleet{
		Environment: planned.Plan.Environment, BaseURL: planned.Plan.BaseURL,
		Agents: []history.Standing{}, Others: []history.Other{}, Partial: len(targets) > 0,
	}
	for i := range planned.Plan.Agents {
		fleet.Agents = append(fleet.Agents, planned.standing(&planned.Plan.Agents[i]))
	}
	if err := r.drafts(ctx, planned, fleet.Agents); err != nil {
		return nil, nil, err
	}
	if len(targets) == 0 {
		if err := r.others(ctx, planned, fleet); err != nil {
			return nil, nil, err
		}
	}
	repo, err := git.Open(ctx, p.opt.Dir)
	if err != nil {
		repo = nil
	}
	return fleet, planned.Plan, p.describe(ctx, repo, func(yield func(*history.Version) bool) {
		for i := range fleet.Agents {
			if v := fleet.Agents[i].Live; v != nil && !yield(v) {
				return
			}
		}
	})
}

// standing is one agent of the plan as it stands, without its drafts.
func (p *Planned) standing(agent *diff.AgentPlan) history.Standing {
	out := history.Standing{
		Name: agent.Name, AgentName: agent.AgentName, AgentID: agent.AgentID, Status: agent.Status,
		Drift: agent.Drift, Unfinished: p.in.Memory[agent.Name].Unfinished, Steps: len(agent.Steps), Drafts: []history.Version{},
		Unknown: p.unknown(*agent),
	}
	if r := p.in.Remote.Agents[agent.Name]; r != nil && r.Current != nil {
		live := history.VersionOf(r.Current, p.wanted(agent.Name))
		live.Content.Outcomes, live.Content.Infields = notNil(r.Outcomes), notNil(r.Infields) // as they are now
		live.CopyOf = copyOf(r, p.wanted(agent.Name))
		out.Live, out.Since = &live, since(r, p.in.Memory[agent.Name])
	}
	return out
}

// since is when what is live went live; zero where nothing says that. A version that
// was gone back to mostly has the times of its first turn: those tell nothing.
func since(r *diff.RemoteAgent, m diff.Remembered) time.Time {
	live := r.Current
	written := live.LastTouched()
	if went, err := time.Parse(time.RFC3339, m.Since); err == nil && m.AgentID == r.ID && m.Version == live.Number {
		return went
	}
	newest := 0
	if m.AgentID == r.ID {
		newest = max(m.Version, m.Newest)
	}
	for i := range r.Versions {
		v := &r.Versions[i]
		if v.IsDraft() || v.Number < newest {
			continue
		}
		if newest = v.Number; newest > live.Number && written.After(v.CreatedAt) {
			return written // by the rollback
		}
	}
	if newest > live.Number {
		return time.Time{}
	}
	return written
}

// copyOf is Version.CopyOf of what is live, as far as the plan has read versions.
func copyOf(r *diff.RemoteAgent, want spec.Agent) int {
	var versions []history.Version
	for i := range r.Versions {
		versions = append(versions, history.VersionOf(&r.Versions[i], want))
	}
	history.FindCopies(versions)
	for _, v := range versions {
		if v.Number == r.Current.Number {
			return v.CopyOf
		}
	}
	return 0
}

// notNil is a list that is known, be it empty.
func notNil(items []value.Value) []value.Value {
	if items == nil {
		return []value.Value{}
	}
	return items
}

// wanted is an agent's manifest, empty where there is none.
func (p *Planned) wanted(name string) spec.Agent {
	if agent := manifestOf(p.in.Agents, name); agent != nil {
		return *agent
	}
	return spec.Agent{}
}

// readOnce is a connection that reads the listing once.
type readOnce struct {
	*indus.Client

	once   gosync.Once
	agents []diff.RemoteAgent
	ok     bool
	err    error
}

// ListAgents implements sync.Remote.
func (r *readOnce) ListAgents(ctx context.Context) ([]diff.RemoteAgent, bool, error) {
	r.once.Do(func() { r.agents, r.ok, r.err = r.Client.ListAgents(ctx) })
	return slices.Clone(r.agents), r.ok, r.err
}

// drafts reads the drafts of agents that are on the platform.
func (r *readOnce) drafts(ctx context.Context, planned *Planned, agents []history.Standing) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, planned.project.opt.Parallelism))
	for i := range agents {
		agent := &agents[i]
		if agent.AgentID == "" {
			continue
		}
		group.Go(func() error {
			drafts, err := r.Client.Drafts(ctx, agent.AgentID)
			if err != nil {
				return fmt.Errorf("read the drafts of %s: %w", agent.Name, err)
			}
			want := planned.wanted(agent.Name)
			for k := range drafts {
				agent.Drafts = append(agent.Drafts, history.VersionOf(&drafts[k], want))
			}
			return nil
		})
	}
	return group.Wait()
}

// others are the agents that neither manifests nor lock know.
func (r *readOnce) others(ctx context.Context, planned *Planned, fleet *history.Fleet) (err error) {
	agents, ok, err := r.ListAgents(ctx)
	if err != nil || !ok {
		return err
	}
	fleet.Listed = true
	known, keys, names := map[string]bool{}, map[string]string{}, []string{}
	for _, agent := range fleet.Agents {
		known[agent.AgentID] = true
	}
	for _, entry := range planned.in.Memory {
		known[entry.AgentID] = true
	}
	for id := range planned.in.Elsewhere {
		known[id] = true
	}
	for _, a := range planned.in.Agents {
		if keys[a.AgentName] == "" {
			keys[a.AgentName], names = a.Name, append(names, a.AgentName)
		}
	}
	for _, a := range agents {
		if known[a.ID] {
			continue
		}
		name := a.Fields.Get("agent_name").Text()
		fleet.Others = append(fleet.Others, history.Other{
			AgentName: name, AgentID: a.ID, UpdatedAt: a.UpdatedAt, Near: cmp.Or(keys[name], keys[schema.Nearest(name, names)]),
		})
	}
	slices.SortFunc(fleet.Others, func(a, b history.Other) int {
		return cmp.Or(cmp.Compare(a.AgentName, b.AgentName), cmp.Compare(a.AgentID, b.AgentID))
	})
	return nil
}
