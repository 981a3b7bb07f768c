package diff

import (
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// What is sent to the platform. A body is a JSON object under the API's own
// names; a field that is to become empty is in it, with an empty value.

// CreateBody is the body of endpoint 5: the agent with its first version, and
// the first outcome and infield. The documented fields that the manifest leaves
// out and creation asks for are filled with the reference's own values.
func CreateBody(want spec.Agent, w *Wanted, notes string) map[string]any {
	agent := map[string]any{}
	for _, field := range spec.Fields(spec.SectionAgent) {
		if v := w.Agent.Get(field.Name); field.AtCreation && !v.IsEmpty() {
			agent[field.Name] = v
		} else if field.Default != nil {
			agent[field.Name] = field.Default
		}
	}
	agent["agent_name"] = want.AgentName
	body := map[string]any{"agent_in": agent, "agent_config": ConfigBody(want, w, nil, notes)}
	if len(w.Outcomes) > 0 {
		body["call_outcome"] = ItemBody(OutcomeItems, w.Outcomes[0])
	}
	if len(w.Infields) > 0 {
		body["call_infield"] = ItemBody(InfieldItems, w.Infields[0])
	}
	return body
}

// AfterCreate returns the managed fields that creation does not take and that
// the new agent does not have yet; endpoint 7 sets them. It is empty when there
// are none.
func AfterCreate(w *Wanted, created *RemoteAgent) map[string]any {
	return ChangeBody(spec.SectionAgent, agentChanges(w.Agent, created.Fields))
}

// ConfigBody is the body of endpoints 9 and 13: every documented field of the
// whole wanted config, since sections are replaced whole, and the fields under
// passthrough. Both endpoints keep what is not sent, so a field that base has
// and the wanted config does not is sent empty. base is the version that the
// endpoint starts from; nil is none.
func ConfigBody(want spec.Agent, w *Wanted, base *Version, notes string) map[string]any {
	var live value.Value
	if base != nil {
		live = base.Content
	}
	body := map[string]any{}
	for _, field := range append(spec.FieldNames(spec.SectionConfig), want.Passthrough.Keys()...) {
		if v := w.Config.Get(field); !v.IsEmpty() {
			body[field] = v
		} else if !live.Get(field).IsEmpty() {
			body[field] = spec.FieldOf(spec.SectionConfig, field).Empty()
		}
	}
	delete(body, "notes")
	if notes != "" || want.Config.Has("notes") || base != nil {
		body["notes"] = notes
	}
	return body
}

// ServiceBody is the body of endpoint 28: the whole section.
func ServiceBody(w *Wanted, service string) any {
	if v := w.Config.Get(service); !v.IsEmpty() {
		return v
	}
	return map[string]any{}
}

func isService(field string) bool {
	row := spec.FieldOf(spec.SectionConfig, field)
	return row != nil && row.Service
}

// ItemBody is the body that makes an outcome or infield: the whole wanted item,
// and what the registry sends for fields that it leaves out.
func ItemBody(kind ItemKind, item value.Value) map[string]any {
	body := map[string]any{}
	for _, field := range spec.Fields(kind.Section) {
		if field.Default != nil {
			body[field.Name] = field.Default
		}
	}
	for _, field := range item.Keys() {
		body[field] = item.Get(field)
	}
	return body
}

// ChangeBody is the body of a partial update (endpoints 7, 22 and 26): the
// fields of a section that change.
func ChangeBody(section string, changes []Change) map[string]any {
	body := map[string]any{}
	for _, change := range changes {
		body[change.Path] = change.After
		if change.After.IsEmpty() {
			body[change.Path] = spec.FieldOf(section, change.Path).Empty()
		}
	}
	return body
}

// What an answer must show for a write to have happened.

// ConfigMismatch lists the managed fields in which a version's content is not
// what the manifest wants; nil when it is. What the platform fills in beside
// them is no mismatch.
func ConfigMismatch(want spec.Agent, content value.Value) []Change {
	changes := configChanges(content, overConfig(content, want), want)
	if len(changes) == 0 {
		return nil
	}
	return changes
}

// Holds reports whether an object of the platform has what the changes make of it.
func Holds(changes []Change, have value.Value) bool {
	return !slices.ContainsFunc(changes, func(c Change) bool { return !value.Equal(c.After, have.Get(c.Path)) })
}

// HoldsAll reports whether an object of the platform has all that is wanted of
// it; it may have more.
func HoldsAll(want, have value.Value) bool {
	return value.Equal(want, have.Only(want.Keys()...))
}

// HoldsSection reports whether a section of a live config is what endpoint 28
// was sent; the platform may have filled in more.
func HoldsSection(w *Wanted, service string, live *Version) bool {
	have := live.Content.Get(service)
	sent := value.NewPatch(map[string]any{service: w.Config.Get(service)})
	return value.Equal(sent.Over(service, have), have)
}

// ServiceDigests returns the config digests that the live version has after
// each of the steps that change it in place. An apply that is cut off leaves
// one of them, and the lock remembers them while the agent is unfinished.
func ServiceDigests(want spec.Agent, w *Wanted, live *Version, steps []Step) []string {
	var out []string
	content := live.Content
	for _, step := range steps {
		if step.Action == UpdateService {
			content = content.With(step.Target, w.Config.Get(step.Target))
			out = append(out, configDigest(content, want.Passthrough.Keys()))
		}
	}
	return out
}
