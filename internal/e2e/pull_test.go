package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPullCommitCutOff kills pull --commit while it makes its commits: the same
// command once more commits the rest, so that each agent has a commit, or it is told
// that its files have none.
func TestPullCommitCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", w.dir, "-c", "user.name=A", "-c", "user.email=a@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
		return string(out)
	}
	w.env = append(w.env, "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
	const agents = 12
	files := map[string]string{".gitignore": ".agentsync/\n"}
	for i := range agents {
		files[fmt.Sprintf("a%02d.yaml", i)] = agentYAML(fmt.Sprintf("a%02d", i), "One.", "")
	}
	w.write(files)
	git("init", "-q", "-b", "main")
	w.must(0, "apply", "--auto-approve")
	git("add", ".")
	git("commit", "-qm", "begin")
	d := w.platform.Dashboard()
	for i := range agents {
		id, err := d.AgentID(fmt.Sprintf("Agent a%02d", i))
		if err == nil {
			_, err = d.EditPrompt(id, "By hand.")
		}
		if err != nil {
			t.Fatal(err)
		}
	}

	p := w.start("pull", "--all", "--commit")
	commits := func() int { return strings.Count(git("log", "--format=%s"), "Pull a") }
	for deadline := time.Now().Add(time.Minute); commits() < 3; {
		if time.Now().After(deadline) {
			t.Fatal("no commit came")
		}
	}
	w.kill()
	w.wait(p)
	cut := commits()
	if _, err := os.Stat(filepath.Join(w.dir, ".git/index.lock")); err == nil { // git was at it
		_ = os.Remove(filepath.Join(w.dir, ".git/index.lock"))
	}
	r := w.run("pull", "--all", "--commit")
	all := commits()
	if cut == agents || all < agents-1 {
		t.Errorf("%d commits when it was cut off, and %d in the end, of %d\n%s", cut, all, agents, git("status", "--short"))
	}
	// The one that the kill struck may be written and not committed: it is told then.
	told := strings.Contains(r.stderr, "say already what the platform has, and are in no commit")
	if all < agents != told || told != (r.code != 0) {
		t.Errorf("%d commits of %d, and it says %s", all, agents, r)
	}
	if told {
		git("commit", "-qam", "the rest")
	}
	w.must(0, "pull", "--all", "--commit")
	w.settled()
}
