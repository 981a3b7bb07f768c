package git_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/spec"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

func (c checkout) tree(commit string) *git.Tree {
	c.t.Helper()
	tree, err := c.open().Tree(context.Background(), commit)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(tree.Close)
	return tree
}

// list gives the names of all files and links.
func list(t testing.TB, fsys fs.FS) string {
	t.Helper()
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func read(t testing.TB, fsys fs.FS, name string) string {
	t.Helper()
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestTree holds a tree to the rules of fs.FS.
func TestTree(t *testing.T) {
	c := newCheckout(t)
	c.write("a.yaml", "one")
	c.write("b/c/d.md", "two\x00three\n")
	c.write("b/empty", "")
	c.write("b/नमस्ते.md", "four")
	first := c.commit("one")
	c.write("a.yaml", "changed")
	c.write("new", "x")
	second := c.commit("two")
	if err := fstest.TestFS(c.tree(first), "a.yaml", "b/c/d.md", "b/empty", "b/नमस्ते.md"); err != nil {
		t.Error(err)
	}
	c.write("a.yaml", "not committed")
	if got := read(t, c.tree(second), "a.yaml"); got != "changed" {
		t.Errorf("a.yaml is %q", got)
	}
}

// TestLinks leads links where os.Root does, and nowhere else.
func TestLinks(t *testing.T) {
	c := newCheckout(t)
	c.write("secret.md", "outside of the project")
	c.write("p/a/b/file.md", "text")
	c.write("p/plain", "text")
	links := map[string]string{
		"p/file": "a/b/file.md", "p/a/up": "../a/b/file.md", "p/folder": "a/b", "p/a/b/back": "../..", "p/dot": "./a//b/./file.md",
		"p/passwd": "/etc/passwd", "p/out": "../secret.md", "p/a/far": "../../../../etc/passwd", "p/round": "a/../../p/plain",
		"p/gone": "nowhere", "p/loop": "loop", "p/below": "plain/x", "p/slash": "plain/", "p/self": ".",
	}
	for i := range 10 {
		links[fmt.Sprintf("p/chain%d", i)] = fmt.Sprintf("chain%d", i+1)
	}
	links["p/chain10"] = "plain"
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(c.dir, name)); err != nil {
			t.Skip(err)
		}
	}
	head := c.commit("links")
	root, err := os.OpenRoot(filepath.Join(c.dir, "p"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	c.dir = filepath.Join(c.dir, "p")
	tree := c.tree(head)
	names := []string{"file/x", "folder/file.md", "a/b/back/plain", "self/self/plain", "passwd/x", "nothing", "folder/nothing", "plain/x", "."}
	for name := range links {
		names = append(names, strings.TrimPrefix(name, "p/"))
	}
	for _, name := range names {
		want, wantErr := fs.Stat(root.FS(), name)
		got, err := fs.Stat(tree, name)
		if reasonOf(wantErr) != reasonOf(err) {
			t.Errorf("%s: %v, and os.Root says %v", name, err, wantErr)
		} else if err == nil && got.IsDir() != want.IsDir() {
			t.Errorf("%s: folder %v, and os.Root says %v", name, got.IsDir(), want.IsDir())
		}
		_, lstatErr := fs.Lstat(tree, name)
		if err, lerr := tree.Check(name, true), tree.Check(name, false); reasonOf(err) != reasonOf(wantErr) || reasonOf(lerr) != reasonOf(lstatErr) {
			t.Errorf("%s: Check says %v and %v, Stat %v, Lstat %v", name, err, lerr, wantErr, lstatErr)
		}
	}
}

// TestRandomLinks leads random paths through random links, where os.Root leads
// them.
func TestRandomLinks(t *testing.T) {
	c := newCheckout(t)
	random := rand.New(rand.NewPCG(1, 2))
	path := func(most int) string {
		parts := make([]string, 1+random.IntN(most))
		for i := range parts {
			parts[i] = []string{"a", "b", "c", "d", "..", "."}[random.IntN(6)]
		}
		return strings.Join(parts, "/")
	}
	for range 40 {
		c.write(strings.ReplaceAll(path(1), ".", "e")+"/"+[]string{"a", "b", "c"}[random.IntN(3)]+"/d", "x")
	}
	for range 200 {
		name := filepath.Join(c.dir, path(4))
		if rel, err := filepath.Rel(c.dir, name); err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if err := os.Symlink(strings.Repeat("../", random.IntN(3))+path(4), name); err != nil && !errors.Is(err, fs.ErrExist) && !strings.Contains(err.Error(), "no such") && !strings.Contains(err.Error(), "not a dir") && !strings.Contains(err.Error(), "too many") {
			t.Skip(err)
		}
	}
	root, err := os.OpenRoot(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	tree := c.tree(c.commit("links"))
	reasons := map[string]int{}
	for range 3000 {
		name := strings.TrimPrefix(filepath.Join("/", path(6)), "/")
		if name == "" {
			continue
		}
		want, wantErr := fs.Stat(root.FS(), name)
		got, err := fs.Stat(tree, name)
		reasons[reasonOf(wantErr)]++
		if reasonOf(wantErr) != reasonOf(err) {
			t.Errorf("%s: %v, and os.Root says %v", name, err, wantErr)
		} else if err == nil && got.IsDir() != want.IsDir() {
			t.Errorf("%s: folder %v, and os.Root says %v", name, got.IsDir(), want.IsDir())
		}
	}
	if len(reasons) < 5 {
		t.Errorf("the paths end in few ways: %v", reasons)
	}
}

// reasonOf is what kind of error the loader would speak of.
func reasonOf(err error) string {
	for _, kind := range []string{"escapes", "not a directory", "too many", "no such file", "not exist"} {
		if err != nil && strings.Contains(err.Error(), kind) {
			return strings.Replace(kind, "no such file", "not exist", 1)
		}
	}
	return fmt.Sprint(err)
}

// TestSameAsOnDisk loads the projects of spec's stories (the quick tests those of
// a third of them) from a commit: they say what they say on disk.
func TestSameAsOnDisk(t *testing.T) {
	stories, err := filepath.Glob("../../spec/testdata/*/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatal("no stories", err)
	}
	for _, n := range exhaustive.Of(len(stories), 3, "stories") {
		story := stories[n-1]
		t.Run(strings.TrimSuffix(filepath.Base(story), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(story)
			if err != nil {
				t.Fatal(err)
			}
			c := newCheckout(t)
			for _, f := range archive.Files {
				c.write("sub/"+f.Name, string(f.Data))
			}
			opt := spec.LoadOptions{Dir: filepath.Join(c.dir, "sub")}
			for _, line := range strings.Split(string(archive.Comment), "\n") {
				word, rest, _ := strings.Cut(line, ": ")
				switch name, target, _ := strings.Cut(rest, " "); word {
				case "env":
					opt.Env = rest
				case "link":
					path := filepath.Join(c.dir, "sub", name)
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.Symlink(target, path); err != nil {
						t.Skip(err)
					}
				}
			}
			head := c.commit("all")
			c.dir = opt.Dir
			tree, cache := c.tree(head), &spec.Cache{}
			opt.Cache = cache
			project, problems := spec.Load(context.Background(), opt)
			opt.FS = tree
			for how, with := range map[string]*spec.Cache{"git": nil, "cached": cache} {
				opt.Cache = with
				fromGit, problemsFromGit := spec.Load(context.Background(), opt)
				if d := cmp.Diff(problems, problemsFromGit); d != "" {
					t.Errorf("problems, -disk +%s:\n%s", how, d)
				}
				if d := cmp.Diff(project, fromGit); d != "" {
					t.Errorf("project, -disk +%s:\n%s", how, d)
				}
			}
		})
	}
}

// TestHostileTrees reads what git itself would not write.
func TestHostileTrees(t *testing.T) {
	c := newCheckout(t)
	c.write("big.bin", "apiVersion: agentsync/v1\n"+strings.Repeat("x", 5<<20))
	c.write("two.yaml", "apiVersion: agentsync/v1\n"+strings.Repeat("x", 2<<20))
	c.write("a.yaml", "ok")
	head := c.commit("sizes")
	tree := c.tree(head)
	if info, err := fs.Stat(tree, "two.yaml"); err != nil || info.Size() != 2<<20+25 {
		t.Errorf("two.yaml: %v, %v", info, err)
	}
	if got := read(t, tree, "big.bin"); len(got) != 4<<20 || !strings.HasPrefix(got, "apiVersion") {
		t.Errorf("%d bytes of big.bin", len(got))
	}
	_, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: c.dir, FS: tree, Past: true})
	if got := problems.Error(); got != "two.yaml:1:1: the manifest is larger than 1 MiB\n  hint: spread the manifests over several files, and put long prompts into files of their own" {
		t.Errorf("got %s", got)
	}

	// A forged tree: names that lead out, a link whose target is 1 MiB, a
	// submodule, a file and a folder of one name.
	blob := c.hash("blob", []byte("stranger"))
	link := c.hash("blob", bytes.Repeat([]byte("l"), 1<<20))
	inner := c.hash("tree", c.entry("100644", "f", blob))
	var raw []byte
	for _, e := range [][]byte{
		c.entry("100644", "..", blob), c.entry("40000", "...", inner), c.entry("40000", ".git", inner), c.entry("120000", "long", link),
		c.entry("160000", "module", head), c.entry("100644", "twice", blob), c.entry("40000", "twice", inner), c.entry("100755", "x\ny", blob),
	} {
		raw = append(raw, e...)
	}
	forged := c.git("commit-tree", "-m", "forged", c.hash("tree", raw))
	tree = c.tree(forged)
	if got, want := list(t, tree), ".../f .git/f long twice x\ny"; got != want {
		t.Errorf("the tree has %q, want %q", got, want)
	}
	if _, err := fs.Stat(tree, "long"); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a link with an endless target: %v", err)
	}
}

