package diff

import (
	"slices"
	"strings"
	"testing"
)

// TestOrder holds the order of design section 4: the draft first, since it may
// be refused; what a prompt uses before the prompt goes live; and what it used
// until then after that.
func TestOrder(t *testing.T) {
	step := func(action Action) Step { return Step{ID: string(action), Action: action} }
	for name, tt := range map[string]struct {
		given []Action
		want  string // a step, and after it what it needs
	}{
		"no step": {nil, ""},
		"a changed prompt with all that goes with it": {
			[]Action{DeleteInfield, DeleteDraft, Publish, CreateInfield, UpdateOutcome, UpdateAgent, Adopt, CreateDraft},
			`adopt
create_draft: adopt
update_agent: create_draft
create_infield: update_agent
update_outcome: update_agent
publish: create_infield update_outcome
delete_infield: publish
delete_draft: publish`,
		},
		"a new agent": {
			[]Action{CreateAgent, CreateOutcome, CreateInfield, Publish},
			`create_agent
create_outcome: create_agent
create_infield: create_agent
publish: create_outcome create_infield`,
		},
		"stages without steps are passed": {
			[]Action{DeleteOutcome, UpdateDraft},
			`update_draft
delete_outcome: update_draft`,
		},
		"a rollback": {
			[]Action{DeleteOutcome, UpdateInfield, Rollback, CreateOutcome},
			`update_infield
create_outcome
rollback: update_infield create_outcome
delete_outcome: rollback`,
		},
		"a call to what went live": {
			[]Action{SmokeCall, DeleteOutcome, Rollback},
			`rollback
delete_outcome: rollback
smoke_call: delete_outcome`,
		},
		"in place": {
			[]Action{UpdateService, UpdateAgent},
			`update_agent
update_service: update_agent`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var given []Step
			for _, action := range tt.given {
				given = append(given, step(action))
			}
			before := slices.Clone(given)
			var lines []string
			for _, s := range inOrder(given) {
				line := s.ID
				if len(s.Needs) > 0 {
					line += ": " + strings.Join(s.Needs, " ")
				}
				if s.Needs == nil {
					line += ": null"
				}
				lines = append(lines, line)
			}
			if got := strings.Join(lines, "\n"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if !slices.EqualFunc(given, before, func(a, b Step) bool { return a.ID == b.ID && len(a.Needs) == 0 }) {
				t.Errorf("the steps that were given are changed: %v", given)
			}
		})
	}
}

// TestActions holds that each action has one row, which is whole, in the order
// of the stages.
func TestActions(t *testing.T) {
	seen := map[Action]bool{}
	stage := 0
	for _, row := range actions {
		facts := row.Action.Facts()
		if facts != row || seen[row.Action] {
			t.Errorf("%s: its facts are %+v", row.Action, facts)
		}
		seen[row.Action] = true
		if row.Stage < stage || row.Section == "" || row.Glyph == "" || row.Noun == "" || row.Count == "" {
			t.Errorf("the row %+v", row)
		}
		stage = row.Stage
	}
	if facts := Action("tune_voice").Facts(); facts != (ActionFacts{}) {
		t.Errorf("an action that is not known has the facts %+v", facts)
	}
}
