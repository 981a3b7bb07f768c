package planfile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

func jsonOf(t testing.TB, p *diff.Plan) string {
	t.Helper()
	var buf bytes.Buffer
	if err := Write(&buf, p); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// files are the plan files of testdata, by name.
func files(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatal("no plan files in testdata", err)
	}
	out := map[string]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(path), ".json")] = string(data)
	}
	return out
}

// TestReadsBack: a plan file read and written again is the same file, whose
// digest is that of its content.
func TestReadsBack(t *testing.T) {
	for name, first := range files(t) {
		p, err := Read([]byte(first))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if again := jsonOf(t, p); again != first {
			t.Errorf("%s: not the same bytes", name)
		}
	}
}

// TestDigestCoversWhatIsDone: what is for readers alone changes no digest, and
// everything else does.
func TestDigestCoversWhatIsDone(t *testing.T) {
	contract := files(t)["contract"]
	for name, tt := range map[string]struct {
		change  func(*diff.Plan)
		covered bool
	}{
		"nothing":        {func(p *diff.Plan) {}, false},
		"its own digest": {func(p *diff.Plan) { p.Digest = "" }, false},
		"a warning":      {func(p *diff.Plan) { p.Warnings = []diff.Warning{{Message: "x"}} }, false},
		"a source":       {func(p *diff.Plan) { p.Agents[1].Steps[1].Changes[0].Source = nil }, false},
		"a value":        {func(p *diff.Plan) { p.Agents[1].Steps[1].Changes[0].After = value.Of("Sell!") }, true},
		"a need":         {func(p *diff.Plan) { p.Agents[1].Steps[0].Needs = []string{"x"} }, true},
		"a fingerprint":  {func(p *diff.Plan) { p.Agents[0].Fingerprint = "" }, true},
		"targets":        {func(p *diff.Plan) { p.Targets = []string{"billing"} }, true},
		"prune":          {func(p *diff.Plan) { p.Prune = true }, true},
		"a refusal":      {func(p *diff.Plan) { p.Refusals = []diff.Refusal{{Rule: "protect"}} }, true},
	} {
		p, err := Read([]byte(contract))
		if err != nil {
			t.Fatal(err)
		}
		was := p.Digest
		tt.change(p)
		if Seal(p); (p.Digest != was) != tt.covered {
			t.Errorf("%s: the digest changes: %v", name, !tt.covered)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := files(t)["contract"]
	for _, tt := range []struct{ name, data, want string }{
		{"empty", " \n", "plan file: it is empty"},
		{"cut off", good[:len(good)/2], "plan file: it ends too early: was it cut off?"},
		{"not JSON", "hello", "plan file: line 1, column 1: invalid character 'h' looking for beginning of value"},
		{"not a plan", "{}", "plan file: no format_version: this is not a plan"},
		{"a list", "[]", "plan file: line 1, column 1: a plan cannot be a JSON array"},
		{"another version", strings.Replace(good, `"format_version": "1"`, `"format_version": "2"`, 1), `plan file: format_version "2" is not supported, this agentsync reads "1"`},
		{"version as number", `{"format_version":1}`, "plan file: line 1, column 19: format_version cannot be a JSON number"},
		{"two plans", good + good, "plan file: line " + fmt.Sprint(strings.Count(good, "\n")+1) + ", column 1: more than one JSON value"},
		{"wrong type", strings.Replace(good, `"steps": 4`, `"steps": "4"`, 1), "plan file: line 12, column 16: summary.steps cannot be a JSON string"},
		{"edited", strings.Replace(good, "rupees", "dollars", 1), "plan file: its digest is not that of its content: it was edited, or another version of agentsync wrote it"},
		{"digest", strings.Replace(good, `"digest": "sha256:`, `"digest": "md5:`, 1), "plan file: digest \"md5:"},
		{"status", strings.Replace(good, `"status": "update"`, `"status": "explode\u001b"`, 1), `plan file: agent "outbound-sales": status "explode\x1b" is not known`},
		{"twice", strings.Replace(good, `"name": "reception"`, `"name": "billing"`, 1), `plan file: agent "billing" is there twice`},
		{"no agent", strings.Replace(good, `"name": "billing"`, `"name": ""`, 1), "plan file: agent 1 has no name"},
		{"deep", strings.Repeat("[", 100000), "plan file: nested deeper than 128 levels"},
	} {
		_, err := Read([]byte(tt.data))
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		if got := err.Error(); !strings.HasPrefix(got, tt.want) || strings.Contains(got, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestReadPassesOverNewFields: a later agentsync may add fields that the
// digest does not cover.
func TestReadPassesOverNewFields(t *testing.T) {
	data := strings.Replace(files(t)["contract"], `"format_version": "1",`, `"format_version": "1", "made_for": {"readers": [1, 2.50]},`, 1)
	if _, err := Read([]byte(data)); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	for _, data := range files(f) {
		f.Add([]byte(data))
	}
	f.Add([]byte(`{"format_version":"1","agents":[null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = Read(data)
		p, err := Decode(data, diff.FormatVersion) // without the digest, which no fuzzer can guess
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("an error of more than a line: %q", err)
			}
			return
		}
		first := jsonOf(t, p)
		again, err := Decode([]byte(first), diff.FormatVersion)
		if err != nil {
			t.Fatalf("what Write wrote is refused: %v", err)
		}
		if jsonOf(t, again) != first {
			t.Error("not the same bytes")
		}
	})
}

// TestBaseForm refuses a base that is no commit: it is shown.
func TestBaseForm(t *testing.T) {
	p := &diff.Plan{Digest: "sha256:" + strings.Repeat("a", 64)}
	for base, ok := range map[string]bool{"": true, strings.Repeat("a", 40): true, strings.Repeat("a", 64): true,
		"main": false, strings.Repeat("A", 40): false, strings.Repeat("a", 40) + "\n": false} {
		p.Base = base
		if err := check(p); (err == nil) != ok {
			t.Errorf("base %q: %v", base, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	p, err := Read([]byte(files(b)["longline"]))
	if err != nil {
		b.Fatal(err)
	}
	for i := range 999 {
		a := p.Agents[0]
		a.Name = fmt.Sprintf("agent-%03d", i)
		a.Steps = slices.Clone(a.Steps)
		for k := range a.Steps {
			a.Steps[k].ID = a.Name + "/" + string(a.Steps[k].Action)
		}
		p.Agents = append(p.Agents, a)
	}
	data := []byte(jsonOf(b, Seal(p)))
	for b.Loop() {
		if _, err := Read(data); err != nil {
			b.Fatal(err)
		}
	}
}

func TestIsOurs(t *testing.T) {
	for head, want := range map[string]bool{
		`{"format_version":"1","environment":"default","base_url":"","digest":`:                     true,
		"{\n  \"format_version\": \"0\",\n  \"environment\": \"\",\n  \"base_url\": \"https://x\",": true,
		`{"format_version":"1.2","terraform_version":"1.9"}`:                                        false,
		`{"format_version":"1","environment":{"a":1},"base_url":""}`:                                false,
		`{"format_version":"1"`: false,
		`[]`:                    false,
		"apiVersion: x":         false,
		"":                      false,
	} {
		if got := IsOurs([]byte(head)); got != want {
			t.Errorf("IsOurs(%q) = %t, want %t", head, got, want)
		}
	}
}
