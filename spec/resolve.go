package spec

import (
	"fmt"
	"path"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// resolver merges each agent's bases, its own document and the environment's
// overrides.
type resolver struct {
	merger
	bases  map[string]*document
	names  []string // of the bases, sorted
	done   map[string]*resolved
	open   []string // the bases being merged, outermost first
	report func(Problem)
}

// resolved is a merged spec. With incomplete, something that it extends could
// not be found.
type resolved struct {
	spec       *node
	incomplete bool
}

func newResolver(bases []*document, b *budget, report func(Problem)) *resolver {
	r := &resolver{merger: merger{b}, bases: map[string]*document{}, done: map[string]*resolved{}, report: report}
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

// base returns a base with all that it extends; nil when there is none.
func (r *resolver) base(name string) *resolved {
	doc := r.bases[name]
	if doc == nil {
		return nil
	}
	if r.done[name] == nil {
		r.open = append(r.open, name)
		merged := r.document(doc)
		r.open = r.open[:len(r.open)-1]
		r.done[name] = merged
	}
	return r.done[name]
}

// document merges what doc extends, in order, and doc last.
func (r *resolver) document(doc *document) *resolved {
	given := doc.root.get("spec")
	out := &resolved{incomplete: given == nil || given.isInvalid()}
	list := doc.spec.get("extends")
	if list.isInvalid() {
		out.incomplete = true
	}
	if list != nil {
		for _, item := range list.items {
			if !item.isText() {
				out.incomplete = true
				continue
			}
			base := r.extended(doc, item)
			if base == nil {
				out.incomplete = true
				continue
			}
			out.spec = r.spec(out.spec, base.spec)
			out.incomplete = out.incomplete || base.incomplete
		}
	}
	out.spec = r.spec(out.spec, doc.spec)
	return out
}

// extended returns the base that an entry of extends names, or reports why there
// is none.
func (r *resolver) extended(doc *document, item *node) *resolved {
	name := item.text()
	if len(r.open) > maxBases {
		r.report(Problem{Pos: item.pos, Message: fmt.Sprintf("extends: bases extend each other more than %d deep", maxBases), Hint: "extend fewer"})
		return nil
	}
	for i, open := range r.open {
		if open == name {
			cycle := append(append([]string{}, r.open[i:]...), name)
			r.report(Problem{Pos: item.pos, Message: "extends: bases extend each other in a circle: " + shorten(cycle), Hint: "take one of them out of extends"})
			return nil
		}
	}
	if base := r.base(name); base != nil {
		return base
	}
	hint := "write a document of kind Base with that metadata.name"
	if !r.budget.takeWork(len(r.names)) {
		return nil
	}
	if near := schema.Nearest(name, r.names); near != "" {
		hint = `did you mean "` + near + `"?`
	} else if len(r.names) > 0 && len(r.names) <= 10 {
		hint = "known bases: " + strings.Join(r.names, ", ")
	}
	r.report(Problem{Pos: item.pos, Message: "extends: unknown base " + schema.Quote(name), Hint: hint})
	return nil
}

// shorten joins a cycle's names with arrows, and leaves the middle of a long
// one out.
func shorten(names []string) string {
	if len(names) > 12 {
		names = append(append(append([]string{}, names[:6]...), "…"), names[len(names)-5:]...)
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
		if ok, _ := path.Match(p.text(), name); ok {
			any, o.used[i] = true, true
		}
	}
	return any
}

// agent merges an agent's bases, its document and the overrides that match it.
func (r *resolver) agent(doc *document, overrides []*override) *resolved {
	out := r.document(doc)
	for _, o := range overrides {
		if r.budget.takeWork(len(o.patterns)) && o.matches(doc.name) {
			out.spec = r.spec(out.spec, o.spec)
		}
	}
	return out
}

// unusedOverrides warns of patterns that no agent matches: most likely a
// misspelt name.
func unusedOverrides(env string, overrides []*override, report func(Problem)) {
	for _, o := range overrides {
		for i, p := range o.patterns {
			if !o.used[i] {
				report(Problem{Pos: p.pos, Warning: true, Message: fmt.Sprintf("environments.%s.overrides: no agent matches %s", env, schema.Quote(p.text())), Hint: "patterns are compared with metadata.name"})
			}
		}
	}
}
