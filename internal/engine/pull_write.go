package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/spec/edit"
	"github.com/agentsync/agentsync/sync/lock"
	"github.com/rogpeppe/go-internal/robustio"
)

// CheckCommitted refuses to write into files with uncommitted changes: what is in
// them could not be told apart afterwards. force does not mind, but for a commit,
// which would take them along, and which can't be in the middle of a merge or a
// rebase. Without git nobody can say, so there it is fine, but for a commit.
func (p *Project) CheckCommitted(ctx context.Context, files []edit.Change, force, commit bool) error {
	repo, err := git.Open(ctx, p.opt.Dir)
	if err != nil {
		if commit || !errors.Is(err, git.ErrNoRepository) && !errors.Is(err, git.ErrNoGit) {
			return err
		}
		return nil
	}
	if busy := repo.InTheMiddle(); commit && busy != nil {
		return &Error{Kind: Refused, Way: HintOf(busy), Err: fmt.Errorf("can't commit: %w", busy)}
	}
	var there []string
	for _, f := range files {
		if f.Before != nil {
			there = append(there, f.Path)
		}
	}
	dirty, err := repo.Uncommitted(ctx, there...)
	switch {
	case err != nil:
		return err
	case len(dirty) == 0 || force && !commit:
		return nil
	case commit:
		return Errorf(Refused, "commit them first, or pull without --commit",
			"uncommitted changes, which the commit would take along: %s", listed(dirty))
	}
	return Errorf(Refused, "commit them first, or give --force", "uncommitted changes in files that this would change: %s", listed(dirty))
}

// Write writes the files, and remembers in the lock that what was taken is git's
// now: an apply that is at work in this folder is waited for. With Commit, it
// returns a commit for each agent that was taken, by name.
func (u *Pull) Write(ctx context.Context) (commits map[string]string, err error) {
	if err := u.project.CheckCommitted(ctx, u.Files, u.opt.Force, u.opt.Commit); err != nil {
		return nil, err
	}
	if len(u.entries(u.Agents...)) == 0 {
		return nil, nil
	}
	if !u.project.hasTurn {
		release, err := u.project.acquire(ctx, u.store)
		if err != nil {
			return nil, err
		}
		defer release()
	}
	if u.opt.Commit {
		return u.commit(ctx)
	}
	if err := WriteFiles(u.project.opt.Dir, u.Files); err != nil {
		return nil, err
	}
	return nil, u.remember(u.Agents...)
}

// remember writes into the lock what was taken of agents.
func (u *Pull) remember(agents ...PulledAgent) error {
	u.store.PutLater(u.entries(agents...))
	return u.store.Flush()
}

// commit writes and commits one agent after the other, so that a run that is cut off
// leaves the rest as drift, for the next one to commit.
func (u *Pull) commit(ctx context.Context) (map[string]string, error) {
	repo, err := git.Open(ctx, u.project.opt.Dir)
	if err != nil {
		return nil, err
	}
	lockFile := u.project.LockFile() != "" && !repo.Ignored(ctx, lock.FileName)
	commits := map[string]string{}
	for _, a := range u.Agents {
		if !a.Taken() {
			continue
		}
		if err := WriteFiles(u.project.opt.Dir, a.Files); err != nil {
			return commits, err
		}
		if err := u.remember(a); err != nil {
			return commits, err
		}
		var edits []git.Edit
		for _, f := range a.Files {
			edits = append(edits, git.Edit{Path: f.Path, Change: func([]byte) ([]byte, error) { return f.After, nil }})
		}
		if lockFile {
			edits = append(edits, git.Edit{Path: lock.FileName, Merge: true, Change: func(before []byte) ([]byte, error) {
				return lock.With(before, u.project.Environment.Name, u.entries(a))
			}})
		}
		if len(edits) == 0 { // its files changed with those of an agent before it
			continue
		}
		if commits[a.Name], err = repo.CommitEdits(ctx, edits, a.message()); err != nil {
			return commits, fmt.Errorf("commit %s, whose files are written: %w", a.Name, err)
		}
	}
	return commits, nil
}

// message is the commit's: what was taken, and who changed it on the platform.
func (a PulledAgent) message() string {
	var names []string
	for _, path := range a.Paths {
		_, name, _ := strings.Cut(path, ".")
		names = append(names, oneLine(name))
	}
	subject := fmt.Sprintf("Pull %s from the platform: %s", a.Name, listed(names))
	if r := []rune(subject); len(r) > 72 {
		subject = fmt.Sprintf("Pull %s from the platform", a.Name)
	}
	body := make([]string, 0, len(a.Drift)+len(names))
	for _, line := range a.Drift {
		body = append(body, oneLine(line)+".")
	}
	body = append(body, "")
	for _, path := range a.Paths {
		body = append(body, "- "+oneLine(path))
	}
	return subject + "\n\n" + strings.Join(body, "\n") + "\n"
}

// oneLine is a text of the platform in a line of a commit's message.
func oneLine(s string) string {
	printable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}
	return strings.Join(strings.Fields(strings.Map(printable, s)), " ")
}

// WriteFiles writes changed files below a project's folder, each whole or not at
// all; the first that is not as it was read stops it before any is written.
func WriteFiles(dir string, files []edit.Change) error {
	root, err := RealPath(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		now, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.Path)))
		if f.Before == nil && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || f.Before == nil || !bytes.Equal(now, f.Before) {
			return Errorf(Failed, "run the command again", "%s was changed while this ran, nothing was written", f.Path)
		}
	}
	for _, f := range files {
		if err := writeWhole(filepath.Join(root, filepath.FromSlash(f.Path)), f.After); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
	}
	return nil
}

// writeWhole replaces a file, and keeps who may read it.
func writeWhole(path string, data []byte) error {
	if real, err := filepath.EvalSymlinks(path); err == nil { // a link stays one
		path = real
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Close())
	if err == nil {
		err = robustio.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}
