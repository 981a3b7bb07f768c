package indus

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Enhance asks for better prompts (endpoint 17) in the place of these texts, by the
// field of the config. It changes nothing on the platform. Where the platform does
// not have the endpoint, the error's Trouble is diff.NoSuchAPI.
func (c *Client) Enhance(ctx context.Context, id string, texts map[string]string) (diff.Enhanced, error) {
	body := map[string]any{}
	for field, text := range texts {
		body[field] = text
	}
	out, err := fetch(ctx, c, opEnhance, input{args: []string{id}, body: body}, func(answer any) (diff.Enhanced, error) {
		return c.enhanced(answer, texts), nil
	})
	if e := failureOf(err); e.absent() {
		e.noAPI = true
	}
	return out, err
}

// The names of the answer's fields are not documented (reference.md, endpoint 17).
// A text is a better one for a field of the config when the names that lead to it
// say so, and say nothing else: the field's own name, words such as enhanced, and
// names of what only holds it. Everything else is shown as it comes.
var (
	betterWords = []string{"enhanced", "enhance", "improved", "optimized", "optimised", "refined", "rewritten", "revised", "suggested",
		"recommended", "better", "new", "updated", "final"}
	holderWords     = []string{"config", "configs", "prompt", "prompts", "text", "content", "value", "result", "results", "data", "output", "agent"}
	olderWords      = []string{"original", "current", "old", "previous", "before", "input", "existing"}
	suggestionWords = []string{"suggestion", "suggestions", "recommendation", "recommendations", "improvement", "improvements", "tip", "tips",
		"advice", "feedback", "comments", "remarks"}
	camel = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// found is a text of the answer that may be a better one.
type found struct {
	field string // of the config
	rank  int    // 2: its names are the field's and say that it is better; 1: the field's; 0: a prompt's, of which they do not say which
	text  string
	path  string
}

// reading is one look at an answer.
type reading struct {
	c           *Client
	sent        map[string]string
	texts       []found
	suggestions []string
}

// place is where in an answer a value stands, as the names that lead there say.
type place struct {
	path   string
	field  string
	better bool
	prompt bool // some name speaks of a prompt, without saying which
}

// enhanced makes sense of an answer, as far as its names allow.
func (c *Client) enhanced(answer any, sent map[string]string) diff.Enhanced {
	r := reading{c: c, sent: sent}
	other := r.read(answer, place{})
	out := diff.Enhanced{Texts: map[string]string{}, Suggestions: r.suggestions, Other: map[string]any{}}
	for _, field := range spec.SpokenFields() {
		if text, ok := r.best(field); ok {
			out.Texts[field] = text
		}
	}
	for _, f := range r.texts { // what was not taken is not lost
		if out.Texts[f.field] != f.text && strings.TrimSpace(f.text) != strings.TrimSpace(sent[f.field]) {
			out.Other[strings.TrimPrefix(f.path, ".")] = f.text
		}
	}
	switch other := other.(type) {
	case map[string]any:
		for name, v := range other {
			out.Other[name] = v
		}
	case nil:
	default:
		out.Other["answer"] = r.clean(other)
	}
	return out
}

// best is the text of the highest rank for a field; none where two differ.
func (r *reading) best(field string) (text string, ok bool) {
	if _, asked := r.sent[field]; !asked {
		return "", false
	}
	rank := -1
	for _, f := range r.texts {
		switch {
		case f.field != field || f.rank < rank:
		case f.rank > rank:
			rank, text, ok = f.rank, f.text, true
		case f.text != text:
			ok = false
		}
	}
	return text, ok
}

// read takes better texts and suggestions out of a value, and returns the rest; nil
// for none.
func (r *reading) read(v any, at place) any {
	switch v := v.(type) {
	case map[string]any:
		rest := map[string]any{}
		for _, name := range value.SortedKeys(v) {
			if left := r.named(name, v[name], at); left != nil {
				rest[name] = left
			}
		}
		if len(rest) == 0 {
			return nil
		}
		return rest
	case string:
		text := value.Text(r.c.scrub.clean(v))
		if strings.TrimSpace(text) == "" {
			return nil
		}
		if at.field == "" && !at.prompt {
			return text
		}
		rank := 1
		switch {
		case at.field != "" && at.better:
			rank = 2
		case at.field == "":
			at.field, rank = spec.SpokenFields()[0], 0
		}
		r.texts = append(r.texts, found{at.field, rank, text, at.path})
		return nil
	}
	return v
}

// named reads a field of an answer, at a place.
func (r *reading) named(name string, v any, at place) any {
	words := strings.FieldsFunc(strings.ToLower(camel.ReplaceAllString(name, "${1}_$2")), func(r rune) bool { return strings.ContainsRune("_- .", r) })
	has := func(some []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(some, w) })
	}
	if strings.HasPrefix(name, "livekit_") {
		return nil
	}
	if list, isList := v.([]any); isList && has(suggestionWords) {
		for _, entry := range list {
			r.suggestions = append(r.suggestions, r.suggestion(entry))
		}
		return nil
	}
	text, isText := v.(string)
	if isText && has(suggestionWords) {
		r.suggestions = append(r.suggestions, r.c.scrub.clean(strings.TrimSpace(text)))
		return nil
	}
	if isText && r.isSent(text) {
		return nil
	}
	below := place{path: at.path + "." + name, field: at.field, better: at.better || has(betterWords), prompt: at.prompt || has([]string{"prompt", "prompts"})}
	rest := strings.Join(words, "_")
	for _, field := range spec.SpokenFields() {
		if strings.Contains(rest, field) {
			below.field, rest = field, strings.Replace(rest, field, "", 1)
		}
	}
	others := slices.DeleteFunc(strings.Split(rest, "_"), func(w string) bool {
		return w == "" || slices.Contains(betterWords, w) || slices.Contains(holderWords, w)
	})
	_, isMap := v.(map[string]any)
	if has(olderWords) || len(others) > 0 || !isText && !isMap {
		return r.clean(v)
	}
	return r.read(v, below)
}

// suggestion is one as a line: a text, or an object's text and what else it says.
func (r *reading) suggestion(entry any) string {
	m, isMap := entry.(map[string]any)
	if !isMap {
		return r.c.scrub.clean(textOf(entry))
	}
	for _, name := range []string{"suggestion", "recommendation", "text", "message", "description", "title"} {
		text, isText := m[name].(string)
		if !isText {
			continue
		}
		var more []string
		for _, other := range value.SortedKeys(m) {
			if other != name {
				more = append(more, other+": "+textOf(m[other]))
			}
		}
		if len(more) > 0 {
			text += " (" + strings.Join(more, ", ") + ")"
		}
		return r.c.scrub.clean(text)
	}
	return r.c.scrub.clean(textOf(entry))
}

// isSent reports whether a text is one that was sent, said again.
func (r *reading) isSent(text string) bool {
	for _, sent := range r.sent {
		if value.Text(text) == sent {
			return true
		}
	}
	return false
}

// clean is what is shown as it came: without known secrets, and without what was
// sent; nil when nothing is left.
func (r *reading) clean(v any) any {
	switch v := v.(type) {
	case string:
		if r.isSent(v) {
			return nil
		}
		return r.c.scrub.clean(v)
	case map[string]any:
		out := map[string]any{}
		for name, below := range v {
			if below = r.clean(below); below != nil {
				out[name] = below
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = r.clean(v[i])
		}
		return out
	}
	return v
}
