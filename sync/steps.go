package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// do carries out one step. note says what a reader of the report would not
// expect.
func (j *job) do(ctx context.Context, p *progress, step diff.Step) (note string, err error) {
	switch step.Action {
	case diff.Adopt: // the lock's entry is all that there is to it
		return "", nil
	case diff.CreateAgent:
		return "", j.createAgent(ctx, p)
	case diff.UpdateAgent:
		return "", j.updateAgent(ctx, p, diff.ChangeBody(spec.SectionAgent, step.Changes))
	case diff.DeleteAgent:
		return "", j.deleteAgent(ctx, p)
	case diff.CreateDraft:
		return "", j.createDraft(ctx, p)
	case diff.UpdateDraft:
		return "", j.updateDraft(ctx, p, *step.To)
	case diff.DeleteDraft:
		return "", j.deleteDraft(ctx, p, *step.To)
	case diff.Validate:
		return j.validate(ctx, p, step)
	case diff.Render:
		return j.render(ctx, p, step)
	case diff.Publish:
		return j.publish(ctx, p, step.To)
	case diff.Rollback:
		return "", j.rollback(ctx, p, *step.To)
	case diff.UpdateService:
		return "", j.updateService(ctx, p, step.Target)
	case diff.CreateOutcome, diff.CreateInfield:
		return j.createItem(ctx, p, step)
	case diff.UpdateOutcome, diff.UpdateInfield:
		return "", j.updateItem(ctx, p, step)
	case diff.DeleteOutcome, diff.DeleteInfield:
		return "", j.deleteItem(ctx, p, step)
	default:
		return "", fmt.Errorf("this version of agentsync can't do %q", step.Action)
	}
}

func (j *job) createAgent(ctx context.Context, p *progress) error {
	if err := j.checkLocally(); err != nil {
		return err
	}
	notes := j.notes()
	body := diff.CreateBody(j.want, j.plan.Wanted, notes)
	var created diff.RemoteAgent
	lost, strangers := false, false
	err := j.send(ctx, p, write{
		send: func(ctx context.Context) (err error) {
			created, err = j.Remote.CreateAgent(ctx, body)
			return err
		},
		happened: func(ctx context.Context) (bool, error) {
			found, err := j.findAgent(ctx)
			if err != nil || found == nil {
				return false, err
			}
			ours, err := j.madeHere(ctx, found.ID, notes)
			strangers = err == nil && !ours
			if !ours {
				return false, err
			}
			created, lost = *found, true
			return true, nil
		},
	})
	if err != nil {
		err = j.explainCreate(ctx, err)
		if strangers && isConflict(err) { // a name is had once, so nothing of this run is there
			p.wrote = false
		}
		return err
	}
	p.id, p.created = created.ID, &created
	if err := j.keepID(p.id); err != nil {
		return err
	}
	if lost {
		err = j.completeCreate(ctx, p, notes)
	} else {
		p.with = sentWithCreate(j.plan.Steps)
	}
	if rest := diff.AfterCreate(j.plan.Wanted, &created); err == nil && len(rest) > 0 {
		p.created = nil // its fields are to be read back
		return j.updateAgent(ctx, p, rest)
	}
	return err
}

// keepID puts a new agent's id on disk before its next request. Without that
// the apply must not go on.
func (j *job) keepID(id string) error {
	entry := j.marked
	entry.AgentID, entry.AgentName, entry.Unfinished = id, j.want.AgentName, true
	err := j.Lock.Put(map[string]*lock.Entry{j.plan.Name: &entry})
	if err == nil {
		return nil
	}
	j.stop(&lockError{errors.New("the lock file could not be written")})
	return fmt.Errorf("%q was created as %s, and the lock file does not say so: put that id into it, as environments.%s.%s.agent_id: %w",
		j.want.AgentName, id, j.Plan.Environment, j.plan.Name, err)
}

