package console

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// TestSARIF holds the log against the standard's own schema (OASIS, SARIF 2.1.0
// errata 01), and what GitHub's code scanning needs: each result's rule is the one
// at its index, and its file is named from the repository's root.
func TestSARIF(t *testing.T) {
	problems := spec.Problems{
		{Message: "no agents"},
		{Pos: spec.Pos{File: "agents/a b.yaml", Line: 3, Column: 5}, Message: "unknown field", Hint: "did you mean x?"},
		{Pos: spec.Pos{File: "हिन्दी.md", Line: 7, Column: 2}, Message: "{x}", Warning: true, Rule: "placeholder-undeclared"},
		{Pos: spec.Pos{File: "a.yaml", Line: 1, Column: 1}, Message: "unused", Warning: true, Verbose: true, Rule: "declared-unused"},
	}
	var out bytes.Buffer
	if err := (&Console{}).SARIF(&out, problems, "voice", "1.2.3"); err != nil {
		t.Fatal(err)
	}
	official, err := os.ReadFile("testdata/sarif-2.1.0.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if err := jsonschema.MustCompileString("sarif.json", string(official)).Validate(doc); err != nil {
		t.Errorf("%#v", err)
	}
	var log sarifLog
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if want := len(schema.LintRules()) + 1; len(run.Tool.Driver.Rules) != want {
		t.Errorf("%d rules, want %d", len(run.Tool.Driver.Rules), want)
	}
	want := []struct {
		rule, level, uri string
		region           sarifRegion
	}{
		{"manifest", "error", "voice/agentsync.yaml", sarifRegion{1, 1}},
		{"manifest", "error", "voice/agents/a%20b.yaml", sarifRegion{3, 5}},
		{"placeholder-undeclared", "warning", "voice/%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80.md", sarifRegion{7, 2}},
	}
	if len(run.Results) != len(want) {
		t.Fatalf("%d results, want %d: what only -v shows is left out", len(run.Results), len(want))
	}
	for i, r := range run.Results {
		at := r.Locations[0].Physical
		if w := want[i]; r.RuleID != w.rule || r.Level != w.level || at.Artifact.URI != w.uri || at.Region != w.region ||
			run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("result %d is %+v, want %+v", i, r, w)
		}
	}
}
