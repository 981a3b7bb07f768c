package sync

import (
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/sync/lock"
)

const changed = `{"system_prompt":"Two."}`

func TestAChangedPrompt(t *testing.T) {
	e := newExample(t, changed)
	e.remote.on("read versions", versions(live(1, "One.")), versions(draft(2, "Two."), live(1, "One.")), versions(live(2, "Two."), older(1, "One.")))
	e.remote.on("create draft", draft(2, "Two."))
	e.remote.on("publish v2", nil)
	e.holdReport(`
done create_draft new, v2
done publish new, v2
done AGT_1`, "create draft", "publish v2")
	e.holdLock("verified")
	if entry := e.keeper.entries["sales"]; entry.Version != 2 || entry.Config != diff.LiveDigest(e.want, &e.remote.answers["read versions"][0].([]diff.Version)[0]) {
		t.Errorf("the lock says %+v", entry)
	}
}

// TestAListThatDoesNotSayWhatIsLive holds that it is asked for then, and only
// where something was live: right before the first write and a publication.
func TestAListThatDoesNotSayWhatIsLive(t *testing.T) {
	was, now := live(1, "One."), live(2, "Two.")
	for name, tt := range map[string]struct {
		live  *diff.Version
		reads int
	}{
		"something was live": {&was, 3},
		"nothing was":        {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, changed)
			silent := func(list ...diff.Version) []diff.Version {
				for i := range list {
					list[i].IsCurrent = false
				}
				return list
			}
			e.seen.Current, e.seen.Versions = tt.live, silent(live(1, "One."))
			if tt.live == nil {
				e.seen.Versions = silent()
			}
			e.keeper.entries["sales"] = lock.Entry{AgentID: salesID, AgentName: "Sales"}
			e.answerAsSeen()
			delete(e.remote.answers, "read live")
			reads := 0
			e.remote.before = func(call string) {
				if call == "read live" {
					reads++
				}
			}
			after := append(silent(live(2, "Two.")), e.seen.Versions...)
			last := versions(now)
			if tt.live != nil {
				e.remote.on("read live", &was, &was, &now)
				last = after
			}
			e.remote.on("read versions", e.seen.Versions, append(versions(draft(2, "Two.")), e.seen.Versions...), last)
			e.remote.on("create draft", draft(2, "Two."))
			e.remote.on("publish v2", nil)
			e.holdReport(`
done create_draft new, v2
done publish new, v2
done AGT_1`, "create draft", "publish v2")
			if reads != tt.reads {
				t.Errorf("what is live was read %d times, want %d", reads, tt.reads)
			}
		})
	}
}

