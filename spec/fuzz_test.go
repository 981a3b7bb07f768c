package spec_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/agentsync/agentsync/spec"
)

// FuzzLoad feeds the loader a manifest, an agentsync.yaml and a prompt file of
// any bytes: it never panics, is never slow, says the same every time, and
// what it says is fit for a terminal.
func FuzzLoad(f *testing.F) {
	stories, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, story := range stories {
		archive, err := txtar.ParseFile(story)
		if err != nil {
			f.Fatal(err)
		}
		var project, prompt []byte
		for _, file := range archive.Files {
			switch {
			case file.Name == "agentsync.yaml":
				project = file.Data
			case filepath.Ext(file.Name) == ".md":
				prompt = file.Data
			}
		}
		for _, file := range archive.Files {
			if filepath.Ext(file.Name) == ".yaml" {
				f.Add(file.Data, project, prompt)
			}
		}
	}
	dir := f.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "prompts"), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, manifest, project, prompt []byte) {
		put(t, dir, "a.yaml", manifest)
		put(t, dir, "agentsync.yaml", project)
		put(t, dir, "prompts/a.md", prompt)
		start := time.Now()
		got, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
		wellWorded(t, problems)
		if (got == nil) != (len(problems.Errors()) > 0) {
			t.Errorf("project %v with problems %v", got, problems)
		}
		again, second := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
		if diff := cmp.Diff(problems, second); diff != "" || describe(got, nil) != describe(again, nil) {
			t.Errorf("a second load differs: %s", diff)
		}
	})
}

// put writes a file, or takes it away when data is empty.
func put(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	if len(data) == 0 {
		os.Remove(path)
		return
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
