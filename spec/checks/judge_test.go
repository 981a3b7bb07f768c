package checks_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
)

// TestJudge holds each kind of expectation against texts that meet it and texts
// that don't, and the line that is shown then.
func TestJudge(t *testing.T) {
	e := func(e spec.Expectation) spec.Check {
		return spec.Check{Name: "c", Prompts: map[string]spec.Expectation{"system_prompt": e}}
	}
	left := spec.Check{Name: "c", NoPlaceholdersLeft: true}
	declared := []string{"name", "शहर"}
	far := strings.Repeat("न", 100)
	for name, tt := range map[string]struct {
		check spec.Check
		text  string
		want  []string
	}{
		"contains":                {e(spec.Expectation{Contains: []string{"Rahul", "Mumbai"}}), "Hi Rahul of Mumbai", nil},
		"contains not":            {e(spec.Expectation{Contains: []string{"Rahul", "Pune"}}), "\n\nHi Rahul.\nBye.", []string{`system_prompt: must contain "Pune"; line 3: Hi Rahul.`}},
		"shows where braces stay": {e(spec.Expectation{Contains: []string{"Rahul"}}), "Hi.\nYou are {nam}.", []string{`system_prompt: must contain "Rahul"; line 2: You are {nam}.`}},
		"case counts":             {e(spec.Expectation{Contains: []string{"rahul"}}), "Rahul", []string{`system_prompt: must contain "rahul"; line 1: Rahul`}},
		"excludes":                {e(spec.Expectation{Excludes: []string{"{name}"}}), "Hi Rahul", nil},
		"excludes not":            {e(spec.Expectation{Excludes: []string{"{name}"}}), "A\nHi {name}", []string{`system_prompt: must not contain "{name}"; line 2: Hi {name}`}},
		"matches":                 {e(spec.Expectation{Matches: []string{`(?i)RUPEES$`}}), "in rupees", nil},
		"matches not":             {e(spec.Expectation{Matches: []string{`^in$`}}), "in rupees", []string{`system_prompt: must match ^in$; line 1: in rupees`}},
		"characters, not bytes":   {e(spec.Expectation{MaxChars: 6}), "नमस्ते", nil},
		"too many characters":     {e(spec.Expectation{MaxChars: 5}), "नमस्ते", []string{`system_prompt: must have at most 5 characters, has 6; line 1: नमस्ते`}},
		"line ends of another":    {e(spec.Expectation{MaxChars: 3}), "a\r\nb\r\n", nil},
		"empty":                   {e(spec.Expectation{Contains: []string{"a"}, Matches: []string{"b"}}), "", []string{`system_prompt: must contain "a", and it is empty`, `system_prompt: must match b, and it is empty`}},
		"nothing left":            {left, `Hi Rahul {"name": 1} {other} {Name} {{city}}`, nil},
		"left, each once": {left, "Hi {name}, {name}.\nIn {{शहर}}.", []string{
			`system_prompt: must not keep the placeholder {name}, which would be spoken as it stands; line 1: Hi {name}, {name}.`,
			`system_prompt: must not keep the placeholder {{शहर}}, which would be spoken as it stands; line 2: In {{शहर}}.`}},
		"left, misspelt": {left, "Hi { name }, {name }.\nIn {{शहर, is it?", []string{
			`system_prompt: must not keep the placeholder { name }, which would be spoken as it stands; line 1: Hi { name }, {name }.`,
			`system_prompt: must not keep the placeholder {{शहर, which would be spoken as it stands; line 2: In {{शहर, is it?`}},
		"code has braces": {left, "```js\nlet { name }\n```\n{\"name\": {\"a\": 1}} const { name } = x", nil},
		"not asked":       {e(spec.Expectation{Contains: []string{"Hi"}}), "Hi {name}", nil},
		"a long line": {e(spec.Expectation{Excludes: []string{"x"}}), far + "x" + far,
			[]string{`system_prompt: must not contain "x"; line 1: …` + strings.Repeat("न", 40) + "x" + strings.Repeat("न", 40) + "…"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range checks.Judge(tt.check, checks.Rendered{Texts: map[string]string{"system_prompt": tt.text}}, declared) {
				got = append(got, f.String())
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// TestJudgeValid holds what a check makes of the platform's complaints.
func TestJudgeValid(t *testing.T) {
	for name, tt := range map[string]struct {
		valid      string
		complaints []string
		want       string
	}{
		"fits":             {"true", nil, ""},
		"does not fit":     {"true", []string{"a is required", "b"}, "valid: the values must fit the metadata schema, and don't: a is required; b"},
		"must not, and no": {"false", []string{"a is required"}, ""},
		"must not, and do": {"false", nil, "valid: the values must not fit the metadata schema, and do"},
		"not asked":        {"", []string{"a is required"}, ""},
	} {
		if got := checks.InWords(checks.JudgeValid(spec.Check{Name: "c", Valid: tt.valid}, tt.complaints)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestLocal holds that infields and the metadata schema alike are declared.
func TestLocal(t *testing.T) {
	config := value.Of(map[string]any{"system_prompt": "{a} {b} {c} {user_name}", "metadata_schema": []any{map[string]any{"name": "a"}}})
	infields := []value.Value{value.Of(map[string]any{"field_name": "b"})}
	got := checks.InWords(checks.Local(spec.Check{Name: "c", NoPlaceholdersLeft: true, Metadata: map[string]any{"b": "B"}}, config, infields))
	if want := "system_prompt: must not keep the placeholder {a}, which would be spoken as it stands; line 1: {a} B {c} the customer's number"; got != want {
		t.Errorf("got %s", got)
	}
}
