// Package spec reads manifests: YAML files become the wanted state of each
// agent, every value with its place; bases, environments and prompt files are
// merged in. It reads nothing outside of the project's folder, and no network.
package spec

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/agentsync/agentsync/schema"
)

// Limits keep a hostile project from using up memory or time; package schema has
// those of one document. None is near what a real one needs: 10,000 agents with
// prompts are 10,000 files, 40 MB and about 1.5 million values to look at.
const (
	maxFileBytes  = 1 << 20   // of a manifest, a prompt file, and a joined prompt
	maxFiles      = 100_000   // manifests of a project
	maxEntries    = 1_000_000 // files and folders looked at while searching
	maxStray      = 100_000   // the same, in a folder that no file says is a project
	maxTotalBytes = 256 << 20 // manifests and prompt files of a project
	maxDocuments  = 20_000    // in one file
	maxBases      = 100       // that extend one another in a row
	maxWork       = 6_000_000 // values looked at to merge and build a project's agents
	maxEffort     = 32 << 20  // bytes parsed again to place errors
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
	// Empty says that a project without agents is none with an error: import
	// begins with one.
	Empty bool
	// Progress is called after each few hundred files; it may be nil.
	Progress func()
	// Cache, which may be nil, takes what this load has checked and returns what an
	// earlier one has.
	Cache *Cache
}

// loader is one run of Load.
type loader struct {
	files
	opt      LoadOptions
	prompts  sync.Map // path → what readPrompt returns for it
	effort   atomic.Int64
	secrets  []string // the variables with credentials of any environment
	work     int      // of merging and building, which one goroutine does
	problems Problems
	told     map[Problem]bool
	levels   map[string]string // of the lint's rules, by name; "" for the default
	muted    map[line][]string // rules that comments turn off
	failed   bool              // some problem is an error
	found    []string          // manifests
	others   sync.Once
	unread   map[string]string // kind and name → a file that has it, read or not; see elsewhere
}

func newLoader(opt LoadOptions) *loader {
	return &loader{files: files{fsys: opt.FS, dir: opt.Dir}, opt: opt, told: map[Problem]bool{}, muted: map[line][]string{}}
}

// report adds findings, each once: what is wrong with a base shows in each agent
// that extends it.
func (l *loader) report(problems ...Problem) {
	for _, p := range problems {
		if !l.told[p] {
			l.told[p] = true
			l.failed = l.failed || !p.Warning
			l.problems = append(l.problems, p)
		}
	}
}

// spend counts values that are looked at to merge and build agents, and reports
// whether that is still within the limit.
func (l *loader) spend(values int) bool {
	l.work += values
	return l.work <= maxWork
}

// Load reads agentsync.yaml and all manifests of a project. problems holds
// every finding, warnings as well, sorted and each once; project is nil when
// one of them is an error.
func Load(ctx context.Context, opt LoadOptions) (project *Project, problems Problems) {
	if opt.FS == nil {
		root, err := os.OpenRoot(opt.Dir)
		if err != nil {
			return nil, Problems{problem(Pos{}, "name the project's root with --chdir",
				"the folder %s %s", schema.Quote(opt.Dir), reason(err))}
		}
		defer root.Close()
		opt.FS = root.FS()
	}
	l := newLoader(opt)
	project = l.load(ctx)
	if ctx.Err() != nil {
		return nil, Problems{{Message: "stopped before all manifests were read"}}
	}
	if l.work > maxWork {
		l.report(problem(Pos{}, "split it into several projects",
			"the project is too large: more than %d values, bases written out", maxWork))
	}
	if l.problems.Sort(); l.failed {
		return nil, l.problems
	}
	project.Warnings = l.problems
	return project, l.problems
}

// load returns the project as far as it can be read; what is wrong is reported.
func (l *loader) load(ctx context.Context) *Project {
	first := l.loadProjectFile()
	settings := l.settings(first)
	l.report(first.problems...)
	project := &Project{Dir: l.opt.Dir, Name: settings.name, Formerly: settings.formerly, Environment: settings.env, Policy: settings.policy, LintOff: settings.lintOff}
	if settings.nowhere {
		return project
	}
	found, passed := l.manifests(&settings)
	maps.Copy(l.muted, first.muted)
	all := newAssembly(l, &settings)
	take := func(r *fileResult) {
		maps.Copy(l.muted, r.muted)
		project.Ignored += r.ignored
		project.PassedOver = append(project.PassedOver, r.passed...)
		l.report(r.problems...)
		all.add(r.documents)
	}
	l.readFiles(ctx, found, len(settings.patterns) > 0, take)
	if ctx.Err() != nil {
		return nil
	}
	take(l.passedOver(passed))
	if len(settings.patterns) == 0 {
		take(first)
	} else {
		project.PassedOver = append(project.PassedOver, first.passed...)
	}
	if len(all.keys) == 0 && !l.failed && !l.opt.Past && !l.opt.Empty {
		message := "the project has no agents: "
		if !l.isProject() {
			message += "no " + projectFile + " is here or above, and "
		}
		l.report(problem(Pos{}, "agentsync init writes a first one",
			"%sno file holds an %s document of kind Agent", message, apiVersion))
	}
	project.Agents = all.finish()
	for _, p := range settings.patterns {
		project.Patterns = append(project.Patterns, p.text)
	}
	project.Linked = l.linked.Load()
	slices.Sort(project.PassedOver)
	return project
}

// passedOver tells of files that no pattern takes for their ending's sake, if
// they hold a manifest or can't be read as anything else, and of links to folders.
func (l *loader) passedOver(names []string) *fileResult {
	out := &fileResult{}
	for _, name := range names {
		at := Pos{File: printable(name)}
		if len(otherEndings(name)) == 0 {
			out.passOver(at, "put the folder itself there; links to folders are not followed", "the folder is passed over: it is a link")
			continue
		}
		if r := l.loadFile(name, false); len(r.documents)+len(r.passed)+len(r.problems) > 0 {
			out.passOver(at, "rename it, or let `manifests` in "+projectFile+" match it",
				"the file is passed over: manifests are searched with another ending than %s", path.Ext(name))
		}
	}
	return out
}

// loadProjectFile reads agentsync.yaml, if there is one.
func (l *loader) loadProjectFile() *fileResult {
	if _, err := fs.Lstat(l.fsys, projectFile); err != nil && !errors.Is(err, ErrUntracked) {
		return &fileResult{}
	}
	return l.loadFile(projectFile, true)
}

// manifests returns the manifests beside agentsync.yaml, and what search passes
// over.
func (l *loader) manifests(s *settings) (found, passed []string) {
	found, passed = l.search(s.patterns, l.report)
	l.found = found
	for _, p := range s.patterns {
		if !p.matched && !l.opt.Empty {
			l.report(problem(p.pos, "patterns start at the project's root; ** stands for any number of folders; "+
				"folders that begin with a dot are not searched", "manifests: no file matches %s", schema.Quote(p.text)))
		}
	}
	return slices.DeleteFunc(found, func(name string) bool { return name == projectFile }), passed
}
