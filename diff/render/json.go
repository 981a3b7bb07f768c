package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff"
)

// JSON writes a plan as indented JSON with a newline at its end: the form of
// --format json and of a plan file. The same plan gives the same bytes; an
// empty list or map is [] or {}, never null. Characters that a terminal or a
// CI log would obey are written as \u escapes, which read back unchanged.
func JSON(w io.Writer, p *diff.Plan) error {
	data, err := encode(normalize(p))
	if err != nil {
		return err
	}
	if bytes.Contains(data, []byte(`\ufffd`)) {
		// Text that was not UTF-8: one trip through the decoder makes what is
		// written what will be read.
		var again diff.Plan
		if err := decode(data, &again); err != nil {
			return err
		}
		if data, err = encode(normalize(&again)); err != nil {
			return err
		}
	}
	_, err = w.Write(escapeJSON(data))
	return err
}

func encode(p *diff.Plan) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("write the plan as JSON: %w", err)
	}
	return buf.Bytes(), nil
}

// escapeJSON writes hidden characters, and the "[" of "##[", as \u escapes.
// Both can stand in JSON strings alone.
func escapeJSON(data []byte) []byte {
	if bytes.Contains(data, []byte("##[")) {
		data = bytes.ReplaceAll(data, []byte("##["), []byte(`##\u005b`))
	}
	if bytes.IndexFunc(data, hiddenInJSON) < 0 {
		return data
	}
	var out bytes.Buffer
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		switch {
		case !hiddenInJSON(r):
			out.Write(data[:n])
		case r > 0xffff:
			hi, lo := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		data = data[n:]
	}
	return out.Bytes()
}

func hiddenInJSON(r rune) bool { return r != '\n' && hidden(r) }

// Limits of a plan file, far above what real plans need.
const (
	maxPlanBytes = 256 << 20
	maxPlanDepth = 128 // a manifest's values nest far less
)

// ParseJSON reads a plan that JSON wrote. What it gives encodes to the same
// bytes again. The digest must be that of the content, so that a file cannot
// show one thing to a reviewer and stand for another. Fields that a later
// agentsync added within format version 1 are passed over, as long as the
// digest does not cover them. Errors are one line; they name another format
// version, bad JSON by line and column, and what is no value of this format.
func ParseJSON(data []byte) (*diff.Plan, error) {
	p, err := parse(data)
	if err != nil {
		return nil, err
	}
	digest, err := p.ComputeDigest()
	if err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	if digest != p.Digest {
		return nil, errors.New("plan file: its digest is not that of its content: it was edited, or another version of agentsync wrote it")
	}
	return p, nil
}

// parse is ParseJSON without the look at the digest.
func parse(data []byte) (*diff.Plan, error) {
	return parseForm(data, func(version string) bool { return version == diff.FormatVersion }, nil)
}

// parseForm is parse for the format versions that known names. A plan that is
// kept in another form comes to its own by restore, unless that is nil.
func parseForm(data []byte, known func(version string) bool, restore func(*diff.Plan) *diff.Plan) (*diff.Plan, error) {
	if len(data) > maxPlanBytes {
		return nil, fmt.Errorf("plan file: %d MB is more than the limit of %d MB", len(data)>>20, maxPlanBytes>>20)
	}
	if depth(data) > maxPlanDepth {
		return nil, fmt.Errorf("plan file: nested deeper than %d levels", maxPlanDepth)
	}
	var format struct {
		Version *string `json:"format_version"`
	}
	if err := decode(data, &format); err != nil {
		return nil, err
	}
	switch {
	case format.Version == nil:
		return nil, errors.New("plan file: no format_version: this is not a plan")
	case !known(*format.Version):
		return nil, fmt.Errorf("plan file: format_version %s is not supported, this agentsync reads %q", quote(shorten(*format.Version, 40)), diff.FormatVersion)
	}
	var p diff.Plan
	if err := decode(data, &p); err != nil {
		return nil, err
	}
	out := normalize(&p)
	if restore != nil {
		out = restore(out)
	}
	if err := check(out); err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	return out, nil
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
		return fmt.Errorf("plan file: %s: %s", position(data, syntax.Offset), Escape(syntax.Error()))
	case errors.As(err, &kind):
		field := "a plan"
		if kind.Field != "" {
			field = Escape(kind.Field)
		}
		return fmt.Errorf("plan file: %s: %s cannot be a JSON %s", position(data, kind.Offset), field, Escape(kind.Value))
	}
	return fmt.Errorf("plan file: %s", Escape(err.Error()))
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

var (
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	commitForm = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})?$`)
)

// check refuses what JSON would never have written.
func check(p *diff.Plan) error {
	if !digestForm.MatchString(p.Digest) {
		return fmt.Errorf("digest %s is not sha256: and 64 hex digits", quote(shorten(p.Digest, 80)))
	}
	if !commitForm.MatchString(p.Base) {
		return fmt.Errorf("base %s is no commit", quote(shorten(p.Base, 80)))
	}
	agents, steps := map[string]bool{}, map[string]bool{}
	for i := range p.Agents {
		a := &p.Agents[i]
		switch {
		case a.Name == "":
			return fmt.Errorf("agent %d has no name", i+1)
		case agents[a.Name]:
			return fmt.Errorf("agent %s is there twice", quote(a.Name))
		}
		agents[a.Name] = true
		switch a.Status {
		case diff.Create, diff.Update, diff.Delete, diff.Unchanged, diff.Orphan:
		default:
			return fmt.Errorf("agent %s: status %s is not known", quote(a.Name), quote(string(a.Status)))
		}
		for _, s := range a.Steps {
			switch {
			case s.ID == "" || s.Action == "":
				return fmt.Errorf("agent %s: a step has no id or no action", quote(a.Name))
			case steps[s.ID]:
				return fmt.Errorf("step %s is there twice", quote(s.ID))
			}
			steps[s.ID] = true
		}
	}
	return nil
}

// normalize gives p in the one form that is written: no nil where a list or a
// map is meant. p stays as it is.
func normalize(p *diff.Plan) *diff.Plan {
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
