package indus

import (
	"testing"

	"github.com/agentsync/agentsync/diff"
)

// TestDrafts asks for drafts alone, and believes no platform that ignores that.
func TestDrafts(t *testing.T) {
	const line = "GET /api/agents/A/configs?limit=100&skip=0&status_filter=draft"
	for body, want := range map[string]int{
		`[]`: 0,
		`[{"version":2,"status":"published"},{"version":1,"status":"published"}]`: 0,
		`[{"version":1,"status":"DRAFT"},{"version":7,"status":"draft"}]`:         2,
	} {
		p := newPlatform(t, map[string][]answer{line: {{body: body}}, "GET /api/agents/A/configs?limit=100&skip=2&status_filter=draft": {{body: `[]`}}})
		drafts, err := p.client(withToken).Drafts(t.Context(), "A")
		if err != nil || len(drafts) != want || want == 2 && drafts[0].Number != 7 {
			t.Errorf("%s: %v, %v", body, drafts, err)
		}
	}
}

// TestVersionItems keeps what a version went live with, where it is asked for.
// No list is not an empty one.
func TestVersionItems(t *testing.T) {
	const body = `{"version":3,"status":"published","call_outcomes":[{"outcome_name":"lead","_id":"x"}],"call_infields":[]}`
	read := func(body string, items bool) *diff.Version {
		t.Helper()
		p := newPlatform(t, map[string][]answer{"GET /api/agents/A/configs/3": {{body: body}}})
		v, err := p.client(withToken, func(o *Options) { o.VersionItems = items }).Version(t.Context(), "A", 3)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := read(body, true)
	if len(v.Outcomes) != 1 || len(v.Outcomes[0].Keys()) != 1 || diff.OutcomeItems.NameOf(v.Outcomes[0]) != "lead" {
		t.Errorf("outcomes %v", v.Outcomes)
	}
	if v.Infields == nil || len(v.Infields) != 0 {
		t.Errorf("infields %#v, want none", v.Infields)
	}
	for _, v := range []*diff.Version{read(body, false), read(`{"version":3,"status":"published"}`, true), read(`{"version":3,"status":"draft","call_outcomes":[]}`, true)} {
		if v.Outcomes != nil || v.Infields != nil {
			t.Errorf("%#v, and nothing is known", v)
		}
	}
}
