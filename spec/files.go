package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/agentsync/agentsync/schema"
)

// files reads a project's files, and no others. fsys resolves every path inside
// of the project, as os.Root does: an absolute path, ".." and a link that leads
// out are refused.
type files struct {
	fsys  fs.FS
	dir   string // where fsys is on disk, for folderBeyond alone
	bytes atomic.Int64
	plain sync.Map // folders that are no links, for visible

	linked atomic.Bool // some file was found by a link
}

// takeBytes counts what is held in memory, and reports whether that is still
// within the limit.
func (f *files) takeBytes(n int64) bool { return f.bytes.Add(n) <= maxTotalBytes }

// Reasons for refusing a file, as they stand in messages.
var (
	errOutside  = errors.New("is outside of the project")
	errMissing  = errors.New("does not exist")
	errFolder   = errors.New("is a folder")
	errSpecial  = errors.New("is no regular file")
	errTooLarge = errors.New("is larger than 1 MiB")
	errTooMuch  = errors.New("cannot be read: the project's files are larger than 256 MiB together")
	errPointer  = errors.New("is a pointer of Git LFS, not the file itself")
)

// ErrUntracked is what a LoadOptions.FS answers with, in an fs.PathError, for a
// file that is there and that git does not track, where such files are not read.
var ErrUntracked = errors.New("is not tracked by git")

// pointerText begins what git holds of a file that lies in Git LFS, and what a
// checkout without LFS leaves in its place. Nobody wants it read to a caller.
const pointerText = "version https://git-lfs.github.com/spec/v1\n"

// read returns a regular file of at most 1 MiB; of a larger one, how it begins
// and errTooLarge. It never blocks on a pipe or a device.
func (f *files) read(name string) ([]byte, error) {
	info, err := f.stat(name)
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size > maxFileBytes {
		size = 64 << 10
	}
	if !f.takeBytes(size) {
		return nil, errTooMuch
	}
	file, err := f.fsys.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close()
	data := make([]byte, size+1)
	n, err := io.ReadFull(file, data)
	switch {
	case info.Size() > maxFileBytes:
		return data[:n], errTooLarge
	case err == nil: // it grew since stat
		return nil, errors.New("changed while it was read")
	case err != io.ErrUnexpectedEOF && err != io.EOF:
		return nil, reason(err)
	case bytes.HasPrefix(data, []byte(pointerText)):
		return nil, errPointer
	}
	return data[:n], nil
}

// stat returns the regular file that name leads to.
func (f *files) stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(f.fsys, name)
	switch {
	case err != nil:
		return nil, reason(err)
	case info.IsDir():
		return nil, errFolder
	case !info.Mode().IsRegular():
		return nil, errSpecial
	}
	return info, nil
}

// reason turns an error of the file system into words for a message. The
// system's own text may name paths outside of the project, so it is not shown.
func reason(err error) error {
	text := err.Error()
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		text = pathErr.Err.Error()
	}
	switch {
	case errors.Is(err, ErrUntracked):
		return ErrUntracked
	case errors.Is(err, fs.ErrNotExist):
		return errMissing
	case errors.Is(err, fs.ErrPermission):
		return errors.New("cannot be read: permission denied")
	case strings.Contains(text, "escapes"):
		return errOutside
	case strings.Contains(text, "not a directory"):
		return errMissing
	}
	return fmt.Errorf("cannot be read: %s", printable(text))
}

