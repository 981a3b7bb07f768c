package engine

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Scope is which agents a plan is about.
type Scope struct {
	Targets []string // keys of agents, or globs of them; without any, all
	None    bool     // no agents at all, as a saved plan may have it
	Prune   bool     // delete orphans, also where the policy does not say so
	// Shard is the part of the fleet whose agents are planned, of all that the rest of
	// the scope asks for; nil for all. What policies count, they count over all.
	Shard *diff.Shard
	// Since is a commit: only agents that want something else than there, of
	// Targets where these are given. When there are none, the platform is asked
	// nothing, not even for a login. "" is for all.
	Since string
	// Change narrows the plan to what a commit changes and what was left before
	// it, of Targets where these are given; nil does not. As with Since, the
	// platform is asked nothing where that is no agent.
	Change *Change
	Keep   Keep
}

// Keep is what stays in memory of an agent once it is planned and matches. Most of
// a large fleet does: its plan takes little more memory than its manifests. With
// another value than KeepAll the project can't be planned again.
type Keep int

const (
	KeepAll     Keep = iota // the manifest, and what the platform answered
	KeepChanges             // what an apply is to remember of it
	KeepPlan                // its line in the plan, which can't be applied
)

// ScopeOf is the scope that a plan was made with.
func ScopeOf(p *diff.Plan) Scope {
	return Scope{Targets: p.Targets, None: p.Targets != nil && len(p.Targets) == 0, Prune: p.Prune, Shard: p.Shard}
}

// targets are the agents' keys as a plan has them: nil for all of them.
func (s Scope) targets() []string {
	switch {
	case s.None:
		return []string{}
	case len(s.Targets) == 0:
		return nil
	}
	return s.Targets
}

