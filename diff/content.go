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

// Changes lists what differs between two contents: of the config as in a plan,
// then items, an added or removed one as a whole under "call_outcomes.NAME", a
// changed one field by field. Items that one of the two does not know are left
// out. source says where the texts of after come from; it may be nil.
func (before Content) Changes(after Content, source map[string][]spec.Segment) []Change {
	changes := configChanges(before.Config, after.Config, spec.Agent{Sources: source})
	changes = append(changes, OutcomeItems.changes(before.Outcomes, after.Outcomes)...)
	return append(changes, InfieldItems.changes(before.Infields, after.Infields)...)
}

func (k ItemKind) changes(before, after []value.Value) []Change {
	if before == nil || after == nil {
		return nil
	}
	var changes []Change
	var names []string
	for _, item := range slices.Concat(before, after) {
		names = append(names, k.NameOf(item))
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		b, a, path := k.Find(before, name), k.Find(after, name), k.Section+"."+name
		if b.IsEmpty() || a.IsEmpty() {
			changes = append(changes, Change{Path: path, Before: b, After: a})
			continue
		}
		for _, c := range itemChanges(k, b, a) {
			c.Path = path + "." + c.Path
			changes = append(changes, c)
		}
	}
	return changes
}
