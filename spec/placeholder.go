package spec

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/agentsync/agentsync/schema"
)

// reserved are the names that the platform sets itself (reference.md,
// "Prompts"): no infield may have one.
var reserved = []string{
	"agent_id", "call_id", "phone_number", "from_number", "phone_number_id", "sip_call_to",
	"room_id", "voice_room_id", "metadata", "scheduled_time", "timezone",
}

// spoken gathers warnings about placeholders, so that a prompt that many
// agents share is reported once.
type spoken struct {
	*loader
	users map[placeholder]*users
	mixed map[Pos]mixed
}

type users struct {
	first string // an agent
	nth   int    // its document
	count int
	hint  string
}

// mixed is a warning of prompts with both forms, of the agent of the nth document.
type mixed struct {
	nth     int
	warning Problem
}

// checkPlaceholders compares an agent's prompts with what its infields and its
// metadata declare. One that is declared on the platform alone is reported as
// well: git does not show that it has a value.
func (s *spoken) checkPlaceholders(agent string, nth int, spec *node) {
	infields, metadata := spec.Get(SectionInfields), spec.Get(SectionConfig, "metadata_schema")
	declared := append(infields.Texts("field_name"), metadata.Texts("name")...)
	var known []string
	for _, d := range declared {
		known = append(known, d.Text())
	}
	known = append(known, "user_name")
	used := map[string]bool{}
	for _, name := range slices.Concat(known, reserved) {
		used[name] = false
	}
	numbers := append(ofType(infields, "field_name", "field_type"), ofType(metadata, "name", "type")...)
	managed := false
	var single, double []placeholder
	for _, row := range Fields(SectionConfig) {
		n := spec.Get(SectionConfig, row.Name)
		if !row.Spoken {
			continue
		}
		managed = managed || n.IsText()
		seen := map[placeholder]bool{}
		for p, ignored := range s.named(n) {
			if p.form == unclosed {
				p = p.begunAs(used)
			}
			_, isKnown := used[p.name]
			if isKnown {
				used[p.name] = true
			}
			whole, _, _ := strings.Cut(p.name, ".")
			if _, ok := used[whole]; ok {
				used[whole] = true
			}
			same := placeholder{name: p.name, form: p.form}
			switch {
			case (p.doubt || p.form == padded || p.form == unclosed) && !isKnown:
				continue
			case p.isMisspelt() && isKnown:
				if !p.doubt && !ignored(ruleMisspelt) {
					s.lint(ruleMisspelt, misspelt(p))
				}
			case !isKnown && (p.form == oneBrace || p.form == twoBraces || p.form == uneven):
				if !seen[same] && !ignored(ruleUndeclared) {
					s.add(p, agent, nth, known)
				}
			case p.form == dollar && slices.Contains(numbers, p.name): // a price
			case p.form == dollar || p.form == tag:
				if !ignored(ruleTag) {
					s.lint(ruleTag, unknownTag(p))
				}
			}
			seen[same] = true
			switch {
			case p.form == oneBrace && !ignored(ruleMixed):
				single = append(single, p)
			case p.form == twoBraces && !ignored(ruleMixed):
				double = append(double, p)
			}
		}
	}
	s.addMixed(nth, single, double)
	for _, d := range declared {
		if name := d.Text(); managed && !used[name] {
			p := warning(d.Pos, "", "%s is declared, and no prompt uses {%s}", schema.Quote(name), printable(schema.Clip(name)))
			p.Verbose = true
			s.lint(ruleUnused, p)
		}
	}
}

// named returns the placeholders of a prompt, each with whether a comment where the
// manifest has the prompt, or names the file, turns a rule off.
func (s *spoken) named(n *node) iter.Seq2[placeholder, func(rule string) bool] {
	return func(yield func(placeholder, func(string) bool) bool) {
		from := promptOf(n)
		for i, names := range from.names {
			ignored := func(rule string) bool { return s.ignores(rule, n.KeyPos(), from.named[i]) }
			for _, p := range names {
				if !yield(p, ignored) {
					return
				}
			}
		}
	}
}

