package sync

import (
	"context"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/google/go-cmp/cmp"
)

// TestObserveOthers holds what is known of the agents of other parts: what the
// listing says, which is all that is read of them, and without one what the lock
// says; and that no two parts take one agent for theirs.
func TestObserveOthers(t *testing.T) {
	named := func(id, name string) diff.RemoteAgent {
		return diff.RemoteAgent{ID: id, Fields: value.Of(map[string]any{"agent_name": name})}
	}
	memory := diff.Memory{
		"known": {AgentID: "AGT_1", AgentName: "Known"}, "lost": {AgentID: "AGT_8", AgentName: "Lost"}, "orphan": {AgentID: "AGT_2", AgentName: "Orphan"},
	}
	others := map[string]*spec.Agent{
		"known": {Name: "known", AgentName: "Wanted"}, "lost": {Name: "lost", AgentName: "Lost"}, "orphan": nil,
		"found": {Name: "found", AgentName: "Found", PreviousNames: []string{"Before"}}, "twins": {Name: "twins", AgentName: "Twin"}, "fresh": {Name: "fresh", AgentName: "Fresh"},
	}
	listing := []diff.RemoteAgent{named("AGT_1", "Renamed there"), named("AGT_2", "Orphan"), named("AGT_3", "Before"), named("AGT_4", "Twin"), named("AGT_5", "Twin")}
	for name, tt := range map[string]struct {
		listing any
		want    map[string]string
	}{
		"listed":  {listing, map[string]string{"known": "Renamed there", "orphan": "Orphan", "found": "Before"}},
		"none":    {[]diff.RemoteAgent{}, map[string]string{}},
		"no list": {unlisted{}, map[string]string{"known": "Known", "lost": "Lost", "orphan": "Orphan"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeRemote{t: t, answers: map[string][]any{}, bodies: map[string][]any{}}
			f.on("read listing", tt.listing)
			got, err := Observe(context.Background(), f, Scope{Memory: memory, Others: others, Parallelism: 1})
			if d := cmp.Diff(tt.want, got.Others); err != nil || d != "" {
				t.Error(err, d)
			}
		})
	}
	f := &fakeRemote{t: t, answers: map[string][]any{}, bodies: map[string][]any{}}
	f.on("read listing", listing)
	one := live(1, "One.")
	f.on("read live", &one)
	f.on("read call_outcomes", []value.Value(nil))
	f.on("read call_infields", []value.Value(nil))
	f.on("read versions", []diff.Version{one})
	_, err := Observe(context.Background(), f, Scope{Agents: []spec.Agent{{Name: "mine", AgentName: "Before"}}, Memory: memory, Others: others, Parallelism: 1})
	if want := `read mine: "found", of another part, is the same agent on the platform, AGT_3`; errorText(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}
