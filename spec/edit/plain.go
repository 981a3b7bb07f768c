package edit

import (
	"encoding/json"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/internal/value"
)

// plain returns what a node says: nil, bool, string, json.Number, []any or
// map[string]any, texts and numbers in canonical form, aliases and merge keys
// written out. The node is of a document that package spec has no fault with.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.AliasNode:
		return plain(n.Alias)
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, item := range n.Content {
			out[i] = plain(item)
		}
		return out
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !isMerge(n.Content[i]) {
				out[keyOf(n.Content[i])] = plain(n.Content[i+1])
			}
		}
		for key, v := range brought(n) {
			if _, own := out[key]; !own {
				out[key] = v
			}
		}
		return out
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		return value.Number(json.Number(strings.TrimPrefix(n.Value, "+")))
	}
	return value.Text(n.Value)
}

// brought is what the merge keys of a map bring.
func brought(n *yaml.Node) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !isMerge(n.Content[i]) {
			continue
		}
		maps := []any{plain(n.Content[i+1])}
		if list, is := maps[0].([]any); is {
			maps = list
		}
		for _, m := range maps {
			fields, _ := m.(map[string]any)
			for key, v := range fields {
				if _, before := out[key]; !before {
					out[key] = v
				}
			}
		}
	}
	return out
}

func isMerge(key *yaml.Node) bool { return key.Tag == "!!merge" }

func keyOf(key *yaml.Node) string {
	if key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	return key.Value
}

// same reports whether two values say the same in a manifest: null, "", [] and {}
// are one, and a key that is left out is not one that is empty.
func same(a, b any) bool {
	wrap := func(v any) value.Patch { return value.NewPatch(map[string]any{"v": v}) }
	return wrap(a).Equal(wrap(b))
}

// isNothing reports whether a value is null, "", [] or {}.
func isNothing(v any) bool { return same(v, nil) }
