package spec

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// prompt is what a text that may stand in files was read from.
type prompt struct {
	segments []Segment
	names    []placeholder
}

// promptFile is one file, read once however many manifests name it.
type promptFile struct {
	once     sync.Once
	text     string
	blob     string // as blobID, with a cache
	names    []placeholder
	err      error     // why it cannot be used
	problems []Problem // the same, when the place is in the file itself
}

// loadPrompt turns the value of the prompt field at a path below spec into plain
// text that knows where its lines come from; {file: …} is read. What cannot be
// read becomes invalid.
func (l *loader) loadPrompt(manifest, field string, n *node, r *fileResult) *node {
	switch {
	case n.isText():
		n.prompt = inlinePrompt(n, r.line)
		return n
	case n.kind != mapKind:
		return n
	}
	out := &node{kind: invalidKind, pos: n.pos}
	file := n.get("file")
	paths := []*node{file}
	if file != nil && file.kind == listKind {
		paths = file.items
	}
	var texts []string
	joined := &prompt{}
	size, line, ok := 0, 1, true
	for _, p := range paths {
		if !p.isText() {
			return out // already reported
		}
		part := l.promptFile(p.text())
		if part.err != nil {
			l.reportPrompt(manifest, field, p, part, r)
			ok = false
			continue
		}
		if size += len(part.text) + 2; size > maxFileBytes+2 {
			r.report(Problem{Pos: p.pos, Message: field + ": the files are larger than 1 MiB together", Hint: "shorten the prompt"})
			return out
		}
		if !l.budget.takeWork(len(joined.names) + len(part.names)) {
			return out // Load says that the project is too large
		}
		if r.prompts != nil {
			r.prompts[p.cleanPath()] = part.blob
		}
		texts = append(texts, part.text)
		joined.segments = append(joined.segments, Segment{Start: line, File: p.cleanPath(), Line: 1})
		joined.names = addPlaceholders(joined.names, part.names)
		line += strings.Count(part.text, "\n") + 2
	}
	if !ok {
		return out
	}
	if len(texts) > 1 && !l.budget.takeBytes(int64(size)) {
		r.report(Problem{Pos: n.pos, Message: field + ": the prompt " + errTooMuch.Error()})
		return out
	}
	return &node{pos: n.pos, value: strings.Join(texts, "\n\n"), prompt: joined}
}

func (n *node) cleanPath() string { return path.Clean(n.text()) }

// inlinePrompt says where the lines of a text in a manifest stand: those of a
// "|" block one by one, all others at the value itself. raw returns the
// manifest's lines.
func inlinePrompt(n *node, raw func(int) []byte) *prompt {
	text := n.text()
	if text == "" {
		return &prompt{}
	}
	s := Segment{Start: 1, File: n.pos.File, Line: n.pos.Line, Fixed: true}
	if n.literal {
		s.Line, s.Fixed = n.pos.Line+1, false
	}
	names := placeholders(n.pos.File, text)
	indent := 0
	if len(names) > 0 && !s.Fixed {
		first := names[0].pos.Line
		indent = utf8.RuneCount(raw(first+n.pos.Line)) - utf8.RuneCount(nthLine([]byte(text), first))
	}
	for i := range names {
		if s.Fixed {
			names[i].pos = n.pos
		} else {
			names[i].pos.Line += n.pos.Line
			names[i].pos.Column += max(0, indent)
		}
	}
	return &prompt{segments: []Segment{s}, names: names}
}

// promptFile returns the file at a path as a manifest writes it.
func (l *loader) promptFile(name string) *promptFile {
	if err := checkPath(name); err != nil {
		return &promptFile{err: err}
	}
	name = path.Clean(name)
	entry, _ := l.prompts.LoadOrStore(name, &promptFile{})
	f := entry.(*promptFile)
	f.once.Do(func() { f.load(l.files, name, l.cache != nil) })
	return f
}

var (
	errBackslash = errors.New("is written with a backslash")
	errEmpty     = errors.New("is empty")
)

func checkPath(name string) error {
	switch {
	case strings.Contains(name, `\`):
		return errBackslash
	case path.IsAbs(name), filepath.IsAbs(name), filepath.VolumeName(name) != "":
		return errOutside
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return errOutside
		}
	}
	if isHidden(name) {
		return errHidden
	}
	return nil
}

func (f *promptFile) load(files *files, name string, identify bool) {
	if f.err = files.visible(name); f.err != nil {
		return
	}
	data, err := files.read(name)
	if err != nil {
		f.err = err
		return
	}
	if identify {
		f.blob = blobID(data)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if p, bad := notText(name, text); bad {
		f.err, f.problems = errors.New("is no text"), []Problem{p}
		return
	}
	if f.text = value.Text(text); strings.TrimSpace(f.text) == "" {
		f.err = errEmpty
		return
	}
	f.names = placeholders(name, f.text)
}

// reportPrompt says why a prompt file cannot be used, and how to mend it.
func (l *loader) reportPrompt(manifest, field string, at *node, f *promptFile, r *fileResult) {
	if len(f.problems) > 0 {
		r.problems = append(r.problems, f.problems...)
		return
	}
	name := at.text()
	p := Problem{Pos: at.pos, Message: fmt.Sprintf("%s: the prompt file %s %s", field, schema.Quote(name), f.err), Hint: promptHints[f.err]}
	if f.err == errBackslash {
		p.Hint = "write " + schema.Quote(strings.ReplaceAll(name, `\`, "/"))
	}
	if f.err == errMissing || f.err == errOutside {
		beside := path.Join(path.Dir(manifest), name)
		if _, err := l.files.stat(beside); !path.IsAbs(name) && filepath.IsLocal(beside) && !isHidden(beside) && err == nil {
			p.Hint = "paths start at the project's root: write " + schema.Quote(beside)
		}
	}
	r.report(p)
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
