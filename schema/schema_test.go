package schema

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// TestEveryErrorHasWords changes a good document at random: what the library
// refuses, or has no JSON value, has findings, and nothing else has.
func TestEveryErrorHasWords(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind, rapid.MakeCheck(func(t *rapid.T) {
			var root yaml.Node
			if err := yaml.Unmarshal([]byte(samples[kind]), &root); err != nil {
				t.Fatal(err)
			}
			doc := root.Content[0]
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				change(t, doc)
			}
			r := reader{file: "a.yaml", open: map[*yaml.Node]bool{}}
			ok := true
			c := checker{kind: kind, report: func(Problem) { ok = false }, spoiled: map[*Node]string{}, told: map[*Node]bool{}}
			err := compiled[kind]().Validate(c.plain(&place{row: roots[kind], node: r.node(doc, 0)}))
			_, found := check(kind, doc)
			if (err == nil && ok) != (len(found) == 0) {
				text, _ := yaml.Marshal(doc)
				t.Fatalf("the library says %v, JSON %v, Check says %+v, of\n%s", err, ok, found, text)
			}
			for _, f := range found {
				if f.Message == "" || f.Pos.File == "" {
					t.Fatalf("a finding without words or place: %+v", f)
				}
			}
		}))
	}
}

// change replaces, adds or takes away one value somewhere in the document.
func change(t *rapid.T, doc *yaml.Node) {
	var all []*yaml.Node
	var collect func(n *yaml.Node)
	collect = func(n *yaml.Node) {
		all = append(all, n)
		for i, below := range n.Content {
			if n.Kind != yaml.MappingNode || i%2 == 1 {
				collect(below)
			}
		}
	}
	collect(doc)
	n := rapid.SampledFrom(all).Draw(t, "node")
	values := []string{"x", "5", "-1", "1.5", "true", "null", "[]", "{}", `""`, "[x, x]", "{file: x}", "[5]", "FIXED", `"a/b"`, `"..."`, "PATH", "GIT_X", "GITHUBS", "2024-01-01", "1_0", "!x y", `"\x1b"`, `{"": 1}`}
	var value yaml.Node
	if err := yaml.Unmarshal([]byte(rapid.SampledFrom(values).Draw(t, "value")), &value); err != nil {
		t.Fatal(err)
	}
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) > 0 && rapid.Bool().Draw(t, "drop"):
		i := rapid.IntRange(0, len(n.Content)/2-1).Draw(t, "entry") * 2
		n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
	case n.Kind == yaml.MappingNode && rapid.Bool().Draw(t, "add"):
		name := rapid.SampledFrom([]string{"zz", "", "a/b", "a~1 c", "%2F", "\x1b", strings.Repeat("k", 300)}).Draw(t, "key")
		if slices.ContainsFunc(n.Content, func(k *yaml.Node) bool { return k.Value == name }) {
			return
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
		n.Content = append(n.Content, key, value.Content[0])
	case n.Kind == yaml.SequenceNode && rapid.Bool().Draw(t, "append"):
		n.Content = append(n.Content, value.Content[0])
	default:
		*n = *value.Content[0]
	}
}

const sampleSpec = `
  agent: {agent_name: A, agent_description: d, agent_type: OUTBOUND, team: [{user_id: x}], is_active: true, agent_cost: 5}
  config:
    system_prompt: {file: [a.md]}
    starting_instructions: text
    guardrail_ids: [a]
    metadata_schema: [{name: n, type: string, required: true, default: 5, enum_values: [a, 1]}]
    examples: [{role: user, content: Hello}]
    guidelines: [Be concise]
    llm_config: {provider: groq, temperature: 0.5, max_tokens: 10}
    tts_config: {voice_id: v}
    vad_config: {activation_threshold: 0.45}
    passthrough: {x: {y: [1]}}
  call_outcomes: [{outcome_name: o, outcome_type: FIXED, outcome_enum: [a, b], is_visible: true}]
  call_infields: [{field_name: f, field_type: NUMBER}]
  release: {mode: publish, version: 5, service_updates: versioned}
  lifecycle: {state: present, protect: false, previous_names: [Old]}
  checks: [{name: c, metadata: {a: b}, valid: true, system_prompt: {contains: [a], excludes: [b], matches: [c], max_chars: 1}, no_placeholders_left: true}]
  smoke_call: {customer_number_env: INDUSLABS_N, infields: {a: b}, timeout: 1h30m, expect: {answered: true, call_outcome: [a], transcript_contains: [b]}, on_failure: keep, on_timeout: rollback, required: true}
`

var samples = map[string]string{
	"agent": "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: a}\nspec:" + "\n  extends: [b, c]" + sampleSpec,
	"base":  "apiVersion: agentsync/v1\nkind: Base\nmetadata: {name: b}\nspec:" + sampleSpec,
	"project": `apiVersion: agentsync/v1
kind: Project
spec:
  manifests: ["**/*.yaml"]
  base_url: https://example.com
  environments:
    staging:
      base_url: https://staging.example.com
      credentials: {email_env: INDUSLABS_A, password_env: INDUSLABS_B, token_env: INDUSLABS_C, api_key_env: INDUSLABS_D}
      agent_name_suffix: " (s)"
      overrides:
        - agents: ["*"]
          spec:` + strings.ReplaceAll(sampleSpec, "\n", "\n          ") + `
  policy: {prune: false, max_delete_percent: 30, adopt: by_name, on_drift: fail, provenance: true}
`,
}

