package github

import (
	"fmt"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
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
	var err error
	if p.Digest, err = p.ComputeDigest(); err != nil {
		t.Fatal(err)
	}
	text, err := document(p)
	if err != nil || len(text) > planBudget {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	kept, abridged, ok := render.ParseReviewed(text)
	if !ok || abridged || len(kept.Agents) != 1 {
		t.Fatalf("abridged %v, ok %v", abridged, ok)
	}
	want, err := stepsDigest(p)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := stepsDigest(kept); got != want || err != nil {
		t.Errorf("the kept steps have the digest %s, not %s (%v)", got, want, err)
	}
}
