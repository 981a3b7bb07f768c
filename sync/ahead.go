package sync

import (
	"context"

	"github.com/agentsync/agentsync/diff"
	"golang.org/x/sync/errgroup"
)

// mostAhead is how many agents wait in memory for the listing. Where requests take
// the time, its pages are all there before so many are read.
const mostAhead = 1000

// ahead is what was read of an agent while the listing was on its way.
type ahead struct {
	agent diff.RemoteAgent // without its fields
	err   error
}

// listAndReadAhead reads the listing, whose pages come one after another, and
// meanwhile the sections of the agents that the lock gives an id: else all
// other connections would be idle. Whether such an agent is still there is
// for the listing to say; errors of an agent count only then. Agents whose turn
// has not come when the listing is there are read later, and planned at once:
// no more than these wait in memory.
func (o *observer) listAndReadAhead(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, o.scope.Parallelism))
	group.Go(func() error {
		defer o.listed.Store(true)
		return o.list(ctx)
	})
	for _, want := range o.scope.Agents {
		group.Go(func() error { return o.readAhead(ctx, want.Name) })
	}
	for _, key := range o.scope.Orphans {
		group.Go(func() error { return o.readAhead(ctx, key) })
	}
	return group.Wait()
}

func (o *observer) readAhead(ctx context.Context, key string) error {
	id := o.scope.Memory[key].AgentID
	if id == "" || o.listed.Load() || o.waiting() >= mostAhead {
		return nil
	}
	a := ahead{agent: diff.RemoteAgent{ID: id}}
	a.err = readSections(ctx, o.remote, &a.agent, allButAgent)
	if isNotFound(a.err) {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ahead[id] = a
	o.progress()
	return ctx.Err()
}

func (o *observer) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.ahead)
}

// sections fills in what Observe reads of an agent beside its fields.
func (o *observer) sections(ctx context.Context, agent *diff.RemoteAgent) error {
	a, ok := o.ahead[agent.ID]
	if !ok {
		return readSections(ctx, o.remote, agent, allButAgent)
	}
	agent.Current, agent.Outcomes, agent.Infields = a.agent.Current, a.agent.Outcomes, a.agent.Infields
	return a.err
}

func (o *observer) wasAhead(agent *diff.RemoteAgent) bool {
	if agent == nil {
		return false
	}
	_, ok := o.ahead[agent.ID]
	return ok
}

// progress tells of one more agent; o.mu is held.
func (o *observer) progress() {
	if o.scope.Progress != nil && o.done < o.total() {
		o.done++
		o.scope.Progress(o.done, o.total())
	}
}

func (o *observer) total() int { return len(o.scope.Agents) + len(o.scope.Orphans) }
