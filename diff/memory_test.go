package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// TestRemember holds what the lock keeps of a verified agent: digests of all
// outcomes and infields, of the managed fields alone, and the draft that was
// left on purpose.
func TestRemember(t *testing.T) {
	want := manifest(t, `{}`)
	want.Agent = patchOf(t, `{"agent_name":"Sales","agent_description":"","agent_type":"INBOUND"}`)
	want.Lifecycle.Protect = true
	lead, budget := object(t, `{"outcome_name":"lead"}`), object(t, `{"field_name":"budget"}`)
	draft := func(n int, status, prompt string, ours bool) Version {
		v := Version{Number: n, Status: status, Content: object(t, `{"system_prompt":"`+prompt+`"}`)}
		if ours {
			v.Notes = "[agentsync commit=0123456789ab config=" + LiveDigest(want, &v) + "]"
		}
		return v
	}
	live := draft(1, "published", "One.", true)
	r := &RemoteAgent{
		ID: "AGT_1", Fields: object(t, `{"agent_name":"Sales (old)","agent_type":"INBOUND","agent_cost":5}`), Current: &live,
		Versions: []Version{draft(5, "draft", "a colleague's", false), draft(4, "archived", "Four.", true), draft(3, "draft", "Three.", true), draft(2, "draft", "Two.", true), live},
		Outcomes: []value.Value{lead}, Infields: []value.Value{budget},
	}
	got := Remember(Remembered{}, want, r)
	if d := cmp.Diff(Remembered{
		AgentID: "AGT_1", AgentName: "Sales (old)", Protect: true, Version: 1, Newest: 4, Config: LiveDigest(want, &live), Draft: 3,
		Agent:    map[string]string{"agent_name": value.Of("Sales (old)").ShortDigest(), "agent_description": value.Value{}.ShortDigest()},
		Outcomes: map[string]string{"lead": lead.ShortDigest()}, Infields: map[string]string{"budget": budget.ShortDigest()},
	}, got); d != "" {
		t.Error(d)
	}
	r.Current = nil
	if got := Remember(Remembered{}, want, r); got.Version != 0 || got.Config != "" {
		t.Errorf("nothing is live, and the lock would say %+v", got)
	}
}

// TestRememberNewest holds which version the lock says to have been the newest when
// another one was live.
func TestRememberNewest(t *testing.T) {
	version := func(n int, status string) Version {
		return Version{Number: n, Status: status, Content: object(t, `{"system_prompt":"One."}`)}
	}
	for name, tt := range map[string]struct {
		before   Remembered
		live     int
		versions []Version
		want     int
	}{
		"the newest is live":                   {Remembered{AgentID: "AGT_1", Version: 2}, 3, nil, 0},
		"a rollback":                           {Remembered{AgentID: "AGT_1", Version: 3}, 2, nil, 3},
		"and one more":                         {Remembered{AgentID: "AGT_1", Version: 2, Newest: 3}, 1, nil, 3},
		"nothing has changed since":            {Remembered{AgentID: "AGT_1", Version: 2, Newest: 3}, 2, nil, 3},
		"and forward again":                    {Remembered{AgentID: "AGT_1", Version: 1, Newest: 3}, 3, nil, 0},
		"a version that the lock never had":    {Remembered{AgentID: "AGT_1", Version: 1}, 2, []Version{version(4, "archived"), version(2, "published")}, 4},
		"a draft can still be published":       {Remembered{AgentID: "AGT_1", Version: 2}, 2, []Version{version(4, "draft"), version(2, "published")}, 0},
		"the lock's agent was another one":     {Remembered{AgentID: "AGT_2", Version: 9, Newest: 10}, 2, nil, 0},
		"the agent was not in the lock before": {Remembered{}, 2, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			live := version(tt.live, "published")
			got := Remember(tt.before, manifest(t, `{}`), &RemoteAgent{ID: "AGT_1", Current: &live, Versions: tt.versions})
			if got.Newest != tt.want || got.Version != tt.live {
				t.Errorf("v%d, newest %d, want v%d, newest %d", got.Version, got.Newest, tt.live, tt.want)
			}
		})
	}
}

