package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v5"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// library compiles a schema with a full implementation of draft 2020-12 that
// can load nothing from elsewhere.
func library(t testing.TB, kind string) *jsonschema.Schema {
	t.Helper()
	data, ok := JSON(kind)
	if !ok {
		t.Fatalf("no schema for %s", kind)
	}
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.AssertFormat = true
	if err := c.AddResource(kind+".schema.json", bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(kind + ".schema.json")
	if err != nil {
		t.Fatalf("%s is no draft 2020-12 schema: %#v", kind, err)
	}
	return s
}

func TestSchemasCompile(t *testing.T) {
	for _, kind := range Kinds() {
		library(t, kind)
		mustCompile(kind)
	}
	if _, ok := JSON("../go.mod"); ok {
		t.Error("JSON gives files that are no schema")
	}
}

func TestEveryFieldHasADescription(t *testing.T) {
	for _, kind := range Kinds() {
		for _, r := range []*rule{compiled[kind]().root} {
			described(t, kind, r)
		}
	}
}

func described(t *testing.T, path string, r *rule) {
	t.Helper()
	if r == nil || r == free {
		return
	}
	if r.Description == "" {
		t.Errorf("%s has no description", path)
	}
	for name, below := range r.Properties {
		described(t, path+"."+name, below)
	}
	described(t, path+"[]", r.Items)
	if r.AdditionalProperties != nil {
		described(t, path+".*", r.AdditionalProperties.rule)
	}
}

// TestSharedDefinitions holds what agents, bases and overrides have in common
// to one wording: each schema must stand alone for editors.
func TestSharedDefinitions(t *testing.T) {
	defs := func(kind string) map[string]any {
		var s struct {
			Defs map[string]any `json:"$defs"`
		}
		data, _ := JSON(kind)
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatal(err)
		}
		return s.Defs
	}
	agent, base, project := defs("agent"), defs("base"), defs("project")
	if diff := cmp.Diff(agent, base); diff != "" {
		t.Errorf("agent and base differ: %s", diff)
	}
	delete(agent["spec"].(map[string]any)["properties"].(map[string]any), "extends") // an override extends nothing
	for name, def := range agent {
		if other, ok := project[name]; ok || name != "metadata" {
			if diff := cmp.Diff(def, other); diff != "" {
				t.Errorf("%s: agent and project differ: %s", name, diff)
			}
		}
	}
}

// TestCheckAgreesWithLibrary changes a good document at random and compares
// Check with the library's verdict.
func TestCheckAgreesWithLibrary(t *testing.T) {
	for _, kind := range Kinds() {
		lib := library(t, kind)
		t.Run(kind, rapid.MakeCheck(func(t *rapid.T) {
			var root yaml.Node
			if err := yaml.Unmarshal([]byte(samples[kind]), &root); err != nil {
				t.Fatal(err)
			}
			doc := root.Content[0]
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				change(t, doc)
			}
			findings := Check(kind, doc)
			err := lib.Validate(plainValue(doc))
			if (err == nil) != (len(findings) == 0) {
				text, _ := yaml.Marshal(doc)
				t.Fatalf("the library says %v, Check says %+v, of\n%s", err, findings, text)
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
	values := []string{"x", "5", "-1", "1.5", "true", "null", "[]", "{}", `""`, "[x, x]", "{file: x}", "[5]", "FIXED", `"a/b"`, `"..."`, "PATH", "GIT_X", "GITHUBS"}
	var value yaml.Node
	if err := yaml.Unmarshal([]byte(rapid.SampledFrom(values).Draw(t, "value")), &value); err != nil {
		t.Fatal(err)
	}
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) > 0 && rapid.Bool().Draw(t, "drop"):
		i := rapid.IntRange(0, len(n.Content)/2-1).Draw(t, "entry") * 2
		n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
	case n.Kind == yaml.MappingNode && rapid.Bool().Draw(t, "add"):
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: fmt.Sprintf("zz%d", len(n.Content))}
		n.Content = append(n.Content, key, value.Content[0])
	case n.Kind == yaml.SequenceNode && rapid.Bool().Draw(t, "append"):
		n.Content = append(n.Content, value.Content[0])
	default:
		*n = *value.Content[0]
	}
}

func plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = plainValue(n.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			out = append(out, plainValue(item))
		}
		return out
	default:
		v, _ := Scalar(n)
		return v
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
  checks: [{a: b}]
  smoke_call: {}
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
      credentials: {email_env: A, password_env: B, token_env: C, api_key_env: D}
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

func TestUnsafe(t *testing.T) {
	for _, c := range []struct {
		in      string
		oneLine bool
		want    rune
	}{
		{"नमस्ते ₹ 👩‍💻", true, -1}, {"a\nb\tc\r\nd", false, -1}, {"a\nb", true, '\n'},
		{"a\rb", false, '\r'}, {"a\x1b[0m", false, 0x1b}, {"a\u009bm", false, 0x9b}, {"a\x7f", false, 0x7f},
		{"a\u202eb", true, 0x202e}, {"a\u202eb", false, -1}, {"a\u2028", true, 0x2028},
	} {
		if got, _ := Unsafe(c.in, c.oneLine); got != c.want {
			t.Errorf("Unsafe(%q, %v) = %U, want %U", c.in, c.oneLine, got, c.want)
		}
	}
}
