package schema

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// check returns what Check does, and the problems in the document's order.
func check(kind string, root *yaml.Node) (*Node, []Problem) {
	var problems []Problem
	doc := Check(kind, "a.yaml", root, func(p Problem) { problems = append(problems, p) })
	slices.SortStableFunc(problems, Problem.Compare)
	return doc, problems
}

// findings checks a document and returns what is found, one a line:
// "line:column message (hint)".
func findings(t *testing.T, kind, doc string) string {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(doc), &root); err != nil {
		t.Fatal(err)
	}
	_, problems := check(kind, root.Content[0])
	var out []string
	for _, f := range problems {
		line := fmt.Sprintf("%d:%d %s", f.Pos.Line, f.Pos.Column, f.Message)
		if f.Hint != "" {
			line += " (" + f.Hint + ")"
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// inConfig is an agent whose config holds a line from line 5, column 3.
func inConfig(line string) string {
	return "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: a}\nspec: {config:\n  " + line + "}"
}

// TestConfigFindings has one case for each way in which a value can break its
// row, with the words and the hint that it gets.
func TestConfigFindings(t *testing.T) {
	sixty := strings.Repeat("x", 60)
	for _, c := range []struct{ line, want string }{
		// Kinds of values.
		{"{agent_type: 5}", `config.agent_type: want text, got the number 5 (put it in quotes: "5")`},
		{"{agent_type: true}", `config.agent_type: want text, got true (put it in quotes: "true")`},
		{"{agent_type: 2024-01-01}", `config.agent_type: want text, got the date 2024-01-01 (put it in quotes: "2024-01-01")`},
		{"{agent_type: [a]}", `config.agent_type: want text, got a list (put the whole text in quotes: "[a]")`},
		{"{agent_type: {a: b}}", `config.agent_type: want text, got a map (put the whole text in quotes: "{a: b}")`},
		{"{agent_type: null}", ""},
		{"{guidelines: [null]}", "config.guidelines[0]: want text, got nothing"},
		{"{guidelines: [~, a, ~]}", "config.guidelines[0]: want text, got nothing\nconfig.guidelines[2]: want text, got nothing"},
		{"{examples: a}", `config.examples: want a list, got the text "a"`},
		{"{guidelines: a}", `config.guidelines: want a list, got the text "a" (write a list: [a])`},
		{`{examples: "a b"}`, `config.examples: want a list, got the text "a b"`},
		{"{examples: 5}", "config.examples: want a list, got the number 5"},
		{"{examples: {a: b}}", `config.examples: want a list, got a map (begin each entry of a list with "- ")`},
		{"{llm_config: [a]}", `config.llm_config: want a map, got a list (write "name: value" lines without a leading "- ")`},
		{"{llm_config: a}", `config.llm_config: want a map, got the text "a"`},
		{"{system_prompt: 5}", `config.system_prompt: want text or a map, got the number 5 (put it in quotes: "5")`},
		{"{system_prompt: {file: 5}}", `config.system_prompt.file: want text or a list, got the number 5 (put it in quotes: "5")`},

		// Numbers.
		{"{llm_config: {temperature: 0}}", ""},
		{"{llm_config: {temperature: -0.1}}", "config.llm_config.temperature: want 0 or more, got -0.1"},
		{"{llm_config: {temperature: [a]}}", "config.llm_config.temperature: want a number, got a list"},
		{`{llm_config: {temperature: "5"}}`, `config.llm_config.temperature: want a number, got the text "5" (leave the quotes out: 5)`},
		{`{llm_config: {temperature: "017"}}`, `config.llm_config.temperature: want a number, got the text "017"`},
		{"{llm_config: {max_tokens: 5.0}}", ""},
		{"{llm_config: {max_tokens: 1.5}}", "config.llm_config.max_tokens: want a whole number, got 1.5"},
		{`{llm_config: {max_tokens: "5"}}`, `config.llm_config.max_tokens: want a whole number, got the text "5" (leave the quotes out: 5)`},
		{"{llm_config: {max_tokens: 9007199254740991}}", ""},
		{"{llm_config: {max_tokens: 9007199254740993}}", "config.llm_config.max_tokens: want 9007199254740991 or less, got 9007199254740993"},
		{"{llm_config: {max_tokens: 1e300}}", "config.llm_config.max_tokens: want 9007199254740991 or less, got 1e300"},
		{"{llm_config: {temperature: 1e-999999999}}", ""},
		{"{llm_config: {temperature: !!float 1e400}}", `config.llm_config.temperature: the number 1e400 is too large (write a decimal number, or put it in quotes as text: "1e400")`},
		{"{vad_config: {activation_threshold: 1}}", ""},
		{"{vad_config: {activation_threshold: 1.1}}", "config.vad_config.activation_threshold: want 1 or less, got 1.1"},
		{"{llm_config: {max_tokens: 0x1f}}", `config.llm_config.max_tokens: the number 0x1f is not in decimal form (write a decimal number, or put it in quotes as text: "0x1f")`},
		{"{llm_config: {temperature: .inf}}", `config.llm_config.temperature: .inf is no finite number (write a decimal number, or put it in quotes as text: ".inf")`},
		{"{llm_config: {temperature: .NaN}}", `config.llm_config.temperature: .NaN is no finite number (write a decimal number, or put it in quotes as text: ".NaN")`},

		// Text.
		{`{agent_type: "a\nb"}`, "config.agent_type: want one line, got a line break (U+000A) (write it on one line)"},
		{`{agent_type: "a\tb"}`, "config.agent_type: the control character U+0009 is not allowed (delete it)"},
		{`{agent_type: "\0"}`, "config.agent_type: the control character U+0000 is not allowed (delete it)"},
		{`{passthrough: {a: "\0"}}`, "config.passthrough.a: the control character U+0000 is not allowed (delete it)"},
		{`{agent_type: "a\u009fb"}`, "config.agent_type: the control character U+009F is not allowed (delete it)"},
		{`{agent_type: "a\u202eb"}`, "config.agent_type: the invisible character U+202E is not allowed here (delete it)"},
		{`{system_prompt: "a\nb\tc\u202e"}`, ""},
		{`{system_prompt: "a\x1b"}`, "config.system_prompt: the control character U+001B is not allowed (delete it)"},
		{`{guardrail_ids: [""]}`, "config.guardrail_ids[0]: must not be empty"},
		{`{guardrail_ids: [a, b, a, a]}`, `config.guardrail_ids: "a" is listed twice (first given in line 5: keep one of them)` + "\n" +
			`config.guardrail_ids: "a" is listed twice (first given in line 5: keep one of them)`},

		// What YAML makes of text.
		{"{system_prompt: {name}}", `config.system_prompt: want text or {file: path}, got a map: YAML reads text in braces as one (put the whole text in quotes: "{name}")`},
		{"{system_prompt: {{ name }}}", `config.system_prompt: YAML reads this text as a map in a map (put the whole text in quotes: "{{name}}")`},
		{"{guidelines: [{name}]}", `config.guidelines[0]: want text, got a map (put the whole text in quotes: "{name}")`},
		{"{guidelines: [{a: 5}]}", `config.guidelines[0]: want text, got a map (put the whole text in quotes: "{a: 5}")`},
		{"{guidelines: [{{name}}]}", `config.guidelines[0]: YAML reads this text as a map in a map (put the whole text in quotes: "{{name}}")`},
		{"{system_prompt: [Pause]}", `config.system_prompt: want text or a map, got a list (put the whole text in quotes: "[Pause]")`},
		{"{system_prompt: [a.md, b.md]}", "config.system_prompt: want text or a map, got a list (write {file: [a.md, b.md]})"},
		{"{system_prompt: !include a.md}", `config.system_prompt: the tag "!include" is not known (write {file: a.md})`},
		{"{guidelines: {file: a.md}}", "config.guidelines: want a list, got a map (only system_prompt, starting_instructions and notes are read from files: write the text itself here)"},
		{"{guidelines: [{file: a.md}]}", "config.guidelines[0]: want text, got a map (only system_prompt, starting_instructions and notes are read from files: write the text itself here)"},
		{"{system_prompt: &Co is here}", `YAML takes "&Co" for an anchor, which nothing names, and keeps "is here" alone (put the whole text in quotes: "&Co is here")`},
		{"{agent_type: &a x, notes: *a}", ""},
		{"{guardrail_ids: \"happy, very sad; o'k\"}", `config.guardrail_ids: want a list, got the text "happy, very sad; o'k" (write a list: [happy, very sad, "o'k"])`},

		// Lists of files.
		{"{system_prompt: {file: []}}", "config.system_prompt.file: must not be empty"},
		{"{system_prompt: {file: " + list("a", 100) + "}}", ""},
		{"{system_prompt: {file: " + list("a", 101) + "}}", "config.system_prompt.file: want at most 100 entries, got 101"},
		{"{system_prompt: {}}", `config.system_prompt: missing the field "file"`},

		// Fields.
		{"{llm_config: {temprature: 1}}", `config.llm_config: unknown field "temprature" (did you mean "temperature"?)`},
		{"{temperature: 1}", `config: unknown field "temperature" (it belongs in config.llm_config)`},
		{"{spec: 1}", `config: unknown field "spec" (it belongs at the top of the document)`},
		{"{zzz: 1}", `config: unknown field "zzz" (a field that the API has gained goes under config.passthrough)`},
		{"{tts_config: {zzzz: 1}}", `config.tts_config: unknown field "zzzz" (a field that the API has gained goes under config.passthrough.tts_config)`},
		{"{examples: [{content: a, zzzz: 1}]}", `config.examples[0]: unknown field "zzzz" (known fields: content, role)`},
		{"{metadata_schema: [{name: n, text: 1}]}", `config.metadata_schema.n: unknown field "text" (known fields: default, description, enum_values, name, required, type)`},
		{"{metadata_schema: [{typ: a}]}", `config.metadata_schema[0]: missing the field "name" (the name that stands in curly braces in a prompt)` + "\n" +
			`config.metadata_schema[0]: unknown field "typ" (did you mean "type"?)`},
		{"{metadata_schema: [{nam: a}]}", `config.metadata_schema[0]: unknown field "nam" (did you mean "name"?)`},
		{"{name: a}", `config: unknown field "name" (a field that the API has gained goes under config.passthrough)`},
		{"{metadata_schema: [{name: " + strings.Repeat("n", 80) + ", a: 1}]}", "config.metadata_schema." + strings.Repeat("n", 80) + ": unknown field \"a\" (known fields: default, description, enum_values, name, required, type)"},
		{"{metadata_schema: [{name: " + strings.Repeat("n", 81) + ", a: 1}]}", `config.metadata_schema[0]: unknown field "a" (known fields: default, description, enum_values, name, required, type)`},
		{"{5: a}", `config: unknown field "5" (a field that the API has gained goes under config.passthrough)`},
		{`{"": a}`, `config: unknown field "" (a field that the API has gained goes under config.passthrough)`},

		// What may be anything.
		{"{passthrough: {a: [1, {b: [null, true, {}]}]}}", ""},
		{"{passthrough: 5}", "config.passthrough: want a map, got the number 5"},
		{"{passthrough: {5: a}}", `config.passthrough: the key "5" is no text (put it in quotes: "5")`},
		{"{passthrough: {a: {true: a}}}", `config.passthrough.a: the key "true" is no text (put it in quotes: "true")`},
		{`{passthrough: {"": a}}`, "config.passthrough: a key must not be empty"},
		{`{passthrough: {a: {"": 1, "b c": {"\e": 2}}}}`, "config.passthrough.a: a key must not be empty\n" +
			`config.passthrough.a."b c": the control character U+001B is not allowed (delete it)`},
		{`{passthrough: {"a\nb": 1}}`, "config.passthrough: want one line, got a line break (U+000A) (write it on one line)"},
		{`{passthrough: {"a/b~c": {"\e": 2}}}`, `config.passthrough."a/b~c": the control character U+001B is not allowed (delete it)`},
		{`{passthrough: {a: ["\e"]}}`, "config.passthrough.a[0]: the control character U+001B is not allowed (delete it)"},
		{"{passthrough: {" + strings.Repeat("k", 256) + ": 1}}", ""},
		{"{passthrough: {" + strings.Repeat("k", 256) + `: "\e"}}`, `config.passthrough."` + strings.Repeat("k", 60) + `…": the control character U+001B is not allowed (delete it)`},
		{"{passthrough: {" + strings.Repeat("k", 257) + ": 1}}", `config.passthrough: the key "` + strings.Repeat("k", 60) + `…" is longer than 256 bytes (shorten it)`},
		{"{" + strings.Repeat("k", 257) + ": 1}", `config: unknown field "` + strings.Repeat("k", 60) + `…" (a field that the API has gained goes under config.passthrough)`},
		{"{passthrough: {a: 2024-01-01}}", `config.passthrough.a: a date is no value of its own (put it in quotes: "2024-01-01")`},
		{"{passthrough: {a: 1_000}}", `config.passthrough.a: the number 1_000 is not in decimal form (write a decimal number, or put it in quotes as text: "1_000")`},
		{"{passthrough: {a: 9223372036854775807}}", ""},
		{"{passthrough: {a: 9223372036854775808}}", `config.passthrough.a: the number 9223372036854775808 is too large (write a decimal number, or put it in quotes as text: "9223372036854775808")`},
		{"{passthrough: {a: 1_" + strings.Repeat("1", 59) + "}}", "config.passthrough.a: the number 1_" + strings.Repeat("1", 58) + "… is not in decimal form"},

		// Tags.
		{"{passthrough: {a: !x b}}", `config.passthrough.a: the tag "!x" is not known (put the whole text in quotes: "!x b")`},
		{"{passthrough: !x {a: b}}", `config.passthrough: the tag "!x" is not known (leave the tag out)`},
		{"{guidelines: !x [a]}", `config.guidelines: the tag "!x" is not known (leave the tag out)`},
		{"{guidelines: !!set [a]}", `config.guidelines: the tag "!!set" is not known (leave the tag out)`},
		{"{agent_type: !!null a}", `config.agent_type: "a" is not null (leave the tag out)`},
		{"{agent_type: !!bool a}", `config.agent_type: "a" is neither true nor false (leave the tag out)`},

		// What stands below a field that is not known, or in a value of the wrong
		// kind, has no row: nothing is said of it.
		{"{zzz: {a: 2024-01-01}}", `config: unknown field "zzz" (a field that the API has gained goes under config.passthrough)`},
		{"{tts_config: [2024-01-01]}", `config.tts_config: want a map, got a list (write "name: value" lines without a leading "- ")`},

		// Long values are cut, and not repeated in a hint.
		{"{guidelines: " + sixty + "}", "config.guidelines: want a list, got the text \"" + sixty + "\" (write a list: [" + sixty + "])"},
		{"{guidelines: " + sixty + sixty + "}", "config.guidelines: want a list, got the text \"" + sixty + `…" (begin each entry of the list with "- ", on a line of its own)`},
		{"{agent_type: " + strings.Repeat("1", 18) + "}", "config.agent_type: want text, got the number 111111111111111111 (put it in quotes: \"111111111111111111\")"},
		{"{agent_type: 0." + strings.Repeat("1", 58) + "}", "config.agent_type: want text, got the number 0." + strings.Repeat("1", 58) + " (put it in quotes: \"0." + strings.Repeat("1", 58) + "\")"},
		{"{agent_type: 0." + strings.Repeat("1", 59) + "}", "config.agent_type: want text, got the number 0." + strings.Repeat("1", 58) + "…"},
	} {
		got := findings(t, "agent", inConfig(c.line))
		var lines []string
		for _, line := range strings.Split(got, "\n") {
			_, message, _ := strings.Cut(line, " ")
			lines = append(lines, message)
		}
		if diff := cmp.Diff(c.want, strings.Join(lines, "\n")); diff != "" {
			t.Errorf("%s: -want +got:\n%s", Clip(c.line), diff)
		}
	}
}

func list(item string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+", ", n), ", ") + "]"
}

