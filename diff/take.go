package diff

import (
	"maps"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Move is one value of an agent that differs, and who moved it. In a section that
// git and the platform both changed, each value has a class of its own.
type Move struct {
	Section string
	Path    string // a field of the agent, the name of an outcome or infield, a path below config as in Change
	Class   Class
}

// noteMove remembers who moved a value.
func (p *agentPlanner) noteMove(section, path string, class Class) {
	p.moves = append(p.moves, Move{section, path, class})
}

// noteConfigMoves tells the values of a config apart: what the platform changed
// since base, what git did, and what both did. base is what git wanted before the
// platform moved; nil where nobody knows.
func (p *agentPlanner) noteConfigMoves(class Class, base *Version) {
	paths := func(before, after value.Value) map[string]bool {
		out := map[string]bool{}
		for _, c := range configChanges(before, after, p.want) {
			out[c.Path] = true
		}
		return out
	}
	var git, platform map[string]bool
	if class == Both && base != nil {
		git, platform = paths(base.Content, overConfig(base.Content, p.want)), paths(base.Content, p.liveContent())
	}
	for _, c := range configChanges(p.liveContent(), p.wanted.Config, p.want) {
		of := class
		switch {
		case git == nil || git[c.Path] && platform[c.Path]:
		case git[c.Path]:
			of = Pending
		default:
			of = Drift
		}
		p.noteMove(spec.SectionConfig, c.Path, of)
	}
}

// Take returns the manifest with the platform's values of these moves in place of
// its own: a plan of it has no step for them. It is the way back of Want. What the
// manifest leaves out, it goes on to leave out, but for what an outcome or infield
// of the type FIXED must say. Notes stay: they are not compared.
//
// What has become empty on the platform is explicitly empty then. Sources and
// Positions are the old manifest's.
func Take(want spec.Agent, r *RemoteAgent, moves []Move) spec.Agent {
	t := taking{map[string]bool{}}
	for _, m := range moves {
		t.paths[m.Section+"."+m.Path] = true
	}
	agent := maps.Clone(want.Agent.Any())
	for field := range agent {
		if have := r.Fields.Get(field); t.paths[spec.SectionAgent+"."+field] && !creationOnly(field) {
			agent[field] = have.Any()
		}
	}
	want.Agent = value.NewPatch(agent)
	want.AgentName = want.Agent.Get("agent_name").Text()
	var live value.Value
	if r.Current != nil {
		live = r.Current.Content
	}
	want.Config, want.Passthrough = t.config(want.Config, live), t.passthrough(want.Passthrough, live)
	if want.OutcomesManaged {
		want.Outcomes = t.items(OutcomeItems, want.Outcomes, r.Outcomes)
	}
	if want.InfieldsManaged {
		want.Infields = t.items(InfieldItems, want.Infields, r.Infields)
	}
	return want
}

// taking is which values are taken, by section and path.
type taking struct{ paths map[string]bool }

// has reports whether a field of the config, or something below it, is taken.
func (t taking) has(field string) bool {
	field = spec.SectionConfig + "." + field
	for path := range t.paths {
		if path == field || strings.HasPrefix(path, field+".") {
			return true
		}
	}
	return false
}

func (t taking) config(want value.Patch, live value.Value) value.Patch {
	out := maps.Clone(want.Any())
	for field, patch := range out {
		have := live.Get(field)
		switch {
		case field == "notes" || !t.has(field):
		case field == "metadata_schema":
			out[field] = takenMembers(patch, have)
		default:
			out[field] = t.field(field, patch, have)
		}
	}
	return value.NewPatch(out)
}

// field takes what is taken of one field; of a section, key by key.
func (t taking) field(field string, patch any, have value.Value) any {
	fields, isMap := patch.(map[string]any)
	if !isMap || !have.IsObject() && !have.IsEmpty() {
		return taken(patch, have)
	}
	out := maps.Clone(fields)
	left := false
	for key, item := range fields {
		if t.paths[spec.SectionConfig+"."+field+"."+key] {
			out[key] = taken(item, have.Get(key))
		} else if have.Get(key).IsEmpty() {
			left = true
		}
	}
	if have.IsEmpty() && !left { // the whole section is gone
		return nil
	}
	return out
}

func (t taking) passthrough(want value.Patch, live value.Value) value.Patch {
	out := maps.Clone(want.Any())
	for field, patch := range out {
		switch have := live.Get(field); {
		case !t.has(field):
		case isService(field):
			out[field] = taken(patch, have)
		case !value.Equal(want.Get(field), have):
			out[field] = have.Any()
		}
	}
	return value.NewPatch(out)
}

// taken returns what a manifest must say so that it asks for what the platform
// has; what it says already, where that does.
func taken(patch any, have value.Value) any {
	fields, isMap := patch.(map[string]any)
	if isMap && have.IsObject() {
		out := make(map[string]any, len(fields))
		for key, item := range fields {
			out[key] = taken(item, have.Get(key))
		}
		return out
	}
	if said := value.NewPatch(map[string]any{"v": patch}); value.Equal(said.Over("v", have), have) {
		return patch
	}
	return have.Any()
}

// takenMembers is taken for the metadata schema, whose members have names. New ones
// come last.
func takenMembers(patch any, have value.Value) any {
	var out []any
	known := map[string]bool{}
	members, _ := patch.([]any)
	remote := have.List()
	find := func(name string) value.Value {
		i := slices.IndexFunc(remote, func(m value.Value) bool { return m.Get("name").Text() == name })
		if i < 0 {
			return value.Value{}
		}
		return remote[i]
	}
	for _, member := range members {
		name := value.Of(member).Get("name").Text()
		if known[name] = true; !find(name).IsEmpty() {
			out = append(out, taken(member, find(name)))
		}
	}
	for _, member := range remote {
		if !known[member.Get("name").Text()] {
			out = append(out, member.Any())
		}
	}
	return out
}

func (t taking) items(kind ItemKind, want []spec.Item, remote []value.Value) []spec.Item {
	var out []spec.Item
	known := map[string]bool{}
	for _, item := range want {
		known[item.Name] = true
		have := kind.Find(remote, item.Name)
		switch {
		case !t.paths[kind.Section+"."+item.Name]:
			out = append(out, item)
		case !have.IsEmpty():
			item.Fields = takenItem(kind, item.Fields, have)
			out = append(out, item)
		}
	}
	for _, have := range sortedItems(kind, remote) {
		if name := kind.NameOf(have); !known[name] && t.paths[kind.Section+"."+name] {
			fields, _ := have.Any().(map[string]any)
			out = append(out, spec.Item{Name: name, Fields: value.NewPatch(fields)})
		}
	}
	return out
}

// takenItem takes an outcome or infield. An enum goes with FIXED alone: the type
// brings it, or takes it along.
func takenItem(kind ItemKind, fields value.Patch, have value.Value) value.Patch {
	out := maps.Clone(fields.Any())
	for field := range out {
		if !value.Equal(fields.Get(field), have.Get(field)) {
			out[field] = have.Get(field).Any()
		}
	}
	if enum := have.Get(kind.EnumField); enum.IsEmpty() {
		delete(out, kind.EnumField)
	} else {
		out[kind.EnumField] = enum.Any()
	}
	return value.NewPatch(out)
}

// PullCommand is the command that takes what was changed on the platform since the
// last apply into the files: for the agents of these names, or without any for all
// that the plan has. Where nothing is to be taken it is "". At most ten agents are
// named; where there are more, it is for all. Of an agent that is another
// project's nothing is to be taken.
func (p *Plan) PullCommand(names ...string) string {
	var drifted []string
	for _, a := range p.Agents {
		others := slices.ContainsFunc(p.Refusals, func(r Refusal) bool { return r.Agent == a.Name && r.Rule == "owner" })
		moved := !others && a.AgentID != "" && a.Status != Delete && slices.ContainsFunc(slices.Collect(maps.Values(a.Drift)), Class.Moved)
		if moved && (len(names) == 0 || slices.Contains(names, a.Name)) {
			drifted = append(drifted, a.Name)
		}
	}
	if len(drifted) == 0 || p.Base != "" {
		return ""
	}
	command := "agentsync pull "
	switch p.Environment {
	case "", "default":
	case "sandbox":
		command += "--sandbox "
	default:
		command += "--env " + p.Environment + " "
	}
	if len(drifted) > 10 {
		return command + "--all"
	}
	return command + strings.Join(drifted, " ")
}

// TakeConfig returns the manifest as it must be for the live config to become
// target: what differs from target is target's then, also where the manifest left
// it out. A plan of it is one step: the version with that content, if there is
// one, goes live again.
func TakeConfig(want spec.Agent, live, target value.Value) spec.Agent {
	var moves []Move
	for _, c := range configChanges(target, overConfig(target, want), want) {
		moves = append(moves, Move{Section: spec.SectionConfig, Path: c.Path})
	}
	out := Take(want, &RemoteAgent{Current: &Version{Content: target}}, moves)
	config, passthrough := maps.Clone(out.Config.Any()), maps.Clone(out.Passthrough.Any())
	if config == nil {
		config = map[string]any{}
	}
	if passthrough == nil {
		passthrough = map[string]any{}
	}
	for _, c := range configChanges(overConfig(live, out), target, out) {
		field, key, below := strings.Cut(c.Path, ".")
		row, into := spec.FieldOf(spec.SectionConfig, field), config
		if row == nil || below && row.Below(key) == nil {
			into = passthrough
		}
		if !below {
			into[field] = c.After.Any()
			continue
		}
		section := map[string]any{}
		if had, isMap := into[field].(map[string]any); isMap {
			section = maps.Clone(had)
		}
		section[key] = c.After.Any()
		into[field] = section
	}
	out.Config, out.Passthrough = value.NewPatch(config), value.NewPatch(passthrough)
	return out
}
