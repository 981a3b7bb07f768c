package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/edit"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/lock"
)

// RollbackOptions say what a rollback is about.
type RollbackOptions struct {
	Name string // of an agent with a manifest
	// To is what goes live again: "7" or "v7", a commit, or "previous", which is
	// what was live before, whatever its number.
	To    string
	Force bool // write into files with uncommitted changes
	Apply bool // plan it as well, for the platform
}

// Rollback is the way back to a version: files that want its config, and with
// Apply a plan that makes it live. Nothing is written yet.
type Rollback struct {
	Name, AgentName, ID string
	Version             int           // what is to be live
	Files               []edit.Change // none where they want it already
	Notes               []string      // what whoever does it should know
	AsPlanned           bool          // what changes in Files is what Planned changes on the platform
	// Planned has one rollback step, and is of the config alone: the agent's fields,
	// outcomes and infields stay as they are on the platform. It is nil without
	// Apply. Where an apply of the agent did not end, it is the plan of the whole
	// agent, and goes on with that; it may then be empty.
	Planned *Planned

	project *Project
	remote  *atOnce
	done    func()
}

// Close ends the connection.
func (r *Rollback) Close() { r.done() }

// Rollback reads the agent's history, finds what it is to go back to, and works
// out what files and platform must become. It reads each thing once: where the
// lock knows the agent and the version is a recent one, an apply of it costs at
// most 8 requests, a login among them, and one write where no outcome or infield
// needs setting right (design section 7). Close must be called on what it returns.
func (p *Project) Rollback(ctx context.Context, opt RollbackOptions) (_ *Rollback, err error) {
	if err := p.knows([]string{opt.Name}); err != nil {
		return nil, err
	}
	want := *manifestOf(p.Agents, opt.Name)
	if err := canRollBack(want, opt); err != nil {
		return nil, err
	}
	out := &Rollback{Name: want.Name, project: p}
	past, err := p.pastThrough(ctx, func(client *indus.Client, memory diff.Memory) sync.Remote {
		out.remote = &atOnce{Remote: client, memory: memory}
		return out.remote
	})
	if err != nil {
		return nil, err
	}
	out.done = past.Close
	if err = out.prepare(ctx, past, want, opt); err != nil {
		past.Close()
		return nil, err
	}
	return out, nil
}

// canRollBack refuses what the manifest itself forbids.
func canRollBack(want spec.Agent, opt RollbackOptions) error {
	switch {
	case want.Lifecycle.Absent:
		return Errorf(Failed, "take lifecycle.state out of its manifest first", "%s is to be absent", want.Name)
	case want.Release.Mode == "draft" && !opt.Apply:
		return Errorf(Failed, "rollback --apply makes the version live at once",
			"release.mode of %s is draft: an apply of these files would not make the version live", want.Name)
	}
	return nil
}

func (r *Rollback) prepare(ctx context.Context, past *Past, want spec.Agent, opt RollbackOptions) error {
	agent, err := past.Agent(ctx, want.Name)
	if err != nil {
		return err
	}
	r.ID, r.AgentName = agent.agent.ID, agent.agent.Fields.Get("agent_name").Text()
	memory := past.memory[want.Name]
	target, err := agent.goesBackTo(ctx, opt, memory)
	if err != nil {
		return err
	}
	r.Version = target.Number
	var live value.Value
	if agent.current != nil {
		live = agent.current.Content
	}
	back := diff.TakeConfig(want, live, target.Content.Config)
	after := back
	if want.Release.Version > 0 { // the pin alone says what is live, whatever config says
		after = want
		after.Release.Version = r.Version
	}
	if err := r.edit(ctx, after, opt.Force); err != nil {
		return err
	}
	r.AsPlanned = opt.Apply && want.Release.Version == 0 && agent.current != nil && diff.ConfigMismatch(want, live) == nil
	if opt.To == "previous" && !agent.timeline.Whole {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: v%d was live before, as far as is known: older versions were not read, and one that was brought back meanwhile shows with agentsync history %s --limit 0",
			r.Name, r.Version, r.Name))
	}
	if err := r.tellItems(ctx, agent, target); err != nil || !opt.Apply {
		return err
	}
	return r.plan(ctx, want, after, back, memory)
}

// goesBackTo is the version that is to be live: of an apply that did not end, it
// may be live already. Otherwise what is live already is an error, and so is a draft.
func (a *AgentPast) goesBackTo(ctx context.Context, opt RollbackOptions, memory diff.Remembered) (*history.Version, error) {
	if _, err := a.Read(ctx, func(t *history.Timeline) bool { return len(t.Versions) >= diff.Recent }); err != nil {
		return nil, err
	}
	unfinished := opt.Apply && memory.Unfinished && a.current != nil
	if unfinished && opt.To == "previous" && a.broughtBack(memory) {
		return a.timeline.Find(a.current.Number), nil
	}
	target, err := a.target(ctx, opt.To)
	switch {
	case err != nil:
		return nil, err
	case target.Status == "draft":
		return nil, Errorf(Failed, "agentsync apply publishes a draft that git wants",
			"v%d of %s is a draft, and was never live", target.Number, a.key)
	case a.current == nil:
		return target, nil
	}
	same := value.Equal(target.Content.Config, a.current.Content)
	if !same && target.Number != a.current.Number || same && unfinished {
		return target, nil
	}
	return nil, Errorf(Failed, fmt.Sprintf("agentsync history %s says what was live before", a.key),
		"%s", alreadyLive(a.key, target.Number, a.current.Number))
}

