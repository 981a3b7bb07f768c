package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/sync/lock"
)

// CommitFile is a file as a commit is to have it.
type CommitFile struct {
	Path       string // from the project's folder, with slashes
	Data       []byte
	Executable bool
}

// Committable is what one commit on top of HEAD has of a pull: the files that Write
// would write, and the lock file, unless git ignores it. Lines end as they do in
// HEAD. Nothing is written; files with uncommitted changes are an error, since the
// commit would take those along. It is empty where nothing is taken.
func (u *Pull) Committable(ctx context.Context) ([]CommitFile, error) {
	entries := u.entries(u.Agents...)
	if len(entries) == 0 {
		return nil, nil
	}
	if err := u.project.CheckCommitted(ctx, u.Files, false, false); err != nil {
		return nil, err
	}
	dir := u.project.opt.Dir
	tree, err := headTree(ctx, dir)
	if err == nil {
		defer tree.Close()
	} else if !errors.Is(err, git.ErrNoRepository) && !errors.Is(err, git.ErrNoGit) {
		return nil, err
	}
	var out []CommitFile
	for _, f := range u.Files {
		before := f.Before
		if tree != nil {
			if before, err = fs.ReadFile(tree, f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
		file := CommitFile{Path: f.Path, Data: git.LinesAs(before, f.After)}
		if info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f.Path))); err == nil {
			file.Executable = info.Mode()&0o111 != 0
		}
		out = append(out, file)
	}
	if repo, err := git.Open(ctx, dir); u.project.LockFile() == "" || err == nil && repo.Ignored(ctx, lock.FileName) {
		return out, nil
	}
	before, known := u.project.CommittedLock(ctx)
	if !known {
		if before, err = os.ReadFile(u.project.LockFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	after, err := lock.With(before, u.project.Environment.Name, entries)
	if err != nil {
		return nil, err
	}
	return append(out, CommitFile{Path: lock.FileName, Data: after}), nil
}

// Message is that of one commit of all that is taken: of which agents, and who
// changed what on the platform, as far as that is known.
func (u *Pull) Message() string {
	var names, told []string
	var only PulledAgent
	for _, a := range u.Agents {
		if !a.Taken() {
			continue
		}
		only = a
		names = append(names, a.Name)
		for _, line := range a.Drift {
			told = append(told, "- "+a.Name+": "+oneLine(line))
		}
	}
	if len(names) == 1 {
		return only.message()
	}
	subject := fmt.Sprintf("Pull %s from the platform", listed(names))
	if len([]rune(subject)) > 72 {
		subject = fmt.Sprintf("Pull %d agents from the platform", len(names))
	}
	return subject + "\n\n" + strings.Join(told, "\n") + "\n"
}
