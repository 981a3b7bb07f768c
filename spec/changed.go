package spec

import (
	"maps"
	"slices"

	"github.com/agentsync/agentsync/internal/value"
)

// Changed returns the names of the agents that two states of a project want
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

// Same reports whether two merged manifests want the same. Where something stands
// makes no difference, nor does the order of outcomes, infields and members of
// the metadata schema; empty values are one. A value that is given empty and
// one that is left out are two: the platform's value goes, or stays.
func Same(a, b *Agent) bool {
	return a.Name == b.Name && a.AgentName == b.AgentName && slices.Equal(a.PreviousNames, b.PreviousNames) &&
		a.Release == b.Release && a.Lifecycle == b.Lifecycle &&
		a.OutcomesManaged == b.OutcomesManaged && a.InfieldsManaged == b.InfieldsManaged &&
		a.Agent.Equal(b.Agent) && sorted(a.Config).Equal(sorted(b.Config)) &&
		a.Passthrough.Equal(b.Passthrough) &&
		maps.EqualFunc(byName(a.Outcomes), byName(b.Outcomes), value.Patch.Equal) &&
		maps.EqualFunc(byName(a.Infields), byName(b.Infields), value.Patch.Equal)
}

func byName(items []Item) map[string]value.Patch {
	out := make(map[string]value.Patch, len(items))
	for _, item := range items {
		out[item.Name] = item.Fields
	}
	return out
}

// sorted is a config whose lists that merge by name are sorted by it.
func sorted(config value.Patch) value.Patch {
	for _, row := range Fields(SectionConfig) {
		if row.MergeBy != "" {
			config = config.Sort(row.Name, row.MergeBy)
		}
	}
	return config
}
