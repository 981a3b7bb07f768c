package diff

import (
	"encoding/json"
	"testing"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// fields reads a JSON object as an answer's body is read.
func fields(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

func object(t *testing.T, text string) value.Value {
	t.Helper()
	return value.Of(fields(t, text))
}

func patchOf(t *testing.T, text string) value.Patch {
	t.Helper()
	return value.NewPatch(fields(t, text))
}

// manifest is an agent that wants this config, and passthrough under further.
func manifest(t *testing.T, config string) spec.Agent {
	t.Helper()
	return spec.Agent{Name: "sales", AgentName: "Sales", Agent: patchOf(t, `{"agent_name":"Sales"}`), Config: patchOf(t, config)}
}

func holdJSON(t *testing.T, got any, want string) {
	t.Helper()
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestCreateBody(t *testing.T) {
	for name, tt := range map[string]struct {
		agent  string
		config string
		items  bool
		want   string
	}{
		"what the manifest leaves out is filled in": {
			`{"agent_type":"INBOUND"}`, `{"system_prompt":"One."}`, false,
			`{"agent_config":{"system_prompt":"One."},"agent_in":{"agent_description":"","agent_name":"Sales","agent_type":"INBOUND","is_auto":true,"team":[]}}`,
		},
		"what it says goes": {
			`{"agent_type":"INBOUND","agent_description":"Sells","is_auto":false,"team":["a"],"agent_cost":5,"is_active":true}`, `{"notes":"First"}`, false,
			`{"agent_config":{"notes":"the line"},"agent_in":{"agent_description":"Sells","agent_name":"Sales","agent_type":"INBOUND","is_auto":false,"team":["a"]}}`,
		},
		"the first outcome and infield go with it": {
			`{}`, `{}`, true,
			`{"agent_config":{},"agent_in":{"agent_description":"","agent_name":"Sales","is_auto":true,"team":[]},` +
				`"call_infield":{"field_name":"a","is_visible":false},"call_outcome":{"is_visible":true,"outcome_description":"","outcome_name":"a"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := manifest(t, tt.config)
			want.Agent = patchOf(t, tt.agent)
			if tt.items {
				want.OutcomesManaged, want.InfieldsManaged = true, true
				for _, name := range []string{"a", "b"} {
					want.Outcomes = append(want.Outcomes, spec.Item{Name: name, Fields: patchOf(t, `{"outcome_name":"`+name+`"}`)})
					want.Infields = append(want.Infields, spec.Item{Name: name, Fields: patchOf(t, `{"field_name":"`+name+`","is_visible":false}`)})
				}
			}
			w := Want(want, nil)
			notes := ""
			if want.Config.Has("notes") {
				notes = "the line"
			}
			holdJSON(t, CreateBody(want, &w, notes), tt.want)
		})
	}
}

// TestAfterCreate holds that endpoint 7 sets what endpoint 5 does not take.
func TestAfterCreate(t *testing.T) {
	want := manifest(t, `{}`)
	want.Agent = patchOf(t, `{"agent_name":"Sales","agent_type":"INBOUND","is_active":false,"agent_cost":5}`)
	w := Want(want, nil)
	holdJSON(t, AfterCreate(&w, &RemoteAgent{Fields: object(t, `{"agent_name":"Sales","agent_type":"OUTBOUND","is_active":true,"agent_cost":5.0}`)}), `{"is_active":false}`)
	holdJSON(t, AfterCreate(&w, &RemoteAgent{Fields: object(t, `{"agent_name":"Sales","is_active":false,"agent_cost":5}`)}), `{}`)
}

// TestConfigBody holds that a whole config is sent, since sections are replaced
// whole, and that what is to be empty is sent empty, since endpoints 9 and 13
// keep what is left out.
func TestConfigBody(t *testing.T) {
	live := func(config string) *Version { return &Version{Content: object(t, config)} }
	for name, tt := range map[string]struct {
		config, passthrough string
		base                *Version
		notes               string
		want                string
	}{
		"over nothing":                   {`{"system_prompt":"One.","guidelines":[]}`, `{}`, nil, "", `{"system_prompt":"One."}`},
		"a section goes whole":           {`{"llm_config":{"temperature":1}}`, `{}`, live(`{"llm_config":{"model":"m","temperature":0.5}}`), "", `{"llm_config":{"model":"m","temperature":1},"notes":""}`},
		"what is unmanaged goes too":     {`{"system_prompt":"Two."}`, `{}`, live(`{"system_prompt":"One.","guidelines":["a"]}`), "", `{"guidelines":["a"],"notes":"","system_prompt":"Two."}`},
		"a text is emptied":              {`{"system_prompt":""}`, `{}`, live(`{"system_prompt":"One."}`), "", `{"notes":"","system_prompt":""}`},
		"a list is emptied":              {`{"guidelines":[]}`, `{}`, live(`{"guidelines":["a"]}`), "", `{"guidelines":[],"notes":""}`},
		"a section is emptied":           {`{"tts_config":null}`, `{}`, live(`{"tts_config":{"voice_id":"a"}}`), "", `{"notes":"","tts_config":{}}`},
		"a further field is emptied":     {`{}`, `{"speed":null}`, live(`{"speed":2}`), "", `{"notes":"","speed":null}`},
		"a further field goes":           {`{}`, `{"speed":2}`, nil, "", `{"speed":2}`},
		"unmanaged further fields don't": {`{}`, `{}`, live(`{"speed":2}`), "", `{"notes":""}`},
		"notes":                          {`{}`, `{}`, nil, "a note", `{"notes":"a note"}`},
		"notes that are to be empty":     {`{"notes":""}`, `{}`, nil, "", `{"notes":""}`},
		"notes are not the manifest's":   {`{"notes":"First"}`, `{}`, nil, "First\nthe line", `{"notes":"First\nthe line"}`},
		"nor the live version's":         {`{}`, `{"notes":"smuggled"}`, live(`{"system_prompt":"One."}`), "kept", `{"notes":"kept","system_prompt":"One."}`},
	} {
		t.Run(name, func(t *testing.T) {
			want := manifest(t, tt.config)
			want.Passthrough = patchOf(t, tt.passthrough)
			w := Want(want, &RemoteAgent{Current: tt.base})
			holdJSON(t, ConfigBody(want, &w, tt.base, tt.notes), tt.want)
		})
	}
}

func TestServiceBody(t *testing.T) {
	want := manifest(t, `{"llm_config":{"temperature":1},"tts_config":{}}`)
	w := Want(want, &RemoteAgent{Current: &Version{Content: object(t, `{"llm_config":{"model":"m"},"tts_config":{"voice_id":"a"}}`)}})
	holdJSON(t, ServiceBody(&w, "llm_config"), `{"model":"m","temperature":1}`)
	holdJSON(t, ServiceBody(&w, "tts_config"), `{}`)
}

func TestItemBody(t *testing.T) {
	holdJSON(t, ItemBody(OutcomeItems, object(t, `{"outcome_name":"lead","outcome_type":"TEXT"}`)),
		`{"is_visible":true,"outcome_description":"","outcome_name":"lead","outcome_type":"TEXT"}`)
	holdJSON(t, ItemBody(OutcomeItems, object(t, `{"outcome_name":"lead","outcome_description":"x","is_visible":false}`)),
		`{"is_visible":false,"outcome_description":"x","outcome_name":"lead"}`)
	holdJSON(t, ItemBody(InfieldItems, object(t, `{"field_name":"budget"}`)), `{"field_name":"budget","is_visible":true}`)
}

// TestChangeBody holds how a field is emptied: a text by "", and all else by
// null, an enum too, which goes with FIXED alone.
func TestChangeBody(t *testing.T) {
	one, text, list := value.Of(1), value.Of("a"), value.Of([]string{"a"})
	for name, tt := range map[string]struct {
		section string
		change  Change
		want    string
	}{
		"a value":            {spec.SectionAgent, Change{Path: "agent_cost", Before: one, After: value.Of(2)}, `{"agent_cost":2}`},
		"a text is emptied":  {spec.SectionAgent, Change{Path: "agent_description", Before: text}, `{"agent_description":""}`},
		"a number":           {spec.SectionAgent, Change{Path: "agent_cost", Before: one}, `{"agent_cost":null}`},
		"an outcome's enum":  {spec.SectionOutcomes, Change{Path: "outcome_enum", Before: list}, `{"outcome_enum":null}`},
		"an infield's":       {spec.SectionInfields, Change{Path: "field_enum", Before: text}, `{"field_enum":null}`},
		"a text over a text": {spec.SectionAgent, Change{Path: "agent_description", Before: text, After: value.Of("b")}, `{"agent_description":"b"}`},
	} {
		t.Run(name, func(t *testing.T) { holdJSON(t, ChangeBody(tt.section, []Change{tt.change}), tt.want) })
	}
	holdJSON(t, ChangeBody(spec.SectionAgent, nil), `{}`)
}

// TestWhatAnAnswerMustShow holds when a write counts as done.
func TestWhatAnAnswerMustShow(t *testing.T) {
	want := manifest(t, `{"system_prompt":"One.","llm_config":{"temperature":null}}`)
	if got := ConfigMismatch(want, object(t, `{"system_prompt":"One.","llm_config":{"temperature":0},"guidelines":["a"]}`)); got != nil {
		t.Errorf("what the platform fills in is a mismatch: %v", got)
	}
	got := ConfigMismatch(want, object(t, `{"system_prompt":"Two.","llm_config":{"temperature":1}}`))
	if len(got) != 2 || got[0].Path != "system_prompt" || got[1].Path != "llm_config.temperature" {
		t.Errorf("the mismatch is %v", got)
	}
	changes := []Change{{Path: "a", After: value.Of(1)}, {Path: "b"}}
	for have, holds := range map[string]bool{`{"a":1}`: true, `{"a":1,"b":null,"c":2}`: true, `{"a":1,"b":2}`: false, `{"a":2}`: false, `{}`: false} {
		if Holds(changes, object(t, have)) != holds {
			t.Errorf("Holds of %s: want %v", have, holds)
		}
	}
	item := object(t, `{"outcome_name":"lead","outcome_type":"TEXT"}`)
	for have, holds := range map[string]bool{
		`{"outcome_name":"lead","outcome_type":"TEXT","is_visible":true}`: true,
		`{"outcome_name":"lead","outcome_type":"DATE"}`:                   false,
		`{"outcome_name":"lead"}`:                                         false,
	} {
		if HoldsAll(item, object(t, have)) != holds {
			t.Errorf("HoldsAll of %s: want %v", have, holds)
		}
	}
	w := Want(manifest(t, `{"llm_config":{"temperature":1},"tts_config":null}`), nil)
	for have, holds := range map[string]bool{
		`{"llm_config":{"temperature":1}}`:                true,
		`{"llm_config":{"temperature":1,"max_tokens":0}}`: true, // filled in
		`{"llm_config":{"temperature":2}}`:                false,
		`{}`:                                              false,
		`{"tts_config":{"speed":1},"llm_config":{"temperature":1}}`: true, // another section
	} {
		if HoldsSection(&w, "llm_config", &Version{Content: object(t, have)}) != holds {
			t.Errorf("HoldsSection of %s: want %v", have, holds)
		}
	}
	if !HoldsSection(&w, "tts_config", &Version{}) || HoldsSection(&w, "tts_config", &Version{Content: object(t, `{"tts_config":{"voice_id":"a"}}`)}) {
		t.Error("a section that is emptied")
	}
}

// TestServiceDigests holds that the lock can expect what each step in place
// leaves, and nothing of other steps.
func TestServiceDigests(t *testing.T) {
	want := manifest(t, `{"llm_config":{"temperature":1},"tts_config":{"voice_id":"b"}}`)
	live := &Version{Content: object(t, `{"system_prompt":"One.","llm_config":{"temperature":0.5},"tts_config":{"voice_id":"a"}}`)}
	w := Want(want, &RemoteAgent{Current: live})
	got := ServiceDigests(want, &w, live, []Step{
		{Action: UpdateAgent}, {Action: UpdateService, Target: "llm_config"}, {Action: UpdateService, Target: "tts_config"}})
	after := func(config string) string { return LiveDigest(want, &Version{Content: object(t, config)}) }
	holdJSON(t, got, `["`+after(`{"system_prompt":"One.","llm_config":{"temperature":1},"tts_config":{"voice_id":"a"}}`)+`","`+
		after(`{"system_prompt":"One.","llm_config":{"temperature":1},"tts_config":{"voice_id":"b"}}`)+`"]`)
	if got := ServiceDigests(want, &w, live, []Step{{Action: CreateDraft}}); got != nil {
		t.Errorf("a draft is live: %v", got)
	}
}