// sentWithCreate are the steps that the create of an agent does as well: its
// body takes the first outcome and the first infield (reference.md, endpoint 5).
func sentWithCreate(steps []diff.Step) []diff.Step {
	var out []diff.Step
	for _, action := range []diff.Action{diff.CreateOutcome, diff.CreateInfield} {
		if i := slices.IndexFunc(steps, func(s diff.Step) bool { return s.Action == action }); i >= 0 {
			out = append(out, steps[i])
		}
	}
	return out
}

// completeCreate finds out how far a create came whose answer was lost: a 500
// of endpoint 5 may come before the config, the outcome or the infield is made.
func (j *job) completeCreate(ctx context.Context, p *progress, notes string) error {
	for _, step := range sentWithCreate(j.plan.Steps) {
		made, err := j.eventually(ctx, func(ctx context.Context) (bool, error) {
			return j.itemMade(ctx, p.id, kindOf(step.Action), step.Target)
		})
		if err != nil {
			return err
		}
		if made {
			p.with = append(p.with, step)
		}
	}
	has, err := j.eventually(ctx, func(ctx context.Context) (has bool, err error) {
		fresh := diff.RemoteAgent{ID: p.id}
		err = readVersions(ctx, j.Remote, &fresh, diff.AskRecent())
		p.listed, p.listedTo = fresh.Versions, fresh.ListedTo
		return slices.ContainsFunc(p.listed, func(v diff.Version) bool { return diff.ConfigMismatch(j.want, v.Content) == nil }), err
	})
	if err != nil || has {
		return err
	}
	return j.makeDraft(ctx, p, diff.ConfigBody(j.want, j.plan.Wanted, nil, notes))
}

func (j *job) updateAgent(ctx context.Context, p *progress, body map[string]any) error {
	return j.send(ctx, p, write{
		send:     func(ctx context.Context) error { return j.Remote.UpdateAgent(ctx, p.id, body) },
		happened: func(ctx context.Context) (bool, error) { return j.fieldsHold(ctx, p.id) },
	})
}

func (j *job) deleteAgent(ctx context.Context, p *progress) error {
	err := j.sendDelete(ctx, p, write{
		send:     func(ctx context.Context) error { return j.Remote.DeleteAgent(ctx, p.id) },
		happened: func(ctx context.Context) (bool, error) { return j.agentGone(ctx, p.id) },
	})
	if err != nil {
		return err
	}
	return j.Lock.Put(map[string]*lock.Entry{j.plan.Name: nil})
}

// notes are those of a version that this apply makes.
func (j *job) notes() string {
	line := diff.Provenance{Project: j.Identity.Project, Environment: j.Identity.Environment, Commit: j.Commit, Config: j.plan.Wanted.ConfigDigest}
	return diff.Notes(j.want, line, j.Policy)
}

func (j *job) createDraft(ctx context.Context, p *progress) error {
	return j.makeDraft(ctx, p, j.draftBody(j.seen.Current))
}

// draftBody is the body of a draft that starts from base.
func (j *job) draftBody(base *diff.Version) map[string]any {
	return diff.ConfigBody(j.want, j.plan.Wanted, base, j.notes())
}

// makeDraft makes a draft; p.listed are the versions that were there before.
func (j *job) makeDraft(ctx context.Context, p *progress, body map[string]any) error {
	notes, _ := body["notes"].(string)
	var made diff.Version
	err := j.send(ctx, p, write{
		send: func(ctx context.Context) (err error) {
			made, err = j.Remote.CreateDraft(ctx, p.id, body)
			return err
		},
		happened: func(ctx context.Context) (bool, error) {
			fresh := diff.RemoteAgent{ID: p.id}
			if err := readVersions(ctx, j.Remote, &fresh, diff.AskRecent()); err != nil {
				return false, err
			}
			p.lost = true
			ours := j.ourDrafts(p.listed, fresh.Versions, notes)
			if len(ours) == 0 {
				return false, nil
			}
			made = *diff.FindVersion(fresh.Versions, ours[0])
			return true, nil
		},
	})
	if err != nil {
		return err
	}
	p.version = made.Number
	if changes := diff.ConfigMismatch(j.want, made.Content); changes != nil && !made.Content.IsEmpty() {
		return notKept(changes)
	}
	return nil
}

