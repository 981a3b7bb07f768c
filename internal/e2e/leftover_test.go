package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// killAfter kills the program when the platform has acted on a request.
func (w *world) killAfter(method, path string) {
	w.faults.Reset()
	w.faults.Add(faults.Rule{Method: method, Path: path, Do: faults.After(func(*http.Request) { w.kill() })})
}

// TestKilledCreateThenAnotherName: the agent that a killed apply created is not
// forgotten when its manifest gets another agent_name, or goes.
func TestKilledCreateThenAnotherName(t *testing.T) {
	t.Parallel()
	for name, manifest := range map[string]string{
		"renamed": strings.Replace(agentYAML("a", "A.", ""), "agent_name: Agent a", "agent_name: Agent better", 1),
		"removed": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.write(map[string]string{"a.yaml": agentYAML("a", "A.", ""), "b.yaml": agentYAML("b", "B.", "")})
			w.must(0, "apply", "--auto-approve", "--target", "b")
			w.killAfter("POST", "/create")
			if r := w.run("apply", "--auto-approve"); r.code != -1 {
				t.Fatalf("not killed: %s", r)
			}
			w.faults.Reset()
			w.write(map[string]string{"a.yaml": manifest})
			r := w.must(0, "apply", "--auto-approve")
			if n := len(w.snapshot().Agents); n != 2 {
				t.Errorf("%d agents, want 2: %s", n, r)
			}
			if name == "removed" && !strings.Contains(r.stdout, "orphan") {
				t.Errorf("nothing is said of the agent that is left: %s", r)
			}
			if name == "renamed" {
				w.settled()
			}
		})
	}
}

// TestARivalTookTheName: the create's answer is lost, and the agent of that name
// is somebody else's. It is not touched, and the next apply adopts it like any
// other, also where the first was killed and its lock says that a create was begun.
func TestARivalTookTheName(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"cut", "killed"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.write(map[string]string{
				"agentsync.yaml": "apiVersion: agentsync/v1\nkind: Project\nmetadata: {name: acme}\nspec: {policy: {adopt: never}}\n",
				"a.yaml":         agentYAML("a", "A.", twoOutcomes)})
			w.faults.Add(faults.Rule{Method: "POST", Path: "/create", Nth: 1, Do: func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				_, err := w.platform.Dashboard().CreateAgent(
					map[string]any{"agent_name": "Agent a", "agent_description": "", "agent_type": "OUTBOUND", "team": []any{}, "is_auto": true},
					map[string]any{"system_prompt": "Mine."}, "")
				if err != nil {
					t.Error(err)
				}
				if end == "killed" {
					w.kill()
				}
				faults.CutBefore()(rw, r, next)
			}})
			first := w.run("apply", "--auto-approve")
			if end == "cut" && (first.code != 1 || !strings.Contains(first.stdout, "was made since the plan")) {
				t.Errorf("the first apply: %s", first)
			}
			r := w.must(4, "apply", "--auto-approve", "--on-drift", "overwrite")
			if !strings.Contains(r.stdout, "policy.adopt is never") {
				t.Errorf("nothing says whose it is: %s", r)
			}
			if agent, _ := w.snapshot().Agent("Agent a"); w.prompt("Agent a") != "Mine." || len(agent.Versions) != 1 || len(agent.Outcomes) != 0 {
				t.Errorf("it was touched: %+v", agent)
			}
		})
	}
}

// TestKilledAfterDraftThenReverted: the draft of a killed apply goes when git
// no longer wants it.
func TestKilledAfterDraftThenReverted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.write(map[string]string{"a.yaml": agentYAML("a", "One.", "")})
	w.must(0, "apply", "--auto-approve")
	w.write(map[string]string{"a.yaml": agentYAML("a", "Two.", "")})
	w.killAfter("POST", "/configs")
	w.run("apply", "--auto-approve")
	w.faults.Reset()
	w.write(map[string]string{"a.yaml": agentYAML("a", "One.", "")})
	r := w.must(0, "apply", "--auto-approve")
	agent, _ := w.snapshot().Agent("Agent a")
	if len(agent.Versions) != 1 || w.prompt("Agent a") != "One." {
		t.Errorf("versions %v: %s", agent.Versions, r)
	}
	w.settled()
}

