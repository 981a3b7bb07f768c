package spec

import (
	"slices"

	"github.com/agentsync/agentsync/schema"
)

// merger merges specs (design section 2): maps merge, the lists of named merge
// by name, everything else replaces, and an explicit null, "", [] or {}
// replaces by empty. Trees are shared, never changed.
type merger struct{ budget *budget }

// spec merges two specs; either may be nil. extends is not passed on.
func (m *merger) spec(base, over *node) *node {
	switch {
	case over == nil || len(over.fields) == 0:
		return base
	case base == nil:
		base = &node{kind: mapKind, pos: over.pos}
	}
	out := m.fields(schema.Spec(), base, over)
	out.fields = slices.DeleteFunc(out.fields, func(f field) bool { return f.key == "extends" })
	return out
}

// value merges two values of the field that row describes, which is nil where
// the registry does not know it.
func (m *merger) value(row *Field, base, over *node) *node {
	switch {
	case row == nil || base.isEmpty() || over.isEmpty() || base.kind != over.kind:
		return over
	case over.kind == mapKind:
		return m.fields(row, base, over)
	case over.kind == listKind && row.MergeBy != "":
		return m.byName(row, base, over)
	}
	return over
}

// fields merges two maps, whose fields stand below row.
func (m *merger) fields(row *Field, base, over *node) *node {
	out := &node{kind: mapKind, pos: over.pos}
	if !m.budget.takeWork(len(base.fields) + len(over.fields)) {
		return out
	}
	out.fields = append(make([]field, 0, len(base.fields)+len(over.fields)), base.fields...)
	at := make(map[string]int, len(base.fields))
	for i, f := range base.fields {
		at[f.key] = i
	}
	for _, f := range over.fields {
		if i, ok := at[f.key]; ok {
			out.fields[i] = field{f.key, f.pos, m.value(row.Below(f.key), base.fields[i].node, f.node)}
		} else {
			out.fields = append(out.fields, f)
		}
	}
	return out
}

// byName merges two lists whose items are known by the field row.MergeBy, in
// the order of their first appearance.
func (m *merger) byName(row *Field, base, over *node) *node {
	out := &node{kind: listKind, pos: over.pos}
	if !m.budget.takeWork(len(base.items) + len(over.items)) {
		return out
	}
	out.items = append(make([]*node, 0, len(base.items)+len(over.items)), base.items...)
	at := make(map[string]int, len(base.items))
	for i, item := range base.items {
		if name := item.get(row.MergeBy).text(); name != "" {
			at[name] = i
		}
	}
	for _, item := range over.items {
		i, ok := at[item.get(row.MergeBy).text()]
		if !ok || item.kind != mapKind || base.items[i].kind != mapKind {
			out.items = append(out.items, item)
			continue
		}
		out.items[i] = m.fields(row.Items, base.items[i], item)
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
