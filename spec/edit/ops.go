package edit

import (
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// op is one value that an agent's manifest is to say otherwise.
type op struct {
	path []string // below spec: names of fields, and of the items of lists that merge by name
	row  *schema.Field
	gone bool // it is to be said no more; else v is what it is to be
	v    any
}

// place is the path as messages and Agent.Positions have it.
func (o op) place() string { return strings.Join(o.path, ".") }

// ops are what makes one agent of another. Of release, it is the pin alone.
func ops(was, want *spec.Agent) []op {
	var out []op
	row := schema.Spec()
	out = fieldOps(out, nil, row, spec.SectionAgent, was.Agent.Any(), want.Agent.Any())
	out = fieldOps(out, nil, row, spec.SectionConfig, config(was), config(want))
	out = sectionOps(out, spec.SectionOutcomes, was.OutcomesManaged, want.OutcomesManaged, was.Outcomes, want.Outcomes)
	out = sectionOps(out, spec.SectionInfields, was.InfieldsManaged, want.InfieldsManaged, was.Infields, want.Infields)
	if was.Release.Version != want.Release.Version {
		pin := op{path: []string{"release", "version"}, row: row.Below("release").Below("version"), gone: want.Release.Version == 0}
		pin.v = value.Of(want.Release.Version).Any()
		out = append(out, pin)
	}
	return out
}

// config is an agent's config as a manifest has it.
func config(a *spec.Agent) map[string]any {
	if a.Passthrough.Len() == 0 {
		return a.Config.Any()
	}
	return with(a.Config.Any(), "passthrough", a.Passthrough.Any())
}

func sectionOps(out []op, section string, had, has bool, was, want []spec.Item) []op {
	list := func(items []spec.Item) []any {
		all := make([]any, len(items))
		for i, item := range items {
			all[i] = item.Fields.Any()
		}
		return all
	}
	row := schema.Spec().Below(section)
	switch path := []string{section}; {
	case !had && !has:
		return out
	case had && !has:
		return append(out, op{path: path, row: row, gone: true})
	case !had:
		return append(out, op{path: path, row: row, v: list(want)})
	default:
		return itemOps(out, path, row, list(was), list(want))
	}
}

// fieldOps are those of the field key of a map that row describes.
func fieldOps(out []op, path []string, row *schema.Field, key string, was, want any) []op {
	return valueOps(out, append(slices.Clone(path), key), row.Below(key), was, want)
}

// valueOps are those of one value. Maps are compared key by key, as deep as they
// merge; so are lists that merge by name.
func valueOps(out []op, path []string, row *schema.Field, was, want any) []op {
	if same(was, want) {
		return out
	}
	before, wasMap := was.(map[string]any)
	after, isMap := want.(map[string]any)
	oldItems, wasList := was.([]any)
	newItems, isList := want.([]any)
	switch {
	case wasMap && isMap && len(before) > 0 && len(after) > 0:
		for _, key := range keysOf(before, after) {
			a, had := before[key]
			b, has := after[key]
			switch {
			case had && !has:
				out = append(out, op{path: append(slices.Clone(path), key), row: row.Below(key), gone: true})
			case !had:
				out = append(out, op{path: append(slices.Clone(path), key), row: row.Below(key), v: b})
			default:
				out = fieldOps(out, path, row, key, a, b)
			}
		}
		return out
	case wasList && isList && row != nil && row.MergeBy != "" && len(oldItems) > 0 && len(newItems) > 0:
		return itemOps(out, path, row, oldItems, newItems)
	}
	return append(out, op{path: path, row: row, v: want})
}

func keysOf(maps ...map[string]any) []string {
	all := map[string]any{}
	for _, m := range maps {
		for key := range m {
			all[key] = nil
		}
	}
	return value.SortedKeys(all)
}

// itemOps are those of a list that merges by name.
func itemOps(out []op, path []string, row *schema.Field, was, want []any) []op {
	before, after := map[string]any{}, map[string]any{}
	for i, name := range namesOf(row, was) {
		before[name] = was[i]
	}
	for i, name := range namesOf(row, want) {
		after[name] = want[i]
	}
	for _, name := range namesOf(row, was) {
		if _, stays := after[name]; !stays {
			out = append(out, op{path: append(slices.Clone(path), name), row: row.Item(), gone: true})
		} else {
			out = valueOps(out, append(slices.Clone(path), name), row.Item(), before[name], after[name])
		}
	}
	for _, name := range namesOf(row, want) {
		if _, there := before[name]; !there {
			out = append(out, op{path: append(slices.Clone(path), name), row: row.Item(), v: after[name]})
		}
	}
	return out
}

// get returns what a document's spec says at a path.
func get(v any, row *schema.Field, path []string) (any, bool) {
	for _, step := range path {
		switch at := v.(type) {
		case map[string]any:
			next, there := at[step]
			if !there {
				return nil, false
			}
			v, row = next, row.Below(step)
		case []any:
			i := -1
			if row != nil && row.MergeBy != "" {
				i = slices.Index(namesOf(row, at), step)
			}
			if i < 0 {
				return nil, false
			}
			v, row = at[i], row.Item()
		default:
			return nil, false
		}
	}
	return v, true
}

// put returns v with what an op says at its path; maps and lists on the way are
// made. v is not changed.
func put(v any, row *schema.Field, path []string, o op) any {
	if len(path) == 0 {
		return o.v
	}
	step, rest := path[0], path[1:]
	if row != nil && row.MergeBy != "" {
		list, _ := v.([]any)
		list = slices.Clone(list)
		i := slices.Index(namesOf(row, list), step)
		switch {
		case i < 0 && o.gone:
		case i < 0:
			item := put(nil, row.Item(), rest, o)
			if m, isMap := item.(map[string]any); isMap {
				item = with(m, row.MergeBy, step)
			}
			list = append(list, item)
		case o.gone && len(rest) == 0:
			list = slices.Delete(list, i, i+1)
		default:
			list[i] = put(list[i], row.Item(), rest, o)
		}
		return list
	}
	m, _ := v.(map[string]any)
	if _, there := m[step]; o.gone && (!there || len(rest) == 0) {
		m = with(m, step, nil)
		delete(m, step)
		return m
	}
	return with(m, step, put(m[step], row.Below(step), rest, o))
}

func with(m map[string]any, key string, v any) map[string]any {
	out := make(map[string]any, len(m)+1)
	for k, item := range m {
		out[k] = item
	}
	out[key] = v
	return out
}
