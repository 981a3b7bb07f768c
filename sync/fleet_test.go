package sync

import (
	"context"
	"errors"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// TestReadFleet holds that a fleet is read as it is listed or as its ids say, by
// the order of ids, and that one agent which can't be read is its own error.
func TestReadFleet(t *testing.T) {
	named := func(id, name string) diff.RemoteAgent {
		return diff.RemoteAgent{ID: id, Fields: value.Of(map[string]any{"agent_name": name})}
	}
	one := live(1, "One.")
	remote := func() *fakeRemote {
		f := &fakeRemote{t: t, answers: map[string][]any{}, bodies: map[string][]any{}}
		f.on("read listing", []diff.RemoteAgent{named("AGT_2", "B"), named("AGT_1", "A")})
		f.on("read agent", named("AGT_9", "Nine"))
		f.on("read live", &one)
		f.on("read call_outcomes", []value.Value{object(t, `{"outcome_name":"a"}`)})
		f.on("read call_infields", []value.Value(nil))
		f.on("read versions", []diff.Version{one})
		return f
	}
	seen := 0
	got, err := ReadFleet(context.Background(), remote(), Fleet{Parallelism: 1, Seen: func(*diff.RemoteAgent) { seen++ }})
	if err != nil || len(got) != 2 || got[0].ID != "AGT_1" || got[1].Fields.Get("agent_name").Text() != "B" || seen != 2 ||
		got[0].Current.Number != 1 || len(got[0].Outcomes) != 1 || got[0].Versions != nil {
		t.Errorf("all: %+v, %v, %d seen", got, err, seen)
	}
	got, err = ReadFleet(context.Background(), remote(), Fleet{IDs: []string{"AGT_9"}, Versions: true, Parallelism: 1})
	if err != nil || len(got) != 1 || got[0].Fields.Get("agent_name").Text() != "Nine" || len(got[0].Versions) != 1 {
		t.Errorf("by id: %+v, %v", got, err)
	}
	broken := remote()
	broken.on("read call_outcomes", busy, []value.Value(nil))
	got, err = ReadFleet(context.Background(), broken, Fleet{Parallelism: 1})
	if err != nil || !errors.Is(got[0].Err, busy) || got[1].Err != nil {
		t.Errorf("one is busy: %+v, %v", got, err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ReadFleet(ended, remote(), Fleet{Parallelism: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
