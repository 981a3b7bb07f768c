package edit

import (
	"strings"
	"testing"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// change returns a document with a change of what it says.
func change(t testing.TB, text string, do func(doc map[string]any)) (string, error) {
	t.Helper()
	parts, err := spec.Parts([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := plain(parts[0].Roots[0]).(map[string]any)
	do(want)
	eol := "\n"
	if strings.Contains(text, "\r\n") {
		eol = "\r\n"
	}
	out, err := rewrite(parts[0], 0, schema.Document("agent"), want, eol)
	return string(out), err
}

func below(doc map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		doc = doc[key].(map[string]any)
	}
	return doc
}

// Each case is a spec, the change, and what the spec is then. Everything else is
// the same byte for byte.
func TestRewrite(t *testing.T) {
	set := func(v any, path ...string) func(map[string]any) {
		return func(doc map[string]any) {
			last := len(path) - 1
			m := below(doc, append([]string{"spec"}, path[:last]...)...)
			if m[path[last]] = v; v == "GONE" {
				delete(m, path[last])
			}
		}
	}
	items := func(f func([]any) []any, key string) func(map[string]any) {
		return func(doc map[string]any) {
			m := below(doc, "spec")
			m[key] = f(m[key].([]any))
		}
	}
	for name, c := range map[string]struct {
		before string
		do     func(map[string]any)
		after  string
	}{
		"a plain scalar, its comment stays": {
			"  config:\n    agent_type: old  # why\n", set("new", "config", "agent_type"), "  config:\n    agent_type: new  # why\n"},
		"double quotes stay": {`  config: {agent_type: "old", notes: x}` + "\n", set(`say "x"`, "config", "agent_type"), `  config: {agent_type: "say \"x\"", notes: x}` + "\n"},
		"single quotes stay": {"  config:\n    agent_type: 'old'\n", set("it's", "config", "agent_type"), "  config:\n    agent_type: 'it''s'\n"},
		"a number":           {"  config:\n    llm_config: {temperature: 0.20, max_tokens: 5}\n", set(0.3, "config", "llm_config", "temperature"), "  config:\n    llm_config: {temperature: 0.3, max_tokens: 5}\n"},
		"a text that looks like a number": {
			"  config:\n    agent_type: old\n", set("012", "config", "agent_type"), "  config:\n    agent_type: \"012\"\n"},
		"a literal: lines that stay": {
			"  config:\n    system_prompt: |-  # say\n      One.\n\n      Two.\n\n      Three.\n\n    agent_type: x\n",
			set("One.\n\nTwo and a half.\n\nThree.", "config", "system_prompt"),
			"  config:\n    system_prompt: |-  # say\n      One.\n\n      Two and a half.\n\n      Three.\n\n    agent_type: x\n"},
		"a folded text: paragraphs and lines that stay": {
			"  config:\n    system_prompt: >\n      One is a long\n      paragraph of\n      many lines.\n\n      Two.\n    agent_type: x\n",
			set("One is a long paragraph OF many lines.\nTwo.", "config", "system_prompt"),
			"  config:\n    system_prompt: >\n      One is a long\n      paragraph OF\n      many lines.\n\n      Two.\n    agent_type: x\n"},
		"a line becomes several": {
			"  config:\n    system_prompt: One.  # short\n    agent_type: x\n", set("One.\nदो।", "config", "system_prompt"),
			"  config:\n    system_prompt: |  # short\n      One.\n      दो।\n    agent_type: x\n"},
		"a block becomes empty": {
			"  config:\n    system_prompt: | # say\n      One.\n    agent_type: x\n", set("", "config", "system_prompt"),
			"  config:\n    system_prompt: \"\" # say\n    agent_type: x\n"},
		"a key in the registry's order": {
			"  config:\n    # the prompt\n    system_prompt: x\n    # the rest\n    llm_config: {provider: groq}\n", set("generic", "config", "agent_type"),
			"  config:\n    # the prompt\n    system_prompt: x\n    agent_type: generic\n    # the rest\n    llm_config: {provider: groq}\n"},
		"a key before the first": {
			"  config:\n    # the kind\n    agent_type: x\n", set("Hi", "config", "system_prompt"),
			"  config:\n    system_prompt: Hi\n    # the kind\n    agent_type: x\n"},
		"a key into flow":     {"  config: {system_prompt: x, notes: y}\n", set("a, b", "config", "agent_type"), "  config: {system_prompt: x, agent_type: \"a, b\", notes: y}\n"},
		"a key out of flow":   {"  config: {system_prompt: x, notes: y,}\n", set("GONE", "config", "notes"), "  config: {system_prompt: x,}\n"},
		"a key goes":          {"  config:\n    # mine\n    system_prompt: x\n\n    # its\n    notes: y  # too\n    agent_type: z\n", set("GONE", "config", "notes"), "  config:\n    # mine\n    system_prompt: x\n\n    agent_type: z\n"},
		"null becomes a map":  {"  config:\n    llm_config:  # later\n    notes: y\n", set(map[string]any{"model": "m", "provider": "p"}, "config", "llm_config"), "  config:\n    llm_config:  # later\n      provider: p\n      model: m\n    notes: y\n"},
		"a map becomes empty": {"  config:\n    llm_config:\n      model: m\n      provider: p\n    notes: y\n", set(map[string]any{}, "config", "llm_config"), "  config:\n    llm_config: {}\n    notes: y\n"},
		"the last key of a file without a last newline": {"  config:\n    notes: y\n    agent_type: x", set("GONE", "config", "agent_type"), "  config:\n    notes: y"},
		"CRLF": {
			"  config:\r\n    notes: y\r\n    system_prompt: |\r\n      One.\r\n      Two.\r\n", set("One.\n2.\nThree.", "config", "system_prompt"),
			"  config:\r\n    notes: y\r\n    system_prompt: |\r\n      One.\r\n      2.\r\n      Three.\r\n"},
		"a list keeps the lines of what stays": {
			"  config:\n    guidelines:\n      # first\n      - a # one\n      - b\n      - c\n", set([]any{"a", "B", "c", "d"}, "config", "guidelines"),
			"  config:\n    guidelines:\n      # first\n      - a # one\n      - B\n      - c\n      - d\n"},
		"an item in the middle": {
			"  config:\n    guidelines: [a, c]\n", set([]any{"a", "b", "c"}, "config", "guidelines"), "  config:\n    guidelines: [a, b, c]\n"},
		"an item by its name": {
			"  call_outcomes:\n  - {outcome_name: a, outcome_type: TEXT}\n  # about b\n  - outcome_name: b\n    outcome_type: DATE\n",
			items(func(l []any) []any {
				below(l[1].(map[string]any))["outcome_type"] = "TEXT"
				return []any{l[1], map[string]any{"outcome_name": "c", "outcome_type": "FIXED", "outcome_enum": []any{"x", "z z"}}}
			}, "call_outcomes"),
			"  call_outcomes:\n  # about b\n  - outcome_name: b\n    outcome_type: TEXT\n  - outcome_name: c\n    outcome_type: FIXED\n    outcome_enum: [x, z z]\n"},
		"the first key of an item": {
			"  call_outcomes:\n    - is_visible: true\n      outcome_name: b\n      outcome_type: DATE\n",
			items(func(l []any) []any { delete(l[0].(map[string]any), "is_visible"); return l }, "call_outcomes"),
			"  call_outcomes:\n    - outcome_name: b\n      outcome_type: DATE\n"},
		"the first key of an item, and a comment below it": {
			"  call_outcomes:\n    - is_visible: true # of it\n\n      # the name\n      outcome_name: b\n      outcome_type: DATE\n",
			items(func(l []any) []any { delete(l[0].(map[string]any), "is_visible"); return l }, "call_outcomes"),
			"  call_outcomes:\n    - # the name\n      outcome_name: b\n      outcome_type: DATE\n"},
		"an anchor and its alias that say two things from now on": {
			"  config:\n    system_prompt: &p Old.\n    starting_instructions: *p\n", set("New.", "config", "system_prompt"),
			"  config:\n    system_prompt: New.\n    starting_instructions: Old.\n"},
		"an anchor and its alias that stay together": {
			"  config:\n    system_prompt: &p Old.\n    starting_instructions: *p\n",
			func(doc map[string]any) {
				set("New.", "config", "system_prompt")(doc)
				set("New.", "config", "starting_instructions")(doc)
			},
			"  config:\n    system_prompt: &p New.\n    starting_instructions: *p\n"},
		"an alias alone": {
			"  config:\n    system_prompt: &p Old.\n    starting_instructions: *p  # same\n", set("Hi", "config", "starting_instructions"),
			"  config:\n    system_prompt: Old.\n    starting_instructions: Hi  # same\n"},
		"what a merge key brings": {
			"  call_outcomes:\n    - &o {outcome_name: a, outcome_type: TEXT, is_visible: true}\n    - <<: *o\n      outcome_name: b\n",
			items(func(l []any) []any { l[1].(map[string]any)["is_visible"] = false; return l }, "call_outcomes"),
			"  call_outcomes:\n    - &o {outcome_name: a, outcome_type: TEXT, is_visible: true}\n    - <<: *o\n      outcome_name: b\n      is_visible: false\n"},
		"where a merge key brings it from": {
			"  call_outcomes:\n    - &o {outcome_name: a, outcome_type: TEXT, is_visible: true}\n    - <<: *o\n      outcome_name: b\n",
			items(func(l []any) []any { l[0].(map[string]any)["is_visible"] = false; return l }, "call_outcomes"),
			"  call_outcomes:\n    - &o {outcome_name: a, outcome_type: TEXT, is_visible: false}\n    - <<: *o\n      outcome_name: b\n      is_visible: true\n"},
		"an item goes from which a merge key and an alias bring something": {
			"  call_outcomes:\n    - &o {outcome_name: a, outcome_type: &t TEXT, is_visible: true}\n    - <<: *o # so\n      outcome_name: b\n    - {outcome_name: c, outcome_type: *t}\n",
			items(func(l []any) []any { return l[1:] }, "call_outcomes"),
			"  call_outcomes:\n    - outcome_type: TEXT\n      is_visible: true # so\n      outcome_name: b\n    - {outcome_name: c, outcome_type: TEXT}\n"},
		"a key that a merge key brings goes": {
			"  call_outcomes:\n    - &o {outcome_name: a, outcome_type: TEXT, is_visible: true}\n    - <<: *o\n      outcome_name: b\n",
			items(func(l []any) []any { delete(l[1].(map[string]any), "is_visible"); return l }, "call_outcomes"),
			"  call_outcomes:\n    - &o {outcome_name: a, outcome_type: TEXT, is_visible: true}\n    - outcome_name: b\n      outcome_type: TEXT\n"},
	} {
		t.Run(name, func(t *testing.T) {
			head := "# top\napiVersion: agentsync/v1\nkind: Agent # हिन्दी\nmetadata: {name: a}\nspec:\n"
			if strings.Contains(c.before, "\r\n") {
				head = strings.ReplaceAll(head, "\n", "\r\n")
			}
			got, err := change(t, head+c.before, c.do)
			if err != nil || got != head+c.after {
				t.Errorf("%v\n%s\nwant\n%s", err, got, head+c.after)
			}
		})
	}
}
