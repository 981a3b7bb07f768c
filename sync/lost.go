package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// No answer to a write (a cut connection, a 500) does not mean that it did not
// happen. This file says, for every kind of write, what a read must show for it
// to have happened:
//
//	create_agent    the listing has an agent of that name (without a listing nobody can know),
//	                with a version that has our notes, or no version at all yet
//	update_agent    its fields are the wanted ones
//	delete_agent    it is not found
//	create_draft    a draft that was not there before has our notes and the wanted config
//	update_draft    the draft has the wanted config
//	delete_draft    the list does not have it
//	publish         it is the live version
//	rollback        the live version has its content
//	update_service  the live version's section has what was sent
//	create_…        the item is there as wanted; another one of its name is a conflict
//	update_…        the item has what the step makes of it
//	delete_…        the list does not have it

// write is a request that changes the platform.
type write struct {
	send func(context.Context) error
	// happened reads whether it has; an error leaves its fate unknown, but for a
	// conflict.
	happened func(context.Context) (bool, error)
}

// mostSent is how often a write is sent in all, those within the client counted.
const mostSent = 6

// A read may not show a write yet (reference.md, "Left open"): it is repeated,
// with longer and longer pauses, before anything is concluded from it.
const (
	readLag   = 5 * time.Second
	lookPause = 250 * time.Millisecond
)

// eventually looks until a read shows what it must, or readLag is over.
func (j *job) eventually(ctx context.Context, look func(context.Context) (bool, error)) (bool, error) {
	for waited, pause := time.Duration(0), lookPause; ; pause *= 2 {
		seen, err := look(ctx)
		if seen || err != nil || waited >= readLag {
			return seen, err
		}
		pause = min(pause, readLag-waited)
		if err := j.Sleep(ctx, pause); err != nil {
			return false, err
		}
		waited += pause
	}
}

// unknownFate is a write of which nobody can say whether it happened.
type unknownFate struct {
	err  error // of the write
	look error // of looking for what it did
}

func (u *unknownFate) Error() string {
	return fmt.Sprintf("%v; and what became of it is not known: %v", u.err, u.look)
}

func (u *unknownFate) Unwrap() []error { return []error{u.err, u.look} }

// verdict is what to do about a write whose answer was lost.
type verdict int

const (
	sendAgain verdict = iota
	itHappened
	giveUp   // it has surely not happened, and was tried often enough
	dontKnow // nobody can say
	foreign  // somebody else was there
)

// afterLost decides it from a look at the platform, which ended with lookErr.
func afterLost(sent int, happened bool, lookErr error) verdict {
	switch {
	case isConflict(lookErr):
		return foreign
	case lookErr != nil:
		return dontKnow
	case happened:
		return itHappened
	case sent >= mostSent:
		return giveUp
	default:
		return sendAgain
	}
}

// send does a write, and when its answer does not say whether it happened,
// looks before it does it again.
func (j *job) send(ctx context.Context, p *progress, w write) error {
	sent := 0
	for {
		err := w.send(ctx)
		sent += max(1, tries(err))
		p.acted = p.acted || err == nil || mayHaveActed(err)
		p.wrote = p.wrote || p.acted
		if err == nil || !mayHaveActed(err) {
			return err
		}
		if j.Logf != nil {
			j.Logf("%s: %v; looking whether it happened, sent %d of %d times", j.plan.Name, err, sent, mostSent)
		}
		happened, lookErr := j.eventually(ctx, w.happened)
		switch afterLost(sent, happened, lookErr) {
		case foreign:
			return lookErr
		case dontKnow:
			return &unknownFate{err, lookErr}
		case itHappened:
			return nil
		case giveUp:
			return err
		}
	}
}

// sendDelete is send for a write that removes something: what is gone already
// is as good.
func (j *job) sendDelete(ctx context.Context, p *progress, w write) error {
	if err := j.send(ctx, p, w); !isNotFound(err) {
		return err
	}
	return nil
}

// unlistedError is a platform that lists no agents where one must be found.
type unlistedError struct{ name, env, key string }

func (e *unlistedError) Error() string {
	return fmt.Sprintf("this platform lists no agents, so %q can't be looked up; if the dashboard shows it, put its id into the lock file, as environments.%s.%s.agent_id, and apply again",
		e.name, e.env, e.key)
}

// findAgent looks for the agent by its name; nil when there is none.
func (j *job) findAgent(ctx context.Context) (*diff.RemoteAgent, error) {
	agents, ok, err := j.Remote.ListAgents(ctx)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &unlistedError{j.want.AgentName, j.Plan.Environment, j.plan.Name}
	}
	i := slices.IndexFunc(agents, func(a diff.RemoteAgent) bool {
		return a.Fields.Get("agent_name").Text() == j.want.AgentName
	})
	if i < 0 {
		return nil, nil
	}
	return &agents[i], nil
}