// matching returns the targets with each glob, such as "outbound-*", replaced by
// the keys of manifests and memory that it matches; one that matches none stays,
// and is no such agent.
func matching(project *spec.Project, targets []string, memory diff.Memory) []string {
	if !slices.ContainsFunc(targets, isGlob) {
		return targets
	}
	keys := value.SortedKeys(memory)
	for _, agent := range project.Agents {
		keys = append(keys, agent.Name)
	}
	var out []string
	for _, target := range targets {
		before := len(out)
		for _, key := range keys {
			if ok, err := path.Match(target, key); err == nil && ok && isGlob(target) {
				out = append(out, key)
			}
		}
		if len(out) == before {
			out = append(out, target)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func isGlob(target string) bool { return strings.ContainsAny(target, "*?[") }

// choose returns the targets of a plan, nil for all: those that were asked for
// and, with Since or Change, of them those that have changed. About is nil
// without Change.
func (p *Project) choose(ctx context.Context, scope Scope, memory diff.Memory, address string) (targets []string, about *About, err error) {
	asked := matching(p.Project, scope.targets(), memory)
	var changed []string
	switch {
	case scope.Change != nil && !scope.None:
		changed, about, err = p.changed(ctx, scope.Change, memory, address, scope.Prune || p.Policy.Prune)
	case scope.Since != "":
		changed, err = p.changedSince(ctx, scope.Since, memory)
	default:
		return asked, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if asked != nil {
		if _, err := narrow(p.Project, memory, asked, scope.Shard); err != nil {
			return nil, nil, err
		}
		changed = slices.DeleteFunc(changed, func(name string) bool { return !slices.Contains(asked, name) })
	}
	if about != nil {
		all := changedFrom(nil, p.Project, memory)
		if asked != nil {
			all = asked
		}
		return about.of(changed, all, asked), about, nil
	}
	if len(changed) > 0 {
		p.opt.Message("changed since %s: %s", scope.Since, listed(changed))
	} else {
		p.opt.Message("no manifest that a plan was asked for has changed since %s", scope.Since)
	}
	return changed, nil, nil
}

// narrow is a plan's input as far as project, memory, targets and shard (nil for
// all) say it. A target that is neither a manifest nor in memory is an error, of the
// part that it falls into: another may be done with it by now.
func narrow(project *spec.Project, memory diff.Memory, targets []string, shard *diff.Shard) (diff.Input, error) {
	in := diff.Input{Environment: project.Environment, Policy: project.Policy, Memory: memory, Targets: targets, PassedOver: project.PassedOver}
	known := map[string]bool{}
	for _, agent := range project.Agents {
		known[agent.Name] = true
		if targets == nil || slices.Contains(targets, agent.Name) {
			in.Agents = append(in.Agents, agent)
		}
	}
	for _, key := range value.SortedKeys(memory) {
		if !known[key] && (targets == nil || slices.Contains(targets, key)) {
			in.Orphans = append(in.Orphans, key)
		}
		known[key] = true
	}
	for _, target := range targets {
		if !known[target] && (shard == nil || shard.Has(target)) {
			return in, Errorf(Failed, Nearest(target, value.SortedKeys(known)), "--target %s: no such agent", diff.MaskPhones(target))
		}
	}
	in.Known = len(known)
	return takePart(in, shard), nil
}

// known is an error for a name that is the key of no manifest and not in memory.
func known(project *spec.Project, memory diff.Memory, name string) error {
	names := value.SortedKeys(memory)
	for _, agent := range project.Agents {
		names = append(names, agent.Name)
	}
	if slices.Contains(names, name) {
		return nil
	}
	slices.Sort(names)
	return Errorf(Failed, Nearest(name, slices.Compact(names)), "%s: no such agent", diff.MaskPhones(name))
}

// changedSince returns the agents, of manifests and lock, that a plan may see
// otherwise than at a commit: sorted, and never nil. What can't be compared
// counts as changed.
func (p *Project) changedSince(ctx context.Context, ref string, memory diff.Memory) ([]string, error) {
	repo, err := git.Open(ctx, p.opt.Dir)
	if err != nil {
		return nil, err
	}
	commit, err := repo.Commit(ctx, ref)
	if err != nil {
		return nil, err
	}
	return p.changedAt(ctx, repo, ref, commit, memory)
}

// changedAt is changedSince for a commit, which the user knows as ref.
func (p *Project) changedAt(ctx context.Context, repo *git.Repo, ref, commit string, memory diff.Memory) ([]string, error) {
	was, problems, err := p.opt.atCommit(ctx, repo, commit, spec.LoadOptions{Past: true, Cache: p.cache})
	if err != nil {
		return nil, err
	}
	if was == nil {
		p.opt.Message("warning: the manifests of %s are broken, so all agents count as changed:", named(ref, commit))
		p.opt.Problems(Located(problems.Errors(), commit[:12]+":"))
	}
	return changedFrom(was, p.Project, memory), nil
}

// changedFrom is changedSince for projects that are loaded; was may be nil.
func changedFrom(was, now *spec.Project, memory diff.Memory) []string {
	wanted := map[string]bool{}
	all := []string{}
	for _, agent := range now.Agents {
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
	if was == nil || !sameAddress(was.Environment, now.Environment) {
		return all
	}
	changed := map[string]bool{}
	for _, name := range spec.Changed(was, now) {
		changed[name] = true
	}
	if was.Policy.Prune != now.Policy.Prune {
		for _, key := range orphans {
			changed[key] = true
		}
	}
	if was.Policy.Adopt != now.Policy.Adopt {
		for name := range wanted {
			changed[name] = changed[name] || memory[name].AgentID == ""
		}
	}
	// A manifest that is gone and that the lock does not know is no agent of ours.
	return slices.DeleteFunc(all, func(name string) bool { return !changed[name] })
}

// sameAddress says whether two environments are one account.
func sameAddress(a, b spec.Environment) bool {
	return a.BaseURL == b.BaseURL && a.Credentials == b.Credentials
}