// TestFindings has whole documents: where findings point, their order, and what
// is said of the other kinds.
func TestFindings(t *testing.T) {
	for name, c := range map[string]struct{ kind, doc, want string }{
		"nothing but a kind": {"agent", "kind: Agent", `1:1 missing the field "apiVersion" (the format of this document: agentsync/v1)
1:1 missing the field "metadata" (what identifies the document in this repository)
1:1 missing the field "spec" (what the agent should be)`},
		"an empty document": {"base", "{}", `1:1 missing the field "apiVersion"
1:1 missing the field "kind"
1:1 missing the field "metadata"
1:1 missing the field "spec"`},
		"no map at all":   {"agent", "[]", `1:1 want a map, got a list (write "name: value" lines without a leading "- ")`},
		"another version": {"project", "apiVersion: agentsync/v2\nkind: Agent", "1:13 apiVersion: want agentsync/v1, got \"agentsync/v2\" (did you mean \"agentsync/v1\"?)\n2:7 kind: want Project, got \"Agent\""},
		"in the document's order": {"agent", "spec:\n  config: {zz: 1, agent_type: 5}\n  agent: {agent_type: outbound, is_auto: yes}\nmetadata: {name: A}\nkind: Agent\napiVersion: agentsync/v1", `2:12 config: unknown field "zz" (a field that the API has gained goes under config.passthrough)
2:31 config.agent_type: want text, got the number 5 (put it in quotes: "5")
3:23 agent.agent_type: want one of INBOUND or OUTBOUND, got "outbound" (did you mean "OUTBOUND"?)
3:42 agent.is_auto: want true or false, got the text "yes" (write true, without quotes)
4:18 metadata.name: "A" is not allowed here (want lower-case letters, digits and dashes, at most 63, not beginning with a dash)`},
		"choices": {"agent", "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: a}\nspec: {call_outcomes: [{outcome_name: o, outcome_type: 5}, {outcome_name: p, outcome_type: null}, {outcome_name: q, outcome_type: 2024-01-01}]}", `4:56 call_outcomes.o.outcome_type: want one of TEXT, DATE, BOOLEAN, FIXED or NUMBER, got the number 5
4:92 call_outcomes.p.outcome_type: want one of TEXT, DATE, BOOLEAN, FIXED or NUMBER, got nothing
4:131 call_outcomes.q.outcome_type: want one of TEXT, DATE, BOOLEAN, FIXED or NUMBER, got the date 2024-01-01`},
		"one finding about a name": {"agent", "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: a}\nspec: {call_infields: [{field_name: \"\"}, {field_name: a/b}, {field_name: ..}, {field_name: \"नाम ₹\"}]}", `4:37 call_infields[0].field_name: must not be empty
4:55 call_infields[1].field_name: "a/b" is not allowed here (want one line without control characters and slashes, and not dots alone: the name stands in the API's paths)
4:74 call_infields[2].field_name: ".." is not allowed here (want one line without control characters and slashes, and not dots alone: the name stands in the API's paths)`},
		"credentials": {"project", "apiVersion: agentsync/v1\nkind: Project\nspec: {environments: {Prod: null, dev: {credentials: {email_env: PATH, token_env: GITHUB_TOKEN, password_env: x, api_key_env: null}}}}", `3:23 environments: "Prod" is not allowed here (want lower-case letters, digits and dashes, at most 63, not beginning with a dash)
3:66 environments.dev.credentials.email_env: "PATH" is not allowed here (want a variable that is there for this alone: a name that begins with INDUSLABS_, such as INDUSLABS_STAGING_TOKEN, in capital letters, digits and underscores)
3:83 environments.dev.credentials.token_env: "GITHUB_TOKEN" is not allowed here (want a variable that is there for this alone: a name that begins with INDUSLABS_, such as INDUSLABS_STAGING_TOKEN, in capital letters, digits and underscores)
3:111 environments.dev.credentials.password_env: "x" is not allowed here (want a variable that is there for this alone: a name that begins with INDUSLABS_, such as INDUSLABS_STAGING_TOKEN, in capital letters, digits and underscores)
3:127 environments.dev.credentials.api_key_env: want text, got nothing`},
		"a field at home in two places": {"project", "apiVersion: agentsync/v1\nkind: Project\nbase_url: x", `3:1 unknown field "base_url" (known fields: apiVersion, kind, metadata, spec)`},
		"a field of another map":        {"project", "apiVersion: agentsync/v1\nkind: Project\nspec: {prune: true}", `3:8 spec: unknown field "prune" (it belongs in policy)`},
		"an override": {"project", "apiVersion: agentsync/v1\nkind: Project\nspec: {policy: {max_delete_percent: 101}, environments: {dev: {overrides: [{agents: [], spec: {extends: [a], config: {zz: 1, tts_config: {zzzz: 1}}}}, {agents: null}]}}}", `3:37 policy.max_delete_percent: want 100 or less, got 101
3:85 environments.dev.overrides[0].agents: must not be empty
3:96 environments.dev.overrides[0].spec: unknown field "extends" (known fields: agent, call_infields, call_outcomes, checks, config, lifecycle, release, smoke_call)
3:119 environments.dev.overrides[0].spec.config: unknown field "zz" (known fields: agent_type, examples, guardrail_ids, guidelines, llm_config, metadata_schema, notes, passthrough, starting_instructions, stt_config, system_prompt, tts_config, vad_config)
3:139 environments.dev.overrides[0].spec.config.tts_config: unknown field "zzzz" (known fields: voice_id)
3:152 environments.dev.overrides[1]: missing the field "spec" (what is merged over the agents' spec)
3:161 environments.dev.overrides[1].agents: want a list, got nothing`},
		"members of a team": {"agent", "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: a}\nspec: {agent: {team: [a, {user_id: [1]}, 5, \"\\e\", {\"\\e\": 1, 5: 1}]}, smoke_call: {timeout: 10, on_failure: stay}, checks: [{name: x}, a]}", `4:42 agent.team[2]: want a map or text, got the number 5
4:45 agent.team[3]: the control character U+001B is not allowed (delete it)
4:52 agent.team[4]: the control character U+001B is not allowed (delete it)
4:61 agent.team[4]: the key "5" is no text (put it in quotes: "5")
4:92 smoke_call.timeout: want text, got the number 10 (put it in quotes: "10")
4:108 smoke_call.on_failure: want one of rollback or keep, got "stay"
4:135 checks[1]: want a map, got the text "a"`},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, findings(t, c.kind, c.doc)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestMeant says what a finding spoils, and the name that an unknown field was
// probably meant to have: what is right beside it is still used.
func TestMeant(t *testing.T) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(inConfig("{agent_typ: a, zzz: b, notes: 5, system_prompt: {}, guidelines: [a, 5]}")), &root); err != nil {
		t.Fatal(err)
	}
	doc, _ := check("agent", root.Content[0])
	var got []string
	for _, f := range doc.Get("spec", "config").Below {
		got = append(got, fmt.Sprint(f.Key, " ", f.IsInvalid(), " ", f.Value()))
	}
	want := []string{"agent_type true <nil>", "zzz true <nil>", "notes true <nil>", "system_prompt false map[]", "guidelines false [a <nil>]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAliases reports a value under each of the names that lead to it.
func TestAliases(t *testing.T) {
	bad := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: "5"}
	text := func(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
	object := func(content ...*yaml.Node) *yaml.Node {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: content}
	}
	doc := object(text("apiVersion"), text("agentsync/v1"), text("kind"), text("Base"), text("metadata"), object(text("name"), text("b")),
		text("spec"), object(text("agent"), object(text("agent_name"), bad, text("agent_description"), bad)))
	if _, got := check("base", doc); len(got) != 2 {
		t.Errorf("want two findings, got %+v", got)
	}
}

func TestRewrite(t *testing.T) {
	for text, want := range map[string]string{
		"yes": "write true, without quotes", "ON": "write true, without quotes", "y": "write true, without quotes", "True": "write true, without quotes",
		"no": "write false, without quotes", "off": "write false, without quotes", "N": "write false, without quotes", "false": "write false, without quotes",
		"maybe": "",
	} {
		if got := rewrite(kindBool, text); got != want {
			t.Errorf("rewrite(boolean, %q) = %q, want %q", text, got, want)
		}
	}
	if got := rewrite(kindMap, "a"); got != "" {
		t.Errorf("rewrite(object) = %q", got)
	}
}
