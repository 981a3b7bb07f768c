package diff

import "time"

// Remote is what was observed of the platform, by the agents' keys
// (metadata.name). An agent that is not on the platform has no entry.
type Remote struct {
	Agents map[string]*RemoteAgent
	// Unlisted says that agents had to be looked up by name, and the platform
	// lists none.
	Unlisted bool
}

// RemoteAgent is one agent on the platform.
type RemoteAgent struct {
	ID        string         // AGT_…
	Fields    map[string]any // documented agent fields only (spec.AgentFields), as received; never a secret
	UpdatedAt time.Time      // zero when unknown
	UpdatedBy string

	Current  *Version         // the version that is live; nil when nothing is published
	Versions []Version        // newest first; nil when the list was not read
	Outcomes []map[string]any // documented item fields, as received
	Infields []map[string]any
}

// Version is one config version.
type Version struct {
	Number    int
	Status    string // "draft", "published" or "archived"
	IsCurrent bool
	// Content is every field but the platform's own (spec.ConfigServerFields)
	// and notes, as received.
	Content   map[string]any
	Notes     string
	UpdatedAt time.Time
	UpdatedBy string
	CreatedAt time.Time

	canonical map[string]any // Content's canonical form, made when it is first asked for
}

// config is the version's content in canonical form. It is shared: callers
// don't change it.
func (v *Version) config() map[string]any {
	if v.canonical == nil {
		v.canonical = canonicalConfig(v.Content)
	}
	return v.canonical
}

// IsDraft says whether the version can still be edited.
func (v *Version) IsDraft() bool { return v.Status == "draft" }

// OutcomeFields and InfieldFields are the documented fields of an item
// (reference.md, endpoints 20 to 27).
var (
	OutcomeFields = []string{"outcome_name", "outcome_description", "outcome_type", "outcome_enum", "is_visible"}
	InfieldFields = []string{"field_name", "field_type", "field_enum", "is_visible"}
)
