package spec

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// resolver merges each agent's bases, its own document and the environment's
// overrides.
type resolver struct {
	*loader
	bases map[string]*document
	names []string // of the bases, sorted
	done  map[string]resolved
	open  []string // the bases being merged, outermost first
}

// resolved is a merged spec. With incomplete, something that it extends could
// not be found.
type resolved struct {
	spec       *node
	incomplete bool
}

func newResolver(l *loader, bases []*document) *resolver {
	r := &resolver{loader: l, bases: map[string]*document{}, done: map[string]resolved{}}
	for _, doc := range bases {
		if doc.name != "" && r.bases[doc.name] == nil {
			r.bases[doc.name] = doc
		}
	}
	r.names = value.SortedKeys(r.bases)
	for _, name := range r.names {
		r.base(name)
	}
	return r
}

// base returns a base with all that it extends.
func (r *resolver) base(name string) resolved {
	done, ok := r.done[name]
	if !ok {
		r.open = append(r.open, name)
		done = r.document(r.bases[name])
		r.open = r.open[:len(r.open)-1]
		r.done[name] = done
	}
	return done
}

// document merges what doc extends, in order, and doc last.
func (r *resolver) document(doc *document) resolved {
	given, extends := doc.root.Get("spec"), doc.spec.Get("extends")
	out := resolved{schema.None, given.IsNone() || given.IsInvalid() || extends.IsInvalid()}
	for _, item := range extends.Below {
		if !item.IsText() || !r.canExtend(item) {
			out.incomplete = true
			continue
		}
		base := r.base(item.Text())
		out.spec = r.merge(out.spec, base.spec)
		out.incomplete = out.incomplete || base.incomplete
	}
	out.spec = r.merge(out.spec, doc.spec)
	return out
}

// canExtend reports whether there is a base that an entry of extends names, and
// which does not extend itself; if not, it adds a problem.
func (r *resolver) canExtend(item *node) bool {
	name := item.Text()
	if len(r.open) > maxBases {
		r.report(problem(item.Pos, "extend fewer", "extends: bases extend each other more than %d deep", maxBases))
		return false
	}
	if i := slices.Index(r.open, name); i >= 0 {
		cycle := append(slices.Clone(r.open[i:]), name)
		r.report(problem(item.Pos, "take one of them out of extends", "extends: bases extend each other in a circle: %s", shorten(cycle)))
		return false
	}
	if r.bases[name] != nil {
		return true
	}
	if r.spend(len(r.names)) {
		hint := "write a document of kind Base with that metadata.name"
		if len(r.names) > 0 && len(r.names) <= 10 {
			hint = "known bases: " + strings.Join(r.names, ", ")
		}
		r.report(problem(item.Pos, cmp.Or(r.elsewhere("Base", name), schema.DidYouMean(name, r.names), hint), "extends: unknown base %s", schema.Quote(name)))
	}
	return false
}

// shorten joins a cycle's names with arrows, and leaves the middle of a long
// one out.
func shorten(names []string) string {
	if len(names) > 12 {
		names = slices.Concat(names[:6], []string{"…"}, names[len(names)-5:])
	}
	return strings.Join(names, " → ")
}

// override is an entry of an environment's overrides.
type override struct {
	patterns []*node
	spec     *node
	used     []bool // by pattern: some agent matched
}

// matches reports whether the override is for an agent. Patterns were checked
// when they were read.
func (o *override) matches(name string) bool {
	any := false
	for i, p := range o.patterns {
		if ok, _ := path.Match(p.Text(), name); ok {
			any, o.used[i] = true, true
		}
	}
	return any
}

// agent merges an agent's bases, its document and the overrides that match it.
func (r *resolver) agent(doc *document, overrides []*override) resolved {
	out := r.document(doc)
	for _, o := range overrides {
		if r.spend(len(o.patterns)) && o.matches(doc.name) {
			out.spec = r.merge(out.spec, o.spec)
		}
	}
	return out
}

// unusedOverrides warns of patterns that no agent matches: most likely a
// misspelt name.
func (l *loader) unusedOverrides(env string, overrides []*override, keys []*node) {
	var agents []string
	for _, key := range keys {
		agents = append(agents, key.Text())
	}
	for _, o := range overrides {
		for i, p := range o.patterns {
			if !o.used[i] {
				l.report(warning(p.Pos, cmp.Or(l.elsewhere("Agent", p.Text()), schema.DidYouMean(p.Text(), agents), "patterns are compared with metadata.name"),
					"environments.%s.overrides: no agent matches %s", env, schema.Quote(p.Text())))
			}
		}
	}
}

// merge merges two specs (design section 2): maps merge, the lists of named merge
// by name, everything else replaces, and an explicit null, "", [] or {} replaces
// by empty. extends is not passed on. Trees are shared, never changed.
func (r *resolver) merge(base, over *node) *node {
	if len(over.Below) == 0 {
		return base
	}
	out := r.entries(schema.Spec(), base, over)
	return out.With(slices.DeleteFunc(slices.Clone(out.Below), func(f *node) bool { return f.Key == "extends" }))
}

// value merges two values of the field that row describes, which is nil where
// the registry does not know it.
func (r *resolver) value(row *Field, base, over *node) *node {
	switch {
	case row == nil || base.IsEmpty() || over.IsEmpty():
	case over.IsMap() && base.IsMap(), over.IsList() && base.IsList() && row.MergeBy != "":
		return r.entries(row, base, over)
	}
	return over
}

// entries merges two maps, whose fields stand below row, or two lists whose items
// are known by the field row.MergeBy, in the order of their first appearance.
func (r *resolver) entries(row *Field, base, over *node) *node {
	if !r.spend(len(base.Below) + len(over.Below)) {
		return over
	}
	name := func(n *node) string { return n.Key }
	if over.IsList() {
		name = func(n *node) string { return n.Get(row.MergeBy).Text() }
	}
	out := append(make([]*node, 0, len(base.Below)+len(over.Below)), base.Below...)
	at := make(map[string]int, len(base.Below))
	for i, n := range base.Below {
		at[name(n)] = i
	}
	for _, n := range over.Below {
		i, there := at[name(n)]
		switch {
		case over.IsMap() && there:
			out[i] = r.value(row.Below(n.Key), base.Below[i], n)
		case there && name(n) != "" && n.IsMap() && base.Below[i].IsMap():
			out[i] = r.entries(row.Items, base.Below[i], n)
		default:
			out = append(out, n)
		}
	}
	return over.With(out)
}
