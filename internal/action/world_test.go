package action

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
	"github.com/agentsync/agentsync/sync/sandbox"
)

const (
	repository = "octo/agents"
	project    = "../../examples/quickstart"
	workflows  = "../../examples/github"
)

// world is a repository with the workflows of examples/github just as they
// are, and around it a platform and a GitHub on loopback.
type world struct {
	t        *testing.T
	dir      string // the repository's working tree
	action   string // the checkout of the action that its workflows use
	platform *sandbox.Server
	faults   *faults.Proxy // before it
	github   *fakegithub.Server
	urls     struct{ platform, github string }
	env      []string       // further variables of the runner
	pushed   map[string]any // the event of the last merge
	runs     int
	logs     strings.Builder // of all runs
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, false)
}

// newWorldOf has, with parts, the workflows that plan and apply a fleet in parts, of
// which there are three here.
func newWorldOf(t *testing.T, parts bool) *world {
	t.Helper()
	needAct(t)
	platform, err := sandbox.New(sandbox.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir(), action: shared.src, platform: platform, faults: faults.New(platform, 1), github: fakegithub.New(fakegithub.Options{})}
	for url, handler := range map[*string]*httptest.Server{
		&w.urls.platform: httptest.NewServer(w.faults), &w.urls.github: httptest.NewServer(w.github),
	} {
		*url = handler.URL
		t.Cleanup(handler.Close)
	}
	w.git("init", "--quiet", "--initial-branch", "main")
	for from, to := range map[string]string{project: ".", workflows: ".github/workflows"} {
		if err := os.CopyFS(filepath.Join(w.dir, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	w.chooseWorkflows(parts)
	w.write("README.md", "# Our voice agents\n")
	w.commit("Begin")
	w.edit(func(r *fakegithub.Repo) { r.DefaultBranch = "main" })
	t.Cleanup(w.noSecrets)
	return w
}

// chooseWorkflows removes those that a repository does not have beside the others.
func (w *world) chooseWorkflows(parts bool) {
	w.t.Helper()
	for _, name := range []string{"plan", "apply"} {
		whole, inParts := ".github/workflows/"+name+".yml", ".github/workflows/"+name+"-parts.yml"
		gone := inParts
		if parts {
			gone = whole
			w.replace(inParts, "[1, 2, 3, 4, 5, 6, 7, 8]", "[1, 2, 3]")
			w.replace(inParts, "${{ matrix.part }}/8", "${{ matrix.part }}/3")
		}
		if err := os.Remove(filepath.Join(w.dir, gone)); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) edit(f func(*fakegithub.Repo)) {
	w.github.Edit(func(s *fakegithub.State) { f(s.Repo(repository)) })
}

func (w *world) repo() *fakegithub.Repo { return w.github.State().Repo(repository) }

func (w *world) git(args ...string) string {
	w.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Dev", "GIT_AUTHOR_EMAIL=dev@example.com", "GIT_COMMITTER_NAME=Dev", "GIT_COMMITTER_EMAIL=dev@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (w *world) commit(message string) {
	w.t.Helper()
	w.git("add", "--all")
	w.git("commit", "--quiet", "--allow-empty", "--message", message)
}

func (w *world) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// replace changes a part of a file, which must be there.
func (w *world) replace(name, old, new string) {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		w.t.Fatalf("%s has no %q", name, old)
	}
	w.write(name, strings.Replace(string(data), old, new, 1))
}

// push makes a commit on a pull request's branch, the first of which opens it.
// from is the repository that the branch is in.
func (w *world) push(number int, from, message string, change func()) {
	w.t.Helper()
	branch := fmt.Sprintf("change-%d", number)
	if w.repo().Pull(number) == nil {
		w.git("checkout", "--quiet", "-B", branch, "main")
		w.edit(func(r *fakegithub.Repo) {
			r.Pulls = append(r.Pulls, &fakegithub.Pull{Number: number, Title: message, State: "open", User: fakegithub.User{Login: "dev", Type: "User"},
				Base: fakegithub.Ref{Ref: "main", SHA: w.git("rev-parse", "main"), Repo: repository}})
		})
	} else {
		w.git("checkout", "--quiet", branch)
	}
	change()
	w.commit(message)
	w.edit(func(r *fakegithub.Repo) {
		r.Pull(number).Head = fakegithub.Ref{Ref: branch, SHA: w.git("rev-parse", "HEAD"), Repo: from}
	})
}

// plan runs what GitHub runs on a push to a pull request: on the merge of its
// branch into main.
func (w *world) plan(number int) run {
	w.t.Helper()
	pull := w.repo().Pull(number)
	w.git("checkout", "--quiet", "--detach", "main")
	w.git("merge", "--quiet", "--no-ff", "--message", "Merge", pull.Head.Ref)
	side := func(r fakegithub.Ref) map[string]any {
		return map[string]any{"ref": r.Ref, "sha": r.SHA, "repo": map[string]any{"full_name": r.Repo}}
	}
	return w.act("pull_request", pull.Head.Repo != repository, map[string]any{
		"action": "synchronize", "number": number, "repository": map[string]any{"full_name": repository, "default_branch": "main"},
		"pull_request": map[string]any{"number": number, "head": side(pull.Head), "base": side(pull.Base),
			"user": map[string]any{"login": pull.User.Login}},
	})
}

// merge squashes a pull request onto main, and runs what GitHub runs then.
func (w *world) merge(number int) run {
	w.t.Helper()
	w.land(number)
	return w.act("push", false, w.pushed)
}

// land is merge without the run, as where GitHub drops it from a full queue.
func (w *world) land(number int) {
	w.t.Helper()
	pull, before := w.repo().Pull(number), w.git("rev-parse", "main")
	w.git("checkout", "--quiet", "main")
	w.git("merge", "--quiet", "--squash", pull.Head.Ref)
	w.commit(fmt.Sprintf("%s (#%d)", pull.Title, number))
	after := w.git("rev-parse", "HEAD")
	w.edit(func(r *fakegithub.Repo) {
		r.Commits = append(r.Commits, &fakegithub.Commit{SHA: after, Message: pull.Title, Parents: []string{before}, Branch: "main"})
		r.Merge(number, after, time.Now())
	})
	w.pushed = map[string]any{
		"ref": "refs/heads/main", "before": before, "after": after, "created": false, "deleted": false, "forced": false,
		"repository": map[string]any{"full_name": repository, "default_branch": "main"},
	}
}

// mergeAgain runs the last merge's job again, on the same commit.
func (w *world) mergeAgain() run {
	w.t.Helper()
	w.git("checkout", "--quiet", "--detach", w.pushed["after"].(string))
	return w.act("push", false, w.pushed)
}

// fetch takes the lock file that the Action committed on GitHub into main. GitHub
// makes a commit of another id for it, and knows of this one from here on.
func (w *world) fetch() {
	w.t.Helper()
	lock := w.repo().Files["main"]["agentsync.lock.yaml"]
	if lock == "" {
		w.t.Fatal("no lock file was committed")
	}
	w.git("checkout", "--quiet", "main")
	w.write("agentsync.lock.yaml", lock)
	w.commit("Take the lock from GitHub")
	head := w.git("rev-parse", "HEAD")
	w.edit(func(r *fakegithub.Repo) { r.Push("main", head, "agentsync.lock.yaml") })
}

// drift runs the workflow of each morning.
func (w *world) drift() run {
	w.t.Helper()
	w.git("checkout", "--quiet", "main")
	return w.act("schedule", false, map[string]any{
		"schedule": "17 4 * * *", "repository": map[string]any{"full_name": repository, "default_branch": "main"},
	}, "drift.yml")
}

// driftPull runs the workflow that keeps a pull request of drift.
func (w *world) driftPull() run {
	w.t.Helper()
	w.git("checkout", "--quiet", "main")
	return w.act("schedule", false, map[string]any{
		"schedule": "17 4 * * *", "repository": map[string]any{"full_name": repository, "default_branch": "main"},
	}, "drift-pull-request.yml")
}

// report runs the workflow that draws the page, and returns it.
func (w *world) report() (page string, _ run) {
	w.t.Helper()
	artifacts := filepath.Join(w.t.TempDir(), "artifacts")
	w.env = append(w.env, "ARTIFACTS="+artifacts)
	w.git("checkout", "--quiet", "main")
	r := w.act("workflow_dispatch", false, map[string]any{
		"ref": "refs/heads/main", "repository": map[string]any{"full_name": repository, "default_branch": "main"},
	}, "report.yml")
	data, err := os.ReadFile(filepath.Join(artifacts, "agentsync-report", "index.html"))
	if err != nil {
		w.t.Error(err)
	}
	return string(data), r
}

// noSecrets looks for credentials in the logs, on GitHub, and on the platform.
func (w *world) noSecrets() {
	state, err := json.Marshal(w.github.State())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, secret := range append(w.platform.Secrets(), w.github.Secrets()...) {
		if strings.Contains(w.logs.String(), secret) {
			w.t.Errorf("the logs have the secret %q", secret)
		}
		if strings.Contains(string(state), secret) {
			w.t.Errorf("GitHub has the secret %q", secret)
		}
	}
	if w.t.Failed() {
		w.t.Log(w.logs.String())
	}
}
