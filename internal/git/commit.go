package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Uncommitted returns which of these files, given as for Head, are not on disk as
// HEAD has them. In a repository without commits that is all of them.
func (r *Repo) Uncommitted(ctx context.Context, paths ...string) ([]string, error) {
	commit, err := r.Commit(ctx, "HEAD")
	if errors.Is(err, ErrNoCommit) {
		return paths, nil
	}
	if err != nil {
		return nil, err
	}
	tree, err := r.Tree(ctx, commit)
	if err != nil {
		return nil, err
	}
	defer tree.Close()
	root, err := os.OpenRoot(r.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	same := func(name string) bool { return sameFile(tree, root.FS(), name) }
	return slices.DeleteFunc(slices.Clone(paths), same), tree.Err()
}

// InTheMiddle is nil unless the working tree is in the middle of a merge, a rebase,
// a cherry-pick or a revert: git makes no commit of some files alone then, since the
// next one is that one's.
func (r *Repo) InTheMiddle() error {
	for _, one := range []struct{ file, what string }{
		{"rebase-merge", "rebase"}, {"rebase-apply", "rebase"}, // first: a rebase may stop at a pick
		{"MERGE_HEAD", "merge"}, {"CHERRY_PICK_HEAD", "cherry-pick"}, {"REVERT_HEAD", "revert"}, {"sequencer", "cherry-pick"},
	} {
		if _, err := os.Lstat(filepath.Join(r.gitDir, one.file)); err == nil {
			return &Error{"a " + one.what + " is not finished",
				fmt.Sprintf("finish it (git %[1]s --continue) or give it up (git %[1]s --abort) first", one.what), nil}
		}
	}
	return nil
}

// Edit is what a commit makes of one file: a path below the project's folder, with
// slashes. Change is given what the file holds, nil for nothing, and returns what
// it is to hold. It is asked for HEAD's, and with Merge also for what is staged,
// where that is something else.
type Edit struct {
	Path   string
	Merge  bool
	Change func(before []byte) ([]byte, error)
}

// CommitEdits makes one commit on top of HEAD, of these edits and nothing else:
// what is staged or changed otherwise stays so. The files on disk are not touched;
// in the index, an edited file that was as HEAD had it is as the commit has it.
// Lines end as they did: where HEAD has LF, CRLF becomes that. No hook, no filter
// and no signing program runs. It returns the new commit's id.
func (r *Repo) CommitEdits(ctx context.Context, edits []Edit, message string) (string, error) {
	head, err := r.Commit(ctx, "HEAD")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "agentsync-index-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	own := &index{r, "GIT_INDEX_FILE=" + filepath.Join(dir, "index")}
	if _, err := own.git(ctx, nil, "read-tree", head); err != nil {
		return "", err
	}
	real := &index{Repo: r}
	var after []func() error // in the real index
	for _, edit := range edits {
		was, err := own.entry(ctx, edit.Path)
		if err != nil {
			return "", err
		}
		now, err := own.edit(ctx, was, edit)
		if err != nil {
			return "", err
		}
		after = append(after, func() error { return real.follow(ctx, was, now, edit) })
	}
	tree, err := own.git(ctx, nil, "write-tree")
	if err != nil {
		return "", err
	}
	commit, err := own.git(ctx, []byte(message), "commit-tree", tree, "-p", head, "-F", "-")
	if err != nil {
		return "", err
	}
	subject, _, _ := strings.Cut(message, "\n")
	if _, err := own.git(ctx, nil, "update-ref", "-m", "commit: "+subject, "HEAD", commit, head); err != nil {
		return "", err
	}
	for _, do := range after {
		if err := do(); err != nil {
			return commit, err
		}
	}
	return commit, nil
}

// index is an index file of the repository; file "" is the one that it has.
type index struct {
	*Repo
	file string
}

// indexed is an entry of an index; the zero one is none.
type indexed struct{ mode, id string }

// git runs a git command on the index, and returns what it prints.
func (x *index) git(ctx context.Context, stdin []byte, args ...string) (string, error) {
	cmd := x.command(ctx, args...)
	if x.file != "" {
		cmd.Env = append(cmd.Env, x.file)
	}
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.Output()
	if err == nil {
		return strings.TrimSuffix(string(out), "\n"), nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	var exit *exec.ExitError
	said := ""
	if errors.As(err, &exit) {
		said = string(exit.Stderr)
	}
	if strings.Contains(said, "Please tell me who you are") || strings.Contains(said, "empty ident name") {
		return "", &Error{"git does not know who commits", "git config user.name and user.email say it", nil}
	}
	return "", x.failure(args[0], err, said)
}

// entry returns what the index has for a file.
func (x *index) entry(ctx context.Context, path string) (indexed, error) {
	out, err := x.git(ctx, nil, "ls-files", "--stage", "--full-name", "-z", "--", path)
	fields := strings.Fields(strings.TrimSuffix(out, "\x00"))
	if err != nil || len(fields) < 4 || fields[2] != "0" {
		return indexed{}, err
	}
	return indexed{fields[0], fields[1]}, nil
}

// edit puts an edited file into the index.
func (x *index) edit(ctx context.Context, was indexed, edit Edit) (indexed, error) {
	var before []byte
	if was.id != "" {
		cmd := x.command(ctx, "cat-file", "blob", was.id)
		var err error
		if before, err = cmd.Output(); err != nil {
			return indexed{}, x.failure("cat-file", err, "")
		}
	}
	data, err := edit.Change(before)
	if err != nil {
		return indexed{}, err
	}
	data = LinesAs(before, data)
	id, err := x.git(ctx, data, "hash-object", "-w", "--no-filters", "--stdin")
	if err != nil {
		return indexed{}, err
	}
	now := indexed{was.mode, id}
	if now.mode == "" {
		now.mode = "100644"
	}
	return now, x.put(ctx, now, edit.Path)
}

// LinesAs is data with lines that end as a commit's file has them: where before has
// LF alone, CRLF becomes that.
func LinesAs(before, data []byte) []byte {
	if bytes.Contains(before, []byte("\n")) && !bytes.Contains(before, []byte("\r\n")) {
		return unixLines(data)
	}
	return data
}

func (x *index) put(ctx context.Context, to indexed, path string) error {
	_, err := x.git(ctx, nil, "update-index", "--add", "--cacheinfo", fmt.Sprintf("%s,%s,%s", to.mode, to.id, x.prefix+path))
	return err
}

// follow brings an edited file of a commit into the index.
func (x *index) follow(ctx context.Context, was, now indexed, edit Edit) error {
	staged, err := x.entry(ctx, edit.Path)
	switch {
	case err != nil:
		return err
	case staged == was:
		return x.put(ctx, now, edit.Path)
	case edit.Merge:
		_, err = x.edit(ctx, staged, edit)
	}
	return err
}

// Ignored reports whether git is told to ignore a file that is there.
func (r *Repo) Ignored(ctx context.Context, path string) bool {
	out, _, err := r.run(ctx, "ls-files", "--others", "--ignored", "--exclude-standard", "--", path)
	return err == nil && out != ""
}
