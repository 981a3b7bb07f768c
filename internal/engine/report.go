package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	gosync "sync"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/value"
	"golang.org/x/sync/errgroup"
)

// Report reads the fleet as Status does, and then the whole history of each agent
// that is on the platform, side by side: one read and the pages of versions for
// each, and the lock file's history once for all. An agent that can't be read is
// an error, and all of them are told. The plan comes with it as from Status. With
// calls, each history has what came of its calls.
func (p *Project) Report(ctx context.Context, calls bool) (*history.Report, *diff.Plan, error) {
	fleet, plan, err := p.Status(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	past, err := p.Past(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer past.Close()
	out := &history.Report{Project: p.Name, MadeAt: p.opt.Now(), Fleet: *fleet}
	if head := HeadCommit(ctx, p.opt.Dir); head != "" {
		out.Commit = head[:12]
	}
	if out.Timelines, err = past.timelines(ctx, fleet.Agents, calls); err != nil {
		return nil, nil, err
	}
	return out, plan, p.describe(ctx, past.repo, func(yield func(*history.Version) bool) {
		for _, t := range out.Timelines {
			for i := range t.Versions {
				if !yield(&t.Versions[i]) {
					return
				}
			}
		}
	})
}

// timelines reads the whole history of agents, in their order, without what git
// knows of commits. Those that are not on the platform have none.
func (p *Past) timelines(ctx context.Context, agents []history.Standing, calls bool) ([]history.Timeline, error) {
	agents = slices.DeleteFunc(slices.Clone(agents), func(s history.Standing) bool { return s.AgentID == "" })
	ids := make([]string, len(agents))
	for i, s := range agents {
		ids[i] = s.AgentID
	}
	seen, err := p.sightings(ctx, ids, time.Time{})
	if err != nil {
		return nil, err
	}
	out, failed := make([]history.Timeline, len(agents)), make([]error, len(agents))
	var mu gosync.Mutex
	done := 0
	var group errgroup.Group
	group.SetLimit(max(1, p.project.opt.Parallelism))
	for i, s := range agents {
		group.Go(func() error {
			var t *history.Timeline
			if t, failed[i] = p.timeline(ctx, s, seen[s.AgentID], calls); failed[i] == nil {
				out[i] = *t
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			p.project.opt.Progress(done, len(agents))
			return nil
		})
	}
	_ = group.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, errors.Join(failed...)
}

func (p *Past) timeline(ctx context.Context, s history.Standing, seen []history.Sighting, calls bool) (*history.Timeline, error) {
	a := &AgentPast{past: p, key: s.Name, agent: &diff.RemoteAgent{
		ID: s.AgentID, Fields: value.Of(map[string]any{"agent_name": s.AgentName}),
	}}
	if want := manifestOf(p.project.Agents, s.Name); want != nil {
		a.want = *want
	}
	var err error
	if a.current, err = p.client.CurrentVersion(ctx, s.AgentID); err != nil {
		return nil, fmt.Errorf("read the live version of %s: %w", s.Name, err)
	}
	if a.current != nil && s.Live != nil { // Status has read what it has now
		a.now = &diff.Content{Config: a.current.Content, Outcomes: s.Live.Content.Outcomes, Infields: s.Live.Content.Infields}
	}
	versions, err := p.client.Versions(ctx, s.AgentID, nil)
	if err != nil {
		return nil, fmt.Errorf("read the versions of %s: %w", s.Name, err)
	}
	t := a.build(versions, seen)
	t.Whole = true
	if calls {
		t.Calls, err = a.Calls(ctx, t)
	}
	return t, err
}