// madeHere reports whether an agent that has the name of a create whose answer was
// lost is that create's, as far as can be known: somebody else may have made one at
// the same moment. A version of it has this run's notes, which name the project,
// the environment, the commit and the config; or it has no version yet, which a
// create that ended in a 500 may leave. Without provenance the config has to do.
func (j *job) madeHere(ctx context.Context, id, notes string) (bool, error) {
	fresh := diff.RemoteAgent{ID: id}
	if err := readVersions(ctx, j.Remote, &fresh, diff.AskRecent()); err != nil {
		return false, err
	}
	ours := func(v diff.Version) bool {
		if j.Policy.Provenance {
			return value.Text(v.Notes) == value.Text(notes)
		}
		return diff.ConfigMismatch(j.want, v.Content) == nil
	}
	return len(fresh.Versions) == 0 || slices.ContainsFunc(fresh.Versions, ours), nil
}

// explainCreate says more of a create that was refused: an agent of that name
// may have been made since the plan, or before it, where nothing lists agents.
func (j *job) explainCreate(ctx context.Context, err error) error {
	if mayHaveActed(err) {
		return err
	}
	found, lookErr := j.findAgent(ctx)
	var unlisted *unlistedError
	switch {
	case errors.As(lookErr, &unlisted):
		return fmt.Errorf("%w; %w", err, lookErr)
	case lookErr == nil && found != nil:
		return &conflict{fmt.Sprintf("an agent named %q (%s) was made since the plan", j.want.AgentName, found.ID)}
	default:
		return err
	}
}

func (j *job) agentGone(ctx context.Context, id string) (bool, error) {
	_, err := j.Remote.Agent(ctx, id)
	if isNotFound(err) {
		return true, nil
	}
	return false, err
}

func (j *job) fieldsHold(ctx context.Context, id string) (bool, error) {
	fresh, err := j.Remote.Agent(ctx, id)
	return err == nil && len(diff.AfterCreate(j.plan.Wanted, &fresh)) == 0, err
}

// ourDrafts are the drafts that are not in before and have these notes and the
// wanted config, lowest number first.
func (j *job) ourDrafts(before, now []diff.Version, notes string) []int {
	var out []int
	for i := range now {
		v := &now[i]
		if diff.FindVersion(before, v.Number) == nil && v.IsDraft() &&
			value.Text(v.Notes) == value.Text(notes) && diff.ConfigMismatch(j.want, v.Content) == nil {
			out = append(out, v.Number)
		}
	}
	slices.Sort(out)
	return out
}

// dropDoubles keeps the one draft that this run goes on with of several that
// one lost create left.
func (j *job) dropDoubles(ctx context.Context, p *progress, now []diff.Version) error {
	ours := diff.FindVersion(now, p.version)
	if ours == nil {
		return nil
	}
	for _, number := range j.ourDrafts(p.listed, now, ours.Notes) {
		if number == p.version {
			continue
		}
		if err := j.Remote.DeleteDraft(ctx, p.id, number); err != nil && !isNotFound(err) {
			return fmt.Errorf("remove v%d, which a lost request left: %w", number, err)
		}
	}
	return nil
}

func (j *job) draftHolds(ctx context.Context, id string, version int) (bool, error) {
	v, err := findVersion(ctx, j.Remote, id, version)
	return v != nil && diff.ConfigMismatch(j.want, v.Content) == nil, err
}

func (j *job) draftGone(ctx context.Context, id string, version int) (bool, error) {
	v, err := findVersion(ctx, j.Remote, id, version)
	return err == nil && v == nil, err
}

// isLive reads whether what is live satisfies a condition.
func (j *job) isLive(ctx context.Context, id string, holds func(*diff.Version) bool) (bool, error) {
	live, err := j.Remote.CurrentVersion(ctx, id)
	return err == nil && live != nil && holds(live), err
}

// item reads the platform's item of a name; no value when there is none.
func (j *job) item(ctx context.Context, id string, kind diff.ItemKind, name string) (value.Value, error) {
	items, err := j.Remote.Items(ctx, id, kind.Section)
	return kind.Find(items, name), err
}

func (j *job) itemMade(ctx context.Context, id string, kind diff.ItemKind, name string) (bool, error) {
	have, err := j.item(ctx, id, kind, name)
	made := diff.HoldsAll(kind.Find(j.plan.Wanted.Items(kind), name), have)
	if err == nil && !have.IsEmpty() && !made {
		return false, &conflict{name + " was made by somebody else at the same time"}
	}
	return err == nil && made, err
}

func kindOf(action diff.Action) diff.ItemKind {
	if action.Facts().Section == spec.SectionOutcomes {
		return diff.OutcomeItems
	}
	return diff.InfieldItems
}