// takeBack deletes the draft that this run made and can't publish because of an
// error: where that was all, it is as if nothing had been written. A draft stays
// where the platform gives no clear answer, and where its publication alone was
// refused: the next apply goes on with it.
func (j *job) takeBack(ctx context.Context, p *progress, because error) error {
	var f Failure
	unclear := errors.As(because, &f) && (f.MayHaveActed() || f.Tries() != 1) || ctx.Err() != nil
	ours := p.version > 0 && diff.FindVersion(p.listed, p.version) == nil
	published := slices.ContainsFunc(j.out.Steps, func(s StepReport) bool { return s.Status == Done && s.Action == diff.Publish })
	if !ours || published || unclear {
		return because
	}
	if err := j.Remote.DeleteDraft(ctx, p.id, p.version); err != nil && !isNotFound(err) {
		return fmt.Errorf("%w (draft v%d may stay: %v)", because, p.version, err)
	}
	p.wrote = j.seen == nil // the agent is this run's own, and stays
	for i := range j.out.Steps {
		switch s := &j.out.Steps[i]; {
		case s.Status != Done || s.Action == diff.Adopt:
		case s.Action == diff.CreateDraft:
			s.Note = "deleted again, since a later step failed"
		default:
			p.wrote = true
		}
	}
	return because
}

// notKept is a config that the platform did not store as it was sent.
func notKept(changes []diff.Change) error {
	return fmt.Errorf("the platform did not keep %s as sent: leave it out, or correct it", paths(changes))
}

func paths(changes []diff.Change) string {
	names := make([]string, len(changes))
	for i, c := range changes {
		names[i] = c.Path
	}
	return strings.Join(names, ", ")
}

func (j *job) updateDraft(ctx context.Context, p *progress, version int) error {
	p.version = version
	body := j.draftBody(diff.FindVersion(j.seen.Versions, version))
	return j.send(ctx, p, write{
		send:     func(ctx context.Context) error { return j.Remote.UpdateDraft(ctx, p.id, version, body) },
		happened: func(ctx context.Context) (bool, error) { return j.draftHolds(ctx, p.id, version) },
	})
}

// deleteDraft removes a draft that an earlier apply left.
func (j *job) deleteDraft(ctx context.Context, p *progress, version int) error {
	return j.sendDelete(ctx, p, write{
		send:     func(ctx context.Context) error { return j.Remote.DeleteDraft(ctx, p.id, version) },
		happened: func(ctx context.Context) (bool, error) { return j.draftGone(ctx, p.id, version) },
	})
}

// publish makes the version that the step names live, else the draft of this
// run. For a new agent that is its first version, which some platforms have
// published when they created it.
func (j *job) publish(ctx context.Context, p *progress, named *int) (note string, err error) {
	version := p.version
	if named != nil {
		version = *named
	}
	if version == 0 {
		live, first, err := j.firstVersion(ctx, p)
		p.version = first
		if err != nil || live {
			return fmt.Sprintf("v%d went live when the agent was created", first), err
		}
		version = first
	} else if p.wrote || named == nil { // else it was read a moment ago
		if err := j.beforeLive(ctx, p, version); err != nil {
			return "", err
		}
	}
	p.version = version
	isIt := func(live *diff.Version) bool { return live.Number == version }
	happened := func(ctx context.Context) (bool, error) { return j.isLive(ctx, p.id, isIt) }
	err = j.send(ctx, p, write{
		send:     func(ctx context.Context) error { return j.Remote.Publish(ctx, p.id, version) },
		happened: happened,
	})
	if err != nil && !mayHaveActed(err) { // refused, perhaps since somebody has published it already
		if live, lookErr := happened(ctx); lookErr == nil && live {
			return "", nil
		}
	}
	return "", err
}

