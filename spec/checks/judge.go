package checks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Failure is one expectation that does not hold.
type Failure struct {
	Check string `json:"check"`
	Field string `json:"field"`          // of the config, or "valid"
	Want  string `json:"want"`           // the expectation in words
	Got   string `json:"got,omitempty"`  // what there is in its place, in words
	Line  int    `json:"line,omitempty"` // of the rendered text, from 1; 0 where it is about no line
	Text  string `json:"text,omitempty"` // that line, or the part of it that matters
}

// Expected is what was expected, and what there is in its place, in one line.
func (f Failure) Expected() string {
	if f.Got == "" {
		return f.Field + ": " + f.Want
	}
	return f.Field + ": " + f.Want + ", " + f.Got
}

// String is the failure in one line, with the rendered line.
func (f Failure) String() string {
	if f.Line == 0 {
		return f.Expected()
	}
	return fmt.Sprintf("%s; line %d: %s", f.Expected(), f.Line, f.Text)
}

// Judge returns the expectations of a check that rendered texts don't meet, in
// the order of the manifest's fields; none when all hold. declared are the names
// of the agent's infields and of its metadata schema.
func Judge(c spec.Check, r Rendered, declared []string) []Failure {
	var out []Failure
	for _, field := range spec.SpokenFields() {
		text := value.Text(r.Texts[field])
		add := func(f Failure) {
			f.Check, f.Field = c.Name, field
			out = append(out, f)
		}
		e := c.Prompts[field]
		for _, want := range e.Contains {
			if !strings.Contains(text, want) {
				add(nearest(text, Failure{Want: fmt.Sprintf("must contain %q", want)}))
			}
		}
		for _, bad := range e.Excludes {
			if at := strings.Index(text, bad); at >= 0 {
				add(lineAt(text, at, Failure{Want: fmt.Sprintf("must not contain %q", bad)}))
			}
		}
		for _, form := range e.Matches {
			if re, err := regexp.Compile(form); err != nil || !re.MatchString(text) {
				add(nearest(text, Failure{Want: "must match " + form}))
			}
		}
		if n := utf8.RuneCountInString(text); e.MaxChars > 0 && n > e.MaxChars {
			add(nearest(text, Failure{Want: fmt.Sprintf("must have at most %d characters", e.MaxChars), Got: fmt.Sprintf("has %d", n)}))
		}
		if c.NoPlaceholdersLeft {
			for _, p := range Left(text, declared) {
				add(lineAt(text, p.Start, Failure{Want: fmt.Sprintf("must not keep the placeholder %s, which would be spoken as it stands", text[p.Start:p.End])}))
			}
		}
	}
	return out
}

// Left is what is spoken of placeholders of these names in a text, each name once:
// those without a value, and those whose braces or blanks make them none.
func Left(text string, names []string) []spec.Braced {
	out := Placeholders(text, names)
	for _, p := range spec.Misspelt(text, names) {
		if !slices.ContainsFunc(out, func(q spec.Braced) bool { return q.Name == p.Name }) {
			out = append(out, p)
		}
	}
	return out
}

// Placeholders are those of these names in a text, each name once.
func Placeholders(text string, names []string) []spec.Braced {
	var out []spec.Braced
	for p := range spec.AllBraced(text) {
		if slices.Contains(names, p.Name) && !slices.ContainsFunc(out, func(q spec.Braced) bool { return q.Name == p.Name }) {
			out = append(out, p)
		}
	}
	return out
}

// nearest shows the line that most likely has to do with what is missing: the
// first that keeps braces, where a value may have failed to come in, else the
// first that says anything.
func nearest(text string, f Failure) Failure {
	if text == "" {
		f.Got = "and it is empty"
		return f
	}
	for p := range spec.AllBraced(text) {
		return lineAt(text, p.Start, f)
	}
	return lineAt(text, strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(" \t\n", r) }), f)
}

// lineAt shows the line around a byte of the text.
func lineAt(text string, at int, f Failure) Failure {
	at = max(at, 0)
	start := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	f.Line, f.Text = strings.Count(text[:at], "\n")+1, excerpt(line, at-start)
	return f
}

// shown is how many bytes of a line are shown, before a place and behind it.
const shown = 120

// excerpt is a line without what is far from one of its bytes.
func excerpt(line string, at int) string {
	from, to := max(0, at-shown), min(len(line), at+shown)
	for from > 0 && !utf8.RuneStart(line[from]) {
		from--
	}
	for to < len(line) && !utf8.RuneStart(line[to]) {
		to++
	}
	out := line[from:to]
	if from > 0 {
		out = "…" + out
	}
	if to < len(line) {
		out += "…"
	}
	return out
}

// Declared are the names that a prompt may use: those of a config's metadata
// schema and of these infields.
func Declared(config value.Value, infields []value.Value) []string {
	var out []string
	for _, member := range config.Get("metadata_schema").List() {
		out = append(out, member.Get("name").Text())
	}
	for _, item := range infields {
		out = append(out, item.Get("field_name").Text())
	}
	return out
}

// JudgeValid returns what a check expects of the values against the metadata
// schema and does not get; nil when it gets it, or does not ask.
func JudgeValid(c spec.Check, complaints []string) []Failure {
	switch {
	case c.Valid == "true" && len(complaints) > 0:
		return []Failure{{Check: c.Name, Field: "valid", Want: "the values must fit the metadata schema", Got: "and don't: " + strings.Join(complaints, "; ")}}
	case c.Valid == "false" && len(complaints) == 0:
		return []Failure{{Check: c.Name, Field: "valid", Want: "the values must not fit the metadata schema", Got: "and do"}}
	}
	return nil
}

// Local runs a check without the platform: against a config as it is wanted, or
// as a version has it.
func Local(c spec.Check, config value.Value, infields []value.Value) []Failure {
	var out []Failure
	out = append(out, JudgeValid(c, Complaints(config.Get("metadata_schema"), c.Metadata))...)
	if c.Renders() {
		out = append(out, Judge(c, Render(config, c.Metadata), Declared(config, infields))...)
	}
	return out
}

// InWords joins failures, a line each.
func InWords(failures []Failure) string {
	lines := make([]string, len(failures))
	for i, f := range failures {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}
