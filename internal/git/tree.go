package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// maxEntries bounds the files of a tree, folders not counted.
const maxEntries = 1_000_000

// Tree is the project's folder as a commit has it, with the rules of
// os.Root.FS: links are followed inside of it alone. Submodules are left out,
// and a file of more than 4 MiB ends there.
//
// Names are kept in memory and contents stay in git until a file is opened:
// most files are the same in the working tree and are never asked for, and
// writing 20,000 files into a temporary folder takes longer than all the rest.
type Tree struct {
	root *node
	repo *Repo
	ctx  context.Context

	mu    sync.Mutex // guards what follows, and a question to git with its answer
	blobs *process   // git cat-file, nil until the first read
	err   error      // why nothing can be read any more
}

// node is a file, a link or a folder.
type node struct {
	mode   fs.FileMode // its type alone
	id     string      // of a file's or a link's blob
	parent *node       // nil for the root
	below  map[string]*node
}

func newFolder(parent *node) *node {
	return &node{mode: fs.ModeDir, parent: parent, below: map[string]*node{}}
}

// Tree lists the files that the project's folder has in a commit (a full id, as
// Commit returns it). It is empty where the commit does not have the folder.
// ctx bounds all later reading too, and Close ends it.
func (r *Repo) Tree(ctx context.Context, commit string) (*Tree, error) {
	args := []string{"ls-tree", "-r", "-z", "--full-tree", commit}
	if r.prefix != "" {
		args = append(args, "--", r.prefix)
	}
	git, err := r.start(ctx, args...)
	if err != nil {
		return nil, err
	}
	t := &Tree{root: newFolder(nil), repo: r, ctx: ctx}
	if err = t.list(git.out, r.prefix); err != nil {
		git.stop() // nobody reads the rest
	} else if err = git.Wait(); err != nil {
		err = r.failure("ls-tree", err, git.said.String())
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// list takes the "MODE TYPE ID<tab>PATH<nul>" records of git ls-tree. Records
// are read one by one and counted: a small repository can list without end.
func (t *Tree) list(out *bufio.Reader, prefix string) error {
	for n := 0; ; n++ {
		record, err := out.ReadSlice(0)
		switch {
		case err == io.EOF && len(record) == 0:
			return nil
		case err == io.EOF:
			return &Error{"git ls-tree: its answer is cut off", "", nil}
		case err != nil || n == maxEntries:
			return &Error{fmt.Sprintf("git ls-tree: the commit has more than %d files, or one with an endless name", maxEntries), "give the folder of the agents with --chdir", nil}
		}
		head, name, _ := bytes.Cut(record[:len(record)-1], []byte("\t"))
		fields := strings.Fields(string(head))
		if len(fields) != 3 {
			return &Error{fmt.Sprintf("git ls-tree: it answers %.60q", record), "", nil}
		}
		if below, ok := strings.CutPrefix(string(name), prefix); ok && fields[1] == "blob" {
			t.add(below, fields[0], fields[2])
		}
	}
}

// add puts a blob into the tree. It skips what only a forged tree has: an empty
// name, "." or "..", a file and a folder in one place.
func (t *Tree) add(name, mode, id string) {
	if name == "" || path.Clean("/"+name) != "/"+name {
		return
	}
	at, parts := t.root, strings.Split(name, "/")
	last := len(parts) - 1
	for _, part := range parts[:last] {
		if at.below[part] == nil {
			at.below[part] = newFolder(at)
		}
		if at = at.below[part]; !at.mode.IsDir() {
			return
		}
	}
	if at.below[parts[last]] != nil {
		return
	}
	n := &node{id: id, parent: at}
	if mode == "120000" {
		n.mode = fs.ModeSymlink
	}
	at.below[parts[last]] = n
}

// The reasons of os.Root, in its words.
var (
	errEscapes = errors.New("path escapes from parent")
	errNotDir  = errors.New("not a directory")
	errLoop    = errors.New("too many levels of symbolic links")
	errTooLong = errors.New("file name too long")
)

const (
	maxLinks  = 8    // that os.Root follows in one path
	maxTarget = 4096 // bytes of a path on Linux
)

// find returns what name leads to, or an fs.PathError; with follow, a link at
// its end is followed.
func (t *Tree) find(op, name string, follow bool) (*node, error) {
	n, err := t.resolve(name, follow)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return n, nil
}

func (t *Tree) resolve(name string, follow bool) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	at, parts := t.root, strings.Split(name, "/")
	for links := 0; len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		next := at.below[part]
		switch {
		case !at.mode.IsDir():
			return nil, errNotDir
		case part == "" || part == ".":
			continue
		case part == ".." && at.parent == nil:
			return nil, errEscapes
		case part == "..":
			at = at.parent
			continue
		case next == nil:
			return nil, fs.ErrNotExist
		case next.mode != fs.ModeSymlink || len(parts) == 0 && !follow:
			at = next
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
	return at, nil
}

func (t *Tree) target(link *node) (string, error) {
	target, err := t.read(link.id)
	switch {
	case err != nil:
		return "", err
	case len(target) > maxTarget:
		return "", errTooLong
	case len(target) == 0:
		return "", fs.ErrNotExist
	}
	return string(target), nil
}
