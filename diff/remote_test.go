package diff

import (
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

func TestVersionsOfAList(t *testing.T) {
	first, second := time.Unix(1, 0), time.Unix(2, 0)
	versions := []Version{{Number: 3, Status: "draft"}, {Number: 2, IsCurrent: true}, {Number: 1}}
	if v := FindVersion(versions, 2); v != &versions[1] {
		t.Errorf("version 2 is %v", v)
	}
	if v := FindVersion(versions, 4); v != nil {
		t.Errorf("version 4 is %v", v)
	}
	if v := LiveVersion(versions); v != &versions[1] {
		t.Errorf("live is %v", v)
	}
	if v := LiveVersion(versions[:1]); v != nil {
		t.Errorf("live is %v", v)
	}
	if at := (&Version{CreatedAt: first}).LastTouched(); at != first {
		t.Errorf("touched at %v", at)
	}
	if at := (&Version{CreatedAt: first, UpdatedAt: second}).LastTouched(); at != second {
		t.Errorf("touched at %v", at)
	}
}

// TestDocumentedFieldsAlone guards against secrets in a plan: agent objects
// carry LiveKit's keys (reference.md, "Answers and errors").
func TestDocumentedFieldsAlone(t *testing.T) {
	holdJSON(t, FieldsOf(fields(t, `{"agent_name":"Sales","livekit_api_secret":"x","agent_id":"AGT_1","agent_cost":5.0}`)), `{"agent_cost":5,"agent_name":"Sales"}`)
	holdJSON(t, OutcomeItems.ItemOf(fields(t, `{"outcome_name":"lead","id":1,"outcome_enum":[]}`)), `{"outcome_name":"lead"}`)
	holdJSON(t, InfieldItems.ItemOf(fields(t, `{"field_name":"budget","outcome_name":"x"}`)), `{"field_name":"budget"}`)
	holdJSON(t, ConfigOf(fields(t, `{"system_prompt":"a\r\n","speed":2,"notes":"n","livekit_host_url":"x","version":3,"metadata_schema":[{"name":"b"},{"name":"a"}]}`)),
		`{"metadata_schema":[{"name":"a"},{"name":"b"}],"speed":2,"system_prompt":"a"}`)
}

// TestFingerprint holds what a plan rests on: a change of any of it makes
// another fingerprint, and neither time nor the order of a list does.
func TestFingerprint(t *testing.T) {
	seen := func() *RemoteAgent {
		return &RemoteAgent{
			ID: "AGT_1", Fields: object(t, `{"agent_name":"Sales","team":["a"]}`),
			Current:  &Version{Number: 2, Status: "published", IsCurrent: true, Content: object(t, `{"system_prompt":"Two."}`), Notes: "n"},
			Versions: []Version{{Number: 2, Status: "published", IsCurrent: true}, {Number: 1, Status: "archived"}},
			Outcomes: []value.Value{object(t, `{"outcome_name":"a"}`), object(t, `{"outcome_name":"b"}`)},
			Infields: []value.Value{object(t, `{"field_name":"a"}`), object(t, `{"field_name":"b"}`)},
		}
	}
	draft := Version{Number: 3, Status: "draft", Content: object(t, `{"system_prompt":"Three."}`)}
	was := Fingerprint(seen(), &draft)
	for name, tt := range map[string]struct {
		change  func(r *RemoteAgent, relies *Version)
		section string // where SameSection sees it; "" where it does not
		same    bool
	}{
		"the id":           {func(r *RemoteAgent, _ *Version) { r.ID = "AGT_2" }, "", false},
		"a field":          {func(r *RemoteAgent, _ *Version) { r.Fields = r.Fields.With("agent_cost", value.Of(5)) }, spec.SectionAgent, false},
		"the team":         {func(r *RemoteAgent, _ *Version) { r.Fields = r.Fields.With("team", value.Value{}) }, "", true},
		"the live content": {func(r *RemoteAgent, _ *Version) { r.Current.Content = draft.Content }, spec.SectionConfig, false},
		"the live notes":   {func(r *RemoteAgent, _ *Version) { r.Current.Notes = "" }, spec.SectionConfig, false},
		"the live status":  {func(r *RemoteAgent, _ *Version) { r.Current.Status = "archived" }, spec.SectionConfig, false},
		"the live number":  {func(r *RemoteAgent, _ *Version) { r.Current.Number = 1 }, spec.SectionConfig, false},
		"nothing live":     {func(r *RemoteAgent, _ *Version) { r.Current = nil }, spec.SectionConfig, false},
		"times": {func(r *RemoteAgent, _ *Version) {
			r.UpdatedAt, r.SeenAt, r.Current.UpdatedAt = time.Unix(1, 0), time.Unix(1, 0), time.Unix(1, 0)
		}, "", true},
		"an outcome":          {func(r *RemoteAgent, _ *Version) { r.Outcomes = r.Outcomes[:1] }, spec.SectionOutcomes, false},
		"an infield":          {func(r *RemoteAgent, _ *Version) { r.Infields[0] = object(t, `{"field_name":"c"}`) }, spec.SectionInfields, false},
		"the outcomes' order": {func(r *RemoteAgent, _ *Version) { r.Outcomes[0], r.Outcomes[1] = r.Outcomes[1], r.Outcomes[0] }, "", true},
		"the infields' order": {func(r *RemoteAgent, _ *Version) { r.Infields[0], r.Infields[1] = r.Infields[1], r.Infields[0] }, "", true},
		"a version more": {func(r *RemoteAgent, _ *Version) {
			r.Versions = append([]Version{{Number: 3, Status: "draft"}}, r.Versions...)
		}, "", false},
		"a version's status":   {func(r *RemoteAgent, _ *Version) { r.Versions[1].Status = "published" }, "", false},
		"another is current":   {func(r *RemoteAgent, _ *Version) { r.Versions[1].IsCurrent = true }, "", false},
		"a draft that is used": {func(_ *RemoteAgent, relies *Version) { relies.Content = object(t, `{}`) }, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			r, relies := seen(), draft
			tt.change(r, &relies)
			if same := Fingerprint(r, &relies) == was; same != tt.same {
				t.Errorf("the same fingerprint: %v", same)
			}
			for _, section := range []string{spec.SectionAgent, spec.SectionConfig, spec.SectionOutcomes, spec.SectionInfields} {
				if same := SameSection(section, seen(), r); same != (section != tt.section) {
					t.Errorf("section %s is the same: %v", section, same)
				}
			}
		})
	}
	if Fingerprint(seen(), nil) == was {
		t.Error("a plan that uses a draft rests on that draft")
	}
	r := seen()
	if r.Current.IsDraft() || !draft.IsDraft() || !SameVersion(nil, nil) || SameVersion(nil, r.Current) || !SameVersion(r.Current, seen().Current) {
		t.Error("versions")
	}
}

func TestSameContent(t *testing.T) {
	one, copied, two := &Version{Number: 1, Content: object(t, `{"a":1}`)}, &Version{Number: 3, Content: object(t, `{"a":1.0}`), Notes: "n"}, &Version{Content: object(t, `{"a":2}`)}
	if !SameContent(one, copied) || SameContent(one, two) || SameContent(nil, one) || SameContent(one, nil) || SameContent(nil, nil) {
		t.Error("two versions have the same content when both are there and their configs are equal, whatever their notes")
	}
}
