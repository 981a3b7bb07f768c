package diff

import (
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Remote is what was observed of the platform, by the agents' keys
// (metadata.name). An agent that is not on the platform has no entry.
type Remote struct {
	Agents map[string]*RemoteAgent
	// Unlisted says that agents had to be looked up by name, and the platform
	// lists none.
	Unlisted bool
	// Others are the names that agents of other parts of the fleet have on the
	// platform, by key, of those that are there.
	Others map[string]string
}

// RemoteAgent is one agent on the platform.
type RemoteAgent struct {
	ID        string      // AGT_…
	Fields    value.Value // see FieldsOf
	UpdatedAt time.Time   // zero when unknown
	UpdatedBy string
	SeenAt    time.Time // when it was read, by the platform's clock; zero when unknown

	Current  *Version  // the version that is live; nil when nothing is published
	Versions []Version // newest first; nil when the list was not read
	// ListedTo is the number down to which Versions has every version; those below
	// it were read by their numbers. 0: Versions is the whole list.
	ListedTo int
	Outcomes []value.Value // see ItemOf
	Infields []value.Value
	// Unknown are the names of further fields, by section; see UnknownOf. Only
	// import asks for them.
	Unknown map[string][]string
}

// Forget lets go of all but the id and the name, for who needs the rest no more.
func (r *RemoteAgent) Forget() {
	*r = RemoteAgent{ID: r.ID, Fields: r.Fields.Only("agent_name")}
}

// Version is one config version.
type Version struct {
	Number    int
	Status    string // "draft", "published" or "archived"
	IsCurrent bool
	Content   value.Value // see ConfigOf
	Notes     string      // as received
	UpdatedAt time.Time
	UpdatedBy string
	CreatedAt time.Time
	CreatedBy string
	// Outcomes and Infields are those that it went live with (reference.md,
	// endpoint 15), nil where that is not known. A plan does not need them.
	Outcomes, Infields []value.Value
}

// IsDraft reports whether the version can still be edited.
func (v *Version) IsDraft() bool { return v.Status == "draft" }

// LastTouched is when the version was last written; zero when unknown.
func (v *Version) LastTouched() time.Time {
	if v.UpdatedAt.IsZero() {
		return v.CreatedAt
	}
	return v.UpdatedAt
}

// FindVersion returns the version of a number, or nil.
func FindVersion(versions []Version, number int) *Version {
	for i := range versions {
		if versions[i].Number == number {
			return &versions[i]
		}
	}
	return nil
}

// LiveVersion returns the version that a list says is live, or nil.
func LiveVersion(versions []Version) *Version {
	for i := range versions {
		if versions[i].IsCurrent {
			return &versions[i]
		}
	}
	return nil
}

// ItemKind tells outcomes from infields.
type ItemKind struct {
	Section, NameField, TypeField, EnumField string
	Fields                                   []string
}

// The two kinds of items, with their documented fields (reference.md,
// endpoints 20 to 27).
var (
	OutcomeItems = ItemKind{spec.SectionOutcomes, "outcome_name", "outcome_type", "outcome_enum",
		spec.FieldNames(spec.SectionOutcomes)}
	InfieldItems = ItemKind{spec.SectionInfields, "field_name", "field_type", "field_enum",
		spec.FieldNames(spec.SectionInfields)}
)

// NameOf returns an item's name.
func (k ItemKind) NameOf(item value.Value) string { return item.Get(k.NameField).Text() }

// Find returns the item of a name; no value when there is none.
func (k ItemKind) Find(items []value.Value, name string) value.Value {
	for _, item := range items {
		if k.NameOf(item) == name {
			return item
		}
	}
	return value.Value{}
}

// The three functions below take in what the platform answered: documented
// fields alone, since agent objects carry LiveKit's keys, which are secrets.

// FieldsOf takes in an agent object: the documented fields of an agent.
func FieldsOf(object map[string]any) value.Value {
	return documented(object, spec.FieldNames(spec.SectionAgent))
}

// ItemOf takes in an outcome or infield: its documented fields.
func (k ItemKind) ItemOf(object map[string]any) value.Value { return documented(object, k.Fields) }

// UnknownOf returns the names of fields that have a value and that neither the
// registry nor the platform's own list knows: of an agent object, or of an
// outcome or infield. Their values are not taken in, since any may be a secret.
func UnknownOf(section string, object map[string]any) []string {
	return slices.DeleteFunc(value.Of(object).Keys(), func(name string) bool {
		return spec.FieldOf(section, name) != nil || spec.IsServerField(section, name) || strings.HasPrefix(name, "livekit_")
	})
}

func documented(object map[string]any, fields []string) value.Value {
	out := map[string]any{}
	for _, field := range fields {
		if v, has := object[field]; has {
			out[field] = v
		}
	}
	return value.Of(out)
}

// ConfigOf takes in a config: every field but notes and the platform's own.
// The metadata schema is a set of names, so it is sorted.
func ConfigOf(object map[string]any) value.Value {
	out := make(map[string]any, len(object))
	for field, v := range object {
		if field != "notes" && !spec.IsServerField(spec.SectionConfig, field) && !strings.HasPrefix(field, "livekit_") {
			out[field] = v
		}
	}
	return sortedSchema(value.Of(out))
}

func sortedSchema(config value.Value) value.Value {
	return config.With("metadata_schema", config.Get("metadata_schema").SortBy("name"))
}
