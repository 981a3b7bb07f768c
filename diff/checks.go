package diff

import (
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// checks are the steps of the agent's checks where they are run: a version is made, or is
// to go live. So are those of a draft that is to stay one, where the apply that
// made it did not end: they may be what stopped it. A change in place has no
// version to check before it is live, and leaves the prompts alone.
func (p *agentPlanner) checks(rel release) []Step {
	makes := slices.ContainsFunc(rel.steps, func(s Step) bool {
		return s.Action == CreateDraft || s.Action == UpdateDraft || s.Action == Publish || s.Action == Rollback
	})
	waits := rel.relies != nil && p.want.Release.Mode == "draft" && p.memory.Unfinished
	switch {
	case !makes && !waits:
		return nil
	case rel.relies != nil:
		return p.checkSteps(&rel.relies.Number)
	case len(rel.steps) == 1 && !waits: // offline, a pin is known by its number alone
		return p.checkSteps(rel.steps[0].To)
	default:
		return p.checkSteps(nil)
	}
}

// checkSteps are the steps of the agent's checks: of each, one that validates
// where it asks for that, and one that renders. Their changes hold all that the
// check expects and the values that it gives, so that the plan's digest covers
// them and a reviewer sees them. to is the version, nil while it has no number.
func (p *agentPlanner) checkSteps(to *int) []Step {
	var steps []Step
	for _, c := range p.want.Checks {
		var given []Change
		for _, name := range value.SortedKeys(c.Metadata) {
			given = append(given, Change{Path: "metadata." + name, After: value.Of(c.Metadata[name])})
		}
		add := func(action Action, expected []Change) {
			step := p.step(action, c.Name)
			step.To = to
			step.Changes = slices.Concat(expected, given)
			steps = append(steps, step)
		}
		if c.Valid != "" {
			add(Validate, []Change{{Path: "valid", After: value.Of(c.Valid == "true")}})
		}
		if c.Renders() {
			add(Render, expectations(c))
		}
	}
	return steps
}

// expectations are what a check expects of the rendered texts.
func expectations(c spec.Check) []Change {
	var out []Change
	add := func(path string, v any) {
		if after := value.Of(v); !after.IsEmpty() && !value.Equal(after, value.Of(0)) {
			out = append(out, Change{Path: path, After: after})
		}
	}
	for _, field := range spec.SpokenFields() {
		e := c.Prompts[field]
		add(field+".contains", e.Contains)
		add(field+".excludes", e.Excludes)
		add(field+".matches", e.Matches)
		add(field+".max_chars", e.MaxChars)
	}
	return append(out, Change{Path: "no_placeholders_left", After: value.Of(c.NoPlaceholdersLeft)})
}
