package edit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// Agent is what a manifest is written of: an agent as the platform has it. The
// values are as package diff takes them in, so no secret is among them, nor the
// notes, which are one version's: a manifest with them would give them to all that
// come after it.
type Agent struct {
	Fields value.Value // agent_name without the environment's suffix
	Config value.Value // no value where nothing is published
	// Outcomes and Infields are all that the agent has; nil where that is not
	// known, which leaves the section out.
	Outcomes, Infields []value.Value
	// Unknown are the names of fields of the agent, its outcomes and its infields
	// that agentsync has no field for, by section.
	Unknown map[string][]string
}

// File is a file of the project. Path is below its root, with slashes.
type File struct {
	Path string
	Data []byte
}

// Left is what a manifest can't say about an agent, so that it does not manage
// it: the platform's value stays.
type Left struct {
	Path string // from spec: "config.examples"
	Why  string // one line
	// Items is how many a list has, that are all left: a list in a manifest is the
	// whole list, so it can't leave out one. 0 where it is no list.
	Items int
}

// Written is an agent as a manifest says it, before it has a key.
type Written struct {
	Left []Left // sorted

	parts   []part
	extends string // a Base, "" for none
}

// Files are the agent's under a key of the repository: the manifest first, then
// its prompts.
func (w *Written) Files(key string) []File {
	return document(writing{kind: "Agent", key: key, path: ManifestPath(key), extends: w.extends}, w.parts, w.Left)
}

// ManifestPath and PromptPath are where an agent's files are written: a key has
// no dots, so no agent's file is another's.
func ManifestPath(key string) string { return "agents/" + key + ".yaml" }

// PromptPath is the file of a prompt field.
func PromptPath(key, field string) string {
	switch field {
	case "system_prompt":
		return "prompts/" + key + ".md"
	case "starting_instructions":
		return "prompts/" + key + ".start.md"
	}
	return "prompts/" + key + "." + field + ".md"
}

// OwnPaths are all paths that Write may write for an agent.
func OwnPaths(key string) []string {
	paths := []string{ManifestPath(key)}
	for _, row := range spec.Fields(spec.SectionConfig) {
		if row.Type == schema.Prompt {
			paths = append(paths, PromptPath(key, row.Name))
		}
	}
	return paths
}

// ErrUnwritable is the error of an agent whose very name no manifest can say.
var ErrUnwritable = errors.New("no manifest can say its agent_name")

// Write returns an agent as a person would have written it: in the registry's
// order, prompts and long texts in files of their own, without what the platform
// fills in by itself. Its files validate, whatever the platform holds: what does
// not is left out and stands in a comment.
//
// differs, which may be nil, says in which paths below spec ("config.examples",
// "call_outcomes") a plan of the manifest would not be empty; those are left
// out as well.
func Write(a Agent, differs func(spec.Agent) []string) (*Written, error) {
	w := &Written{}
	w.parts, w.Left = partsOf(a)
	for {
		agent, problems := w.read()
		var bad []Left
		if agent == nil {
			if why := alone(named(w.parts)); len(why) > 0 {
				return nil, fmt.Errorf("%w: %s", ErrUnwritable, why[0])
			}
			bad = faulty(w.parts, problems)
		} else if differs != nil {
			bad = missed(w.parts, differs(*agent))
		}
		if len(bad) == 0 {
			if agent == nil {
				return nil, problems
			}
			return w, nil
		}
		for _, l := range bad {
			w.parts = slices.DeleteFunc(w.parts, func(p part) bool { return p.path() == l.Path })
		}
		w.Left = append(w.Left, bad...)
		slices.SortFunc(w.Left, func(a, b Left) int { return strings.Compare(a.Path, b.Path) })
	}
}

// named is the one part that every manifest has.
func named(parts []part) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return !p.isName() })
}

// faulty returns the parts that are no good by themselves. Where each is good
// and all together are not, they are too large, and the largest goes.
func faulty(parts []part, problems spec.Problems) []Left {
	var bad []Left
	largest := -1
	for i, p := range parts {
		if p.isName() {
			continue
		}
		if why := faults(slices.Clip(named(parts)), p); why != "" {
			bad = append(bad, p.left(why))
		}
		if largest < 0 || p.size() > parts[largest].size() {
			largest = i
		}
	}
	if len(bad) == 0 && largest >= 0 {
		bad = append(bad, parts[largest].left(ofItself(problems.Errors()[0].Message)))
	}
	return bad
}

// faults says all that is wrong with a part beside the name, such as with each item
// of a list; "" for nothing.
func faults(name []part, p part) string {
	var all []string
	for _, fault := range alone(append(name, p)) {
		if fault = strings.TrimPrefix(fault, p.path()+": "); !slices.Contains(all, fault) {
			all = append(all, fault)
		}
	}
	return strings.Join(all, "; ")
}

// alone is what is wrong with a manifest of these parts.
func alone(parts []part) (faults []string) {
	agent, problems := (&Written{parts: parts}).read()
	if agent != nil {
		return nil
	}
	for _, problem := range problems.Errors() {
		faults = append(faults, ofItself(problem.Message))
	}
	return faults
}

// ofItself is a message about the files that read makes, which have no names of
// their own.
func ofItself(message string) string {
	for _, path := range OwnPaths(readKey)[1:] {
		message = strings.Replace(message, schema.Quote(path), "its file", 1)
	}
	return strings.Replace(message, "the prompt file its file", "its file", 1)
}

// missed are the parts below the paths in which a plan would not be empty.
func missed(parts []part, paths []string) []Left {
	var bad []Left
	for _, p := range parts {
		at := p.path()
		under := func(path string) bool {
			return path == at || strings.HasPrefix(path, at+".") || strings.HasPrefix(at, path+".")
		}
		if !p.isName() && slices.ContainsFunc(paths, under) {
			bad = append(bad, p.left("a manifest reads it otherwise than the platform has it"))
		}
	}
	return bad
}

// readKey is the key under which read loads an agent.
const readKey = "agent"

// read loads the agent's files as a project of their own; agent is nil where they
// have errors.
func (w *Written) read() (agent *spec.Agent, problems spec.Problems) {
	files := w.Files(readKey)
	project, problems := spec.Load(context.Background(), spec.LoadOptions{FS: Overlay(nil, files)})
	if project == nil {
		return nil, problems
	}
	return &project.Agents[0], problems
}
