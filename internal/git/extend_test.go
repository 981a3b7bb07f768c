package git_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/git"
)

// TestExtend holds that a branch gets whole commits below the project's folder,
// and that nothing else of the repository changes.
func TestExtend(t *testing.T) {
	c := newCheckout(t)
	c.write(`odd "place"/README`, "read me\n")
	c.commit("begin")
	c.write("untracked", "x")
	repo, err := git.Open(t.Context(), filepath.Join(c.dir, `odd "place"`))
	if err != nil {
		t.Fatal(err)
	}
	state := func() string { return c.git("status", "--porcelain", "--branch") + c.git("rev-parse", "HEAD") }
	before := state()
	branch := func() *git.Branch {
		t.Helper()
		b, err := repo.Branch(t.Context(), "imported")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first := branch()
	if !first.New || first.Tip != c.git("rev-parse", "HEAD") {
		t.Fatal(first)
	}
	mad := git.Person{Name: "Mad <Name>\n", Mail: "a b<c>@x\n"}
	commits := []git.Commit{
		{Author: mad, Committer: mad, Date: time.Unix(1e9, 0), Message: "one\n\nV: 1\n", Files: []git.File{{Path: "a/x.md", Data: []byte("one\n")}, {Path: "b.md"}},
			Delete: []string{"a/x.md", "none"}},
		{Author: mad, Committer: mad, Date: time.Unix(-5, 0), Message: "two\n\nV: 2\n",
			Files: []git.File{{Path: "a/x.md", Data: []byte("two\ncommit refs/heads/main\n")}}, Delete: []string{"b.md"}},
	}
	if err := repo.Extend(t.Context(), first, commits); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ args, out string }{
		{"log --format=%s|%an|%ae|%at imported", "two|Mad Name|a bc@x|0\none|Mad Name|a bc@x|1000000000\nbegin|Test|test@example.com|1767225600"},
		{"ls-tree -r --name-only -z imported", "odd \"place\"/README\x00odd \"place\"/a/x.md\x00"},
	} {
		if got := c.git(strings.Fields(want.args)...); got != want.out {
			t.Errorf("%s: %q", want.args, got)
		}
	}
	if after := state(); after != before {
		t.Errorf("%q was %q", after, before)
	}
	second := branch()
	if got, err := repo.Trailers(t.Context(), second.Tip, "V"); second.New || err != nil || !slices.Equal(got, []string{"2", "1"}) {
		t.Error(second, got, err)
	}
	if err := repo.Extend(t.Context(), second, nil); err != nil {
		t.Error(err)
	}
	// Somebody else has moved the branch meanwhile: nothing of theirs is lost.
	if err := repo.Extend(t.Context(), &git.Branch{Name: "imported", Tip: first.Tip}, commits[1:]); err == nil {
		t.Error("commits of somebody else were dropped")
	}
	if now := branch(); now.Tip != second.Tip {
		t.Error(now)
	}
}

// TestBranchRefuses holds which names are none to extend.
func TestBranchRefuses(t *testing.T) {
	c := newCheckout(t)
	for name, want := range map[string]string{
		"": "can't be the name", "-x": "can't be the name", "a b": "can't be the name", "a..b": "can't be the name",
		"@{-1}": "can't be the name", "a\nb": "can't be the name",
		"main": "is checked out", // without a commit yet
	} {
		_, err := c.open().Branch(t.Context(), name)
		wantError(t, err, want, "")
	}
	c.commit("begin")
	c.git("worktree", "add", "-q", "-b", "elsewhere", filepath.Join(t.TempDir(), "w"))
	_, err := c.open().Branch(t.Context(), "elsewhere")
	wantError(t, err, "the branch elsewhere is checked out", "a new branch")
}
