package spec

import (
	"bytes"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// prompt is what a text that may stand in files was read from. The names of
// placeholders are by file, and so are the places where a manifest names them.
type prompt struct {
	segments []Segment
	names    [][]placeholder
	named    []Pos
}

// promptOf returns what a text was read from; of anything else, nothing.
func promptOf(n *node) prompt {
	p, _ := n.Source.(prompt)
	return p
}

// promptFile is one file, read once however many manifests name it.
type promptFile struct {
	text  string
	blob  string // as blobID, with a cache
	names []placeholder
	path  bool     // it holds the path of a file and nothing else
	err   error    // why it cannot be used
	bad   *Problem // the same, when the place is in the file itself
}

// loadPrompt turns the value of the prompt field at a path below spec into plain
// text that knows where its lines come from; {file: …} is read. What cannot be
// read becomes invalid.
func (l *loader) loadPrompt(manifest, field string, n *node, r *fileResult) *node {
	switch {
	case n.IsText():
		if l.refusePath(manifest, field, n, r) {
			return n.Invalid()
		}
		return n.WithText(n.Text(), inlinePrompt(n, r.lines))
	case !n.IsMap():
		return n
	}
	paths := []*node{n.Get("file")}
	if paths[0].IsList() {
		paths = paths[0].Below
	}
	var texts []string
	var joined prompt
	size, line, ok := 0, 1, true
	for _, p := range paths {
		if !p.IsText() {
			return n.Invalid() // already reported
		}
		name, part := path.Clean(p.Text()), l.promptFile(p.Text())
		if part.err != nil {
			r.report(l.promptProblem(manifest, field, p, part))
			ok = false
			continue
		}
		if part.path && l.refuse(r, problem(p.Pos, "name that file here; a link that git checks out as text looks like this too",
			"%s: the prompt file %s holds the path of a file and nothing else", field, schema.Quote(p.Text()))) {
			ok = false
			continue
		}
		if size += len(part.text) + 2; size > maxFileBytes+2 {
			r.report(problem(p.Pos, "shorten the prompt", "%s: the files are larger than 1 MiB together", field))
			return n.Invalid()
		}
		if r.prompts != nil {
			r.prompts[name] = part.blob
		}
		texts = append(texts, part.text)
		joined.segments = append(joined.segments, Segment{Start: line, File: name, Line: 1})
		joined.names = append(joined.names, part.names)
		joined.named = append(joined.named, p.Pos)
		line += strings.Count(part.text, "\n") + 2
	}
	switch {
	case !ok:
		return n.Invalid()
	case len(texts) > 1 && !l.takeBytes(int64(size)):
		r.report(problem(n.Pos, "", "%s: the prompt %s", field, errTooMuch))
		return n.Invalid()
	}
	return n.WithText(strings.Join(texts, "\n\n"), joined)
}

// inlinePrompt says where the lines of a text in a manifest stand: those of a
// "|" block one by one, all others at the value itself. lines are the manifest's.
func inlinePrompt(n *node, lines [][]byte) prompt {
	text := n.Text()
	if text == "" {
		return prompt{}
	}
	s := Segment{Start: 1, File: n.Pos.File, Line: n.Pos.Line, Fixed: !n.Literal}
	if n.Literal {
		s.Line++
		end := min(n.Pos.Line+strings.Count(text, "\n")+1, len(lines))
		text = string(bytes.Join(lines[min(n.Pos.Line, end):end], nil)) // with its indentation
	}
	names := placeholders(n.Pos.File, text)
	for i := range names {
		if n.Literal {
			names[i].pos.Line += n.Pos.Line
		} else {
			names[i].pos = n.Pos
		}
	}
	return prompt{[]Segment{s}, [][]placeholder{names}, []Pos{n.Pos}}
}

// promptFile returns the file at a path as a manifest writes it.
func (l *loader) promptFile(name string) promptFile {
	if err := checkPath(name); err != nil {
		return promptFile{err: err}
	}
	name = path.Clean(name)
	read, _ := l.prompts.LoadOrStore(name, sync.OnceValue(func() promptFile { return l.readPrompt(name) }))
	return read.(func() promptFile)()
}

var (
	errBackslash = errors.New("is written with a backslash")
	errEmpty     = errors.New("is empty")
	errNoText    = errors.New("is no text")
)

func checkPath(name string) error {
	switch {
	case strings.Contains(name, `\`):
		return errBackslash
	case !filepath.IsLocal(name), slices.Contains(strings.Split(name, "/"), ".."):
		return errOutside
	case isHidden(name):
		return errHidden
	}
	return nil
}

func (l *loader) readPrompt(name string) (f promptFile) {
	if f.err = l.visible(name); f.err != nil {
		return f
	}
	data, err := l.read(name)
	if f.err = err; err != nil {
		return f
	}
	if l.opt.Cache != nil {
		f.blob = blobID(data)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if p, bad := notText(name, text); bad {
		f.err, f.bad = errNoText, &p
		return f
	}
	if f.text = value.Text(text); strings.TrimSpace(f.text) == "" {
		f.err = errEmpty
	}
	f.path = len(l.pathsIn(name, f.text)) > 0
	f.names = placeholders(name, f.text)
	return f
}

// promptProblem says why a prompt file cannot be used, and how to mend it.
func (l *loader) promptProblem(manifest, field string, at *node, f promptFile) Problem {
	if f.bad != nil {
		return *f.bad
	}
	name, hint := at.Text(), promptHints[f.err]
	switch f.err {
	case errBackslash:
		hint = "write " + schema.Quote(strings.ReplaceAll(name, `\`, "/"))
	case errMissing, errOutside:
		if meant := l.meantFile(manifest, name); meant != "" {
			hint = "did you mean " + schema.Quote(meant) + "?"
			if path.Base(meant) == path.Base(name) {
				hint = "paths start at the project's root: write " + schema.Quote(meant)
			}
		}
	}
	return problem(at.Pos, hint, "%s: the prompt file %s %s", field, schema.Quote(name), f.err)
}

// promptHints say what to do about a prompt file that cannot be used.
var promptHints = map[error]string{
	errEmpty:      `write the prompt into it; "" in place of {file: …} means an empty prompt`,
	errOutside:    "put the file into the project; paths start at its root",
	errFolder:     "name a file in it",
	errMissing:    "paths start at the project's root",
	errTooLarge:   "shorten the prompt",
	errPointer:    pointerHint,
	errHidden:     hiddenHint,
	errHiddenLink: hiddenHint,
	ErrUntracked:  untrackedHint,
}
