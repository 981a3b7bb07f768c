package git_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/git"
)

// A commit of edits has just these: what is staged or changed otherwise stays so,
// in the edited files as well.
func TestCommitEdits(t *testing.T) {
	c := newCheckout(t)
	ctx := context.Background()
	if _, err := c.open().CommitEdits(ctx, nil, "nothing"); !errors.Is(err, git.ErrNoCommit) {
		t.Errorf("on top of nothing: %v", err)
	}
	if dirty, err := c.open().Uncommitted(ctx, "a"); err != nil || !slices.Equal(dirty, []string{"a"}) {
		t.Errorf("uncommitted without a commit: %v, %v", dirty, err)
	}
	for _, name := range []string{"edited", "merged", "staged", "half", "run"} {
		c.write("p/"+name, "one\ntwo\n")
	}
	c.write("p/crlf", "one\r\ntwo\r\n")
	if err := os.Chmod(filepath.Join(c.dir, "p", "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	first := c.commit("one")
	c.git("config", "core.hooksPath", "hooks")
	c.write("hooks/pre-commit", "#!/bin/sh\nexit 1\n")
	c.write("hooks/reference-transaction", "#!/bin/sh\nexit 1\n")
	for _, hook := range []string{"pre-commit", "reference-transaction"} {
		if err := os.Chmod(filepath.Join(c.dir, "hooks", hook), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c.write("p/staged", "staged\n")
	c.write("p/merged", "staged\n")
	c.write("p/half", "staged\n")
	c.git("-c", "core.hooksPath=/dev/null", "add", "p/staged", "p/merged", "p/half")
	c.write("p/loose", "loose\n")

	repo, err := git.Open(ctx, filepath.Join(c.dir, "p"))
	if err != nil {
		t.Fatal(err)
	}
	dirty, err := repo.Uncommitted(ctx, "edited", "staged", "loose", "gone", "crlf")
	if err != nil || !slices.Equal(dirty, []string{"staged", "loose"}) {
		t.Errorf("uncommitted: %v, %v", dirty, err)
	}
	with := func(text string) func([]byte) ([]byte, error) {
		return func(before []byte) ([]byte, error) { return append(slices.Clip(before), text...), nil }
	}
	id, err := repo.CommitEdits(ctx, []git.Edit{
		{Path: "edited", Change: with("three\r\n")}, {Path: "crlf", Change: with("three\r\n")}, {Path: "run", Change: with("x\n")},
		{Path: "new", Change: with("new\n")}, {Path: "half", Change: with("three\n")}, {Path: "merged", Merge: true, Change: with("three\n")},
	}, "Subject\n\nBody.\n")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"HEAD:p/edited": "one\ntwo\nthree", "HEAD:p/crlf": "one\r\ntwo\r\nthree", "HEAD:p/new": "new", "HEAD:p/run": "one\ntwo\nx",
		"HEAD:p/staged": "one\ntwo", "HEAD:p/merged": "one\ntwo\nthree", "HEAD:p/half": "one\ntwo\nthree",
		":p/edited": "one\ntwo\nthree", ":p/new": "new", ":p/staged": "staged", ":p/merged": "staged\nthree", ":p/half": "staged",
	} {
		if got := c.git("cat-file", "blob", path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if got := c.git("log", "-1", "--format=%H %P %B"); got != id+" "+first+" Subject\n\nBody." {
		t.Errorf("the commit is %q", got)
	}
	if mode := c.git("ls-tree", "HEAD", "p/run"); !strings.HasPrefix(mode, "100755") {
		t.Errorf("the mode is gone: %s", mode)
	}
	if data, err := os.ReadFile(filepath.Join(c.dir, "p", "edited")); err != nil || string(data) != "one\ntwo\n" {
		t.Errorf("on disk: %q, %v", data, err)
	}
	c.write(".gitignore", "*.log\n")
	c.write("p/x.log", "log")
	if !repo.Ignored(ctx, "x.log") || repo.Ignored(ctx, "edited") {
		t.Error("what git ignores is not told")
	}
	t.Setenv("GIT_COMMITTER_NAME", "")
	t.Setenv("GIT_AUTHOR_NAME", "")
	c.git("config", "user.useConfigOnly", "true")
	if _, err := repo.CommitEdits(ctx, nil, "x"); err == nil || !strings.Contains(err.Error(), "git does not know who commits") {
		t.Errorf("nobody commits: %v", err)
	}
}
