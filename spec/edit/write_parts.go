package edit

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// part is the least of a manifest that can be left out by itself: a field of
// the agent, of its config or of a service, or all outcomes or infields.
type part struct {
	keys []string // from spec: config, llm_config, model
	row  *schema.Field
	v    value.Value
	none bool // a list that is managed, and has nothing in it
}

func (p part) path() string { return pathOf(p.keys...) }
func (p part) isName() bool { return p.path() == "agent.agent_name" }
func (p part) size() int    { return len(p.v.JSON()) }

// left is the part as what a manifest doesn't say.
func (p part) left(why string) Left { return Left{p.path(), why, len(p.v.List())} }

func pathOf(keys ...string) string {
	var b strings.Builder
	for _, key := range keys {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		if plainKey(key) {
			b.WriteString(key)
		} else {
			b.WriteString(strconv.QuoteToGraphic(schema.Clip(key)))
		}
	}
	return b.String()
}

func plainKey(key string) bool {
	return key != "" && len(key) <= 80 && strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// partsOf returns what there is to say about an agent, in the registry's order,
// and what agentsync has no field for.
func partsOf(a Agent) (parts []part, left []Left) {
	unknown := func(keys ...string) {
		why := "agentsync does not know this field"
		if last := keys[len(keys)-1]; keys[0] == schema.SectionConfig && last != "passthrough" && keys[1] != "metadata_schema" {
			why += "; config.passthrough would manage it"
		}
		left = append(left, Left{Path: pathOf(keys...), Why: why})
	}
	for _, row := range schema.Spec().Below(schema.SectionAgent).Fields {
		if v := a.Fields.Get(row.Name); row.Name == "agent_name" || said(row, v) {
			parts = append(parts, part{keys: []string{schema.SectionAgent, row.Name}, row: row, v: v})
		}
	}
	for _, section := range []string{schema.SectionAgent, schema.SectionOutcomes, schema.SectionInfields} {
		for _, name := range a.Unknown[section] {
			unknown(section, name)
		}
	}
	config := schema.Spec().Below(schema.SectionConfig)
	for _, row := range config.Fields {
		v, keys := a.Config.Get(row.Name), []string{schema.SectionConfig, row.Name}
		switch {
		case row.Ours || !said(row, v):
		case row.Type == schema.Prompt && !v.IsText():
			left = append(left, Left{Path: pathOf(keys...), Why: "want text"})
		case row.Service && v.IsObject():
			for _, below := range row.Fields {
				if sub := v.Get(below.Name); said(below, sub) {
					parts = append(parts, part{keys: append(keys[:2:2], below.Name), row: below, v: sub})
				}
			}
			for _, key := range others(row, v) {
				unknown(append(keys[:2:2], key)...)
			}
		default:
			if row.MergeBy != "" { // what an entry leaves out stays as it is
				for _, key := range othersOf(row.Items, v.List()) {
					unknown(append(keys[:2:2], key)...)
				}
			}
			parts = append(parts, part{keys: keys, row: row, v: v})
		}
	}
	for _, key := range a.Config.Keys() {
		if row := config.Below(key); row == nil || row.Ours {
			unknown(schema.SectionConfig, key)
		}
	}
	for _, section := range []struct {
		name  string
		items []value.Value
	}{{schema.SectionOutcomes, a.Outcomes}, {schema.SectionInfields, a.Infields}} {
		if section.items != nil {
			parts = append(parts, part{keys: []string{section.name}, row: schema.Spec().Below(section.name),
				v: value.Of(section.items), none: len(section.items) == 0})
		}
	}
	return parts, left
}

// said reports whether a value is worth saying: one that the platform fills in
// by itself is not.
func said(row *schema.Field, v value.Value) bool {
	for _, filled := range []any{row.Default, row.Filled} {
		if filled != nil && v.Equal(value.Of(filled)) {
			return false
		}
	}
	return !v.IsEmpty()
}

// others are the keys of an object that its row does not know.
func others(row *schema.Field, object value.Value) []string {
	var out []string
	for _, key := range object.Keys() {
		if row.Below(key) == nil {
			out = append(out, key)
		}
	}
	return out
}

func othersOf(row *schema.Field, objects []value.Value) []string {
	all := value.Value{}
	for _, object := range objects {
		for _, key := range others(row, object) {
			all = all.With(key, value.Of(true))
		}
	}
	return all.Keys()
}

// treeOf returns a value as its row describes it, for the emitter.
func treeOf(row *schema.Field, v value.Value) *yaml.Node {
	switch v := v.Any().(type) {
	case map[string]any:
		return mapOf(row, value.Of(v))
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			n.Content = append(n.Content, itemOf(row, item))
		}
		return n
	case string:
		return textOf(v)
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: string(value.Number(v))}
	}
}

// itemOf is an entry of a list. What an entry of a list that merges by name
// leaves out stays as it is, so it says no more than a person would.
func itemOf(list *schema.Field, item any) *yaml.Node {
	row, v := list.Item(), value.Of(item)
	if list == nil || list.MergeBy == "" || !v.IsObject() {
		if v.IsEmpty() && row != nil && row.Type != schema.Any {
			return textOf("") // canonical form has no empty text
		}
		return treeOf(row, v)
	}
	for _, key := range v.Keys() {
		below := row.Below(key)
		if below == nil || key != list.MergeBy && !said(below, v.Get(key)) {
			v = v.With(key, value.Value{})
		}
	}
	return treeOf(row, v)
}

// mapOf has the registry's fields in its order, and others by name.
func mapOf(row *schema.Field, object value.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	add := func(key string) {
		n.Content = append(n.Content, textOf(key), treeOf(row.Below(key), object.Get(key)))
	}
	known := map[string]bool{}
	if row != nil {
		for _, f := range row.Fields {
			if known[f.Name] = true; !object.Get(f.Name).IsEmpty() {
				add(f.Name)
			}
		}
	}
	for _, key := range object.Keys() {
		if !known[key] {
			add(key)
		}
	}
	return n
}

func textOf(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}
