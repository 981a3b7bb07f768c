package sync

import (
	"fmt"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// others are the agents of other parts of the fleet that are there, by key with
// their names on the platform. It costs no request of its own: the listing has
// them, and where there is none, what the lock knows counts as there. One that an
// agent of this part was found to be as well is an error of that agent's; group
// Wait has been called.
func (o *observer) others() map[string]string {
	out := map[string]string{}
	for _, key := range value.SortedKeys(o.scope.Others) {
		agent := o.findListed(key)
		if agent == nil {
			continue
		}
		out[key] = agent.Fields.Get("agent_name").Text()
		if mine, taken := o.found[agent.ID]; taken {
			o.errs = append(o.errs, agentError{mine, fmt.Errorf("%q, of another part, is the same agent on the platform, %s", key, agent.ID)})
		}
	}
	return out
}

func (o *observer) findListed(key string) *diff.RemoteAgent {
	known := o.scope.Memory[key]
	switch {
	case o.unlisted && known.AgentID != "":
		return &diff.RemoteAgent{ID: known.AgentID, Fields: value.Of(map[string]any{"agent_name": known.AgentName})}
	case known.AgentID != "" && o.byID[known.AgentID] != nil:
		return o.byID[known.AgentID]
	}
	for _, name := range o.names(key, o.scope.Others[key]) {
		if found := o.unclaimed(key, o.byName[name]); len(found) == 1 {
			return found[0]
		} else if len(found) > 1 {
			return nil // an error of its own part
		}
	}
	return nil
}
