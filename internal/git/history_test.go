package git_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/git"
)

// clone makes a clone with as much history as depth says, by git's own flags.
func (c checkout) clone(flags ...string) checkout {
	c.t.Helper()
	dir := filepath.Join(c.t.TempDir(), "clone")
	args := append([]string{"clone", "-q", "file://" + c.dir, dir}, flags...)
	if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		c.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return checkout{c.t, dir}
}

// TestIsAncestor asks for commits before, beside and after HEAD.
//
//	one ── two ── three ── four   main; HEAD is three
//	  └── beside                  topic
func TestIsAncestor(t *testing.T) {
	c := newCheckout(t)
	one := c.commit("one")
	c.git("switch", "-q", "-c", "topic")
	beside := c.commit("beside")
	c.git("switch", "-q", "main")
	c.write("a", "text")
	two := c.commit("two")
	three := c.commit("three")
	four := c.commit("four")
	c.git("switch", "-q", "--detach", three)
	c.git("tag", beside[:12], one) // a name that looks like another commit
	c.git("tag", one[:12], beside)
	c.git("tag", "ffffffffffff", one)
	blob := c.git("rev-parse", two+":a")

	ask := func(c checkout, commit string, want git.Answer) {
		t.Helper()
		if got := c.open().IsAncestor(context.Background(), commit); got != want {
			t.Errorf("IsAncestor of %s is %d, want %d", commit, got, want)
		}
	}
	for commit, want := range map[string]git.Answer{
		one[:12]: git.Yes, two[:12]: git.Yes, three[:12]: git.Yes, one: git.Yes,
		beside[:12]: git.No, four[:12]: git.No,
		"000000000000": git.Unknown, "ffffffffffff": git.Unknown, blob[:12]: git.Unknown,
		"": git.Unknown, one[:11]: git.Unknown, "HEAD": git.Unknown, "main": git.Unknown, "--help": git.Unknown,
		strings.ToUpper(one[:12]): git.Unknown, one[:12] + "\n": git.Unknown, one[:12] + "^": git.Unknown,
	} {
		ask(c, commit, want)
	}

	// A shallow clone knows what it has, and nothing of what comes before that.
	c.git("switch", "-q", "main")
	shallow := c.clone("--depth=2")
	ask(shallow, four[:12], git.Yes)
	ask(shallow, three[:12], git.Yes)
	ask(shallow, one[:12], git.Unknown)
	c.git("config", "uploadpack.allowAnySHA1InWant", "true")
	shallow.git("fetch", "-q", "--depth=1", "origin", one, beside)
	ask(shallow, one[:12], git.Unknown) // it is there, and what leads to it is not
	ask(shallow, beside[:12], git.Unknown)
	shallow.git("fetch", "-q", "--unshallow")
	ask(shallow, one[:12], git.Yes)
	ask(shallow, beside[:12], git.No)
	ask(c.clone("--filter=blob:none"), one[:12], git.Yes)

	r := c.open()
	if id, ok := r.Find(context.Background(), beside[:12]); id != beside || !ok {
		t.Errorf("%.12s is %s, %v", beside, id, ok)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if got := r.IsAncestor(cancelled, one); got != git.Unknown {
		t.Errorf("a cancelled question is answered with %d", got)
	}
	t.Setenv("PATH", t.TempDir())
	if got := r.IsAncestor(context.Background(), one); got != git.Unknown {
		t.Errorf("without git, the answer is %d", got)
	}
}

// TestHead compares files of a project in a folder with the commit's.
func TestHead(t *testing.T) {
	c := newCheckout(t)
	if _, err := c.open().Head(context.Background()); !errors.Is(err, git.ErrNoCommit) {
		t.Errorf("the head of an empty repository: %v", err)
	}
	for _, name := range []string{"same.md", "changed.md", "staged.md", "gone.md", "lines.md", "mode.md", "filtered.md", "folder.md"} {
		c.write("p/"+name, "one\ntwo\n")
	}
	c.write("secret.md", "outside of the project")
	link := func(name, target string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(c.dir, "p", name)); err != nil {
			t.Skip(err)
		}
	}
	link("link.md", "same.md")
	link("moved.md", "same.md")
	link("broken.md", "changed.md")
	link("out.md", "../secret.md")
	head := c.commit("one")

	// What a filter of the repository would hide or run has no say.
	mark := filepath.Join(t.TempDir(), "mark")
	c.write(".git/info/attributes", "*.md filter=evil\n")
	c.git("config", "filter.evil.clean", "touch "+mark+"; cat")
	c.write("p/changed.md", "three\n")
	c.write("p/staged.md", "three\n")
	c.git("-c", "filter.evil.clean=cat", "add", "p/staged.md")
	c.write("p/new.md", "new")
	c.write("p/lines.md", "one\r\ntwo\r\n")
	for _, name := range []string{"gone.md", "moved.md", "folder.md"} {
		if err := os.Remove(filepath.Join(c.dir, "p", name)); err != nil {
			t.Fatal(err)
		}
	}
	link("moved.md", "lines.md")
	c.write("p/folder.md/file", "x")
	if err := os.Chmod(filepath.Join(c.dir, "p", "mode.md"), 0o755); err != nil {
		t.Fatal(err)
	}
	c.dir = filepath.Join(c.dir, "p")
	r := c.open()
	for name, dirty := range map[string]bool{
		"same.md": false, "link.md": false, "moved.md": false, "lines.md": false, "mode.md": false, "filtered.md": false, "nowhere.md": false,
		"changed.md": true, "broken.md": true, "staged.md": true, "new.md": true, "gone.md": true, "folder.md": true,
		"out.md": true, "../secret.md": true,
	} {
		got, err := r.Head(context.Background(), "same.md", name)
		if err != nil || got != (git.Head{Commit: head, Dirty: dirty}) || got.Short() != head[:12] {
			t.Errorf("%s: %+v, %v, want dirty %v", name, got, err, dirty)
		}
	}
	if got, err := r.Head(context.Background()); err != nil || got.Dirty {
		t.Errorf("asked about no file: %+v, %v", got, err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a filter has run")
	}
}

// TestKindsOfErrors tells apart why git can't be asked.
func TestKindsOfErrors(t *testing.T) {
	c := newCheckout(t)
	c.commit("one")
	program, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	open := func(dir string) error {
		_, err := git.Open(context.Background(), dir)
		return err
	}
	outside, broken := t.TempDir(), t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(outside))
	if err := open(outside); !errors.Is(err, git.ErrNoRepository) {
		t.Errorf("outside of a repository: %v", err)
	}
	if err := os.WriteFile(filepath.Join(broken, ".git"), []byte("gitdir: nowhere\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	err = open(broken)
	wantError(t, err, "is in no git repository", "--chdir")
	if errors.Is(err, git.ErrNoRepository) {
		t.Error("a broken checkout passes for a folder outside of git")
	}

	// Git itself refuses; this variable is what its own tests set.
	bin := t.TempDir()
	script := "#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec '" + program + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	err = open(c.dir)
	wantError(t, err, "another user owns it", "safe.directory")
	if !errors.Is(err, git.ErrUntrusted) {
		t.Errorf("a stranger's repository: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := open(c.dir); !errors.Is(err, git.ErrNoGit) {
		t.Errorf("without git: %v", err)
	}
}

// TestFirstParents lists what changed a folder on a branch: not what the commits
// of merged branches did one by one, and nothing beside the folder.
func TestFirstParents(t *testing.T) {
	c := newCheckout(t)
	c.write("voice/a", "1")
	one := c.commit("one")
	c.git("switch", "-q", "-c", "topic")
	c.write("voice/a", "2")
	c.commit("topic")
	c.write("beside", "2")
	c.commit("beside")
	c.git("switch", "-q", "main")
	c.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
	merge := c.git("rev-parse", "HEAD")
	c.write("beside", "3")
	last := c.commit("last")
	for dir, want := range map[string][]string{"": {last, merge, one}, "voice": {merge, one}} {
		r, err := git.Open(context.Background(), filepath.Join(c.dir, dir))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.FirstParents(context.Background(), last, 10); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", dir, got, want)
		}
		if got := r.FirstParents(context.Background(), last, 1); !slices.Equal(got, want[:1]) {
			t.Errorf("%q: %v, want %v alone", dir, got, want[0])
		}
		if got := r.FirstParents(context.Background(), strings.Repeat("1", 40), 1); len(got) != 0 {
			t.Errorf("%q: %v of no commit", dir, got)
		}
	}
}
