package diff

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// A smoke call takes minutes, and its end may be days away where the apply was
// stopped. What somebody has changed in that time is theirs: going back puts back
// what the release changed, and leaves that.

// Others is what somebody has changed of an agent since a release was verified.
type Others struct {
	Section string // spec.SectionAgent, SectionOutcomes or SectionInfields
	Name    string // the field, or the item
	How     string // "new", "changed" or "deleted"
}

// String is such as "outcome lead (changed)".
func (o Others) String() string {
	what := map[string]string{spec.SectionOutcomes: "outcome ", spec.SectionInfields: "infield "}[o.Section]
	return fmt.Sprintf("%s%s (%s)", what, o.Name, o.How)
}

// LeaveOthers takes out of what a failed smoke call puts back all that somebody has
// changed since the release was verified: now is the agent right before that, and
// verified what the lock remembers of it. In the Before that it returns, what is
// theirs is as it is now, and so is every section that the manifest does not manage.
// The list has what a release of ours would else have put back.
func LeaveOthers(want spec.Agent, pending *spec.PendingCall, verified Remembered, now *RemoteAgent) (string, []Others, error) {
	b, err := readBefore(pending)
	if err != nil {
		return "", nil, err
	}
	var all []Others
	for _, field := range value.SortedKeys(b.Agent) {
		is := now.Fields.Get(field)
		if digest := is.ShortDigest(); digest != verified.Agent[field] && digest != b.Agent[field].ShortDigest() {
			all = append(all, Others{spec.SectionAgent, field, "changed"})
			delete(b.Agent, field)
		}
	}
	is := keptOf(now)
	leave := func(kind ItemKind, managed bool, before, is []value.Value, known map[string]string) []value.Value {
		if !managed {
			return is
		}
		out, others := leaveItems(kind, before, is, known)
		all = append(all, others...)
		return out
	}
	b.Outcomes = leave(OutcomeItems, want.OutcomesManaged, b.Outcomes, is.Outcomes, verified.Outcomes)
	b.Infields = leave(InfieldItems, want.InfieldsManaged, b.Infields, is.Infields, verified.Infields)
	data, err := json.Marshal(b)
	if err != nil {
		panic(fmt.Sprintf("what was there before: %v", err)) // they are JSON values
	}
	return printable(string(data)), all, nil
}

// leaveItems is LeaveOthers of one section.
func leaveItems(kind ItemKind, before, is []value.Value, known map[string]string) (out []value.Value, others []Others) {
	find := func(list []value.Value, name string) (item value.Value, digest string) {
		if item = kind.Find(list, name); !item.IsEmpty() {
			digest = item.ShortDigest()
		}
		return item, digest
	}
	var names []string
	for _, item := range slices.Concat(before, is) {
		if name := kind.NameOf(item); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		old, oldDigest := find(before, name)
		item, digest := find(is, name)
		switch {
		case digest == known[name] || digest == oldDigest:
			item = old
		case item.IsEmpty():
			others = append(others, Others{kind.Section, name, "deleted"})
		case known[name] == "":
			others = append(others, Others{kind.Section, name, "new"})
		default:
			others = append(others, Others{kind.Section, name, "changed"})
		}
		if !item.IsEmpty() {
			out = append(out, item)
		}
	}
	return out, others
}

// Forgotten is m where it is not remembered that others have changed something:
// what they did is as much a change of theirs for the next plan.
func (m Remembered) Forgotten(others []Others, verified Remembered) Remembered {
	digests := map[string]struct{ of, were map[string]string }{
		spec.SectionAgent:    {m.Agent, verified.Agent},
		spec.SectionOutcomes: {m.Outcomes, verified.Outcomes},
		spec.SectionInfields: {m.Infields, verified.Infields},
	}
	for _, o := range others {
		section := digests[o.Section]
		if was, known := section.were[o.Name]; known {
			section.of[o.Name] = was
		} else {
			delete(section.of, o.Name)
		}
	}
	return m
}

// ChangedInPlace names the fields of a live version that somebody has changed since
// it was verified to be what verified remembers; was is that version as it was read
// then, nil where only its digest is known: then it is "its config".
func ChangedInPlace(want spec.Agent, verified Remembered, was, now *Version) []string {
	if now == nil || now.Number != verified.Version || LiveDigest(want, now) == verified.Config {
		return nil
	}
	var names []string
	if was != nil && was.Number == now.Number {
		for _, field := range spec.FieldNames(spec.SectionConfig) {
			if !value.Equal(was.Content.Get(field), now.Content.Get(field)) {
				names = append(names, field)
			}
		}
	}
	if len(names) == 0 {
		return []string{"its config"}
	}
	return names
}
