package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	gosync "sync"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/edit"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/lock"
)

// ImportOptions say what is taken from the platform.
type ImportOptions struct {
	IDs        []string // agents by their ids; nil takes all that the platform lists
	Force      bool     // replace files that are there
	SplitBases bool     // move what all have in common into a Base
	History    string   // a branch for the versions; "" for none
	Authors    Authors  // who the ids in created_by are
	// Shard is the part of all that the platform lists that is taken, by their ids.
	// What keys they get all of them decide. nil takes all.
	Shard *diff.Shard
}

// Imported is what an import has done.
type Imported struct {
	Began   bool // the project is new
	Agents  []ImportedAgent
	Same    int      // agents that were in git and in the lock file as they are
	Files   int      // written
	Told    []string // agents that were passed over, and why
	Failed  []string // agents that were asked for and could not be taken, and why
	History *History // nil without ImportOptions.History
}

// ImportedAgent is an agent that is in git and in the lock file now.
type ImportedAgent struct {
	Key, Name, ID string
	Files         []string    // its own, written now or there already
	Left          []edit.Left // what stays with the platform
}

// importing is one run of Import.
type importing struct {
	*Project
	in      ImportOptions
	root    *os.Root // the project's folder
	store   *lock.Store
	memory  diff.Memory
	found   []*found // those that can be taken, by their ids
	outcome *Imported

	mu      gosync.Mutex
	seen    map[string]*found              // by id: all that were read
	unknown map[string]map[string][]string // by id: names of fields that agentsync doesn't know, by section
}

// found is an agent of the platform that can be taken.
type found struct {
	*diff.RemoteAgent        // agent_name without the environment's suffix
	fullName          string // and with it
	key               string
	take              taking
	written           *edit.Written
	unwritable        error
	other             bool // of another part: only its key counts
}

// taking is what is taken of an agent.
type taking int

const (
	takeFiles taking = iota // its files are written, and its entry in the lock
	takeLock                // its manifest says what the platform has, and the lock lacks it
	takeNone
)

// whole is the agent as the platform has it, without its version list.
func (f *found) whole() *diff.RemoteAgent {
	r := *f.RemoteAgent
	r.Fields, r.Versions = r.Fields.With("agent_name", value.Of(f.fullName)), nil
	return &r
}

func (f *found) files() []edit.File { return f.written.Files(f.key) }

// Import writes agents of the platform as manifests and prompt files, and into
// the lock file, so that a plan of them is empty. It never changes the
// platform. Before anything is written, all is known to be valid, and no file
// is replaced without Force. What could not be taken stands in Imported.
func Import(ctx context.Context, opt Options, in ImportOptions) (*Imported, error) {
	project, problems, err := Load(ctx, opt, Source{Empty: true})
	switch {
	case err != nil:
		return nil, err
	case project == nil:
		return nil, problems
	}
	m := &importing{Project: project, in: in, outcome: &Imported{}, seen: map[string]*found{}, unknown: map[string]map[string][]string{}}
	branch, err := m.openBranch(ctx)
	if err != nil {
		return nil, err
	}
	if m.root, err = os.OpenRoot(opt.Dir); err != nil {
		return nil, fmt.Errorf("open the project: %w", err)
	}
	defer m.root.Close()
	_, missing := m.root.Lstat("agentsync.yaml")
	if m.outcome.Began = len(project.Agents) == 0 && errors.Is(missing, fs.ErrNotExist); m.outcome.Began {
		m.Name = projectName(opt.Dir)
	}
	if err := m.read(ctx); err != nil {
		return nil, err
	}
	if err := m.write(ctx); err != nil {
		return nil, err
	}
	if branch != nil {
		m.outcome.History, err = m.addHistory(ctx, branch)
	}
	return m.outcome, err
}

