package diff

import (
	"fmt"
	"regexp"
	"slices"

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

// ParseNotes splits notes into what a person wrote and the provenance line; ok
// reports whether there is one.
func ParseNotes(notes string) (text string, p Provenance, ok bool) {
	notes = value.Text(notes)
	m := provenanceLine.FindStringSubmatchIndex(notes)
	if m == nil {
		return notes, Provenance{}, false
	}
	return value.Text(notes[:m[0]]), Provenance{Commit: notes[m[2]:m[3]], Config: notes[m[4]:m[5]]}, true
}

// Notes returns the notes of a version made from commit with the wanted config:
// the manifest's notes, or those that the live version had, and the provenance
// line if the policy wants one.
func Notes(want spec.Agent, configDigest, current, commit string, policy spec.Policy) string {
	text, _, _ := ParseNotes(current)
	if want.Config.Has("notes") {
		text = want.Config.Get("notes").Text()
	}
	if !policy.Provenance {
		return text
	}
	line := fmt.Sprintf("[agentsync commit=%s config=%s]", commit, configDigest)
	if text == "" {
		return line
	}
	return text + "\n" + line
}

// vouched reports whether the version carries a provenance line that its
// content still matches: agentsync made it, and nobody touched it since.
func vouched(v *Version, want spec.Agent) bool {
	_, line, ok := ParseNotes(v.Notes)
	return ok && slices.ContainsFunc([][]string{want.Passthrough.Keys(), nil, v.Content.Keys()}, func(extra []string) bool {
		return configDigest(v.Content, extra) == line.Config
	})
}

// LiveDigest is the digest of a live config, as the lock holds it.
func LiveDigest(want spec.Agent, live *Version) string {
	return configDigest(live.Content, want.Passthrough.Keys())
}

// configDigest is the digest of a config as the provenance line and the lock
// hold it. It covers the documented fields and the extra ones that are named,
// and takes zeros and false for absent: a platform that fills in its defaults
// has not changed what was sent.
func configDigest(content value.Value, extra []string) string {
	return withoutDefaults(content.Only(append(spec.FieldNames(spec.SectionConfig), extra...)...)).ShortDigest()
}

// withoutDefaults is a config without what platforms fill in: zeros, false,
// and "string" as the type of a metadata field.
func withoutDefaults(content value.Value) value.Value {
	content = value.WithoutZeros(content)
	members := content.Get("metadata_schema").List()
	for i, member := range members {
		if member.Get("type").Text() == "string" {
			members[i] = member.With("type", value.Value{})
		}
	}
	return content.With("metadata_schema", value.Of(members))
}
