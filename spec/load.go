// Package spec reads manifests: YAML files become the wanted state of each
// agent, every value with its place; bases, environments and prompt files are
// merged in. It reads nothing outside of the project's folder, and no network.
package spec

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/agentsync/agentsync/schema"
)

// LoadOptions say what to load.
type LoadOptions struct {
	Dir string // the project's root
	// Env is the environment's name; "" means "default". "sandbox" is what
	// --sandbox passes: where agentsync.yaml has no environment of that name,
	// it is as "default".
	Env string
	// FS is where the files are; nil is Dir itself. It resolves names as
	// os.Root.FS does: links are followed inside of it alone, and the error of
	// one that leads out is an fs.PathError that says "escapes". Dir is then for
	// messages alone. Load reads it from several goroutines.
	FS fs.FS
	// Past says that the project is only compared with, as an earlier commit has
	// it: no agents and no environment of that name are no errors, but a project
	// without agents.
	Past bool
	// Cache, which may be nil, takes what this load has checked and returns what an
	// earlier one has.
	Cache *Cache
}

// loader is one run of Load.
type loader struct {
	files    *files
	budget   *budget
	prompts  sync.Map // path → *promptFile
	problems Problems
	told     map[Problem]bool
	failed   bool // some problem is an error
	past     bool // LoadOptions.Past
	cache    *Cache
}

// report adds a finding, once: what is wrong with a base shows in each agent
// that extends it.
func (l *loader) report(p Problem) {
	if !l.told[p] {
		l.told[p] = true
		l.take(p)
	}
}

// take adds findings of which each is there once, or few times.
func (l *loader) take(problems ...Problem) {
	for _, p := range problems {
		l.failed = l.failed || !p.Warning
	}
	l.problems = append(l.problems, problems...)
}

// Load reads agentsync.yaml and all manifests of a project. problems holds
// every finding, warnings as well, sorted and each once; project is nil when
// one of them is an error.
func Load(ctx context.Context, opt LoadOptions) (project *Project, problems Problems) {
	if opt.FS == nil {
		root, err := os.OpenRoot(opt.Dir)
		if err != nil {
			return nil, Problems{{Message: fmt.Sprintf("the folder %s %s", schema.Quote(opt.Dir), reason(err)), Hint: "name the project's root with --chdir"}}
		}
		defer root.Close()
		opt.FS = root.FS()
	}
	b := &budget{}
	l := &loader{files: &files{fsys: opt.FS, budget: b}, budget: b, told: map[Problem]bool{}, past: opt.Past, cache: opt.Cache}
	project = l.load(ctx, opt)
	if err := ctx.Err(); err != nil {
		return nil, Problems{{Message: "stopped before all manifests were read"}}
	}
	if b.work.Load() > maxWork {
		l.report(Problem{Message: fmt.Sprintf("the project is too large: more than %d values, bases written out", maxWork), Hint: "split it into several projects"})
	}
	problems = l.problems.tidy()
	if l.failed {
		return nil, problems
	}
	project.Warnings = problems
	return project, problems
}

// load returns the project as far as it can be read; what is wrong is reported.
func (l *loader) load(ctx context.Context, opt LoadOptions) *Project {
	first := l.loadProjectFile()
	settings := l.settings(first, opt.Env)
	project := &Project{Dir: opt.Dir, Name: settings.name, Formerly: settings.formerly, Environment: settings.env, Policy: settings.policy}
	if settings.nowhere {
		return project
	}
	files := l.search(&settings)
	results := l.loadFiles(ctx, files, len(settings.patterns) > 0)
	if len(settings.patterns) == 0 {
		results = append([]*fileResult{first}, results...)
	}
	if ctx.Err() != nil {
		return nil
	}

	var agents, bases []*document
	for _, r := range results {
		project.Ignored += r.ignored
		for _, doc := range r.documents {
			switch doc.kind {
			case "Agent":
				agents = append(agents, doc)
			case "Base":
				bases = append(bases, doc)
			}
		}
		if r != first {
			l.take(r.problems...)
		}
	}
	if len(agents) == 0 && !l.failed && !l.past {
		l.report(Problem{Message: "the project has no agents: no file holds an " + apiVersion + " document of kind Agent", Hint: "agentsync init writes a first one"})
	}
	project.Agents = l.agents(agents, bases, &settings)
	return project
}

// loadProjectFile reads agentsync.yaml, if there is one.
func (l *loader) loadProjectFile() *fileResult {
	if _, err := fs.Lstat(l.files.fsys, projectFile); err != nil {
		return &fileResult{}
	}
	return l.loadFile(projectFile, true)
}

// settings reads the Project document among those of agentsync.yaml.
func (l *loader) settings(r *fileResult, env string) settings {
	var found *document
	for _, doc := range r.documents {
		switch {
		case doc.kind != "Project":
		case found == nil:
			found = doc
		default:
			r.report(Problem{Pos: doc.pos, Message: "a second Project in " + projectFile, Hint: "the first is at " + found.pos.String() + ": keep one of them"})
		}
	}
	if found == nil && len(r.problems.Errors()) > 0 {
		env = "" // it may well be in the part that cannot be read
	}
	s := l.readSettings(found, env, r)
	l.take(r.problems...)
	return s
}

// search returns the manifests beside agentsync.yaml.
func (l *loader) search(s *settings) []string {
	found := l.files.search(s.patterns, l.report)
	for i := range s.patterns {
		if !s.patterns[i].matched {
			l.report(Problem{Pos: s.at[i].pos, Message: "manifests: no file matches " + schema.Quote(s.patterns[i].text),
				Hint: "patterns start at the project's root; ** stands for any number of folders; folders that begin with a dot are not searched"})
		}
	}
	out := found[:0]
	for _, name := range found {
		if name != projectFile {
			out = append(out, name)
		}
	}
	return out
}

// loadFiles reads files side by side and returns the results in their order.
func (l *loader) loadFiles(ctx context.Context, names []string, named bool) []*fileResult {
	results := make([]*fileResult, len(names))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		group.Go(func() error {
			if ctx.Err() != nil {
				results[i] = &fileResult{}
				return nil
			}
			if results[i] = l.cached(name, named); results[i] == nil {
				results[i] = l.loadFile(name, named)
				l.keep(name, named, results[i])
			}
			return nil
		})
	}
	_ = group.Wait() // no worker fails: what is wrong is in its result
	return results
}

// agents merges, checks and builds all agents, sorted by name.
func (l *loader) agents(agents, bases []*document, s *settings) []Agent {
	l.uniqueKeys(bases, "Base")
	l.uniqueKeys(agents, "Agent")
	resolver := newResolver(bases, l.budget, l.report)
	names := newNames(s.suffix, l.report)
	spoken := &spoken{users: map[placeholder]*users{}, report: l.report, budget: l.budget}
	builder := &builder{budget: l.budget, suffix: s.suffix}
	out := make([]Agent, 0, len(agents))
	for _, doc := range agents {
		merged := resolver.agent(doc, s.overrides)
		if l.budget.takeWork(merged.spec.get(SectionOutcomes).count() + merged.spec.get(SectionInfields).count()) {
			checkAgent(doc, merged.spec, merged.incomplete, l.report)
		}
		names.add(doc, merged.spec)
		if merged.spec != nil && !merged.incomplete {
			spoken.checkPlaceholders(doc.name, merged.spec)
		}
		if !l.failed {
			out = append(out, builder.agent(doc, merged.spec))
		}
	}
	names.check()
	unusedOverrides(s.env.Name, s.overrides, l.report)
	l.take(spoken.problems()...)
	slices.SortStableFunc(out, func(a, b Agent) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
