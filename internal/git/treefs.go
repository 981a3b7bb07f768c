package git

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"
)

var _ fs.ReadLinkFS = (*Tree)(nil)

// Open implements fs.FS. A file is read when it is opened.
func (t *Tree) Open(name string) (fs.File, error) { return t.open("open", name, true) }

// Lstat implements fs.ReadLinkFS.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) {
	f, err := t.open("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return f.Stat()
}

// ReadLink implements fs.ReadLinkFS.
func (t *Tree) ReadLink(name string) (string, error) {
	n, err := t.find("readlink", name, false)
	if err != nil {
		return "", err
	}
	if n.mode != fs.ModeSymlink {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	target, err := t.target(n)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return target, nil
}

// Check is nil for a file, link or folder that the tree has, else the error of
// Stat, or with follow false of Lstat. It reads nothing but links.
func (t *Tree) Check(name string, follow bool) error {
	_, err := t.find("stat", name, follow)
	return err
}

// BlobID returns git's id of the file that name leads to; ok is false when there
// is none. It reads nothing but links.
func (t *Tree) BlobID(name string) (id string, ok bool) {
	n, err := t.find("stat", name, true)
	if err != nil || n.mode != 0 {
		return "", false
	}
	return n.id, true
}

// open returns a *file; with follow, a link at the end of name is followed.
func (t *Tree) open(op, name string, follow bool) (fs.File, error) {
	n, err := t.find(op, name, follow)
	if err != nil {
		return nil, err
	}
	var data []byte
	if !n.mode.IsDir() {
		if data, err = t.read(n.id); err != nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: err}
		}
	}
	return &file{bytes.NewReader(data), n, t, name, slices.Sorted(maps.Keys(n.below))}, nil
}

// file is an open file or folder, what Stat says of it, and, without its
// content, an entry of a folder. Git knows no times and no permissions.
type file struct {
	*bytes.Reader // the content, and its Size
	node          *node
	tree          *Tree
	path          string
	left          []string // names in the folder that ReadDir has not returned yet
}

func (f *file) Name() string               { return path.Base(f.path) }
func (f *file) Mode() fs.FileMode          { return f.node.mode | 0o444 }
func (f *file) Type() fs.FileMode          { return f.node.mode }
func (f *file) IsDir() bool                { return f.node.mode.IsDir() }
func (f *file) ModTime() time.Time         { return time.Time{} }
func (f *file) Sys() any                   { return nil }
func (f *file) Stat() (fs.FileInfo, error) { return f, nil }
func (f *file) Info() (fs.FileInfo, error) { return f.tree.Lstat(f.path) }
func (f *file) Close() error               { return nil }

func (f *file) Read(data []byte) (int, error) {
	if f.IsDir() {
		return 0, &fs.PathError{Op: "read", Path: f.path, Err: errors.New("is a directory")}
	}
	return f.Reader.Read(data)
}

// ReadDir implements fs.ReadDirFile.
func (f *file) ReadDir(n int) ([]fs.DirEntry, error) {
	switch {
	case !f.IsDir():
		return nil, &fs.PathError{Op: "readdir", Path: f.path, Err: errNotDir}
	case n > 0 && len(f.left) == 0:
		return nil, io.EOF
	case n <= 0 || n > len(f.left):
		n = len(f.left)
	}
	entries := make([]fs.DirEntry, n)
	for i, name := range f.left[:n] {
		entries[i] = &file{node: f.node.below[name], tree: f.tree, path: path.Join(f.path, name)}
	}
	f.left = f.left[n:]
	return entries, nil
}
