package sync_test

import (
	"encoding/json"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Few values and few names: what is generated meets itself again.
var (
	names   = []string{"a", "b", "c"}
	texts   = []string{"", "One.", "Two.\n\nThree.", "Two.\r\n\r\nThree.\r\n", "नमस्ते {x}", " spaces \n"}
	numbers = []any{json.Number("0"), json.Number("0.0"), json.Number("5"), json.Number("5.0"), json.Number("0.45")}
	items   = []string{"lead", "budget", "कॉल", "a b%"}
	types   = []string{"TEXT", "DATE", "BOOLEAN", "FIXED", "NUMBER"}
)

func pick[T any](t *rapid.T, label string, from []T) T { return rapid.SampledFrom(from).Draw(t, label) }

// genAgents are wanted agents, as a manifest could give them, sorted by key.
func genAgents(t *rapid.T, label string) []spec.Agent {
	var out []spec.Agent
	for _, name := range names {
		if rapid.IntRange(0, 3).Draw(t, label+" has "+name) > 0 {
			out = append(out, genAgent(t, name))
		}
	}
	if len(out) == 0 {
		return []spec.Agent{genAgent(t, "a")}
	}
	return out
}

func genAgent(t *rapid.T, name string) spec.Agent {
	a := spec.Agent{
		Name: name, AgentName: strings.ToUpper(name), Config: value.NewPatch(genConfig(t, true)),
		Release: spec.Release{
			Mode:           pick(t, "mode", []string{"publish", "publish", "publish", "draft"}),
			ServiceUpdates: pick(t, "service updates", []string{"versioned", "in_place"}),
		},
		Lifecycle: spec.Lifecycle{Absent: rapid.IntRange(0, 9).Draw(t, "absent") == 0},
	}
	fields := genFields(t)
	fields["agent_name"], fields["agent_type"] = a.AgentName, "OUTBOUND"
	a.Agent = value.NewPatch(fields)
	a.OutcomesManaged, a.Outcomes = genItems(t, "outcome", "outcome_name", "outcome_type", "outcome_enum")
	a.InfieldsManaged, a.Infields = genItems(t, "infield", "field_name", "field_type", "field_enum")
	return a
}

func genFields(t *rapid.T) map[string]any {
	out := map[string]any{}
	maybe(t, out, "agent_description", func() any { return pick(t, "description", texts) })
	for _, field := range []string{"is_active", "whatsapp_enabled", "is_auto"} {
		maybe(t, out, field, func() any { return rapid.Bool().Draw(t, field) })
	}
	maybe(t, out, "agent_cost", func() any { return pick(t, "cost", numbers) })
	return out
}

// genConfig is a config. empties says whether null may stand in it: in a
// manifest that means empty.
func genConfig(t *rapid.T, empties bool) map[string]any {
	out := map[string]any{}
	for _, field := range []string{"system_prompt", "starting_instructions", "agent_type", "notes"} {
		maybe(t, out, field, func() any { return pick(t, field, texts) })
	}
	list := func(field string, entries []any) {
		maybe(t, out, field, func() any {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(entries), 0, 2, func(v any) string { return value.Of(v).Digest() }).Draw(t, field)
		})
	}
	list("guardrail_ids", []any{"tone_v1", "goal_v1"})
	list("guidelines", []any{"Be brief.", "Be kind."})
	list("examples", []any{
		map[string]any{"role": "user", "content": "Hello"}, map[string]any{"role": "assistant", "content": "Hi\nthere"}})
	maybe(t, out, "metadata_schema", func() any { return genMetadata(t) })
	section := func(name string, fields map[string][]any) {
		maybe(t, out, name, func() any {
			m := map[string]any{}
			for _, field := range value.SortedKeys(fields) {
				maybe(t, m, field, func() any { return pick(t, field, fields[field]) })
			}
			return m
		})
	}
	section("llm_config", map[string][]any{
		"provider": {"groq", "other"}, "model": {"small", "large"}, "temperature": numbers,
		"max_tokens": {json.Number("0"), json.Number("100")}, "context_turns": {json.Number("0"), json.Number("7")}})
	section("tts_config", map[string][]any{"voice_id": {"maya", "arjun", ""}})
	section("stt_config", map[string][]any{"provider": {"deepgram"}, "language": {"hi", "en"}})
	section("vad_config", map[string][]any{"min_silence_duration": numbers, "activation_threshold": numbers})
	if empties {
		for _, field := range value.SortedKeys(out) {
			if rapid.IntRange(0, 9).Draw(t, "empty "+field) == 0 {
				out[field] = nil
			}
		}
	}
	return out
}

