package schema

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// eachRow calls do with every row of the registry and its path.
func eachRow(do func(path string, row *Field)) {
	var walk func(path string, row *Field)
	walk = func(path string, row *Field) {
		do(path, row)
		for _, below := range row.Fields {
			walk(path+"."+below.Name, below)
		}
		if row.Items != nil && row.Items != anything {
			walk(path+"[]", row.Items)
		}
	}
	for _, kind := range Kinds() {
		walk(kind, roots[kind])
	}
}

// TestRows holds each row of the registry to what its readers rely on.
func TestRows(t *testing.T) {
	eachRow(func(path string, row *Field) {
		if row.Doc == "" || !strings.HasSuffix(row.Doc, ".") {
			t.Errorf("%s: no description that ends with a period: %q", path, row.Doc)
		}
		if choice := row.Type == Choice || row.Type == Constant; choice != (len(row.Values) > 0) {
			t.Errorf("%s: values go with choices and constants", path)
		}
		if isMap := row.Type == Map || row.Type == Prompt; isMap != (len(row.Fields) > 0) {
			t.Errorf("%s: fields go with maps and prompts", path)
		}
		if lists := row.Type == List || row.Type == Paths || row.Type == Table; lists != (row.Items != nil) {
			t.Errorf("%s: entries go with lists and tables", path)
		}
		if row.Type == Integer && (row.Min == nil || row.Max == nil) {
			t.Errorf("%s: a whole number has both limits", path)
		}
		if row.MergeBy != "" {
			if name := row.Items.Below(row.MergeBy); name == nil || !name.Required {
				t.Errorf("%s: merges by %s, which is no required field of its entries", path, row.MergeBy)
			}
		}
		if row.CreationOnly && !row.AtCreation {
			t.Errorf("%s: set at creation only, and creation does not take it", path)
		}
		var names []string
		for _, below := range row.Fields {
			if slices.Contains(names, below.Name) || row.IsServer(below.Name) {
				t.Errorf("%s: %s is there twice", path, below.Name)
			}
			names = append(names, below.Name)
		}
	})
}

// TestFacts spells out what the API does with fields, as reference.md has it:
// a changed row is a changed promise.
func TestFacts(t *testing.T) {
	facts := map[string]func(*Field) bool{
		"at creation":   func(f *Field) bool { return f.AtCreation },
		"creation only": func(f *Field) bool { return f.CreationOnly },
		"default":       func(f *Field) bool { return f.Default != nil },
		"service":       func(f *Field) bool { return f.Service },
		"spoken":        func(f *Field) bool { return f.Spoken },
		"prompt":        func(f *Field) bool { return f.Type == Prompt },
		"ours":          func(f *Field) bool { return f.Ours },
		"merged":        func(f *Field) bool { return f.MergeBy != "" },
		"null empties":  func(f *Field) bool { return f.EmptyIsNull },
	}
	got := map[string]string{}
	for fact, holds := range facts {
		var rows []string
		eachRow(func(path string, row *Field) {
			if path, ok := strings.CutPrefix(path, "agent.spec."); ok && holds(row) {
				rows = append(rows, path)
			}
		})
		got[fact] = strings.Join(rows, " ")
	}
	want := map[string]string{
		"at creation":   "agent.agent_name agent.agent_description agent.agent_type agent.team agent.is_auto",
		"creation only": "agent.agent_type agent.team",
		"default":       "agent.agent_description agent.team agent.is_auto call_outcomes[].outcome_description call_outcomes[].is_visible call_infields[].is_visible",
		"service":       "config.llm_config config.tts_config config.stt_config config.vad_config",
		"spoken":        "config.system_prompt config.starting_instructions",
		"prompt":        "config.system_prompt config.starting_instructions config.notes",
		"ours":          "config.passthrough",
		"merged":        "config.metadata_schema call_outcomes call_infields",
		"null empties":  "call_outcomes[].outcome_enum call_infields[].field_enum",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestEmpty(t *testing.T) {
	config, outcome := Spec().Below(SectionConfig), Spec().Below(SectionOutcomes).Item()
	for _, c := range []struct {
		row  *Field
		want any
	}{
		{nil, nil},
		{config.Below("system_prompt"), ""},
		{config.Below("agent_type"), ""},
		{config.Below("guardrail_ids"), []any{}},
		{config.Below("llm_config"), map[string]any{}},
		{config.Below("passthrough"), nil},
		{config.Below("llm_config").Below("temperature"), nil},
		{Spec().Below(SectionAgent).Below("is_active"), nil},
		{outcome.Below("outcome_name"), ""},
		{outcome.Below("outcome_description"), ""},
		{outcome.Below("outcome_type"), nil},
		{outcome.Below("outcome_enum"), nil},
		{config.Below("guardrail_ids").Item(), ""},
	} {
		if diff := cmp.Diff(c.want, c.row.Empty()); diff != "" {
			t.Errorf("%+v: -want +got:\n%s", c.row, diff)
		}
	}
}

func TestBelow(t *testing.T) {
	var none *Field
	config := Spec().Below(SectionConfig)
	pass := config.Below("passthrough")
	for _, c := range []struct {
		got, want *Field
	}{
		{none.Below("a"), nil},
		{none.Item(), nil},
		{config.Below("passthru"), nil},
		{config.Item(), nil},
		{config.Below("notes").Below("file"), promptFile[0]},
		{config.Below("notes").Below("file").Item(), promptFile[0].Items},
		{config.Below("guidelines").Below("a"), nil},
		{pass.Below("a"), anything},
		{pass.Item(), nil},
		{anything.Below("a"), anything},
		{anything.Item(), anything},
		{Spec().Below(SectionAgent).Below("team").Item().Below("user_id"), anything},
		{roots["project"].Below("spec").Below("environments").Below("dev").Below("base_url"), environment[0]},
	} {
		if c.got != c.want {
			t.Errorf("got %+v, want %+v", c.got, c.want)
		}
	}
	if !config.IsServer("version") || config.IsServer("notes") {
		t.Error("the platform adds a version, and not the notes")
	}
}

// TestCheckedIn is what the schema command and init write out.
func TestCheckedIn(t *testing.T) {
	for _, kind := range Kinds() {
		data, ok := JSON(kind)
		if !ok || !strings.Contains(string(data), `"title": "agentsync `+strings.ToUpper(kind[:1])+kind[1:]+`"`) {
			t.Errorf("%s: %v, %.100s", kind, ok, data)
		}
	}
	if data, ok := JSON("../go.mod"); ok || data != nil {
		t.Error("JSON returns files that are no schema")
	}
}
