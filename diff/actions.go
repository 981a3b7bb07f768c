package diff

import (
	"slices"

	"github.com/agentsync/agentsync/spec"
)

// Action is a kind of step.
type Action string

// The actions of design section 4.
const (
	Adopt         Action = "adopt"
	CreateAgent   Action = "create_agent"
	UpdateAgent   Action = "update_agent"
	DeleteAgent   Action = "delete_agent"
	CreateDraft   Action = "create_draft"
	UpdateDraft   Action = "update_draft"
	DeleteDraft   Action = "delete_draft" // one that an earlier apply left
	Validate      Action = "validate"     // a check's values against the version's metadata schema
	Render        Action = "render"       // a check's texts of the version
	Publish       Action = "publish"
	Rollback      Action = "rollback"
	UpdateService Action = "update_service"
	CreateOutcome Action = "create_outcome"
	UpdateOutcome Action = "update_outcome"
	DeleteOutcome Action = "delete_outcome"
	CreateInfield Action = "create_infield"
	UpdateInfield Action = "update_infield"
	DeleteInfield Action = "delete_infield"
	SmokeCall     Action = "smoke_call" // a call to what went live
)

// ActionFacts is what there is to know about an action.
type ActionFacts struct {
	Action Action
	// Stage orders the steps of an agent: they run stage by stage, and each
	// needs all of the nearest earlier stage that has any.
	Stage   int
	Section string // the part of the agent that the step writes
	Glyph   string // the sign before the step in a plan
	Noun    string // what it is about, in a plan's column
	Count   string // what it counts as in a plan's last line: "2 to add"
	// Each says that there is one step a target, which ends the step's id.
	Each bool
	// Versions says that the step has a From and a To, which may be null.
	Versions bool
}

// actions is the order of everything that an apply does to one agent: the
// plan's order, and the order of the requests. Nothing moves a step later.
var actions = []ActionFacts{
	// Whose agent it is comes before anything is done to it.
	{Adopt, 1, spec.SectionAgent, "⇢", "adopt", "adopt", false, false},
	{CreateAgent, 1, spec.SectionAgent, "+", "agent", "add", false, false},
	// The draft is not live and may be refused: then nothing else has changed.
	{CreateDraft, 2, spec.SectionConfig, "+", "draft", "add", false, true},
	{UpdateDraft, 2, spec.SectionConfig, "~", "draft", "change", false, true},
	{UpdateAgent, 3, spec.SectionAgent, "~", "agent", "change", false, false},
	// A prompt that goes live must not miss a field that it uses.
	{CreateOutcome, 4, spec.SectionOutcomes, "+", "outcome", "add", true, false},
	{UpdateOutcome, 4, spec.SectionOutcomes, "~", "outcome", "change", true, false},
	{CreateInfield, 4, spec.SectionInfields, "+", "infield", "add", true, false},
	{UpdateInfield, 4, spec.SectionInfields, "~", "infield", "change", true, false},
	// What goes live was looked at as it will be spoken, with the fields that it has
	// then. None of the checks needs another, so that a report has all that fail.
	{Validate, 5, spec.SectionConfig, "?", "validate", "check", true, false},
	{Render, 5, spec.SectionConfig, "?", "render", "check", true, false},
	{Publish, 6, spec.SectionConfig, "↑", "publish", "publish", false, true},
	{Rollback, 6, spec.SectionConfig, "↓", "rollback", "roll back", false, true},
	{UpdateService, 6, spec.SectionConfig, "~", "service", "change", true, true},
	// The prompt that was live until now may have used these.
	{DeleteOutcome, 7, spec.SectionOutcomes, "-", "outcome", "remove", true, false},
	{DeleteInfield, 7, spec.SectionInfields, "-", "infield", "remove", true, false},
	{DeleteDraft, 7, spec.SectionConfig, "-", "draft", "remove", false, true},
	// What is called is the agent as it will be left. The call may put back the version
	// that was live before, and all that went with it.
	{SmokeCall, 8, spec.SectionConfig, "?", "call", "call", false, true},
	// A delete takes everything with it, and is its agent's only step.
	{DeleteAgent, 9, spec.SectionAgent, "-", "agent", "remove", false, false},
}

// Facts returns the action's row in the table; the zero row for an action that
// this version of agentsync does not know.
func (a Action) Facts() ActionFacts {
	i := slices.IndexFunc(actions, func(row ActionFacts) bool { return row.Action == a })
	if i < 0 {
		return ActionFacts{}
	}
	return actions[i]
}

// IsCheck reports whether the action is a check: it reads, and may stop what comes
// after it.
func (a Action) IsCheck() bool { return a == Validate || a == Render }

// inOrder sorts an agent's steps as they run, and says of each what it needs.
// Steps of one stage stay in the order in which they are given.
func inOrder(steps []Step) []Step {
	steps = append([]Step{}, steps...)
	stage := func(s Step) int { return s.Action.Facts().Stage }
	slices.SortStableFunc(steps, func(a, b Step) int { return stage(a) - stage(b) })
	needs, ids := []string{}, []string{}
	for i := range steps {
		if i > 0 && stage(steps[i]) != stage(steps[i-1]) {
			needs, ids = ids, []string{}
		}
		steps[i].Needs = needs
		ids = append(ids, steps[i].ID)
	}
	return steps
}
