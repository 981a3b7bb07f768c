package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/edit"
	"github.com/agentsync/agentsync/sync/lock"
)

// PullOptions say what a pull is about.
type PullOptions struct {
	Names []string // of agents; none for all
	// Force takes the platform's value where git moved too, and writes into files
	// with uncommitted changes.
	Force  bool
	Commit bool // one commit an agent
}

// Pull is what was changed on the platform, as changes of the project's files.
// Nothing is written yet.
type Pull struct {
	Agents []PulledAgent // those with drift, by name
	Files  []edit.Change // all that is to be written

	project *Project
	opt     PullOptions
	locked  lock.Environment
	store   *lock.Store
}

// PulledAgent is what a pull makes of one agent.
type PulledAgent struct {
	Name, AgentName, ID string
	Drift               []string // a line for each section: what changed on the platform, when and by whom
	Paths               []string // the values that are taken, with their sections
	Files               []edit.Change
	Notes               []string
	Gone                bool      // it is not on the platform any more: nothing is taken
	Unknown             bool      // nobody can look for it, so whether something is to be taken is not known
	Err                 error     // why nothing of it can be taken
	Left                []LeftOut // what is not taken while the rest is, or with Err each value of it

	moves []diff.Move // what is taken
	entry *lock.Entry
}

// Taken reports whether something of the agent is taken.
func (a PulledAgent) Taken() bool { return a.Err == nil && !a.Gone && !a.Unknown }

// Pull reads the platform, and works out what the files must say to want what was
// changed there. An agent that cannot be taken has an error, and the others are
// taken all the same. Of a value that git and the platform both changed, nobody
// can tell which is right, so without Force its agent has an error.
func (p *Project) Pull(ctx context.Context, opt PullOptions) (*Pull, error) {
	if err := p.knows(opt.Names); err != nil {
		return nil, err
	}
	planned, err := p.Plan(ctx, Scope{Targets: opt.Names})
	if err != nil {
		return nil, err
	}
	defer planned.Close()
	return planned.Pull(ctx, opt)
}

// Pull is Project.Pull of what a plan has read already; opt.Names are the plan's.
func (p *Planned) Pull(ctx context.Context, opt PullOptions) (*Pull, error) {
	out := &Pull{project: p.project, opt: opt, locked: p.locked, store: p.store}
	from := map[string]pulling{}
	for _, plan := range p.Plan.Agents {
		agent, want := p.pull(plan, opt.Force)
		if agent == nil {
			continue
		}
		if agent.Taken() {
			from[agent.Name] = pulling{want, p.in.Remote.Agents[agent.Name], agent.moves, p.in.Memory[agent.Name]}
		}
		out.Agents = append(out.Agents, *agent)
	}
	if opt.Commit {
		if err := p.tellUncommitted(ctx, out); err != nil {
			return nil, err
		}
	}
	return out, out.edit(ctx, from)
}

func (p *Project) names() (names []string) {
	for _, agent := range p.Agents {
		names = append(names, agent.Name)
	}
	return names
}

// pull works out what is to be taken of one agent: nil where there is no drift.
func (p *Planned) pull(plan diff.AgentPlan, force bool) (*PulledAgent, spec.Agent) {
	out := &PulledAgent{Name: plan.Name, AgentName: plan.AgentName, ID: plan.AgentID, Drift: p.driftOf(plan, changedOn)}
	manifest := manifestOf(p.in.Agents, plan.Name)
	if manifest != nil && p.unknown(plan) {
		out.Unknown = true
		return out, *manifest
	}
	if len(out.Drift) == 0 || manifest == nil || plan.Status == diff.Delete {
		return nil, spec.Agent{}
	}
	want, seen := *manifest, p.in.Remote.Agents[plan.Name]
	if seen == nil {
		out.Gone = true
		return out, want
	}
	var taken []diff.Move
	var both []string
	for _, move := range plan.Moves {
		if move.Class == diff.Pending {
			continue
		}
		if move.Class == diff.Both {
			both = append(both, move.Section+"."+move.Path)
		}
		taken = append(taken, move)
	}
	refused := slices.IndexFunc(p.Plan.Refusals, func(r diff.Refusal) bool { return r.Agent == plan.Name })
	switch {
	case refused >= 0:
		out.Err = Errorf(Refused, p.Plan.Refusals[refused].Hint, "%s", p.Plan.Refusals[refused].Message)
	case p.in.Memory[plan.Name].Unfinished && !moved(plan): // what the apply has left is pending
		out.Err = Errorf(Failed, "apply again first", "an apply of it did not end, so what is there is not all the platform's")
	case want.Release.Version > 0 && plan.Drift[spec.SectionConfig] != "":
		out.Err = Errorf(Failed, "change the pin by hand, or take it out",
			"release.version pins v%d, and v%d is live", want.Release.Version, liveNumber(seen))
	case len(both) > 0 && !force:
		out.Err = Errorf(Failed, "pull --force takes the platform's, apply --on-drift overwrite git's",
			"changed in git and on the platform since the last apply: %s", strings.Join(both, ", "))
	case seen.Current == nil && plan.Drift[spec.SectionConfig] != "":
		out.Err = Errorf(Failed, "publish a version there, or apply", "nothing is published on the platform, so there is no config to take")
	}
	out.take(taken)
	return out, want
}

