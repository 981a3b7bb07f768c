package spec

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/schema"
)

// The rules of the prompt lint by name. What each finds stands in its row of the
// registry (schema.LintRules), and nowhere else.
const (
	ruleUndeclared    = "placeholder-undeclared"
	ruleMisspelt      = "placeholder-misspelt"
	ruleTag           = "template-tag"
	ruleMixed         = "braces-mixed"
	ruleUnused        = "declared-unused"
	ruleEnum          = "fixed-enum-unnamed"
	ruleLong          = "starting-too-long"
	ruleMany          = "too-many-items"
	ruleTokens        = "max-tokens-low"
	ruleVoice         = "voice-language"
	ruleNoPrompt      = "prompt-missing"
	rulePinned        = "pin-hides-config"
	ruleSpokenComment = "comment-spoken"
)

// lint reports what a rule has found, as loud as agentsync.yaml wants it. It says
// nothing where a comment turns the rule off at one of the places at; none is the
// problem's own. A prompt file can't hold that comment, which would be spoken: the
// places of what it holds are those of the manifest that names it.
func (l *loader) lint(rule string, p Problem, at ...Pos) {
	if len(at) == 0 {
		at = []Pos{p.Pos}
	}
	if l.ignores(rule, at...) {
		return
	}
	p.Rule = rule
	switch l.levels[rule] {
	case "off":
		return
	case "error":
		p.Warning, p.Verbose = l.opt.Past, false
	case "warning":
		p.Verbose = false
	}
	l.report(p)
}

// readLint reads how much is made of each rule.
func (l *loader) readLint(lint *node) (off []string) {
	l.levels = map[string]string{}
	for _, row := range schema.LintRules() {
		l.levels[row.Name] = lint.Get(row.Name).Text()
		if l.levels[row.Name] == "off" {
			off = append(off, row.Name)
		}
	}
	return off
}

// ignoreWord begins a comment that turns rules off.
const ignoreWord = "agentsync:ignore"

var ignoreComment = regexp.MustCompile(`(?:^|\s)(#\s*` + ignoreWord + `\b([^\r\n]*))`)

// line is a line of a file.
type line struct {
	file   string
	number int
}

// ignores reports whether a comment turns a rule off in the line of one of the
// places.
func (l *loader) ignores(rule string, at ...Pos) bool {
	return slices.ContainsFunc(at, func(p Pos) bool { return slices.Contains(l.muted[line{p.File, p.Line}], rule) })
}

// readIgnores notes which rules the comments of a manifest turn off: each in the
// line that it ends, or where it is a line of its own in the next one that is no
// comment. What follows -- is the reason.
func (r *fileResult) readIgnores(file string, lines [][]byte) {
	var above []string
	for i, text := range lines {
		bare := bytes.TrimSpace(text)
		if m := ignoreComment.FindSubmatchIndex(text); m != nil {
			at := Pos{File: file, Line: i + 1, Column: 1 + utf8.RuneCount(text[:m[2]])}
			above = append(above, r.ignoredRules(at, string(text[m[4]:m[5]]))...)
		}
		if len(above) > 0 && len(bare) > 0 && bare[0] != '#' {
			if r.muted == nil {
				r.muted = map[line][]string{}
			}
			r.muted[line{file, i + 1}], above = above, nil
		}
	}
}

// ignoredRules are the rules that a comment names.
func (r *fileResult) ignoredRules(at Pos, comment string) []string {
	comment, _, _ = strings.Cut(comment, "--")
	var known, out []string
	for _, row := range schema.LintRules() {
		known = append(known, row.Name)
	}
	names := strings.FieldsFunc(comment, func(r rune) bool { return strings.ContainsRune(" \t,:", r) })
	for _, name := range names {
		if !slices.Contains(known, name) {
			r.report(warning(at, cmp.Or(schema.DidYouMean(name, known), "the rules: "+strings.Join(known, ", ")),
				"%s: no rule is called %s", ignoreWord, schema.Quote(name)))
			continue
		}
		out = append(out, name)
	}
	if len(names) == 0 {
		r.report(warning(at, "name the rule, which stands in brackets behind the warning", "%s names no rule, and turns none off", ignoreWord))
	}
	return out
}
