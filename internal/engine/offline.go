package engine

import (
	"context"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/spec"
)

// Offline is the plan of what the manifests of HEAD change since it left ref,
// from git's objects alone. It needs no credentials, no network and no lock
// file, and can't be applied.
func Offline(ctx context.Context, opt Options, ref string, scope Scope) (*diff.Plan, error) {
	if err := checkDir(opt.Dir); err != nil {
		return nil, err
	}
	repo, head, err := openHead(ctx, opt.Dir)
	if err != nil {
		return nil, err
	}
	tip, err := repo.Commit(ctx, ref)
	if err != nil {
		return nil, err
	}
	base, err := repo.Fork(ctx, tip, head)
	if err != nil {
		return nil, err
	}
	opt.Logf("comparing HEAD, %.12s, with %.12s, where it left %s, %.12s", head, base, ref, tip)
	// The working tree comes first: what its files and the commits' have in
	// common is then read from disk, once, which is faster than from git.
	cache := &spec.Cache{}
	tree, _ := loadSpec(ctx, spec.LoadOptions{Dir: opt.Dir, Env: opt.Env(), Past: true, Cache: cache})
	now, problems, err := opt.atCommit(ctx, repo, head, spec.LoadOptions{Cache: cache})
	switch {
	case err != nil:
		return nil, err
	case now == nil:
		return nil, problems
	}
	opt.Problems(problems)
	opt.logIgnored(now)
	was, problems, err := opt.atCommit(ctx, repo, base, spec.LoadOptions{Past: true, Cache: cache})
	if err != nil {
		return nil, err
	}
	if was == nil {
		return nil, Errorf(Failed, "mend them there first, or compare with an older commit",
			"the manifests of %s are broken, so there is nothing to compare with:\n%s", named(ref, base), Located(problems.Errors(), base[:12]+":"))
	}
	opt.warnUncommitted(now, tree)
	memory := diff.Recall(was).Rekey(now.Agents)
	in, err := narrow(now, memory, matching(now, scope.targets(), memory), scope.Shard)
	if err != nil {
		return nil, err
	}
	if in.Shard != nil {
		in.Shard.Commit = head
	}
	in.Prune = scope.Prune || now.Policy.Prune
	return planfile.Seal(diff.Offline(in, was, base)), nil
}

// warnUncommitted names the agents that the working tree wants otherwise than
// HEAD: they are in no commit, so an offline plan does not have them. tree is
// nil when it does not load.
func (o Options) warnUncommitted(head, tree *spec.Project) {
	what := "agentsync.yaml"
	switch {
	case tree == nil:
		o.Message("warning: the working tree has uncommitted changes, and its manifests do not load: they are not in this plan")
		return
	case len(spec.Changed(head, tree)) > 0:
		what = listed(spec.Changed(head, tree))
	case tree.Policy == head.Policy && sameAddress(tree.Environment, head.Environment):
		return
	}
	o.Message("warning: the working tree has uncommitted changes, which are not in this plan: %s", what)
}
