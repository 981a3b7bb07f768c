package engine

import (
	"context"
	"errors"
	"slices"
	gosync "sync"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/lock"
)

// atOnce is a connection for one rollback, in the minute in which a bad prompt
// speaks to callers. Whatever asks before the write gets one answer: what is
// looked for in the history, planned, and read again before the write is the same
// read, moments ago. From the write on every read is the platform's. The agent's
// own fields, which a rollback does not touch, are not read where the lock knows
// the agent. It is for one agent.
type atOnce struct {
	sync.Remote
	memory diff.Memory

	mu       gosync.Mutex
	agents   []diff.RemoteAgent // the listing, where one was needed
	versions []diff.Version     // of the list, as far as it was read
	whole    bool               // to its end
	single   map[int]*diff.Version
	items    map[string][]value.Value
	wrote    bool
}

// forget makes the next reads the platform's: somebody was asked, and may have
// taken their time.
func (r *atOnce) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions, r.whole, r.single, r.items = nil, false, nil, nil
}

// ListAgents implements sync.Remote.
func (r *atOnce) ListAgents(ctx context.Context) (agents []diff.RemoteAgent, ok bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.agents != nil {
		return slices.Clone(r.agents), true, nil
	}
	agents, ok, err = r.Remote.ListAgents(ctx)
	if err == nil {
		r.agents = slices.Clone(agents)
	}
	return agents, ok, err
}

// Agent implements sync.Remote: the fields are those of the listing, or the name
// that the lock has.
func (r *atOnce) Agent(ctx context.Context, id string) (diff.RemoteAgent, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.agents {
		if a.ID == id {
			return a, nil
		}
	}
	for _, entry := range r.memory {
		if entry.AgentID == id {
			return diff.RemoteAgent{ID: id, Fields: value.Of(map[string]any{"agent_name": entry.AgentName})}, nil
		}
	}
	return r.Remote.Agent(ctx, id)
}

// CurrentVersion implements sync.Remote: before the write the list has it, mostly
// on its first page.
func (r *atOnce) CurrentVersion(ctx context.Context, id string) (*diff.Version, error) {
	if !r.cached() {
		return r.Remote.CurrentVersion(ctx, id)
	}
	list, err := r.Versions(ctx, id, func(list []diff.Version) bool {
		return len(list) >= diff.Recent || diff.LiveVersion(list) != nil && list[len(list)-1].Number == 1
	})
	var failure sync.Failure
	if errors.As(err, &failure) && failure.NotFound() {
		return nil, Errorf(Failed, "agentsync plan shows what an apply would do about it", "it is not on the platform")
	}
	if err != nil {
		return nil, err
	}
	if live := diff.LiveVersion(list); live != nil {
		return live, nil
	}
	return r.Remote.CurrentVersion(ctx, id)
}

// Versions implements sync.Remote.
func (r *atOnce) Versions(ctx context.Context, id string, enough func([]diff.Version) bool) ([]diff.Version, error) {
	if !r.cached() {
		return r.Remote.Versions(ctx, id, enough)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.versions != nil && (r.whole || enough != nil && enough(slices.Clone(r.versions))) {
		return slices.Clone(r.versions), nil
	}
	stopped := false
	list, err := r.Remote.Versions(ctx, id, func(list []diff.Version) bool {
		stopped = enough != nil && enough(list)
		return stopped
	})
	if err == nil {
		r.versions, r.whole = slices.Clone(list), !stopped
	}
	return list, err
}

// Version implements sync.Remote.
func (r *atOnce) Version(ctx context.Context, id string, number int) (*diff.Version, error) {
	if !r.cached() {
		return r.Remote.Version(ctx, id, number)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := diff.FindVersion(r.versions, number); v != nil {
		return v, nil
	}
	if v := r.single[number]; v != nil {
		return v, nil
	}
	v, err := r.Remote.Version(ctx, id, number)
	if err == nil {
		if r.single == nil {
			r.single = map[int]*diff.Version{}
		}
		r.single[number] = v
	}
	return v, err
}

// Items implements sync.Remote.
func (r *atOnce) Items(ctx context.Context, id, kind string) ([]value.Value, error) {
	if !r.cached() {
		return r.Remote.Items(ctx, id, kind)
	}
	r.mu.Lock()
	items, known := r.items[kind]
	r.mu.Unlock()
	if known {
		return slices.Clone(items), nil
	}
	items, err := r.Remote.Items(ctx, id, kind)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.items == nil {
			r.items = map[string][]value.Value{}
		}
		r.items[kind] = slices.Clone(items)
	}
	return items, err
}

// Rollback implements sync.Remote.
func (r *atOnce) Rollback(ctx context.Context, id string, version int) error {
	r.mu.Lock()
	r.wrote = true
	r.mu.Unlock()
	return r.Remote.Rollback(ctx, id, version)
}

func (r *atOnce) cached() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.wrote
}

// configKeeper is the lock for an apply that is about an agent's config alone:
// what the lock remembers of its other sections stays, since nobody has compared
// them with what git wants.
type configKeeper struct {
	sync.Keeper
	before lock.Entry
	wants  string // as in lock.Entry
}

// Put implements sync.Keeper.
func (k configKeeper) Put(changes map[string]*lock.Entry) error { return k.Keeper.Put(k.kept(changes)) }

// PutLater implements sync.Keeper.
func (k configKeeper) PutLater(changes map[string]*lock.Entry) { k.Keeper.PutLater(k.kept(changes)) }

func (k configKeeper) kept(changes map[string]*lock.Entry) map[string]*lock.Entry {
	out := map[string]*lock.Entry{}
	for key, entry := range changes {
		if out[key] = entry; entry == nil || entry.Unfinished || entry.Equal(k.before) {
			continue
		}
		kept := *entry
		kept.Agent, kept.Outcomes, kept.Infields = k.before.Agent, k.before.Outcomes, k.before.Infields
		kept.Draft, kept.Wants = k.before.Draft, k.wants
		out[key] = &kept
	}
	return out
}
