package spec

import (
	"maps"
	"slices"

	"github.com/agentsync/agentsync/internal/value"
)

// Changed gives the names of the agents that two states of a project want
// differently, sorted: those that only one of them has, and those whose merged
// manifests are not the same (see Same).
func Changed(before, after *Project) []string {
	was := make(map[string]*Agent, len(before.Agents))
	for i := range before.Agents {
		was[before.Agents[i].Name] = &before.Agents[i]
	}
	var names []string
	for i := range after.Agents {
		now := &after.Agents[i]
		if old := was[now.Name]; old == nil || !Same(old, now) {
			names = append(names, now.Name)
		}
		delete(was, now.Name)
	}
	names = append(names, value.SortedKeys(was)...)
	slices.Sort(names)
	return names
}

// Same says whether two merged manifests want the same. Where something stands
// makes no difference, nor does the order of outcomes, infields and members of
// the metadata schema; empty values are one. A value that is given empty and
// one that is left out are two: the platform's value goes, or stays.
func Same(a, b *Agent) bool {
	return a.Name == b.Name && a.AgentName == b.AgentName && slices.Equal(a.PreviousNames, b.PreviousNames) &&
		a.Release == b.Release && a.Lifecycle == b.Lifecycle &&
		a.OutcomesManaged == b.OutcomesManaged && a.InfieldsManaged == b.InfieldsManaged &&
		sameMap(a.Agent, b.Agent) && sameMap(withSortedSchema(a.Config), withSortedSchema(b.Config)) &&
		sameMap(a.Passthrough, b.Passthrough) &&
		sameMap(byName(a.Outcomes), byName(b.Outcomes)) && sameMap(byName(a.Infields), byName(b.Infields))
}

func byName(items []Item) map[string]any {
	out := make(map[string]any, len(items))
	for _, item := range items {
		out[item.Name] = item.Fields
	}
	return out
}

// withSortedSchema is a config whose metadata schema, a set of names, is sorted.
func withSortedSchema(config map[string]any) map[string]any {
	list, _ := config["metadata_schema"].([]any)
	if len(list) < 2 {
		return config
	}
	members := make(map[string]any, len(list))
	for _, member := range list {
		if m, ok := member.(map[string]any); ok {
			name, _ := m["name"].(string)
			members[name] = m
		}
	}
	if len(members) != len(list) {
		return config
	}
	out := maps.Clone(config)
	out["metadata_schema"] = members
	return out
}

func sameMap(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for key, v := range a {
		w, ok := b[key]
		if !ok || !sameValue(v, w) {
			return false
		}
	}
	return true
}

// sameValue is Equal for values in which left out and empty are two things: a
// map that empties one of its fields is no empty map.
func sameValue(a, b any) bool {
	am, aIsMap := a.(map[string]any)
	bm, bIsMap := b.(map[string]any)
	al, aIsList := a.([]any)
	bl, bIsList := b.([]any)
	switch {
	case aIsMap && bIsMap:
		return sameMap(am, bm)
	case aIsList && bIsList:
		return slices.EqualFunc(al, bl, sameValue)
	case len(am) > 0 || len(bm) > 0:
		return false
	default:
		return value.Equal(a, b)
	}
}
