// Package edit changes the manifests and prompt files of a project so that they
// want something else, and leaves every byte alone that has nothing to do with it:
// comments, the order of keys, quoting, anchors, line ends. It is the way back of
// package spec: an agent as it is to be wanted becomes text.
//
// A value is changed where it lives, in the agent's manifest, in a Base or in an
// environment's override, when no other agent has it from there or all that have it
// are to want the same; else it is set in the agent's own manifest, or in an override
// of its own. What comes out is loaded
// again: every agent that was to change wants exactly what it should, and every
// other agent, in every environment, wants what it did. Else nothing is changed.
//
//	edit.go      Open, Set: passes over the agents until they want it
//	target.go    where a value is changed
//	prompt.go    texts that lie in files
//	alike.go     what several agents share and want alike
//	ops.go       what differs between two agents, as changes of values
//	document.go  one document's text: mapping.go, sequence.go, scalar.go, render.go
//	source.go    where in the text a node stands
//	files.go     the project's files, some of them changed
//	format.go    the order of keys
//
// write.go writes new manifests, of agents that are only on the platform.
package edit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Editor changes a project's files in memory. It is not safe for concurrent use.
type Editor struct {
	files *layered
	load  spec.LoadOptions
	envs  []string // all environments, the one that is loaded first

	batch  map[string]*spec.Agent // all that are to change, by name
	shared map[string]bool        // of them, those of which something was changed that they share
}

// Change is a file that is to be written. Its path is from the project's root, links
// followed, with slashes.
type Change struct {
	Path          string
	Before, After []byte // no Before for a new file
}

// Result is what became of one agent.
type Result struct {
	Agent string
	Files []Change // that want it otherwise now, sorted; as they were before this agent
	Notes []string // what whoever reads the change should know
	// Parted are other agents that go on with a prompt file that this one has left.
	Parted []string
	// Err says why the agent can't be made to want this: which file, what there,
	// and what to change by hand. Nothing was changed for it. It is spec.Problems
	// where it has a place.
	Err error
}

// Open loads the project that opt names, in all its environments. Of opt, Dir, Env
// and FS count; FS must be given. The error is spec.Problems where the manifests
// have some.
func Open(ctx context.Context, opt spec.LoadOptions) (*Editor, error) {
	e := &Editor{files: &layered{FS: opt.FS, changed: map[string][]byte{}}}
	e.load = spec.LoadOptions{Dir: opt.Dir, Env: opt.Env, FS: e.files, Cache: &spec.Cache{}}
	e.envs = []string{opt.Env}
	for _, env := range environments(e.files) {
		if env != cmp.Or(opt.Env, "default") {
			e.envs = append(e.envs, env)
		}
	}
	_, err := e.loadAll(ctx)
	return e, err
}

// loadAll loads every environment.
func (e *Editor) loadAll(ctx context.Context) ([]*spec.Project, error) {
	out := make([]*spec.Project, len(e.envs))
	for i, env := range e.envs {
		opt := e.load
		opt.Env = env
		project, problems := spec.Load(ctx, opt)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if project == nil {
			return nil, problems.Errors()
		}
		out[i] = project
	}
	return out, nil
}

// Set makes the files want these agents, which are agents of the environment that
// is loaded, by their names. It returns a result for each, in their order. What is
// not a manifest's to say (Pos, Sources, Positions) is not looked at. err is about
// the project, not one agent.
//
// With apart, each agent's files are as they were after the one before it, for a
// commit each; that takes longer. What several share and want alike changes with the
// first of them.
func (e *Editor) Set(ctx context.Context, agents []spec.Agent, apart bool) ([]Result, error) {
	kept := maps.Clone(e.files.changed)
	e.begin(agents, nil)
	if len(agents) > 1 && !apart {
		results, err := e.setTogether(ctx, agents)
		if err != nil || !anyFailed(results) {
			return e.tellShared(results), err
		}
	}
	// One after the other, so that each error finds its agent.
	e.files.changed = maps.Clone(kept)
	e.begin(agents, nil)
	results, err := e.setEach(ctx, agents)
	if err == nil && anyFailed(results) && len(e.shared) > 0 { // what one shares that failed must stay
		e.files.changed = kept
		e.begin(agents, results)
		results, err = e.setEach(ctx, agents)
	}
	return e.tellShared(results), err
}

// begin remembers which agents are to change: those that have not failed.
func (e *Editor) begin(agents []spec.Agent, results []Result) {
	e.batch, e.shared = map[string]*spec.Agent{}, map[string]bool{}
	for i := range agents {
		if results == nil || results[i].Err == nil {
			e.batch[agents[i].Name] = &agents[i]
		}
	}
}

func anyFailed(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return r.Err != nil })
}

// tellShared notes why an agent has no files of its own that changed.
func (e *Editor) tellShared(results []Result) []Result {
	for i, r := range results {
		if r.Err == nil && len(r.Files) == 0 && e.shared[r.Agent] {
			results[i].Notes = append(r.Notes, r.Agent+": what it shares with others was changed the same way, so its files say it already")
		}
	}
	return results
}