// search returns the files below the root in order: those that a pattern
// matches, or without patterns every *.yaml and *.yml. Folders that begin with
// a dot, node_modules and the lock file are left out, and links to folders are
// not followed. passed has the files and links that could be meant: those whose
// ending alone is why no pattern takes them, and links to folders in which files
// would match.
func (f *files) search(patterns []*pattern, report func(...Problem)) (found, passed []string) {
	var unread []Problem
	entries, most, isProject := 0, maxEntries, f.isProject()
	if !isProject {
		most = maxStray
	}
	walk := func(name string, entry fs.DirEntry, err error) error {
		if entries++; entries > most || len(found) >= maxFiles {
			return errStop
		}
		switch {
		case err != nil && name == ".":
			report(problem(Pos{}, "", "the project %s", reason(err)))
		case err != nil:
			unread = append(unread, problem(Pos{File: printable(name)}, "", "the folder %s", reason(err)))
		case entry.IsDir():
			if name != "." && isUnsearched(entry.Name()) {
				return fs.SkipDir
			}
		case IsLitter(entry.Name()):
		case entry.Type()&fs.ModeSymlink != 0 && !isUnsearched(entry.Name()) && f.hidesFolder(name, patterns):
			passed = append(passed, name)
		case entry.Name() == lockFile:
		case !wantedFile(name, patterns):
			if slices.ContainsFunc(otherEndings(name), func(other string) bool { return matchesAny(other, patterns) }) {
				passed = append(passed, name)
			}
		case entry.Type()&fs.ModeSymlink != 0 && f.isFolder(name):
		default:
			if entry.Type()&fs.ModeSymlink != 0 {
				f.linked.Store(true)
			}
			found = append(found, name)
		}
		return nil
	}
	err := fs.WalkDir(f.fsys, ".", walk)
	if err == errStop && !isProject {
		report(problem(Pos{}, "start in the project's folder or name it with --chdir; agentsync init starts a project",
			"this is no project: no "+projectFile+" is here or above, and more than %d files and folders are below", maxStray))
		return nil, nil
	}
	report(unread...)
	if err == errStop {
		report(problem(Pos{}, "run agentsync in the folder that holds the agents, or name the manifests in "+projectFile,
			"too many files: want at most %d manifests among %d files", maxFiles, maxEntries))
	}
	return found, passed
}

// otherEndings are the names of a YAML file with the endings that it could have.
func otherEndings(name string) []string {
	ext := path.Ext(name)
	if lower := strings.ToLower(ext); lower != ".yaml" && lower != ".yml" {
		return nil
	}
	stem := strings.TrimSuffix(name, ext)
	return []string{stem + ".yaml", stem + ".yml"}
}

// hidesFolder reports whether a link leads to a folder whose files would be
// searched if they lay there, and are not searched where they do. A link that
// leads nowhere may be one whose folder is missing today.
func (f *files) hidesFolder(name string, patterns []*pattern) bool {
	below := func(folder string) bool {
		return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p *pattern) bool { return p.reachesBelow(folder) })
	}
	if !below(name) {
		return false
	}
	switch _, err := f.stat(name); {
	case err == errMissing && path.Ext(name) == "":
		return true
	case err == errOutside:
		return f.folderBeyond(name)
	case err != errFolder:
		return false
	}
	target, err := fs.ReadLink(f.fsys, name)
	if err != nil || path.IsAbs(target) {
		return true
	}
	real := path.Join(path.Dir(name), filepath.ToSlash(target))
	searched := !slices.ContainsFunc(strings.Split(real, "/"), func(part string) bool { return part != "." && isUnsearched(part) })
	return !searched || !below(real)
}

// folderBeyond reports whether a link that leads out of the project leads to a
// folder. Nothing of that is read.
func (f *files) folderBeyond(name string) bool {
	info, err := os.Stat(filepath.Join(f.dir, filepath.FromSlash(name)))
	return err == nil && info.IsDir() || errors.Is(err, fs.ErrNotExist) && path.Ext(name) == ""
}

// IsLitter reports whether a file of that name is what an editor or a system puts
// beside the files that people write: locks, copies, half-saved texts.
func IsLitter(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	switch {
	case strings.HasPrefix(name, ".#"), strings.HasPrefix(name, "._"), strings.HasPrefix(name, ".~"), strings.HasSuffix(name, "~"):
		return true
	case strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#"):
		return true
	case strings.HasPrefix(name, ".") && (ext == ".swp" || ext == ".swo" || ext == ".swx" || ext == ".swn" || strings.Contains(name, ".kate-swp")):
		return true
	}
	return slices.Contains([]string{".DS_Store", "Thumbs.db", "desktop.ini", "ehthumbs.db"}, name)
}

