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
		a.Passthrough.Equal(b.Passthrough) && slices.EqualFunc(a.Checks, b.Checks, Check.Same) &&
		a.SmokeCall.asWritten().Equal(b.SmokeCall.asWritten()) &&
		maps.EqualFunc(byName(a.Outcomes), byName(b.Outcomes), value.Patch.Equal) &&
		maps.EqualFunc(byName(a.Infields), byName(b.Infields), value.Patch.Equal)
}

// Wants is a short digest of what an agent's manifest wants, and of which account:
// agents that are Same have the same one in one environment. The environment's
// BaseURL is the address that is used, wherever that comes from.
func (e Environment) Wants(a *Agent) string {
	config := sorted(a.Config)
	wants := map[string]any{
		"base_url": e.BaseURL, "variables": e.Credentials.names(),
		"name": a.Name, "agent_name": a.AgentName, "previous_names": a.PreviousNames,
		"mode": a.Release.Mode, "version": a.Release.Version, "service_updates": a.Release.ServiceUpdates,
		"absent": a.Lifecycle.Absent, "protect": a.Lifecycle.Protect,
		"agent": a.Agent.Any(), "config": config.Any(), "passthrough": a.Passthrough.Any(),
		"outcomes_managed": a.OutcomesManaged, "outcomes": itemsByName(a.Outcomes),
		"infields_managed": a.InfieldsManaged, "infields": itemsByName(a.Infields),
	}
	for _, check := range a.Checks { // an agent without any keeps the digest that it had before there were checks
		list, _ := wants["checks"].([]any)
		wants["checks"] = append(list, check.asWritten())
	}
	if a.SmokeCall != nil {
		wants["smoke_call"] = a.SmokeCall.asWritten()
	}
	return value.NewPatch(wants).ShortDigest()
}

// Releases is a short digest of what an agent's manifest says about what is to be
// live: its config and its pin, and nothing that the platform adds.
func (a *Agent) Releases() string {
	config := sorted(a.Config)
	return value.NewPatch(map[string]any{
		"config": config.Any(), "passthrough": a.Passthrough.Any(), "version": a.Release.Version,
	}).ShortDigest()
}

func itemsByName(items []Item) map[string]any {
	out := make(map[string]any, len(items))
	for _, item := range items {
		out[item.Name] = item.Fields.Any()
	}
	return out
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
