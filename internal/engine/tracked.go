package engine

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
// HEAD does not have: what a workflow reads there is shown to everybody, and a
// runner's working tree has more than the commit, such as the credentials that
// other actions write there.
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

// openTracked opens the files of dir that git tracks at HEAD; nil where dir is
// in no git repository. A repository that can't be read is an error.
func openTracked(ctx context.Context, dir string) (files *tracked, done func(), err error) {
	done = func() {}
	abs, err := RealPath(dir)
	if err != nil {
		return nil, done, err
	}
	if CheckoutRoot(abs) == "" {
		return nil, done, nil
	}
	tree, err := headTree(ctx, dir)
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
	if err == nil {
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

// checked asks the disk for a file that may be read.
func checked[T any](f *tracked, op, name string, follow bool, ask func(fs.FS, string) (T, error)) (T, error) {
	if err := f.check(op, name, follow); err != nil {
		var none T
		return none, err
	}
	return ask(f.disk, name)
}

// Open implements fs.FS.
func (f *tracked) Open(name string) (fs.File, error) {
	return checked(f, "open", name, true, fs.FS.Open)
}

// Stat implements fs.StatFS.
func (f *tracked) Stat(name string) (fs.FileInfo, error) {
	return checked(f, "stat", name, true, fs.Stat)
}

// Lstat implements fs.ReadLinkFS.
func (f *tracked) Lstat(name string) (fs.FileInfo, error) {
	return checked(f, "lstat", name, false, fs.Lstat)
}

// ReadLink implements fs.ReadLinkFS.
func (f *tracked) ReadLink(name string) (string, error) {
	return checked(f, "readlink", name, false, fs.ReadLink)
}

// ReadDir implements fs.ReadDirFS.
func (f *tracked) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := checked(f, "readdir", name, true, fs.ReadDir)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		at := path.Join(name, e.Name())
		if f.check("lstat", at, false) == nil {
			return false
		}
		if ext := path.Ext(at); !spec.IsLitter(e.Name()) && (ext == ".yaml" || ext == ".yml") && at != lock.FileName {
			f.mu.Lock()
			f.passed = append(f.passed, at)
			f.mu.Unlock()
		}
		return true
	}), err
}

// warnPassed names YAML files that were not listed: they could be manifests
// that an earlier step of the job has made.
func (f *tracked) warnPassed(message func(string, ...any)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.passed) > 0 {
		message("warning: passed over, since git does not track them: %s", listed(f.passed))
	}
}

// passedOver adds to what a project has passed over the files that it would
// have read if git tracked them.
func (f *tracked) passedOver(project *spec.Project) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range f.passed {
		if project.Reads(name) {
			project.PassedOver = append(project.PassedOver, name)
		}
	}
	slices.Sort(project.PassedOver)
}

// RealPath is dir as an absolute path without links.
func RealPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// CheckoutRoot is the nearest folder, dir itself or above, that has a .git; ""
// for none. dir is absolute.
func CheckoutRoot(dir string) string {
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

// FolderIn is where dir lies below the root of its checkout, with slashes; "" for
// the root itself, and where there is no checkout.
func FolderIn(dir string) string {
	real, err := RealPath(dir)
	if err != nil {
		return ""
	}
	folder, err := filepath.Rel(CheckoutRoot(real), real)
	if err != nil || folder == "." {
		return ""
	}
	return filepath.ToSlash(folder)
}
