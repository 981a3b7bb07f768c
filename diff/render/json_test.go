package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff"
)

func jsonOf(t testing.TB, p *diff.Plan) string {
	t.Helper()
	var buf bytes.Buffer
	if err := JSON(&buf, p); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// TestJSONReadsBack: a plan file read and written again is the same file.
func TestJSONReadsBack(t *testing.T) {
	for _, tt := range plans {
		first := jsonOf(t, tt.plan)
		p, err := ParseJSON([]byte(first))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if again := jsonOf(t, p); again != first {
			t.Errorf("%s: not the same bytes", tt.name)
		}
	}
}

func TestParseJSONRefuses(t *testing.T) {
	good := jsonOf(t, contractPlan())
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
		_, err := ParseJSON([]byte(tt.data))
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		if got := err.Error(); !strings.HasPrefix(got, tt.want) || strings.Contains(got, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestParseJSONPassesOverNewFields: a later agentsync may add fields that the
// digest does not cover.
func TestParseJSONPassesOverNewFields(t *testing.T) {
	data := strings.Replace(jsonOf(t, contractPlan()), `"format_version": "1",`, `"format_version": "1", "made_for": {"readers": [1, 2.50]},`, 1)
	if _, err := ParseJSON([]byte(data)); err != nil {
		t.Error(err)
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, tt := range plans {
		f.Add([]byte(jsonOf(f, tt.plan)))
	}
	f.Add([]byte(`{"format_version":"1","agents":[null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = ParseJSON(data)
		p, err := parse(data) // without the digest, which no fuzzer can guess
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("an error of more than a line: %q", err)
			}
			return
		}
		first := jsonOf(t, p)
		again, err := parse([]byte(first))
		if err != nil {
			t.Fatalf("what JSON wrote is refused: %v", err)
		}
		if jsonOf(t, again) != first {
			t.Error("not the same bytes")
		}
		text(t, p, Options{})
		parsed(t, markdownOf(t, p))
	})
}
