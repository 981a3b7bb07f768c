package sandbox

import (
	"cmp"
	"encoding/json"
	"slices"
)

// Snapshot is what is on the platform at one moment, in a form for comparing:
// no secrets, object ids and timestamps, everything sorted, numbers as float64.
type Snapshot struct {
	Agents []AgentState `json:"agents"` // by name, then id
}

// AgentState is one agent.
type AgentState struct {
	ID       string           `json:"agent_id"`
	Name     string           `json:"agent_name"`
	Owner    string           `json:"owner"`
	Fields   map[string]any   `json:"fields"`
	Current  int              `json:"current"`  // version number; 0 when nothing is published
	Versions []VersionState   `json:"versions"` // oldest first
	Outcomes []map[string]any `json:"call_outcomes"`
	Infields []map[string]any `json:"call_infields"`
	Calls    int              `json:"calls"` // that it has made
}

// VersionState is one config version. Content is without notes.
type VersionState struct {
	Number    int              `json:"version"`
	Status    string           `json:"status"`
	IsCurrent bool             `json:"is_current"`
	Content   map[string]any   `json:"content"`
	Notes     string           `json:"notes"`
	CreatedBy string           `json:"created_by"`
	UpdatedBy string           `json:"updated_by"`
	Outcomes  []map[string]any `json:"call_outcomes"`
	Infields  []map[string]any `json:"call_infields"`
}

// Snapshot reads the whole state. It fails only when the data file does.
func (s *Server) Snapshot() (Snapshot, error) {
	snap := Snapshot{Agents: []AgentState{}}
	err := s.store.read(func(st *state) {
		for _, a := range st.oldestFirst() {
			snap.Agents = append(snap.Agents, a.snapshot())
		}
		for _, call := range st.calls {
			for i := range snap.Agents {
				if call != nil && snap.Agents[i].ID == call.Agent {
					snap.Agents[i].Calls++
				}
			}
		}
	})
	slices.SortFunc(snap.Agents, func(a, b AgentState) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return snap, err
}

// Agent is the one agent with this name, or false when there is none or more
// than one.
func (s Snapshot) Agent(name string) (AgentState, bool) {
	var found []AgentState
	for _, a := range s.Agents {
		if a.Name == name {
			found = append(found, a)
		}
	}
	if len(found) != 1 {
		return AgentState{}, false
	}
	return found[0], true
}

// Live is the current version, or false when nothing is published.
func (a AgentState) Live() (VersionState, bool) {
	for _, v := range a.Versions {
		if v.IsCurrent {
			return v, true
		}
	}
	return VersionState{}, false
}

// String is the snapshot as indented JSON.
func (s Snapshot) String() string {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (a *agent) snapshot() AgentState {
	out := AgentState{
		ID:       a.Doc.text("agent_id"),
		Name:     a.Doc.text("agent_name"),
		Owner:    a.Owner,
		Fields:   plain(a.Doc.fields, "id", "agent_id", "user_id", "organization_id", "created_at", "updated_at", "team_size"),
		Outcomes: plainItems(contents(a.Outcomes), outcomes.name),
		Infields: plainItems(contents(a.Infields), infields.name),
		Versions: []VersionState{},
	}
	for _, key := range livekitFields {
		delete(out.Fields, key)
	}
	team, _ := out.Fields["team"].([]any)
	for _, m := range team {
		if member, ok := m.(map[string]any); ok {
			delete(member, "added_at")
		}
	}
	for _, v := range a.Versions {
		out.Versions = append(out.Versions, v.snapshot())
		if v.Doc.flag("is_current") {
			out.Current = v.number()
		}
	}
	return out
}

func (v *version) snapshot() VersionState {
	list := func(k *itemKind) []map[string]any {
		l, _ := v.Doc.get(k.path).([]any)
		return plainItems(l, k.name)
	}
	return VersionState{
		Number:    v.number(),
		Status:    v.status(),
		IsCurrent: v.Doc.flag("is_current"),
		Notes:     v.Doc.text("notes"),
		CreatedBy: v.Doc.text("created_by"),
		UpdatedBy: v.Doc.text("updated_by"),
		Outcomes:  list(&outcomes),
		Infields:  list(&infields),
		Content: plain(v.Doc.fields, "_id", "agent_id", "version", "status", "is_current", "created_at", "updated_at",
			"created_by", "updated_by", "notes", "call_outcomes", "call_infields"),
	}
}

// plain is a deep copy of fields without some keys, numbers as float64.
func plain(fields map[string]any, without ...string) map[string]any {
	out := map[string]any{}
	if err := json.Unmarshal(mustEncode(fields), &out); err != nil {
		panic("sandbox: snapshot: " + err.Error())
	}
	for _, key := range without {
		delete(out, key)
	}
	return out
}

// plainItems are items sorted by the field that names them.
func plainItems(list []any, name string) []map[string]any {
	out := []map[string]any{}
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, plain(m, "_id", "agent_id", "created_at", "updated_at"))
		}
	}
	slices.SortFunc(out, func(a, b map[string]any) int {
		x, _ := a[name].(string)
		y, _ := b[name].(string)
		return cmp.Compare(x, y)
	})
	return out
}