// TestConflictBeforeTheFirstWrite holds that an agent that is not what the plan
// saw is left alone, and that the lock then says of it what it said before.
func TestConflictBeforeTheFirstWrite(t *testing.T) {
	at := time.Date(2026, 4, 22, 9, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		prepare func(e *example)
		want    string
	}{
		"the live prompt was changed": {
			func(e *example) { e.remote.on("read versions", versions(someones(live(1, "Sell!")))) },
			"the live config is not what the plan saw: v1, changed at 2026-04-22 09:00:00 UTC by dev@example.com",
		},
		"another version is live": {
			func(e *example) {
				e.seen.Versions = nil // a plan without a list rests on what is live alone
				e.remote.on("read versions", versions(live(2, "One."), older(1, "One.")))
			},
			"the live config is not what the plan saw: v2",
		},
		"a draft was made": {
			func(e *example) {
				e.remote.on("read versions", versions(someones(draft(2, "Mine.")), live(1, "One.")))
			},
			"v2 was made since the plan, changed at 2026-04-22 09:00:00 UTC by dev@example.com",
		},
		"nothing is live any more": {
			func(e *example) {
				e.remote.on("read versions", versions(older(1, "One.")))
				e.remote.on("read live", (*diff.Version)(nil))
			},
			"the live config is gone since the plan",
		},
		"the fields were changed": {
			func(e *example) {
				e.want.Agent = patchOf(t, `{"agent_name":"Sales","agent_description":"New"}`)
				fresh := diff.RemoteAgent{Fields: object(t, `{"agent_name":"Sales","agent_type":"INBOUND","agent_cost":5}`), UpdatedAt: at}
				e.remote.on("read agent", fresh)
			},
			"the agent's fields were changed since the plan, at 2026-04-22 09:00:00 UTC",
		},
		"the agent is gone": {
			func(e *example) {
				e.want.Agent = patchOf(t, `{"agent_name":"Sales","agent_description":"New"}`)
				e.remote.on("read agent", notFound)
			},
			"the agent is gone since the plan",
		},
		"an outcome was added": {
			func(e *example) {
				e.outcomes(`{"outcome_name":"lead"}`)
				e.remote.on("read call_outcomes", []value.Value{object(t, `{"outcome_name":"other"}`)})
			},
			"call outcomes were changed since the plan",
		},
		"another apply in this folder was there": {
			func(e *example) {
				e.locked = lock.Environment{"sales": {AgentID: salesID, AgentName: "Sales", Version: 9}}
				e.remote.answers = nil // nothing is asked then
			},
			"another apply in this folder changed the agent since the plan",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, changed)
			tt.prepare(e)
			before := e.keeper.entries["sales"]
			why := "conflict: " + tt.want + "; nothing more of this agent was written, plan again"
			e.apply()
			agent := e.report.Agents[0]
			if agent.Result != "failed" || agent.Error != why || len(e.remote.writes) > 0 {
				t.Errorf("%s\nwant the conflict %s; writes %v", asJSON(e.report), why, e.remote.writes)
			}
			for i, step := range agent.Steps {
				want := StepReport{Status: Failed, Reason: why}
				if i > 0 {
					want = StepReport{Status: Skipped, Reason: "because of " + agent.Steps[0].ID}
				}
				if step.Status != want.Status || step.Reason != want.Reason {
					t.Errorf("step %d is %s: %s", i, step.Status, step.Reason)
				}
			}
			if got := e.keeper.entries["sales"]; !got.Equal(before) {
				t.Errorf("the lock has %+v", got)
			}
		})
	}
}

// TestConflictBeforeAPublication holds that a version is read right before it
// goes live. The draft that the apply made goes again, unless somebody has
// touched it.
func TestConflictBeforeAPublication(t *testing.T) {
	const tail = "; nothing more of this agent was written, plan again"
	ours := draft(2, "Two.")
	published := ours
	published.Status = "archived"
	edited := someones(draft(2, "Mine."))
	for name, tt := range map[string]struct {
		found  []diff.Version // right before the publication
		want   string
		writes []string
		lock   string
	}{
		"another version went live": {
			versions(someones(live(3, "Three.")), ours, older(1, "One.")),
			"v3 went live meanwhile, changed at 2026-04-22 09:00:00 UTC by dev@example.com",
			[]string{"create draft", "delete draft v2"}, "verified",
		},
		"the live version was changed": {
			versions(ours, someones(live(1, "Sell!"))),
			"v1, which is live, was changed meanwhile, changed at 2026-04-22 09:00:00 UTC by dev@example.com",
			[]string{"create draft", "delete draft v2"}, "verified",
		},
		"another was published and taken back": {
			versions(older(3, "Three."), ours, live(1, "One.")),
			"v3 was published meanwhile", []string{"create draft", "delete draft v2"}, "verified",
		},
		"somebody edited the draft": {
			versions(edited, live(1, "One.")),
			"draft v2 is not as this apply left it, in system_prompt, changed at 2026-04-22 09:00:00 UTC by dev@example.com",
			[]string{"create draft"}, "unfinished",
		},
		"somebody published the draft": {
			versions(live(2, "Two."), older(1, "One.")),
			"v2 went live meanwhile", []string{"create draft"}, "unfinished",
		},
		"and took it back": {
			versions(published, live(1, "One.")),
			"v2 was published meanwhile", []string{"create draft"}, "unfinished",
		},
		"somebody deleted the draft": {
			versions(live(1, "One.")),
			"v2 is gone", []string{"create draft"}, "unfinished",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, changed)
			e.remote.on("read versions", versions(live(1, "One.")), tt.found)
			e.remote.on("create draft", ours)
			e.remote.on("delete draft v2", nil)
			if len(tt.writes) == 1 {
				delete(e.remote.answers, "delete draft v2")
			}
			note := ""
			if len(tt.writes) > 1 {
				note = ": deleted again, since a later step failed"
			}
			e.holdReport(`
done create_draft new, v2`+note+`
failed publish new: conflict: `+tt.want+tail+`
failed AGT_1: publish new: conflict: `+tt.want+tail, tt.writes...)
			e.holdLock(tt.lock)
		})
	}
}

