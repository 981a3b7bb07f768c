package cli

import (
	"context"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
)

// changedPlan is plan --changed-since: the plan of those agents whose merged
// manifest differs between the commit that ref names and the working tree, just
// as --target would make it; of targets alone, where there are any. When there
// are none, nothing is asked of the platform, not even a login.
func (a *app) changedPlan(ctx context.Context, ref string, targets []string, prune bool) (*diff.Plan, error) {
	cache := &spec.Cache{}
	project, err := a.loadProject(ctx, cache)
	if err != nil {
		return nil, err
	}
	s, err := a.localSession(project)
	if err != nil {
		return nil, err
	}
	defer func() { s.close() }()
	changed, err := s.changedSince(ctx, ref, cache)
	if err != nil {
		return nil, err
	}
	if len(targets) > 0 {
		if _, err := scope(project, s.memory(), targets); err != nil {
			return nil, err
		}
		changed = slices.DeleteFunc(changed, func(name string) bool { return !slices.Contains(targets, name) })
	}
	if len(changed) > 0 {
		a.message("changed since %s: %s", ref, listed(changed))
		err = s.dial()
	} else {
		a.message("no manifest that a plan was asked for has changed since %s", ref)
		err = s.setAddress()
	}
	if err != nil {
		return nil, err
	}
	p, err := s.planOf(ctx, changed, prune)
	if err != nil {
		return nil, err
	}
	return p.plan, nil
}

// changedSince gives the agents, of manifests and lock, that a plan may see
// otherwise than at a commit: sorted, and never nil. What can't be compared
// counts as changed.
func (s *session) changedSince(ctx context.Context, ref string, cache *spec.Cache) ([]string, error) {
	repo, err := git.Open(ctx, s.app.dir)
	if err != nil {
		return nil, err
	}
	commit, err := repo.Commit(ctx, ref)
	if err != nil {
		return nil, err
	}
	was, problems, err := s.app.commitProject(ctx, repo, commit, spec.LoadOptions{Past: true, Cache: cache})
	if err != nil {
		return nil, err
	}
	if was == nil {
		s.app.message("warning: the manifests of %s are broken, so all agents count as changed:", named(ref, commit))
		s.app.printProblems(s.app.env.Stderr, at(commit, problems.Errors()))
	}
	return s.changedFrom(was), nil
}

// changedFrom is changedSince for a project that is loaded; nil is none.
func (s *session) changedFrom(was *spec.Project) []string {
	memory, wanted := s.memory(), map[string]bool{}
	var all []string
	for _, agent := range s.project.Agents {
		wanted[agent.Name] = true
		all = append(all, agent.Name)
	}
	var orphans []string
	for key := range memory {
		if !wanted[key] {
			orphans = append(orphans, key)
		}
	}
	all = append(all, orphans...)
	slices.Sort(all)
	if was == nil || !sameAddress(was.Environment, s.project.Environment) {
		return all
	}
	changed := map[string]bool{}
	for _, name := range spec.Changed(was, s.project) {
		changed[name] = true
	}
	if was.Policy.Prune != s.project.Policy.Prune {
		for _, key := range orphans {
			changed[key] = true
		}
	}
	if was.Policy.Adopt != s.project.Policy.Adopt {
		for name := range wanted {
			changed[name] = changed[name] || memory[name].AgentID == ""
		}
	}
	// A manifest that is gone and that the lock does not know is no agent of ours.
	return slices.DeleteFunc(all, func(name string) bool { return !changed[name] })
}

// memory is what the lock remembers of the project's agents.
func (s *session) memory() diff.Memory {
	return sync.ToMemory(s.lock.Entries()).Rekey(s.project.Agents)
}
