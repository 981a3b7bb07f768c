package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// prompt gives the files of a text what the text is to be. done is false where no
// file holds it, or none can: then it is set in the manifest. A file that others
// read stays as it is, unless all of them are to read the same there, and this agent
// gets one of its own in its place: whoever changed one agent on the platform did
// not change the others.
func (p *pass) prompt(now *spec.Agent, o op, r *Result) (done bool, err error) {
	names, list := p.promptFiles(now, o)
	text, _ := o.v.(string)
	if len(names) == 0 || strings.TrimSpace(text) == "" {
		return false, nil
	}
	old, unread := p.texts(names)
	if unread != "" {
		return false, problemAt(now, o, "%s can't be read", unread)
	}
	parts, between := divide(old, text)
	if parts == nil {
		one, other := names[between], names[between+1]
		return false, spec.Problems{{
			Pos: spec.Pos{File: one},
			Message: fmt.Sprintf("%s: what changed where %s ends and %s begins can't be told to belong to one of them",
				o.place(), one, other),
			Hint: "change the two files by hand",
		}}
	}
	p.index()
	fresh := slices.Clone(names)
	for i, name := range names {
		if parts[i] == old[i] {
			continue
		}
		real := p.files.real(name)
		data, _ := p.files.read(real)
		before := slices.Index(names[:i], name)
		if before >= 0 && parts[before] == parts[i] { // named twice, and the same in both places
			fresh[i] = fresh[before]
			continue
		}
		twice := before >= 0 || staysIn(names, old, parts, i)
		if twice || len(p.readers[real]) > 1 && !p.wantText(real, parts[i]) {
			fresh[i] = p.ownFile(name, now.Name)
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %s is read by others too (%s), so the new text is in %s",
				now.Name, name, p.otherReaders(real, now.Name, o), fresh[i]))
			for _, reader := range p.readers[real] {
				if other, _, _ := strings.Cut(reader, " "); other != now.Name && !slices.Contains(r.Parted, other) {
					r.Parted = append(r.Parted, other)
				}
			}
			if len(p.projects) == 1 { // else another environment may go on reading it
				gone := now.Name + " " + o.path[len(o.path)-1]
				p.readers[real] = slices.DeleteFunc(p.readers[real], func(r string) bool { return r == gone && !twice })
			}
			real = fresh[i]
		}
		p.files.changed[real] = rewritten(data, parts[i])
	}
	if slices.Equal(fresh, names) {
		return true, nil
	}
	o.v = map[string]any{"file": fresh[0]}
	if list {
		all := make([]any, len(fresh))
		for i, name := range fresh {
			all[i] = name
		}
		o.v = map[string]any{"file": all}
	}
	return true, p.set(now, o)
}

// texts are those of prompt files as they are by now; unread is one that can't be
// read.
func (p *pass) texts(names []string) (texts []string, unread string) {
	for _, name := range names {
		data, err := p.files.read(name)
		if err != nil {
			return nil, name
		}
		texts = append(texts, value.Text(string(bytes.TrimPrefix(data, bom))))
	}
	return texts, ""
}

// staysIn reports whether a file that changes in one place of a list stays as it is
// in another.
func staysIn(names, old, parts []string, at int) bool {
	for i := range names {
		if names[i] == names[at] && parts[i] == old[i] {
			return true
		}
	}
	return false
}

// promptFiles returns the files that the value of an op names where it lives, and
// whether it is a list of them; none for a text that stands in the manifest.
func (p *pass) promptFiles(now *spec.Agent, o op) (names []string, list bool) {
	v := p.winner(now, o)
	m, _ := v.(map[string]any)
	switch file := m["file"].(type) {
	case string:
		return []string{path.Clean(file)}, false
	case []any:
		for _, name := range file {
			names = append(names, path.Clean(fmt.Sprint(name)))
		}
	}
	return names, true
}

// winner is the value of an op's path as the document that gives it has it.
func (p *pass) winner(now *spec.Agent, o op) any {
	if t, ok := p.givingOverride(now, o.path); ok {
		part := p.manifest(t.file).parts[t.part]
		list, _ := get(plain(part.Roots[t.doc]), schema.Document("project"), t.inside)
		v, _ := get(list.([]any)[t.override].(map[string]any)["spec"], schema.Spec(), o.path)
		return v
	}
	at, _ := now.Positions.At(o.place())
	t, ok := p.documentAt(at)
	if !ok {
		return nil
	}
	root := p.manifest(t.file).parts[t.part].Roots[t.doc]
	v, _ := get(plain(root), schema.Document(strings.ToLower(t.kind)), append(slices.Clone(t.inside), o.path...))
	return v
}

