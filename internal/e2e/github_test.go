package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
	"github.com/agentsync/agentsync/sync/sandbox"
)

const (
	jobRepo  = "acme/agents"
	jobHead  = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"
	lockFile = "agentsync.lock.yaml"
)

const jobAgents = `apiVersion: agentsync/v1
kind: Agent
metadata: {name: sales}
spec:
  agent: {agent_name: Sales, agent_description: Sells, agent_type: OUTBOUND}
  config: {system_prompt: PROMPT}
  call_outcomes:
    - {outcome_name: lead, outcome_description: Is it one, outcome_type: BOOLEAN, is_visible: true}
`

// job is a pull request, and the runs of its plan and its apply.
type job struct {
	*world
	hub   *fakegithub.Server
	merge string // its commit
}

// openJob makes the pull request. Its repository and its platform's state lie in
// one folder, for review.
func openJob(t *testing.T) *job {
	t.Helper()
	dir := t.TempDir()
	j := &job{hub: fakegithub.New(fakegithub.Options{})}
	j.world = newWorld(t, func(o *sandbox.Options) { o.DataFile = filepath.Join(dir, "platform.json") })
	j.dir = dir
	agents := func(prompt, more string) {
		j.write(map[string]string{"agents.yaml": strings.Replace(jobAgents, "PROMPT", prompt, 1) + more})
	}
	agents("Sell politely.", "")
	j.must(0, "apply", "--auto-approve")
	agents("Sell boldly.", "    - {outcome_name: budget, outcome_description: How much, outcome_type: NUMBER, is_visible: true}\n---\n"+
		strings.NewReplacer("sales", "support", "Sales", "Support", "PROMPT", "Help.").Replace(jobAgents))
	j.write(map[string]string{".gitignore": ".agentsync/\nplatform.json\n"})
	j.git("init", "-q")
	j.git("add", ".")
	j.git("commit", "-qm", "Sell boldly")
	j.merge = j.git("rev-parse", "HEAD")
	j.hub.Edit(func(s *fakegithub.State) {
		s.Repo(jobRepo).Pulls = []*fakegithub.Pull{{Number: 7, State: "open", Head: fakegithub.Ref{SHA: j.merge, Repo: jobRepo}, Base: fakegithub.Ref{Ref: "main", SHA: jobHead, Repo: jobRepo}}}
		s.Repo(jobRepo).SetFile("main", lockFile, j.read(lockFile))
	})
	return j
}

