package diff_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

const baseCommit = "0123456789abcdef0123456789abcdef01234567"

// TestOfflinePlans computes the plans of testdata/offline. Each archive holds
// the manifests of two commits, in base/ and head/, and in plan what is made of
// them. The comment's line "prune: yes" prunes.
func TestOfflinePlans(t *testing.T) {
	stories, err := filepath.Glob("testdata/offline/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatal("no plans in testdata/offline", err)
	}
	for _, path := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			base, head := twoCommits(t, archive)
			plan := offline(base, head, strings.Contains(string(archive.Comment), "prune: yes"))
			holdOffline(t, plan)
			got := planText(plan, nil)
			at := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "plan" })
			if *update {
				archive.Files[at].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if d := cmp.Diff(string(archive.Files[at].Data), got); d != "" {
				t.Errorf("the plan differs (-want +got; go test ./diff -update rewrites it):\n%s", d)
			}
			for _, project := range []*spec.Project{base, head} {
				if same := offline(project, project, false); !same.IsEmpty() {
					t.Errorf("a commit differs from itself:\n%s", planText(same, nil))
				}
			}
		})
	}
}

func twoCommits(t *testing.T, archive *txtar.Archive) (base, head *spec.Project) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range archive.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	load := func(name string) *spec.Project {
		project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: filepath.Join(dir, name), Past: true})
		if project == nil {
			t.Fatal(problems)
		}
		return project
	}
	return load("base"), load("head")
}

func offline(base, head *spec.Project, prune bool) *diff.Plan {
	memory := diff.Recall(base).Rekey(head.Agents)
	in := diff.Input{Environment: head.Environment, Policy: head.Policy, Agents: head.Agents, Memory: memory, Prune: prune, Known: len(head.Agents)}
	for _, key := range value.SortedKeys(memory) {
		if !slices.ContainsFunc(head.Agents, func(a spec.Agent) bool { return a.Name == key }) {
			in.Orphans = append(in.Orphans, key)
			in.Known++
		}
	}
	return diff.Offline(in, base, baseCommit)
}

// holdOffline looks for what an offline plan can't know.
func holdOffline(t *testing.T, p *diff.Plan) {
	t.Helper()
	if p.Base != baseCommit {
		t.Errorf("base %s, want %s", p.Base, baseCommit)
	}
	for _, a := range p.Agents {
		if a.AgentID != "" || a.Fingerprint != "" || len(a.Drift) > 0 || a.Unfinished {
			t.Errorf("%s has what only the platform says: %+v", a.Name, a)
		}
		done := map[string]bool{}
		for _, step := range a.Steps {
			if step.From != nil || step.To != nil && step.Action != diff.Rollback || step.Action == diff.Adopt {
				t.Errorf("%s: %+v", a.Name, step)
			}
			for _, need := range step.Needs {
				if !done[need] {
					t.Errorf("%s comes before %s", step.ID, need)
				}
			}
			done[step.ID] = true
		}
	}
	for _, w := range p.Warnings {
		if w.Message == "" || strings.Contains(w.Message, "not on the platform yet") {
			t.Errorf("the warning %q", fmt.Sprint(w))
		}
	}
}
