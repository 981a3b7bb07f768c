package diff

import (
	"maps"
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Memory is what the lock file remembers of the last applies to one
// environment, by the agents' keys.
type Memory map[string]Remembered

// Remembered is the last apply of one agent, field by field an entry of the
// lock file. Digests are Value.ShortDigest.
type Remembered struct {
	AgentID   string // "" when a create was begun and its end is not known
	AgentName string
	Protect   bool
	// Unfinished marks an agent whose apply began and did not end verified.
	Unfinished bool
	Version    int               // the live config version, 0 when none
	Newest     int               // the newest version that was published by then, where that is another: after a rollback; else 0
	Since      string            // when a rollback made Version live: RFC 3339, by the platform's clock; "" where it is Newest, or nobody knows
	Config     string            // digest of the live config
	Wants      string            // digest of the manifest that the agent was verified against
	Draft      int               // the draft that the apply left on purpose (mode: draft), 0 when none
	Expect     []string          // config digests that unfinished applies may have left behind
	PutBack    string            // see Keep: what the agent had before a rollback that has not ended; else ""
	Agent      map[string]string // by field
	Outcomes   map[string]string // by outcome_name
	Infields   map[string]string // by field_name
	Smoke      *spec.PendingCall // a smoke call that is not judged, or was judged bad
}

// Remember returns what the lock is to hold of an agent whose state on the
// platform was verified against the manifest, but for Wants. before is what it
// held.
func Remember(before Remembered, want spec.Agent, r *RemoteAgent) Remembered {
	m := Remembered{
		AgentID: r.ID, AgentName: r.Fields.Get("agent_name").Text(), Protect: want.Lifecycle.Protect,
		Agent: map[string]string{}, Outcomes: itemDigests(OutcomeItems, r.Outcomes), Infields: itemDigests(InfieldItems, r.Infields),
	}
	if r.Current != nil {
		m.Version, m.Config = r.Current.Number, LiveDigest(want, r.Current)
		if before.AgentID == r.ID {
			m.Newest = before.newestKnown()
		}
		m = m.Knowing(r.Versions)
		if before.AgentID == r.ID && before.Version == m.Version && before.Newest == m.Newest {
			m.Since = before.Since
		}
	}
	for i := range r.Versions {
		if v := &r.Versions[i]; v.IsDraft() && vouched(v, want) {
			m.Draft = max(m.Draft, v.Number)
		}
	}
	for _, field := range want.Agent.Keys() {
		if !creationOnly(field) {
			m.Agent[field] = r.Fields.Get(field).ShortDigest()
		}
	}
	return m
}

// Knowing is m where these versions are on the platform as well.
func (m Remembered) Knowing(versions []Version) Remembered {
	for i := range versions {
		if v := &versions[i]; !v.IsDraft() {
			m.Newest = max(m.Newest, v.Number)
		}
	}
	if m.Newest <= m.Version {
		m.Newest = 0
	}
	return m
}

// newestKnown is the newest version that had been published when the lock was
// written, as far as it tells; 0 when it tells of none.
func (m Remembered) newestKnown() int { return max(m.Version, m.Newest) }

// undoRevert remembers what the lock file held before a commit of it was reverted.
// The version that is live is ours where git's history of the lock file has it, with
// its digest, as the last one that was verified: a version that is newer than all
// that the lock knows now. Else somebody who goes back on the platform to a version
// that was ours once would pass for us.
func (p *agentPlanner) undoRevert() {
	if p.remote == nil || p.remote.Current == nil || p.in.LastLocked == nil {
		return
	}
	live := p.remote.Current
	digest := p.liveDigest(live)
	if p.memory.Version == live.Number && p.memory.Config == digest || p.memory.Unfinished && slices.Contains(p.memory.Expect, digest) {
		return
	}
	last, ok := p.in.LastLocked(p.remote.ID)
	if !ok || last.newestKnown() <= p.memory.newestKnown() || last.Version != live.Number || last.Config != digest {
		return
	}
	p.locked = true
	p.memory.AgentID, p.memory.Version, p.memory.Newest, p.memory.Since = last.AgentID, last.Version, last.Newest, last.Since
	p.memory.Config, p.memory.Agent, p.memory.Outcomes, p.memory.Infields = last.Config, last.Agent, last.Outcomes, last.Infields
}

// itemDigests remembers items that the manifest does not manage too: when it
// begins to, those that are as they were are no drift.
func itemDigests(kind ItemKind, items []value.Value) map[string]string {
	out := map[string]string{}
	for _, item := range items {
		out[kind.NameOf(item)] = item.ShortDigest()
	}
	return out
}

// Made reports whether a draft is one that an apply with this lock file made:
// the one that it left on purpose, or one of an apply that did not end, which
// is known by its config.
func (m Remembered) Made(v *Version) bool {
	_, line, ok := ParseNotes(v.Notes)
	return ok && v.IsDraft() && (m.Draft == v.Number || m.Unfinished && slices.Contains(m.Expect, line.Config))
}

// begunMade reports whether a create that was begun, and whose end the lock does
// not know, has made an agent that has its name, as far as can be known: it has a
// version with the config that the create sent, by its line or its content, or no
// version yet.
func (m Remembered) begunMade(r *RemoteAgent) bool {
	if m.AgentID != "" || !m.Unfinished {
		return false
	}
	versions := r.Versions
	if r.Current != nil {
		versions = append([]Version{*r.Current}, versions...)
	}
	return len(versions) == 0 || slices.ContainsFunc(versions, func(v Version) bool {
		_, line, _ := ParseNotes(v.Notes)
		return slices.Contains(m.Expect, line.Config) || slices.Contains(m.Expect, configDigest(v.Content, nil)) ||
			slices.Contains(m.Expect, configDigest(v.Content, v.Content.Keys()))
	})
}

// Rekey returns m with entries moved to the new key of an agent whose manifest
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
	out := maps.Clone(m)
	if out == nil {
		out = Memory{}
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