// otherReaders names who else reads a file.
func (p *pass) otherReaders(real, agent string, o op) string {
	var out []string
	for _, reader := range p.readers[real] {
		name, field, _ := strings.Cut(reader, " ")
		switch {
		case name != agent:
			out = append(out, name)
		case field != o.path[len(o.path)-1]:
			out = append(out, "its "+field)
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) == 0 {
		return "it twice"
	}
	return listed(out)
}

// ownFile is the name of a file that is not there yet: beside the one that others
// read, with the agent's name once.
func (p *pass) ownFile(name, agent string) string {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	if base := path.Base(stem); base == agent || strings.HasSuffix(base, "-"+agent) {
		stem += "-own"
	} else {
		stem += "-" + agent
	}
	for n := 1; ; n++ {
		own := stem + ext
		if n > 1 {
			own = fmt.Sprintf("%s-%d%s", stem, n, ext)
		}
		if _, err := p.files.Lstat(own); errors.Is(err, fs.ErrNotExist) {
			return own
		}
	}
}

// rewritten returns a file with another text: lines that stay keep their bytes, and
// the file its byte order mark, its line ends and how it ends.
func rewritten(data []byte, text string) []byte {
	var out bytes.Buffer
	if rest, had := bytes.CutPrefix(data, bom); had {
		out.Write(bom)
		data = rest
	}
	body := bytes.TrimRight(data, "\r\n")
	tail := data[len(body):]
	eol := "\n"
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		eol = "\r\n"
	}
	raw := words.Split(string(body))
	old := make([]string, len(raw))
	for i, line := range raw {
		old[i] = strings.TrimRight(line, "\r")
		if raw[i] = line + "\n"; i == len(raw)-1 {
			raw[i] = line + eol
		}
	}
	lines := mixed(words.Split(text), old, func(from, to int) []string { return raw[from:to] },
		func(line string) []string { return []string{line + eol} })
	out.WriteString(strings.TrimRight(strings.Join(lines, ""), "\r\n"))
	out.Write(tail)
	return out.Bytes()
}

// divide cuts a text into the parts that old has become; a blank line is between
// two. Where it can't be told to which of two parts a change belongs, parts is nil,
// and between the number of the first of the two.
func divide(old []string, text string) (parts []string, between int) {
	if len(old) == 1 {
		return []string{text}, 0
	}
	var only [][]string // the readings in which one part alone changed
	var which []int
	for i := range old {
		before := strings.Join(append(slices.Clone(old[:i]), ""), "\n\n")
		after := strings.Join(append([]string{""}, old[i+1:]...), "\n\n")
		rest, starts := strings.CutPrefix(text, before)
		rest, ends := strings.CutSuffix(rest, after)
		if starts && ends && isPart(rest) {
			only = append(only, slices.Concat(old[:i], []string{rest}, old[i+1:]))
			which = append(which, i)
		}
	}
	switch len(only) {
	case 0:
		return divideByLines(old, text)
	case 1:
		return only[0], 0
	}
	return nil, which[0]
}

// isPart reports whether a text can be a prompt file's.
func isPart(text string) bool { return strings.TrimSpace(text) != "" && value.Text(text) == text }

// divideByLines is divide where several parts changed. Each blank line between two
// must still be there, and nothing may have come in right beside it.
func divideByLines(old []string, text string) (parts []string, between int) {
	before, now := words.Split(strings.Join(old, "\n\n")), words.Split(text)
	hunks := words.Lines(before, now)
	line, from := 0, 0
	for i, part := range old[:len(old)-1] {
		line += strings.Count(part, "\n") + 1 // the blank line after part i
		at, ok := moved(hunks, line)
		if !ok || at < from || !isPart(strings.Join(now[from:at], "\n")) {
			return nil, i
		}
		parts = append(parts, strings.Join(now[from:at], "\n"))
		from, line = at+1, line+1
	}
	if last := strings.Join(now[min(from, len(now)):], "\n"); isPart(last) {
		return append(parts, last), 0
	}
	return nil, len(old) - 2
}

// moved returns where a line that stays is now. ok is false for one that does not
// stay, and for one beside which lines only came in.
func moved(hunks []words.Hunk, line int) (now int, ok bool) {
	now = line
	for _, h := range hunks {
		touches := h.Old.From <= line+1 && h.Old.To >= line
		switch {
		case h.Old.From <= line && line < h.Old.To, touches && h.Old.Len() == 0:
			return 0, false
		case h.Old.To <= line:
			now = line + h.New.To - h.Old.To
		}
	}
	return now, true
}
