package sync

import (
	"maps"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/sync/lock"
)

// ToMemory turns a lock file's block into what diff compares with.
func ToMemory(env lock.Environment) diff.Memory {
	out := make(diff.Memory, len(env))
	for key, e := range env {
		out[key] = diff.Remembered{
			ID: e.AgentID, AgentName: e.AgentName, Protect: e.Protect, Unfinished: e.Unfinished,
			Version: e.Version, Draft: e.Draft, Config: e.Config, Expect: e.Expect, Claims: e.Claims,
			Agent: e.Agent, Outcomes: e.Outcomes, Infields: e.Infields,
		}
	}
	return out
}

func toEntry(m diff.Remembered) lock.Entry {
	return lock.Entry{
		AgentID: m.ID, AgentName: m.AgentName, Protect: m.Protect, Unfinished: m.Unfinished,
		Version: m.Version, Draft: m.Draft, Config: m.Config, Expect: m.Expect, Claims: m.Claims,
		Agent: m.Agent, Outcomes: m.Outcomes, Infields: m.Infields,
	}
}

func sameEntry(a, b lock.Entry) bool {
	return a.AgentID == b.AgentID && a.AgentName == b.AgentName && a.Protect == b.Protect &&
		a.Unfinished == b.Unfinished && a.Version == b.Version && a.Draft == b.Draft && a.Config == b.Config &&
		slices.Equal(a.Expect, b.Expect) && slices.Equal(a.Claims, b.Claims) && maps.Equal(a.Agent, b.Agent) &&
		maps.Equal(a.Outcomes, b.Outcomes) && maps.Equal(a.Infields, b.Infields)
}