func TestNearest(t *testing.T) {
	known := []string{"temperature", "model", "agent_name", "user_name"}
	sort.Strings(known)
	for name, want := range map[string]string{
		"temprature": "temperature", "Model": "model", "agnet_name": "agent_name",
		"modle": "model", "customer_name": "", "": "", "x": "", "temperature": "",
		strings.Repeat("x", 1<<20): "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", Clip(name), got, want)
		}
	}
}

// TestNearestBounds has names at the edge of what counts as near.
func TestNearestBounds(t *testing.T) {
	long := strings.Repeat("x", 79)
	for _, c := range []struct{ name, known, want string }{
		{"ab", "ac", "ac"},             // one letter of two
		{"ab", "cd", ""},               // both
		{"abcdef", "abcdxy", "abcdxy"}, // two of six
		{"abcdef", "abcxyz", ""},       // three of six
		{"abcde", "abcxy", ""},         // two of five
		{"abdc", "abcd", "abcd"},       // swapped neighbours are one
		{"badc", "abcd", ""},           // and two pairs are two
		{"bcad", "abcd", ""},           // a letter that moves further is two
		{"abc", "abcd", "abcd"},        // left out
		{"abcd", "abc", "abc"},         // added
		{"a", "b", ""},                 // nothing is left of the name
		{long + "a", long + "b", long + "b"},
		{long + "aa", long + "b", ""},
		{long + "a", long + "bb", ""},
	} {
		if got := Nearest(c.name, []string{c.known}); got != c.want {
			t.Errorf("Nearest(%q, %q) = %q, want %q", c.name, c.known, got, c.want)
		}
	}
	if got := Nearest("modal", []string{"mode", "model", "modem"}); got != "model" {
		t.Errorf("the nearest of several: got %q", got)
	}
	if got := Nearest("mod", []string{"mop", "mob"}); got != "mop" {
		t.Errorf("the first of the nearest: got %q", got)
	}
}

func TestClip(t *testing.T) {
	sixty := strings.Repeat("x", 60)
	for in, want := range map[string]string{
		"": "", sixty: sixty, sixty + "x": sixty + "…",
		sixty[:59] + "₹":  sixty[:59] + "…", // not cut in the middle of a letter
		sixty[:57] + "₹x": sixty[:57] + "₹…",
	} {
		if got := Clip(in); got != want {
			t.Errorf("Clip(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestScalar(t *testing.T) {
	for text, want := range map[string]any{
		"5": json.Number("5"), "+5": json.Number("5"), "-5": json.Number("-5"), "5.": json.Number("5"), ".5": json.Number("0.5"), "1e3": json.Number("1000"),
		"9223372036854775807": json.Number("9223372036854775807"), "true": true, "FALSE": false, "null": nil, "~": nil, "": nil, `"5"`: "5",
		"017": false, "1_0": false, "0b1": false, ".inf": false, "-.Inf": false, ".nan": false, "9223372036854775808": false,
		"2024-01-01": false, "!x y": false, "!!float 1e999": false, "!!null x": false, "!!bool x": false,
	} {
		var root yaml.Node
		if err := yaml.Unmarshal([]byte("a: "+text), &root); err != nil {
			t.Fatal(err)
		}
		n := (&reader{open: map[*yaml.Node]bool{}}).node(root.Content[0].Content[1], 0)
		got, ok := n.Value(), n.flaw == ""
		if refused := want == false && text != "FALSE"; refused == ok || ok && got != want {
			t.Errorf("%s is %v, %v, want %v", text, got, ok, want)
		}
	}
}

func TestUnsafe(t *testing.T) {
	for _, c := range []struct {
		in      string
		oneLine bool
		want    rune
	}{
		{"नमस्ते ₹ 👩‍💻", true, -1}, {"a\nb\tc\r\nd", false, -1}, {"a\nb", true, '\n'},
		{"a\rb", false, '\r'}, {"a\x1b[0m", false, 0x1b}, {"a\u009bm", false, 0x9b}, {"a\x7f", false, 0x7f},
		{"\x1fa", false, 0x1f}, {"a b~", true, -1}, {"\u00a0", true, -1}, {"a\r", false, '\r'}, {"a\r\n", true, '\r'},
		{"\u2027\u202f\u2065\u206a\ufefe\uff00", true, -1}, {"\u202e", true, 0x202e}, {"\u2066", true, 0x2066}, {"\u2069", true, 0x2069},
		{"\ufeff", true, 0xfeff}, {"\ufffd", true, -1}, {"a\xff", false, 0xfffd}, {"₹\x01", false, 1},
		{"a\u202eb", true, 0x202e}, {"a\u202eb", false, -1}, {"a\u2028", true, 0x2028},
	} {
		got, at := Unsafe(c.in, c.oneLine)
		if got != c.want {
			t.Errorf("Unsafe(%q, %v) = %U, want %U", c.in, c.oneLine, got, c.want)
		}
		if r, _ := utf8.DecodeRuneInString(c.in[max(at, 0):]); (at == -1) != (c.want == -1) || at >= 0 && r != c.want {
			t.Errorf("Unsafe(%q, %v) points to byte %d", c.in, c.oneLine, at)
		}
	}
}
