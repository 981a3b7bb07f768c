package diff

import (
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Memory is what the lock file remembers of the last applies to one
// environment, by the agents' keys.
type Memory map[string]Remembered

// Remembered is the last apply of one agent. Digests are value.ShortDigest of
// canonical values.
type Remembered struct {
	ID        string // "" when a create was begun and its end is not known
	AgentName string
	Protect   bool
	// Unfinished marks an agent whose apply began and did not end verified.
	Unfinished bool
	Version    int               // the live config version, 0 when none
	Draft      int               // the draft that the apply left on purpose (mode: draft), 0 when none
	Config     string            // digest of the live config
	Expect     []string          // config digests that unfinished applies may have left behind
	Claims     []string          // of unfinished applies, by which their holds are known
	Agent      map[string]string // by field
	Outcomes   map[string]string // by outcome_name
	Infields   map[string]string // by field_name
}

// Remember gives what the lock is to hold of an agent whose state on the
// platform was verified against the manifest.
func Remember(want spec.Agent, r *RemoteAgent) Remembered {
	m := Remembered{
		ID: r.ID, AgentName: textOf(r.Fields["agent_name"]), Protect: want.Lifecycle.Protect,
		Agent: map[string]string{}, Outcomes: map[string]string{}, Infields: map[string]string{},
	}
	if r.Current != nil {
		m.Version = r.Current.Number
		m.Config = configDigest(r.Current.config(), passthroughKeys(want))
	}
	for i := range r.Versions {
		if v := &r.Versions[i]; v.IsDraft() && vouched(v, want) && !IsHold(v) {
			m.Draft = max(m.Draft, v.Number)
		}
	}
	for field := range want.Agent {
		if !creationOnly(field) {
			m.Agent[field] = value.ShortDigest(r.Fields[field])
		}
	}
	// Items that the manifest does not manage are remembered too: when it begins
	// to, those that are as they were are no drift.
	rememberItems(m.Outcomes, r.Outcomes, OutcomeItems)
	rememberItems(m.Infields, r.Infields, InfieldItems)
	return m
}

func rememberItems(into map[string]string, items []map[string]any, kind ItemKind) {
	for _, item := range items {
		into[textOf(item[kind.NameField])] = itemDigest(kind, item)
	}
}

// Rekey gives m with entries moved to the new key of an agent whose manifest
// was renamed: a wanted agent that m does not know takes over the entry of an
// agent without a manifest that has its agent_name or one of its previous
// names. So a renamed key neither doubles an agent nor orphans it.
func (m Memory) Rekey(agents []spec.Agent) Memory {
	wanted := map[string]bool{}
	for _, a := range agents {
		wanted[a.Name] = true
	}
	byName := map[string]string{}
	for _, key := range value.SortedKeys(m) {
		if !wanted[key] && m[key].AgentName != "" {
			byName[m[key].AgentName] = key
		}
	}
	out := make(Memory, len(m))
	for key, entry := range m {
		out[key] = entry
	}
	for _, a := range agents {
		if _, known := out[a.Name]; known {
			continue
		}
		for _, name := range append([]string{a.AgentName}, a.PreviousNames...) {
			if old, ok := byName[name]; ok {
				out[a.Name] = out[old]
				delete(out, old)
				delete(byName, name)
				break
			}
		}
	}
	return out
}

func textOf(v any) string { s, _ := v.(string); return s }

func creationOnly(field string) bool {
	for _, f := range spec.CreationOnlyFields {
		if f == field {
			return true
		}
	}
	return false
}
