package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/sync/lock"
)

// do carries out one step. The note says what the report should add.
func (r *agentRun) do(ctx context.Context, step diff.Step) (note string, err error) {
	switch step.Action {
	case diff.Adopt:
		return "", nil // the lock says it, from the mark on
	case diff.CreateAgent:
		return "", r.createAgent(ctx)
	case diff.UpdateAgent:
		return "", r.updateAgent(ctx, diff.ChangeBody(step.Changes))
	case diff.DeleteAgent:
		return "", r.deleteAgent(ctx)
	case diff.CreateDraft:
		return "", r.createDraft(ctx)
	case diff.UpdateDraft:
		return "", r.updateDraft(ctx, *step.To)
	case diff.DeleteDraft:
		return "", r.deleteDraft(ctx, *step.To)
	case diff.Publish:
		return r.publish(ctx, step)
	case diff.Rollback:
		return "", r.rollback(ctx, *step.To)
	case diff.UpdateService:
		return "", r.updateService(ctx, step.Target)
	case diff.CreateOutcome, diff.CreateInfield:
		return "", r.createItem(ctx, kindOf(step.Action), step.Target)
	case diff.UpdateOutcome, diff.UpdateInfield:
		return "", r.updateItem(ctx, kindOf(step.Action), step)
	case diff.DeleteOutcome, diff.DeleteInfield:
		return "", r.deleteItem(ctx, kindOf(step.Action), step.Target)
	default:
		return "", fmt.Errorf("this version of agentsync can't do %q", step.Action)
	}
}

func (r *agentRun) createAgent(ctx context.Context) error {
	notes := diff.Notes(r.want, r.wanted, "", r.in.Commit, r.in.Policy)
	body := diff.CreateBody(r.want, r.wanted, notes)
	var created diff.RemoteAgent
	lost := false
	err := r.settle(ctx, func() (err error) {
		created, err = r.in.Remote.CreateAgent(ctx, body)
		return err
	}, func() (bool, error) {
		found, err := r.lookForAgent(ctx)
		if err != nil || found == nil {
			return false, err
		}
		created, lost = *found, true
		return true, nil
	})
	if err != nil {
		return r.explainCreate(ctx, err)
	}
	r.id = created.ID
	entry := r.marked
	entry.AgentID, entry.AgentName, entry.Unfinished = r.id, r.want.AgentName, true
	if err := r.in.Lock.Put(map[string]*lock.Entry{r.plan.Name: &entry}); err != nil {
		err = fmt.Errorf("%q was created as %s, and the lock file does not say so: put that id into it, as environments.%s.%s.agent_id: %w",
			r.want.AgentName, r.id, r.in.Plan.Environment, r.plan.Name, err)
		r.stop(&lockError{errors.New("the lock file could not be written")})
		return err
	}
	if lost {
		if err := r.ensureFirstVersion(ctx, notes); err != nil {
			return err
		}
	}
	if rest := diff.AfterCreate(r.wanted, &created); len(rest) > 0 {
		return r.updateAgent(ctx, rest)
	}
	return nil
}

// explainCreate says more of a create that was refused: an agent of that name
// may have been made since the plan, or before it, where nothing lists agents.
func (r *agentRun) explainCreate(ctx context.Context, err error) error {
	if mayHaveActed(err) {
		return err
	}
	found, lookErr := r.lookForAgent(ctx)
	var unlisted *unlistedError
	switch {
	case errors.As(lookErr, &unlisted):
		return fmt.Errorf("%w; %w", err, lookErr)
	case lookErr == nil && found != nil:
		return &conflict{fmt.Sprintf("an agent named %q (%s) was made since the plan", r.want.AgentName, found.ID)}
	default:
		return err
	}
}

// unlistedError is a platform that lists no agents where one must be found.
type unlistedError struct{ name, env, key string }

func (e *unlistedError) Error() string {
	return fmt.Sprintf("this platform lists no agents, so %q can't be looked up; if the dashboard shows it, put its id into the lock file, as environments.%s.%s.agent_id, and apply again",
		e.name, e.env, e.key)
}

// lookForAgent looks for an agent whose create got no answer.
func (r *agentRun) lookForAgent(ctx context.Context) (*diff.RemoteAgent, error) {
	agents, ok, err := r.in.Remote.ListAgents(ctx)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &unlistedError{r.want.AgentName, r.in.Plan.Environment, r.plan.Name}
	}
	for i := range agents {
		if name, _ := agents[i].Fields["agent_name"].(string); name == r.want.AgentName {
			return &agents[i], nil
		}
	}
	return nil, nil
}

// ensureFirstVersion makes the wanted config as a draft where an agent was
// created and its config was not: a 500 of endpoint 5 may come in between.
func (r *agentRun) ensureFirstVersion(ctx context.Context, notes string) error {
	versions, err := r.in.Remote.Versions(ctx, r.id)
	if err != nil {
		return err
	}
	for i := range versions {
		if diff.ConfigMismatch(r.want, versions[i].Content) == nil {
			return nil
		}
	}
	r.known = map[int]bool{}
	for _, v := range versions {
		r.known[v.Number] = true
	}
	return r.makeDraft(ctx, diff.ConfigBody(r.want, r.wanted, nil, notes))
}

func (r *agentRun) updateAgent(ctx context.Context, body map[string]any) error {
	return r.settle(ctx, func() error { return r.in.Remote.UpdateAgent(ctx, r.id, body) },
		func() (bool, error) {
			fresh, err := r.in.Remote.Agent(ctx, r.id)
			return err == nil && len(diff.AfterCreate(r.wanted, &fresh)) == 0, err
		})
}

