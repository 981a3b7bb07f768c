package diff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Some platforms bring back with a version the outcomes and infields that it went
// live with (reference.md, "Left open"). What the agent had of them until then is on
// no version, and what no manifest says can't be made again from git. So from before
// the write until the agent is verified the lock holds them in full, and a plan made
// meanwhile, by this apply or by the next one after it was cut off, wants them back.

// kept are the items of an agent before a rollback, as Remembered.PutBack has them.
type kept struct {
	Outcomes []value.Value `json:"call_outcomes"`
	Infields []value.Value `json:"call_infields"`
}

func (k kept) items(kind ItemKind) []value.Value {
	if kind.Section == spec.SectionOutcomes {
		return k.Outcomes
	}
	return k.Infields
}

// Keep is an agent's outcomes and infields as Remembered.PutBack has them.
func Keep(r *RemoteAgent) string {
	text, err := json.Marshal(keptOf(r))
	if err != nil {
		panic(fmt.Sprintf("diff: canonical values are JSON: %v", err))
	}
	return string(text)
}

// keptOf has lists where the agent has no items, not nulls.
func keptOf(r *RemoteAgent) kept {
	return kept{append([]value.Value{}, r.Outcomes...), append([]value.Value{}, r.Infields...)}
}

// kept reads PutBack; ok is false where it holds nothing.
func (m Remembered) kept() (k kept, ok bool) {
	if m.PutBack == "" || json.Unmarshal([]byte(m.PutBack), &k) != nil { // the lock refuses what is no such JSON
		return kept{}, false
	}
	return k, true
}

// KeptNames are the names of the outcomes and infields that PutBack holds.
func (m Remembered) KeptNames() []string {
	k, _ := m.kept()
	var names []string
	for _, kind := range []ItemKind{OutcomeItems, InfieldItems} {
		for _, item := range sortedItems(kind, k.items(kind)) {
			names = append(names, kind.NameOf(item))
		}
	}
	return names
}

// putBack makes the plan want the outcomes and infields as they were before a
// rollback that has not ended: what the manifest leaves out of them is taken from
// there, or from the platform where an item was not there yet, and a section that it
// does not manage is wanted whole.
func (p *agentPlanner) putBack() {
	before, ok := p.memory.kept()
	if !ok || p.remote == nil || p.want.Lifecycle.Absent {
		return
	}
	was := &RemoteAgent{Outcomes: before.Outcomes, Infields: before.Infields}
	restore := func(kind ItemKind, had, have []value.Value, managed *bool, items *[]spec.Item, wanted *[]value.Value) {
		if !*managed && SameSection(kind.Section, was, p.remote) {
			return
		}
		if !*managed {
			*managed, *items = true, wholeItems(kind, had)
			p.restored = append(p.restored, kind.Section)
		}
		*wanted = wantItems(kind, true, *items, slices.Concat(had, have))
	}
	restore(OutcomeItems, before.Outcomes, p.remote.Outcomes, &p.want.OutcomesManaged, &p.want.Outcomes, &p.wanted.Outcomes)
	restore(InfieldItems, before.Infields, p.remote.Infields, &p.want.InfieldsManaged, &p.want.Infields, &p.wanted.Infields)
}

// wholeItems is what a manifest says that wants items as they are.
func wholeItems(kind ItemKind, items []value.Value) []spec.Item {
	out := make([]spec.Item, len(items))
	for i, item := range items {
		fields, _ := item.Any().(map[string]any)
		out[i] = spec.Item{Name: kind.NameOf(item), Fields: value.NewPatch(fields)}
	}
	return out
}

// warnPutBack tells of steps for what the manifest does not manage.
func (p *agentPlanner) warnPutBack() {
	if len(p.restored) == 0 {
		return
	}
	p.warnings = append(p.warnings, Warning{
		Agent: p.want.Name,
		Message: fmt.Sprintf("a rollback of it did not end, and %s, which its manifest leaves to the platform, are not as they were before it: they are put back",
			strings.Join(p.restored, " and ")),
		Hint: "what somebody has changed there since then goes with it",
	})
}
