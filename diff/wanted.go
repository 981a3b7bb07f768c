package diff

import (
	"maps"
	"sort"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Wanted is the manifest merged over what the platform has: the full values
// that an apply sends and ends with, in canonical form.
type Wanted struct {
	Agent        map[string]any // managed fields only; a wanted-empty field is present with nil
	Config       map[string]any // the whole config, notes aside
	ConfigDigest string         // as in the provenance line
	Outcomes     []map[string]any
	Infields     []map[string]any
}

// ItemKind tells outcomes from infields.
type ItemKind struct {
	Section, NameField, TypeField, EnumField string
	Fields                                   []string
}

// The two kinds of items.
var (
	OutcomeItems = ItemKind{spec.SectionOutcomes, "outcome_name", "outcome_type", "outcome_enum", OutcomeFields}
	InfieldItems = ItemKind{spec.SectionInfields, "field_name", "field_type", "field_enum", InfieldFields}
)

// Merge lays the manifest over the remote state. r may be nil: then nothing is
// there yet. For a config, the base is the live version; without one, base.
func Merge(want spec.Agent, r *RemoteAgent, base map[string]any) Wanted {
	if r == nil {
		r = &RemoteAgent{}
	}
	live := canonicalConfig(base)
	if r.Current != nil {
		live = r.Current.config()
	}
	w := Wanted{Agent: map[string]any{}, Config: overlayCanonical(live, want)}
	w.ConfigDigest = configDigest(w.Config, passthroughKeys(want))
	for field, v := range want.Agent {
		w.Agent[field] = value.Canonical(v)
	}
	w.Outcomes = mergeItems(OutcomeItems, want.OutcomesManaged, want.Outcomes, r.Outcomes)
	w.Infields = mergeItems(InfieldItems, want.InfieldsManaged, want.Infields, r.Infields)
	return w
}

// overlayConfig is the wanted config: base with the manifest's fields over it.
func overlayConfig(base map[string]any, want spec.Agent) map[string]any {
	return overlayCanonical(canonicalConfig(base), want)
}

// overlayCanonical is overlayConfig over a canonical base, which stays as it is.
func overlayCanonical(base map[string]any, want spec.Agent) map[string]any {
	out := maps.Clone(base)
	for field, v := range want.Config {
		switch field {
		case "notes":
		case "metadata_schema":
			set(out, field, overlayNamed(out[field], v))
		default:
			set(out, field, overlay(out[field], v))
		}
	}
	for field, v := range want.Passthrough {
		if isService(field) {
			v = overlay(out[field], v)
		}
		set(out, field, v)
	}
	for _, field := range spec.ConfigServerFields {
		delete(out, field)
	}
	sortSchema(out)
	return out
}

func set(m map[string]any, key string, v any) {
	if c := value.Canonical(v); c != nil {
		m[key] = c
		return
	}
	delete(m, key)
}

// overlay merges maps; any other value, and an empty map, replaces. An empty
// value leaves zeros as they are: platforms fill them in for null.
func overlay(base, over any) any {
	if value.Empty(over) && isZero(base) {
		return base
	}
	b, ok := base.(map[string]any)
	o, isMap := over.(map[string]any)
	if !ok || !isMap || len(o) == 0 {
		return over
	}
	out := make(map[string]any, len(b)+len(o))
	for k, v := range b {
		out[k] = v
	}
	for k, v := range o {
		out[k] = overlay(out[k], v)
	}
	return out
}

// isZero says that a value is 0 or false, or a map of nothing else.
func isZero(v any) bool {
	c := value.Canonical(v)
	return c != nil && value.Empty(dropZero(c))
}

// overlayNamed lays a list of named maps over another: the members are over's,
// and each keeps what it leaves out from base's member of the same name.
func overlayNamed(base, over any) any {
	members, ok := over.([]any)
	if !ok {
		return over
	}
	byName := map[string]any{}
	if list, ok := base.([]any); ok {
		for _, item := range list {
			if m, ok := item.(map[string]any); ok {
				byName[textOf(m["name"])] = m
			}
		}
	}
	out := make([]any, len(members))
	for i, item := range members {
		out[i] = item
		if m, ok := item.(map[string]any); ok {
			out[i] = overlay(byName[textOf(m["name"])], m)
		}
	}
	return out
}

// canonicalConfig is a config in canonical form without what the platform adds
// and without notes. The metadata schema is a set of names, so it is sorted.
func canonicalConfig(content map[string]any) map[string]any {
	out := make(map[string]any, len(content))
	for k, v := range content {
		if k == "notes" || isServerField(k) {
			continue
		}
		if c := value.Canonical(v); c != nil {
			out[k] = c
		}
	}
	sortSchema(out)
	return out
}

// sortSchema sorts the metadata schema of a config, if it is not sorted.
func sortSchema(config map[string]any) {
	list, _ := config["metadata_schema"].([]any)
	byName := func(i, j int) bool { return nameAt(list, i) < nameAt(list, j) }
	if !sort.SliceIsSorted(list, byName) {
		sort.SliceStable(list, byName)
	}
}

func nameAt(list []any, i int) string {
	m, _ := list[i].(map[string]any)
	return textOf(m["name"])
}

func isServerField(field string) bool { return contains(spec.ConfigServerFields, field) }
func isService(field string) bool     { return contains(spec.ServiceFields, field) }

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}

// mergeItems gives the full wanted items: the manifest's, each with what it
// leaves out from the platform's; or the platform's where the manifest does
// not manage them. An enum goes with FIXED alone (reference.md, endpoints
// 20 to 27), so it is dropped with the type.
func mergeItems(kind ItemKind, managed bool, items []spec.Item, remote []map[string]any) []map[string]any {
	byName := map[string]map[string]any{}
	var out []map[string]any
	for _, item := range remote {
		c := canonicalItem(kind, item)
		byName[textOf(c[kind.NameField])] = c
		if !managed {
			out = append(out, c)
		}
	}
	if !managed {
		return out
	}
	for _, item := range items {
		merged := canonicalItem(kind, byName[item.Name])
		for field, v := range item.Fields {
			set(merged, field, v)
		}
		if _, given := item.Fields[kind.EnumField]; !given && merged[kind.TypeField] != "FIXED" {
			delete(merged, kind.EnumField)
		}
		out = append(out, merged)
	}
	return out
}

// canonicalItem keeps the documented fields of an item, in canonical form.
func canonicalItem(kind ItemKind, item map[string]any) map[string]any {
	out := map[string]any{}
	for _, field := range kind.Fields {
		set(out, field, item[field])
	}
	return out
}

func itemDigest(kind ItemKind, item map[string]any) string {
	return value.ShortDigest(canonicalItem(kind, item))
}