// TestTwoAppliesInOneFolder: the second says that it waits, and for whom, then
// finds what the first did, and the lock loses nothing. It can be interrupted.
func TestTwoAppliesInOneFolder(t *testing.T) {
	t.Parallel()
	for _, listing := range []string{"bearer", "none"} {
		w := newWorld(t, func(o *sandbox.Options) { o.Listing = listing })
		w.write(map[string]string{"a.yaml": agentYAML("a", "A.", "  lifecycle: {protect: true}\n"), "b.yaml": agentYAML("b", "B.", twoOutcomes)})
		release := make(chan struct{})
		w.faults.Add(faults.Rule{Method: "POST", Path: "/create", Do: faults.DelayAfter(faults.Until(release))})
		first := w.start("apply", "--auto-approve")
		until(t, func() bool { return w.faults.Count("POST", "/create", -1) > 0 })
		waits := fmt.Sprintf("another apply runs in this folder (process %d, since ", first.Process.Pid)
		stop := fmt.Sprintf("to stop it is safe, also while it waits for a call: Ctrl-C there, or kill -INT %d;", first.Process.Pid)
		second, third := w.start("apply", "--auto-approve"), w.start("apply", "--auto-approve")
		until(t, func() bool {
			return strings.Contains(second.stderr.String(), waits) && strings.Contains(second.stderr.String(), stop) && strings.Contains(third.stderr.String(), waits)
		})
		w.signal(os.Interrupt) // the third
		if r := w.wait(third); r.code != 130 || !strings.Contains(r.stderr, "interrupted while waiting for another apply: nothing was written") {
			t.Errorf("interrupted while it waits: %s", r)
		}
		close(release)
		r1, r2 := w.wait(first), w.wait(second)
		if r1.code != 0 || r2.code != 0 || strings.Count(r2.stderr, "another apply runs") != 1 ||
			!strings.Contains(r2.stderr, "the other apply has ended") || !strings.Contains(r2.stdout, "No changes.") {
			t.Errorf("want one to do it and the other to find it done\n%s\n%s", r1, r2)
		}
		lock, err := os.ReadFile(filepath.Join(w.dir, "agentsync.lock.yaml"))
		for _, want := range []string{w.id("Agent a"), w.id("Agent b"), "protect: true"} {
			if err != nil || !strings.Contains(string(lock), want) {
				t.Errorf("the lock has lost %s: %v\n%s\n%s\n%s", want, err, lock, r1, r2)
			}
		}
		w.settled()
	}
}

// TestNothingOldIsRemembered: what pull and import have to say of an agent is not
// what they read before they waited for an apply.
func TestNothingOldIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(*sandbox.Options) {})
	w.write(map[string]string{"a.yaml": agentYAML("a", "A.", twoOutcomes)})
	release := make(chan struct{})
	w.faults.Add(faults.Rule{Method: "POST", Path: "/create", Do: faults.DelayAfter(faults.Until(release))})
	first := w.start("apply", "--auto-approve")
	until(t, func() bool { return w.faults.Count("POST", "/create", -1) > 0 })
	id, err := w.platform.Dashboard().CreateAgent(map[string]any{"agent_name": "By hand", "agent_description": "x", "agent_type": "INBOUND"},
		map[string]any{"system_prompt": "Hello."}, "")
	if err != nil {
		t.Fatal(err)
	}
	pull, take := w.start("pull", "--all"), w.start("import", id)
	until(t, func() bool {
		return strings.Contains(pull.stderr.String(), "another apply runs") && strings.Contains(take.stderr.String(), "another apply runs")
	})
	close(release)
	if r := w.wait(first); r.code != 0 {
		t.Fatal(r)
	}
	if r := w.wait(pull); r.code != 0 || !strings.Contains(r.stdout, "No drift") {
		t.Errorf("pull has not read again: %s", r)
	}
	if r := w.wait(take); r.code != 1 || !strings.Contains(r.stderr, "what was read before may be old: nothing was written\n  hint: import again") {
		t.Errorf("import has not refused: %s", r)
	}
	w.settled()
}

// TestLockThatCantBeWritten stops everything: no agent is made that the lock
// would not know.
func TestLockThatCantBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *sandbox.Options) { o.Listing = "none" })
	w.fleet(30, "Locked")
	broken := false
	w.faults.Add(faults.Rule{Method: "POST", Path: "/create", Nth: 3, Do: faults.Before(func(*http.Request) {
		state := filepath.Join(w.dir, ".agentsync")
		broken = os.RemoveAll(state) == nil && os.WriteFile(state, nil, 0o644) == nil
	})})
	r := w.must(1, "apply", "--auto-approve", "--parallelism", "2")
	made := len(w.snapshot().Agents)
	if !broken || made > 6 {
		t.Errorf("%d agents were made after the lock broke (%v): %s", made, broken, r)
	}
	for _, agent := range w.snapshot().Agents {
		lock, _ := os.ReadFile(filepath.Join(w.dir, "agentsync.lock.yaml"))
		if !strings.Contains(string(lock)+r.stdout+r.stderr, agent.ID) {
			t.Errorf("nobody says that %s is %s: %s", agent.Name, agent.ID, r)
		}
	}
}

// TestLinksLeadNowhere: links in a stranger's commit make agentsync neither
// read nor write outside the project.
func TestLinksLeadNowhere(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside")
	for _, link := range []string{"agentsync.lock.yaml", ".agentsync/lock.tmp", ".agentsync/journal-0123456789ab", ".agentsync/sandbox.json", ".agentsync"} {
		if err := os.WriteFile(outside, []byte("private: text\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, nil)
		w.write(map[string]string{"a.yaml": agentYAML("a", "A.", ""), "x/y": "z"})
		path := filepath.Join(w.dir, link)
		target := outside
		if link == ".agentsync" {
			target = filepath.Dir(outside)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"apply", "--auto-approve"}, {"apply", "--auto-approve", "--sandbox"}} {
			if r := w.run(args...); strings.Contains(r.stdout+r.stderr, "private") {
				t.Errorf("%s: %s", link, r)
			}
		}
		if data, err := os.ReadFile(outside); err != nil || string(data) != "private: text\n" {
			t.Errorf("%s: the file outside is now %q, %v", link, data, err)
		}
		if left, _ := os.ReadDir(filepath.Dir(outside)); len(left) != 1 {
			t.Errorf("%s: something was written outside: %v", link, left)
		}
	}
}
