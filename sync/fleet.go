package sync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/agentsync/agentsync/diff"
)

// ErrUnlisted is the error of a fleet that is asked for on a platform that
// lists no agents.
var ErrUnlisted = errors.New("the platform lists no agents")

// Fleet is which agents ReadFleet reads, and how much of each.
type Fleet struct {
	IDs      []string // all that the platform lists, where it is nil
	Versions bool     // all config versions too
	// Shard is the part of the listed agents that are read, by their ids; of the others
	// only what the listing has comes back, as Other. nil reads all.
	Shard       *diff.Shard
	Parallelism int // agents read at once, at least 1
	// Seen is handed each agent as soon as it was read; it may be nil and must be
	// safe for concurrent use. So must Progress.
	Seen     func(*diff.RemoteAgent)
	Progress func(done, total int)
}

// FleetAgent is an agent of a fleet, or why it could not be read.
type FleetAgent struct {
	*diff.RemoteAgent
	Err   error
	Other bool // of another part
}

// ReadFleet reads agents as they are on the platform, whatever the manifests
// say, in the order of their ids. An agent that can't be read does not keep the
// others from it.
func ReadFleet(ctx context.Context, remote Remote, fleet Fleet) ([]FleetAgent, error) {
	agents, err := fleet.find(ctx, remote)
	if err != nil {
		return nil, err
	}
	var (
		mu   sync.Mutex
		done int
	)
	total := len(agents)
	for _, a := range agents {
		if a.Other {
			total--
		}
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, fleet.Parallelism))
	for i := range agents {
		if agents[i].Other {
			continue
		}
		group.Go(func() error {
			a := &agents[i]
			a.Err = fleet.read(gctx, remote, a.RemoteAgent)
			if a.Err == nil && fleet.Seen != nil {
				fleet.Seen(a.RemoteAgent)
			}
			mu.Lock()
			defer mu.Unlock()
			if done++; fleet.Progress != nil {
				fleet.Progress(done, total)
			}
			return gctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return agents, ctx.Err()
}

// find returns the agents that are to be read, with their fields where a listing
// gives them.
func (f Fleet) find(ctx context.Context, remote Remote) ([]FleetAgent, error) {
	var agents []FleetAgent
	for _, id := range f.IDs {
		agents = append(agents, FleetAgent{RemoteAgent: &diff.RemoteAgent{ID: id}})
	}
	if f.IDs == nil {
		listed, ok, err := remote.ListAgents(ctx)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, ErrUnlisted
		}
		for i := range listed {
			other := f.Shard != nil && !f.Shard.Has(listed[i].ID)
			agents = append(agents, FleetAgent{RemoteAgent: &listed[i], Other: other})
		}
	}
	slices.SortFunc(agents, func(a, b FleetAgent) int { return strings.Compare(a.ID, b.ID) })
	return agents, nil
}

func (f Fleet) read(ctx context.Context, remote Remote, agent *diff.RemoteAgent) error {
	which := allButAgent
	which.agent = f.IDs != nil
	if err := readSections(ctx, remote, agent, which); err != nil {
		return err
	}
	if !f.Versions {
		return nil
	}
	versions, err := remote.Versions(ctx, agent.ID, nil)
	agent.Versions = versions
	return err
}
