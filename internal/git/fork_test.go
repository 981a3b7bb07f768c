package git_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/agentsync/agentsync/internal/git"
)

// TestFork finds what a pull request is compared with.
//
//	one ── two ── three          main
//	  └── feature ── more        topic; merged with three in "merge"
func TestFork(t *testing.T) {
	c := newCheckout(t)
	one := c.commit("one")
	c.git("switch", "-q", "-c", "topic")
	c.write("f", "1")
	c.commit("feature")
	c.write("f", "2")
	more := c.commit("more")
	c.git("switch", "-q", "main")
	c.write("m", "1")
	two := c.commit("two")
	c.write("m", "2")
	three := c.commit("three")
	c.git("switch", "-q", "--detach", "main")
	c.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
	merge := c.git("rev-parse", "HEAD")
	c.git("switch", "-q", "--orphan", "alone")
	alone := c.commit("alone")
	r := c.open()
	fork := func(base, head, want string) {
		t.Helper()
		if got, err := r.Fork(context.Background(), base, head); got != want || err != nil {
			t.Errorf("the fork is %.12s, %v, want %.12s", got, err, want)
		}
	}
	fork(three, more, one) // a branch that is behind main: main's own changes are not its
	fork(three, merge, three)
	fork(more, merge, more)
	fork(three, three, three)
	fork(one, three, one)
	fork(three, one, one)

	// A merge that somebody made says nothing of what it is to be compared
	// with; one that GitHub made of a pull request does.
	fork(two, merge, two)
	c.git("update-ref", "refs/remotes/pull/7/merge", merge)
	fork(two, merge, three)
	fork(one, merge, three)
	fork(more, merge, more)

	_, err := r.Fork(context.Background(), alone, three)
	wantError(t, err, "have no history in common", "HEAD comes from")

	// A shallow clone knows the parents of its commit, and no more.
	shallow := func(base string, depth string) *git.Repo {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "clone")
		for _, args := range [][]string{
			{"init", "-q", dir}, {"-C", dir, "fetch", "-q", "--depth", depth, "file://" + c.dir, "refs/remotes/pull/7/merge"},
			{"-C", dir, "checkout", "-q", "FETCH_HEAD"}, {"-C", dir, "fetch", "-q", "--depth=1", "file://" + c.dir, base},
		} {
			if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
				t.Fatalf("git %v: %v\n%s", args, err, out)
			}
		}
		r, err := git.Open(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	c.git("config", "uploadpack.allowAnySHA1InWant", "true")
	r = shallow(three, "1")
	fork(three, merge, three)
	_, err = r.Commit(context.Background(), two)
	wantError(t, err, "names no commit", "fetch-depth: 0")
	r = shallow(two, "1")
	_, err = r.Fork(context.Background(), two, merge)
	wantError(t, err, "left the history of", "fetch-depth: 0")
	r = shallow(three, "2")
	if got, err := r.Commit(context.Background(), "HEAD^1"); got != three || err != nil {
		t.Errorf("HEAD^1 is %s, %v", got, err)
	}
	fork(three, merge, three)
}