// review plans and merges the pull request, with a repository, a platform and a
// GitHub of its own. What is left to do is the run of the apply.
func (j *job) review(t *testing.T) *job {
	t.Helper()
	next := &job{world: from(t, j.dir, func(*sandbox.Options) {}), hub: fakegithub.New(fakegithub.Options{State: j.hub.State()}), merge: j.merge}
	server := httptest.NewServer(next.hub)
	t.Cleanup(server.Close)
	event := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(event, []byte(`{"pull_request":{"number":7,"head":{"sha":"`+j.merge+`","repo":{"full_name":"`+jobRepo+`"}},"base":{"sha":"`+jobHead+`","ref":"main"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	common := []string{"GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=" + jobRepo, "GITHUB_API_URL=" + server.URL,
		"GITHUB_TOKEN=" + fakegithub.ActionsToken, "GITHUB_RUN_ID=1", "RUNNER_TEMP=" + t.TempDir(), "INPUT_COMMIT_LOCK=true", "GITHUB_SHA=" + j.merge,
		"GITHUB_OUTPUT=" + filepath.Join(t.TempDir(), "outputs"), "GITHUB_STEP_SUMMARY=" + filepath.Join(t.TempDir(), "summary")}
	next.env = append(common[:len(common):len(common)], "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH="+event, "GITHUB_REF=refs/pull/7/merge")
	next.must(0, "github", "plan")
	next.hub.Edit(func(s *fakegithub.State) { s.Repo(jobRepo).Merge(7, j.merge, time.Now()) })
	next.env = append(common, "GITHUB_EVENT_NAME=push", "GITHUB_REF=refs/heads/main")
	next.faults.Reset()
	return next
}

func (j *job) git(args ...string) string {
	j.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", j.dir, "-c", "user.name=Job", "-c", "user.email=job@example.com"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_DATE=2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		j.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (j *job) read(name string) string {
	j.t.Helper()
	data, err := os.ReadFile(filepath.Join(j.dir, name))
	if err != nil {
		j.t.Fatal(err)
	}
	return string(data)
}

// file is what a file that a variable names holds.
func (j *job) file(variable string) string {
	for _, v := range j.env {
		if path, ok := strings.CutPrefix(v, variable+"="); ok {
			data, _ := os.ReadFile(path)
			return string(data)
		}
	}
	return ""
}

func (j *job) comment() string {
	j.t.Helper()
	all := j.hub.State().Repos[jobRepo].Comments
	if len(all) != 1 {
		j.t.Fatalf("%d comments", len(all))
	}
	return all[0].Body
}

// TestACancelledJobGoesOn ends the apply of a reviewed plan at each of its
// requests (the quick tests at a fifth of them): as a cancelled job does, and as
// a runner that dies. The job that runs again goes on with what was reviewed,
// from a fresh checkout where the first one could still commit its lock file.
func TestACancelledJobGoesOn(t *testing.T) {
	open := openJob(t)
	calm := open.review(t)
	calm.must(0, "github", "apply")
	want, total := calm.snapshot(), len(calm.faults.Requests())
	for _, n := range exhaustive.Of(total, 5, "job") {
		t.Run(fmt.Sprintf("request %d of %d", n, total), func(t *testing.T) {
			t.Parallel()
			open.review(t).cancelled(n, n%3 == 0, want)
		})
	}
}

// cancelled ends the first run of the apply at its nth request. dies kills it.
func (j *job) cancelled(n int, dies bool, want sandbox.Snapshot) {
	t := j.t
	j.faults.Add(faults.Rule{Nth: n, Do: faults.After(func(*http.Request) {
		if dies {
			j.kill()
		} else {
			j.signal(syscall.SIGTERM)
		}
	})})
	r := j.run("github", "apply")
	j.noSecretsInFiles()
	state, err := json.Marshal(j.hub.State())
	if err != nil {
		t.Fatal(err)
	}
	j.noSecrets("GitHub", string(state))
	if !dies {
		j.checkCancelled(n, r)
		j.git("checkout", "-q", "--", ".")
	}
	j.faults.Reset()
	if again := j.run("github", "apply"); again.code != 0 {
		t.Fatalf("killed %t: first %s\nthen %s", dies, r, again)
	}
	if !strings.Contains(j.comment(), `state="applied"`) {
		t.Errorf("the comment is\n%s", j.comment())
	}
	compare(t, want, j.snapshot())
	j.settled()
}

// checkCancelled wants a cancelled job to have reported it everywhere; one that
// was cancelled as it ended may have ended well.
func (j *job) checkCancelled(n int, r result) {
	j.t.Helper()
	outputs, summary, comment := j.file("GITHUB_OUTPUT"), j.file("GITHUB_STEP_SUMMARY"), j.comment()
	switch {
	case r.code == 0 && strings.Contains(comment, `state="applied"`):
	case r.code != 130 || !strings.Contains(outputs, "\ninterrupted\n") || !strings.Contains(strings.ToLower(summary), "interrupted"):
		j.t.Fatalf("request %d: %s\n--- outputs\n%s--- summary\n%s", n, r, outputs, summary)
	case !strings.Contains(comment, `state="interrupted"`) && !strings.Contains(comment, `state="planned"`):
		j.t.Errorf("request %d: the comment is\n%s", n, comment)
	}
}
