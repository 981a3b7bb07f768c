package spec

import (
	"slices"

	"github.com/agentsync/agentsync/schema"
)

// Field is a row of the registry, see schema.Field.
type Field = schema.Field

// Names of the four sections, as they stand in manifests, plans and the lock.
const (
	SectionAgent    = schema.SectionAgent
	SectionConfig   = schema.SectionConfig
	SectionOutcomes = schema.SectionOutcomes
	SectionInfields = schema.SectionInfields
)

// sections are the fields that a client may send, by section; of outcomes and
// infields, those of one item.
var sections = map[string][]*Field{
	SectionAgent:    sent(schema.Spec().Below(SectionAgent)),
	SectionConfig:   sent(schema.Spec().Below(SectionConfig)),
	SectionOutcomes: sent(schema.Spec().Below(SectionOutcomes).Item()),
	SectionInfields: sent(schema.Spec().Below(SectionInfields).Item()),
}

func sent(row *Field) []*Field {
	return slices.DeleteFunc(slices.Clone(row.Fields), func(f *Field) bool { return f.Ours })
}

// Fields returns the rows of the fields of a section that a client may send, in
// the order that plans show. They are shared: callers don't change them.
func Fields(section string) []*Field { return sections[section] }

// FieldNames returns the names of Fields, in a list of the caller's own.
func FieldNames(section string) []string {
	names := make([]string, len(sections[section]))
	for i, f := range sections[section] {
		names[i] = f.Name
	}
	return names
}

// FieldOf returns the row of a field of a section that a client may send, or
// nil when there is none of that name.
func FieldOf(section, name string) *Field {
	for _, f := range sections[section] {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// IsServerField reports whether the platform itself adds a field of that name
// to a section, or to an item of one: it is never sent, and never compared.
func IsServerField(section, name string) bool {
	row := schema.Spec().Below(section)
	if item := row.Item(); item != nil {
		row = item
	}
	return row.IsServer(name)
}
