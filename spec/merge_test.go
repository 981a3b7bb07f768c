package spec

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/agentsync/agentsync/schema"
	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// tree returns any map, as nodes: passthrough holds anything.
func tree(t interface{ Fatal(...any) }, text string) *node {
	var root yaml.Node
	doc := "{apiVersion: agentsync/v1, kind: Agent, metadata: {name: a}, spec: {config: {passthrough: " + text + "}}}"
	if err := yaml.Unmarshal([]byte(doc), &root); err != nil {
		t.Fatal(err)
	}
	return schema.Check("agent", "x.yaml", root.Content[0], func(p Problem) { t.Fatal(p) }).Get("spec", "config", "passthrough")
}

func TestMergeRules(t *testing.T) {
	for _, c := range []struct{ name, base, over, want string }{
		{"maps merge", `{config: {llm_config: {a: 1, b: 2}}}`, `{config: {llm_config: {b: 3}}}`, `{"config":{"llm_config":{"a":1,"b":3}}}`},
		{"lists replace", `{config: {guidelines: [a, b]}}`, `{config: {guidelines: [c]}}`, `{"config":{"guidelines":["c"]}}`},
		{"named lists merge", `{call_outcomes: [{outcome_name: a, x: 1}, {outcome_name: b}]}`, `{call_outcomes: [{outcome_name: c}, {outcome_name: a, y: 2}]}`,
			`{"call_outcomes":[{"outcome_name":"a","x":1,"y":2},{"outcome_name":"b"},{"outcome_name":"c"}]}`},
		{"empty map replaces", `{config: {llm_config: {a: 1}}}`, `{config: {llm_config: {}}}`, `{"config":{"llm_config":{}}}`},
		{"null replaces", `{config: {llm_config: {a: 1}}}`, `{config: {llm_config: null}}`, `{"config":{"llm_config":null}}`},
		{"empty list replaces", `{call_infields: [{field_name: a}]}`, `{call_infields: []}`, `{"call_infields":[]}`},
		{"empty text replaces", `{config: {notes: x}}`, `{config: {notes: ""}}`, `{"config":{"notes":""}}`},
		{"text replaces map", `{config: {a: {b: 1}}}`, `{config: {a: x}}`, `{"config":{"a":"x"}}`},
		{"nothing changes nothing", `{config: {a: 1}}`, `{}`, `{"config":{"a":1}}`},
		{"extends stays behind", `{config: {a: 1}}`, `{extends: [x], agent: {b: 1}}`, `{"agent":{"b":1},"config":{"a":1}}`},
		{"elsewhere a list of that name replaces", `{config: {passthrough: {call_outcomes: [{outcome_name: a}]}}}`, `{config: {passthrough: {call_outcomes: [{outcome_name: b}]}}}`,
			`{"config":{"passthrough":{"call_outcomes":[{"outcome_name":"b"}]}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := resolver{loader: &loader{}}
			got, err := json.Marshal(m.merge(tree(t, c.base), tree(t, c.over)).Value())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMergeProperties: a spec merged with itself, or with nothing, is itself;
// merging is associative as long as nothing is emptied; and no merge changes
// what went in.
func TestMergeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := tree(t, drawSpec(t, "a")), tree(t, drawSpec(t, "b")), tree(t, drawSpec(t, "c"))
		m := resolver{loader: &loader{}}
		before := fmt.Sprint(a.Value(), b.Value(), c.Value())
		for _, pair := range [][2]*node{
			{m.merge(a, a), a},
			{m.merge(schema.None, a), a},
			{m.merge(a, schema.None), a},
			{m.merge(m.merge(a, b), c), m.merge(a, m.merge(b, c))},
		} {
			if diff := cmp.Diff(pair[1].Value(), pair[0].Value()); diff != "" {
				t.Fatal(diff)
			}
		}
		if after := fmt.Sprint(a.Value(), b.Value(), c.Value()); after != before {
			t.Fatalf("a merge changed its input: %s, was %s", after, before)
		}
	})
}

// drawSpec returns a spec without empty values.
func drawSpec(t *rapid.T, label string) string {
	item := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("{outcome_name: %s, %s: %d}", rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"),
			rapid.SampledFrom([]string{"x", "y"}).Draw(t, "field"), rapid.IntRange(1, 3).Draw(t, "value"))
	})
	spec := "{agent: {agent_name: x}"
	if rapid.Bool().Draw(t, label+" config") {
		spec += fmt.Sprintf(", config: {llm_config: {%s: %d}, guidelines: [%d]}", rapid.SampledFrom([]string{"model", "provider"}).Draw(t, "key"), rapid.IntRange(1, 3).Draw(t, "value"), rapid.IntRange(1, 3).Draw(t, "rule"))
	}
	first, second := item.Draw(t, label+" first"), item.Draw(t, label+" second")
	if first[:17] != second[:17] { // one name is there once
		spec += ", call_outcomes: [" + first + ", " + second + "]"
	}
	return spec + "}"
}

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"agents/**/*.yaml", "agents/a.yaml", true},
		{"agents/**/*.yaml", "agents/x/y/a.yaml", true},
		{"agents/**/*.yaml", "other/a.yaml", false},
		{"**", "a/b/c", true},
		{"**/a.yaml", "a.yaml", true},
		{"./a.yaml", "a.yaml", true},
		{"*.yaml", "x/a.yaml", false},
		{"a/[bc]/?.yaml", "a/b/x.yaml", true},
		{"**/**/**/**/**/**/**/**/**/x", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/y", false},
	} {
		p, err := newPattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.match(c.name); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.name, got)
		}
	}
	for _, bad := range []string{"/etc/*", "../x", "a/../../x", `a\b`, "[", "a/[b"} {
		if _, err := newPattern(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
