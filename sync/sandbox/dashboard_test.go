package sandbox

import (
	"strings"
	"testing"
)

func TestDashboardEdits(t *testing.T) {
	c := newClient(t, nil)
	a := c.create("A", "one")
	id := strings.TrimPrefix(a, "/api/agents/")
	d := c.s.Dashboard()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, err := d.AgentID("A"); err != nil || got != id {
		t.Errorf("%s %v", got, err)
	}
	n, err := d.EditPrompt(id, "two")
	must(err)
	v := c.obj(200, "GET", a+"/configs/current", nil)
	if n != 2 || v["system_prompt"] != "two" || v["notes"] != "first" || v["updated_by"] != d.UserID() || v["created_by"] == c.s.owner {
		t.Errorf("v%d %v", n, v)
	}
	must(d.EditConfigInPlace(id, "tts_config", map[string]any{"voice_id": "v"}))
	draft, err := d.CreateDraft(id, map[string]any{"notes": "theirs"})
	must(err)
	must(d.EditDraft(id, draft, map[string]any{"guidelines": []string{"g"}}))
	must(d.Publish(id, draft))
	must(d.Rollback(id, 1))
	must(d.EditAgent(id, map[string]any{"agent_description": "theirs"}))
	must(d.SetOutcome(id, outcome("o")))
	must(d.SetOutcome(id, map[string]any{"outcome_name": "o", "outcome_description": "changed"}))
	must(d.SetInfield(id, map[string]any{"field_name": "f", "field_type": "TEXT", "is_visible": false}))
	must(d.SetInfield(id, map[string]any{"field_name": "g", "field_type": "NUMBER", "is_visible": false}))
	must(d.DeleteInfield(id, "g"))

	snap, err := c.s.Snapshot()
	must(err)
	got, _ := snap.Agent("A")
	live, ok := got.Live()
	if !ok || live.Number != 1 || got.Current != 1 || len(got.Versions) != 3 || got.Fields["agent_description"] != "theirs" ||
		len(got.Outcomes) != 1 || got.Outcomes[0]["outcome_description"] != "changed" || len(got.Infields) != 1 {
		t.Errorf("%s", snap)
	}
	for _, secret := range []string{"LK-SECRET", "created_at", "updated_at"} {
		if strings.Contains(snap.String(), secret) {
			t.Errorf("the snapshot has %s", secret)
		}
	}
	for name, err := range map[string]error{
		"no agent":      d.EditAgent("AGT_X", nil),
		"no version":    d.Publish(id, 99),
		"not a draft":   d.Publish(id, 2),
		"bad type":      d.EditConfigInPlace(id, "guidelines", 5),
		"half an item":  d.SetInfield(id, map[string]any{"field_name": "new"}),
		"no such item":  d.DeleteOutcome(id, "x"),
		"never public":  d.Rollback(id, 99),
		"not draftable": d.EditDraft(id, 1, nil),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	must(d.DeleteOutcome(id, "o"))
	must(d.DeleteAgent(id))
	if ids, err := d.AgentIDs(); err != nil || len(ids) != 0 {
		t.Errorf("%v %v", ids, err)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	c := newClient(t, func(o *Options) { o.RecordBodies = true })
	c.obj(200, "POST", "/api/login", map[string]any{"email": DefaultEmail, "password": DefaultPassword})
	a := c.create("A", "one")
	c.do(200, "POST", a+"/configs", `{"notes":"x"}`)
	c.do(404, "GET", a+"/configs/9", nil)
	if n := c.s.CountRequests("POST", "/configs"); n != 1 {
		t.Errorf("%d", n)
	}
	if n := c.s.CountWrites(); n != 2 {
		t.Errorf("%d writes", n)
	}
	list := c.s.Requests()
	if len(list) != 4 || list[0].Body != "" || list[2].Body != `{"notes":"x"}` || list[3].Status != 404 {
		t.Errorf("%+v", list)
	}
	c.s.ResetRequests()
	if len(c.s.Requests()) != 0 {
		t.Error("reset keeps requests")
	}
}
