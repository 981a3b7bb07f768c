package render

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/value"
)

var updateGolden = flag.Bool("update", false, "write testdata anew")

var plans = []struct {
	name string
	plan *diff.Plan
}{
	{"contract", contractPlan()},
	{"everystep", everyStep()},
	{"longline", longLinePlan()},
	{"hindi", hindiPlan()},
	{"hostile", hostilePlan()},
	{"rewritten", rewrittenPlan()},
	{"joined", joinedPlan()},
	{"alike", alikePlan()},
	{"cut", cutPlan()},
	{"nochange", plan(unchanged("billing"), unchanged("support"), diff.AgentPlan{Name: "old", AgentName: "Old", AgentID: "AGT_9", Status: diff.Orphan})},
	{"empty", plan()},
	{"one", plan(unchanged("billing"))},
}

// TestText holds the text form: in a pipe, in a terminal of 100 columns with
// colour (escapes shown as \e), and in full.
func TestText(t *testing.T) {
	for _, tt := range plans {
		golden(t, tt.name+".txt", text(t, tt.plan, Options{}))
		golden(t, tt.name+".color", strings.ReplaceAll(text(t, tt.plan, Options{Color: true, Width: 100}), "\x1b", `\e`))
		golden(t, tt.name+".narrow", text(t, tt.plan, Options{Width: 72}))
	}
	golden(t, "everystep.verbose", text(t, everyStep(), Options{Verbose: true}))
}

// TestJSON holds the bytes of a plan file, and with them its digest.
func TestJSON(t *testing.T) {
	for _, tt := range plans {
		golden(t, "../../planfile/testdata/"+tt.name+".json", jsonOf(t, tt.plan))
	}
}

func jsonOf(t testing.TB, p *diff.Plan) string {
	t.Helper()
	var buf bytes.Buffer
	if err := planfile.Write(&buf, p); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestMarkdown(t *testing.T) {
	for _, tt := range plans {
		golden(t, tt.name+".md", markdownOf(t, tt.plan))
	}
}

// TestDifferences holds what a refused plan file is explained with.
func TestDifferences(t *testing.T) {
	edited := contractPlan()
	a := &edited.Agents[1]
	a.Fingerprint = digestOf("d")
	a.Drift = map[string]diff.Class{"config": diff.Both}
	a.Steps = a.Steps[1:]
	a.Steps[0].From, a.Steps[0].To, a.Steps[0].Target = n(8), n(9), "v9"
	a.Steps[0].Changes[0].Before = value.Of(strings.Replace(salesPrompt, "Be polite", "Be very polite", 1))
	a.Steps[0].Changes[1].After = value.Of(json.Number("0.3"))
	a.Steps[1].From, a.Steps[1].To, a.Steps[1].Target = n(8), n(9), "v9"
	edited.Agents[0].Fingerprint = digestOf("e")
	edited.Agents[3] = unchanged("zulu")
	edited.Refusals = []diff.Refusal{{Agent: "zulu", Rule: "protect", Message: "the agent is protected"}}
	edited = sealed(edited)
	elsewhere := contractPlan()
	elsewhere.Environment, elsewhere.BaseURL = "staging", "https://staging.example.com"
	other := contractPlan()
	other.Digest = digestOf("f")
	for _, tt := range []struct {
		name string
		now  *diff.Plan
	}{{"edited", edited}, {"elsewhere", elsewhere}, {"same", contractPlan()}, {"digest", other}} {
		var buf bytes.Buffer
		if err := Differences(&buf, contractPlan(), tt.now, Options{}); err != nil {
			t.Fatal(err)
		}
		golden(t, tt.name+".differences", buf.String())
	}
	md := DifferencesMarkdown(contractPlan(), edited, Options{})
	parsed(t, md)
	golden(t, "edited.differences.md", md)
}

func markdownOf(t testing.TB, p *diff.Plan) string {
	t.Helper()
	var buf bytes.Buffer
	if err := Markdown(&buf, p, Options{}); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func text(t testing.TB, p *diff.Plan, opt Options) string {
	t.Helper()
	var buf bytes.Buffer
	if err := Text(&buf, p, opt); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *updateGolden {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}
