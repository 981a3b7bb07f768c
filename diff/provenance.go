package diff

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Provenance is the line that ends the notes of every version that agentsync
// makes (design section 4). It is text that anyone can write, and proves nothing
// by itself.
type Provenance struct {
	Project     string // "" where agentsync.yaml names none
	Environment string // "" in lines of before they named one
	// Commit is the git commit that the manifests came from: 12 hex digits, with
	// a + where files that the project reads were not committed; or NoCommit.
	Commit string
	Config string // 12 hex digits: the digest of the config
}

// NoCommit stands for the commit where there is no git.
const NoCommit = "none"

var provenanceLine = regexp.MustCompile(`(?:^|\n)\[agentsync(?: project=([a-z0-9][a-z0-9-]{0,62}))?(?: env=([^\s\]]+))? commit=([0-9a-f]{12}\+?|none) config=([0-9a-f]{12})\]$`)

// String is the line.
func (p Provenance) String() string {
	var b strings.Builder
	b.WriteString("[agentsync")
	for _, part := range []struct{ name, value string }{
		{"project", p.Project}, {"env", p.Environment}, {"commit", p.Commit}, {"config", p.Config},
	} {
		if part.value != "" {
			fmt.Fprintf(&b, " %s=%s", part.name, part.value)
		}
	}
	return b.String() + "]"
}

// ParseNotes splits notes into what a person wrote and the provenance line; ok
// reports whether there is one.
func ParseNotes(notes string) (text string, p Provenance, ok bool) {
	notes = value.Text(notes)
	m := provenanceLine.FindStringSubmatch(notes)
	if m == nil {
		return notes, Provenance{}, false
	}
	return value.Text(strings.TrimSuffix(notes, m[0])), Provenance{Project: m[1], Environment: m[2], Commit: m[3], Config: m[4]}, true
}

// Notes returns the notes of a version that an apply makes: the manifest's, and
// the provenance line if the policy wants one. Those of the version before are
// that version's alone.
func Notes(want spec.Agent, line Provenance, policy spec.Policy) string {
	text := want.Config.Get("notes").Text()
	if !policy.Provenance {
		return text
	}
	if text == "" {
		return line.String()
	}
	return text + "\n" + line.String()
}

// vouched reports whether the version carries a provenance line that its
// content still matches: agentsync made it, and nobody touched it since.
func vouched(v *Version, want spec.Agent) bool {
	_, line, ok := ParseNotes(v.Notes)
	return ok && slices.ContainsFunc([][]string{want.Passthrough.Keys(), nil, v.Content.Keys()}, func(extra []string) bool {
		return configDigest(v.Content, extra) == line.Config
	})
}

// Vouched is whether a version still holds what its provenance line says: one
// that was edited since keeps the line. want is the agent's manifest, empty where
// there is none.
func Vouched(v *Version, want spec.Agent) bool { return vouched(v, want) }

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
