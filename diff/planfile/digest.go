package planfile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// Digest returns the plan's digest: the SHA-256 of its JSON form with sorted
// keys and no white space, without `digest`, `warnings`, `touched`, every `source` and the
// shard's `commit`, which are for the reader alone. Nulls, empty lists and numbers are in
// canonical form (value.Of). A plan's values are JSON values; Digest
// panics where one is not.
//
// The agents go into it one by one, since a large plan would be in memory several
// times otherwise: their key is the first of all.
func Digest(p *diff.Plan) string {
	without := *p
	without.Digest, without.Agents = "", nil
	h, rest := sha256.New(), canonical(Bare(&without)).JSON() // which has no empty list of agents
	before := `{"agents":[`
	for i := range p.Agents {
		io.WriteString(h, before)
		h.Write(canonical(&Bare(one(p, i)).Agents[0]).JSON())
		before = ","
	}
	if len(p.Agents) > 0 {
		io.WriteString(h, "],")
		rest = rest[1:] // what follows is in the same object, which is never empty
	}
	h.Write(rest)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// canonical is a part of a plan in the form that digests are taken over.
func canonical(part any) (v value.Value) {
	data, err := json.Marshal(part)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		panic(fmt.Sprintf("digest of the plan: %v", err))
	}
	return v
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
