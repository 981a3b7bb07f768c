package diff

import (
	"maps"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// CreateBody is the body of endpoint 5: the agent with its first version. The
// documented fields that the manifest leaves out and creation asks for are
// filled with the reference's own values.
func CreateBody(want spec.Agent, w Wanted, notes string) map[string]any {
	agent := map[string]any{"agent_name": want.AgentName, "agent_description": "", "team": []any{}, "is_auto": true}
	for _, field := range []string{"agent_description", "agent_type", "team", "is_auto"} {
		if v := w.Agent[field]; v != nil {
			agent[field] = v
		}
	}
	return map[string]any{"agent_in": agent, "agent_config": ConfigBody(want, w, nil, notes)}
}

// AfterCreate gives the managed fields that creation does not take and that
// the new agent does not have yet; endpoint 7 sets them.
func AfterCreate(w Wanted, created *RemoteAgent) map[string]any {
	body := map[string]any{}
	for _, change := range agentChanges(w, created) {
		body[change.Path] = change.After
	}
	return body
}

// ConfigBody is the body of endpoints 9 and 13: every documented field of the
// full wanted config, since sections are replaced whole, and the fields under
// passthrough. A field that is to become empty, and is not in base, the live
// content, is sent empty; one that is empty on both sides is left out.
func ConfigBody(want spec.Agent, w Wanted, base map[string]any, notes string) map[string]any {
	body := map[string]any{}
	live := canonicalConfig(base)
	for _, field := range append(append([]string{}, spec.ConfigFields...), passthroughKeys(want)...) {
		if v, ok := w.Config[field]; ok {
			body[field] = v
		} else if _, ok := live[field]; ok {
			body[field] = emptyValue(field)
		}
	}
	delete(body, "notes")
	if _, managed := want.Config["notes"]; notes != "" || managed || base != nil {
		body["notes"] = notes
	}
	return body
}

// ServiceBody is the body of endpoint 28: the whole section.
func ServiceBody(w Wanted, service string) any {
	if v, ok := w.Config[service]; ok {
		return v
	}
	return map[string]any{}
}

func emptyValue(field string) any {
	switch {
	case isService(field):
		return map[string]any{}
	case contains([]string{"guardrail_ids", "metadata_schema", "examples", "guidelines"}, field):
		return []any{}
	case contains(spec.ConfigFields, field):
		return ""
	default:
		return nil
	}
}

// ItemBody is the body that makes an outcome or infield: the full wanted item,
// visible unless it says otherwise.
func ItemBody(kind ItemKind, item map[string]any) map[string]any {
	body := map[string]any{"is_visible": true}
	if kind.Section == spec.SectionOutcomes {
		body["outcome_description"] = ""
	}
	for field, v := range item {
		body[field] = v
	}
	return body
}

// ChangeBody is the body of a partial update (endpoints 7, 22 and 26): the
// fields that change.
func ChangeBody(changes []Change) map[string]any {
	body := map[string]any{}
	for _, change := range changes {
		switch {
		case change.After != nil:
			body[change.Path] = change.After
		case change.Path == OutcomeItems.EnumField || change.Path == InfieldItems.EnumField:
			body[change.Path] = nil
		case isText(change.Before):
			body[change.Path] = ""
		default:
			body[change.Path] = nil
		}
	}
	return body
}

func isText(v any) bool { _, ok := v.(string); return ok }

// FindItem gives the item of that name, in canonical form.
func FindItem(kind ItemKind, items []map[string]any, name string) (map[string]any, bool) {
	for _, item := range items {
		if textOf(item[kind.NameField]) == name {
			return canonicalItem(kind, item), true
		}
	}
	return nil, false
}

// ConfigMismatch lists the managed fields in which a version's content is not
// what the manifest wants; nil when it is. What the platform fills in beside
// them is no mismatch.
func ConfigMismatch(want spec.Agent, content map[string]any) []Change {
	changes := configChanges(canonicalConfig(content), overlayConfig(content, want), want)
	if len(changes) == 0 {
		return nil
	}
	return changes
}

// LiveDigest is the digest of a live config, as the lock holds it.
func LiveDigest(want spec.Agent, live *Version) string {
	return configDigest(live.config(), passthroughKeys(want))
}

// ServiceDigests gives the config digests that the live version has after each
// of the steps that change it in place. An apply that is cut off leaves one of
// them, and the lock remembers them while the agent is unfinished.
func ServiceDigests(want spec.Agent, r *RemoteAgent, steps []Step) []string {
	var out []string
	content := maps.Clone(r.Current.config())
	w := Merge(want, r, nil)
	for _, step := range steps {
		if step.Action == UpdateService {
			set(content, step.Target, w.Config[step.Target])
			out = append(out, configDigest(content, passthroughKeys(want)))
		}
	}
	return out
}

// FillEmpty adds to an update of a draft the fields that the draft has and the
// body leaves out, as empty ones: endpoint 13 keeps what is not sent.
func FillEmpty(body, draft map[string]any) map[string]any {
	for field := range canonicalConfig(draft) {
		if _, sent := body[field]; !sent && contains(spec.ConfigFields, field) {
			body[field] = emptyValue(field)
		}
	}
	return body
}

// ItemHolds says whether an item of the platform has all that is wanted of it.
func ItemHolds(want, have map[string]any) bool {
	for field, v := range want {
		if !value.Equal(v, have[field]) {
			return false
		}
	}
	return true
}

// SectionHolds says whether a service section of the platform has all that is
// wanted of it; the platform may have filled in more.
func SectionHolds(want, have any) bool { return value.Equal(overlay(have, want), have) }

// Holds says whether an object of the platform has what the changes make of it.
func Holds(changes []Change, have map[string]any) bool {
	for _, change := range changes {
		if !value.Equal(change.After, have[change.Path]) {
			return false
		}
	}
	return true
}