func genMetadata(t *rapid.T) any {
	var out []any
	for _, name := range []string{"x", "y"} {
		if !rapid.Bool().Draw(t, "metadata "+name) {
			continue
		}
		m := map[string]any{"name": name}
		maybe(t, m, "type", func() any { return pick(t, "type", []string{"string", "number"}) })
		maybe(t, m, "required", func() any { return rapid.Bool().Draw(t, "required") })
		maybe(t, m, "description", func() any { return pick(t, "description", texts) })
		out = append(out, m)
	}
	return out
}

func genItems(t *rapid.T, kind, nameField, typeField, enumField string) (managed bool, out []spec.Item) {
	if !rapid.Bool().Draw(t, kind+"s managed") {
		return false, nil
	}
	for _, name := range items {
		if rapid.Bool().Draw(t, kind+" "+name) {
			out = append(out, spec.Item{Name: name, Fields: value.NewPatch(genItem(t, name, nameField, typeField, enumField))})
		}
	}
	return true, out
}

func genItem(t *rapid.T, name, nameField, typeField, enumField string) map[string]any {
	m := map[string]any{nameField: name, typeField: pick(t, "type", types)}
	if m[typeField] == "FIXED" {
		m[enumField] = rapid.SliceOfNDistinct(rapid.SampledFrom([]any{"yes", "no", "later"}), 1, 3, rapid.ID[any]).Draw(t, "enum")
	}
	if nameField == "outcome_name" {
		maybe(t, m, "outcome_description", func() any { return pick(t, "description", texts) })
	}
	maybe(t, m, "is_visible", func() any { return rapid.Bool().Draw(t, "visible") })
	return m
}

func maybe(t *rapid.T, m map[string]any, field string, value func() any) {
	if rapid.Bool().Draw(t, "has "+field) {
		m[field] = value()
	}
}

// populate puts agents on the platform that somebody made in the dashboard.
func (w *world) populate(t *rapid.T) {
	d := w.server.Dashboard()
	for _, name := range append(slices.Clone(names), "z") {
		if w.noList || !rapid.Bool().Draw(t, "dashboard made "+name) {
			continue // without a listing an agent of that name could not be found
		}
		fields := genFields(t)
		fields["agent_name"], fields["agent_type"] = strings.ToUpper(name), "OUTBOUND"
		if _, err := d.CreateAgent(fields, genConfig(t, false), ""); err != nil {
			t.Fatal(err)
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "edits") {
		w.edit(t)
	}
}

// edit is one thing that somebody does in the dashboard.
func (w *world) edit(t *rapid.T) {
	d := w.server.Dashboard()
	ids, err := d.AgentIDs()
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) == 0 {
		return
	}
	id := pick(t, "edited", ids)
	switch rapid.IntRange(0, 7).Draw(t, "what") {
	case 0:
		_, err = d.EditConfig(id, genConfig(t, false))
	case 1:
		_, err = d.CreateDraft(id, genConfig(t, false))
	case 2:
		err = d.EditAgent(id, genFields(t))
	case 3:
		item := genItem(t, pick(t, "item", items), "outcome_name", "outcome_type", "outcome_enum")
		fill(item, "outcome_description", "")
		fill(item, "is_visible", true)
		err = d.SetOutcome(id, item)
	case 4:
		item := genItem(t, pick(t, "item", items), "field_name", "field_type", "field_enum")
		fill(item, "is_visible", true)
		err = d.SetInfield(id, item)
	case 5:
		_ = d.Rollback(id, rapid.IntRange(1, 4).Draw(t, "version")) // there may be no such version
	case 6:
		_ = d.Publish(id, rapid.IntRange(1, 5).Draw(t, "version"))
	case 7:
		if !w.noList {
			err = d.DeleteAgent(id)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func fill(m map[string]any, field string, v any) {
	if _, ok := m[field]; !ok {
		m[field] = v
	}
}
