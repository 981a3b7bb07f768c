package edit

import (
	"slices"

	"github.com/agentsync/agentsync/internal/value"
)

// BaseFiles are the files of a Base with all that written agents have in common:
// none where that is nothing, or where there is one agent.
func BaseFiles(key string, all []*Written) []File {
	parts := common(all)
	if len(parts) == 0 {
		return nil
	}
	return document(writing{kind: "Base", key: key, path: basePath(key)}, parts, nil)
}

// basePath is no agent's path: a key has no dots.
func basePath(key string) string { return "agents/" + key + ".base.yaml" }

// Extend takes out of agents what they have in common, which the Base of BaseFiles
// has, and lets them extend it.
func Extend(base string, all []*Written) {
	shared := common(all)
	if len(shared) == 0 {
		return
	}
	for _, w := range all {
		w.parts, w.extends = without(w.parts, shared), base
	}
}

// common are the parts that all agents have, in order. Of lists that merge by
// name it is the entries. No two agents have one name.
func common(all []*Written) []part {
	if len(all) < 2 {
		return nil
	}
	var out []part
	for _, p := range all[0].parts {
		for _, w := range all[1:] {
			p = p.in(w.parts)
		}
		if p.none || !p.v.IsEmpty() {
			out = append(out, p)
		}
	}
	return out
}

// in is what of p the parts say too: all, nothing, or of a list that merges by
// name some entries.
func (p part) in(parts []part) part {
	i := slices.IndexFunc(parts, func(q part) bool { return slices.Equal(q.keys, p.keys) })
	switch {
	case i >= 0 && p.none == parts[i].none && p.v.Equal(parts[i].v):
		return p
	case i < 0 || p.row.MergeBy == "":
		p.v, p.none = value.Value{}, false
		return p
	}
	theirs := parts[i].v.List()
	kept := slices.DeleteFunc(slices.Clone(p.v.List()), func(entry value.Value) bool {
		return !slices.ContainsFunc(theirs, entry.Equal)
	})
	p.v, p.none = value.Of(kept), false
	return p
}

// without leaves out what shared says.
func without(parts, shared []part) []part {
	var out []part
	for _, p := range parts {
		i := slices.IndexFunc(shared, func(q part) bool { return slices.Equal(q.keys, p.keys) })
		if i >= 0 && p.v.Equal(shared[i].v) {
			continue
		}
		if i >= 0 {
			theirs := shared[i].v.List()
			p.v = value.Of(slices.DeleteFunc(slices.Clone(p.v.List()), func(entry value.Value) bool {
				return slices.ContainsFunc(theirs, entry.Equal)
			}))
		}
		out = append(out, p)
	}
	return out
}
