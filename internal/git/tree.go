package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// maxEntries bounds the files of a tree, folders not counted.
const maxEntries = 1_000_000

// maxWhole is the size up to which a file is read whole; of a larger one, only
// the beginning can be read.
const (
	maxWhole = 4 << 20
	maxHead  = 64 << 10
)

// Tree is the project's folder as a commit has it, as a file system with the
// rules of os.Root.FS: links are followed inside of it alone. Submodules are
// not there. A file of more than 4 MiB ends after its first 64 KiB.
type Tree struct {
	root    *node
	objects *objects
}

var (
	_ fs.StatFS     = (*Tree)(nil)
	_ fs.ReadDirFS  = (*Tree)(nil)
	_ fs.ReadLinkFS = (*Tree)(nil)
)

// node is a file, a link or a folder.
type node struct {
	name  string
	mode  fs.FileMode // its type alone
	id    string      // of a file's or a link's blob
	below map[string]*node
}

// Tree reads which files the project's folder has in a commit (a full id, as
// Commit gives it). Where the commit does not have the folder, it is empty.
// ctx bounds all that is read of the tree later, and Close ends it.
func (r *Repo) Tree(ctx context.Context, commit string) (*Tree, error) {
	args := []string{"ls-tree", "-r", "-z", "--full-tree", commit}
	if r.prefix != "" {
		args = append(args, "--", r.prefix)
	}
	cmd := command(ctx, r.dir, args...)
	var said limited
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, r.failure("ls-tree", err, "")
	}
	t := &Tree{root: &node{name: ".", mode: fs.ModeDir, below: map[string]*node{}}, objects: &objects{ctx: ctx, repo: r}}
	readErr := t.read(out, r.prefix)
	if readErr != nil {
		_ = cmd.Process.Kill() // nobody reads the rest
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case readErr != nil:
		return nil, readErr
	case err != nil:
		return nil, r.failure("ls-tree", err, said.String())
	}
	return t, nil
}

// Close ends what reads the tree.
func (t *Tree) Close() { t.objects.close() }

// read takes git ls-tree's "MODE TYPE ID<tab>PATH<nul>" lines.
func (t *Tree) read(out io.Reader, prefix string) error {
	lines := bufio.NewReaderSize(out, 64<<10)
	for n := 0; ; n++ {
		line, err := lines.ReadSlice(0)
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case errors.Is(err, bufio.ErrBufferFull), n == maxEntries:
			return &Error{fmt.Sprintf("git ls-tree: the commit has more than %d files, or one with an endless name", maxEntries), "give the folder of the agents with --chdir"}
		case err != nil:
			return &Error{"git ls-tree: its answer is cut off", ""}
		}
		head, name, ok := bytes.Cut(line[:len(line)-1], []byte("\t"))
		fields := bytes.Fields(head)
		if !ok || len(fields) != 3 {
			return &Error{fmt.Sprintf("git ls-tree: it answers %.60q", line), ""}
		}
		if below, ok := strings.CutPrefix(string(name), prefix); ok && string(fields[1]) == "blob" {
			t.add(below, string(fields[0]), string(fields[2]))
		}
	}
}

// add puts a blob into the tree. Names that only a forged tree has (.., an
// empty one, a file and a folder in one place) are passed over.
func (t *Tree) add(name, mode, id string) {
	parts := strings.Split(name, "/")
	for _, part := range parts {
		if part == "" || part == "." || part == ".." {
			return
		}
	}
	at := t.root
	for _, part := range parts[:len(parts)-1] {
		next := at.below[part]
		if next == nil {
			next = &node{name: part, mode: fs.ModeDir, below: map[string]*node{}}
			at.below[part] = next
		}
		if !next.mode.IsDir() {
			return
		}
		at = next
	}
	last := &node{name: parts[len(parts)-1], id: id}
	if mode == "120000" {
		last.mode = fs.ModeSymlink
	}
	if at.below[last.name] == nil {
		at.below[last.name] = last
	}
}

// The reasons of os.Root, in its words.
var (
	errEscapes = errors.New("path escapes from parent")
	errNotDir  = errors.New("not a directory")
	errLoop    = errors.New("too many levels of symbolic links")
)

// maxLinks is how many links os.Root follows in one path.
const maxLinks = 8

// find gives what name leads to; with follow, a link at its end is followed.
func (t *Tree) find(name string, follow bool) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	parts := strings.Split(name, "/")
	trail := []*node{t.root}
	for links := 0; len(parts) > 0; {
		at, part := trail[len(trail)-1], parts[0]
		parts = parts[1:]
		switch {
		case !at.mode.IsDir():
			return nil, errNotDir
		case part == "" || part == ".":
			continue
		case part == "..":
			if len(trail) == 1 {
				return nil, errEscapes
			}
			trail = trail[:len(trail)-1]
			continue
		}
		next := at.below[part]
		switch {
		case next == nil:
			return nil, fs.ErrNotExist
		case next.mode&fs.ModeSymlink == 0 || len(parts) == 0 && !follow:
			trail = append(trail, next)
			continue
		}
		if links++; links > maxLinks {
			return nil, errLoop
		}
		target, err := t.target(next)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(target, "/") {
			return nil, errEscapes
		}
		parts = append(strings.Split(target, "/"), parts...)
	}
	return trail[len(trail)-1], nil
}

// maxTarget is the length of a path that Linux takes.
const maxTarget = 4096

func (t *Tree) target(link *node) (string, error) {
	size, err := t.objects.size(link.id)
	if err != nil {
		return "", err
	}
	if size > maxTarget {
		return "", errors.New("file name too long")
	}
	target, err := t.objects.content(link.id)
	if len(target) == 0 && err == nil {
		return "", fs.ErrNotExist
	}
	return string(target), err
}

// BlobID gives git's id of the file that name leads to; ok is false when there
// is none. It reads nothing but links.
func (t *Tree) BlobID(name string) (id string, ok bool) {
	n, err := t.find(name, true)
	if err != nil || n.mode != 0 {
		return "", false
	}
	return n.id, true
}

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
