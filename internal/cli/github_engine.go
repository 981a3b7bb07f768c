package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/github"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/lock"
)

// engine is the program as package github drives it.
type engine struct {
	app  *app
	opt  githubOptions
	pull bool // the run is about a pull request: only what git tracks is read
}

// Load implements github.Engine.
func (e *engine) Load(ctx context.Context) (github.Project, spec.Problems, error) {
	if err := e.app.checkDir(); err != nil {
		return nil, nil, err
	}
	opt := spec.LoadOptions{Dir: e.app.dir, Env: e.app.environment()}
	if e.pull {
		files, done, err := openTracked(ctx, e.app.dir)
		if err != nil {
			return nil, nil, fmt.Errorf("find what git tracks: %w", err)
		}
		defer done()
		if files != nil {
			opt.FS = files
			defer e.app.warnUntracked(files)
		}
	}
	project, problems := load(ctx, opt)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	var shown spec.Problems
	for _, p := range problems {
		if !p.Verbose || e.app.verbose {
			shown = append(shown, p)
		}
	}
	if len(problems.Errors()) > 0 {
		return nil, shown, nil
	}
	e.app.verboseIgnored(project)
	return &engineProject{engine: e, project: project}, shown, nil
}

// Reason implements github.Engine.
func (e *engine) Reason(err error) github.Reason {
	var (
		problems spec.Problems
		refused  *refusedError
		stale    *staleError
		failed   *failedError
	)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, errInterrupted):
		return github.Interrupted
	case errors.As(err, &problems):
		return github.Validation
	case errors.As(err, &refused):
		return github.Refused
	case errors.As(err, &stale):
		return github.PlanChanged
	case errors.As(err, &failed):
		return github.ApplyFailed
	}
	return github.Error
}

type engineProject struct {
	*engine
	project *spec.Project
}

func (p *engineProject) Environment() string { return p.project.Environment.Name }
func (p *engineProject) Agents() int         { return len(p.project.Agents) }

// HasCredentials implements github.Project.
func (p *engineProject) HasCredentials() bool {
	vars, getenv := p.project.Environment.Credentials, p.app.env.Getenv
	return p.app.sandbox || getenv(vars.Token) != "" || getenv(vars.Email) != "" && getenv(vars.Password) != ""
}

// Show implements github.Project.
func (p *engineProject) Show(plan *diff.Plan) error { return p.app.showPlan(plan, "text") }

// LockFile implements github.Project.
func (p *engineProject) LockFile() string {
	if p.app.sandbox {
		return ""
	}
	return lockPath(p.app)
}

// CommittedLock implements github.Project.
func (p *engineProject) CommittedLock(ctx context.Context) ([]byte, bool) {
	repo, err := git.Open(ctx, p.app.dir)
	if err != nil {
		return nil, false
	}
	head, err := repo.Commit(ctx, "HEAD")
	if err != nil {
		return nil, false
	}
	tree, err := repo.Tree(ctx, head)
	if err != nil {
		return nil, false
	}
	defer tree.Close()
	data, err := fs.ReadFile(tree, lock.FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true
	}
	return data, err == nil
}

// Plan implements github.Project.
func (p *engineProject) Plan(ctx context.Context) (github.Planned, error) {
	s, err := p.app.connect(p.project)
	if err != nil {
		return nil, err
	}
	made, err := s.plan(ctx, p.opt.targets, p.opt.prune)
	if err != nil {
		s.close()
		return nil, err
	}
	return &enginePlan{engine: p.engine, session: s, planned: made}, nil
}

// Offline implements github.Project.
func (p *engineProject) Offline(ctx context.Context, base string) (*diff.Plan, error) {
	return p.app.offlinePlan(ctx, base, p.opt.targets, p.opt.prune)
}

type enginePlan struct {
	*engine
	session *session
	planned *planned
}

func (p *enginePlan) Plan() *diff.Plan { return p.planned.plan }
func (p *enginePlan) Drift() []string  { return driftLines(p.planned) }
func (p *enginePlan) Close()           { p.session.close() }

// Approve implements github.Planned.
func (p *enginePlan) Approve() error {
	return p.app.approve(context.Background(), applyOptions{autoApprove: true, onDrift: p.opt.onDrift}, nil, p.session, p.planned)
}

// Apply implements github.Planned.
func (p *enginePlan) Apply(ctx context.Context) (*sync.Report, error) {
	return p.app.execute(ctx, p.session, p.planned)
}
