package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Fork returns the commit where head left the history of base, all full ids:
// the last one that both have. What lies between it and head is what a pull
// request shows.
//
// GitHub checks a pull request out as a merge that it makes, whose first parent
// is the base branch at that time. The event's own base may be older; what
// others merged in between is no part of the pull request, so then the first
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
	if slices.Contains(parents, base) { // also where a shallow clone ends
		return base, nil
	}
	id, ok, err := r.run(ctx, "merge-base", base, head)
	switch {
	case err != nil:
		return "", err
	case ok && commitID.MatchString(id):
		return id, nil
	case r.shallow(ctx):
		return "", &Error{fmt.Sprintf("where %.12s left the history of %.12s is not known", head, base), shallowHint, nil}
	default:
		return "", &Error{fmt.Sprintf("%.12s and %.12s have no history in common", base, head), "give a commit that HEAD comes from", nil}
	}
}

// FirstParents returns commits that change the project's folder: the newest of
// commit and of its first parents, at most n. It is empty where git can't say.
func (r *Repo) FirstParents(ctx context.Context, commit string, n int) []string {
	args := []string{"rev-list", "--first-parent", fmt.Sprintf("--max-count=%d", n), commit}
	if r.prefix != "" {
		args = append(args, "--", ".")
	}
	out, _, err := r.run(ctx, args...)
	if err != nil {
		return nil
	}
	return strings.Fields(out)
}

// parents reads a commit's parents from the commit itself: git hides them where
// a shallow clone ends.
func (r *Repo) parents(ctx context.Context, commit string) ([]string, error) {
	out, _, err := r.run(ctx, "cat-file", "commit", commit)
	if err != nil {
		return nil, err
	}
	var parents []string
	header, _, _ := strings.Cut(out, "\n\n")
	for line := range strings.SplitSeq(header, "\n") {
		if id, ok := strings.CutPrefix(line, "parent "); ok && commitID.MatchString(id) {
			parents = append(parents, id)
		}
	}
	return parents, nil
}

// isPullRequest reports whether commit is GitHub's merge of a pull request: a
// checkout has that as refs/remotes/pull/N/merge.
func (r *Repo) isPullRequest(ctx context.Context, commit string) bool {
	out, _, err := r.run(ctx, "for-each-ref", "--format=%(refname)", "--points-at", commit, "refs/remotes/pull", "refs/pull")
	return err == nil && strings.Contains(out+"\n", "/merge\n")
}

var abbreviatedID = regexp.MustCompile(`^[0-9a-f]{12,64}$`)

// Find returns the full id of the commit whose id begins with 12 or more hex
// digits. ok is false when the clone has none or several. Unlike in Commit, a
// branch or tag with such a name plays no part.
func (r *Repo) Find(ctx context.Context, abbreviated string) (id string, ok bool) {
	if !abbreviatedID.MatchString(abbreviated) {
		return "", false
	}
	id, _, err := r.run(ctx, "rev-parse", "--disambiguate="+abbreviated)
	if err != nil || !commitID.MatchString(id) {
		return "", false
	}
	kind, _, err := r.run(ctx, "cat-file", "-t", id)
	return id, err == nil && kind == "commit"
}

// Answer is the answer to a question about the history.
type Answer int

// Unknown is the answer when the clone, or git, can't tell.
const (
	Unknown Answer = iota
	Yes
	No
)

// IsAncestor answers whether HEAD is the commit, given in 12 or more hex
// digits, or comes from it. It is Unknown when the commit is not in the clone,
// when a shallow clone ends before it can tell, and when git can't be asked.
func (r *Repo) IsAncestor(ctx context.Context, commit string) Answer {
	id, ok := r.Find(ctx, commit)
	if !ok {
		return Unknown
	}
	_, yes, err := r.run(ctx, "merge-base", "--is-ancestor", id, "HEAD")
	switch {
	case err != nil:
		return Unknown
	case yes:
		return Yes
	case r.shallow(ctx):
		return Unknown
	default:
		return No
	}
}

// Head is the commit that is checked out.
type Head struct {
	Commit string // the full id
	Dirty  bool   // a file that was asked about is not as the commit has it
}

// Short is the commit's first 12 hex digits.
func (h Head) Short() string { return h.Commit[:12] }

// Head returns the commit that is checked out, and compares files with it: paths
// below the project's folder, with slashes. Each is read from git, so ask about
// few. Contents on disk count, whatever the index says; CRLF counts as LF, as it
// does in manifests and prompts. A file that git keeps elsewhere (LFS) is not as
// the commit has it.
//
// The error of a repository without commits is ErrNoCommit. Where git can't be
// asked at all, Open has said so: ErrNoGit, ErrUntrusted, ErrNoRepository.
func (r *Repo) Head(ctx context.Context, paths ...string) (Head, error) {
	commit, err := r.Commit(ctx, "HEAD")
	if err != nil || len(paths) == 0 {
		return Head{Commit: commit}, err
	}
	tree, err := r.Tree(ctx, commit)
	if err != nil {
		return Head{}, err
	}
	defer tree.Close()
	root, err := os.OpenRoot(r.dir)
	if err != nil {
		return Head{}, err
	}
	defer root.Close()
	differs := func(name string) bool { return !sameFile(tree, root.FS(), name) }
	return Head{commit, slices.ContainsFunc(paths, differs)}, tree.Err()
}

// sameFile reports whether a file holds the same in two places, or is in neither.
func sameFile(tree *Tree, disk fs.FS, name string) bool {
	was, treeErr := fs.ReadFile(tree, name)
	info, diskErr := fs.Stat(disk, name)
	if treeErr != nil || diskErr != nil {
		return errors.Is(treeErr, fs.ErrNotExist) && errors.Is(diskErr, fs.ErrNotExist)
	}
	if !info.Mode().IsRegular() || info.Size() > maxBlob { // a pipe would block
		return false
	}
	now, err := fs.ReadFile(disk, name)
	return err == nil && bytes.Equal(unixLines(was), unixLines(now))
}

func unixLines(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) }
