package diff

import (
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Wanted is the manifest merged over what the platform has: the whole values
// that an apply sends and ends with. It is computed once, when an agent was
// read, and carried from there to the plan and the apply.
type Wanted struct {
	Agent        value.Patch // the managed fields
	Config       value.Value // the whole config, notes aside
	ConfigDigest string      // as in the provenance line
	Outcomes     []value.Value
	Infields     []value.Value
}

// Want lays the manifest over the remote state. r may be nil: then nothing is
// there yet.
func Want(want spec.Agent, r *RemoteAgent) Wanted {
	if r == nil {
		r = &RemoteAgent{}
	}
	var live value.Value
	if r.Current != nil {
		live = r.Current.Content
	}
	w := Wanted{Agent: want.Agent}
	w.setConfig(want, overConfig(live, want))
	w.Outcomes = wantItems(OutcomeItems, want.OutcomesManaged, want.Outcomes, r.Outcomes)
	w.Infields = wantItems(InfieldItems, want.InfieldsManaged, want.Infields, r.Infields)
	return w
}

func (w *Wanted) setConfig(want spec.Agent, config value.Value) {
	w.Config, w.ConfigDigest = config, configDigest(config, want.Passthrough.Keys())
}

// Items returns the wanted items of a kind.
func (w *Wanted) Items(kind ItemKind) []value.Value {
	if kind.Section == spec.SectionOutcomes {
		return w.Outcomes
	}
	return w.Infields
}

// overConfig is the config that is wanted over base. Because the API replaces
// sections as a whole, it is always the whole config.
func overConfig(base value.Value, want spec.Agent) value.Value {
	out := base
	for _, field := range want.Config.Keys() {
		switch field {
		case "notes": // not compared: see Notes
		case "metadata_schema":
			out = out.With(field, want.Config.OverNamed(field, "name", base.Get(field)).SortBy("name"))
		default:
			out = out.With(field, want.Config.Over(field, base.Get(field)))
		}
	}
	for _, field := range want.Passthrough.Keys() {
		switch {
		case spec.IsServerField(spec.SectionConfig, field):
		case isService(field):
			out = out.With(field, want.Passthrough.Over(field, out.Get(field)))
		default:
			out = out.With(field, want.Passthrough.Get(field))
		}
	}
	return out
}

// wantItems is the manifest's items, each with what it leaves out from the
// platform's; or the platform's where the manifest does not manage them. An
// enum goes with FIXED alone (reference.md, endpoints 20 to 27), so it goes
// when the type does.
func wantItems(kind ItemKind, managed bool, items []spec.Item, remote []value.Value) []value.Value {
	if !managed {
		return remote
	}
	var out []value.Value
	for _, item := range items {
		merged := kind.Find(remote, item.Name)
		for _, field := range item.Fields.Keys() {
			merged = merged.With(field, item.Fields.Get(field))
		}
		if !item.Fields.Has(kind.EnumField) && merged.Get(kind.TypeField).Text() != "FIXED" {
			merged = merged.With(kind.EnumField, value.Value{})
		}
		out = append(out, merged)
	}
	return out
}