func TestMade(t *testing.T) {
	const ours = "[agentsync commit=0123456789ab config=aaaaaaaaaaaa]"
	for name, tt := range map[string]struct {
		m    Remembered
		v    Version
		want bool
	}{
		"the draft that was left on purpose": {Remembered{Draft: 2}, Version{Number: 2, Status: "draft", Notes: ours}, true},
		"another draft":                      {Remembered{Draft: 3}, Version{Number: 2, Status: "draft", Notes: ours}, false},
		"one of an apply that did not end":   {Remembered{Unfinished: true, Expect: []string{"aaaaaaaaaaaa"}}, Version{Number: 2, Status: "draft", Notes: ours}, true},
		"with another config":                {Remembered{Unfinished: true, Expect: []string{"bbbbbbbbbbbb"}}, Version{Number: 2, Status: "draft", Notes: ours}, false},
		"of one that ended":                  {Remembered{Expect: []string{"aaaaaaaaaaaa"}}, Version{Number: 2, Status: "draft", Notes: ours}, false},
		"published since":                    {Remembered{Draft: 2}, Version{Number: 2, Status: "published", Notes: ours}, false},
		"without a line":                     {Remembered{Draft: 2}, Version{Number: 2, Status: "draft"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.m.Made(&tt.v); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestRekey holds that a manifest's new key takes over the old one's entry, by
// the agent's name, and that nobody else's is taken.
func TestRekey(t *testing.T) {
	entry := func(id, name string) Remembered { return Remembered{AgentID: id, AgentName: name} }
	for name, tt := range map[string]struct {
		memory Memory
		agents []spec.Agent
		want   Memory
	}{
		"a new key": {
			Memory{"old": entry("1", "Sales")}, []spec.Agent{{Name: "new", AgentName: "Sales"}},
			Memory{"new": entry("1", "Sales")},
		},
		"a new key and a new name": {
			Memory{"old": entry("1", "Sales")}, []spec.Agent{{Name: "new", AgentName: "Outbound", PreviousNames: []string{"Older", "Sales"}}},
			Memory{"new": entry("1", "Sales")},
		},
		"its own name comes before earlier ones": {
			Memory{"a": entry("1", "Sales"), "b": entry("2", "Outbound")}, []spec.Agent{{Name: "new", AgentName: "Outbound", PreviousNames: []string{"Sales"}}},
			Memory{"a": entry("1", "Sales"), "new": entry("2", "Outbound")},
		},
		"a key that has a manifest keeps its entry": {
			Memory{"a": entry("1", "Sales")}, []spec.Agent{{Name: "a", AgentName: "Other"}, {Name: "b", AgentName: "Sales"}},
			Memory{"a": entry("1", "Sales")},
		},
		"an agent that is known keeps its own": {
			Memory{"a": entry("1", "Sales"), "gone": entry("2", "Outbound")}, []spec.Agent{{Name: "a", AgentName: "Outbound"}},
			Memory{"a": entry("1", "Sales"), "gone": entry("2", "Outbound")},
		},
		"one entry goes to one agent": {
			Memory{"old": entry("1", "Sales")}, []spec.Agent{{Name: "a", AgentName: "Sales"}, {Name: "b", AgentName: "New", PreviousNames: []string{"Sales"}}},
			Memory{"a": entry("1", "Sales")},
		},
		"an entry without a name": {
			Memory{"old": entry("1", "")}, []spec.Agent{{Name: "a"}},
			Memory{"old": entry("1", "")},
		},
		"no memory": {nil, []spec.Agent{{Name: "a", AgentName: "Sales"}}, Memory{}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.memory.Rekey(tt.agents)); d != "" {
				t.Error(d)
			}
		})
	}
}
