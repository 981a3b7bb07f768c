package edit

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// layered is a project's files with some of them changed in memory. Names that
// lead to one file by links are one file, that has the name it really has. It
// implements what spec.LoadOptions wants of an FS.
type layered struct {
	fs.FS
	changed map[string][]byte // by real name; what is new is there too
	ids     sync.Map          // real name → git's id of a file that is not changed
}

var (
	_ fs.StatFS     = (*layered)(nil)
	_ fs.ReadDirFS  = (*layered)(nil)
	_ fs.ReadLinkFS = (*layered)(nil)
)

// real follows the links in a name. What cannot be followed is left as it is: who
// opens it will say so.
func (o *layered) real(name string) string {
	at, rest := ".", strings.Split(path.Clean(name), "/")
	for links := 0; len(rest) > 0 && links < 64; {
		part := rest[0]
		rest = rest[1:]
		next := path.Join(at, part)
		target, err := fs.ReadLink(o.FS, next)
		if err != nil {
			at = next
			continue
		}
		links++
		if path.IsAbs(target) {
			return name
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return path.Join(append([]string{at}, rest...)...)
}

// read returns a file, as it is by now.
func (o *layered) read(name string) ([]byte, error) { return fs.ReadFile(o, name) }

func (o *layered) Open(name string) (fs.File, error) {
	if data, ok := o.changed[o.real(name)]; ok {
		return &openFile{bytes.NewReader(data), fileOf(name, data)}, nil
	}
	return o.FS.Open(name)
}

func (o *layered) Stat(name string) (fs.FileInfo, error) {
	if data, ok := o.changed[o.real(name)]; ok {
		return fileOf(name, data), nil
	}
	return fs.Stat(o.FS, name)
}

func (o *layered) Lstat(name string) (fs.FileInfo, error) {
	if data, ok := o.changed[name]; ok {
		return fileOf(name, data), nil
	}
	return fs.Lstat(o.FS, name)
}

func (o *layered) ReadLink(name string) (string, error)       { return fs.ReadLink(o.FS, name) }
func (o *layered) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(o.FS, name) }

// BlobID is what package spec's cache knows a file by.
func (o *layered) BlobID(name string) (id string, ok bool) {
	name = o.real(name)
	_, changed := o.changed[name]
	if known, ok := o.ids.Load(name); ok && !changed {
		return known.(string), true
	}
	data, err := o.read(name)
	if err != nil {
		return "", false
	}
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	id = fmt.Sprintf("%x", h.Sum(nil))
	if !changed {
		o.ids.Store(name, id)
	}
	return id, true
}
