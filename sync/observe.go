package sync

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"golang.org/x/sync/errgroup"
)

// listingPays is the number of agents from which one listing is cheaper than
// reading each known agent's fields, even where the platform may have none.
const listingPays = 25

// Scope is what an observation is about.
type Scope struct {
	Agents      []spec.Agent
	Memory      diff.Memory // after Rekey
	Orphans     []string    // keys in Memory without a manifest
	Parallelism int         // agents read at once, at least 1
	// Others are agents of other parts of the fleet by key, nil for an orphan: of
	// these only the listing is read.
	Others map[string]*spec.Agent
	// Seen is handed each agent of Agents that is on the platform as soon as it
	// was read, with what is then wanted; it may be nil and must be safe for
	// concurrent use. It may forget what it does not need of r.
	Seen func(want spec.Agent, r *diff.RemoteAgent, w diff.Wanted)
	// Ask says what the plan asks of an agent's versions; it must be safe for
	// concurrent use. nil asks for all of them.
	Ask func(want spec.Agent, r *diff.RemoteAgent, w diff.Wanted) diff.VersionsAsked
	// Progress is told after each agent; it may be nil and must be safe for
	// concurrent use.
	Progress func(done, total int)
}

// Observe reads what a plan needs: of each agent its fields, the live version,
// outcomes and infields, and the version list where what is live is not what
// is wanted. Agents are found by the lock's id, else by name in the listing.
// All agents' errors come together; a cancelled ctx gives its error alone.
func Observe(ctx context.Context, remote Remote, scope Scope) (diff.Remote, error) {
	o := newObserver(remote, scope)
	if o.needsListing() {
		if err := o.listAndReadAhead(ctx); err != nil {
			return diff.Remote{}, err
		}
		o.listedFirst = true
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, scope.Parallelism))
	for _, want := range scope.Agents {
		group.Go(func() error { return o.observe(gctx, want.Name, &want) })
	}
	for _, key := range scope.Orphans {
		group.Go(func() error { return o.observe(gctx, key, nil) })
	}
	if err := group.Wait(); err != nil {
		return diff.Remote{}, err
	}
	if err := ctx.Err(); err != nil {
		return diff.Remote{}, err
	}
	others := o.others()
	return diff.Remote{Agents: o.out, Unlisted: o.unlisted, Others: others}, o.failure()
}

type observer struct {
	remote Remote
	scope  Scope
	owner  map[string]string // agent id → the key that the lock gives it to

	listedFirst bool        // the listing was read before any agent: byID serves all
	listed      atomic.Bool // the listing was read, or could not be
	once        sync.Once
	listErr     error
	unlisted    bool
	byName      map[string][]*diff.RemoteAgent
	byID        map[string]*diff.RemoteAgent

	mu    sync.Mutex
	out   map[string]*diff.RemoteAgent
	found map[string]string // agent id → the key that was found to be it
	errs  []agentError
	done  int
	ahead map[string]ahead // by agent id; complete before any agent is observed
}

func newObserver(remote Remote, scope Scope) *observer {
	o := &observer{remote: remote, scope: scope, out: map[string]*diff.RemoteAgent{}, found: map[string]string{}, owner: map[string]string{}, ahead: map[string]ahead{}}
	for key, entry := range scope.Memory {
		o.owner[entry.AgentID] = key
	}
	return o
}

type agentError struct {
	agent string
	err   error
}

func (o *observer) needsListing() bool {
	for _, a := range o.scope.Agents {
		if o.scope.Memory[a.Name].AgentID == "" {
			return true
		}
	}
	for _, key := range o.scope.Orphans {
		if o.scope.Memory[key].AgentID == "" {
			return true
		}
	}
	return o.total() > listingPays || len(o.scope.Others) > 0
}

// list reads the listing once, whoever asks first.
func (o *observer) list(ctx context.Context) error {
	o.once.Do(func() {
		agents, ok, err := o.remote.ListAgents(ctx)
		o.listErr, o.unlisted = err, !ok
		o.byName = map[string][]*diff.RemoteAgent{}
		o.byID = map[string]*diff.RemoteAgent{}
		for i := range agents {
			a := &agents[i]
			name := a.Fields.Get("agent_name").Text()
			o.byName[name] = append(o.byName[name], a)
			o.byID[a.ID] = a
		}
	})
	return o.listErr
}

func (o *observer) observe(ctx context.Context, key string, want *spec.Agent) error {
	agent, err := o.find(ctx, key, want)
	if err == nil && agent != nil && want != nil {
		var w diff.Wanted
		if w, err = o.readRest(ctx, agent, want); err == nil && o.scope.Seen != nil {
			o.scope.Seen(*want, agent, w)
		}
	} else if err == nil && agent != nil {
		err = o.sections(ctx, agent)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		o.errs = append(o.errs, agentError{key, err})
		return nil
	}
	if agent != nil {
		o.out[key] = agent
		if other, taken := o.found[agent.ID]; taken {
			o.errs = append(o.errs, agentError{key, fmt.Errorf("%q is the same agent on the platform, %s", other, agent.ID)})
		}
		o.found[agent.ID] = key
	}
	if !o.wasAhead(agent) { // else it was counted then
		o.progress()
	}
	return nil
}