func (r *agentRun) deleteAgent(ctx context.Context) error {
	err := r.settle(ctx, func() error { return r.in.Remote.DeleteAgent(ctx, r.id) },
		func() (bool, error) {
			_, err := r.in.Remote.Agent(ctx, r.id)
			if isNotFound(err) {
				return true, nil
			}
			return false, err
		})
	if err != nil && !isNotFound(err) {
		return err
	}
	r.hold, r.stale = 0, nil // they went with it
	return r.in.Lock.Put(map[string]*lock.Entry{r.plan.Name: nil})
}

func (r *agentRun) rollback(ctx context.Context, to int) error {
	target := findVersion(r.seen.Versions, to)
	isLive := func(live *diff.Version) bool { return diff.SameContent(live, target) }
	err := r.settle(ctx, func() error { return r.in.Remote.Rollback(ctx, r.id, to) },
		func() (bool, error) {
			live, err := r.in.Remote.CurrentVersion(ctx, r.id)
			return err == nil && isLive(live), err
		})
	if err == nil {
		r.rolledBackNow, r.liveHolds = true, isLive
	}
	return err
}

func (r *agentRun) updateService(ctx context.Context, service string) error {
	body := diff.ServiceBody(r.wanted, service)
	before := r.liveHolds
	isLive := func(live *diff.Version) bool {
		return live != nil && diff.SectionHolds(body, live.Content[service])
	}
	err := r.settle(ctx, func() error { return r.in.Remote.UpdateService(ctx, r.id, service, body) },
		func() (bool, error) {
			live, err := r.in.Remote.CurrentVersion(ctx, r.id)
			return err == nil && isLive(live), err
		})
	if err == nil {
		r.liveHolds = func(live *diff.Version) bool {
			return isLive(live) && before(diff.WithSection(live, service, r.seen.Current))
		}
	}
	return err
}

func kindOf(action diff.Action) Kind {
	switch action {
	case diff.CreateOutcome, diff.UpdateOutcome, diff.DeleteOutcome:
		return Outcome
	default:
		return Infield
	}
}

func (r *agentRun) wantedItem(kind Kind, name string) (map[string]any, diff.ItemKind) {
	items := r.wanted.Outcomes
	if kind == Infield {
		items = r.wanted.Infields
	}
	item, _ := diff.FindItem(itemKindOf(kind), items, name)
	return item, itemKindOf(kind)
}

func itemKindOf(kind Kind) diff.ItemKind {
	if kind == Outcome {
		return diff.OutcomeItems
	}
	return diff.InfieldItems
}

// lookForItem says whether the platform has the wanted item.
func (r *agentRun) lookForItem(ctx context.Context, kind Kind, name string) (there, wanted bool, err error) {
	items, err := r.in.Remote.Items(ctx, r.id, kind)
	if err != nil {
		return false, false, err
	}
	want, itemKind := r.wantedItem(kind, name)
	have, there := diff.FindItem(itemKind, items, name)
	return there, there && diff.ItemHolds(want, have), nil
}

func (r *agentRun) createItem(ctx context.Context, kind Kind, name string) error {
	want, itemKind := r.wantedItem(kind, name)
	body := diff.ItemBody(itemKind, want)
	return r.settle(ctx, func() error { return r.in.Remote.CreateItem(ctx, r.id, kind, body) },
		func() (bool, error) {
			there, wanted, err := r.lookForItem(ctx, kind, name)
			if there && !wanted {
				return false, &conflict{fmt.Sprintf("%s was made by somebody else at the same time", name)}
			}
			return wanted, err
		})
}

func (r *agentRun) updateItem(ctx context.Context, kind Kind, step diff.Step) error {
	body := diff.ChangeBody(step.Changes)
	return r.settle(ctx, func() error { return r.in.Remote.UpdateItem(ctx, r.id, kind, step.Target, body) },
		func() (bool, error) {
			items, err := r.in.Remote.Items(ctx, r.id, kind)
			if err != nil {
				return false, err
			}
			have, there := diff.FindItem(itemKindOf(kind), items, step.Target)
			return there && diff.Holds(step.Changes, have), nil
		})
}

func (r *agentRun) deleteItem(ctx context.Context, kind Kind, name string) error {
	err := r.settle(ctx, func() error { return r.in.Remote.DeleteItem(ctx, r.id, kind, name) },
		func() (bool, error) {
			there, _, err := r.lookForItem(ctx, kind, name)
			return err == nil && !there, err
		})
	if isNotFound(err) {
		return nil
	}
	return err
}

// A write whose answer was lost is looked for after settlePause, then after
// twice and four times as long. It is sent settleTries times in all, those
// within the client counted.
const (
	settleTries = 6
	settlePause = 250 * time.Millisecond
)

// settle does a write, and when its answer does not tell whether it happened,
// looks before it does it again. look says whether the write has happened; an
// error of look ends it, with the fate unknown.
func (r *agentRun) settle(ctx context.Context, do func() error, look func() (bool, error)) error {
	sent := 0
	for try := 0; ; try++ {
		err := do()
		sent += max(1, tries(err))
		if err == nil {
			if try == 0 {
				r.writes++
			}
			return nil
		}
		if !mayHaveActed(err) {
			return err
		}
		if try == 0 {
			r.writes++
		}
		if r.in.Logf != nil {
			r.in.Logf("%s: %v; looking whether it happened, sent %d of %d times", r.plan.Name, err, sent, settleTries)
		}
		if sleepErr := r.in.Sleep(ctx, settlePause<<try); sleepErr != nil {
			return &unknownFate{err, sleepErr}
		}
		happened, lookErr := look()
		var c *conflict
		switch {
		case errors.As(lookErr, &c):
			return lookErr
		case lookErr != nil:
			return &unknownFate{err, lookErr}
		case happened:
			return nil
		case sent >= settleTries:
			return err
		}
	}
}
