package render

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/value"
)

// rewritten is a plan of agents whose prompts are rewritten, line by line.
func rewritten(agents, lines int) (p *diff.Plan, changed []string) {
	p = &diff.Plan{FormatVersion: diff.FormatVersion, Environment: "default"}
	for i := range agents {
		var before, after []string
		for k := range lines {
			before = append(before, fmt.Sprintf("In the old text agent %02d says %05d.", i, k))
			after = append(after, fmt.Sprintf("In words that are new agent %02d answers %05d.", i, k))
		}
		changed = append(append(changed, before...), after...)
		name := fmt.Sprintf("agent-%02d", i)
		p.Agents = append(p.Agents, diff.AgentPlan{Name: name, Status: diff.Update, Steps: []diff.Step{{ID: name + "/create_draft", Action: diff.CreateDraft, Target: "new", From: ref(1),
			Changes: []diff.Change{{Path: "system_prompt", Before: value.Of(strings.Join(before, "\n")), After: value.Of(strings.Join(after, "\n"))}}}}})
	}
	return planfile.Seal(p), changed
}

// TestADocumentUsesItsRoom: a document that can't hold all holds as much as fits,
// by bytes or by characters, and says that it is not all.
func TestADocumentUsesItsRoom(t *testing.T) {
	for _, tt := range []struct{ agents, lines int }{{1, 1200}, {20, 900}, {300, 40}} {
		if tt.agents*tt.lines > 15_000 && !exhaustive.On() {
			continue
		}
		p, changed := rewritten(tt.agents, tt.lines)
		for _, opt := range []Options{{Budget: 60_000}, {Budget: 60_000, Characters: true}} {
			text, whole := Document(p, opt)
			n := sizeIn(opt)(text)
			if whole || n > 60_000 || n < 57_000 || !strings.Contains(text, "**Cut to fit:**") {
				t.Errorf("%+v: %d of 60000, whole %v", tt, n, whole)
			}
		}
		text, whole := Document(p, Options{Budget: 100 << 20})
		if !whole || strings.Contains(text, "Cut to fit") {
			t.Errorf("%+v: not whole in any room", tt)
		}
		missing(t, text, changed)
	}
}

// TestCharactersAreNoBytes: where characters count, a text in Devanagari takes
// three times the bytes.
func TestCharactersAreNoBytes(t *testing.T) {
	p, _ := rewritten(1, 2000)
	change := &p.Agents[0].Steps[0].Changes[0]
	change.Before = value.Of(strings.ReplaceAll(change.Before.Text(), "In the old text", "पुराने पाठ में"))
	change.After = value.Of(strings.ReplaceAll(change.After.Text(), "In words that are new", "नए शब्दों में"))
	text, _ := Document(p, Options{Budget: 60_000, Characters: true})
	if n := utf8.RuneCountInString(text); n < 57_000 || n > 60_000 || len(text) < 75_000 {
		t.Errorf("%d characters in %d bytes", n, len(text))
	}
}

// TestGroupsHoldEverything: the log of a runner has each changed line, and folds
// what is long.
func TestGroupsHoldEverything(t *testing.T) {
	p, changed := rewritten(2, 500)
	p.Agents[1].Name = "a%0A::error::x"
	p.Agents = append(p.Agents, contractPlan().Agents...)
	got := text(t, p, Options{Groups: true})
	missing(t, got, changed)
	if n := strings.Count(got, "\n::group::"); n != 2 || strings.Count(got, "\n::endgroup::\n") != n {
		t.Errorf("%d groups, want 2", n)
	}
	if !strings.Contains(got, "\n::group::agent-00: all that changes\n") || !strings.Contains(got, "\n::group::a%250A::error::x: all") {
		t.Errorf("the groups' names are others:\n%.2000s", got)
	}
	if short := text(t, contractPlan(), Options{Groups: true}); short != text(t, contractPlan(), Options{}) {
		t.Errorf("a short plan has groups:\n%s", short)
	}
}

// TestAValueThatIsCutIsNotWhole: a long value in a step's own line counts too.
func TestAValueThatIsCutIsNotWhole(t *testing.T) {
	long := map[string]any{}
	for i := range 300 {
		long[fmt.Sprintf("key_%03d", i)] = strings.Repeat("v", 20)
	}
	p := plan(diff.AgentPlan{Name: "a", Status: diff.Update, Steps: []diff.Step{{ID: "a/create_draft", Action: diff.CreateDraft, Target: "new", From: ref(1),
		Changes: []diff.Change{{Path: "extra", After: value.Of(long)}}}}})
	if got := text(t, p, Options{Groups: true}); !strings.Contains(got, "key_299") {
		t.Errorf("the log does not have it:\n%s", got)
	}
	if _, whole := Document(p, Options{Budget: 4_000}); whole {
		t.Error("a document of 4,000 bytes says that it is whole")
	}
	if got, whole := Document(p, Options{}); !whole || !strings.Contains(got, "key_299") {
		t.Errorf("it is not there:\n%s", got)
	}
}

// missing fails for lines that are not in text.
func missing(t *testing.T, text string, lines []string) {
	t.Helper()
	have := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		have[strings.TrimLeft(line, " -+")] = true
	}
	n := 0
	for _, line := range lines {
		if !have[line] {
			n++
		}
	}
	if n > 0 {
		t.Errorf("%d of %d changed lines are missing", n, len(lines))
	}
}
