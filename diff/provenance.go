package diff

import (
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Provenance is the line that ends the notes of every version that agentsync
// makes: the git commit it came from, and the digest of its config, both 12
// hex digits (design section 4).
type Provenance struct {
	Commit string
	Config string
}

// NoCommit stands for the commit where there is no git.
const NoCommit = "000000000000"

var provenanceLine = regexp.MustCompile(`(?:^|\n)\[agentsync commit=([0-9a-f]{12}) config=([0-9a-f]{12})\]$`)

// ParseNotes splits notes into what a person wrote and the provenance line;
// ok says whether there is one.
func ParseNotes(notes string) (text string, p Provenance, ok bool) {
	notes = value.Text(notes)
	m := provenanceLine.FindStringSubmatchIndex(notes)
	if m == nil {
		return notes, Provenance{}, false
	}
	return value.Text(notes[:m[0]]), Provenance{Commit: notes[m[2]:m[3]], Config: notes[m[4]:m[5]]}, true
}

// Notes gives the notes of a version made from commit with the wanted config:
// the manifest's notes, or those that the version had, and the provenance
// line if the policy wants one.
func Notes(want spec.Agent, w Wanted, current string, commit string, policy spec.Policy) string {
	text, _, _ := ParseNotes(current)
	if managed, ok := want.Config["notes"]; ok {
		text = value.Text(textOf(managed))
	}
	if !policy.Provenance {
		return text
	}
	line := fmt.Sprintf("[agentsync commit=%s config=%s]", commit, w.ConfigDigest)
	if text == "" {
		return line
	}
	return text + "\n" + line
}

// A hold is a draft that an apply makes of what is live, never publishes and
// deletes when it is done: the API's only thing of which two applies can't both
// be the first. Its notes say so to whoever meets it in the dashboard.
const holdText = "An apply of agentsync is changing this agent; this draft goes when that is done."

var holdLine = regexp.MustCompile(`(?:^|\n)\[agentsync hold=([0-9a-f]{12})\]$`)

// HoldBody is the body of endpoint 9 that makes a hold on an agent: a copy of
// what is live or, where nothing is, of what is wanted. claim is 12 hex digits
// of the apply's own, by which it knows its holds from another's.
func HoldBody(want spec.Agent, w Wanted, live *Version, claim, commit string) map[string]any {
	digest := w.ConfigDigest
	if live != nil {
		digest = LiveDigest(want, live)
	}
	notes := fmt.Sprintf("%s\n[agentsync hold=%s]\n[agentsync commit=%s config=%s]", holdText, claim, commit, digest)
	if live != nil {
		return map[string]any{"notes": notes} // the platform copies the rest
	}
	return ConfigBody(want, w, nil, notes)
}

// IsHold says whether a version is an apply's hold on its agent.
func IsHold(v *Version) bool {
	text, _, ok := ParseNotes(v.Notes)
	return ok && v.IsDraft() && holdLine.MatchString(text)
}

// IsOwn says whether agentsync made the version and nobody touched it since.
func IsOwn(v *Version, want spec.Agent) bool { return vouched(v, want) }

// Made says whether a draft is one that an apply with this lock file made: the
// one that it left on purpose, or one of an apply that did not end, known by
// its claim or by its config.
func (m Remembered) Made(v *Version) bool {
	text, line, ok := ParseNotes(v.Notes)
	hold := holdLine.FindStringSubmatch(text)
	switch {
	case !ok || !v.IsDraft():
		return false
	case hold != nil:
		return m.Unfinished && contains(m.Claims, hold[1])
	default:
		return m.Draft == v.Number || m.Unfinished && contains(m.Expect, line.Config)
	}
}

// vouched says whether the version carries a provenance line that its content
// still matches: agentsync made it, and nobody touched it since.
func vouched(v *Version, want spec.Agent) bool {
	_, p, ok := ParseNotes(v.Notes)
	if !ok {
		return false
	}
	content := v.config()
	for _, d := range []string{
		configDigest(content, passthroughKeys(want)),
		configDigest(content, nil),
		configDigest(content, value.SortedKeys(content)),
	} {
		if d == p.Config {
			return true
		}
	}
	return false
}

// configDigest is the digest of a canonical config as the provenance line and
// the lock hold it. It covers the documented fields and the extra ones that
// are named, and takes zeros and false for absent: a platform that fills in
// its defaults has not changed what was sent.
func configDigest(content map[string]any, extra []string) string {
	kept := map[string]any{}
	for _, field := range append(append([]string{}, spec.ConfigFields...), extra...) {
		if v, ok := content[field]; ok && field != "notes" {
			kept[field] = v
		}
	}
	return value.ShortDigest(withoutDefaults(kept))
}

// withoutDefaults is a config without what platforms fill in: zeros, false,
// and "string" as the type of a metadata field.
func withoutDefaults(content map[string]any) map[string]any {
	out := make(map[string]any, len(content))
	for field, v := range content {
		out[field] = dropZero(v)
	}
	members, _ := out["metadata_schema"].([]any)
	for _, member := range members {
		if m, ok := member.(map[string]any); ok && m["type"] == "string" {
			delete(m, "type")
		}
	}
	return out
}

func dropZero(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			if d := dropZero(item); d != nil {
				out[k] = d
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = dropZero(item)
		}
		return out
	case json.Number:
		if v == "0" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return v
}

func passthroughKeys(want spec.Agent) []string { return value.SortedKeys(want.Passthrough) }
