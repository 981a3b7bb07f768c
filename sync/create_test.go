package sync

import (
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// newSales is what the create of "sales" answers.
func newSales(t *testing.T) diff.RemoteAgent {
	return diff.RemoteAgent{ID: "AGT_new", Fields: object(t, `{"agent_name":"Sales","agent_type":"INBOUND"}`)}
}

func lead(t *testing.T) value.Value {
	return object(t, `{"outcome_name":"lead","outcome_description":"","outcome_type":"TEXT","is_visible":true}`)
}

const wantedLead = `{"outcome_name":"lead","outcome_type":"TEXT"}`

func TestCreateAgent(t *testing.T) {
	later := object(t, `{"outcome_name":"later","outcome_description":"","outcome_type":"DATE","is_visible":true}`)
	for name, tt := range map[string]struct {
		versions []any // as they are read
		publish  bool
		want     string
	}{
		"the platform publishes it": {
			[]any{versions(live(1, "Two."))}, false,
			"done publish new, v1: v1 went live when the agent was created\n",
		},
		"it is a draft": {
			[]any{versions(draft(1, "Two.")), versions(live(1, "Two."))}, true,
			"done publish new, v1\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newAgent(t, changed)
			e.outcomes(wantedLead, `{"outcome_name":"later","outcome_type":"DATE"}`)
			e.remote.on("create agent", newSales(t))
			e.remote.on("create in call_outcomes", nil)
			e.remote.on("read versions", tt.versions...)
			writes := []string{"create agent", "create in call_outcomes"}
			if tt.publish {
				now := live(1, "Two.")
				e.remote.on("read live", &now)
				e.remote.on("publish v1", nil)
				writes = append(writes, "publish v1")
			}
			e.remote.on("read call_outcomes", []value.Value{lead(t), later})
			e.remote.on("read call_infields", []value.Value{})
			e.remote.before = func(call string) {
				if call != "create agent" && e.keeper.entries["sales"].AgentID != "AGT_new" {
					t.Errorf("the lock does not know the agent before the request: %s", call)
				}
			}
			e.holdReport(`
done create_agent sales
done create_outcome lead: went with the create of the agent
done create_outcome later
`+tt.want+`done AGT_new`, writes...)
			e.holdLock("verified")
		})
	}
}

