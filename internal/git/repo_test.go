package git_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/git"
)

// checkout is a repository in a temporary folder, and what tests do in it.
type checkout struct {
	t   testing.TB
	dir string
}

// newCheckout makes a repository. The configuration of the one who runs the
// tests plays no part.
func newCheckout(t testing.TB) checkout {
	t.Helper()
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.com", "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
		"GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.com", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
	} {
		t.Setenv(name, value)
	}
	c := checkout{t, t.TempDir()}
	c.git("init", "-q", "-b", "main")
	return c
}

func (c checkout) git(args ...string) string {
	c.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", c.dir}, args...)...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		c.t.Fatalf("git %v: %v\n%s", args, err, exit.Stderr)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func (c checkout) write(name, data string) {
	c.t.Helper()
	path := filepath.Join(c.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// commit commits all that is there and gives the commit.
func (c checkout) commit(message string) string {
	c.t.Helper()
	c.git("add", "-A")
	c.git("commit", "-q", "--allow-empty", "-m", message)
	return c.git("rev-parse", "HEAD")
}

func (c checkout) open() *git.Repo {
	c.t.Helper()
	r, err := git.Open(context.Background(), c.dir)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// wantError holds an error to one line that says what, and to its hint.
func wantError(t *testing.T, err error, message, hint string) {
	t.Helper()
	var e *git.Error
	if !errors.As(err, &e) || !strings.Contains(e.Error(), message) || !strings.Contains(e.Hint(), hint) || strings.Contains(e.Error(), "\n") {
		t.Fatalf("the error is %v, want %q with the hint %q", err, message, hint)
	}
}

// TestCommit finds commits by all their names, and takes nothing for a flag.
func TestCommit(t *testing.T) {
	c := newCheckout(t)
	_, err := c.open().Commit(context.Background(), "HEAD")
	wantError(t, err, `"HEAD" names no commit`, "commit something first")
	c.write("a", "one")
	first := c.commit("one")
	c.write("a", "two")
	second := c.commit("two")
	c.git("tag", "-a", "v1", "-m", "v1", first)
	c.git("update-ref", "refs/remotes/origin/other", first)
	blob := c.git("rev-parse", "HEAD:a")
	r := c.open()
	for ref, want := range map[string]string{"HEAD": second, "main": second, "HEAD^1": first, "v1": first, first: first, first[:9]: first, "origin/other": first} {
		if got, err := r.Commit(context.Background(), ref); got != want || err != nil {
			t.Errorf("%s is %s, %v, want %s", ref, got, err, want)
		}
	}
	file := filepath.Join(c.dir, "made")
	for _, tt := range []struct{ ref, message, hint string }{
		{"", "it is empty", "give a branch"},
		{"-h", `it begins with "-"`, "give a branch"},
		{"--output=" + file, `it begins with "-"`, "give a branch"},
		{"--git-dir=/", `it begins with "-"`, "give a branch"},
		{"main\nHEAD", "control characters", "give a branch"},
		{"main\x00", "control characters", "give a branch"},
		{"nothing", `"nothing" names no commit of this repository`, "git fetch origin nothing, which makes it FETCH_HEAD"},
		{"origin/nothing", `"origin/nothing" names no commit`, "git fetch origin nothing, "},
		{"other", `"other" names no commit`, `did you mean "origin/other"?`},
		{blob, "names no commit", "fetch it first"},
		{"HEAD:a", "names no commit", "fetch it first"},
		{"main..HEAD", "names no commit", "fetch it first"},
		{strings.Repeat("0", 40), "names no commit", "fetch it first"},
		{"; touch " + file, "names no commit", "fetch it first"},
	} {
		_, err := r.Commit(context.Background(), tt.ref)
		wantError(t, err, tt.message, tt.hint)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a ref has made a file")
	}
}

// TestNoRepository tells what to do where there is no repository, or no git.
func TestNoRepository(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir))
	_, err := git.Open(context.Background(), dir)
	wantError(t, err, "is in no git repository", "--chdir")
	t.Setenv("PATH", t.TempDir())
	_, err = git.Open(context.Background(), dir)
	wantError(t, err, "git is not on the PATH", "install git")
}

// TestWhereARepositoryIs finds the project's folder in every kind of checkout:
// each tree has just the file beside it.
func TestWhereARepositoryIs(t *testing.T) {
	c := newCheckout(t)
	c.write("top", "x")
	c.write("a b/[c]/here", "x")
	c.write("a b/other", "x")
	head := c.commit("one")
	sub := filepath.Join(c.dir, "a b", "[c]")

	linked := filepath.Join(t.TempDir(), "linked")
	c.git("worktree", "add", "-q", linked, "HEAD")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(sub, link); err != nil {
		t.Fatal(err)
	}
	outer := newCheckout(t)
	outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", c.dir, "module")
	bare := newCheckout(t)
	bare.git("fetch", "-q", c.dir, "main")
	bare.git("reset", "-q", "--hard", "FETCH_HEAD")
	bare.git("config", "core.bare", "true")

	for name, dir := range map[string]string{
		"below the root": sub, "linked working tree": filepath.Join(linked, "a b", "[c]"), "by a link": link,
		"submodule": filepath.Join(outer.dir, "module", "a b", "[c]"), "core.bare": filepath.Join(bare.dir, "a b", "[c]"),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := git.Open(context.Background(), dir)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := r.Tree(context.Background(), head)
			if err != nil {
				t.Fatal(err)
			}
			defer tree.Close()
			if got := list(t, tree); got != "here" {
				t.Errorf("the tree has %q", got)
			}
		})
	}

	plain := t.TempDir()
	c.git("clone", "-q", "--bare", c.dir, filepath.Join(plain, "x.git"))
	for dir, message := range map[string]string{
		filepath.Join(plain, "x.git"): "is a bare repository, or looks like one", // its configuration is not read
		filepath.Join(c.dir, ".git"):  "is ",
	} {
		_, err := git.Open(context.Background(), dir)
		wantError(t, err, message, "--chdir")
	}
}

