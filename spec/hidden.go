package spec

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

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
		case part == "" || part == ".":
			continue
		case part == "..":
			at = path.Dir(at) // at has no links, so its parent is the one before it
			continue
		case isHidden(part) && links == 0:
			return errHidden
		case isHidden(part):
			return errHiddenLink
		}
		next := path.Join(at, part)
		if _, plain := f.plain.Load(next); plain {
			at = next
			continue
		}
		target, err := fs.ReadLink(f.fsys, next)
		if err != nil { // no link
			if len(parts) > 0 {
				f.plain.Store(next, true)
			}
			at = next
			continue
		}
		if links++; links > maxHiddenLinks {
			return errManyLinks
		}
		parts = append(strings.Split(filepath.ToSlash(target), "/"), parts...)
	}
	return nil
}
