package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
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

// Err says why files could not be read although the commit has them; nil when
// all that were asked for could.
func (t *Tree) Err() error {
	switch err := t.objects.failure(); {
	case errors.Is(err, errNotHere):
		return &Error{"files of the commit are not in this clone", "it is a partial clone: clone without a filter, or git fetch --refetch"}
	case err != nil:
		return &Error{err.Error(), ""}
	default:
		return nil
	}
}

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

// Check is nil for a file, link or folder that the tree has, else the error that
// Stat gives, or with follow false Lstat. It reads nothing but links.
func (t *Tree) Check(name string, follow bool) error {
	if _, err := t.find(name, follow); err != nil {
		return failed("stat", name, err)
	}
	return nil
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