func alreadyLive(name string, version, live int) string {
	if version == live {
		return fmt.Sprintf("v%d of %s is live already", version, name)
	}
	return fmt.Sprintf("what v%d of %s holds is live already, as v%d", version, name, live)
}

// broughtBack reports whether what is live was brought back since the agent was
// last verified: it is an older version than that one, or repeats one. An apply
// that did not end was a rollback then, and has reached the platform. Going on
// with it must not take what was live before, which is what it came from.
func (a *AgentPast) broughtBack(memory diff.Remembered) bool {
	return diff.LiveDigest(a.want, a.current) != memory.Config && a.heldBefore(memory.Version)
}

// edit makes the files want the agent.
func (r *Rollback) edit(ctx context.Context, after spec.Agent, force bool) error {
	results, files, err := r.project.Want(ctx, []spec.Agent{after}, false)
	if err != nil {
		return err
	}
	if err := results[0].Err; err != nil {
		return fmt.Errorf("set the files of %s to v%d: %w", r.Name, r.Version, err)
	}
	r.Files, r.Notes = files, results[0].Notes
	return r.project.CheckCommitted(ctx, files, force, false)
}

// tellItems notes which outcomes and infields are not those that the version went
// live with: they stay as they are.
func (r *Rollback) tellItems(ctx context.Context, agent *AgentPast, target *history.Version) error {
	now, err := agent.liveContent(ctx)
	if err != nil {
		return err
	}
	differs := diff.Compare(now, target.Content, nil)
	for _, kind := range []struct {
		word  string
		items []diff.ItemDifference
	}{{"outcomes", differs.Outcomes}, {"infields", differs.Infields}} {
		var names []string
		for _, item := range kind.items {
			names = append(names, item.Name)
		}
		if len(names) > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf("%s: v%d went live with other %s (%s); they stay as they are",
				r.Name, target.Number, kind.word, listed(names)))
		}
	}
	return nil
}

// plan plans the agent alone: as its files will want it (after) where an apply of it
// did not end, else the version's config (back).
func (r *Rollback) plan(ctx context.Context, before, after, back spec.Agent, memory diff.Remembered) (err error) {
	asked, remote := back, sync.Remote(r.remote)
	if memory.Unfinished {
		asked, remote = after, r.remote.Remote
		asked.Release.Mode = "publish"
	} else {
		asked.Agent, asked.Release = value.NewPatch(nil), spec.Release{Version: r.Version}
		asked.Checks = nil // they look at what was never live
		asked.OutcomesManaged, asked.Outcomes, asked.InfieldsManaged, asked.Infields = false, nil, false, nil
	}
	asked.SmokeCall = nil // no call may bring back what is to go at once
	planned, err := r.project.with(asked).planThrough(ctx, Scope{Targets: []string{r.Name}}, func() (sync.Remote, func(), error) {
		return remote, func() {}, nil
	})
	if err != nil || memory.Unfinished {
		r.Planned = planned
		return err
	}
	steps := planned.Plan.Agents[0].Steps
	if !slices.ContainsFunc(steps, func(s diff.Step) bool { return s.Action == diff.Rollback }) {
		return Errorf(Failed, fmt.Sprintf("agentsync history %s says what was live before", r.Name),
			"what v%d of %s holds is live already", r.Version, r.Name)
	}
	// The pin has found the version. The clone of it that a platform may make live
	// has another number, and is as good.
	planned.in.Agents[0].Release.Version = 0
	keeper := configKeeper{Keeper: planned.store, before: lock.Entry(planned.in.Memory[r.Name])}
	if env := planned.project.Environment; keeper.before.Wants == env.Wants(&before) {
		keeper.wants = env.Wants(&after)
	}
	planned.keeper = keeper
	r.Planned = planned
	return nil
}

// with is the project with an agent in place of its own of that name.
func (p *Project) with(agent spec.Agent) *Project {
	loaded, out := *p.Project, *p
	loaded.Agents = slices.Clone(loaded.Agents)
	for i := range loaded.Agents {
		if loaded.Agents[i].Name == agent.Name {
			loaded.Agents[i] = agent
		}
	}
	out.Project = &loaded
	return &out
}

// Asked says that somebody was asked and may have taken their time: what the plan
// saw is then read again before the write.
func (r *Rollback) Asked() { r.remote.forget() }

// Write writes the files.
func (r *Rollback) Write() error { return WriteFiles(r.project.opt.Dir, r.Files) }
