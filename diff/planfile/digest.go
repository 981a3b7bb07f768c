package planfile

import (
	"encoding/json"
	"fmt"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// Digest returns the plan's digest: the SHA-256 of its JSON form with sorted
// keys and no white space, without `digest`, `warnings`, `touched`, every `source` and the
// shard's `commit`, which are for the reader alone. Nulls, empty lists and numbers are in
// canonical form (value.Of). A plan's values are JSON values; Digest
// panics where one is not.
func Digest(p *diff.Plan) string {
	bare := Bare(p)
	bare.Digest = ""
	var v value.Value
	data, err := json.Marshal(bare)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		panic(fmt.Sprintf("digest of the plan: %v", err))
	}
	return "sha256:" + v.Digest()
}

// Seal sets the plan's digest, and returns the plan.
func Seal(p *diff.Plan) *diff.Plan {
	p.Digest = Digest(p)
	return p
}

// Bare returns a copy of p without warnings, sources, who touched what and a part's commit: what
// is left is what the digest covers.
func Bare(p *diff.Plan) *diff.Plan {
	out := Normal(p)
	out.Warnings = nil
	if p.Shard != nil {
		out.Shard = &diff.Shard{Index: p.Shard.Index, Of: p.Shard.Of}
	}
	for i := range out.Agents {
		agent := &out.Agents[i]
		agent.Touched = nil
		for _, step := range agent.Steps {
			for i := range step.Changes {
				step.Changes[i].Source = nil
			}
		}
	}
	return out
}
