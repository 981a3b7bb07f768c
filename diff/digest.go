package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Fingerprint is the digest of the remote state that a plan rests on, as
// "sha256:…": the agent's documented fields, the live version with its notes,
// both lists in name order, and the other version that a step names. It holds
// no timestamp and nothing that the order of an answer could change.
func Fingerprint(r *RemoteAgent, relies *Version) string {
	return "sha256:" + value.Digest(map[string]any{
		"id":                 r.ID,
		spec.SectionAgent:    agentState(r),
		spec.SectionConfig:   versionState(r.Current),
		"relies":             versionState(relies),
		"versions":           versionList(r.Versions),
		spec.SectionOutcomes: itemState(OutcomeItems, r.Outcomes),
		spec.SectionInfields: itemState(InfieldItems, r.Infields),
	})
}

// SameSection says whether two observations of an agent agree in one section.
func SameSection(section string, a, b *RemoteAgent) bool {
	return sectionDigest(section, a) == sectionDigest(section, b)
}

// SameVersion says whether two observations of a config version agree.
func SameVersion(a, b *Version) bool {
	return value.Digest(versionState(a)) == value.Digest(versionState(b))
}

func sectionDigest(section string, r *RemoteAgent) string {
	switch section {
	case spec.SectionAgent:
		return value.Digest(agentState(r))
	case spec.SectionConfig:
		return value.Digest(versionState(r.Current))
	case spec.SectionOutcomes:
		return value.Digest(itemState(OutcomeItems, r.Outcomes))
	case spec.SectionInfields:
		return value.Digest(itemState(InfieldItems, r.Infields))
	default:
		panic("diff: no section " + section)
	}
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
	return map[string]any{"version": value.Number(v.Number), "status": v.Status,
		"content": v.config(), "notes": value.Text(v.Notes)}
}

// versionList is which versions there are, newest first, where the list was
// read: a draft that somebody makes between plan and apply shows in it.
func versionList(versions []Version) []any {
	out := make([]any, 0, len(versions))
	for i := range versions {
		v := &versions[i]
		out = append(out, map[string]any{"version": value.Number(v.Number), "status": v.Status, "current": v.IsCurrent})
	}
	return out
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
// in canonical form (value.Canonical).
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
	return "sha256:" + value.Digest(v), nil
}

// SameContent says whether two versions hold the same config, notes aside.
func SameContent(a, b *Version) bool {
	return a != nil && b != nil && value.Equal(a.config(), b.config())
}

// SameValue says whether two values are one in canonical form.
func SameValue(a, b any) bool { return value.Equal(a, b) }

// WithSection gives v with one section as from has it: to compare what is left.
func WithSection(v *Version, section string, from *Version) *Version {
	if v == nil || from == nil {
		return v
	}
	out := *v
	out.canonical = nil
	out.Content = map[string]any{}
	for field, value := range v.Content {
		out.Content[field] = value
	}
	out.Content[section] = from.Content[section]
	return &out
}

// MovedItem names an item, other than those left out, in which two
// observations of a list differ.
func MovedItem(kind ItemKind, a, b []map[string]any, leaveOut map[string]bool) (name string, moved bool) {
	for _, pair := range [][2][]map[string]any{{a, b}, {b, a}} {
		for _, item := range sortedItems(kind, pair[0]) {
			name := textOf(item[kind.NameField])
			other, _ := FindItem(kind, pair[1], name)
			if !leaveOut[name] && !value.Equal(item, other) {
				return name, true
			}
		}
	}
	return "", false
}
