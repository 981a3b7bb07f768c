package spec_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

var update = flag.Bool("update", false, "rewrite the wanted results in testdata")

// TestLoad runs the stories of testdata. Each archive holds a project's files
// and, in the file "want", what Load makes of them: the problems, or when there
// is no error the agents. The comment's lines "env: NAME" choose an
// environment, and "hex: FILE DIGITS" make a file of bytes.
func TestLoad(t *testing.T) {
	stories, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatal("no stories in testdata", err)
	}
	for _, story := range stories {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(story, "testdata/"), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(story)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := t.TempDir(), ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				write(t, dir, f.Name, string(f.Data))
			}
			env := prepare(t, dir, string(archive.Comment))
			project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir, Env: env})
			got := describe(project, problems)
			if *update {
				rewrite(t, story, archive, got)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if isError := strings.HasPrefix(filepath.ToSlash(story), "testdata/bad/"); isError != (project == nil) {
				t.Errorf("the project is nil: %v; stories in testdata/bad have an error, others have none", project == nil)
			}
			wellWorded(t, problems)
		})
	}
}

func write(t testing.TB, dir, name, data string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// unpack puts a story's files into dir and returns its environment.
func unpack(t *testing.T, story, dir string) (env string) {
	t.Helper()
	archive, err := txtar.ParseFile(story)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name != "want" {
			write(t, dir, f.Name, string(f.Data))
		}
	}
	return prepare(t, dir, string(archive.Comment))
}

// prepare does what an archive's comment asks for and returns the environment.
func prepare(t *testing.T, dir, comment string) (env string) {
	t.Helper()
	for _, line := range strings.Split(comment, "\n") {
		word, rest, _ := strings.Cut(line, ": ")
		switch word {
		case "env":
			env = rest
		case "hex":
			name, digits, _ := strings.Cut(rest, " ")
			data, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, name, string(data))
		case "link":
			name, target, _ := strings.Cut(rest, " ")
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Skip(err)
			}
		}
	}
	return env
}

// describe shows everything that Load gave.
func describe(project *spec.Project, problems spec.Problems) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p)
		if p.Verbose {
			fmt.Fprintln(&b, "  (verbose)")
		}
	}
	if project == nil {
		return b.String()
	}
	e := project.Environment
	fmt.Fprintf(&b, "environment %s %q %v, ignored %d\n", e.Name, e.BaseURL, e.Credentials, project.Ignored)
	fmt.Fprintf(&b, "policy %+v\n", project.Policy)
	for _, name := range project.PassedOver {
		fmt.Fprintf(&b, "passed over %s\n", name)
	}
	for _, a := range project.Agents {
		fmt.Fprintf(&b, "\n%s %q previous %q at %s\n", a.Name, a.AgentName, a.PreviousNames, a.Pos)
		fmt.Fprintf(&b, "  %+v %+v\n", a.Release, a.Lifecycle)
		fmt.Fprintf(&b, "  agent %s\n", toJSON(a.Agent.Any()))
		for _, k := range a.Config.Keys() {
			at, _ := a.Positions.At("config." + k)
			fmt.Fprintf(&b, "  config.%s %s at %s\n", k, toJSON(a.Config.Any()[k]), at)
		}
		for _, c := range a.Checks {
			fmt.Fprintf(&b, "  check %s at %s\n", toJSON(c), c.Pos)
		}
		if a.SmokeCall != nil {
			fmt.Fprintf(&b, "  smoke call %s\n", toJSON(a.SmokeCall))
		}
		if a.Passthrough.Len() > 0 {
			fmt.Fprintf(&b, "  passthrough %s\n", toJSON(a.Passthrough.Any()))
		}
		for _, items := range [][]spec.Item{a.Outcomes, a.Infields} {
			for _, i := range items {
				fmt.Fprintf(&b, "  item %s %s at %s\n", i.Name, toJSON(i.Fields.Any()), i.Pos)
			}
		}
		fmt.Fprintf(&b, "  outcomes managed %v, infields managed %v\n", a.OutcomesManaged, a.InfieldsManaged)
		for _, k := range value.SortedKeys(a.Sources) {
			fmt.Fprintf(&b, "  source of %s %v\n", k, a.Sources[k])
		}
	}
	return b.String()
}

// toJSON shows a value with empties kept, unlike Value.JSON.
func toJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func rewrite(t *testing.T, story string, archive *txtar.Archive, got string) {
	t.Helper()
	files := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != "want" {
			files = append(files, f)
		}
	}
	archive.Files = append(files, txtar.File{Name: "want", Data: []byte(got)})
	if err := os.WriteFile(story, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wellWorded holds problems to spec.Problem's contract.
func wellWorded(t *testing.T, problems spec.Problems) {
	t.Helper()
	for i, p := range problems {
		for _, s := range []string{p.Message, p.Hint, p.Pos.File} {
			for _, r := range s {
				if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e {
					t.Errorf("%q holds %U", s, r)
				}
			}
			if strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "..") {
				t.Errorf("%q ends with a period", s)
			}
		}
		if p.Message == "" || p.Message[0] >= 'A' && p.Message[0] <= 'Z' {
			t.Errorf("the message %q does not begin with a small letter", p.Message)
		}
		if p.Pos.Line < 0 || p.Pos.Column < 0 {
			t.Errorf("%v has no place", p)
		}
		if i > 0 && problems[i-1] == p {
			t.Errorf("%v is there twice", p)
		}
	}
	again := append(spec.Problems(nil), problems...)
	if again.Sort(); cmp.Diff(problems, again) != "" {
		t.Error("the problems are not sorted")
	}
}