// ofType returns the names of a list's items that are numbers.
func ofType(list *node, name, kind string) []string {
	var names []string
	for _, item := range list.Below {
		if slices.Contains([]string{"number", "integer", "float"}, strings.ToLower(item.Get(kind).Text())) {
			names = append(names, item.Get(name).Text())
		}
	}
	return names
}

// misspelt warns of a declared name whose braces are not a placeholder's.
func misspelt(p placeholder) Problem {
	if strings.HasPrefix(p.written, "{{") {
		p.form = twoBraces
	}
	return warning(p.pos, "write "+p.String()+": it is spoken as it stands", "%s is no placeholder", schema.Quote(p.written))
}

// unknownTag warns of what other systems replace in a text.
func unknownTag(p placeholder) Problem {
	hint := "say in words what depends on what: the platform replaces {name} alone, and speaks all else as it stands"
	if p.form == dollar {
		hint = "write {" + printable(p.name) + "}: the $ is spoken"
		p.name = "${" + p.name + "}"
	}
	return warning(p.pos, hint, "the platform does not know the template tag %s", schema.Quote(p.name))
}

// addMixed notes prompts that write placeholders in both forms, by where the rarer
// one begins.
func (s *spoken) addMixed(nth int, single, double []placeholder) {
	if len(single) == 0 || len(double) == 0 {
		return
	}
	rare := double[0]
	if len(single) < len(double) {
		rare = single[0]
	}
	if known, is := s.mixed[rare.pos]; !is || nth < known.nth {
		s.mixed[rare.pos] = mixed{nth, warning(rare.pos, "the platform replaces one of the two forms, and speaks the other as it stands: write all of them alike",
			"the prompts have both %s and %s", single[0], double[0])}
	}
}

func (s *spoken) add(p placeholder, agent string, nth int, known []string) {
	u := s.users[p]
	if u == nil {
		u = &users{}
		s.users[p] = u
	}
	if u.count++; u.count == 1 || nth < u.nth {
		u.first, u.nth, u.hint = agent, nth, s.hintFor(p, known)
	}
}

// hintFor is the way out of a placeholder that is none of the known names.
func (s *spoken) hintFor(p placeholder, known []string) string {
	hint := "declare it in call_infields or config.metadata_schema: without a value it is spoken as it stands"
	if !s.spend(len(known)) {
		return hint
	}
	if near := schema.Nearest(p.name, known); near != "" {
		hint = fmt.Sprintf("did you mean %s? without a value it is spoken as it stands", placeholder{name: near, form: p.form})
	}
	for _, name := range known {
		if letters := lookAlike(p.name, name); letters != "" {
			hint = letters + ": write both alike"
		}
	}
	return hint
}

// lookAlike says by which letters two names differ that show as the same one; ""
// for names that don't.
func lookAlike(used, declared string) string {
	if norm.NFC.String(used) != norm.NFC.String(declared) {
		return ""
	}
	u, d := []rune(used), []rune(declared)
	i := 0
	for i < len(u) && i < len(d) && u[i] == d[i] {
		i++
	}
	return fmt.Sprintf("the declared name looks alike and has other letters: %s there, %s here", codePoint(d, i), codePoint(u, i))
}

func codePoint(s []rune, i int) string {
	if i < len(s) {
		return fmt.Sprintf("%U", s[i])
	}
	return "nothing"
}

// warn reports what was gathered.
func (s *spoken) warn() {
	for _, m := range s.mixed {
		s.lint(ruleMixed, m.warning)
	}
	for p, u := range s.users {
		who := "agent " + u.first
		if u.count > 1 {
			who = fmt.Sprintf("%s and %d more", who, u.count-1)
		}
		s.lint(ruleUndeclared, warning(p.pos, u.hint, "%s is neither an infield nor metadata of %s", p, who))
	}
}
