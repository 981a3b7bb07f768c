package engine

import (
	"context"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
	"github.com/agentsync/agentsync/spec/edit"
	"github.com/agentsync/agentsync/sync"
)

// Enhancement is what the platform would make of an agent's prompts, as changes of
// the project's files. Nothing is written yet, and nothing on the platform changes.
type Enhancement struct {
	diff.Enhanced // Texts has those alone that differ from what the manifest wants

	Name, AgentName, ID string

	Before map[string]string // what the manifest wants, by the field of the config
	Lost   []string          // placeholders that a prompt has and its better text has not
	Files  []edit.Change
	Notes  []string

	project *Project
}

// Enhance asks the platform for better prompts than those that an agent's manifest
// wants. What the manifest leaves to the platform is not asked for: no file holds it.
func (p *Project) Enhance(ctx context.Context, name string) (*Enhancement, error) {
	if err := p.knows([]string{name}); err != nil {
		return nil, err
	}
	agent := *manifestOf(p.Agents, name)
	out := &Enhancement{Name: name, AgentName: agent.AgentName, Before: map[string]string{}, project: p}
	for _, field := range spec.SpokenFields() {
		if text := agent.Config.Get(field).Text(); text != "" {
			out.Before[field] = text
		}
	}
	if len(out.Before) == 0 {
		return nil, Errorf(Failed, "agentsync pull takes the platform's prompt into the files", "the manifest of %s has no prompt", name)
	}
	planned, err := p.Plan(ctx, Scope{Targets: []string{name}})
	if err != nil {
		return nil, err
	}
	defer planned.Close()
	seen := planned.in.Remote.Agents[name]
	if seen == nil {
		return nil, Errorf(Failed, "apply it first", "%s is not on the platform yet", name)
	}
	out.ID = seen.ID
	switch out.Enhanced, err = planned.remote.Enhance(ctx, seen.ID, out.Before); {
	case sync.TroubleOf(err) == diff.NoSuchAPI:
		return nil, Errorf(Failed, "", "this platform does not enhance prompts: %w", err)
	case err != nil:
		return nil, err
	}
	declared := append(checks.Declared(diff.Want(agent, seen).Config, seen.Infields), "user_name")
	for _, field := range value.SortedKeys(out.Texts) {
		text := out.Texts[field]
		if text == out.Before[field] {
			delete(out.Texts, field)
			continue
		}
		agent.Config = agent.Config.With(field, value.Of(text))
		for _, placeholder := range lost(out.Before[field], text, declared) {
			out.Lost = append(out.Lost, placeholder+" of "+field)
		}
	}
	if len(out.Texts) == 0 {
		return out, nil
	}
	results, files, err := p.Want(ctx, []spec.Agent{agent}, false)
	if err != nil {
		return nil, err
	}
	out.Files, out.Notes = files, results[0].Notes
	return out, results[0].Err
}

// lost are the placeholders of these names that one text has, as it writes them, and
// the other one has not.
func lost(before, after string, names []string) []string {
	var out []string
	kept := checks.Placeholders(after, names)
	for _, b := range checks.Placeholders(before, names) {
		if !slices.ContainsFunc(kept, func(k spec.Braced) bool { return k.Name == b.Name }) {
			out = append(out, before[b.Start:b.End])
		}
	}
	return out
}

// Write writes the better prompts into the files, and refuses those with
// uncommitted changes but with force. They go live as every change does: reviewed
// and applied.
func (e *Enhancement) Write(ctx context.Context, force bool) error {
	if err := e.project.CheckCommitted(ctx, e.Files, force, false); err != nil {
		return err
	}
	return WriteFiles(e.project.opt.Dir, e.Files)
}
