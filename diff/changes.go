package diff

import (
	"sort"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// configChanges lists what differs between two canonical configs, in the
// order of spec.ConfigFields and then by name. Sections are compared field by
// field, lists and texts as wholes.
func configChanges(before, after map[string]any, want spec.Agent) []Change {
	changes := []Change{}
	for _, field := range configOrder(before, after) {
		b, a := before[field], after[field]
		if value.Equal(b, a) {
			continue
		}
		bm, bIsMap := b.(map[string]any)
		am, aIsMap := a.(map[string]any)
		if (bIsMap || b == nil) && (aIsMap || a == nil) {
			changes = append(changes, mapChanges(field+".", bm, am)...)
			continue
		}
		changes = append(changes, Change{Path: field, Before: b, After: a, Source: sources(want, field)})
	}
	return changes
}

func mapChanges(prefix string, before, after map[string]any) []Change {
	keys := map[string]bool{}
	for k := range before {
		keys[k] = true
	}
	for k := range after {
		keys[k] = true
	}
	var out []Change
	for _, k := range value.SortedKeys(keys) {
		if !value.Equal(before[k], after[k]) {
			out = append(out, Change{Path: prefix + k, Before: before[k], After: after[k]})
		}
	}
	return out
}

func configOrder(maps ...map[string]any) []string {
	rank := map[string]int{}
	for i, field := range spec.ConfigFields {
		rank[field] = i + 1
	}
	seen := map[string]bool{}
	var fields []string
	for _, m := range maps {
		for k := range m {
			if !seen[k] {
				seen[k] = true
				fields = append(fields, k)
			}
		}
	}
	sort.Slice(fields, func(i, j int) bool {
		a, b := rank[fields[i]], rank[fields[j]]
		switch {
		case a == b:
			return fields[i] < fields[j]
		case a == 0 || b == 0:
			return b == 0
		default:
			return a < b
		}
	})
	return fields
}

func sources(want spec.Agent, field string) []Source {
	var out []Source
	for _, s := range want.Sources[field] {
		out = append(out, Source{Start: s.Start, File: s.File, Line: s.Line, Fixed: s.Fixed})
	}
	return out
}

// agentChanges lists the editable managed fields that differ, in API order.
func agentChanges(w Wanted, r *RemoteAgent) []Change {
	changes := []Change{}
	for _, field := range spec.AgentFields {
		after, managed := w.Agent[field]
		if !managed || creationOnly(field) {
			continue
		}
		if before := value.Canonical(r.Fields[field]); !value.Equal(before, after) {
			changes = append(changes, Change{Path: field, Before: before, After: after})
		}
	}
	return changes
}

// itemChanges lists the fields that differ between two canonical items.
func itemChanges(kind ItemKind, before, after map[string]any) []Change {
	changes := []Change{}
	for _, field := range kind.Fields {
		if field != kind.NameField && !value.Equal(before[field], after[field]) {
			changes = append(changes, Change{Path: field, Before: before[field], After: after[field]})
		}
	}
	return changes
}
