package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/agentsync/agentsync/spec"
)

// Fingerprint is the digest of the remote state that a plan rests on, as
// "sha256:…": the agent's documented fields, the live version with its notes,
// both lists in name order, and the other version that a step names. It holds
// no timestamp and nothing that the order of an answer could change.
func Fingerprint(r *RemoteAgent, relies *Version) string {
	return "sha256:" + spec.Digest(map[string]any{
		"id":                 r.ID,
		spec.SectionAgent:    agentState(r),
		spec.SectionConfig:   versionState(r.Current),
		"relies":             versionState(relies),
		spec.SectionOutcomes: itemState(OutcomeItems, r.Outcomes),
		spec.SectionInfields: itemState(InfieldItems, r.Infields),
	})
}

func agentState(r *RemoteAgent) map[string]any {
	out := map[string]any{}
	for _, field := range spec.AgentFields {
		if field != "team" {
			set(out, field, r.Fields[field])
		}
	}
	return out
}

func versionState(v *Version) any {
	if v == nil {
		return nil
	}
	return map[string]any{"version": spec.Number(v.Number), "status": v.Status,
		"content": canonicalConfig(v.Content), "notes": spec.Text(v.Notes)}
}

func itemState(kind ItemKind, items []map[string]any) []any {
	out := make([]any, 0, len(items))
	for _, item := range sortedItems(kind, items) {
		out = append(out, item)
	}
	return out
}

// sortedItems gives canonical items in name order.
func sortedItems(kind ItemKind, items []map[string]any) []map[string]any {
	out := make([]map[string]any, len(items))
	for i, item := range items {
		out[i] = canonicalItem(kind, item)
	}
	sort.SliceStable(out, func(i, j int) bool {
		return textOf(out[i][kind.NameField]) < textOf(out[j][kind.NameField])
	})
	return out
}

// ComputeDigest gives the plan's digest: the SHA-256 of its JSON form with
// sorted keys and no white space, without `digest`, `warnings` and every
// `source`, which are for the reader alone. Nulls, empty lists and numbers are
// in canonical form (spec.Canonical).
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
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", fmt.Errorf("digest of the plan: %w", err)
	}
	return "sha256:" + spec.Digest(v), nil
}