// read reads the platform, and finds what can be taken.
func (m *importing) read(ctx context.Context) error {
	var err error
	if m.store, err = m.openLock(); err != nil {
		return err
	}
	m.memory = sync.ToMemory(m.store.Entries()).Rekey(m.Agents)
	if m.Environment.BaseURL, err = m.address(); err != nil {
		return err
	}
	remote, done, err := m.connect(indus.Options{VersionItems: true, Unknown: m.noteUnknown})
	if err != nil {
		return err
	}
	defer done()
	agents, err := sync.ReadFleet(ctx, remote, sync.Fleet{IDs: m.in.IDs, Versions: m.in.History != "",
		Parallelism: m.opt.Parallelism, Progress: m.opt.Progress, Seen: m.see, Shard: m.in.Shard})
	if errors.Is(err, sync.ErrUnlisted) {
		return Errorf(Failed, "name the agents instead, by the ids in the addresses of their dashboard pages: agentsync import AGT_…",
			"%w, so --all can't find them", err)
	}
	if err != nil {
		return err
	}
	m.sift(agents)
	return nil
}

// see writes an agent, while others are read.
func (m *importing) see(r *diff.RemoteAgent) {
	f := &found{fullName: nameOf(r)}
	bare, _ := strings.CutSuffix(f.fullName, m.Environment.NameSuffix)
	agent := *r
	agent.Fields = agent.Fields.With("agent_name", value.Of(bare))
	agent.Unknown = m.unknownOf(r.ID)
	f.RemoteAgent = &agent
	f.written, f.unwritable = edit.Write(asWritten(&agent, agent.Current), differs(&agent))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[r.ID] = f
}

// noteUnknown notes fields of an agent that agentsync doesn't know; each answer
// may name them again.
func (m *importing) noteUnknown(id, section string, names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unknown[id] == nil {
		m.unknown[id] = map[string][]string{}
	}
	all := append(m.unknown[id][section], names...)
	slices.Sort(all)
	m.unknown[id][section] = slices.Compact(all)
}

func (m *importing) unknownOf(id string) map[string][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.unknown[id]
}

// asWritten is an agent as edit.Write takes it, with the config of a version.
// Of the live one the agent's own outcomes and infields count, and of others
// those that it was published with.
func asWritten(r *diff.RemoteAgent, v *diff.Version) edit.Agent {
	a := edit.Agent{Fields: r.Fields, Outcomes: r.Outcomes, Infields: r.Infields, Unknown: r.Unknown}
	if v != nil {
		a.Config = v.Content
	}
	if a.Outcomes == nil {
		a.Outcomes = []value.Value{}
	}
	if a.Infields == nil {
		a.Infields = []value.Value{}
	}
	return a
}

// planOf is what a plan of a manifest for this agent would do; ok is false where
// there can't be one. The version list is not asked: a difference is one whatever
// older version it would go back to.
func planOf(want spec.Agent, r *diff.RemoteAgent) (plan diff.AgentPlan, ok bool) {
	seen := *r
	seen.Versions = nil
	all, problems := diff.Compute(diff.Input{
		Policy: spec.DefaultPolicy(), Agents: []spec.Agent{want}, Memory: diff.Memory{want.Name: {AgentID: r.ID}},
		Remote: diff.Remote{Agents: map[string]*diff.RemoteAgent{want.Name: &seen}},
	})
	if len(problems) > 0 {
		return plan, false
	}
	return all.Agents[0], true
}

// differs says in which paths a manifest is not what the platform has: what a
// plan would change.
func differs(r *diff.RemoteAgent) func(spec.Agent) []string {
	return func(want spec.Agent) []string {
		var paths []string
		plan, _ := planOf(want, r)
		for _, step := range plan.Steps {
			section := step.Action.Facts().Section
			if section == spec.SectionOutcomes || section == spec.SectionInfields {
				paths = append(paths, section)
				continue
			}
			for _, change := range step.Changes {
				paths = append(paths, section+"."+change.Path)
			}
		}
		return paths
	}
}

