package edit

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Overlay is base, which may be nil for an empty folder, as it would be with
// these files in it. It takes no links that lead out of base, where base takes
// none.
func Overlay(base fs.FS, files []File) fs.FS {
	o := &overlay{base: base, files: map[string][]byte{}, below: map[string][]string{".": nil}}
	for _, f := range files {
		o.files[f.Path] = f.Data
		for at := f.Path; at != "."; at = path.Dir(at) {
			if dir := path.Dir(at); !slices.Contains(o.below[dir], at) {
				o.below[dir] = append(o.below[dir], at)
			}
		}
	}
	return o
}

type overlay struct {
	base  fs.FS
	files map[string][]byte
	below map[string][]string // of folders that files lie in: the paths in them
}

var (
	_ fs.StatFS     = (*overlay)(nil)
	_ fs.ReadDirFS  = (*overlay)(nil)
	_ fs.ReadLinkFS = (*overlay)(nil)
)

// own is what the overlay itself has at a path.
func (o *overlay) own(name string) (info fs.FileInfo, ok bool) {
	if data, is := o.files[name]; is {
		return fileOf(name, data), true
	}
	if _, is := o.below[name]; is {
		return fileInfo{path.Base(name), 0, fs.ModeDir | 0o755}, true
	}
	return nil, false
}

func missing(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }

// Open implements fs.FS.
func (o *overlay) Open(name string) (fs.File, error) {
	if data, ok := o.files[name]; ok {
		info, _ := o.own(name)
		return &openFile{bytes.NewReader(data), info}, nil
	}
	if o.base == nil {
		return nil, missing("open", name)
	}
	return o.base.Open(name)
}

// Stat implements fs.StatFS.
func (o *overlay) Stat(name string) (fs.FileInfo, error) {
	if info, ok := o.own(name); ok {
		return info, nil
	}
	if o.base == nil {
		return nil, missing("stat", name)
	}
	return fs.Stat(o.base, name)
}

// Lstat implements fs.ReadLinkFS.
func (o *overlay) Lstat(name string) (fs.FileInfo, error) {
	if _, ok := o.files[name]; !ok && o.base != nil {
		if info, err := fs.Lstat(o.base, name); err == nil {
			return info, nil
		}
	}
	return o.Stat(name)
}

// ReadLink implements fs.ReadLinkFS.
func (o *overlay) ReadLink(name string) (string, error) {
	if _, ok := o.files[name]; ok || o.base == nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return fs.ReadLink(o.base, name)
}

// ReadDir implements fs.ReadDirFS.
func (o *overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	var entries []fs.DirEntry
	if o.base != nil {
		var err error
		if entries, err = fs.ReadDir(o.base, name); err != nil && len(o.below[name]) == 0 {
			return nil, err
		}
	}
	for _, at := range o.below[name] {
		info, _ := o.own(at)
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == info.Name() })
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// fileOf is a file that is in memory.
func fileOf(name string, data []byte) fileInfo {
	return fileInfo{path.Base(name), int64(len(data)), 0o644}
}

type fileInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return i.mode }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return i.mode.IsDir() }
func (i fileInfo) Sys() any           { return nil }

type openFile struct {
	io.Reader
	info fs.FileInfo
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }
