package diff

import (
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// configChanges lists what differs between two configs, in the order of
// the registry and then by name. Sections are compared field by field,
// lists and texts as wholes.
func configChanges(before, after value.Value, want spec.Agent) []Change {
	changes := []Change{}
	for _, field := range configOrder(before, after) {
		b, a := before.Get(field), after.Get(field)
		switch {
		case value.Equal(b, a):
		case (b.IsObject() || b.IsEmpty()) && (a.IsObject() || a.IsEmpty()):
			changes = append(changes, objectChanges(field+".", b, a)...)
		default:
			changes = append(changes, Change{Path: field, Before: b, After: a, Source: want.Sources[field]})
		}
	}
	return changes
}

func objectChanges(prefix string, before, after value.Value) []Change {
	keys := append(before.Keys(), after.Keys()...)
	slices.Sort(keys)
	return fieldChanges(prefix, slices.Compact(keys), before, after)
}

// fieldChanges lists the fields in which two objects differ.
func fieldChanges(prefix string, fields []string, before, after value.Value) []Change {
	changes := []Change{}
	for _, field := range fields {
		if b, a := before.Get(field), after.Get(field); !value.Equal(b, a) {
			changes = append(changes, Change{Path: prefix + field, Before: b, After: a})
		}
	}
	return changes
}

// configOrder returns the fields of two configs: those that are documented in
// their order, and then the others by name.
func configOrder(before, after value.Value) []string {
	others := slices.DeleteFunc(append(before.Keys(), after.Keys()...), func(field string) bool {
		return spec.FieldOf(spec.SectionConfig, field) != nil
	})
	slices.Sort(others)
	return append(spec.FieldNames(spec.SectionConfig), slices.Compact(others)...)
}

// agentChanges lists the managed fields that differ and can be changed, in the
// API's order.
func agentChanges(want value.Patch, have value.Value) []Change {
	changes := []Change{}
	for _, field := range spec.FieldNames(spec.SectionAgent) {
		if b, a := have.Get(field), want.Get(field); want.Has(field) && !creationOnly(field) && !value.Equal(b, a) {
			changes = append(changes, Change{Path: field, Before: b, After: a})
		}
	}
	return changes
}

func creationOnly(field string) bool {
	row := spec.FieldOf(spec.SectionAgent, field)
	return row != nil && row.CreationOnly
}

// itemChanges lists the fields in which two items of a name differ.
func itemChanges(kind ItemKind, before, after value.Value) []Change {
	fields := slices.DeleteFunc(slices.Clone(kind.Fields), func(f string) bool { return f == kind.NameField })
	return fieldChanges("", fields, before, after)
}
