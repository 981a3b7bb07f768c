package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/agentsync/agentsync/schema"
)

// files reads a project's files, and no others. fsys resolves every path inside
// of the project, as os.Root does: an absolute path, ".." and a link that leads
// out are refused.
type files struct {
	fsys   fs.FS
	budget *budget
	plain  sync.Map // folders that are no links, for visible
}

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

// read returns a regular file of at most 1 MiB. It never blocks on a pipe or a
// device, and never reads more than the limit.
func (f *files) read(name string) ([]byte, error) {
	info, err := f.stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFileBytes {
		return nil, errTooLarge
	}
	if !f.budget.takeBytes(info.Size()) {
		return nil, errTooMuch
	}
	file, err := f.fsys.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close()
	data := make([]byte, info.Size()+1)
	n, err := io.ReadFull(file, data)
	switch {
	case err == nil: // it grew since stat
		return nil, errors.New("changed while it was read")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		if bytes.HasPrefix(data, []byte(pointerText)) {
			return nil, errPointer
		}
		return data[:n], nil
	default:
		return nil, reason(err)
	}
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
	default:
		return info, nil
	}
}

// begins reports whether a file's first 64 KiB hold text; it is for files that
// are too large to be read whole.
func (f *files) begins(name, text string) bool {
	file, err := f.fsys.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	head, _ := io.ReadAll(io.LimitReader(file, 64<<10))
	return strings.Contains(string(head), text)
}

// reason turns an error of the file system into words for a message. The
// system's own text may name paths outside of the project, so it is not shown.
func reason(err error) error {
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, ErrUntracked):
		return ErrUntracked
	case errors.Is(err, fs.ErrNotExist):
		return errMissing
	case errors.Is(err, fs.ErrPermission):
		return errors.New("cannot be read: permission denied")
	case errors.As(err, &pathErr) && strings.Contains(pathErr.Err.Error(), "escapes"):
		return errOutside
	case errors.As(err, &pathErr) && strings.Contains(pathErr.Err.Error(), "not a directory"):
		return errMissing
	case errors.As(err, &pathErr):
		return fmt.Errorf("cannot be read: %s", printable(pathErr.Err.Error()))
	default:
		return fmt.Errorf("cannot be read: %s", printable(err.Error()))
	}
}

// search returns the files below the root in order: those that a pattern
// matches, or without patterns every *.yaml and *.yml. Folders that begin with
// a dot, node_modules and the lock file are passed over, and links to folders
// are not followed.
func (f *files) search(patterns []pattern, report func(Problem)) []string {
	var found []string
	entries := 0
	walk := func(name string, entry fs.DirEntry, err error) error {
		if entries++; entries > maxEntries || len(found) >= maxFiles {
			return errStop
		}
		switch {
		case err != nil && name == ".":
			report(Problem{Message: "the project " + reason(err).Error()})
			return nil
		case err != nil:
			report(Problem{Pos: Pos{File: printable(name)}, Message: "the folder " + reason(err).Error()})
			return nil
		case entry.IsDir():
			if name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		case entry.Name() == lockFile || !wantedFile(name, patterns):
			return nil
		case entry.Type()&fs.ModeSymlink != 0 && f.isFolder(name):
			return nil
		}
		found = append(found, name)
		return nil
	}
	if err := fs.WalkDir(f.fsys, ".", walk); errors.Is(err, errStop) {
		report(Problem{
			Message: fmt.Sprintf("too many files: want at most %d manifests among %d files", maxFiles, maxEntries),
			Hint:    "run agentsync in the folder that holds the agents, or name the manifests in " + projectFile,
		})
	}
	return found
}

var errStop = errors.New("stop")

func (f *files) isFolder(name string) bool {
	info, err := fs.Stat(f.fsys, name)
	return err == nil && info.IsDir()
}

func wantedFile(name string, patterns []pattern) bool {
	if len(patterns) == 0 {
		ext := path.Ext(name)
		return ext == ".yaml" || ext == ".yml"
	}
	for i := range patterns {
		if patterns[i].match(name) {
			return true
		}
	}
	return false
}

// printable returns s as messages show it: as it is, or quoted when it holds
// characters that could change what a terminal or a log shows.
func printable(s string) string {
	if bad, _ := schema.Unsafe(s, true); bad >= 0 {
		return schema.Quote(s)
	}
	return s
}

// notText finds the first byte of text that is no UTF-8, or the first control
// character, and says so with its place.
func notText(file, text string) (Problem, bool) {
	at, message := -1, ""
	if !utf8.ValidString(text) {
		for at = 0; at < len(text); {
			r, size := utf8.DecodeRuneInString(text[at:])
			if r == utf8.RuneError && size <= 1 {
				break
			}
			at += size
		}
		message = fmt.Sprintf("not UTF-8: byte 0x%02x at offset %d", text[at], at)
	} else if bad, i := schema.Unsafe(text, false); bad >= 0 {
		at, message = i, fmt.Sprintf("the control character %U is not allowed", bad)
	}
	if at < 0 {
		return Problem{}, false
	}
	hint := "delete it"
	if strings.HasPrefix(message, "not UTF-8") {
		hint = "save the file as UTF-8"
	}
	return Problem{Pos: place(file, text, at), Message: message, Hint: hint}, true
}

// place returns the line and column, in characters, of a byte offset.
func place(file, text string, at int) Pos {
	before := text[:at]
	start := strings.LastIndexByte(before, '\n') + 1
	return Pos{File: file, Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[start:]) + 1}
}