// TestStrangersRepository runs none of the programs that a repository's
// configuration names, and does not read a repository that a commit brought in.
func TestStrangersRepository(t *testing.T) {
	c := newCheckout(t)
	c.write("a.yaml", "x")
	c.write(".gitattributes", "* filter=evil diff=evil\n")
	first := c.commit("one")
	c.write("a.yaml", "y")
	head := c.commit("two")
	mark := filepath.Join(t.TempDir(), "mark")
	script := filepath.Join(t.TempDir(), "evil")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "filter.evil.smudge", "filter.evil.clean",
		"filter.evil.process", "diff.evil.textconv", "diff.evil.command", "diff.external", "remote.origin.uploadpack", "core.alternateRefsCommand"} {
		c.git("config", key, script)
	}
	c.git("config", "alias.ls-tree", "!"+script)
	c.git("config", "remote.origin.url", "ext::"+script)
	c.git("config", "remote.origin.promisor", "true")
	c.git("config", "protocol.ext.allow", "always")
	for _, hook := range []string{"post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"} {
		if err := os.WriteFile(filepath.Join(c.dir, ".git", "hooks", hook), []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GIT_EXTERNAL_DIFF", script)
	t.Setenv("GIT_SSH_COMMAND", script)
	t.Setenv("GIT_DIR", t.TempDir())
	t.Setenv("GIT_PAGER", script)
	t.Setenv("GIT_TRACE", mark)

	ctx := context.Background()
	r := c.open()
	if _, err := r.Fork(ctx, first, head); err != nil {
		t.Fatal(err)
	}
	_, err := r.Commit(ctx, strings.Repeat("1", 40)) // a clone with promises would fetch it
	wantError(t, err, "names no commit", "")
	tree, err := r.Tree(ctx, head)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if got := list(t, tree); got != ".gitattributes a.yaml" {
		t.Errorf("the tree has %q", got)
	}
	if got := read(t, tree, "a.yaml"); got != "y" {
		t.Errorf("a.yaml is %q", got)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a program that the repository names has run")
	}
}