// TestLostCreateOfAnAgent holds that a create whose answer was lost is looked
// for by name before it is repeated, and that an agent that it left half done is
// completed.
func TestLostCreateOfAnAgent(t *testing.T) {
	other := diff.RemoteAgent{ID: "AGT_other", Fields: object(t, `{"agent_name":"Other"}`)}
	for name, tt := range map[string]struct {
		prepare func(e *example)
		want    string
		writes  []string
		lock    string
	}{
		"it is in the listing, whole": {
			func(e *example) {
				e.remote.on("create agent", cut)
				e.remote.on("read listing", []diff.RemoteAgent{other, newSales(t)})
				e.remote.on("read versions", versions(live(1, "Two.")))
				e.remote.on("read call_outcomes", []value.Value{lead(t)})
			},
			`
done create_agent sales
done create_outcome lead: went with the create of the agent
done publish new, v1: v1 went live when the agent was created
done AGT_new`,
			[]string{"create agent"}, "verified",
		},
		"somebody else has made one of that name": {
			func(e *example) {
				e.remote.on("create agent", cut, refused)
				e.remote.on("read listing", []diff.RemoteAgent{newSales(t)})
				e.remote.on("read versions", versions(someones(live(1, "Two."))))
			},
			`
failed create_agent sales: conflict: an agent named "Sales" (AGT_new) was made since the plan; nothing more of this agent was written, plan again
skipped create_outcome lead: because of sales/create_agent
skipped publish new: because of sales/create_agent
failed : create_agent sales: conflict: an agent named "Sales" (AGT_new) was made since the plan; nothing more of this agent was written, plan again`,
			[]string{"create agent", "create agent"}, "forgotten",
		},
		"it is in the listing, without a config and the outcome": {
			func(e *example) {
				e.remote.on("create agent", cut)
				e.remote.on("read listing", []diff.RemoteAgent{newSales(t)})
				e.remote.on("read versions", append(looks(versions()), versions(), versions(draft(1, "Two.")), versions(live(1, "Two.")))...)
				now := live(1, "Two.")
				e.remote.on("read live", &now)
				e.remote.on("read call_outcomes", append(looks([]value.Value{}), []value.Value{lead(t)})...)
				e.remote.on("create draft", draft(1, "Two."))
				e.remote.on("create in call_outcomes", nil)
				e.remote.on("publish v1", nil)
			},
			`
done create_agent sales
done create_outcome lead
done publish new, v1
done AGT_new`,
			[]string{"create agent", "create draft", "create in call_outcomes", "publish v1"}, "verified",
		},
		"it has no config, and a field is refused": {
			func(e *example) {
				e.want.Agent = patchOf(t, `{"agent_name":"Sales","agent_type":"INBOUND","agent_cost":5}`)
				e.remote.on("create agent", cut)
				e.remote.on("read listing", []diff.RemoteAgent{newSales(t)})
				e.remote.on("read versions", versions())
				e.remote.on("read call_outcomes", []value.Value{lead(t)})
				e.remote.on("create draft", draft(1, "Two."))
				e.remote.on("update agent", refused)
				e.remote.on("delete draft v1", nil)
			},
			`
failed create_agent sales: 400 refused
skipped create_outcome lead: because of sales/create_agent
skipped publish new: because of sales/create_agent
failed AGT_new: create_agent sales: 400 refused`,
			[]string{"create agent", "create draft", "update agent", "delete draft v1"}, "unfinished",
		},
		"it is not in the listing": {
			func(e *example) {
				e.remote.on("create agent", cut, newSales(t))
				e.remote.on("read listing", []diff.RemoteAgent{other})
				e.remote.on("read versions", versions(live(1, "Two.")))
				e.remote.on("read call_outcomes", []value.Value{lead(t)})
			},
			`
done create_agent sales
done create_outcome lead: went with the create of the agent
done publish new, v1: v1 went live when the agent was created
done AGT_new`,
			[]string{"create agent", "create agent"}, "verified",
		},
		"nothing lists agents": {
			func(e *example) {
				e.remote.on("create agent", cut)
				e.remote.on("read listing", unlisted{})
			},
			`
unknown create_agent sales: connection cut; and what became of it is not known: this platform lists no agents, so "Sales" can't be looked up; if the dashboard shows it, put its id into the lock file, as environments.default.sales.agent_id, and apply again
skipped create_outcome lead: because of sales/create_agent
skipped publish new: because of sales/create_agent
failed : create_agent sales: connection cut; and what became of it is not known: this platform lists no agents, so "Sales" can't be looked up; if the dashboard shows it, put its id into the lock file, as environments.default.sales.agent_id, and apply again`,
			[]string{"create agent"}, "begun",
		},
		"the listing fails": {
			func(e *example) {
				e.remote.on("create agent", cut)
				e.remote.on("read listing", busy)
			},
			`
unknown create_agent sales: connection cut; and what became of it is not known: 503 busy
skipped create_outcome lead: because of sales/create_agent
skipped publish new: because of sales/create_agent
failed : create_agent sales: connection cut; and what became of it is not known: 503 busy`,
			[]string{"create agent"}, "begun",
		},
		"somebody else's outcome is in it": {
			func(e *example) {
				e.remote.on("create agent", cut)
				e.remote.on("read listing", []diff.RemoteAgent{newSales(t)})
				e.remote.on("read versions", versions(live(1, "Two.")))
				e.remote.on("read call_outcomes", []value.Value{object(t, `{"outcome_name":"lead","outcome_type":"DATE"}`)})
			},
			`
failed create_agent sales: conflict: lead was made by somebody else at the same time; nothing more of this agent was written, plan again
skipped create_outcome lead: because of sales/create_agent
skipped publish new: because of sales/create_agent
failed AGT_new: create_agent sales: conflict: lead was made by somebody else at the same time; nothing more of this agent was written, plan again`,
			[]string{"create agent"}, "unfinished",
		},
		"it is refused, for its name is taken": {
			func(e *example) {
				e.remote.on("create agent", refused)
				e.remote.on("read listing", []diff.RemoteAgent{newSales(t)})
			},
			`
failed create_agent sales: conflict: an agent named "Sales" (AGT_new) was made since the plan; nothing more of this agent was written, plan again
skipped create_outcome lead: because of sales/create_agent
skipped publish new: because of sales/create_agent
failed : create_agent sales: conflict: an agent named "Sales" (AGT_new) was made since the plan; nothing more of this agent was written, plan again`,
			[]string{"create agent"}, "forgotten",
		},
		"it is refused for another reason": {
			func(e *example) {
				e.remote.on("create agent", refused)
				e.remote.on("read listing", []diff.RemoteAgent{other})
			},
			`
failed create_agent sales: 400 refused
skipped create_outcome lead: because of sales/create_agent
skipped publish new: because of sales/create_agent
failed : create_agent sales: 400 refused`,
			[]string{"create agent"}, "forgotten",
		},
		"it is refused, and nothing lists agents": {
			func(e *example) {
				e.remote.on("create agent", refused)
				e.remote.on("read listing", unlisted{})
			},
			`
failed create_agent sales: 400 refused; this platform lists no agents, so "Sales" can't be looked up; if the dashboard shows it, put its id into the lock file, as environments.default.sales.agent_id, and apply again
skipped create_outcome lead: because of sales/create_agent
skipped publish new: because of sales/create_agent
failed : create_agent sales: 400 refused; this platform lists no agents, so "Sales" can't be looked up; if the dashboard shows it, put its id into the lock file, as environments.default.sales.agent_id, and apply again`,
			[]string{"create agent"}, "forgotten",
		},
		"it is refused, and the listing fails": {
			func(e *example) {
				e.remote.on("create agent", refused)
				e.remote.on("read listing", busy)
			},
			`
failed create_agent sales: 400 refused
skipped create_outcome lead: because of sales/create_agent
skipped publish new: because of sales/create_agent
failed : create_agent sales: 400 refused`,
			[]string{"create agent"}, "forgotten",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newAgent(t, changed)
			e.outcomes(wantedLead)
			e.remote.on("read call_infields", []value.Value{})
			tt.prepare(e)
			e.holdReport(tt.want, tt.writes...)
			e.holdLock(tt.lock)
		})
	}
}