// moved reports whether the platform has changed a section for sure.
func moved(plan diff.AgentPlan) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(plan.Drift)), diff.Class.Moved)
}

// unknown reports whether nobody could look for an agent: a plan takes it for new.
func (p *Planned) unknown(plan diff.AgentPlan) bool {
	return plan.Status == diff.Create && p.in.Remote.Unlisted && p.in.Memory[plan.Name].AgentID == ""
}

func liveNumber(r *diff.RemoteAgent) int {
	if r.Current == nil {
		return 0
	}
	return r.Current.Number
}

// Want works out how the files change so that they want these agents, which are the
// project's by their names: a result for each, and all files that WriteFiles is
// then to write. With apart, each agent's files are as they were after the one
// before it, for a commit each; that takes longer. Nothing is written.
func (p *Project) Want(ctx context.Context, agents []spec.Agent, apart bool) (results []edit.Result, changes []edit.Change, err error) {
	if len(agents) == 0 {
		return nil, nil, nil
	}
	files, done, err := p.files(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	editor, err := edit.Open(ctx, spec.LoadOptions{Dir: p.opt.Dir, Env: p.opt.Env(), FS: files})
	if err != nil {
		return nil, nil, err
	}
	if results, err = editor.Set(ctx, agents, apart); err != nil {
		return nil, nil, err
	}
	return results, editor.Changes(), nil
}

// files are the project's as they were loaded: those that git tracks, or all.
func (p *Project) files(ctx context.Context) (files fs.FS, done func(), err error) {
	if p.tracked {
		tracked, done, err := openTracked(ctx, p.opt.Dir)
		if tracked != nil || err != nil {
			return tracked, done, err
		}
	}
	root, err := os.OpenRoot(p.opt.Dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open the project: %w", err)
	}
	return root.FS(), func() { _ = root.Close() }, nil
}

// Reason says why something is not taken, and what can be done.
type Reason struct{ Why, Hint string }

// NotTaken says why nothing of the agent is taken, or what of it is not and why;
// none where all is.
func (a PulledAgent) NotTaken() []Reason {
	switch {
	case a.Unknown:
		return []Reason{{unknownAgent, unknownHint}}
	case a.Gone:
		return []Reason{{"it is gone from the platform, and its manifest stays", "lifecycle.state: absent keeps it deleted; an apply creates it again"}}
	case a.Err != nil && len(a.Left) == 0:
		return []Reason{{a.Err.Error(), HintOf(a.Err)}}
	}
	var out []Reason
	for _, left := range a.Left {
		why := left.Err.Error()
		if !strings.Contains(why, left.Path) {
			why = left.Path + ": " + why
		}
		out = append(out, Reason{why, HintOf(left.Err)})
	}
	return out
}

// Err is the error of a pull of which something was not taken; it was told.
func (u *Pull) Err() error {
	kind, failed := Refused, false
	for _, a := range u.Agents {
		switch {
		case a.Err != nil:
			failed = true
			if KindOf(a.Err) != Refused {
				kind = Failed
			}
		case a.Unknown && slices.Contains(u.opt.Names, a.Name):
			kind, failed = Failed, true
		case a.Taken():
			kind, failed = Failed, failed || len(a.Left) > 0
		}
	}
	if !failed {
		return nil
	}
	return &Error{Kind: kind, Err: errors.New("not all drift was taken"), Told: true}
}

// entries are the lock's for what was taken, by key; nil is to be removed, where
// the agent had another key before.
func (u *Pull) entries(agents ...PulledAgent) map[string]*lock.Entry {
	out := map[string]*lock.Entry{}
	for _, a := range agents {
		if !a.Taken() {
			continue
		}
		for _, key := range value.SortedKeys(u.locked) {
			if key != a.Name && u.locked[key].AgentID == a.ID {
				out[key] = nil
			}
		}
		out[a.Name] = a.entry
	}
	return out
}
