package github_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

const greek = `apiVersion: agentsync/v1
kind: Agent
metadata: {name: %[1]s}
spec:
  extends: [%[2]s]
  agent: {agent_name: %[1]s, agent_description: Speaks, agent_type: INBOUND}
  config: {system_prompt: {file: prompts/%[1]s.md}}
`

// greeks is a repository, kept by git, whose main branch has the agents alpha,
// beta and gamma, applied; alpha and beta extend the same base. Runs check out
// what GitHub would. With lock, main has the lock file, and applies commit it.
func greeks(t *testing.T, lock bool) *world {
	t.Helper()
	w := newWorld(t)
	for _, name := range []string{"agents.yaml", "prompts/sales.md", lockName} {
		if err := os.Remove(filepath.Join(w.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	w.write("agentsync.yaml", "apiVersion: agentsync/v1\nkind: Project\nmetadata: {name: greeks}\n")
	for _, name := range []string{"common", "other"} {
		w.write("bases/"+name+".yaml", "apiVersion: agentsync/v1\nkind: Base\nmetadata: {name: "+name+"}\nspec: {config: {guidelines: [Be brief]}}\n")
	}
	for name, base := range map[string]string{"alpha": "common", "beta": "common", "gamma": "other"} {
		w.write("agents/"+name+".yaml", fmt.Sprintf(greek, name, base))
		w.write("prompts/"+name+".md", "I am "+name+".\n")
	}
	w.write(".gitignore", ".agentsync/\n")
	if lock {
		w.env["INPUT_COMMIT_LOCK"] = "true"
	} else {
		w.write(".gitignore", ".agentsync/\n"+lockName+"\n")
	}
	w.git("init", "-q", "-b", "main")
	w.commit("Begin")
	w.cli(0, "apply", "--auto-approve")
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pulls = nil })
	if lock {
		w.commit("The lock")
	} else {
		w.forget()
	}
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Push("main", w.git("rev-parse", "main")) })
	return w
}

// forget removes the lock file.
func (w *world) forget() { _ = os.Remove(filepath.Join(w.dir, lockName)) }

// fresh removes what earlier runs have left in their folder and git does not have.
func (w *world) fresh() {
	if w.env["INPUT_COMMIT_LOCK"] == "" {
		w.forget()
	}
}

// open makes the pull request n with a commit for each change. The next jobs are
// its plan, on its merge into main.
func (w *world) open(n int, changes ...func()) {
	w.t.Helper()
	branch := fmt.Sprintf("topic-%d", n)
	w.git("switch", "-q", "-C", branch, "main")
	for i, change := range changes {
		change()
		w.git("add", ".")
		w.git("commit", "-q", "--allow-empty", "-m", fmt.Sprintf("%s: %d", branch, i))
	}
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		r.Pulls = append(r.Pulls, &fakegithub.Pull{Number: n, State: "open", Head: fakegithub.Ref{Ref: branch, SHA: w.git("rev-parse", branch), Repo: repo},
			Base: fakegithub.Ref{Ref: "main", SHA: w.git("rev-parse", "main"), Repo: repo}})
	})
	w.onMergeOf(n)
}

// onMergeOf makes the next jobs run for the pull request, as main is now.
func (w *world) onMergeOf(n int) {
	w.t.Helper()
	pull := w.repo().Pull(n)
	w.git("switch", "-q", "--detach", "main")
	w.git("merge", "-q", "--no-ff", "-m", "Merge", pull.Head.Ref)
	w.event("pull_request", map[string]any{"before": strings.Repeat("5", 40), "number": n, "pull_request": map[string]any{"number": n,
		"head": side(pull.Head), "base": side(pull.Base), "user": map[string]any{"login": "octo"}}})
	w.env["GITHUB_SHA"], w.env["GITHUB_REF"] = w.git("rev-parse", "HEAD"), fmt.Sprintf("refs/pull/%d/merge", n)
	w.fresh()
}

// land merges the pull request in one of GitHub's ways, on top of the lock that
// applies have committed. The next jobs run for the push.
func (w *world) land(n int, how string) {
	w.t.Helper()
	branch := fmt.Sprintf("topic-%d", n)
	w.takeLock()
	before := w.git("rev-parse", "main")
	switch how {
	case "merge":
		w.git("merge", "-q", "--no-ff", "-m", "Merge", branch)
	case "squash":
		w.git("merge", "-q", "--squash", branch)
		w.git("commit", "-q", "--allow-empty", "-m", "Squash")
	case "rebase":
		w.git("cherry-pick", "--allow-empty", "main.."+branch)
	}
	head := w.git("rev-parse", "main")
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		r.Merge(n, head, time.Now(), strings.Fields(w.git("diff", "--name-only", before, head))...)
		r.Pull(n).Commits = strings.Fields(w.git("rev-list", "--first-parent", before+".."+head))
	})
	w.pushed(before)
}

// takeLock puts the lock that applies have committed on GitHub into main, and
// checks it out.
func (w *world) takeLock() {
	w.t.Helper()
	w.git("checkout", "-q", "--force", "main")
	if lock := w.repo().Files["main"][lockName]; lock != "" {
		w.write(lockName, lock)
		w.git("add", ".")
		w.git("commit", "-q", "--allow-empty", "-m", "agentsync: lock after apply of default")
	}
}

// pushed makes the next jobs run for a push to main of what is there.
func (w *world) pushed(before string) {
	w.event("push", map[string]any{"before": before, "ref": "refs/heads/main"})
	w.env["GITHUB_SHA"], w.env["GITHUB_REF"] = w.git("rev-parse", "main"), "refs/heads/main"
	w.fresh()
}

// says changes an agent's prompt in the working tree.
func (w *world) says(agent, prompt string) func() {
	return func() { w.write("prompts/"+agent+".md", prompt+"\n") }
}

// wantPrompts wants these prompts to be live.
func (w *world) wantPrompts(prompts map[string]string) {
	w.t.Helper()
	for agent, want := range prompts {
		if got := w.prompt(agent); got != want {
			w.t.Errorf("%s says %q, want %q", agent, got, want)
		}
	}
}

// unasked wants no request about an agent to have been sent.
func (w *world) unasked(agent string, since int) {
	w.t.Helper()
	id, err := w.platform.Dashboard().AgentID(agent)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range w.faults.Requests()[since:] {
		if strings.Contains(r.Path, id) {
			w.t.Errorf("asked for %s: %s %s", agent, r.Method, r.Path)
		}
	}
}

// first merges a change of gamma and applies it, so that comments say what is
// applied where no lock does.
func (w *world) first() {
	w.t.Helper()
	w.open(1, w.says("gamma", "I am gamma, still."))
	w.job(0, "", "plan")
	w.land(1, "merge")
	w.job(0, "", "apply")
}

// withAndWithoutLock runs a test both ways, of which the quick tests have one: which
// it is varies from test to test.
func withAndWithoutLock(t *testing.T, test func(*testing.T, *world)) {
	for _, n := range exhaustive.Of(2, 2, t.Name()) {
		t.Run([]string{"without", "with the lock"}[n-1], func(t *testing.T) {
			t.Parallel()
			w := greeks(t, n == 2)
			w.first()
			test(t, w)
		})
	}
}
