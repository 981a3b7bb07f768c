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

// placeholders finds the names in curly braces, each where it stands first.
// Braces around anything else, such as JSON, are text.
func placeholders(file, text string) []placeholder {
	var out []placeholder
	seen := map[string]bool{}
	pos := Pos{File: file, Line: 1, Column: 1}
	for {
		before, after, found := strings.Cut(text, "{")
		if !found {
			return out
		}
		if last := strings.LastIndexByte(before, '\n'); last >= 0 {
			pos.Line, pos.Column = pos.Line+strings.Count(before, "\n"), 1
			before = before[last+1:]
		}
		pos.Column += utf8.RuneCountInString(before)
		if name := identifier(after); name != "" && !seen[name] && strings.HasPrefix(after[len(name):], "}") {
			seen[name] = true
			out = append(out, placeholder{name, pos})
		}
		text = after
		pos.Column++ // the brace
	}
}

func identifier(s string) string {
	const longest = 128
	for i := 0; i < len(s) && i <= longest; i++ {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return s[:i]
		}
	}
	return ""
}

// spoken gathers warnings about placeholders, so that a prompt that many
// agents share is reported once.
type spoken struct {
	*loader
	users map[placeholder]*users
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
	declared := append(spec.Get(SectionInfields).Texts("field_name"), spec.Get(SectionConfig, "metadata_schema").Texts("name")...)
	var known []string
	for _, d := range declared {
		known = append(known, d.Text())
	}
	known = append(known, "user_name")
	used := map[string]bool{}
	for _, name := range slices.Concat(known, reserved) {
		used[name] = false
	}
	managed := false
	for _, row := range Fields(SectionConfig) {
		n := spec.Get(SectionConfig, row.Name)
		if !row.Spoken {
			continue
		}
		managed = managed || n.IsText()
		seen := map[string]bool{}
		for _, p := range slices.Concat(promptOf(n).names...) {
			if _, ok := used[p.name]; ok {
				used[p.name] = true
			} else if !seen[p.name] {
				s.add(p, agent, known)
			}
			seen[p.name] = true
		}
	}
	for _, d := range declared {
		if name := d.Text(); managed && !used[name] {
			p := warning(d.Pos, "", "%s is declared, and no prompt uses {%s}", schema.Quote(name), printable(schema.Clip(name)))
			p.Verbose = true
			s.report(p)
		}
	}
}

func (s *spoken) add(p placeholder, agent string, known []string) {
	u := s.users[p]
	if u == nil {
		u = &users{first: agent, hint: "declare it in call_infields or config.metadata_schema: without a value it is spoken as it stands"}
		if !s.spend(len(known)) {
			known = nil
		}
		if near := schema.Nearest(p.name, known); near != "" {
			u.hint = fmt.Sprintf("did you mean {%s}? without a value it is spoken as it stands", printable(near))
		}
		s.users[p] = u
	}
	u.count++
}

// warn reports what was gathered.
func (s *spoken) warn() {
	for p, u := range s.users {
		who := "agent " + u.first
		if u.count > 1 {
			who = fmt.Sprintf("%s and %d more", who, u.count-1)
		}
		s.report(warning(p.pos, u.hint, "{%s} is neither an infield nor metadata of %s", p.name, who))
	}
}
