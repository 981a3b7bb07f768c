package spec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/spec"
)

// TestFields has the fields that a client may send, in the order that plans and
// bodies have them (reference.md, endpoints 5, 7, 9 and 20 to 27).
func TestFields(t *testing.T) {
	for section, want := range map[string][]string{
		spec.SectionAgent: {"agent_name", "agent_description", "agent_type", "team", "is_active", "whatsapp_enabled", "is_auto", "agent_cost"},
		spec.SectionConfig: {"system_prompt", "starting_instructions", "agent_type", "guardrail_ids", "metadata_schema", "examples", "guidelines",
			"llm_config", "tts_config", "stt_config", "vad_config", "notes"},
		spec.SectionOutcomes: {"outcome_name", "outcome_description", "outcome_type", "outcome_enum", "is_visible"},
		spec.SectionInfields: {"field_name", "field_type", "field_enum", "is_visible"},
		"release":            {},
	} {
		if diff := cmp.Diff(want, spec.FieldNames(section)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", section, diff)
		}
		for i, row := range spec.Fields(section) {
			if row.Name != want[i] || spec.FieldOf(section, row.Name) != row {
				t.Errorf("%s: row %d is %s", section, i, row.Name)
			}
		}
	}
	if spec.FieldOf(spec.SectionConfig, "passthrough") != nil || spec.FieldOf(spec.SectionConfig, "version") != nil {
		t.Error("passthrough is no field of the API, and the platform alone writes a version")
	}
	for _, name := range []string{"id", "_id", "agent_id", "version", "status", "is_current", "created_at", "updated_at", "created_by", "updated_by",
		"published_at", "published_by", "call_outcomes", "call_infields"} {
		if !spec.IsServerField(spec.SectionConfig, name) {
			t.Errorf("the platform writes %s", name)
		}
	}
	if spec.IsServerField(spec.SectionConfig, "notes") {
		t.Error("notes are the manifest's")
	}
}
