package spec

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/agentsync/agentsync/schema"
)

// checkSpec checks one document's spec beyond its schema and reads its prompt
// files. It may change spec, which nobody else has yet.
func (l *loader) checkSpec(file string, spec *node, r *fileResult) {
	l.checkFields(file, schema.Spec(), "", spec, r)
	l.checkTexts(file, schema.Spec(), "", spec, r)
	for _, name := range spec.Get(SectionInfields).Texts("field_name") {
		if slices.Contains(reserved, name.Text()) {
			r.report(problem(name.Pos, "choose another name", "call_infields: the platform sets %s itself", schema.Quote(name.Text())))
		}
	}
	checkPassthrough(spec.Get(SectionConfig, "passthrough"), r.report)
	checkChecks(spec.Get("checks"), r.report)
	checkSmokeCall(spec.Get("smoke_call"), r.report)
}

// checkFields reads the prompts of a map that row describes, and those of the
// maps below it, and reports names that one list has twice.
func (l *loader) checkFields(file string, row *Field, path string, n *node, r *fileResult) {
	for i, f := range n.Below {
		below, path := row.Below(f.Key), join(path, f.Key)
		switch {
		case below == nil:
		case below.Type == schema.Map:
			l.checkFields(file, below, path, f, r)
		case below.Type == schema.Prompt:
			n.Below[i] = l.loadPrompt(file, path, f, r)
		case below.MergeBy != "":
			repeated(f.Texts(below.MergeBy), func(name, first *node) {
				r.report(problem(name.Pos, "first given at "+first.Pos.String()+": keep one of them",
					"%s: %s is given twice", path, schema.Quote(name.Text())))
			})
		}
	}
}

// checkPassthrough refuses fields that have a place of their own.
func checkPassthrough(pass *node, report func(Problem)) {
	config := schema.Spec().Below(SectionConfig)
	for _, f := range pass.Below {
		row := config.Below(f.Key)
		switch {
		case config.IsServer(f.Key) || row != nil && row.Ours:
			report(problem(f.KeyPos(), "leave it out: the platform sets it, or it has a section of its own",
				"config.passthrough: %q is not to be sent", f.Key))
			continue
		case row == nil:
			continue
		case !row.Service:
			report(problem(f.KeyPos(), "set config."+f.Key+" instead", "config.passthrough: %q is a documented field", f.Key))
			continue
		case !f.IsMap() && !f.IsInvalid():
			report(problem(f.KeyPos(), "set documented fields under config."+f.Key,
				"config.passthrough.%s: want a map of further fields", f.Key))
		}
		for _, below := range f.Below {
			if row.Below(below.Key) != nil {
				report(problem(below.KeyPos(), "set config."+f.Key+"."+below.Key+" instead",
					"config.passthrough.%s: %q is a documented field", f.Key, below.Key))
			}
		}
	}
}

// most is how many outcomes, and infields, the dashboard has room for
// (reference.md, "Left open").
const most = 15

// checkAgent checks what an agent says once its bases and overrides are merged
// in. Where it is incomplete, a base is missing, and so may be what it would bring.
func (l *loader) checkAgent(doc *document, merged resolved) {
	spec := merged.spec
	l.checkItems(spec.Get(SectionOutcomes), SectionOutcomes, "outcome", merged.incomplete)
	l.checkItems(spec.Get(SectionInfields), SectionInfields, "field", merged.incomplete)
	for _, section := range []string{SectionOutcomes, SectionInfields} {
		if list := spec.Get(section); len(list.Below) > most {
			l.lint(ruleMany, warning(list.KeyPos(), "the dashboard has room for "+strconv.Itoa(most)+": see that the platform takes more before you rely on it",
				"%s: %s has %d", section, doc.name, len(list.Below)))
		}
	}
	release, section := spec.Get("release"), spec.Get(SectionAgent)
	if pin := release.Get("version"); !pin.IsNone() && release.Get("mode").Text() == "draft" {
		l.report(problem(pin.KeyPos(), "remove one of the two",
			"release: mode draft leaves what is live alone, and version asks for another one to be live"))
	}
	l.checkWholeSmokeCall(spec, merged.incomplete)
	l.checkUnused(doc, merged)
	name := section.Get("agent_name")
	if merged.incomplete || section.IsInvalid() || name.IsInvalid() || name.Text() != "" || isAbsent(spec) {
		return
	}
	at := doc.root.Pos
	switch {
	case !name.IsNone():
		at = name.Pos
	case !section.IsNone():
		at = section.KeyPos()
	}
	l.report(problem(at, "give the agent's name on the platform, here or in a Base", `agent: missing the field "agent_name"`))
}

// checkUnused warns of an agent whose config does nothing: a pin stands above it,
// or what an agent is about is missing. Whether it is new, only a plan can tell.
func (l *loader) checkUnused(doc *document, merged resolved) {
	spec := merged.spec
	config, pin := spec.Get(SectionConfig), spec.Get("release", "version")
	prompt, at, message, rule := config.Get("system_prompt"), doc.root.Pos, "", ruleNoPrompt
	const stays = "a new agent is refused without one, and one that is there keeps the platform's, which no plan shows"
	hint := "write config.system_prompt, as text or {file: path}"
	switch {
	case merged.incomplete || isAbsent(spec) || config.IsInvalid() || prompt.IsInvalid() || pin.IsInvalid():
		return
	case !pin.IsNone() && config.IsEmpty():
		return
	case !pin.IsNone():
		at, hint, rule = pin.KeyPos(), "remove release.version to have the config applied again", rulePinned
		message = fmt.Sprintf("release.version: version %v is to be live, and what %s says under config has no effect", pin.Value(), doc.name)
	case config.IsNone():
		message = "the agent has no config, and so no prompt: " + stays
	case prompt.IsNone():
		at, message = config.KeyPos(), "config: "+doc.name+" has no system_prompt: "+stays
	case prompt.IsEmpty():
		at, message = prompt.Pos, "config.system_prompt: the prompt of "+doc.name+" is empty: a new agent is refused, and one that is there loses its own"
	default:
		return
	}
	p := warning(at, hint, "%s", message)
	p.Planned = true
	l.lint(rule, p)
}

func isAbsent(spec *node) bool { return spec.Get("lifecycle", "state").Text() == "absent" }

// checkItems checks types and choices of outcomes or infields; prefix is that
// of their fields' names.
func (l *loader) checkItems(list *node, section, prefix string, incomplete bool) {
	for _, item := range list.Below {
		name, kind, choices := item.Get(prefix+"_name"), item.Get(prefix+"_type"), item.Get(prefix+"_enum")
		if !name.IsText() {
			continue // already reported
		}
		where := section + "." + printable(schema.Clip(name.Text()))
		switch {
		case kind.IsNone() && !incomplete:
			l.report(problem(name.Pos, "want TEXT, DATE, BOOLEAN, FIXED or NUMBER", "%s: missing the field %q", where, prefix+"_type"))
		case kind.IsNone() || kind.IsInvalid():
		case kind.Text() == "FIXED" && choices.IsEmpty() && !incomplete:
			l.report(problem(kind.Pos, "list the values: "+prefix+"_enum: [won, lost]", "%s: the type FIXED needs %s_enum", where, prefix))
		case kind.Text() != "FIXED" && !choices.IsEmpty() && !choices.IsInvalid():
			l.report(problem(choices.KeyPos(), "write "+prefix+"_type: FIXED, or leave the enum out",
				"%s: %s_enum goes with the type FIXED, not %s", where, prefix, kind.Text()))
		}
	}
}
