package github

import (
	"fmt"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/value"
)

// TestDocumentOfALargeFleet: where the whole plan has no room, what it would do
// is kept with all its values, so that a run that was cut off can go on.
func TestDocumentOfALargeFleet(t *testing.T) {
	p := &diff.Plan{FormatVersion: diff.FormatVersion, Environment: "default"}
	for i := range 1000 {
		p.Agents = append(p.Agents, diff.AgentPlan{Name: fmt.Sprintf("agent-%d", i), AgentName: "Agent", AgentID: "AGT_" + value.Of(fmt.Sprint(i)).ShortDigest(),
			Status: diff.Unchanged, Fingerprint: "sha256:" + value.Of(fmt.Sprint(i)).Digest()})
	}
	a := &p.Agents[5]
	a.Status = diff.Update
	a.Steps = []diff.Step{{ID: a.Name + "/create_draft", Action: diff.CreateDraft, Target: "new",
		Changes: []diff.Change{{Path: "system_prompt", Before: value.Of(strings.Repeat("Ask. ", 500)), After: value.Of("Sell.")}}}}
	planfile.Seal(p)
	text := document(p, "as dev…@example.com", planBudget, inSummary)
	if len(text) > planBudget {
		t.Fatalf("%d bytes", len(text))
	}
	kept, abridged, ok := findHidden(text)
	if !ok || abridged || len(kept.Agents) != 1 {
		t.Fatalf("abridged %v, ok %v", abridged, ok)
	}
	if got, want := stepsDigest(kept), stepsDigest(p); got != want {
		t.Errorf("the kept steps have the digest %s, not %s", got, want)
	}
}
