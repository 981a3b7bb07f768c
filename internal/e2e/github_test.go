package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
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

// job is a merged pull request whose plan was reviewed, and its apply's run.
type job struct {
	*world
	hub   *fakegithub.Server
	merge string // its commit
}

func newJob(t *testing.T) *job {
	t.Helper()
	j := &job{world: newWorld(t, nil), hub: fakegithub.New(fakegithub.Options{})}
	server := httptest.NewServer(j.hub)
	t.Cleanup(server.Close)
	agents := func(prompt, more string) {
		j.write(map[string]string{"agents.yaml": strings.Replace(jobAgents, "PROMPT", prompt, 1) + more})
	}
	agents("Sell politely.", "")
	j.must(0, "apply", "--auto-approve")
	agents("Sell boldly.", "    - {outcome_name: budget, outcome_description: How much, outcome_type: NUMBER, is_visible: true}\n---\n"+
		strings.NewReplacer("sales", "support", "Sales", "Support", "PROMPT", "Help.").Replace(jobAgents))
	j.write(map[string]string{".gitignore": ".agentsync/\n"})
	j.git("init", "-q")
	j.git("add", ".")
	j.git("commit", "-qm", "Sell boldly")
	j.merge = j.git("rev-parse", "HEAD")
	j.hub.Edit(func(s *fakegithub.State) {
		s.Repo(jobRepo).Pulls = []*fakegithub.Pull{{Number: 7, State: "open", Head: fakegithub.Ref{SHA: j.merge, Repo: jobRepo}, Base: fakegithub.Ref{Ref: "main", SHA: jobHead, Repo: jobRepo}}}
		s.Repo(jobRepo).SetFile("main", lockFile, j.read(lockFile))
	})
	event := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(event, []byte(`{"pull_request":{"number":7,"head":{"sha":"`+j.merge+`","repo":{"full_name":"`+jobRepo+`"}},"base":{"sha":"`+jobHead+`","ref":"main"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	common := append(j.env, "GITHUB_ACTIONS=true", "GITHUB_REPOSITORY="+jobRepo, "GITHUB_API_URL="+server.URL,
		"GITHUB_TOKEN="+fakegithub.ActionsToken, "GITHUB_RUN_ID=1", "RUNNER_TEMP="+t.TempDir(), "INPUT_COMMIT_LOCK=true",
		"GITHUB_OUTPUT="+filepath.Join(t.TempDir(), "outputs"), "GITHUB_STEP_SUMMARY="+filepath.Join(t.TempDir(), "summary"))
	j.env = append(common, "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH="+event, "GITHUB_SHA="+j.merge, "GITHUB_REF=refs/pull/7/merge")
	j.must(0, "github", "plan")
	j.hub.Edit(func(s *fakegithub.State) { s.Repo(jobRepo).Merge(7, j.merge, time.Now()) })
	j.env = append(common, "GITHUB_EVENT_NAME=push", "GITHUB_SHA="+j.merge, "GITHUB_REF=refs/heads/main")
	return j
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
// requests: as a cancelled job does, and as a runner that dies. The job that
// runs again goes on with what was reviewed, from a fresh checkout where the
// first one could still commit its lock file.
func TestACancelledJobGoesOn(t *testing.T) {
	t.Parallel()
	calm := newJob(t)
	calm.faults.Reset()
	calm.must(0, "github", "apply")
	want, total := calm.snapshot(), len(calm.faults.Requests())
	for n := 1; n <= total; n++ {
		j := newJob(t)
		j.faults.Reset()
		var once sync.Once
		dies := n%3 == 0
		j.faults.Add(faults.Rule{Nth: n, Do: faults.After(func(*http.Request) {
			once.Do(func() {
				if dies {
					j.kill()
				} else {
					j.signal(syscall.SIGTERM)
				}
			})
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
			t.Fatalf("request %d of %d, killed %t: first %s\nthen %s", n, total, dies, r, again)
		}
		if !strings.Contains(j.comment(), `state="applied"`) {
			t.Errorf("request %d: the comment is\n%s", n, j.comment())
		}
		compare(t, want, j.snapshot())
		j.settled()
	}
}

// checkCancelled wants a cancelled job to have told of it everywhere; one that
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
