package edit

import (
	"maps"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// alike is what the agents that are to change want of what they share: where all
// that have it want the same, it is changed once, where it lives.
type alike struct {
	values map[spec.Pos]map[string]op   // by place and agent
	texts  map[string]map[string]string // by prompt file (its real name) and reader, as in pass.readers
}

// alike looks at all agents that are to change, also where they are changed one by
// one. Files that this pass has changed count as they are by now: they say already
// what all their readers want.
func (p *pass) alike() *alike {
	if p.same != nil {
		return p.same
	}
	p.same = &alike{map[spec.Pos]map[string]op{}, map[string]map[string]string{}}
	for i := range p.projects[0].Agents {
		now := &p.projects[0].Agents[i]
		want := p.batch[now.Name]
		if want == nil {
			continue
		}
		for _, o := range ops(now, want) {
			p.noteText(now, o)
			if at, given := now.Positions.At(o.place()); given {
				if p.same.values[at] == nil {
					p.same.values[at] = map[string]op{}
				}
				p.same.values[at][now.Name] = o
			}
		}
	}
	return p.same
}

// noteText notes what an agent wants of the files that a text of it lies in.
func (p *pass) noteText(now *spec.Agent, o op) {
	text, isText := o.v.(string)
	if o.row == nil || o.row.Type != schema.Prompt || !isText {
		return
	}
	names, _ := p.promptFiles(now, o)
	old, unread := p.texts(names)
	if unread != "" || len(names) == 0 {
		return
	}
	parts, _ := divide(old, text)
	for i := range parts {
		real, reader := p.files.real(names[i]), now.Name+" "+o.path[len(o.path)-1]
		if p.same.texts[real] == nil {
			p.same.texts[real] = map[string]string{}
		}
		if _, twice := p.same.texts[real][reader]; !twice { // the first place has the file
			p.same.texts[real][reader] = parts[i]
		}
	}
}

// wantValue reports whether all that have a value from a place are to change, and
// want this there.
func (p *pass) wantValue(at spec.Pos, users []string, o op) bool {
	wishes := p.alike().values[at]
	for _, user := range users {
		wish, there := wishes[user]
		if !there || wish.gone != o.gone || !slices.Equal(wish.path, o.path) || !same(wish.v, o.v) {
			return false
		}
	}
	return p.together(users)
}

// wantText is wantValue for a file's text.
func (p *pass) wantText(real, text string) bool {
	wishes := p.alike().texts[real]
	users := map[string]bool{}
	for _, reader := range p.readers[real] {
		if wish, there := wishes[reader]; !there || wish != text {
			return false
		}
		name, _, _ := strings.Cut(reader, " ")
		users[name] = true
	}
	return p.together(slices.Collect(maps.Keys(users)))
}

// together remembers that agents are changed in one place.
func (p *pass) together(agents []string) bool {
	for _, name := range agents {
		p.shared[name] = true
	}
	return true
}
