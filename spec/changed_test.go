package spec_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/spec"
	"github.com/google/go-cmp/cmp"
)

// TestChanged changes one project in many ways: what wants something else is
// named, and what only stands elsewhere is not.
func TestChanged(t *testing.T) {
	start := map[string]string{
		"agentsync.yaml": "apiVersion: agentsync/v1\nkind: Project\nspec:\n  manifests: [\"*.yaml\"]\n  environments:\n    staging:\n      agent_name_suffix: \" S\"\n" +
			"      overrides: [{agents: [b*], spec: {config: {llm_config: {temperature: 0.5}}}}]\n",
		"base.yaml": "apiVersion: agentsync/v1\nkind: Base\nmetadata: {name: common}\nspec: {config: {guidelines: [Be kind]}}\n",
		"a.yaml": fmt.Sprintf(head, "a") + "spec:\n  extends: [common]\n  agent: {agent_name: A}\n  config:\n    system_prompt: {file: a.md}\n" +
			"    metadata_schema: [{name: x, type: string}, {name: y, type: string}]\n    llm_config: {temperature: 0.20, model: null}\n" +
			"  call_outcomes: [{outcome_name: one, outcome_type: TEXT}, {outcome_name: two, outcome_type: DATE}]\n",
		"a.md":   "Hello.\n",
		"b.yaml": fmt.Sprintf(head, "b") + "spec:\n  agent: {agent_name: B, agent_description: \"\"}\n",
	}
	for _, tt := range []struct{ name, file, old, new, want string }{
		{"nothing", "", "", "", ""},
		{"a comment and an empty line", "a.yaml", "spec:", "# why\n\nspec:", ""},
		{"another way to write it", "a.yaml", "{temperature: 0.20, model: null}", "{\"model\": \"\", temperature: 2e-1}", ""},
		{"empty in another way", "b.yaml", `""`, "null", ""},
		{"empty, and left out", "b.yaml", `, agent_description: ""`, "", "b"},
		{"a field emptied, and another", "a.yaml", "model: null", "provider: null", "a"},
		{"a field emptied, and the whole section", "a.yaml", "{temperature: 0.20, model: null}", "{}", "a"},
		{"CRLF", "a.md", "Hello.\n", "Hello.\r\n", ""},
		{"the order of outcomes", "a.yaml", "{outcome_name: one, outcome_type: TEXT}, {outcome_name: two, outcome_type: DATE}",
			"{outcome_name: two, outcome_type: DATE}, {outcome_name: one, outcome_type: TEXT}", ""},
		{"an outcome", "a.yaml", "outcome_type: DATE", "outcome_type: TEXT", "a"},
		{"the order of the schema", "a.yaml", "[{name: x, type: string}, {name: y, type: string}]", "[{name: y, type: string}, {name: x, type: string}]", ""},
		{"a member of the schema", "a.yaml", "{name: x, type: string}", "{name: x, type: number}", "a"},
		{"a prompt file", "a.md", "Hello", "Hi", "a"},
		{"a base", "base.yaml", "kind]", "brief]", "a"},
		{"an override", "agentsync.yaml", "0.5", "0.6", "b"},
		{"whom an override is for", "agentsync.yaml", "[b*]", "[\"*\"]", "a"},
		{"the suffix", "agentsync.yaml", `" S"`, `" T"`, "a b"},
		{"the key", "b.yaml", "name: b", "name: c", "b c"},
		{"the release", "b.yaml", "spec:", "spec:\n  release: {mode: draft}", "b"},
		{"the lifecycle", "b.yaml", "spec:", "spec:\n  lifecycle: {protect: true}", "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			states := [2]*spec.Project{}
			for i := range states {
				dir := t.TempDir()
				for name, data := range start {
					if i == 1 && name == tt.file {
						if strings.Count(data, tt.old) != 1 {
							t.Fatalf("%s has %q %d times", name, tt.old, strings.Count(data, tt.old))
						}
						data = strings.Replace(data, tt.old, tt.new, 1)
					}
					write(t, dir, name, data)
				}
				project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir, Env: "staging"})
				if project == nil {
					t.Fatal(problems)
				}
				states[i] = project
			}
			for _, pair := range [][2]*spec.Project{{states[0], states[1]}, {states[1], states[0]}} {
				if d := cmp.Diff(strings.Fields(tt.want), append([]string{}, spec.Changed(pair[0], pair[1])...)); d != "" {
					t.Errorf("-want +got:\n%s", d)
				}
			}
			for i := range states[0].Agents {
				a, b, env := &states[0].Agents[i], &states[1].Agents[i], states[0].Environment
				if got := env.Wants(a) == env.Wants(b); got != spec.Same(a, b) {
					t.Errorf("%s: the same digest: %v", a.Name, got)
				}
				elsewhere := env
				elsewhere.BaseURL = "https://elsewhere.example.com"
				if env.Wants(a) == elsewhere.Wants(a) {
					t.Errorf("%s: the address does not count", a.Name)
				}
			}
		})
	}
}

// TestPast loads what is only compared with: no agents, or not this
// environment, is a project without agents; what is broken stays an error.
func TestPast(t *testing.T) {
	dir := t.TempDir()
	load := func(env string) (*spec.Project, spec.Problems) {
		return spec.Load(context.Background(), spec.LoadOptions{Dir: dir, Env: env, Past: true})
	}
	for _, env := range []string{"", "staging"} {
		if project, problems := load(env); project == nil || len(project.Agents) != 0 {
			t.Errorf("an empty folder, %q: %v", env, problems)
		}
	}
	write(t, dir, "a.yaml", fmt.Sprintf(head, "a")+"spec: {agent: {agent_name: A}}\n")
	if project, problems := load("staging"); project == nil || len(project.Agents) != 0 {
		t.Errorf("an unknown environment: %v", problems)
	}
	if project, problems := load(""); project == nil || len(project.Agents) != 1 {
		t.Errorf("an agent: %v", problems)
	}
	write(t, dir, "a.yaml", fmt.Sprintf(head, "a")+"spec: {agnet: {agent_name: A}}\n")
	if project, problems := load(""); project != nil || len(problems.Errors()) == 0 {
		t.Error("a broken manifest loads")
	}
}

// TestLFSPointers are refused: a checkout without LFS must not make a pointer
// an agent's prompt. A YAML file that no pattern names may be another tool's.
func TestLFSPointers(t *testing.T) {
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
	dir := t.TempDir()
	write(t, dir, "a.yaml", fmt.Sprintf(head, "a")+"spec: {agent: {agent_name: A}, config: {system_prompt: {file: a.md}}}\n")
	write(t, dir, "a.md", pointer)
	write(t, dir, "other.yaml", pointer)
	_, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
	want := "a.yaml:4:63: config.system_prompt: the prompt file \"a.md\" is a pointer of Git LFS, not the file itself\n" +
		"  hint: check it out with Git LFS (actions/checkout: lfs: true), or take it out of LFS\n" +
		"other.yaml:1:1: warning: the file is passed over: it is a pointer of Git LFS, not the file itself\n" +
		"  hint: check it out with Git LFS (actions/checkout: lfs: true), or take it out of LFS"
	if d := cmp.Diff(want, problems.Error()); d != "" {
		t.Error(d)
	}
}