// write puts the files and the lock's entries where they belong, or nothing.
func (m *importing) write(ctx context.Context) error {
	m.keep()
	if err := m.leaveOverridden(ctx); err != nil {
		return err
	}
	written, locked := m.with(takeFiles), append(m.with(takeFiles), m.with(takeLock)...)
	if len(locked) == 0 {
		return nil
	}
	files, err := m.files(written)
	if err != nil {
		return err
	}
	project, err := m.check(ctx, files, written)
	if err != nil {
		return err
	}
	release, waited, err := m.wait(ctx, m.store) // an apply that is at work in this folder
	if err != nil {
		return err
	}
	defer release()
	if waited {
		return Errorf(Failed, "import again", "the other apply has ended, and what was read before may be old: nothing was written")
	}
	if err := writeFiles(m.root, files); err != nil {
		return err
	}
	m.outcome.Files = len(files)
	wanted := map[string]spec.Agent{}
	for _, a := range project.Agents {
		wanted[a.Name] = a
	}
	entries := map[string]*lock.Entry{}
	for _, f := range locked {
		agent := ImportedAgent{Key: f.key, Name: f.fullName, ID: f.ID, Files: []string{wanted[f.key].Pos.File}}
		if f.take == takeFiles {
			agent.Left, agent.Files = f.written.Left, paths(f.files())
		}
		m.outcome.Agents = append(m.outcome.Agents, agent)
		entry := sync.Verified(m.Environment, lock.Entry(m.memory[f.key]), wanted[f.key], f.whole())
		entries[f.key] = &entry
	}
	m.store.PutLater(entries)
	return m.store.Flush()
}

// leaveOverridden fails the agents of which an override of the environment says
// something else than the platform has: an apply would publish that without a word
// about drift.
func (m *importing) leaveOverridden(ctx context.Context) error {
	taken := m.with(takeFiles)
	if m.outcome.Began || len(taken) == 0 {
		return nil
	}
	var files []edit.File
	for _, f := range taken {
		files = append(files, f.files()...)
	}
	project, _ := loadSpec(ctx, spec.LoadOptions{Dir: m.opt.Dir, Env: m.opt.Env(), FS: edit.Overlay(m.root.FS(), files)})
	if ctx.Err() != nil || project == nil { // check tells what is wrong
		return ctx.Err()
	}
	for _, f := range taken {
		want := manifestOf(project.Agents, f.key)
		if want == nil {
			continue
		}
		if paths := differs(f.whole())(*want); len(paths) > 0 {
			slices.Sort(paths)
			f.take = takeNone
			m.failed("%s: an override of environment %q says something else than the platform has, which an apply would publish: %s\n  hint: %s",
				quoted(f.fullName, f.ID), m.Environment.Name, listed(slices.Compact(paths)),
				"leave the agent out of that override in agentsync.yaml, or give it one of its own that says what the platform has, then import again")
		}
	}
	return nil
}

// with are the agents of which so much is taken.
func (m *importing) with(take taking) []*found {
	return slices.DeleteFunc(slices.Clone(m.found), func(f *found) bool { return f.take != take })
}

func paths(files []edit.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Path)
	}
	return out
}

// check loads the project as it will be with the files, so that nothing is
// written that does not validate.
func (m *importing) check(ctx context.Context, files []edit.File, written []*found) (*spec.Project, error) {
	project, problems := loadSpec(ctx, spec.LoadOptions{Dir: m.opt.Dir, Env: m.opt.Env(), FS: edit.Overlay(m.root.FS(), files)})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case project == nil:
		m.opt.Message("the project would not be valid with what is imported, so nothing was written:")
		return nil, problems
	}
	for _, f := range written {
		at := edit.ManifestPath(f.key)
		if manifestOf(project.Agents, f.key) == nil {
			return nil, Errorf(Failed, "add agents/*.yaml to `manifests` in agentsync.yaml", "%s would not be read: no pattern of the project matches it, so nothing was written", at)
		}
	}
	return project, nil
}

// quoted is an agent as messages name it.
func quoted(name, id string) string { return fmt.Sprintf("%q (%s)", name, id) }

func joinIDs(agents []sync.FleetAgent) string {
	var ids []string
	for _, a := range agents {
		ids = append(ids, a.ID)
	}
	return strings.Join(ids, ", ")
}