// find returns the agent with its fields, or nil when it is not there.
func (o *observer) find(ctx context.Context, key string, want *spec.Agent) (*diff.RemoteAgent, error) {
	if id := o.scope.Memory[key].AgentID; id != "" {
		if o.listedFirst && o.byID[id] != nil {
			return clone(o.byID[id]), nil
		}
		agent, err := o.remote.Agent(ctx, id)
		if err == nil {
			return &agent, nil
		}
		if !isNotFound(err) {
			return nil, err
		}
	}
	names := o.names(key, want)
	if len(names) == 0 {
		return nil, nil
	}
	if err := o.list(ctx); err != nil {
		return nil, err
	}
	for _, name := range names {
		switch found := o.unclaimed(key, o.byName[name]); len(found) {
		case 0:
		case 1:
			return clone(found[0]), nil
		default:
			return nil, ambiguous(name, found)
		}
	}
	return nil, nil
}

// names are those that an agent may have on the platform: the manifest's, and
// the one that a create was begun with whose end the lock does not know.
func (o *observer) names(key string, want *spec.Agent) []string {
	var names []string
	if want != nil {
		names = append([]string{want.AgentName}, want.PreviousNames...)
	}
	if begun := o.scope.Memory[key]; begun.Unfinished && begun.AgentID == "" && begun.AgentName != "" {
		names = append(names, begun.AgentName)
	}
	return names
}

// unclaimed leaves out agents that the lock gives to another manifest.
func (o *observer) unclaimed(key string, found []*diff.RemoteAgent) []*diff.RemoteAgent {
	var out []*diff.RemoteAgent
	for _, a := range found {
		if owner, taken := o.owner[a.ID]; !taken || owner == key {
			out = append(out, a)
		}
	}
	return out
}

func ambiguous(name string, found []*diff.RemoteAgent) error {
	ids := make([]string, len(found))
	for i, a := range found {
		ids[i] = a.ID
	}
	sort.Strings(ids)
	return fmt.Errorf("%d agents on the platform are named %q: %s; rename all but one, or put the right agent_id into the lock file", len(ids), name, strings.Join(ids, ", "))
}

// clone keeps the listing's entry apart from what is read into it.
func clone(a *diff.RemoteAgent) *diff.RemoteAgent { c := *a; return &c }

// readRest reads what a plan needs of an agent beside its fields, and returns
// what is then wanted.
func (o *observer) readRest(ctx context.Context, agent *diff.RemoteAgent, want *spec.Agent) (diff.Wanted, error) {
	if err := o.sections(ctx, agent); err != nil {
		return diff.Wanted{}, err
	}
	agent.SeenAt = o.remote.Now()
	w := diff.Want(*want, agent)
	// An unfinished apply may have left a draft.
	if !diff.NeedVersions(*want, agent, w) && !o.scope.Memory[want.Name].Unfinished {
		return w, nil
	}
	asked := diff.VersionsAsked{Enough: func([]diff.Version) bool { return false }}
	if o.scope.Ask != nil {
		asked = o.scope.Ask(*want, agent, w)
	}
	return w, readVersions(ctx, o.remote, agent, asked)
}

// sections says which parts of an agent to read.
type sections struct{ agent, current, outcomes, infields bool }

var (
	allButAgent = sections{current: true, outcomes: true, infields: true}
	allSections = sections{agent: true, current: true, outcomes: true, infields: true}
)

// readSections reads parts of an agent side by side into it. A 404 of the
// agent itself comes back as it is.
func readSections(ctx context.Context, remote Remote, agent *diff.RemoteAgent, which sections) error {
	group, ctx := errgroup.WithContext(ctx)
	if which.agent {
		group.Go(func() error {
			fresh, err := remote.Agent(ctx, agent.ID)
			agent.Fields, agent.UpdatedAt, agent.UpdatedBy = fresh.Fields, fresh.UpdatedAt, fresh.UpdatedBy
			return err
		})
	}
	if which.current {
		group.Go(func() (err error) { agent.Current, err = remote.CurrentVersion(ctx, agent.ID); return err })
	}
	if which.outcomes {
		group.Go(func() (err error) {
			agent.Outcomes, err = remote.Items(ctx, agent.ID, spec.SectionOutcomes)
			return err
		})
	}
	if which.infields {
		group.Go(func() (err error) {
			agent.Infields, err = remote.Items(ctx, agent.ID, spec.SectionInfields)
			return err
		})
	}
	return group.Wait()
}

// failure joins the agents' errors in their order; agents that share one error
// (a refused login) are one line.
func (o *observer) failure() error {
	sort.Slice(o.errs, func(i, j int) bool { return o.errs[i].agent < o.errs[j].agent })
	var errs []error
	seen := map[string]bool{}
	for _, e := range o.errs {
		if text := e.err.Error(); !seen[text] {
			seen[text] = true
			var login interface{ Login() bool }
			if errors.As(e.err, &login) && login.Login() {
				errs = append(errs, e.err)
				continue
			}
			errs = append(errs, fmt.Errorf("read %s: %w", e.agent, e.err))
		}
	}
	return errors.Join(errs...)
}
