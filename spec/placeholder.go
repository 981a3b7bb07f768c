package spec

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/schema"
)

// placeholder is the first use of a {name} in a prompt.
type placeholder struct {
	name string
	pos  Pos
}

// reserved are the names that the platform sets itself (reference.md,
// "Prompts"): no infield may have one.
var reserved = []string{
	"agent_id", "call_id", "phone_number", "from_number", "phone_number_id", "sip_call_to",
	"room_id", "voice_room_id", "metadata", "scheduled_time", "timezone",
}

func isReserved(name string) bool { return slices.Contains(reserved, name) }

// placeholders finds the names in curly braces, each where it stands first.
// Braces around anything else, such as JSON, are text.
func placeholders(file, text string) []placeholder {
	var out []placeholder
	var seen map[string]bool
	line, column, counted := 1, 1, 0
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '{')
		if i < 0 {
			return out
		}
		open := at + i
		name := identifier(text[open+1:])
		at = open + 1
		end := at + len(name)
		if name == "" || end >= len(text) || text[end] != '}' || seen[name] {
			continue
		}
		if seen == nil {
			seen = map[string]bool{}
		}
		seen[name] = true
		passed := text[counted:open]
		if last := strings.LastIndexByte(passed, '\n'); last >= 0 {
			line, column = line+strings.Count(passed, "\n"), 1
			passed = passed[last+1:]
		}
		column += utf8.RuneCountInString(passed)
		counted = open
		out = append(out, placeholder{name, Pos{File: file, Line: line, Column: column}})
	}
}

func identifier(s string) string {
	const longest = 128
	for i := 0; i < len(s) && i <= longest; i++ {
		c := s[i]
		if c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9' {
			continue
		}
		return s[:i]
	}
	return ""
}

func addPlaceholders(to, more []placeholder) []placeholder {
	have := make(map[string]bool, len(to))
	for _, p := range to {
		have[p.name] = true
	}
	for _, p := range more {
		if !have[p.name] {
			to = append(to, p)
		}
	}
	return to
}

// spoken gathers warnings about placeholders, so that a prompt that many
// agents share is reported once.
type spoken struct {
	order  []placeholder
	users  map[placeholder]*users
	report func(Problem)
	budget *budget
}

type users struct {
	first string // an agent
	count int
	hint  string
}

// checkPlaceholders compares an agent's prompts with what its infields and its
// metadata declare. One that is declared on the platform alone is reported as
// well: git does not show that it has a value.
func (s *spoken) checkPlaceholders(agent string, spec *node) {
	infields, metadata := spec.get("call_infields"), spec.at("config", "metadata_schema")
	declared := append(namesOf(infields, "field_name"), namesOf(metadata, "name")...)
	if !s.budget.takeWork(len(declared)) {
		return
	}
	known := make(map[string]bool, len(declared)+1)
	var near []string
	for _, d := range declared {
		known[d.text()] = true
		near = append(near, d.text())
	}
	known["user_name"] = true
	near = append(near, "user_name")
	used := map[string]bool{}
	managed := false
	for _, row := range Fields(SectionConfig) {
		n := spec.at(SectionConfig, row.Name)
		if !row.Spoken {
			continue
		}
		managed = managed || n.isText()
		if n == nil || n.prompt == nil || !s.budget.takeWork(len(n.prompt.names)) {
			continue
		}
		for _, p := range n.prompt.names {
			used[p.name] = true
			if !known[p.name] && !isReserved(p.name) {
				s.add(p, agent, near)
			}
		}
	}
	for _, d := range declared {
		if managed && !used[d.text()] {
			s.report(Problem{Pos: d.pos, Warning: true, Verbose: true, Message: fmt.Sprintf("%s is declared, and no prompt uses {%s}", schema.Quote(d.text()), printable(schema.Clip(d.text())))})
		}
	}
}

func (s *spoken) add(p placeholder, agent string, declared []string) {
	u := s.users[p]
	if u == nil {
		near := ""
		if s.budget.takeWork(len(declared)) {
			near = schema.Nearest(p.name, declared)
		}
		hint := "declare it in call_infields or config.metadata_schema: without a value it is spoken as it stands"
		if near != "" {
			hint = fmt.Sprintf("did you mean {%s}? without a value it is spoken as it stands", printable(near))
		}
		u = &users{first: agent, hint: hint}
		s.users[p] = u
		s.order = append(s.order, p)
	}
	u.count++
}

func (s *spoken) problems() []Problem {
	var out []Problem
	for _, p := range s.order {
		u := s.users[p]
		who := "agent " + u.first
		if u.count > 1 {
			who = fmt.Sprintf("agent %s and %d more", u.first, u.count-1)
		}
		out = append(out, Problem{Pos: p.pos, Warning: true, Hint: u.hint,
			Message: fmt.Sprintf("{%s} is neither an infield nor metadata of %s", p.name, who)})
	}
	return out
}

// namesOf returns the name values of a list's items.
func namesOf(list *node, key string) []*node {
	var out []*node
	if list != nil {
		for _, item := range list.items {
			if name := item.get(key); name.isText() {
				out = append(out, name)
			}
		}
	}
	return out
}
