package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// HeadCommit is the commit that is checked out in dir, in full; "" where there
// is none, or no git.
func HeadCommit(ctx context.Context, dir string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, head, err := openHead(ctx, dir)
	if err != nil {
		return ""
	}
	return head
}

func openHead(ctx context.Context, dir string) (repo *git.Repo, head string, err error) {
	if repo, err = git.Open(ctx, dir); err == nil {
		head, err = repo.Commit(ctx, "HEAD")
	}
	return repo, head, err
}

// headTree is dir as HEAD has it.
func headTree(ctx context.Context, dir string) (*git.Tree, error) {
	repo, head, err := openHead(ctx, dir)
	if err != nil {
		return nil, err
	}
	return repo.Tree(ctx, head)
}

// CommittedLock is the lock file as HEAD has it, nil where it has none; known
// is false where git can't say.
func (p *Project) CommittedLock(ctx context.Context) (data []byte, known bool) {
	tree, err := headTree(ctx, p.opt.Dir)
	if err != nil {
		return nil, false
	}
	defer tree.Close()
	data, err = fs.ReadFile(tree, lock.FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true
	}
	return data, err == nil
}

// atCommit loads the project as a commit has it; it is nil when the problems
// have an error. Of load, Past and Cache count.
func (o Options) atCommit(ctx context.Context, repo *git.Repo, commit string, load spec.LoadOptions) (*spec.Project, spec.Problems, error) {
	tree, err := repo.Tree(ctx, commit)
	if err != nil {
		return nil, nil, err
	}
	defer tree.Close()
	if entries, err := fs.ReadDir(tree, "."); err == nil && len(entries) == 0 && !load.Past {
		return nil, nil, Errorf(Failed, "commit them first: only what is committed is compared",
			"%.12s has no files in the folder %s", commit, o.Dir)
	}
	load.Dir, load.Env, load.FS = o.Dir, o.Env(), tree
	project, problems := loadSpec(ctx, load)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if err := tree.Err(); err != nil {
		return nil, nil, fmt.Errorf("read %.12s: %w", commit, err)
	}
	return project, problems, nil
}

// named is a commit as the user named it, and which one it is.
func named(ref, commit string) string {
	if strings.HasPrefix(commit, ref) {
		return fmt.Sprintf("%.12s", commit)
	}
	return fmt.Sprintf("%s (%.12s)", ref, commit)
}

// Located puts a text before the files' names in problems. Git itself names
// files of a commit "<commit>:<path>".
func Located(problems spec.Problems, before string) spec.Problems {
	out := make(spec.Problems, len(problems))
	for i, p := range problems {
		if p.Pos.File != "" {
			p.Pos.File = before + p.Pos.File
		}
		out[i] = p
	}
	return out
}
