package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	gosync "sync"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/secret"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/lock"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// stateDir is agentsync's own folder in a project. It ignores itself in git.
const stateDir = ".agentsync"

// sandboxURL stands for the embedded platform in plans; nothing listens there.
const sandboxURL = "https://sandbox.invalid"

const defaultBaseURL = "https://developer.induslabs.io"

// session is a loaded project with its platform and lock file.
type session struct {
	app     *app
	project *spec.Project
	remote  sync.Remote
	lock    *lock.Store
	close   func()
}

// loadProject reads and checks all manifests. Warnings go to stderr. cache is
// spec.LoadOptions.Cache.
func (a *app) loadProject(ctx context.Context, cache *spec.Cache) (*spec.Project, error) {
	if err := a.checkDir(); err != nil {
		return nil, err
	}
	project, problems := load(ctx, spec.LoadOptions{Dir: a.dir, Env: a.environment(), Cache: cache})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if errs := problems.Errors(); len(errs) > 0 {
		return nil, problems
	}
	a.printProblems(a.env.Stderr, problems)
	a.verboseIgnored(project)
	return project, nil
}

// load is spec.Load with a lazier garbage collector: most of what a load makes
// stays, and collecting less often halves its time on a large project. What
// comes after it is collected less often than Go's default in a project of a
// few thousand agents, where that costs tens of megabytes, and not in a larger
// one, where it would cost hundreds.
func load(ctx context.Context, opt spec.LoadOptions) (*spec.Project, spec.Problems) {
	debug.SetGCPercent(400)
	project, problems := spec.Load(ctx, opt)
	percent := 300
	if project != nil {
		percent = max(100, min(300, 300*1000/max(1, len(project.Agents))))
	}
	debug.SetGCPercent(percent)
	return project, problems
}

func (a *app) verboseIgnored(project *spec.Project) {
	if project.Ignored > 0 {
		a.verbosef("%s of other tools ignored", render.Count(project.Ignored, "YAML document"))
	}
}

func (a *app) checkDir() error {
	info, err := os.Stat(a.dir)
	switch {
	case err != nil:
		return usagef("--chdir %s: %v", a.dir, errors.Unwrap(err))
	case !info.IsDir():
		return usagef("--chdir %s: not a folder", a.dir)
	}
	return nil
}

func (a *app) environment() string {
	if a.sandbox {
		return "sandbox"
	}
	return a.envName
}

// open loads the project and connects it: to the embedded platform with
// --sandbox, else to the environment's base URL with its credentials.
func (a *app) open(ctx context.Context) (*session, error) {
	project, err := a.loadProject(ctx, nil)
	if err != nil {
		return nil, err
	}
	return a.connect(project)
}

// connect is open for a project that is loaded.
func (a *app) connect(project *spec.Project) (*session, error) {
	s, err := a.localSession(project)
	if err != nil {
		return nil, err
	}
	if err := s.dial(); err != nil {
		return nil, err
	}
	return s, nil
}

// localSession is a session that is not connected yet.
func (a *app) localSession(project *spec.Project) (*session, error) {
	s := &session{app: a, project: project, close: func() {}}
	return s, s.openLock()
}

// dial connects the session; nothing is sent yet.
func (s *session) dial() error {
	a := s.app
	options := indus.Options{
		Vars: s.project.Environment.Credentials, UserAgent: "agentsync/" + versionText(),
		Parallelism: a.parallelism, Transport: a.env.Transport, Now: a.env.Now, Sleep: a.env.Sleep,
		Logf: a.verbosef,
	}
	use := s.useAccount
	if a.sandbox {
		use = s.useSandbox
	}
	if err := use(&options); err != nil {
		return err
	}
	client, err := indus.New(options)
	if err != nil {
		s.close()
		return err
	}
	if err := client.CheckCredentials(); err != nil {
		s.close()
		return err
	}
	s.remote = client
	return nil
}

