package spec

import (
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// builder turns a merged and checked spec into an Agent.
type builder struct {
	budget *budget
	suffix string
}

func (b *builder) agent(doc *document, spec *node) Agent {
	a := Agent{
		Name:      doc.name,
		Pos:       doc.pos,
		Sources:   map[string][]Segment{},
		Positions: map[string]Pos{},
		Release: Release{
			Mode:           spec.at("release", "mode").textOr("publish"),
			Version:        spec.at("release", "version").number(0),
			ServiceUpdates: spec.at("release", "service_updates").textOr("versioned"),
		},
		Lifecycle: Lifecycle{Absent: isAbsent(spec), Protect: spec.at("lifecycle", "protect").boolean(false)},
	}
	if spec == nil {
		return a
	}
	b.positions(a.Positions, schema.Spec(), "", spec)
	a.Agent = b.patch(spec.get(SectionAgent))
	config := b.patch(spec.get(SectionConfig))
	a.Config, a.Passthrough = config.Without("passthrough"), config.Sub("passthrough")
	if name := a.Agent.Get("agent_name").Text(); name != "" {
		a.AgentName = name + b.suffix
		a.Agent = a.Agent.With("agent_name", value.Of(a.AgentName))
	}
	for _, n := range spec.at("lifecycle", "previous_names").texts() {
		a.PreviousNames = append(a.PreviousNames, n.text()+b.suffix)
	}
	a.Outcomes, a.OutcomesManaged = b.items(SectionOutcomes, spec)
	a.Infields, a.InfieldsManaged = b.items(SectionInfields, spec)
	if config := spec.get(SectionConfig); config != nil {
		for _, f := range config.fields {
			if f.node.prompt != nil && len(f.node.prompt.segments) > 0 {
				a.Sources[f.key] = f.node.prompt.segments
			}
		}
	}
	return a
}

// patch returns what a map of the manifest says.
func (b *builder) patch(n *node) value.Patch {
	if n == nil {
		return value.Patch{}
	}
	fields, _ := b.value(n).(map[string]any)
	return value.NewPatch(fields)
}

func (b *builder) items(section string, spec *node) (items []Item, managed bool) {
	list := spec.get(section)
	if list == nil {
		return nil, false
	}
	key := schema.Spec().Below(section).MergeBy
	for _, n := range list.items {
		items = append(items, Item{Name: n.get(key).text(), Pos: n.pos, Fields: b.patch(n)})
	}
	return items, true
}

// value returns what a node holds. Beyond the budget it is nil; Load then
// reports that the project is too large.
func (b *builder) value(n *node) any {
	if !b.budget.takeWork(1) {
		return nil
	}
	switch n.kind {
	case mapKind:
		out := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			out[f.key] = b.value(f.node)
		}
		return out
	case listKind:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = b.value(item)
		}
		return out
	default:
		return n.value
	}
}

// positions notes where each field below a map stands, and each item of the
// lists that merge by name.
func (b *builder) positions(into map[string]Pos, row *Field, path string, n *node) {
	if !b.budget.takeWork(len(n.fields)) {
		return
	}
	for _, f := range n.fields {
		below, path := row.Below(f.key), join(path, f.key)
		into[path] = f.pos
		if f.node.kind == mapKind {
			b.positions(into, below, path, f.node)
		}
		if f.node.kind != listKind || below == nil || below.MergeBy == "" {
			continue
		}
		for _, item := range f.node.items {
			path := join(path, item.get(below.MergeBy).text())
			into[path] = item.pos
			b.positions(into, below.Items, path, item)
		}
	}
}