// TestFieldsThatACreateDoesNotTake holds that they are set right after it.
func TestFieldsThatACreateDoesNotTake(t *testing.T) {
	e := newAgent(t, changed)
	e.want.Agent = patchOf(t, `{"agent_name":"Sales","agent_type":"INBOUND","agent_cost":5}`)
	e.remote.on("create agent", newSales(t))
	e.remote.on("update agent", nil)
	e.remote.on("read agent", diff.RemoteAgent{Fields: object(t, `{"agent_name":"Sales","agent_type":"INBOUND","agent_cost":5}`)})
	e.remote.on("read versions", versions(live(1, "Two.")))
	e.remote.on("read call_outcomes", []value.Value{})
	e.remote.on("read call_infields", []value.Value{})
	e.holdReport(`
done create_agent sales
done publish new, v1: v1 went live when the agent was created
done AGT_new`, "create agent", "update agent")
	if d := asJSON(e.remote.bodies["update agent"][0]); d != "{\n \"agent_cost\": 5\n}" {
		t.Errorf("sent %s", d)
	}
}

// TestAFirstVersionThatTheListDoesNotCallLive holds that what is live is asked
// for where the list has a published version and does not say.
func TestAFirstVersionThatTheListDoesNotCallLive(t *testing.T) {
	e := newAgent(t, changed)
	e.remote.on("create agent", newSales(t))
	e.remote.on("read versions", versions(older(1, "Two.")))
	now := live(1, "Two.")
	e.remote.on("read live", &now)
	e.remote.on("read call_outcomes", []value.Value{})
	e.remote.on("read call_infields", []value.Value{})
	e.holdReport(`
done create_agent sales
done publish new, v1: v1 went live when the agent was created
done AGT_new`, "create agent")
	e.holdLock("verified")
}

// TestTheFirstVersion holds what is done about a new agent's first version that
// is not what was sent.
func TestTheFirstVersion(t *testing.T) {
	for name, tt := range map[string]struct {
		found []diff.Version
		want  string
		own   bool // the lock expects it to be live
	}{
		"the platform did not keep it": {
			versions(live(1, "Shorter.")),
			"the platform did not keep system_prompt as sent: leave it out, or correct it", true,
		},
		"no version has it": {
			versions(draft(1, "Other."), older(3, "Two.")),
			"the new agent has no version with the wanted config; plan again", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newAgent(t, changed)
			e.remote.on("create agent", newSales(t))
			e.remote.on("read versions", tt.found)
			e.remote.on("read live", (*diff.Version)(nil))
			e.apply()
			agent := e.report.Agents[0]
			if agent.Steps[1].Status != Failed || agent.Steps[1].Reason != tt.want || agent.Error != "publish new: "+tt.want {
				t.Error(asJSON(e.report))
			}
			e.holdLock("unfinished")
			entry := e.keeper.entries["sales"]
			wants := 1 // the config that the create was to make
			if tt.own {
				wants = 2
			}
			if entry.AgentID != "AGT_new" || len(entry.Expect) != wants || tt.own && entry.Expect[1] != diff.LiveDigest(e.want, &tt.found[0]) {
				t.Errorf("the lock says %+v", entry)
			}
		})
	}
}
