package spec

import (
	"cmp"
	"context"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// batch is how many files are read before what they hold is taken in.
const batch = 256

// assembly makes agents of documents, file by file: an agent that extends nothing
// is built at once, so that of a large project only the agents are in memory, and
// not all that their manifests were parsed into. Agents that extend something wait
// for the last file, since a base may stand in any. What is found out does not
// depend on which agents wait: findings about several agents name them in the
// order of their documents.
type assembly struct {
	*loader
	settings *settings
	resolver *resolver
	names    *names
	spoken   *spoken
	bases    []*document
	waiting  []waiting
	keys     []*node // the metadata.name of each agent's document
	agents   []Agent
}

// waiting is the document of an agent that extends something, the nth of all.
type waiting struct {
	doc *document
	nth int
}

func newAssembly(l *loader, s *settings) *assembly {
	return &assembly{
		loader: l, settings: s, resolver: newResolver(l, nil),
		names:  &names{loader: l, suffix: s.suffix},
		spoken: &spoken{loader: l, users: map[placeholder]*users{}, mixed: map[Pos]mixed{}},
	}
}

// readFiles reads files side by side, and hands on what they hold in their order.
// Once ctx has ended, the rest is missing.
func (l *loader) readFiles(ctx context.Context, files []string, named bool, take func(*fileResult)) {
	for names := range slices.Chunk(files, batch) {
		results := make([]*fileResult, len(names))
		var group errgroup.Group
		group.SetLimit(runtime.GOMAXPROCS(0))
		for i, name := range names {
			group.Go(func() error {
				if ctx.Err() == nil {
					results[i] = l.cached(name, named)
				}
				return nil
			})
		}
		_ = group.Wait() // no worker fails: what is wrong is in its result
		if ctx.Err() != nil {
			return
		}
		for _, r := range results {
			take(r)
		}
		if l.opt.Progress != nil {
			l.opt.Progress()
		}
	}
}

// add takes in the documents of a file.
func (a *assembly) add(docs []*document) {
	for _, doc := range docs {
		switch doc.kind {
		case "Base":
			a.bases = append(a.bases, doc)
		case "Agent":
			a.keys = append(a.keys, doc.root.Get("metadata", "name"))
			if doc.spec.Get("extends").IsEmpty() {
				a.build(doc, len(a.keys))
			} else {
				a.waiting = append(a.waiting, waiting{doc, len(a.keys)})
			}
		}
	}
}

// build merges, checks and builds the agent of the nth document.
func (a *assembly) build(doc *document, nth int) {
	if a.work > maxWork {
		return
	}
	merged := a.resolver.agent(doc, a.settings.overrides)
	if !a.spend(size(merged.spec)) {
		return
	}
	a.checkAgent(doc, merged)
	a.names.add(doc.name, nth, merged.spec)
	if !merged.incomplete {
		a.spoken.checkPlaceholders(doc.name, nth, merged.spec)
		a.checkSpeech(merged.spec)
	}
	if !a.failed {
		a.agents = append(a.agents, build(doc, merged.spec, a.settings.suffix))
	}
}

// finish builds the agents that wait, and returns all of them, sorted by name.
func (a *assembly) finish() []Agent {
	a.uniqueKeys(a.bases, "Base")
	repeated(a.keys, a.sameKey("Agent"))
	a.resolver = newResolver(a.loader, a.bases)
	for _, w := range a.waiting {
		a.build(w.doc, w.nth)
	}
	a.names.check()
	a.unusedOverrides(a.settings.env.Name, a.settings.overrides, a.keys)
	a.spoken.warn()
	slices.SortFunc(a.agents, func(a, b Agent) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Clip(a.agents)
}

// size is the number of values in a spec, with the names that its prompts use.
func size(n *node) int {
	values := 1
	for _, names := range promptOf(n).names {
		values += len(names)
	}
	for _, below := range n.Below {
		values += size(below)
	}
	return values
}
