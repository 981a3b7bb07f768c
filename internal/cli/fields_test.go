package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/agentsync/agentsync/internal/cli"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// TestEveryFieldArrives applies an agent that has every field of the registry,
// and then changes every one of them. A field that were checked and planned but
// not sent would fail the apply, which reads back; one that the sandbox's own
// list lacks would too.
func TestEveryFieldArrives(t *testing.T) {
	dir := t.TempDir()
	agentsync := func(want int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		env := cli.OSEnv()
		env.Stdout, env.Stderr, env.Getenv = &out, &out, func(string) string { return "" }
		env.StdinTerminal, env.StdoutTerminal, env.StderrTerminal = false, false, false
		if code := cli.Main(context.Background(), append([]string{"-C", dir, "--sandbox"}, args...), env); code != want {
			t.Fatalf("%v: exit code %d, want %d\n%s", args, code, want, out.String())
		}
		return out.String()
	}

	writeAgent(t, dir, 1)
	agentsync(0, "apply", "--auto-approve")
	agentsync(0, "plan", "--detailed-exitcode")

	writeAgent(t, dir, 2)
	plan := agentsync(2, "plan", "--detailed-exitcode", "--format", "json")
	for _, section := range []string{spec.SectionAgent, spec.SectionConfig, spec.SectionOutcomes, spec.SectionInfields} {
		for _, row := range spec.Fields(section) {
			change := regexp.MustCompile(`"path": ?"` + row.Name + `["\.]`)
			if !row.CreationOnly && !row.Required && row.Name != "notes" && !change.MatchString(plan) {
				t.Errorf("%s.%s has changed, and the plan does not say so", section, row.Name)
			}
		}
	}
	agentsync(0, "apply", "--auto-approve")
	agentsync(0, "plan", "--detailed-exitcode")
}

// writeAgent writes a manifest in which every field has a value; one of another
// round differs in each that can be changed.
func writeAgent(t *testing.T, dir string, round int) {
	t.Helper()
	body := map[string]any{}
	for _, row := range schema.Spec().Fields {
		switch row.Name {
		case spec.SectionAgent, spec.SectionConfig, spec.SectionOutcomes, spec.SectionInfields:
			body[row.Name] = sample(t, row, round)
		}
	}
	for section, prefix := range map[string]string{spec.SectionOutcomes: "outcome", spec.SectionInfields: "field"} {
		if item := body[section].([]any)[0].(map[string]any); item[prefix+"_type"] != "FIXED" {
			delete(item, prefix+"_enum")
		}
	}
	doc := map[string]any{"apiVersion": "agentsync/v1", "kind": "Agent", "metadata": map[string]any{"name": "all"}, "spec": body}
	data, err := json.Marshal(doc) // which is YAML too
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func sample(t *testing.T, row *schema.Field, round int) any {
	t.Helper()
	first := round == 1 || row.CreationOnly
	pick := func(one, other any) any {
		if first {
			return one
		}
		return other
	}
	switch row.Type {
	case schema.Line, schema.Text, schema.Prompt, schema.Name, schema.Any:
		return pick("one", "two")
	case schema.PathName:
		return "name"
	case schema.Bool:
		return pick(true, false)
	case schema.Number, schema.Integer:
		return pick(1, 0)
	case schema.Choice:
		if !slices.Contains(row.Values, "FIXED") {
			return row.Values[0]
		}
		return pick("FIXED", "TEXT")
	case schema.Member:
		return map[string]any{"user_id": "u1"}
	case schema.List:
		return []any{sample(t, row.Items, round)}
	case schema.Table:
		return map[string]any{}
	case schema.Map:
		out := map[string]any{}
		for _, below := range row.Fields {
			out[below.Name] = sample(t, below, round)
		}
		return out
	}
	t.Fatalf("no sample for %s", row.Name)
	return nil
}
