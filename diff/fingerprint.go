package diff

import (
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Fingerprint is the digest of the remote state that a plan rests on, as
// "sha256:…": the agent's documented fields, the live version with its notes,
// both lists in name order, and the other version that a step names. It holds
// no timestamp and nothing that the order of an answer could change.
func Fingerprint(r *RemoteAgent, relies *Version) string {
	return "sha256:" + value.Of(map[string]any{
		"id":                 r.ID,
		spec.SectionAgent:    sectionState(spec.SectionAgent, r),
		spec.SectionConfig:   sectionState(spec.SectionConfig, r),
		"relies":             versionState(relies),
		"versions":           versionList(r.Versions),
		spec.SectionOutcomes: sectionState(spec.SectionOutcomes, r),
		spec.SectionInfields: sectionState(spec.SectionInfields, r),
	}).Digest()
}

// SameSection reports whether two observations of an agent agree in a section.
func SameSection(section string, a, b *RemoteAgent) bool {
	return value.Equal(sectionState(section, a), sectionState(section, b))
}

// SameVersion reports whether two observations of a config version agree,
// notes and status included.
func SameVersion(a, b *Version) bool { return value.Equal(versionState(a), versionState(b)) }

// SameContent reports whether two versions hold the same config, notes aside.
func SameContent(a, b *Version) bool {
	return a != nil && b != nil && value.Equal(a.Content, b.Content)
}

func sectionState(section string, r *RemoteAgent) value.Value {
	switch section {
	case spec.SectionAgent:
		return r.Fields.With("team", value.Value{}) // people come and go
	case spec.SectionConfig:
		return versionState(r.Current)
	case spec.SectionOutcomes:
		return value.Of(sortedItems(OutcomeItems, r.Outcomes))
	case spec.SectionInfields:
		return value.Of(sortedItems(InfieldItems, r.Infields))
	default:
		panic("diff: no section " + section)
	}
}

func versionState(v *Version) value.Value {
	if v == nil {
		return value.Value{}
	}
	return value.Of(map[string]any{"version": v.Number, "status": v.Status, "content": v.Content, "notes": v.Notes})
}

// versionList is which versions there are, newest first, where the list was
// read: a draft that somebody makes between plan and apply shows in it. The
// newest do: how many more were read is the platform's page size.
func versionList(versions []Version) []any {
	versions = versions[:min(Recent, len(versions))]
	out := make([]any, len(versions))
	for i := range versions {
		v := &versions[i]
		out[i] = map[string]any{"version": v.Number, "status": v.Status, "current": v.IsCurrent}
	}
	return out
}

// sortedItems returns items in name order.
func sortedItems(kind ItemKind, items []value.Value) []value.Value {
	return slices.SortedStableFunc(slices.Values(items), func(a, b value.Value) int {
		return strings.Compare(kind.NameOf(a), kind.NameOf(b))
	})
}
