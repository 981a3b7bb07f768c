package spec

import (
	"fmt"

	"github.com/agentsync/agentsync/schema"
)

// checkSpec checks one document's spec beyond its schema and reads its prompt
// files. It may change spec, which nobody else has yet.
func (l *loader) checkSpec(file string, spec *node, r *fileResult) {
	l.checkFields(file, schema.Spec(), "", spec, r)
	for _, name := range namesOf(spec.get(SectionInfields), "field_name") {
		if isReserved(name.text()) {
			r.report(Problem{Pos: name.pos, Message: fmt.Sprintf("call_infields: the platform sets %s itself", schema.Quote(name.text())), Hint: "choose another name"})
		}
	}
	checkPassthrough(spec.at(SectionConfig, "passthrough"), r.report)
	for _, gate := range []string{"checks", "smoke_call"} {
		if f := spec.field(gate); f != nil && !f.node.isEmpty() && !f.node.isInvalid() {
			r.report(Problem{Pos: f.pos, Warning: true, Message: gate + ": not run yet by this version of agentsync", Hint: "do not rely on it"})
		}
	}
}

// checkFields reads the prompts of a map that row describes, and those of the
// maps below it, and reports names that one list has twice.
func (l *loader) checkFields(file string, row *Field, path string, n *node, r *fileResult) {
	for i := range n.fields {
		f := &n.fields[i]
		below, path := row.Below(f.key), join(path, f.key)
		switch {
		case below == nil:
		case below.Type == schema.Map:
			l.checkFields(file, below, path, f.node, r)
		case below.Type == schema.Prompt:
			f.node = l.loadPrompt(file, path, f.node, r)
		case below.MergeBy != "":
			checkTwice(path, f.node, below.MergeBy, r.report)
		}
	}
}

// checkTwice reports items of a list that have one name.
func checkTwice(path string, list *node, key string, report func(Problem)) {
	first := map[string]Pos{}
	for _, name := range namesOf(list, key) {
		if at, ok := first[name.text()]; ok {
			report(Problem{Pos: name.pos, Message: fmt.Sprintf("%s: %s is given twice", path, schema.Quote(name.text())), Hint: "first given at " + at.String() + ": keep one of them"})
		} else {
			first[name.text()] = name.pos
		}
	}
}

// checkPassthrough refuses fields that have a place of their own.
func checkPassthrough(pass *node, report func(Problem)) {
	if pass == nil {
		return
	}
	config := schema.Spec().Below(SectionConfig)
	for _, f := range pass.fields {
		row := config.Below(f.key)
		switch {
		case config.IsServer(f.key) || row != nil && row.Ours:
			report(Problem{Pos: f.pos, Message: fmt.Sprintf("config.passthrough: %q is not to be sent", f.key), Hint: "leave it out: the platform sets it, or it has a section of its own"})
		case row == nil:
		case !row.Service:
			report(Problem{Pos: f.pos, Message: fmt.Sprintf("config.passthrough: %q is a documented field", f.key), Hint: "set config." + f.key + " instead"})
		case f.node.kind != mapKind && !f.node.isInvalid():
			report(Problem{Pos: f.pos, Message: fmt.Sprintf("config.passthrough.%s: want a map of further fields", f.key), Hint: "set documented fields under config." + f.key})
		}
		if row == nil || !row.Service {
			continue
		}
		for _, below := range f.node.fields {
			if row.Below(below.key) != nil {
				report(Problem{Pos: below.pos, Message: fmt.Sprintf("config.passthrough.%s: %q is a documented field", f.key, below.key), Hint: "set config." + f.key + "." + below.key + " instead"})
			}
		}
	}
}

// checkAgent checks what an agent says once its bases and overrides are merged
// in. With incomplete, a base is missing, and so may be what it would bring.
func checkAgent(doc *document, spec *node, incomplete bool, report func(Problem)) {
	checkItems(spec.get("call_outcomes"), "call_outcomes", "outcome", incomplete, report)
	checkItems(spec.get("call_infields"), "call_infields", "field", incomplete, report)
	if pin := spec.at("release").field("version"); pin != nil && spec.at("release", "mode").text() == "draft" {
		report(Problem{Pos: pin.pos, Message: "release: mode draft leaves what is live alone, and version asks for another one to be live", Hint: "remove one of the two"})
	}
	section := spec.get("agent")
	name := section.get("agent_name")
	if incomplete || section.isInvalid() || name.isInvalid() || name.text() != "" || isAbsent(spec) {
		return
	}
	at := doc.pos
	if f := spec.field("agent"); f != nil {
		at = f.pos
		if f := section.field("agent_name"); f != nil {
			at = f.node.pos
		}
	}
	report(Problem{Pos: at, Message: fmt.Sprintf("agent: missing the field %q", "agent_name"), Hint: "give the agent's name on the platform, here or in a Base"})
}

func isAbsent(spec *node) bool { return spec.at("lifecycle", "state").text() == "absent" }

// checkItems checks types and choices of outcomes or infields; prefix is that
// of their fields' names.
func checkItems(list *node, section, prefix string, incomplete bool, report func(Problem)) {
	if list == nil {
		return
	}
	for _, item := range list.items {
		name := item.get(prefix + "_name")
		if item.kind != mapKind || !name.isText() {
			continue // already reported
		}
		kind, choices := item.field(prefix+"_type"), item.field(prefix+"_enum")
		where := section + "." + printable(schema.Clip(name.text()))
		switch {
		case kind == nil && !incomplete:
			report(Problem{Pos: name.pos, Message: fmt.Sprintf("%s: missing the field %q", where, prefix+"_type"), Hint: "want TEXT, DATE, BOOLEAN, FIXED or NUMBER"})
		case kind == nil || kind.node.isInvalid():
		case kind.node.text() == "FIXED" && (choices == nil || choices.node.isEmpty()) && !incomplete:
			report(Problem{Pos: kind.node.pos, Message: fmt.Sprintf("%s: the type FIXED needs %s_enum", where, prefix), Hint: fmt.Sprintf("list the values: %s_enum: [won, lost]", prefix)})
		case kind.node.text() != "FIXED" && choices != nil && !choices.node.isEmpty() && !choices.node.isInvalid():
			report(Problem{Pos: choices.pos, Message: fmt.Sprintf("%s: %s_enum goes with the type FIXED, not %s", where, prefix, kind.node.text()), Hint: fmt.Sprintf("write %s_type: FIXED, or leave the enum out", prefix)})
		}
	}
}
