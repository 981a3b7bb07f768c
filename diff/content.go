package diff

import (
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Content is what a version holds, notes aside, and what went live with it. nil
// items, unlike empty ones, are not known.
type Content struct {
	Config             value.Value // see ConfigOf
	Outcomes, Infields []value.Value
}

// WithItems is the version's content with the outcomes and infields that it went
// live with.
func (v *Version) WithItems() Content { return Content{v.Content, v.Outcomes, v.Infields} }

// ContentOf is what a manifest wants, with what it leaves out from base.
func ContentOf(want spec.Agent, base Content) Content {
	w := Want(want, &RemoteAgent{Current: &Version{Content: base.Config}, Outcomes: base.Outcomes, Infields: base.Infields})
	return Content{w.Config, w.Outcomes, w.Infields}
}

// Difference is what differs between two contents.
type Difference struct {
	Config   []Change         `json:"config"`
	Outcomes []ItemDifference `json:"call_outcomes"` // by name
	Infields []ItemDifference `json:"call_infields"`
	// Uncompared says that one of the two does not know its outcomes or infields.
	Uncompared bool `json:"uncompared,omitempty"`
}

// IsEmpty says that nothing differs, as far as it was compared.
func (d Difference) IsEmpty() bool { return len(d.Config)+len(d.Outcomes)+len(d.Infields) == 0 }

// ItemDifference is what differs in an outcome or infield.
type ItemDifference struct {
	Name    string   `json:"name"`
	Status  Status   `json:"status"` // Create, Update or Delete
	Changes []Change `json:"changes"`
}

// Compare says what differs between two contents: the config as in a plan, and
// items by their names. source says where the texts of after come from; it may be
// nil.
func Compare(before, after Content, source map[string][]spec.Segment) Difference {
	return Difference{
		Config:     configChanges(before.Config, after.Config, spec.Agent{Sources: source}),
		Outcomes:   OutcomeItems.compare(before.Outcomes, after.Outcomes),
		Infields:   InfieldItems.compare(before.Infields, after.Infields),
		Uncompared: before.Outcomes == nil || after.Outcomes == nil || before.Infields == nil || after.Infields == nil,
	}
}

func (k ItemKind) compare(before, after []value.Value) []ItemDifference {
	out := []ItemDifference{}
	if before == nil || after == nil {
		return out
	}
	var names []string
	for _, item := range slices.Concat(before, after) {
		names = append(names, k.NameOf(item))
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		b, a := k.Find(before, name), k.Find(after, name)
		d := ItemDifference{Name: name, Status: Update, Changes: itemChanges(k, b, a)}
		switch {
		case b.IsEmpty():
			d.Status = Create
		case a.IsEmpty():
			d.Status = Delete
		case len(d.Changes) == 0:
			continue
		}
		out = append(out, d)
	}
	return out
}
