package diff

import (
	"encoding/json"
	"fmt"

	"github.com/agentsync/agentsync/internal/value"
)

// ComputeDigest returns the plan's digest: the SHA-256 of its JSON form with
// sorted keys and no white space, without `digest`, `warnings` and every
// `source`, which are for the reader alone. Nulls, empty lists and numbers are
// in canonical form (value.Of).
func (p *Plan) ComputeDigest() (string, error) {
	bare := *p
	bare.Digest, bare.Warnings = "", nil
	bare.Agents = make([]AgentPlan, len(p.Agents))
	for i, agent := range p.Agents {
		steps := make([]Step, len(agent.Steps))
		for j, step := range agent.Steps {
			changes := make([]Change, len(step.Changes))
			for k, change := range step.Changes {
				changes[k] = Change{Path: change.Path, Before: change.Before, After: change.After}
			}
			step.Changes = changes
			steps[j] = step
		}
		agent.Steps = steps
		bare.Agents[i] = agent
	}
	data, err := json.Marshal(&bare)
	if err != nil {
		return "", fmt.Errorf("digest of the plan: %w", err)
	}
	var v value.Value
	if err := json.Unmarshal(data, &v); err != nil {
		return "", fmt.Errorf("digest of the plan: %w", err)
	}
	return "sha256:" + v.Digest(), nil
}
