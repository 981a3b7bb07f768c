package elsewhere

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/schema"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestHooks runs what the hooks of pre-commit run, in a project that is in order
// and in one that is not.
func TestHooks(t *testing.T) {
	var hooks []struct {
		ID, Entry, Language string
		PassFilenames       *bool `yaml:"pass_filenames"`
	}
	if err := yaml.Unmarshal(read(t, "../../.pre-commit-hooks.yaml"), &hooks); err != nil || len(hooks) != 2 {
		t.Fatalf("want two hooks, got %+v, %v", hooks, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/quickstart")); err != nil {
		t.Fatal(err)
	}
	run := func(entry string) error {
		cmd := exec.Command(self, strings.Fields(entry)[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "IS_AGENTSYNC=1")
		return cmd.Run()
	}
	for _, hook := range hooks {
		if hook.Language != "golang" || hook.PassFilenames == nil || *hook.PassFilenames || !strings.HasPrefix(hook.Entry, "agentsync ") {
			t.Errorf("want a hook of Go that takes no names, got %+v", hook)
		}
		if err := run(hook.Entry); err != nil {
			t.Errorf("%s in a project that is in order: %v", hook.ID, err)
		}
	}
	manifest := filepath.Join(dir, "agents", "outbound-sales.yaml")
	for id, broken := range map[string]string{
		"agentsync-validate": strings.Replace(string(read(t, manifest)), "temperature:", "temprature:", 1),
		"agentsync-fmt":      strings.Replace(string(read(t, manifest)), "apiVersion: agentsync/v1\nkind: Agent\n", "kind: Agent\napiVersion: agentsync/v1\n", 1),
	} {
		if err := os.WriteFile(manifest, []byte(broken), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, hook := range hooks {
			if hook.ID == id && run(hook.Entry) == nil {
				t.Errorf("%s finds nothing in\n%s", id, broken)
			}
		}
	}
}

// TestSchemaStore holds the entries to the schemas that .ci/docs publishes.
func TestSchemaStore(t *testing.T) {
	var entries []struct{ Name, Description, URL string }
	if err := json.Unmarshal(read(t, "../../schema/schemastore.json"), &entries); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(read(t, "../../.ci/docs")), "cp ../schema/*.schema.json .vitepress/dist/schema/v1/") {
		t.Error(".ci/docs does not publish the schemas")
	}
	for _, kind := range schema.Kinds() {
		found := false
		for _, entry := range entries {
			found = found || entry.URL == "https://agentsync.github.io/agentsync/schema/v1/"+kind+".schema.json" && entry.Name != "" && entry.Description != ""
		}
		if !found {
			t.Errorf("no entry has the schema of %s: %+v", kind, entries)
		}
	}
}

// TestDevContainer holds its Go to that of go.mod.
func TestDevContainer(t *testing.T) {
	var container struct {
		Features map[string]struct{ Version string }
	}
	if err := json.Unmarshal(read(t, "../../.devcontainer/devcontainer.json"), &container); err != nil {
		t.Fatal(err)
	}
	version := container.Features["ghcr.io/devcontainers/features/go:1"].Version
	if version == "" || !strings.Contains(string(read(t, "../../go.mod")), "\ngo "+version+".") {
		t.Errorf("the container has Go %q, go.mod another", version)
	}
}
