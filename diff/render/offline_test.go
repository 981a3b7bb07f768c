package render

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// TestOfflineText never speaks as if the platform had been looked at.
func TestOfflineText(t *testing.T) {
	base := strings.Repeat("0123456789abcdef", 3)[:40]
	changed := plan(diff.AgentPlan{Name: "sales", AgentName: "Sales", Status: diff.Update, Steps: []diff.Step{
		{ID: "sales/create_draft", Action: diff.CreateDraft, Target: "new", Changes: []diff.Change{
			{Path: "system_prompt", Before: value.Of("Ask for the budget."), After: value.Of("Ask for the budget in rupees.")},
			{Path: "llm_config.temperature", Before: value.Of(json.Number("0")), After: value.Of(json.Number("0.2"))},
			{Path: "tts_config.voice_id", After: value.Of("Indus-hi-maya")}}},
		{ID: "sales/publish", Action: diff.Publish, Target: "new", Needs: []string{"sales/create_draft"}},
		{ID: "sales/update_service/llm_config", Action: diff.UpdateService, Target: "llm_config", Changes: []diff.Change{
			{Path: "temperature", Before: value.Of(json.Number("0")), After: value.Of(json.Number("0.2"))}}},
	}})
	same := plan(unchanged("sales"), diff.AgentPlan{Name: "old", AgentName: "Old", Status: diff.Orphan})
	none := plan()
	none.Targets = []string{}
	for _, tt := range []struct {
		name, base string
		plan       *diff.Plan
		want       string
	}{
		{"changes", base, changed, `Not compared with the platform. This is what the manifests change since 0123456789ab.

sales  "Sales"   update
  1  + draft     new                 system_prompt "Ask for the budget." → "Ask for the budget in rupees.",
                                     llm_config.temperature 0 → 0.2, tts_config.voice_id unset → "Indus-hi-maya"
  2  ↑ publish   new
  3  ~ service   llm_config          temperature 0 → 0.2

Plan: 1 to update. 3 steps: 1 to add, 1 to change, 1 to publish.
`},
		{"no change", base, same, `Not compared with the platform. What the manifests change since 0123456789ab asks for no step. 1 agent matches.
old  "Old"   orphan: its manifest is gone; not deleted (--prune deletes it)
`},
		{"no agents", "", none, "default  https://developer.induslabs.io\n\nNothing to plan. The platform was not asked.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.plan.Base = tt.base
			got := text(t, tt.plan, Options{})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if strings.Contains(got, "No changes") {
				t.Error("it speaks of the platform")
			}
		})
	}
}
