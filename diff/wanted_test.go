package diff

import (
	"testing"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// TestWantConfig holds design section 2: maps merge, metadata_schema merges by
// name, other lists replace, and what is left out stays.
func TestWantConfig(t *testing.T) {
	for name, tt := range map[string]struct{ config, passthrough, live, want string }{
		"left out stays":        {`{"system_prompt":"Two."}`, `{}`, `{"system_prompt":"One.","guidelines":["a"],"speed":1}`, `{"guidelines":["a"],"speed":1,"system_prompt":"Two."}`},
		"a section merges":      {`{"llm_config":{"temperature":1}}`, `{}`, `{"llm_config":{"model":"m","temperature":0}}`, `{"llm_config":{"model":"m","temperature":1}}`},
		"a list replaces":       {`{"guidelines":["b"]}`, `{}`, `{"guidelines":["a"]}`, `{"guidelines":["b"]}`},
		"notes are no content":  {`{"notes":"x"}`, `{}`, `{"system_prompt":"One."}`, `{"system_prompt":"One."}`},
		"the schema, by name":   {`{"metadata_schema":[{"name":"y"},{"name":"x","required":true}]}`, `{}`, `{"metadata_schema":[{"name":"x","type":"string"},{"name":"z"}]}`, `{"metadata_schema":[{"name":"x","required":true,"type":"string"},{"name":"y"}]}`},
		"emptied":               {`{"system_prompt":null}`, `{}`, `{"system_prompt":"One."}`, `null`},
		"a further field":       {`{}`, `{"speed":{"a":1}}`, `{"speed":{"b":2}}`, `{"speed":{"a":1}}`},
		"within a section":      {`{"llm_config":{"model":"n"}}`, `{"llm_config":{"top_p":1}}`, `{"llm_config":{"model":"m","temperature":1}}`, `{"llm_config":{"model":"n","temperature":1,"top_p":1}}`},
		"not the server's own":  {`{}`, `{"version":9,"speed":1}`, `{}`, `{"speed":1}`},
		"zeros that were there": {`{"llm_config":{"temperature":null}}`, `{}`, `{"llm_config":{"temperature":0}}`, `{"llm_config":{"temperature":0}}`},
	} {
		t.Run(name, func(t *testing.T) {
			want := manifest(t, tt.config)
			want.Passthrough = patchOf(t, tt.passthrough)
			w := Want(want, &RemoteAgent{Current: &Version{Content: object(t, tt.live)}})
			holdJSON(t, w.Config, tt.want)
			if w.ConfigDigest != configDigest(w.Config, want.Passthrough.Keys()) {
				t.Errorf("the digest is %s", w.ConfigDigest)
			}
		})
	}
	w := Want(manifest(t, `{"system_prompt":"One."}`), nil)
	holdJSON(t, w.Config, `{"system_prompt":"One."}`)
}

// TestWantItems holds that items merge by name, and that an enum goes when the
// type is no longer FIXED (reference.md, endpoints 20 to 27).
func TestWantItems(t *testing.T) {
	remote := &RemoteAgent{
		Outcomes: []value.Value{object(t, `{"outcome_name":"lead","outcome_description":"x","outcome_type":"FIXED","outcome_enum":["a"]}`), object(t, `{"outcome_name":"old"}`)},
		Infields: []value.Value{object(t, `{"field_name":"budget","field_type":"NUMBER"}`)},
	}
	for name, tt := range map[string]struct{ item, want string }{
		"left out stays":       {`{"outcome_name":"lead"}`, `[{"outcome_description":"x","outcome_enum":["a"],"outcome_name":"lead","outcome_type":"FIXED"}]`},
		"emptied":              {`{"outcome_name":"lead","outcome_description":""}`, `[{"outcome_enum":["a"],"outcome_name":"lead","outcome_type":"FIXED"}]`},
		"another enum":         {`{"outcome_name":"lead","outcome_enum":["b"]}`, `[{"outcome_description":"x","outcome_enum":["b"],"outcome_name":"lead","outcome_type":"FIXED"}]`},
		"the enum goes":        {`{"outcome_name":"lead","outcome_type":"TEXT"}`, `[{"outcome_description":"x","outcome_name":"lead","outcome_type":"TEXT"}]`},
		"one that is new":      {`{"outcome_name":"new","outcome_type":"DATE"}`, `[{"outcome_name":"new","outcome_type":"DATE"}]`},
		"as the manifest says": {`{"outcome_name":"new","outcome_type":"TEXT","outcome_enum":["a"]}`, `[{"outcome_enum":["a"],"outcome_name":"new","outcome_type":"TEXT"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			want := manifest(t, `{}`)
			fields := patchOf(t, tt.item)
			want.OutcomesManaged, want.Outcomes = true, []spec.Item{{Name: fields.Get("outcome_name").Text(), Fields: fields}}
			w := Want(want, remote)
			holdJSON(t, w.Outcomes, tt.want)
			holdJSON(t, w.Items(OutcomeItems), tt.want)
			holdJSON(t, w.Items(InfieldItems), `[{"field_name":"budget","field_type":"NUMBER"}]`) // unmanaged: the platform's
		})
	}
}
