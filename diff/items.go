package diff

import (
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

var itemActions = map[string]struct{ create, update, remove Action }{
	OutcomeItems.Section: {CreateOutcome, UpdateOutcome, DeleteOutcome},
	InfieldItems.Section: {CreateInfield, UpdateInfield, DeleteInfield},
}

// planItems compares the wanted outcomes or infields with the platform's, and
// classes what differs; "" when nothing does.
func (p *agentPlanner) planItems(kind ItemKind, remote []value.Value, remembered map[string]string) ([]Step, Class) {
	if !p.manages(kind) { // what the platform has may be what no manifest can say: two of a name, or one without
		return nil, ""
	}
	var steps []Step
	var classes []Class
	actions := itemActions[kind.Section]
	wanted := p.wanted.Items(kind)
	add := func(action Action, name string, before, after value.Value, wantedDigest string) {
		step := p.step(action, name)
		step.Changes = itemChanges(kind, before, after)
		steps = append(steps, step)
		class := p.classOf(remembered[name], digestOf(before), wantedDigest)
		if class == Both && p.couldHaveBeen(kind, name, remembered[name], before, after) {
			class = Drift
		}
		p.noteMove(kind.Section, name, class)
		classes = append(classes, class)
	}
	for _, item := range wanted {
		name := kind.NameOf(item)
		before := kind.Find(remote, name)
		switch {
		case before.IsEmpty(): // what would be made is what was made before it was deleted
			add(actions.create, name, before, item, value.Of(ItemBody(kind, item)).ShortDigest())
		case len(itemChanges(kind, before, item)) > 0:
			add(actions.update, name, before, item, item.ShortDigest())
		}
	}
	for _, item := range sortedItems(kind, remote) {
		if name := kind.NameOf(item); kind.Find(wanted, name).IsEmpty() {
			add(actions.remove, name, item, value.Value{}, "")
			if !spec.Addressable(name) {
				p.refusals = append(p.refusals, Refusal{Agent: p.want.Name, Rule: "name",
					Message: fmt.Sprintf("%s has %q, and that name can't stand in the address of a request", kind.Section, name),
					Hint:    "delete it in the dashboard"})
			}
		}
	}
	return steps, together(classes)
}

func (p *agentPlanner) manages(kind ItemKind) bool {
	if kind.Section == spec.SectionOutcomes {
		return p.want.OutcomesManaged
	}
	return p.want.InfieldsManaged
}

// couldHaveBeen reports whether the manifest wants of an item what the lock
// remembers, where the platform changed fields too that the manifest leaves out: of
// those, each may have been what it is now, or what an item is made with.
func (p *agentPlanner) couldHaveBeen(kind ItemKind, name, remembered string, before, after value.Value) bool {
	i := slices.IndexFunc(p.want.Items(kind.Section), func(item spec.Item) bool { return item.Name == name })
	if i < 0 || remembered == "" || before.IsEmpty() {
		return false
	}
	guesses := []value.Value{after}
	for _, field := range spec.Fields(kind.Section) {
		if p.want.Items(kind.Section)[i].Fields.Has(field.Name) {
			continue
		}
		for _, guess := range slices.Clone(guesses) {
			guesses = append(guesses, guess.With(field.Name, value.Of(field.Default)))
		}
	}
	return slices.ContainsFunc(guesses, func(guess value.Value) bool { return guess.ShortDigest() == remembered })
}

// digestOf is an item's digest as the lock holds it; "" for none.
func digestOf(item value.Value) string {
	if item.IsEmpty() {
		return ""
	}
	return item.ShortDigest()
}
