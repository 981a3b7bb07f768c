package spec_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/agentsync/agentsync/spec"
)

const readsAgent = `apiVersion: agentsync/v1
kind: Agent
metadata: {name: a}
spec:
  agent: {agent_name: A}
  config: {system_prompt: {file: [prompts/a.md, prompts/end.txt]}}
`

// Only a file that is read can change what the project says.
func TestReads(t *testing.T) {
	files := func(settings string) fstest.MapFS {
		out := fstest.MapFS{}
		for name, text := range map[string]string{"agents/a.yaml": readsAgent, "prompts/a.md": "A", "prompts/end.txt": "B",
			"agentsync.yaml": "apiVersion: agentsync/v1\nkind: Project\nspec: " + settings} {
			out[name] = &fstest.MapFile{Data: []byte(text)}
		}
		return out
	}
	linked := files("{}")
	linked["prompts"] = &fstest.MapFile{Data: []byte("texts"), Mode: 0o777 | 1<<27} // fs.ModeSymlink
	linked["texts/a.md"], linked["texts/end.txt"] = linked["prompts/a.md"], linked["prompts/end.txt"]
	delete(linked, "prompts/a.md")
	delete(linked, "prompts/end.txt")
	all := []string{"agentsync.yaml", "agents/a.yaml", "agents/new.yml", "other/new.yaml", "agents/.hidden.yaml", ".github/workflows/a.yml",
		"agents/node_modules/a.yaml", "prompts/a.md", "prompts/end.txt", "prompts/unused.md", "README.md", "agentsync.lock.yaml"}
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  []bool
	}{
		"by default":    {files("{}"), []bool{true, true, true, true, true, false, false, true, true, false, false, false}},
		"with patterns": {files(`{manifests: ["agents/*.yaml"]}`), []bool{true, true, false, false, true, false, false, true, true, false, false, false}},
		"with a link":   {linked, []bool{true, true, true, true, true, true, true, true, true, true, true, false}},
	} {
		project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: ".", FS: c.files})
		if project == nil {
			t.Fatalf("%s: %v", name, problems)
		}
		for i, file := range all {
			if got := project.Reads(file); got != c.want[i] {
				t.Errorf("%s: reads %s: %v, want %v", name, file, got, c.want[i])
			}
		}
	}
}
