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

var (
	_ fs.StatFS     = (*Tree)(nil)
	_ fs.ReadDirFS  = (*Tree)(nil)
	_ fs.ReadLinkFS = (*Tree)(nil)
)

func failed(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

// Stat implements fs.StatFS.
func (t *Tree) Stat(name string) (fs.FileInfo, error) { return t.info("stat", name, true) }

// Lstat implements fs.ReadLinkFS.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) { return t.info("lstat", name, false) }

func (t *Tree) info(op, name string, follow bool) (fs.FileInfo, error) {
	n, err := t.find(name, follow)
	if err != nil {
		return nil, failed(op, name, err)
	}
	i := info{node: n, name: path.Base(name)}
	if n.id != "" {
		if i.size, err = t.objects.size(n.id); err != nil {
			return nil, failed(op, name, err)
		}
	}
	return i, nil
}

// ReadLink implements fs.ReadLinkFS.
func (t *Tree) ReadLink(name string) (string, error) {
	n, err := t.find(name, false)
	if err == nil && n.mode&fs.ModeSymlink == 0 {
		err = fs.ErrInvalid
	}
	if err != nil {
		return "", failed("readlink", name, err)
	}
	target, err := t.target(n)
	if err != nil {
		return "", failed("readlink", name, err)
	}
	return target, nil
}

// ReadDir implements fs.ReadDirFS.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := t.find(name, true)
	if err == nil && !n.mode.IsDir() {
		err = errNotDir
	}
	if err != nil {
		return nil, failed("readdir", name, err)
	}
	entries := make([]fs.DirEntry, 0, len(n.below))
	for _, key := range slices.Sorted(maps.Keys(n.below)) {
		entries = append(entries, entry{t, path.Join(name, key), n.below[key]})
	}
	return entries, nil
}

// Open implements fs.FS.
func (t *Tree) Open(name string) (fs.File, error) {
	stat, err := t.info("open", name, true)
	if err != nil {
		return nil, err
	}
	i := stat.(info)
	if i.IsDir() {
		entries, err := t.ReadDir(name)
		return &folder{info: i, left: entries}, err
	}
	var data []byte
	if i.size > maxWhole {
		data, err = t.objects.head(i.id, maxHead)
	} else {
		data, err = t.objects.content(i.id)
	}
	if err != nil {
		return nil, failed("open", name, err)
	}
	return &file{bytes.NewReader(data), i}, nil
}

// file is an open file.
type file struct {
	*bytes.Reader
	info info
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// folder is an open folder.
type folder struct {
	info info
	left []fs.DirEntry
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *folder) Close() error               { return nil }

func (f *folder) Read([]byte) (int, error) {
	return 0, failed("read", f.info.name, errors.New("is a directory"))
}

// ReadDir implements fs.ReadDirFile.
func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(f.left) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(f.left) {
		n = len(f.left)
	}
	out := f.left[:n]
	f.left = f.left[n:]
	return out, nil
}

// info is what git knows of a file: no times and no permissions.
type info struct {
	*node
	name string
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode | 0o444 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }

type entry struct {
	tree *Tree
	path string
	node *node
}

func (e entry) Name() string               { return e.node.name }
func (e entry) IsDir() bool                { return e.node.mode.IsDir() }
func (e entry) Type() fs.FileMode          { return e.node.mode }
func (e entry) Info() (fs.FileInfo, error) { return e.tree.Lstat(e.path) }
func (e entry) String() string             { return fs.FormatDirEntry(e) }
