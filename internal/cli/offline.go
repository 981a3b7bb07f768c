package cli

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/spec"
)

// offlinePlan is plan --base: what the manifests of HEAD change since it left
// ref, from git's objects alone. It needs no credentials, no network and no
// lock file. No targets means all agents.
func (a *app) offlinePlan(ctx context.Context, ref string, targets []string, prune bool) (*diff.Plan, error) {
	if err := a.checkDir(); err != nil {
		return nil, err
	}
	repo, err := git.Open(ctx, a.dir)
	if err != nil {
		return nil, err
	}
	head, tip, base, err := forkOf(ctx, repo, ref)
	if err != nil {
		return nil, err
	}
	a.verbosef("comparing HEAD, %.12s, with %.12s, where it left %s, %.12s", head, base, ref, tip)
	// The working tree comes first: what its files and the commits' have in
	// common is then read from disk, once, which is faster than from git.
	cache := &spec.Cache{}
	tree, _ := load(ctx, spec.LoadOptions{Dir: a.dir, Env: a.environment(), Past: true, Cache: cache})
	now, err := a.headProject(ctx, repo, head, cache)
	if err != nil {
		return nil, err
	}
	was, problems, err := a.commitProject(ctx, repo, base, spec.LoadOptions{Past: true, Cache: cache})
	if err != nil {
		return nil, err
	}
	if was == nil {
		return nil, hintf(fmt.Errorf("the manifests of %s are broken, so there is nothing to compare with:\n%s", named(ref, base), at(base, problems.Errors())),
			"mend them there first, or compare with an older commit")
	}
	a.warnUncommitted(now, tree)

	memory := diff.Recall(was).Rekey(now.Agents)
	if len(targets) == 0 {
		targets = nil
	}
	in, err := scope(now, memory, targets)
	if err != nil {
		return nil, err
	}
	in.Prune = prune || now.Policy.Prune
	return planfile.Seal(diff.Offline(in, was, base)), nil
}

// forkOf gives the commits of HEAD and ref, and the one where HEAD left ref.
func forkOf(ctx context.Context, repo *git.Repo, ref string) (head, tip, fork string, err error) {
	if head, err = repo.Commit(ctx, "HEAD"); err != nil {
		return "", "", "", err
	}
	if tip, err = repo.Commit(ctx, ref); err != nil {
		return "", "", "", err
	}
	fork, err = repo.Fork(ctx, tip, head)
	return head, tip, fork, err
}

// headProject is the project as HEAD has it. Its warnings go to stderr.
func (a *app) headProject(ctx context.Context, repo *git.Repo, head string, cache *spec.Cache) (*spec.Project, error) {
	project, problems, err := a.commitProject(ctx, repo, head, spec.LoadOptions{Cache: cache})
	switch {
	case err != nil:
		return nil, err
	case project == nil:
		return nil, problems
	}
	a.printProblems(a.env.Stderr, problems)
	a.verboseIgnored(project)
	return project, nil
}

// commitProject loads the project as a commit has it; it is nil when problems
// has an error. Of opt, Past and Cache count.
func (a *app) commitProject(ctx context.Context, repo *git.Repo, commit string, opt spec.LoadOptions) (*spec.Project, spec.Problems, error) {
	tree, err := repo.Tree(ctx, commit)
	if err != nil {
		return nil, nil, err
	}
	defer tree.Close()
	if entries, err := fs.ReadDir(tree, "."); err == nil && len(entries) == 0 && !opt.Past {
		return nil, nil, hintf(fmt.Errorf("%.12s has no files in the folder %s", commit, a.dir), "commit them first: only what is committed is compared")
	}
	opt.Dir, opt.Env, opt.FS = a.dir, a.environment(), tree
	project, problems := load(ctx, opt)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if err := tree.Err(); err != nil {
		return nil, nil, fmt.Errorf("read %.12s: %w", commit, err)
	}
	return project, problems, nil
}

// warnUncommitted tells of agents that the working tree wants otherwise than
// HEAD: they are in no commit, so an offline plan does not have them. tree is
// nil when it does not load.
func (a *app) warnUncommitted(head, tree *spec.Project) {
	what := "agentsync.yaml"
	switch {
	case tree == nil:
		a.message("warning: the working tree has uncommitted changes, and its manifests do not load: they are not in this plan")
		return
	case len(spec.Changed(head, tree)) > 0:
		what = listed(spec.Changed(head, tree))
	case tree.Policy == head.Policy && sameAddress(tree.Environment, head.Environment):
		return
	}
	a.message("warning: the working tree has uncommitted changes, which are not in this plan: %s", what)
}

// sameAddress says whether two environments are one account.
func sameAddress(a, b spec.Environment) bool {
	return a.BaseURL == b.BaseURL && a.Credentials == b.Credentials
}

// named is a commit as the user gave it, and which one it is.
func named(ref, commit string) string {
	if strings.HasPrefix(commit, ref) {
		return fmt.Sprintf("%.12s", commit)
	}
	return fmt.Sprintf("%s (%.12s)", ref, commit)
}

// at gives problems of another commit with its id before the files' names, as
// git itself names files of a commit.
func at(commit string, problems spec.Problems) spec.Problems {
	out := make(spec.Problems, len(problems))
	for i, p := range problems {
		if p.Pos.File != "" {
			p.Pos.File = fmt.Sprintf("%.12s:%s", commit, p.Pos.File)
		}
		out[i] = p
	}
	return out
}

// listed names at most ten things.
func listed(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
