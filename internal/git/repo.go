package git

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Repo is the repository that a folder is in.
type Repo struct {
	dir    string // as given
	prefix string // the folder below the repository's root: "" or "a/b/"
}

// Open finds the repository that dir is in: a checkout, a linked working tree
// or a submodule, at its root or below.
func Open(ctx context.Context, dir string) (*Repo, error) {
	r := &Repo{dir: dir}
	out, ok, err := r.run(ctx, "rev-parse", "--is-inside-work-tree", "--absolute-git-dir", "--show-prefix")
	if err != nil {
		return nil, err
	}
	inside, rest, _ := strings.Cut(out, "\n")
	gitDir, prefix, _ := strings.Cut(rest, "\n")
	if !ok || gitDir == "" {
		return nil, &Error{fmt.Sprintf("the folder %s is in no git repository", dir), "give a folder of a checkout with --chdir"}
	}
	r.prefix = strings.TrimSuffix(prefix, "\n")
	if inside != "true" {
		if r.prefix, err = r.below(gitDir); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// below gives the prefix of a folder that git takes for no working tree, since
// core.bare is set, although it lies around its .git.
func (r *Repo) below(gitDir string) (string, error) {
	notInTree := &Error{fmt.Sprintf("the folder %s is in no working tree of the git repository %s", r.dir, gitDir), "give a folder of a checkout with --chdir"}
	dir, err := filepath.Abs(r.dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil || filepath.Base(gitDir) != ".git" {
		return "", notInTree
	}
	rel, err := filepath.Rel(filepath.Dir(gitDir), dir)
	rel = filepath.ToSlash(rel)
	switch {
	case err != nil || rel == ".." || strings.HasPrefix(rel, "../") || rel == ".git" || strings.HasPrefix(rel, ".git/"):
		return "", notInTree
	case rel == ".":
		return "", nil
	default:
		return rel + "/", nil
	}
}

var commitID = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// Commit gives the id, in full, of the commit that ref names in any of git's
// ways: a branch, a tag, HEAD^1, an id.
func (r *Repo) Commit(ctx context.Context, ref string) (string, error) {
	if problem := badRef(ref); problem != "" {
		return "", &Error{fmt.Sprintf("%q names no commit: %s", ref, problem), "give a branch, a tag or a commit"}
	}
	id, ok, err := r.run(ctx, "rev-parse", "--verify", "--quiet", ref+"^{commit}")
	if err != nil && ctx.Err() != nil {
		return "", err
	}
	if err == nil && ok && commitID.MatchString(id) {
		return id, nil
	}
	return "", &Error{fmt.Sprintf("%q names no commit of this repository", ref), r.missingHint(ctx, ref)}
}

// badRef says why a text can't be a ref, before git could take it for a flag.
func badRef(ref string) string {
	switch {
	case ref == "":
		return "it is empty"
	case strings.HasPrefix(ref, "-"):
		return `it begins with "-"`
	case strings.ContainsFunc(ref, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return "it holds control characters"
	default:
		return ""
	}
}

// missingHint tells how to come by a commit that is not there.
func (r *Repo) missingHint(ctx context.Context, ref string) string {
	if ref == "HEAD" {
		return "commit something first"
	}
	if _, ok, err := r.run(ctx, "rev-parse", "--verify", "--quiet", "refs/remotes/origin/"+ref+"^{commit}"); err == nil && ok {
		return fmt.Sprintf("did you mean %q?", "origin/"+ref)
	}
	if r.shallow(ctx) {
		return shallowHint
	}
	if branch := strings.TrimPrefix(ref, "origin/"); plainRef.MatchString(branch) {
		return fmt.Sprintf("fetch it first: git fetch origin %s, which makes it FETCH_HEAD", branch)
	}
	return "fetch it first"
}

// plainRef is a ref that can stand in a command that somebody copies.
var plainRef = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._/-]*$`)

const shallowHint = "this clone is shallow: fetch the history too (git fetch --unshallow, or fetch-depth: 0 for actions/checkout)"

func (r *Repo) shallow(ctx context.Context) bool {
	out, _, err := r.run(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && out == "true"
}

// Fork gives the commit where head left the history of base, both full ids: the
// last one that both have. What lies between it and head is what a pull request
// shows.
//
// GitHub checks pull requests out as a merge that it makes, whose first parent
// is the base branch as it is by then. The event's own base may be older; then
// what others merged in between is no part of the pull request, and the first
// parent is the fork.
func (r *Repo) Fork(ctx context.Context, base, head string) (string, error) {
	parents, err := r.parents(ctx, head)
	if err != nil {
		return "", err
	}
	if len(parents) == 2 && base != parents[0] && r.isPullRequest(ctx, head) {
		if _, ok, err := r.run(ctx, "merge-base", "--is-ancestor", base, parents[0]); err == nil && ok {
			return parents[0], nil
		}
	}
	for _, parent := range parents {
		if parent == base { // holds where a shallow clone ends, too
			return base, nil
		}
	}
	id, ok, err := r.run(ctx, "merge-base", base, head)
	switch {
	case err != nil:
		return "", err
	case ok && commitID.MatchString(id):
		return id, nil
	case r.shallow(ctx):
		return "", &Error{fmt.Sprintf("where %.12s left the history of %.12s is not known", head, base), shallowHint}
	default:
		return "", &Error{fmt.Sprintf("%.12s and %.12s have no history in common", base, head), "give a commit that HEAD comes from"}
	}
}

// parents reads a commit's parents from the commit itself: where a shallow
// clone ends, git hides them.
func (r *Repo) parents(ctx context.Context, commit string) ([]string, error) {
	out, _, err := r.run(ctx, "cat-file", "commit", commit)
	if err != nil {
		return nil, err
	}
	var parents []string
	for _, line := range strings.Split(out, "\n") {
		if line == "" {
			break
		}
		if id, ok := strings.CutPrefix(line, "parent "); ok && commitID.MatchString(id) {
			parents = append(parents, id)
		}
	}
	return parents, nil
}

// isPullRequest says whether commit is a pull request as GitHub merges it: then
// a checkout has it as refs/remotes/pull/N/merge.
func (r *Repo) isPullRequest(ctx context.Context, commit string) bool {
	out, _, err := r.run(ctx, "for-each-ref", "--format=%(refname)", "--points-at", commit, "refs/remotes/pull", "refs/pull")
	return err == nil && strings.Contains(out+"\n", "/merge\n")
}

// Refs gives the short names of branches, of remote branches and of tags, as
// far as they fit into 64 KiB.
func (r *Repo) Refs(ctx context.Context) []string {
	out, _, err := r.run(ctx, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
	if err != nil {
		return nil
	}
	return strings.Fields(out)
}
