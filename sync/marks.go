package sync

import (
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// marks is what an apply writes into the lock before it writes anything else,
// and what it has to know of the lock later.
type marks struct {
	changes map[string]*lock.Entry // nil: to be removed
	before  map[string]lock.Entry  // of the agents that are about to change: as remembered
	marked  map[string]lock.Entry  // and as marked
	moved   map[string]bool        // agents that another apply in this folder changed since the plan
}

// ToMemory turns a lock file's block into what diff compares with.
func ToMemory(env lock.Environment) diff.Memory {
	out := make(diff.Memory, len(env))
	for key, entry := range env {
		out[key] = diff.Remembered(entry)
	}
	return out
}

// marksFor says how the lock is to change, from the entries that it has now:
// the agents that are about to change are marked as unfinished, what was found
// out about the others is remembered, and orphans that are gone are forgotten.
// What another apply changed since the plan stays as that one left it.
func marksFor(in *ApplyInput, have lock.Environment) marks {
	m := marks{
		changes: map[string]*lock.Entry{}, before: map[string]lock.Entry{}, marked: map[string]lock.Entry{},
		moved: movedSince(in.Locked, have),
	}
	forget := func(key string) {
		if _, there := have[key]; there && !m.moved[key] {
			m.changes[key] = nil
		}
	}
	for key := range in.Locked {
		if _, kept := in.Memory[key]; !kept {
			forget(key) // Rekey moved it to the manifest's new key
		}
	}
	wanted := map[string]spec.Agent{}
	for _, agent := range in.Agents {
		wanted[agent.Name] = agent
	}
	for _, plan := range in.Plan.Agents {
		want, isWanted := wanted[plan.Name]
		verified, matched := in.Matched[plan.Name]
		seen := in.Seen.Agents[plan.Name]
		entry := lock.Entry(in.Memory[plan.Name])
		switch {
		case m.moved[plan.Name]:
			continue
		case len(plan.Steps) > 0:
			m.before[plan.Name] = entry
			pending := in.pendingSmoke(entry, plan, want, seen)
			entry = mark(entry, plan, want, seen)
			entry.Smoke = pending
			m.marked[plan.Name] = entry
		case matched:
			entry = verified
		case isWanted && seen == nil:
			forget(plan.Name)
			continue
		case isWanted:
			entry = in.verified(entry, want, seen)
		}
		if old, there := have[plan.Name]; !there || !old.Equal(entry) {
			m.changes[plan.Name] = &entry
		}
	}
	for _, key := range in.Orphans {
		lost := in.Memory[key].AgentID == "" && in.Seen.Unlisted // nobody could look for it
		if in.Seen.Agents[key] == nil && !lost {
			forget(key)
		}
	}
	return m
}

// verified is Verified in the environment that is applied to.
func (in *ApplyInput) verified(before lock.Entry, want spec.Agent, seen *diff.RemoteAgent) lock.Entry {
	return Verified(in.Environment, before, want, seen)
}

// Verified is the lock's entry of an agent that is on the platform what its
// manifest wants; before is the one that the lock has. The environment's BaseURL
// is the address used.
func Verified(env spec.Environment, before lock.Entry, want spec.Agent, seen *diff.RemoteAgent) lock.Entry {
	entry := lock.Entry(diff.Remember(diff.Remembered(before), want, seen))
	entry.Wants = env.Wants(&want)
	if entry.Equal(before) {
		return before // of a fleet that matches, one copy in memory is enough
	}
	return entry
}

// movedSince names the agents whose entry is not what it was.
func movedSince(then, now lock.Environment) map[string]bool {
	moved := map[string]bool{}
	for _, entries := range []lock.Environment{then, now} {
		for key := range entries {
			was, before := then[key]
			is, still := now[key]
			if still != before || !is.Equal(was) {
				moved[key] = true
			}
		}
	}
	return moved
}

// mark says in an agent's entry that an apply of it has begun, which configs the
// steps may leave when they are cut off, and what a rollback may take. What an
// earlier rollback that did not end may have taken is not on the platform any more,
// and stays in the mark.
func mark(entry lock.Entry, plan diff.AgentPlan, want spec.Agent, seen *diff.RemoteAgent) lock.Entry {
	if entry.AgentID != "" && entry.AgentID != plan.AgentID { // the lock's agent is another one, or gone
		entry = lock.Entry{AgentName: entry.AgentName, Protect: entry.Protect}
	}
	entry.Unfinished = true
	if entry.AgentName == "" {
		entry.AgentName = plan.AgentName
	}
	entry.AgentID = plan.AgentID
	entry.Expect = slices.Clone(entry.Expect)
	if seen != nil {
		entry = lock.Entry(diff.Remembered(entry).Knowing(seen.Versions))
	}
	if seen != nil && entry.PutBack == "" && rollsBack(plan.Steps) {
		entry.PutBack = diff.Keep(seen)
	}
	if seen != nil && seen.Current != nil {
		entry.Expect = append(entry.Expect, diff.ServiceDigests(want, plan.Wanted, seen.Current, plan.Steps)...)
	}
	makes := func(s diff.Step) bool {
		return s.Action == diff.CreateAgent || s.Action == diff.CreateDraft || s.Action == diff.UpdateDraft
	}
	if slices.ContainsFunc(plan.Steps, makes) {
		entry.Expect = append(entry.Expect, plan.Wanted.ConfigDigest)
	}
	return entry
}
