package spec

import (
	"cmp"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/schema"
)

// A text that is the path of a file is a prompt that somebody forgot to read: the
// platform would speak the path. Nothing here reads what a file holds.

// refusePath reports a prompt's text that is a path, or several.
func (l *loader) refusePath(manifest, field string, n *node, r *fileResult) bool {
	paths := l.pathsIn(manifest, n.Text())
	spoken := schema.Spec().Below(SectionConfig).Below(strings.TrimPrefix(field, SectionConfig+".")).Spoken
	if len(paths) == 0 || !spoken && slices.ContainsFunc(paths, isAddress) { // notes may well be an address
		return false
	}
	hint := "put the text into a file of the project, and write {file: prompts/NAME.md}"
	if !slices.ContainsFunc(paths, isAddress) {
		hint = "write {file: " + strings.Join(paths, ", ") + "}"
		if len(paths) > 1 {
			hint = "write {file: [" + strings.Join(paths, ", ") + "]}"
		}
	}
	return l.refuse(r, problem(n.Pos, printable(hint), "%s: the text %s is the path of a file, which nothing reads", field, schema.Quote(n.Text())))
}

// refuse reports what no earlier version of agentsync refused, and whether it is an
// error: an earlier commit that has it can still be compared with.
func (l *loader) refuse(r *fileResult, p Problem) bool {
	p.Warning = l.opt.Past
	r.report(p)
	return !p.Warning
}

// checkTexts looks for paths in texts that never stand in files. In a guideline
// one is an error, as in a prompt; elsewhere it may be what somebody says.
func (l *loader) checkTexts(manifest string, row *Field, path string, n *node, r *fileResult) {
	switch {
	case row == nil || row.Type == schema.Prompt:
	case n.IsText() && row.Type == schema.Text:
		paths := l.pathsIn(manifest, n.Text())
		spoken := strings.HasPrefix(path, SectionConfig+".guidelines")
		if len(paths) == 0 || !spoken && !l.isPrompt(paths[0]) {
			return
		}
		p := problem(n.Pos, "write the text itself: only prompts are read from files, as {file: path}",
			"%s: the text %s is the path of a file, which nothing reads", path, schema.Quote(n.Text()))
		if spoken {
			l.refuse(r, p)
			return
		}
		p.Warning = true
		r.report(p)
	case n.IsMap():
		for _, f := range n.Below {
			l.checkTexts(manifest, row.Below(f.Key), join(path, f.Key), f, r)
		}
	case n.IsList():
		for _, item := range n.Below {
			l.checkTexts(manifest, row.Item(), path, item, r)
		}
	}
}

// pathMarks are what people write around a path, or before it, to have it read.
var pathMarks = strings.NewReplacer("${", "", "{", "", "}", "", "<", "", ">", "", "`", "", `"`, "", "'", "", "(", " ", ")", "")

// pathWords stand before a path.
var pathWords = []string{
	"file://", "file:", "file=", "file ", "@file:", "@file ", "!file ",
	"path:", "include:", "include ", "@include ", "!include ", "#include ", "@",
}

// pathsIn returns the paths, as {file: …} takes them, that a text consists of, and
// none where it holds anything else. from is the file that the text stands in.
func (l *loader) pathsIn(from, text string) []string {
	const longest = 2000
	if len(text) > longest {
		return nil
	}
	var paths []string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ',' }) {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name := l.pathIn(from, strings.TrimPrefix(strings.TrimSpace(part), "- "))
		if name == "" {
			return nil
		}
		paths = append(paths, name)
	}
	return paths
}

// pathIn returns the path that a text is, "" for none.
func (l *loader) pathIn(from, text string) string {
	name, marked := strings.TrimSpace(pathMarks.Replace(text)), false
	for _, word := range pathWords {
		if rest, ok := strings.CutPrefix(name, word); ok {
			name, marked = strings.TrimSpace(rest), true
			break
		}
	}
	name = strings.ReplaceAll(name, `\`, "/")
	if isAddress(name) {
		if schema.IsTextFile(name) {
			return name
		}
		return ""
	}
	clean, blank := path.Clean(name), strings.Contains(name, " ")
	named, below := schema.HasTextEnding(name), strings.Contains(name, "/")
	switch {
	case strings.ContainsAny(name, "\n\t") || len(name) > 255 || !named && (blank || !below):
		return ""
	case l.isPrompt(clean):
		return clean
	case named && !blank:
		return cmp.Or(l.meantFile(from, clean), clean)
	case named: // a sentence may end with the name of a file
		if beside := path.Join(path.Dir(from), clean); l.isPrompt(beside) {
			return beside
		}
	case marked || l.inFolder(clean):
		return cmp.Or(l.meantFile(from, clean+".md"), l.meantFile(from, clean+".txt"), clean)
	}
	return ""
}

func isAddress(name string) bool {
	return strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://")
}

// inFolder reports whether a path begins with a folder of the project.
func (l *loader) inFolder(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return filepath.IsLocal(first) && !isHidden(first) && l.isFolder(first)
}

// meantFile returns the file of the project that a path which leads nowhere was
// probably meant to be: the path itself, beside the manifest, or with a folder or
// name that is spelt a little differently; "" for none.
func (l *loader) meantFile(manifest, name string) string {
	for _, start := range []string{".", path.Dir(manifest)} {
		if exact := path.Join(start, name); l.isPrompt(exact) {
			return exact
		}
	}
	for _, start := range []string{".", path.Dir(manifest)} {
		if near := l.nearFile(path.Join(start, name)); near != "" {
			return near
		}
	}
	return ""
}

func (l *loader) isPrompt(name string) bool {
	if !filepath.IsLocal(name) || isHidden(name) {
		return false
	}
	_, err := l.stat(name)
	return err == nil
}

// nearFile is the file whose path is spelt most like name, folder by folder.
func (l *loader) nearFile(name string) string {
	if !filepath.IsLocal(name) || isHidden(name) {
		return ""
	}
	at := "."
	for part := range strings.SplitSeq(name, "/") {
		next := path.Join(at, part)
		if _, err := fs.Stat(l.fsys, next); err != nil {
			entries, _ := fs.ReadDir(l.fsys, at)
			near := schema.Nearest(part, visibleNames(entries))
			if near == "" {
				return ""
			}
			next = path.Join(at, near)
		}
		at = next
	}
	if !l.isPrompt(at) {
		return ""
	}
	return at
}

func visibleNames(entries []fs.DirEntry) []string {
	var names []string
	for _, e := range entries {
		if !isHidden(e.Name()) && printable(e.Name()) == e.Name() {
			names = append(names, e.Name())
		}
	}
	return names
}
