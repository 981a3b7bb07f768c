// Package planfile writes a plan as JSON, the form of --format json and of a
// plan file, reads it back strictly, and computes its digest.
package planfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/words"
)

// Write writes a plan as indented JSON with a newline at its end. The bytes of
// one plan are always the same; an empty list or map is [] or {}, never null.
// Characters that a terminal or a CI log would obey are written as \u escapes,
// which read back unchanged.
func Write(w io.Writer, p *diff.Plan) error {
	data, err := encode(p)
	if err == nil && bytes.Contains(data, []byte(`\ufffd`)) {
		// Text that was not UTF-8: one trip through the decoder makes what is
		// written what will be read.
		var again diff.Plan
		if err = decode(data, &again); err == nil {
			data, err = encode(&again)
		}
	}
	if err != nil {
		return err
	}
	_, err = w.Write(escape(data))
	return err
}

func encode(p *diff.Plan) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(Normal(p)); err != nil {
		return nil, fmt.Errorf("write the plan as JSON: %w", err)
	}
	return buf.Bytes(), nil
}

// escape writes hidden characters, and the "[" of "##[", as \u escapes. Both
// can stand in JSON strings alone.
func escape(data []byte) []byte {
	data = bytes.ReplaceAll(data, []byte("##["), []byte(`##\u005b`))
	hidden := func(r rune) bool { return r != '\n' && words.Hidden(r) }
	var out []byte
	for {
		at := bytes.IndexFunc(data, hidden)
		if at < 0 {
			return append(out, data...)
		}
		r, n := utf8.DecodeRune(data[at:])
		out = append(out, data[:at]...)
		if r > 0xffff {
			out = fmt.Appendf(out, `\u%04x\u%04x`, (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00)
		} else {
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		data = data[at+n:]
	}
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
		return nil, errors.New("plan file: its digest is not that of its content: it was edited, or another version of agentsync wrote it")
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
		return nil, err
	}
	if format.Version == nil {
		return nil, errors.New("plan file: no format_version: this is not a plan")
	}
	if !slices.Contains(versions, *format.Version) {
		return nil, fmt.Errorf("plan file: format_version %s is not supported, this agentsync reads %q", quote(*format.Version), diff.FormatVersion)
	}
	var p diff.Plan
	if err := decode(data, &p); err != nil {
		return nil, err
	}
	if err := check(&p); err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	return Normal(&p), nil
}

// decode reads exactly one JSON value, numbers as they are written.
func decode(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	err := dec.Decode(into)
	if err == nil {
		if _, err := dec.Token(); err != io.EOF {
			return fmt.Errorf("plan file: %s: more than one JSON value", position(data, dec.InputOffset()))
		}
		return nil
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return errors.New("plan file: it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("plan file: it ends too early: was it cut off?")
	case errors.As(err, &syntax):
		return fmt.Errorf("plan file: %s: %w", position(data, syntax.Offset), err)
	case errors.As(err, &kind):
		field := "a plan"
		if kind.Field != "" {
			field = kind.Field
		}
		return fmt.Errorf("plan file: %s: %s cannot be a JSON %s", position(data, kind.Offset), field, kind.Value)
	}
	return fmt.Errorf("plan file: %w", err)
}

// position is "line 3, column 14" of the byte before offset.
func position(data []byte, offset int64) string {
	at := data[:min(max(offset-1, 0), int64(len(data)))]
	return fmt.Sprintf("line %d, column %d", bytes.Count(at, []byte("\n"))+1, len(at)-bytes.LastIndexByte(at, '\n'))
}

// depth is how deep lists and maps nest, without building any of them.
func depth(data []byte) int {
	deepest, now := 0, 0
	text := false
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

// quote is a text of the file in an error: on one line, and no longer than a
// digest.
func quote(s string) string {
	if runes := []rune(s); len(runes) > 80 {
		s = string(runes[:80]) + "…"
	}
	return strconv.Quote(s)
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