// setAddress takes the platform's address from the environment. The variable
// wins over the files, so that a pull request can't send the credentials of the
// one who runs it elsewhere.
func (s *session) setAddress() error {
	env, getenv := &s.project.Environment, s.app.env.Getenv
	if s.app.sandbox {
		env.BaseURL = sandboxURL
		return nil
	}
	address, named := getenv("INDUSLABS_BASE_URL"), "INDUSLABS_BASE_URL"
	switch {
	case address != "" && env.BaseURL != "" && env.BaseURL != address:
		s.app.verbosef("INDUSLABS_BASE_URL is used instead of %s's %s", env.BaseURLPos, env.BaseURL)
	case address == "" && env.BaseURL != "":
		address, named = env.BaseURL, env.BaseURLPos.String()
	case address == "":
		address, named = defaultBaseURL, "the default"
	}
	address, err := indus.CanonicalBaseURL(address)
	if err != nil {
		return fmt.Errorf("%s: %w", named, err)
	}
	env.BaseURL = address
	return nil
}

// checkAddress is about an address that only a file names. For a pull request
// that file is whatever its author wrote, and the credentials don't go there; in
// other CI, where nobody looks at agentsync.yaml first, it is warned of.
func (s *session) checkAddress() error {
	env, getenv := s.project.Environment, s.app.env.Getenv
	if getenv("INDUSLABS_BASE_URL") != "" || env.BaseURL == defaultBaseURL {
		return nil
	}
	const hint = "set INDUSLABS_BASE_URL in the workflow, so that no pull request can send them elsewhere"
	if getenv("GITHUB_ACTIONS") == "true" && strings.HasPrefix(getenv("GITHUB_EVENT_NAME"), "pull_request") {
		return &refusedError{reason: fmt.Sprintf("%s: the credentials would go to %s, which only the pull request's own file names", env.BaseURLPos, env.BaseURL), hint: hint}
	}
	if getenv("CI") == "true" {
		s.app.message("warning: %s: the credentials go to %s, which only this file names", env.BaseURLPos, env.BaseURL)
		s.app.message("  hint: %s", hint)
	}
	return nil
}

// useAccount takes the address and the credentials from the environment.
func (s *session) useAccount(options *indus.Options) error {
	if err := s.setAddress(); err != nil {
		return err
	}
	if err := s.checkAddress(); err != nil {
		return err
	}
	env, getenv := s.project.Environment, s.app.env.Getenv
	vars := env.Credentials
	options.BaseURL = env.BaseURL
	options.Credentials = indus.Credentials{
		Email:    getenv(vars.Email),
		Password: secret.New(getenv(vars.Password)),
		Token:    secret.New(getenv(vars.Token)),
		APIKey:   secret.New(getenv(vars.APIKey)),
	}
	return nil
}

// useSandbox serves the embedded platform in this process.
func (s *session) useSandbox(options *indus.Options) error {
	dir, err := s.stateFolder()
	if err != nil {
		return err
	}
	o := sandbox.DefaultOptions()
	o.DataFile = filepath.Join(dir, "sandbox.json")
	o.Now, o.Sleep = s.app.env.Now, s.app.env.Sleep
	server, err := sandbox.New(o)
	if err != nil {
		return fmt.Errorf("open the sandbox: %w", err)
	}
	s.close = func() { _ = server.Close() }
	s.project.Environment.BaseURL = sandboxURL
	options.BaseURL = sandboxURL
	options.Transport = server.Transport()
	options.Credentials = indus.Credentials{
		Email: sandbox.DefaultEmail, Password: secret.New(sandbox.DefaultPassword), APIKey: secret.New(sandbox.DefaultAPIKey),
	}
	return nil
}

// openLock opens the environment's block: of the sandbox beside its state, of
// an account in the project's root.
func (s *session) openLock() error {
	path := lockPath(s.app)
	if s.app.sandbox {
		path = filepath.Join(s.app.dir, stateDir, lock.FileName)
	}
	store, err := lock.Open(path, s.project.Environment.Name, s.stateFolder)
	if err != nil {
		return hintf(err, "mend the file, or take its last version from git")
	}
	s.lock = store
	return nil
}

func lockPath(a *app) string { return filepath.Join(a.dir, lock.FileName) }

