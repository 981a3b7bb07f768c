package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// world is a project in a repository and the platform that it is applied to,
// whose clock stands still until a test moves it.
type world struct {
	t     *testing.T
	dir   string
	now   time.Time
	board *sandbox.Dashboard
	opt   Options
}

func newWorld(t *testing.T, change func(*sandbox.Options)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), now: time.Date(2026, 4, 22, 10, 0, 0, 0, time.UTC)}
	o := sandbox.DefaultOptions()
	o.Now = func() time.Time { return w.now }
	change(&o)
	server, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	w.board = server.Dashboard()
	vars := map[string]string{
		"INDUSLABS_BASE_URL": "http://127.0.0.1", "INDUSLABS_EMAIL": sandbox.DefaultEmail,
		"INDUSLABS_PASSWORD": sandbox.DefaultPassword, "INDUSLABS_API_KEY": sandbox.DefaultAPIKey,
	}
	quiet := func(string, ...any) {}
	w.opt = Options{
		Dir: w.dir, Parallelism: 4, Transport: server.Transport(), Now: o.Now,
		Sleep:  func(context.Context, time.Duration) error { return nil },
		Getenv: func(name string) string { return vars[name] }, Message: quiet, Logf: quiet,
		Problems: func(spec.Problems) {}, Progress: func(int, int) {},
	}
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Asha", "GIT_AUTHOR_EMAIL": "asha@example.com",
		"GIT_COMMITTER_NAME": "Asha", "GIT_COMMITTER_EMAIL": "asha@example.com",
	} {
		t.Setenv(name, value)
	}
	w.git("init", "-q", "-b", "main")
	return w
}

func (w *world) git(args ...string) string {
	w.t.Helper()
	w.t.Setenv("GIT_COMMITTER_DATE", w.now.Format(time.RFC3339))
	out, err := exec.Command("git", append([]string{"-C", w.dir}, args...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// apply commits a prompt, applies it, commits the lock file, and lets a day pass;
// it returns the commit that has the prompt.
func (w *world) apply(prompt string) string {
	w.t.Helper()
	manifest := fmt.Sprintf(`apiVersion: agentsync/v1
kind: Agent
metadata: {name: sales}
spec:
  agent: {agent_name: Sales, agent_type: OUTBOUND}
  config: {system_prompt: %q}
  call_outcomes: [{outcome_name: lead, outcome_description: Result, outcome_type: TEXT, is_visible: true}]
`, prompt)
	if err := os.WriteFile(filepath.Join(w.dir, "sales.yaml"), []byte(manifest), 0o644); err != nil {
		w.t.Fatal(err)
	}
	w.git("add", ".")
	w.git("commit", "-q", "--allow-empty", "-m", prompt)
	commit := w.git("rev-parse", "HEAD")
	planned, err := w.load().Plan(w.t.Context(), Scope{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer planned.Close()
	if _, err := planned.Apply(w.t.Context(), nil); err != nil {
		w.t.Fatal(err)
	}
	w.git("add", ".")
	w.git("commit", "-q", "--allow-empty", "-m", "Lock")
	w.now = w.now.Add(24 * time.Hour)
	return commit
}

func (w *world) load() *Project {
	w.t.Helper()
	project, problems, err := Load(w.t.Context(), w.opt, Source{})
	if err != nil || project == nil {
		w.t.Fatalf("%v, %v", problems, err)
	}
	return project
}

// agent is the agent's history as it is now.
func (w *world) agent() *AgentPast {
	w.t.Helper()
	past, err := w.load().Past(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(past.Close)
	agent, err := past.Agent(w.t.Context(), "sales")
	if err != nil {
		w.t.Fatal(err)
	}
	return agent
}

// A rollback goes to a number, to what a commit made or wants, and to what was
// live before, under every reading of rollback and superseded.
func TestTarget(t *testing.T) {
	for _, reading := range []func(*sandbox.Options){
		func(*sandbox.Options) {},
		func(o *sandbox.Options) { o.Rollback = "clone" },
		func(o *sandbox.Options) { o.Superseded, o.Listing = "published", "none" },
		func(o *sandbox.Options) { o.Rollback, o.Superseded, o.CreatePublishes = "clone", "published", false },
	} {
		w := newWorld(t, reading)
		one := w.apply("One.")
		two := w.apply("Two.")
		back := w.apply("One.") // a rollback to version 1
		live := w.agent().current
		liveAlready := fmt.Sprintf("v%d of sales is live already", live.Number)
		for _, c := range []struct{ to, prompt, err string }{
			{"2", "Two.", ""},
			{"v2", "Two.", ""},
			{two, "Two.", ""},
			{two[:12], "Two.", ""},
			{"HEAD~2", "Two.", ""}, // the lock's commit after it, which no version names
			{"previous", "", fmt.Sprintf("v2 of sales was live before, and has been gone back from already: what v%d holds is older", live.Number)},
			{"99", "", "sales has no v99"},
			{"nosuch", "", `"nosuch" names no commit of this repository`},
			{fmt.Sprint(live.Number), "", liveAlready},
			{"1", "", alreadyLive("sales", 1, live.Number)},
			{one, "", liveAlready},
			{back, "", liveAlready},
		} {
			v, err := w.agent().goesBackTo(t.Context(), RollbackOptions{To: c.to}, diff.Remembered{})
			switch {
			case errText(err) != c.err:
				t.Errorf("%s: %v, want %q", c.to, err, c.err)
			case err == nil && v.Content.Config.Get("system_prompt").Text() != c.prompt:
				t.Errorf("%s: v%d, %q, want %q", c.to, v.Number, v.Content.Config.Get("system_prompt").Text(), c.prompt)
			case err == nil && len(v.Content.Outcomes) != 1:
				t.Errorf("%s: v%d went live with the outcomes %v", c.to, v.Number, v.Content.Outcomes)
			}
		}
		if _, err := w.board.CreateDraft(w.agent().agent.ID, map[string]any{"system_prompt": "Draft."}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.agent().goesBackTo(t.Context(), RollbackOptions{To: fmt.Sprint(max(live.Number, 2) + 1)}, diff.Remembered{}); !strings.Contains(errText(err), "is a draft, and was never live") {
			t.Errorf("a draft: %v", err)
		}
	}
}

// Nothing was live before the first version.
func TestNoPrevious(t *testing.T) {
	w := newWorld(t, func(*sandbox.Options) {})
	w.apply("One.")
	if _, err := w.agent().goesBackTo(t.Context(), RollbackOptions{To: "previous"}, diff.Remembered{}); errText(err) != "nothing is known to have been live before of sales" {
		t.Error(err)
	}
}