// TestConflictAtTheReadBack holds that no apply ends well over a mixture.
func TestConflictAtTheReadBack(t *testing.T) {
	for name, tt := range map[string]struct {
		found    []diff.Version // after the publication
		outcomes []value.Value
		want     string
	}{
		"another version was made live at the same moment": {
			versions(someones(older(3, "Three.")), live(2, "Two."), older(1, "One.")), nil,
			"v3 was published at the same moment, changed at 2026-04-22 09:00:00 UTC by dev@example.com, and v2 was live when that was read last: take from v3 what is to stay, and plan again",
		},
		"another version was made live after ours": {
			versions(someones(live(3, "Three.")), older(2, "Two."), older(1, "One.")), nil,
			"v3 was published at the same moment, changed at 2026-04-22 09:00:00 UTC by dev@example.com, and v3 was live when that was read last: take from v3 what is to stay, and plan again",
		},
		"something else is live": {
			versions(live(2, "Sell!"), older(1, "One.")), nil,
			"read back, the agent is not what was applied: create_draft new (system_prompt), publish new would be next; plan again",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, changed)
			e.remote.on("read versions", versions(live(1, "One.")), versions(draft(2, "Two."), live(1, "One.")), tt.found)
			e.remote.on("create draft", draft(2, "Two."))
			e.remote.on("publish v2", nil)
			e.apply()
			agent := e.report.Agents[0]
			if agent.Result != "failed" || agent.Steps[0].Status != Done || agent.Steps[1].Status != Done {
				t.Error(asJSON(e.report))
			}
			if agent.Error != tt.want && agent.Error != "read back: "+tt.want {
				t.Errorf("the reason is %s\nwant %s", agent.Error, tt.want)
			}
			e.holdLock("unfinished")
		})
	}
}

// TestConflictBeforeARollback holds that the versions are read once more before
// a rollback that other writes come before, and not right after they were read.
func TestConflictBeforeARollback(t *testing.T) {
	two := live(2, "Two.")
	for name, tt := range map[string]struct {
		described string // the description that git wants
		found     []diff.Version
		want      string
		writes    []string
	}{
		"nothing happened": {
			"New", versions(two, older(1, "One.")), "done update_agent sales\ndone rollback v1, v1\ndone AGT_1",
			[]string{"update agent", "roll back to v1"},
		},
		"another version went live": {
			"New", versions(live(3, "Three."), older(2, "Two."), older(1, "One.")),
			`done update_agent sales
failed rollback v1, v1: conflict: v3 went live meanwhile; nothing more of this agent was written, plan again
failed AGT_1: rollback v1: conflict: v3 went live meanwhile; nothing more of this agent was written, plan again`,
			[]string{"update agent"},
		},
		"it was read a moment ago": {
			"", versions(live(3, "Three."), older(2, "Two."), older(1, "One.")), "done rollback v1, v1\ndone AGT_1",
			[]string{"roll back to v1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, `{"system_prompt":"One."}`)
			e.want.Agent = patchOf(t, `{"agent_name":"Sales","agent_description":"`+tt.described+`"}`)
			e.seen.Current, e.seen.Versions = &two, versions(two, older(1, "One."))
			e.answerAsSeen()
			now := live(1, "One.")
			e.remote.on("read live", &now)
			e.remote.on("read versions", e.seen.Versions, tt.found)
			for _, call := range tt.writes {
				e.remote.on(call, nil)
			}
			if tt.described != "" {
				after := diff.RemoteAgent{ID: salesID, Fields: e.seen.Fields.With("agent_description", value.Of(tt.described))}
				e.remote.on("read agent", diff.RemoteAgent{ID: salesID, Fields: e.seen.Fields}, after)
			}
			e.holdReport(tt.want, tt.writes...)
		})
	}
}