var errStop = errors.New("stop")

// isProject reports whether a file says that the folder is a project's root.
func (f *files) isProject() bool { return isRoot(f.fsys) }

// IsRoot is isProject for a folder on disk.
func IsRoot(dir string) bool { return isRoot(os.DirFS(dir)) }

func isRoot(fsys fs.FS) bool {
	for _, name := range []string{projectFile, lockFile} {
		if info, err := fs.Stat(fsys, name); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

func (f *files) isFolder(name string) bool {
	_, err := f.stat(name)
	return err == errFolder
}

// matchesAny is wantedFile for a name that no file has.
func matchesAny(name string, patterns []*pattern) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p *pattern) bool { return p.matches(name) })
}

func wantedFile(name string, patterns []*pattern) bool {
	if len(patterns) == 0 {
		ext := path.Ext(name)
		return ext == ".yaml" || ext == ".yml"
	}
	return slices.ContainsFunc(patterns, func(p *pattern) bool { return p.match(name) })
}

// Reasons for refusing a prompt file. Hidden files and folders hold what tools
// keep for themselves, credentials among it (.git/config, .env, .netrc), and a
// prompt is shown to all who read a plan.
var (
	errHidden     = errors.New("is a hidden file, or in a hidden folder")
	errHiddenLink = errors.New("leads to a hidden file or folder by a link")
	errManyLinks  = errors.New("cannot be read: too many levels of symbolic links")
)

const hiddenHint = "prompt files have no name, and no folder, that begins with a dot: move it, to prompts/ for example"

// maxHiddenLinks is more than any file system follows in one path: os.Root
// takes 8, Linux 40.
const maxHiddenLinks = 64

// isHidden reports whether a path, as it is written, has a segment that begins
// with a dot.
func isHidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part != "." && part != ".." && strings.HasPrefix(part, ".") {
			return true
		}
	}
	return false
}

// visible is an error when name is hidden, or leads through a hidden segment by
// way of links: its own, those of its folders, and those that links lead to. It
// takes one segment after the other, as os.Root does; what can't be read along
// the way stays for the one who opens the file.
func (f *files) visible(name string) error {
	parts, at := strings.Split(name, "/"), "."
	for links := 0; len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		switch {
		case isHidden(part) && links == 0:
			return errHidden
		case isHidden(part):
			return errHiddenLink
		}
		at = path.Join(at, part)
		if _, plain := f.plain.Load(at); plain {
			continue
		}
		target, err := fs.ReadLink(f.fsys, at)
		if err != nil { // no link
			if len(parts) > 0 {
				f.plain.Store(at, true)
			}
			continue
		}
		f.linked.Store(true)
		if links++; links > maxHiddenLinks {
			return errManyLinks
		}
		at, parts = path.Dir(at), append(strings.Split(filepath.ToSlash(target), "/"), parts...)
	}
	return nil
}

// printable returns s as messages show it: as it is, or quoted when it holds
// characters that could change what a terminal or a log shows.
func printable(s string) string {
	if bad, _ := schema.Unsafe(s, true); bad >= 0 {
		return schema.Quote(s)
	}
	return s
}

// notText finds the first byte of text that is no UTF-8, or control character,
// and says so with its place.
func notText(file, text string) (Problem, bool) {
	bad, at := schema.Unsafe(text, false)
	if at < 0 {
		return Problem{}, false
	}
	before := text[:at]
	start := strings.LastIndexByte(before, '\n') + 1
	place := Pos{File: file, Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[start:]) + 1}
	if bad == utf8.RuneError {
		return problem(place, "save the file as UTF-8", "not UTF-8: byte 0x%02x at offset %d", text[at], at), true
	}
	return problem(place, "delete it", "the control character %U is not allowed", bad), true
}
