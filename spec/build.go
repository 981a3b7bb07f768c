package spec

import (
	"encoding/json"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// build turns a merged and checked spec into an Agent, whose names get a suffix.
func build(doc *document, spec *node, suffix string) Agent {
	lifecycle := spec.Get("lifecycle")
	a := Agent{
		Name:            doc.name,
		Pos:             doc.root.Pos,
		Agent:           patch(spec.Get(SectionAgent)),
		Sources:         map[string][]Segment{},
		Positions:       positionsIn(spec, schema.Spec()),
		Release:         Release{Mode: "publish", ServiceUpdates: "versioned"},
		Lifecycle:       Lifecycle{Absent: isAbsent(spec), Protect: lifecycle.Get("protect").Value() == true},
		Outcomes:        items(SectionOutcomes, spec),
		OutcomesManaged: !spec.Get(SectionOutcomes).IsNone(),
		Infields:        items(SectionInfields, spec),
		InfieldsManaged: !spec.Get(SectionInfields).IsNone(),
	}
	decode(spec.Get("release"), &a.Release)
	a.Checks = checks(spec.Get("checks"))
	a.SmokeCall = smokeCall(spec.Get("smoke_call"))
	config := patch(spec.Get(SectionConfig))
	a.Config, a.Passthrough = config.Without("passthrough"), config.Sub("passthrough")
	if name := a.Agent.Get("agent_name").Text(); name != "" {
		a.AgentName = name + suffix
		a.Agent = a.Agent.With("agent_name", value.Of(a.AgentName))
	}
	for _, n := range lifecycle.Get("previous_names").Texts() {
		a.PreviousNames = append(a.PreviousNames, n.Text()+suffix)
	}
	for _, f := range spec.Get(SectionConfig).Below {
		if p := promptOf(f); len(p.segments) > 0 {
			a.Sources[f.Key] = p.segments
		}
	}
	return a
}

// decode sets the fields of a struct that a checked map has values for. A struct
// that does not fit its rows in the registry panics.
func decode(n *node, into any) {
	data, err := json.Marshal(n.Value())
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		panic(err)
	}
}

// patch returns what a map of the manifest says.
func patch(n *node) value.Patch {
	fields, _ := n.Value().(map[string]any)
	return value.NewPatch(fields)
}

func items(section string, spec *node) []Item {
	key := schema.Spec().Below(section).MergeBy
	var out []Item
	for _, n := range spec.Get(section).Below {
		out = append(out, Item{Name: n.Get(key).Text(), Pos: n.Pos, Fields: patch(n)})
	}
	return out
}

// positions notes where each field below a map stands, and each item of the
// lists that merge by name.
func positions(into map[string]Pos, row *Field, path string, n *node) {
	for _, f := range n.Below {
		below, path := row.Below(f.Key), join(path, f.Key)
		into[path] = f.KeyPos()
		switch {
		case f.IsMap():
			positions(into, below, path, f)
		case f.IsList() && below != nil && below.MergeBy != "":
			for _, item := range f.Below {
				path := join(path, item.Get(below.MergeBy).Text())
				into[path] = item.Pos
				positions(into, below.Items, path, item)
			}
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