func (e *Editor) setEach(ctx context.Context, agents []spec.Agent) ([]Result, error) {
	var out []Result
	for i := range agents {
		kept := maps.Clone(e.files.changed)
		results, err := e.setTogether(ctx, agents[i:i+1])
		if err != nil {
			return nil, err
		}
		if results[0].Err != nil {
			e.files.changed, results[0].Files, results[0].Notes = kept, nil, nil
		}
		out = append(out, results[0])
	}
	return out, nil
}

// Changes are all files that are to be written by now, sorted.
func (e *Editor) Changes() []Change { return e.merged(nil, nil) }

// passes is how often an agent is looked at: a value that a Base and the agent both
// give takes two.
const passes = 4

// setTogether is Set where one error spoils all.
func (e *Editor) setTogether(ctx context.Context, agents []spec.Agent) ([]Result, error) {
	out := make([]Result, len(agents))
	before := maps.Clone(e.files.changed)
	first, err := e.loadAll(ctx)
	if err != nil {
		return nil, err
	}
	projects := first
	for range passes {
		work := &pass{Editor: e, projects: projects}
		left := false
		for i := range agents {
			out[i].Agent = agents[i].Name
			had := maps.Clone(e.files.changed)
			todo, err := work.agent(&agents[i], &out[i])
			left = left || todo
			if out[i].Err = err; err != nil {
				return out, nil
			}
			out[i].Files = e.merged(out[i].Files, had)
		}
		if !left {
			e.tellOthers(first, projects, agents, out)
			return out, nil
		}
		if projects, err = e.loadAll(ctx); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			out[0].Err = Unsayable{err}
			return out, nil
		}
	}
	e.files.changed = before
	out[0].Err = stuck(&agents[0], projects[0])
	return out, nil
}

// Unsayable is the error of a change after which the manifests would not be valid:
// it wraps what is wrong with them. The places are of files that are never written.
type Unsayable struct{ error }

func (u Unsayable) Error() string {
	var said []string
	var problems spec.Problems
	if !errors.As(u.error, &problems) {
		return u.error.Error()
	}
	for _, problem := range problems {
		said = append(said, problem.Message)
	}
	return "no manifest can say it: " + strings.Join(slices.Compact(said), "; ")
}

func (u Unsayable) Unwrap() error { return u.error }

// Hint is the way out. What a manifest leaves out is the platform's.
func (u Unsayable) Hint() string {
	return "change it on the platform, or take it out of the manifest (a list as a whole), so that it is left to the platform"
}

// stuck is the error for an agent whose files do not come to want what they should.
func stuck(want *spec.Agent, project *spec.Project) error {
	now := find(project, want.Name)
	left := ops(now, want)
	if len(left) == 0 {
		return fmt.Errorf("the files of %s can't be changed without changing other agents", want.Name)
	}
	return problemAt(now, left[0], "no change of the files leads to %s", brief(left[0]))
}

// merged adds the files that were changed since had to those of an agent.
func (e *Editor) merged(files []Change, had map[string][]byte) []Change {
	for _, name := range value.SortedKeys(e.files.changed) {
		now := e.files.changed[name]
		was, changed := had[name]
		if changed && bytes.Equal(was, now) {
			continue
		}
		if i := slices.IndexFunc(files, func(f Change) bool { return f.Path == name }); i >= 0 {
			files[i].After = now
			continue
		}
		if !changed {
			was, _ = fs.ReadFile(e.files.FS, name)
		}
		files = append(files, Change{Path: name, Before: was, After: now})
	}
	slices.SortFunc(files, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// tellOthers fails where an agent changed that was not to, in any environment, and
// notes which other environments see the change.
func (e *Editor) tellOthers(first, now []*spec.Project, agents []spec.Agent, out []Result) {
	for i := range first {
		for _, name := range spec.Changed(first[i], now[i]) {
			at := slices.IndexFunc(agents, func(a spec.Agent) bool { return a.Name == name })
			switch {
			case at < 0 && e.shared[name]: // it wants that too
			case at < 0:
				out[0].Err = fmt.Errorf("the change of %s would change %s too%s: change the files by hand",
					out[0].Agent, name, inEnvironment(e.envs[i]))
				return
			case i > 0:
				out[at].Notes = append(out[at].Notes, fmt.Sprintf("%s: the change is in the environment %s too", name, e.envs[i]))
			}
		}
	}
}

func inEnvironment(env string) string {
	if env == "" {
		return ""
	}
	return " in the environment " + env
}

func find(project *spec.Project, name string) *spec.Agent {
	for i := range project.Agents {
		if project.Agents[i].Name == name {
			return &project.Agents[i]
		}
	}
	return nil
}

// problemAt is an error about an op, with the place of the value in the files.
func problemAt(agent *spec.Agent, o op, format string, args ...any) error {
	at, known := agent.Positions.At(o.place())
	for n := len(o.path) - 1; !known && n > 0; n-- {
		at, known = agent.Positions.At(strings.Join(o.path[:n], "."))
	}
	if !known {
		at = agent.Pos
	}
	return spec.Problems{{Pos: at, Message: o.place() + ": " + fmt.Sprintf(format, args...),
		Hint: "change it by hand so that it says " + brief(o)}}
}

// brief is what an op asks for, in a few words.
func brief(o op) string {
	if o.gone {
		return "nothing of it"
	}
	text := inline(o.row, o.v)
	if r := []rune(text); len(r) > 60 {
		text = string(r[:60]) + "…"
	}
	return text
}
