package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	gosync "sync"

	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// tracked is the project's folder as it lies on disk, without the files that
// HEAD does not have: what a pull request names in it is shown to everybody,
// and a runner's working tree holds more than the pull request, such as the
// credentials that other actions write there.
//
// It implements what spec.LoadOptions wants of an FS. What is on disk and not
// in HEAD is spec.ErrUntracked to who asks for it by name, and not listed.
type tracked struct {
	disk fs.FS // of an os.Root
	tree *git.Tree

	mu     gosync.Mutex
	passed []string // YAML files that were not listed
}

var (
	_ fs.StatFS     = (*tracked)(nil)
	_ fs.ReadDirFS  = (*tracked)(nil)
	_ fs.ReadLinkFS = (*tracked)(nil)
)

// openTracked gives the files of dir that git tracks at HEAD; nil where dir is
// in no git repository. A repository that can't be read is an error.
func openTracked(ctx context.Context, dir string) (files *tracked, done func(), err error) {
	done = func() {}
	abs, err := realPath(dir)
	if err != nil {
		return nil, done, err
	}
	if checkoutRoot(abs) == "" {
		return nil, done, nil
	}
	repo, err := git.Open(ctx, dir)
	if err != nil {
		return nil, done, err
	}
	head, err := repo.Commit(ctx, "HEAD")
	if err != nil {
		return nil, done, err
	}
	tree, err := repo.Tree(ctx, head)
	if err != nil {
		return nil, done, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		tree.Close()
		return nil, done, fmt.Errorf("open the project: %w", err)
	}
	return &tracked{disk: root.FS(), tree: tree}, func() { tree.Close(); _ = root.Close() }, nil
}

// check is an error for what may not be read.
func (f *tracked) check(op, name string, follow bool) error {
	err := f.tree.Check(name, follow)
	if err == nil || name == "agentsync.yaml" && f.isFile(name) {
		return nil
	}
	if _, missing := fs.Lstat(f.disk, name); missing != nil {
		return missing // as it would be said of any file
	}
	if _, missing := fs.Stat(f.disk, name); follow && missing != nil {
		return missing
	}
	return &fs.PathError{Op: op, Path: name, Err: spec.ErrUntracked}
}

// isFile holds for a file itself: a link could lead anywhere in the folder.
func (f *tracked) isFile(name string) bool {
	info, err := fs.Lstat(f.disk, name)
	return err == nil && info.Mode().IsRegular()
}

// Open implements fs.FS.
func (f *tracked) Open(name string) (fs.File, error) {
	if err := f.check("open", name, true); err != nil {
		return nil, err
	}
	return f.disk.Open(name)
}

// Stat implements fs.StatFS.
func (f *tracked) Stat(name string) (fs.FileInfo, error) {
	if err := f.check("stat", name, true); err != nil {
		return nil, err
	}
	return fs.Stat(f.disk, name)
}

// Lstat implements fs.ReadLinkFS.
func (f *tracked) Lstat(name string) (fs.FileInfo, error) {
	if err := f.check("lstat", name, false); err != nil {
		return nil, err
	}
	return fs.Lstat(f.disk, name)
}

// ReadLink implements fs.ReadLinkFS.
func (f *tracked) ReadLink(name string) (string, error) {
	if err := f.check("readlink", name, false); err != nil {
		return "", err
	}
	return fs.ReadLink(f.disk, name)
}

// ReadDir implements fs.ReadDirFS.
func (f *tracked) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.check("readdir", name, true); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(f.disk, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		at := path.Join(name, e.Name())
		if f.check("lstat", at, false) == nil {
			return false
		}
		if ext := path.Ext(at); ext == ".yaml" || ext == ".yml" {
			f.note(at)
		}
		return true
	}), err
}

func (f *tracked) note(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name != lock.FileName {
		f.passed = append(f.passed, name)
	}
}

// warnUntracked tells of YAML files that were not listed: they could be
// manifests that a step before has made.
func (a *app) warnUntracked(files *tracked) {
	files.mu.Lock()
	defer files.mu.Unlock()
	if len(files.passed) > 0 {
		a.message("warning: passed over, since git does not track them: %s", listed(files.passed))
	}
}

// checkoutRoot is the nearest folder, dir itself or above, that has a .git; ""
// for none. dir is absolute.
func checkoutRoot(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
