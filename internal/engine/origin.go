package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	gosync "sync"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// identity is who this project's applies are, in the environment that was
// loaded.
func (p *Project) identity() diff.Identity {
	return diff.Identity{Project: p.Name, Environment: p.Environment.Name, Formerly: p.Formerly, FormerlyEnvironment: p.Environment.Formerly}
}

// origins asks git about the commits that provenance lines name. Each commit is
// asked about once: its manifests are read for that.
type origins struct {
	project *Project

	mu      gosync.Mutex
	repo    *git.Repo // nil where git can't be asked
	opened  bool
	commits map[string]*origin // by commit and environment
}

// origin is what git says of one commit.
type origin struct {
	answer git.Answer
	agents map[string]spec.Agent // by key; nil when its manifests can't be read
}

// of says where a live version comes from, for diff.Input.
func (o *origins) of(ctx context.Context, key string, live *diff.Version, line diff.Provenance) diff.Origin {
	o.mu.Lock()
	defer o.mu.Unlock()
	commit, _ := strings.CutSuffix(line.Commit, "+")
	from := o.commit(ctx, commit, line.Environment)
	want, there := from.agent(o.project.Agents, key)
	switch {
	case from.answer == git.No:
		return diff.OriginBranch
	case from.answer == git.Unknown || from.agents == nil:
		return diff.OriginUnknown
	case there && diff.ConfigMismatch(want, live.Content) == nil && (want.Config.Len() > 0 || want.Passthrough.Len() > 0):
		return diff.OriginWanted
	default:
		return diff.OriginOther
	}
}

// agent is what the commit's manifests want of the agent that has this key now:
// it may have had another one then, and is the one with its name.
func (o *origin) agent(now []spec.Agent, key string) (want spec.Agent, there bool) {
	if want, there = o.agents[key]; there {
		return want, true
	}
	for i := range now { // names alone: the rest may be forgotten at any time
		if now[i].Name != key {
			continue
		}
		for _, was := range o.agents {
			if was.AgentName == now[i].AgentName || slices.Contains(now[i].PreviousNames, was.AgentName) {
				return was, true
			}
		}
	}
	return want, false
}

// commit asks git about a commit, in 12 hex digits. Its manifests are read for
// the environment as the line names it: it may have been called otherwise then.
func (o *origins) commit(ctx context.Context, commit, environment string) *origin {
	opt := o.project.opt
	if slices.Contains(o.project.Environment.Formerly, environment) {
		opt.Environment = environment
	}
	key := commit + " " + opt.Environment
	if known := o.commits[key]; known != nil {
		return known
	}
	out := &origin{}
	if o.commits == nil {
		o.commits = map[string]*origin{}
	}
	o.commits[key] = out
	if !o.opened {
		o.opened = true
		o.repo, _ = git.Open(ctx, opt.Dir)
	}
	if o.repo == nil || commit == diff.NoCommit {
		return out
	}
	out.answer = o.repo.IsAncestor(ctx, commit)
	full, found := o.repo.Find(ctx, commit)
	if out.answer != git.Yes || !found {
		return out
	}
	was, _, err := opt.atCommit(ctx, o.repo, full, spec.LoadOptions{Past: true, Cache: o.project.cache})
	if err != nil || was == nil {
		return out
	}
	out.agents = map[string]spec.Agent{}
	for _, agent := range was.Agents {
		out.agents[agent.Name] = agent
	}
	return out
}

// stamp is what the versions of an apply say of their commit (diff.Provenance):
// with a + where a file that the agents with steps come from is not as HEAD has
// it.
func (p *Planned) stamp(ctx context.Context) string {
	opt := p.project.opt
	repo, err := git.Open(ctx, opt.Dir)
	if err == nil {
		var head git.Head
		if head, err = repo.Head(ctx, p.files()...); err == nil {
			if head.Dirty {
				return head.Short() + "+"
			}
			return head.Short()
		}
	}
	if sha := opt.Getenv("GITHUB_SHA"); len(sha) == 40 && !errors.Is(err, git.ErrNoRepository) {
		opt.Message("warning: git can't be asked (%v): versions will name the workflow's commit %.12s, whatever the files hold", err, sha)
		return sha[:12]
	}
	if !errors.Is(err, git.ErrNoRepository) && !errors.Is(err, git.ErrNoCommit) && !errors.Is(err, git.ErrNoGit) {
		opt.Message("warning: git can't be asked (%v): versions will name no commit", err)
	}
	return diff.NoCommit
}

// files are those that the agents with steps come from, sorted.
func (p *Planned) files() []string {
	steps := map[string]bool{}
	for _, agent := range p.Plan.Agents {
		steps[agent.Name] = len(agent.Steps) > 0
	}
	var files []string
	for i := range p.in.Agents {
		if agent := &p.in.Agents[i]; steps[agent.Name] {
			files = append(files, filesOf(agent)...)
		}
	}
	slices.Sort(files)
	return slices.Clip(slices.Compact(files))
}

// filesOf are those that an agent comes from, sorted: what gives its values, and
// its prompts.
func filesOf(agent *spec.Agent) []string {
	files := map[string]bool{agent.Pos.File: true}
	for _, file := range agent.Positions.Files() {
		files[file] = true
	}
	for _, segments := range agent.Sources {
		for _, s := range segments {
			files[s.File] = true
		}
	}
	delete(files, "")
	return value.SortedKeys(files)
}
