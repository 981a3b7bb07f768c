package sync

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

func TestMovedSince(t *testing.T) {
	a, b := lock.Entry{AgentID: "1", AgentName: "A"}, lock.Entry{AgentID: "2", AgentName: "B"}
	changed := a
	changed.Version = 2
	for name, tt := range map[string]struct {
		then, now lock.Environment
		want      map[string]bool
	}{
		"as it was":   {lock.Environment{"a": a}, lock.Environment{"a": a}, map[string]bool{}},
		"changed":     {lock.Environment{"a": a, "b": b}, lock.Environment{"a": changed, "b": b}, map[string]bool{"a": true}},
		"gone":        {lock.Environment{"a": a, "b": b}, lock.Environment{"b": b}, map[string]bool{"a": true}},
		"come":        {lock.Environment{"a": a}, lock.Environment{"a": a, "b": b}, map[string]bool{"b": true}},
		"come, empty": {nil, lock.Environment{"a": {}}, map[string]bool{"a": true}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, movedSince(tt.then, tt.now)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestMark holds what the lock says of an agent that is about to change: that it
// is unfinished, and which configs the steps may leave when they are cut off.
func TestMark(t *testing.T) {
	want := spec.Agent{Name: "sales", AgentName: "Sales", Config: patchOf(t, `{"system_prompt":"Two.","llm_config":{"model":"new"}}`)}
	one := live(1, "One.")
	seen := &diff.RemoteAgent{ID: salesID, Current: &one}
	w := diff.Want(want, seen)
	inPlace := diff.LiveDigest(want, &diff.Version{Content: one.Content.With("llm_config", w.Config.Get("llm_config"))})
	withItems := &diff.RemoteAgent{ID: salesID, Current: &one, Versions: []diff.Version{{Number: 4, Status: "draft"}, {Number: 3, Status: "archived"}, one},
		Outcomes: []value.Value{object(t, `{"outcome_name":"lead","outcome_type":"TEXT"}`)}}
	kept := `{"call_outcomes":[{"outcome_name":"lead","outcome_type":"TEXT"}],"call_infields":[]}`
	before := lock.Entry{AgentID: salesID, AgentName: "Sales", Version: 1, Config: "aaaaaaaaaaaa", Expect: []string{"bbbbbbbbbbbb"}}
	for name, tt := range map[string]struct {
		entry   lock.Entry
		seen    *diff.RemoteAgent
		agentID string
		steps   []diff.Step
		want    lock.Entry
	}{
		"a draft": {
			before, seen, salesID, []diff.Step{{Action: diff.CreateDraft}, {Action: diff.Publish}},
			lock.Entry{AgentID: salesID, AgentName: "Sales", Unfinished: true, Version: 1, Config: "aaaaaaaaaaaa", Expect: []string{"bbbbbbbbbbbb", w.ConfigDigest}},
		},
		"a draft that is updated": {
			lock.Entry{}, seen, salesID, []diff.Step{{Action: diff.UpdateDraft}},
			lock.Entry{AgentID: salesID, AgentName: "Sales", Unfinished: true, Expect: []string{w.ConfigDigest}},
		},
		"a new agent": {
			lock.Entry{}, nil, "", []diff.Step{{Action: diff.CreateAgent}},
			lock.Entry{AgentName: "Sales", Unfinished: true, Expect: []string{w.ConfigDigest}},
		},
		"in place": {
			lock.Entry{}, seen, salesID, []diff.Step{{Action: diff.UpdateService, Target: "llm_config"}},
			lock.Entry{AgentID: salesID, AgentName: "Sales", Unfinished: true, Expect: []string{inPlace}},
		},
		"no config": {
			lock.Entry{AgentName: "Sales (old)"}, seen, salesID, []diff.Step{{Action: diff.UpdateAgent}, {Action: diff.Publish}},
			lock.Entry{AgentID: salesID, AgentName: "Sales (old)", Unfinished: true},
		},
		"a rollback": {
			lock.Entry{AgentID: salesID, AgentName: "Sales", Version: 1}, withItems, salesID, []diff.Step{{Action: diff.Rollback}},
			lock.Entry{AgentID: salesID, AgentName: "Sales", Version: 1, Newest: 3, Unfinished: true, PutBack: kept},
		},
		"one more after one that did not end": {
			lock.Entry{AgentID: salesID, AgentName: "Sales", Version: 3, Unfinished: true, PutBack: kept}, seen, salesID, []diff.Step{{Action: diff.Rollback}},
			lock.Entry{AgentID: salesID, AgentName: "Sales", Version: 3, Unfinished: true, PutBack: kept},
		},
		"what one that did not end may have taken": {
			lock.Entry{AgentID: salesID, AgentName: "Sales", Version: 3, Unfinished: true, PutBack: kept}, seen, salesID, []diff.Step{{Action: diff.CreateInfield}},
			lock.Entry{AgentID: salesID, AgentName: "Sales", Version: 3, Unfinished: true, PutBack: kept},
		},
		"the lock's agent was another one": {
			lock.Entry{AgentID: "AGT_2", AgentName: "Sales", Protect: true, Version: 9, Config: "aaaaaaaaaaaa", PutBack: kept}, seen, salesID, []diff.Step{{Action: diff.UpdateAgent}},
			lock.Entry{AgentID: salesID, AgentName: "Sales", Protect: true, Unfinished: true},
		},
		"nothing live": {
			lock.Entry{}, &diff.RemoteAgent{ID: salesID}, salesID, []diff.Step{{Action: diff.UpdateAgent}},
			lock.Entry{AgentID: salesID, AgentName: "Sales", Unfinished: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := diff.AgentPlan{Name: "sales", AgentName: "Sales", AgentID: tt.agentID, Steps: tt.steps, Wanted: &w}
			got := mark(tt.entry, plan, want, tt.seen)
			if !got.Equal(tt.want) {
				t.Error(cmp.Diff(tt.want, got))
			}
		})
	}
	if len(before.Expect) != 1 {
		t.Errorf("the entry before was changed: %v", before.Expect)
	}
}

// TestMarksFor holds what an apply writes into the lock before anything else.
func TestMarksFor(t *testing.T) {
	entry := func(id string) lock.Entry { return lock.Entry{AgentID: id, AgentName: "Sales", Version: 3} }
	step := []diff.Step{{Action: diff.UpdateAgent}}
	remote := func() *diff.RemoteAgent {
		return &diff.RemoteAgent{ID: salesID, Fields: object(t, `{"agent_name":"Sales"}`)}
	}
	manifest := spec.Agent{Name: "sales", AgentName: "Sales"}
	verified := (&ApplyInput{}).verified(lock.Entry{}, manifest, remote())
	for name, tt := range map[string]struct {
		locked, have lock.Environment // as the plan read it, and now; nil: as the plan read it
		memory       diff.Memory      // nil: the same as locked
		wanted       bool             // the manifest is there
		steps        []diff.Step      // nil for no change
		seen         *diff.RemoteAgent
		orphan       string
		unlisted     bool
		want         map[string]string // what changes: "marked", "verified" or "gone"
	}{
		"an agent that is about to change": {
			locked: lock.Environment{"sales": entry(salesID)}, wanted: true, steps: step, seen: remote(),
			want: map[string]string{"sales": "marked"},
		},
		"one that is as it is wanted": {
			locked: lock.Environment{"sales": entry(salesID)}, wanted: true, seen: remote(),
			want: map[string]string{"sales": "verified"},
		},
		"and was known to be": {
			locked: lock.Environment{"sales": verified}, wanted: true, seen: remote(),
			want: map[string]string{},
		},
		"one that is not to be there, and is not": {
			locked: lock.Environment{"sales": entry(salesID)}, wanted: true,
			want: map[string]string{"sales": "gone"},
		},
		"and that nobody knew": {
			locked: lock.Environment{}, wanted: true,
			want: map[string]string{},
		},
		"another apply was there": {
			locked: lock.Environment{"sales": entry(salesID)}, have: lock.Environment{"sales": entry("AGT_2")}, wanted: true, steps: step, seen: remote(),
			want: map[string]string{},
		},
		"an orphan that is gone": {
			locked: lock.Environment{"old": entry(salesID)}, orphan: "old",
			want: map[string]string{"old": "gone"},
		},
		"an orphan that is there": {
			locked: lock.Environment{"sales": entry(salesID)}, orphan: "sales", seen: remote(),
			want: map[string]string{},
		},
		"an orphan that nobody could look for": {
			locked: lock.Environment{"old": {AgentName: "Sales", Unfinished: true}}, orphan: "old", unlisted: true,
			want: map[string]string{},
		},
		"one that was looked for by its id": {
			locked: lock.Environment{"old": entry(salesID)}, orphan: "old", unlisted: true,
			want: map[string]string{"old": "gone"},
		},
		"an orphan that another apply has touched": {
			locked: lock.Environment{"old": entry(salesID)}, have: lock.Environment{"old": entry("AGT_2")}, orphan: "old",
			want: map[string]string{},
		},
		"a manifest with a new key": {
			locked: lock.Environment{"old": verified}, memory: diff.Memory{"sales": diff.Remembered(verified)}, wanted: true, seen: remote(),
			want: map[string]string{"old": "gone", "sales": "verified"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.have == nil {
				tt.have = tt.locked
			}
			if tt.memory == nil {
				tt.memory = ToMemory(tt.locked)
			}
			in := &ApplyInput{Locked: tt.locked, Memory: tt.memory, Plan: &diff.Plan{},
				Seen: diff.Remote{Agents: map[string]*diff.RemoteAgent{}, Unlisted: tt.unlisted}}
			if tt.wanted {
				in.Agents = []spec.Agent{manifest}
				in.Plan.Agents = []diff.AgentPlan{{Name: "sales", AgentName: "Sales", AgentID: salesID, Steps: tt.steps, Wanted: &diff.Wanted{}}}
			}
			if tt.seen != nil {
				in.Seen.Agents["sales"] = tt.seen
			}
			if tt.orphan != "" {
				in.Orphans = []string{tt.orphan}
			}
			m := marksFor(in, tt.have)
			got := map[string]string{}
			for key, entry := range m.changes {
				switch {
				case entry == nil:
					got[key] = "gone"
				case entry.Unfinished:
					got[key] = "marked"
				case entry.Equal(verified):
					got[key] = "verified"
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if marked := got["sales"] == "marked"; marked {
				if before := m.before["sales"]; !before.Equal(tt.locked["sales"]) || !m.marked["sales"].Unfinished {
					t.Errorf("before %+v, marked %+v", m.before, m.marked)
				}
			} else if len(m.before)+len(m.marked) > 0 {
				t.Errorf("before %+v, marked %+v", m.before, m.marked)
			}
		})
	}
}

// TestUnmark holds that an agent of which nothing was written stands in the lock
// as it did before.
func TestUnmark(t *testing.T) {
	for name, tt := range map[string]struct {
		before lock.Entry
		want   string
	}{
		"it was known":                     {lock.Entry{AgentID: salesID, AgentName: "Sales"}, "verified"},
		"a create had been begun":          {lock.Entry{AgentName: "Sales", Unfinished: true}, "begun"},
		"an earlier apply had not ended":   {lock.Entry{AgentID: salesID, AgentName: "Sales", Unfinished: true}, "unfinished"},
		"the lock had not known the agent": {lock.Entry{}, "forgotten"},
	} {
		t.Run(name, func(t *testing.T) {
			keeper := &fakeKeeper{entries: lock.Environment{"sales": {AgentID: salesID, AgentName: "Sales", Unfinished: true, Version: 9}}}
			j := &job{ApplyInput: &ApplyInput{Lock: keeper}, plan: diff.AgentPlan{Name: "sales"}, before: tt.before}
			j.unmark()
			(&example{t: t, keeper: keeper}).holdLock(tt.want)
		})
	}
}
