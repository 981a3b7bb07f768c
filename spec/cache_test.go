package spec_test

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/agentsync/agentsync/spec"
	"github.com/google/go-cmp/cmp"
)

// commitFS is a folder that knows its files' ids, as a commit does, and what
// was opened.
type commitFS struct {
	fs.FS
	mu     *sync.Mutex
	opened *[]string
}

func newCommitFS(dir string) commitFS {
	return commitFS{os.DirFS(dir), &sync.Mutex{}, &[]string{}}
}

func (c commitFS) BlobID(name string) (string, bool) {
	data, err := fs.ReadFile(c.FS, name)
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(data), data))), err == nil
}

func (c commitFS) Open(name string) (fs.File, error) {
	if info, err := fs.Stat(c.FS, name); err == nil && info.Mode().IsRegular() {
		c.mu.Lock()
		*c.opened = append(*c.opened, name)
		c.mu.Unlock()
	}
	return c.FS.Open(name)
}

func (c commitFS) Stat(name string) (fs.FileInfo, error)  { return fs.Stat(c.FS, name) }
func (c commitFS) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(c.FS, name) }
func (c commitFS) ReadLink(name string) (string, error)   { return fs.ReadLink(c.FS, name) }

// TestCache loads a project, and then it as a commit has it: with the cache the
// second load is as it would be without one, and opens only what may differ.
func TestCache(t *testing.T) {
	files := map[string]string{
		"agentsync.yaml": "apiVersion: agentsync/v1\nkind: Project\nspec: {environments: {default: {overrides: [{agents: [\"*\"], spec: {config: {notes: {file: notes.md}}}}]}}}\n",
		"base.yaml":      "apiVersion: agentsync/v1\nkind: Base\nmetadata: {name: common}\nspec: {config: {guidelines: [Be kind]}}\n",
		"a.yaml":         fmt.Sprintf(head, "a") + "spec:\n  extends: [common]\n  agent: {agent_name: A}\n  config: {system_prompt: {file: [a.md, b.md]}}\n",
		"b.yaml":         fmt.Sprintf(head, "b") + "spec:\n  extends: [common]\n  agent: {agent_name: B}\n  config: {system_prompt: {file: b.md}}\n",
		"warned.yaml":    fmt.Sprintf(head, "w") + "spec:\n  agent: {agent_name: W}\n---\nkind: Agent\nmetadata: {name: x}\nspec: {}\n",
		"other.yaml":     "name: CI\n",
		"a.md":           "Hello.\n",
		"b.md":           "Goodbye.\n",
		"notes.md":       "Notes.\n",
	}
	// A load always reads agentsync.yaml with its prompts, and what there is
	// something to say of (warned.yaml).
	for _, tt := range []struct{ name, file, data, opened string }{
		{"nothing", "", "", "agentsync.yaml notes.md warned.yaml"},
		{"a manifest", "b.yaml", fmt.Sprintf(head, "b") + "spec: {agent: {agent_name: C}}\n", "agentsync.yaml b.yaml notes.md warned.yaml"},
		{"a prompt of one", "a.md", "Hi.\n", "a.md a.yaml agentsync.yaml b.md notes.md warned.yaml"},
		{"a prompt of two", "b.md", "Bye.\n", "a.md a.yaml agentsync.yaml b.md b.yaml notes.md warned.yaml"},
		{"a base", "base.yaml", "apiVersion: agentsync/v1\nkind: Base\nmetadata: {name: common}\nspec: {config: {guidelines: [Be brief]}}\n", "agentsync.yaml base.yaml notes.md warned.yaml"},
		{"an override's prompt", "notes.md", "Other notes.\n", "agentsync.yaml notes.md warned.yaml"},
		{"a broken prompt", "a.md", "", "a.md a.yaml agentsync.yaml b.md notes.md warned.yaml"},
		{"a broken manifest", "b.yaml", "apiVersion: agentsync/v1\nkind: Agent\n", "agentsync.yaml b.yaml notes.md warned.yaml"},
		{"a new manifest", "c.yaml", fmt.Sprintf(head, "c") + "spec: {agent: {agent_name: C}}\n", "agentsync.yaml c.yaml notes.md warned.yaml"},
		{"patterns", "agentsync.yaml", "apiVersion: agentsync/v1\nkind: Project\nspec: {manifests: [\"*.yaml\"]}\n", "a.md a.yaml agentsync.yaml b.md b.yaml base.yaml other.yaml warned.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after := t.TempDir(), t.TempDir()
			for name, data := range files {
				write(t, before, name, data)
				write(t, after, name, data)
			}
			if tt.file != "" {
				write(t, after, tt.file, tt.data)
			}
			cache := &spec.Cache{}
			if project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: before, Cache: cache}); project == nil {
				t.Fatal(problems)
			}
			want, wantProblems := spec.Load(context.Background(), spec.LoadOptions{Dir: before, FS: os.DirFS(after)})
			fsys := newCommitFS(after)
			got, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: before, FS: fsys, Cache: cache})
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("-without +with the cache:\n%s", d)
			}
			if d := cmp.Diff(wantProblems, problems); d != "" {
				t.Errorf("-without +with the cache:\n%s", d)
			}
			slices.Sort(*fsys.opened)
			if d := cmp.Diff(strings.Fields(tt.opened), *fsys.opened); d != "" {
				t.Errorf("opened, -want +got:\n%s", d)
			}
		})
	}
}

// TestCacheKeepsItsAgents holds that loads which share documents don't change
// each other's agents.
func TestCacheKeepsItsAgents(t *testing.T) {
	stories, err := filepath.Glob("testdata/good/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatal("no stories", err)
	}
	for _, story := range stories {
		dir := t.TempDir()
		env := unpack(t, story, dir)
		cache := &spec.Cache{}
		first, _ := spec.Load(context.Background(), spec.LoadOptions{Dir: dir, Env: env, Cache: cache})
		alone, _ := spec.Load(context.Background(), spec.LoadOptions{Dir: dir, Env: env})
		second, _ := spec.Load(context.Background(), spec.LoadOptions{Dir: dir, Env: env, FS: newCommitFS(dir), Cache: cache})
		if d := cmp.Diff(alone, first); d != "" {
			t.Errorf("%s: the first load, -alone +shared:\n%s", story, d)
		}
		if d := cmp.Diff(alone, second); d != "" {
			t.Errorf("%s: the second load, -alone +shared:\n%s", story, d)
		}
	}
}