// stateFolder makes agentsync's own folder, once.
func (s *session) stateFolder() (string, error) {
	dir := filepath.Join(s.app.dir, stateDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make %s: %w", dir, err)
	}
	if err := noLinks(dir); err != nil {
		return "", err
	}
	ignore := filepath.Join(dir, ".gitignore")
	if _, err := os.Stat(ignore); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o644); err != nil {
			return "", fmt.Errorf("write %s: %w", ignore, err)
		}
	}
	return dir, nil
}

// noLinks refuses links in agentsync's own folder, and the folder as one: a
// stranger's commit could lead writes out of the project with them.
func noLinks(dir string) error {
	var links []string
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		links = append(links, dir)
	} else {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if entry.Type()&os.ModeSymlink != 0 {
				links = append(links, filepath.Join(dir, entry.Name()))
			}
		}
	}
	if len(links) == 0 {
		return nil
	}
	return hintf(fmt.Errorf("%s is a link, and agentsync follows none where it writes", links[0]), "delete it; agentsync makes its own")
}

// planned is a plan with all that it was computed from.
type planned struct {
	plan    *diff.Plan
	agents  []spec.Agent
	seen    diff.Remote
	memory  diff.Memory
	locked  lock.Environment // the lock's entries that memory is made of
	orphans []string
}

// scope says which agents and orphans a plan is about: with nil targets, all.
// A target that is neither a manifest nor in memory is an error. What it gives
// has all of diff.Input that the project and memory say.
func scope(project *spec.Project, memory diff.Memory, targets []string) (diff.Input, error) {
	in := diff.Input{Environment: project.Environment, Policy: project.Policy, Memory: memory, Targets: targets}
	known := map[string]bool{}
	for _, agent := range project.Agents {
		known[agent.Name] = true
		if targets == nil || slices.Contains(targets, agent.Name) {
			in.Agents = append(in.Agents, agent)
		}
	}
	for _, key := range value.SortedKeys(memory) {
		if !known[key] && (targets == nil || slices.Contains(targets, key)) {
			in.Orphans = append(in.Orphans, key)
		}
		known[key] = true
	}
	for _, target := range targets {
		if !known[target] {
			return in, hintf(fmt.Errorf("--target %s: no such agent", target), "%s", nearestHint(target, value.SortedKeys(known)))
		}
	}
	in.Known = len(known)
	return in, nil
}

// plan observes the platform and computes the plan of the targets; without
// any, of all.
func (s *session) plan(ctx context.Context, targets []string, prune bool) (*planned, error) {
	if len(targets) == 0 {
		targets = nil
	}
	return s.planOf(ctx, targets, prune)
}

// planOf is plan with nil for all agents, and an empty list for none.
func (s *session) planOf(ctx context.Context, targets []string, prune bool) (*planned, error) {
	memory := s.memory()
	in, err := scope(s.project, memory, targets)
	if err != nil {
		return nil, err
	}
	in.Prepared, in.Prune = map[string]diff.Prepared{}, prune || s.project.Policy.Prune
	out := &planned{memory: memory, locked: s.lock.Entries(), agents: in.Agents, orphans: in.Orphans}
	var mu gosync.Mutex
	seen, err := sync.Observe(ctx, s.remote, sync.Scope{
		Agents: out.agents, Memory: memory, Orphans: out.orphans, Parallelism: s.app.parallelism,
		Seen: func(want spec.Agent, r *diff.RemoteAgent, w diff.Wanted) { // planned while others are read
			prepared := diff.Prepare(in, want, r, w)
			mu.Lock()
			defer mu.Unlock()
			in.Prepared[want.Name] = prepared
		},
		Progress: func(done, total int) { s.app.showProgress("reading %d of %d agents", done, total) },
	})
	s.app.clearProgress()
	if err != nil {
		return nil, err
	}
	out.seen = seen
	in.Remote = seen
	plan, problems := diff.Compute(in)
	if len(problems) > 0 {
		return nil, problems
	}
	out.plan = planfile.Seal(plan)
	return out, nil
}
