package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// maxAsked is how many commits are offered to Change.Applied.
const maxAsked = 30

// Change narrows a plan to what a commit changes, and to what earlier ones asked
// for that nothing says to be applied (design section 6). Both are known from
// files and git, so that the platform is asked for those agents alone:
//
//   - What changes: the agents that want something else than at a base commit.
//     Where the clone does not have it, those that were reviewed.
//   - What was left: the agents for which the lock does not hold the digest of
//     their manifest, and which have changed since the last commit all of which
//     is known to be applied. The lock needs no history, and is enough where it
//     is committed; without it, and without such a commit, every agent counts.
type Change struct {
	// Into is a commit of the branch that HEAD is to be merged into, of a pull
	// request or a merge group: the base is where HEAD left it. "" elsewhere.
	Into string
	// Before is the commit that the branch was at before a push. The base is
	// HEAD's first parent where it is "" or not in the clone.
	Before   string
	Reviewed []string // agents that the reviewed plan has steps for
	// Applied returns, of commits of the branch, newest first, the first of
	// which all is applied at this address; "" where nothing says so. It is asked
	// where the lock leaves something open.
	Applied func(ctx context.Context, commits []string, address string) string
}

// About is which agents the plan of a Change is about, and why.
type About struct {
	Planned int      // agents that the plan is about
	Others  int      // agents that were asked for, and that it is not about
	Left    []string // of those planned, the ones that an earlier commit asked for
	// Unknown says that nothing tells whether Left were applied.
	Unknown bool
	// Why says why it is not known what the commit changes; "" where it is.
	Why string
}

// of narrows what is said to these agents, of all that could be planned, and
// returns the plan's targets. A plan of all is like any other: its targets are
// those that were asked for.
func (a *About) of(planned, all, asked []string) (targets []string) {
	a.Planned, a.Others = len(planned), len(all)-len(planned)
	a.Left = slices.DeleteFunc(a.Left, func(name string) bool { return !slices.Contains(planned, name) })
	if a.Others == 0 {
		return asked
	}
	return planned
}

// changed returns the agents that the plan of a change is about, sorted and never
// nil.
func (p *Project) changed(ctx context.Context, c *Change, memory diff.Memory, address string, prune bool) ([]string, *About, error) {
	about := &About{}
	repo, head, err := openHead(ctx, p.opt.Dir)
	if err != nil {
		about.Why = whyNot(err)
		return changedFrom(nil, p.Project, memory), about, ctx.Err()
	}
	names := map[string]bool{}
	start := head
	base, err := c.base(ctx, repo, head)
	if err == nil {
		err = p.addChanged(ctx, repo, base, memory, names)
	}
	if err == nil && c.Into != "" {
		start = base
	}
	if err != nil {
		about.Why = whyNot(err)
		for _, agent := range p.Agents {
			names[agent.Name] = slices.Contains(c.Reviewed, agent.Name)
		}
		maps.DeleteFunc(names, func(_ string, is bool) bool { return !is })
	}
	left := p.unapplied(memory, address, prune || about.Why != "")
	left = slices.DeleteFunc(left, func(name string) bool { return names[name] })
	if len(left) > 0 {
		about.Left, about.Unknown = p.stillLeft(ctx, c, repo, start, memory, address, left)
	}
	for _, name := range about.Left {
		names[name] = true
	}
	return append([]string{}, value.SortedKeys(names)...), about, ctx.Err()
}

// whyNot is an error and its way out in one line.
func whyNot(err error) string {
	text := err.Error()
	if hint := HintOf(err); hint != "" {
		text += "; " + hint
	}
	return text
}

// base is the commit that HEAD is compared with.
func (c *Change) base(ctx context.Context, repo *git.Repo, head string) (string, error) {
	if c.Into != "" {
		tip, err := repo.Commit(ctx, c.Into)
		if err != nil {
			return "", err
		}
		return repo.Fork(ctx, tip, head)
	}
	if before, err := repo.Commit(ctx, c.Before); err == nil {
		return before, nil
	}
	return repo.Commit(ctx, head+"^1")
}

// addChanged adds the agents that a plan may see otherwise than at a commit.
func (p *Project) addChanged(ctx context.Context, repo *git.Repo, commit string, memory diff.Memory, names map[string]bool) error {
	changed, err := p.changedAt(ctx, repo, commit, commit, memory)
	for _, name := range changed {
		names[name] = true
	}
	return err
}

// unapplied are the agents for which the lock does not say that they are what
// their manifests want; with orphans, those that it knows and no manifest too.
func (p *Project) unapplied(memory diff.Memory, address string, orphans bool) []string {
	env := p.Environment
	env.BaseURL = address
	wanted := map[string]bool{}
	var out []string
	for i := range p.Agents {
		agent := &p.Agents[i]
		wanted[agent.Name] = true
		m := memory[agent.Name]
		if m.AgentID == "" || m.Unfinished || m.Smoke != nil || m.Wants != env.Wants(agent) {
			out = append(out, agent.Name)
		}
	}
	for _, key := range value.SortedKeys(memory) {
		if !wanted[key] && orphans {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// stillLeft drops from left the agents that are as they were at a commit all of
// which is applied, and says whether no such commit is known. Orphans stay: the
// lock would not know them.
func (p *Project) stillLeft(ctx context.Context, c *Change, repo *git.Repo, start string, memory diff.Memory, address string, left []string) (_ []string, unknown bool) {
	applied := ""
	if c.Applied != nil {
		applied = c.Applied(ctx, repo.FirstParents(ctx, start, maxAsked), address)
	}
	since := map[string]bool{}
	if applied == "" || p.addChanged(ctx, repo, applied, memory, since) != nil {
		return left, true
	}
	for key := range memory {
		since[key] = since[key] || !slices.ContainsFunc(p.Agents, func(a spec.Agent) bool { return a.Name == key })
	}
	return slices.DeleteFunc(left, func(name string) bool { return !since[name] }), false
}
