// Package planfile writes a plan as JSON, the form of --format json and of a
// plan file, reads it back strictly, and computes its digest.
package planfile

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/words"
)

// Write writes a plan as indented JSON with a newline at its end. The bytes of
// one plan are always the same; an empty list or map is [] or {}, never null.
// Characters that a terminal or a CI log would obey are written as \u escapes,
// which read back unchanged.
//
// The agents are written one by one, since a large plan would be in memory several
// times otherwise.
func Write(w io.Writer, p *diff.Plan) error {
	without := *p
	without.Agents = nil
	text, err := indented(Normal(&without), "")
	if err != nil {
		return err
	}
	const list = "\n  \"agents\": [" // no deeper line begins so
	before, after, _ := strings.Cut(text, list)
	out := bufio.NewWriter(w)
	out.WriteString(before + list)
	for i := range p.Agents {
		if text, err = indented(&Normal(one(p, i)).Agents[0], "    "); err != nil {
			return err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n    " + strings.TrimSuffix(text, "\n"))
	}
	if len(p.Agents) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteString(after)
	return out.Flush()
}

// one is a plan of one agent of p alone.
func one(p *diff.Plan, i int) *diff.Plan { return &diff.Plan{Agents: p.Agents[i : i+1]} }

// indented is a part of a plan as it is written; its lines but the first begin with
// prefix.
func indented(part any, prefix string) (string, error) {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent(prefix, "  ")
	if err := enc.Encode(part); err != nil {
		return "", fmt.Errorf("write the plan as JSON: %w", err)
	}
	return escape(text.String()), nil
}

// inert breaks up "##[". The encoder escapes the sign for text that was not
// UTF-8, and here it becomes the character as which it is read back.
var inert = strings.NewReplacer(`\\`, `\\`, `\ufffd`, "\ufffd", "##[", `##\u005b`)

// escape writes hidden characters, and the "[" of "##[", as \u escapes. Both
// can stand in JSON strings alone.
func escape(data string) string {
	var b strings.Builder
	for _, r := range inert.Replace(data) {
		if r == '\n' || !words.Hidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// Limits of a plan file, far above what real plans need.
const (
	maxBytes = 256 << 20
	maxDepth = 128 // a manifest's values nest far less
)

// Read reads a plan that Write wrote. What it returns is written as the same
// bytes again. The digest must be that of the content, so that a file cannot
// show one thing to a reviewer and stand for another. Fields that a later
// agentsync added within format version 1 are passed over, as long as the
// digest does not cover them. Errors are one line; they name another format
// version, bad JSON by line and column, and what is no value of this format.
func Read(data []byte) (*diff.Plan, error) {
	p, err := Decode(data, diff.FormatVersion)
	if err != nil {
		return nil, err
	}
	if Digest(p) != p.Digest {
		return nil, errors.New("plan file: its digest is not that of its content: " +
			"it was edited, or another version of agentsync wrote it")
	}
	return p, nil
}

// Decode is Read for a plan of one of the format versions, without the look at
// the digest.
func Decode(data []byte, versions ...string) (*diff.Plan, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("plan file: %d MB is more than the limit of %d MB", len(data)>>20, maxBytes>>20)
	}
	if depth(data) > maxDepth {
		return nil, fmt.Errorf("plan file: nested deeper than %d levels", maxDepth)
	}
	var format struct {
		Version *string `json:"format_version"`
	}
	if err := decode(data, &format); err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	if format.Version == nil {
		return nil, errors.New("plan file: no format_version: this is not a plan")
	}
	if !slices.Contains(versions, *format.Version) {
		return nil, fmt.Errorf("plan file: format_version %.80q is not supported, this agentsync reads %q",
			*format.Version, diff.FormatVersion)
	}
	var p diff.Plan
	err := decode(data, &p)
	if err == nil {
		err = check(&p)
	}
	if err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	return Normal(&p), nil
}

// decode reads exactly one JSON value, numbers as they are written.
func decode(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	err := dec.Decode(into)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == io.EOF:
		return errors.New("it is empty")
	case err == io.ErrUnexpectedEOF:
		return errors.New("it ends too early: was it cut off?")
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: %w", position(data, syntax.Offset), err)
	case errors.As(err, &kind):
		return fmt.Errorf("%s: %s cannot be a JSON %s", position(data, kind.Offset), cmp.Or(kind.Field, "a plan"), kind.Value)
	case err != nil:
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("%s: more than one JSON value", position(data, dec.InputOffset()))
	}
	return nil
}

// position is "line 3, column 14" of the byte before offset.
func position(data []byte, offset int64) string {
	at := data[:min(max(offset-1, 0), int64(len(data)))]
	return fmt.Sprintf("line %d, column %d", bytes.Count(at, []byte("\n"))+1, len(at)-bytes.LastIndexByte(at, '\n'))
}

// depth is how deep lists and maps nest, without building any of them.
func depth(data []byte) int {
	deepest, now, text := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '[' || c == '{':
			now++
			deepest = max(deepest, now)
		case c == ']' || c == '}':
			now--
		}
	}
	return deepest
}

// Normal returns a copy of p in the one form that is written: no nil where a list
// or a map is meant.
func Normal(p *diff.Plan) *diff.Plan {
	out := *p
	out.Agents = append([]diff.AgentPlan{}, p.Agents...)
	out.Refusals = append([]diff.Refusal{}, p.Refusals...)
	out.Warnings = append([]diff.Warning{}, p.Warnings...)
	for i := range out.Agents {
		a := &out.Agents[i]
		if a.Drift == nil {
			a.Drift = map[string]diff.Class{}
		}
		a.Steps = append([]diff.Step{}, a.Steps...)
		for k := range a.Steps {
			s := &a.Steps[k]
			s.Needs = append([]string{}, s.Needs...)
			s.Changes = append([]diff.Change{}, s.Changes...)
		}
	}
	return &out
}

// IsOurs says whether a file that begins with head is a plan, or the report of an
// apply, of any version of agentsync: both name the format, the environment and
// the platform first.
func IsOurs(head []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(head))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return false
	}
	for _, want := range []string{"format_version", "environment", "base_url"} {
		key, err := dec.Token()
		if err != nil || key != want {
			return false
		}
		if value, err := dec.Token(); err != nil || value == nil {
			return false
		}
	}
	return true
}
