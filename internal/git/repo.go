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
	gitDir string // that of this working tree
	prefix string // the folder's path below the repository's root: "" or "a/b/"
}

// Open finds the repository that dir is in: a checkout, a linked working tree
// or a submodule, at its root or below.
func Open(ctx context.Context, dir string) (*Repo, error) {
	r := &Repo{dir: dir}
	out, _, err := r.run(ctx, "rev-parse", "--is-inside-work-tree", "--absolute-git-dir", "--show-prefix")
	if err != nil {
		return nil, err
	}
	inside, rest, _ := strings.Cut(out, "\n")
	gitDir, prefix, _ := strings.Cut(rest, "\n")
	r.gitDir, r.prefix = gitDir, strings.TrimSuffix(prefix, "\n")
	if inside != "true" {
		var ok bool
		if r.prefix, ok = r.prefixBeside(gitDir); !ok {
			return nil, &Error{fmt.Sprintf("the folder %s is in no working tree of the git repository %s", dir, gitDir), checkoutHint, nil}
		}
	}
	return r, nil
}

// prefixBeside finds the prefix where core.bare is set: git then sees no
// working tree, although the folder lies beside a .git or below.
func (r *Repo) prefixBeside(gitDir string) (prefix string, ok bool) {
	dir, err := filepath.Abs(r.dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil || filepath.Base(gitDir) != ".git" {
		return "", false
	}
	rel, err := filepath.Rel(filepath.Dir(gitDir), dir)
	prefix = filepath.ToSlash(rel) + "/"
	if err != nil || strings.HasPrefix(prefix, "../") || strings.HasPrefix(prefix, ".git/") {
		return "", false
	}
	return strings.TrimPrefix(prefix, "./"), true
}

var commitID = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// Commit returns the full id of the commit that ref names in any of git's ways:
// a branch, a tag, HEAD^1, an id.
func (r *Repo) Commit(ctx context.Context, ref string) (string, error) {
	if problem := badRef(ref); problem != "" {
		return "", &Error{fmt.Sprintf("%q names no commit: %s", ref, problem), "give a branch, a tag or a commit", ErrNoCommit}
	}
	id, ok, err := r.run(ctx, "rev-parse", "--verify", "--quiet", ref+"^{commit}")
	if err != nil && ctx.Err() != nil {
		return "", err
	}
	if err == nil && ok && commitID.MatchString(id) {
		return id, nil
	}
	return "", &Error{fmt.Sprintf("%q names no commit of this repository", ref), r.missingHint(ctx, ref), ErrNoCommit}
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

// missingHint says how to get a commit that is not there.
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

// shallow reports whether the history ends early, or git can't say.
func (r *Repo) shallow(ctx context.Context) bool {
	out, _, err := r.run(ctx, "rev-parse", "--is-shallow-repository")
	return err != nil || out != "false"
}

// Refs returns short names of branches, remote branches and tags, 2,000 at most.
func (r *Repo) Refs(ctx context.Context) []string {
	out, _, err := r.run(ctx, "for-each-ref", "--count=2000", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
	if err != nil {
		return nil
	}
	return strings.Fields(out)
}