// firstVersion finds a new agent's first version, and reports whether it is
// live.
func (j *job) firstVersion(ctx context.Context, p *progress) (live bool, number int, err error) {
	fresh := diff.RemoteAgent{ID: p.id}
	_, err = j.eventually(ctx, func(ctx context.Context) (bool, error) {
		err := j.readVersions(ctx, &fresh)
		return len(fresh.Versions) > 0, notYet(err)
	})
	if err != nil {
		return false, 0, err
	}
	p.listed, p.listedTo = fresh.Versions, fresh.ListedTo
	if current := fresh.Current; current != nil {
		if changes := diff.ConfigMismatch(j.want, current.Content); changes != nil {
			j.expectLive(p.id, current)
			return false, 0, notKept(changes)
		}
		p.live = current
		return true, current.Number, nil
	}
	for _, v := range fresh.Versions {
		if v.IsDraft() && diff.ConfigMismatch(j.want, v.Content) == nil {
			return false, v.Number, nil
		}
	}
	return false, 0, errors.New("the new agent has no version with the wanted config; plan again")
}

// expectLive remembers in the lock that what is live is this apply's own, though
// not what was wanted: the next plan does not take it for somebody's change.
func (j *job) expectLive(id string, live *diff.Version) {
	entry := j.marked
	entry.AgentID, entry.AgentName, entry.Unfinished = id, j.want.AgentName, true
	entry.Expect = append(slices.Clone(entry.Expect), diff.LiveDigest(j.want, live))
	j.remember(&entry)
}

func (j *job) rollback(ctx context.Context, p *progress, to int) error {
	target := diff.FindVersion(j.seen.Versions, to)
	if p.wrote { // else it was read a moment ago
		if err := j.beforeLive(ctx, p, to); err != nil {
			return err
		}
	}
	isIt := func(live *diff.Version) bool { return diff.SameContent(live, target) }
	return j.send(ctx, p, write{
		send:     func(ctx context.Context) error { return j.Remote.Rollback(ctx, p.id, to) },
		happened: func(ctx context.Context) (bool, error) { return j.isLive(ctx, p.id, isIt) },
	})
}

func (j *job) updateService(ctx context.Context, p *progress, service string) error {
	body := diff.ServiceBody(j.plan.Wanted, service)
	isIt := func(live *diff.Version) bool { return diff.HoldsSection(j.plan.Wanted, service, live) }
	return j.send(ctx, p, write{
		send:     func(ctx context.Context) error { return j.Remote.UpdateService(ctx, p.id, service, body) },
		happened: func(ctx context.Context) (bool, error) { return j.isLive(ctx, p.id, isIt) },
	})
}

func (j *job) createItem(ctx context.Context, p *progress, step diff.Step) (note string, err error) {
	if slices.ContainsFunc(p.with, func(s diff.Step) bool { return s.ID == step.ID }) {
		return "went with the create of the agent", nil
	}
	kind := kindOf(step.Action)
	body := diff.ItemBody(kind, kind.Find(j.plan.Wanted.Items(kind), step.Target))
	return "", j.send(ctx, p, write{
		send:     func(ctx context.Context) error { return j.Remote.CreateItem(ctx, p.id, kind.Section, body) },
		happened: func(ctx context.Context) (bool, error) { return j.itemMade(ctx, p.id, kind, step.Target) },
	})
}

func (j *job) updateItem(ctx context.Context, p *progress, step diff.Step) error {
	kind := kindOf(step.Action)
	body := diff.ChangeBody(kind.Section, step.Changes)
	return j.send(ctx, p, write{
		send: func(ctx context.Context) error {
			return j.Remote.UpdateItem(ctx, p.id, kind.Section, step.Target, body)
		},
		happened: func(ctx context.Context) (bool, error) {
			have, err := j.item(ctx, p.id, kind, step.Target)
			return err == nil && !have.IsEmpty() && diff.Holds(step.Changes, have), err
		},
	})
}

func (j *job) deleteItem(ctx context.Context, p *progress, step diff.Step) error {
	kind := kindOf(step.Action)
	return j.sendDelete(ctx, p, write{
		send: func(ctx context.Context) error { return j.Remote.DeleteItem(ctx, p.id, kind.Section, step.Target) },
		happened: func(ctx context.Context) (bool, error) {
			have, err := j.item(ctx, p.id, kind, step.Target)
			return err == nil && have.IsEmpty(), err
		},
	})
}
