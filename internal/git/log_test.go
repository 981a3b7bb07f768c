package git_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/git"
)

// A commit is described by its digits alone: a tag of that name is not asked.
func TestDescribe(t *testing.T) {
	c := newCheckout(t)
	t.Setenv("GIT_AUTHOR_NAME", "Asha Rao")
	t.Setenv("GIT_COMMITTER_DATE", "2026-02-03T04:05:06Z")
	one := c.commit("Ask for the budget\n\nIn rupees.")
	c.write("a", "text")
	two := c.commit("विषय")
	c.git("tag", two[:12], one)
	blob := c.git("rev-parse", "HEAD:a")
	got, err := c.open().Describe(context.Background(), []string{one[:12], two[:12], blob[:12], "ffffffffffff", "HEAD", "a\nb"})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	if want := (git.CommitInfo{ID: one, Subject: "Ask for the budget", Author: "Asha Rao", At: at}); got[one[:12]] != want {
		t.Errorf("%+v, want %+v", got[one[:12]], want)
	}
	if info, there := got[two[:12]]; there { // the tag hides it: no answer is better than a wrong one
		t.Errorf("a tag answers for it: %+v", info)
	}
	if len(got) != 1 {
		t.Errorf("%d commits: %v", len(got), got)
	}
}

// The revisions of a file are those of HEAD's own line, newest first.
func TestFileHistory(t *testing.T) {
	c := newCheckout(t)
	day := func(n int) { t.Setenv("GIT_COMMITTER_DATE", fmt.Sprintf("2026-01-%02dT00:00:00Z", n)) }
	commit := func(n int, file, data string) string {
		day(n)
		c.write(file, data)
		return c.commit(data)
	}
	commit(1, "lock", "one")
	commit(2, "other", "x")
	c.git("switch", "-q", "-c", "topic")
	commit(3, "lock", "two, on the branch")
	commit(4, "lock", "three, on the branch")
	c.git("switch", "-q", "main")
	commit(5, "other", "y")
	day(6)
	c.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
	commit(7, "sub/lock", "below")
	day(8)
	c.git("rm", "-q", "lock")
	c.commit("gone")
	commit(9, "lock", "back again")

	read := func(r *git.Repo, name string, since time.Time, most int) string {
		t.Helper()
		var out []string
		if err := r.FileHistory(context.Background(), name, since, 10, func(rev git.Revision) bool {
			out = append(out, fmt.Sprintf("%d %s", rev.At.Day(), rev.Data))
			return len(out) < most
		}); err != nil {
			t.Fatal(err)
		}
		return strings.Join(out, ", ")
	}
	r := c.open()
	for _, tt := range []struct {
		since time.Time
		most  int
		want  string
	}{
		{time.Time{}, 9, "9 back again, 8 , 6 three, on , 1 one"},
		{time.Time{}, 2, "9 back again, 8 "},
		{time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), 9, "9 back again, 8 , 6 three, on "},
	} {
		if got := read(r, "lock", tt.since, tt.most); got != tt.want {
			t.Errorf("since %v: %s, want %s", tt.since, got, tt.want)
		}
	}
	if got := read(r, "none", time.Time{}, 9); got != "" {
		t.Errorf("a file that never was has %s", got)
	}
	below, err := git.Open(context.Background(), c.dir+"/sub")
	if err != nil {
		t.Fatal(err)
	}
	if got := read(below, "lock", time.Time{}, 9); got != "7 below" {
		t.Errorf("in a folder below: %s", got)
	}
}