func (c checkout) entry(mode, name, id string) []byte {
	raw := make([]byte, len(id)/2)
	if _, err := fmt.Sscanf(id, "%x", &raw); err != nil {
		c.t.Fatal(err)
	}
	return append([]byte(mode+" "+name+"\x00"), raw...)
}

// hash writes an object as it is, whatever git thinks of it.
func (c checkout) hash(kind string, data []byte) string {
	c.t.Helper()
	cmd := exec.Command("git", "-C", c.dir, "hash-object", "-w", "--literally", "-t", kind, "--stdin")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestManyFiles reads a commit of thousands of files.
func TestManyFiles(t *testing.T) {
	c := newCheckout(t)
	var in strings.Builder
	blob := c.hash("blob", []byte("x"))
	for i := range 20_000 {
		fmt.Fprintf(&in, "100644 blob %s\tf%05d.yaml\n", blob, i)
	}
	cmd := exec.Command("git", "-C", c.dir, "mktree")
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	tree := c.tree(c.git("commit-tree", "-m", "many", strings.TrimSpace(string(out))))
	if n := len(strings.Fields(list(t, tree))); n != 20_000 {
		t.Errorf("%d files", n)
	}
}

// TestEnded tells what a missing object, a cancelled context and a closed tree
// do to a reader: an error, never a file that is cut off.
func TestEnded(t *testing.T) {
	c := newCheckout(t)
	c.write("a", "one")
	c.write("b", "two")
	c.write("c", "three")
	head := c.commit("one")
	id := c.git("rev-parse", "HEAD:b")
	ctx, cancel := context.WithCancel(context.Background())
	tree, err := c.open().Tree(ctx, head)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if got := read(t, tree, "a"); got != "one" || tree.Err() != nil {
		t.Error(got, tree.Err())
	}
	path := filepath.Join(c.dir, ".git", "objects", id[:2], id[2:])
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(tree, "b"); err == nil || !strings.Contains(err.Error(), "not in this clone") {
		t.Errorf("a missing object: %v", err)
	}
	if _, err := fs.ReadFile(tree, "c"); err == nil {
		t.Error("a tree that lacks a file is read on")
	}
	wantError(t, tree.Err(), "not in this clone", "without a filter")
	cancel()
	if _, err := fs.ReadFile(tree, "a"); err == nil {
		t.Error("a cancelled read ends well")
	}
	if _, err := c.open().Tree(ctx, head); err == nil {
		t.Error("a cancelled tree ends well")
	}
	closed := c.tree(head)
	closed.Close()
	if _, err := fs.ReadFile(closed, "a"); err == nil {
		t.Error("a closed tree is read")
	}
}
