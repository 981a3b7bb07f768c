package history

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
)

// TestCallsOf: a call belongs to what was live when it was made, the first moment
// of a span included; where that is not sure, it belongs to none.
func TestCallsOf(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 4, 22, hour, 0, 0, 0, time.UTC) }
	timeline := Timeline{Live: 2, Spans: []Span{
		{Version: 1, From: at(1), To: at(5), Known: ByWrite},
		{Version: 2, From: at(5), To: at(7), Known: ByCreation},
		{Version: 3, From: at(7), To: at(8), Known: Assumed},
		{Version: 1, From: at(8), To: at(9), Known: ByLock},
		{Version: 4, From: at(9), Known: ByWrite},
		{Version: 2, Known: Untold},
	}}
	call := func(when time.Time, status, transcript, outcome string, seconds int) diff.Call {
		return diff.Call{CreatedAt: when, Status: status, TranscriptStatus: transcript, Outcome: outcome, Duration: time.Duration(seconds) * time.Second}
	}
	got := timeline.CallsOf([]diff.Call{
		call(at(0), "completed", "ready", "early", 9),   // before anything was live
		call(time.Time{}, "completed", "ready", "x", 9), // no time
		call(at(7), "completed", "ready", "assumed", 9), // may have been another version
		call(at(10), "completed", "ready", "untold", 9), // v2 came back, nobody knows when
		call(at(1), "completed", "ready", "Interested", 30),
		call(at(2), "answered", "ready", "Interested", 40),
		call(at(3), "success", "ready", "", 50),
		call(at(4), "failed", "failed", "", 5),
		call(at(4).Add(59*time.Minute), "queued", "pending", "", 0),
		call(at(8), "completed", "processing", "", 80), // v1 again
		call(at(8), "completed", "ready", "Busy", 0),
		call(at(5), "completed", "ready", "Busy", 61), // the first moment of v2
	})
	text, _ := json.Marshal(got)
	want := `{"since":"2026-04-22T01:00:00Z","versions":[` +
		`{"version":2,"calls":1,"answered":1,"average_duration":61,"outcomes":[{"outcome":"Busy","calls":1}],"without_transcript":0},` +
		`{"version":1,"calls":7,"answered":5,"average_duration":40,"outcomes":[{"outcome":"Interested","calls":2},{"outcome":"","calls":1},{"outcome":"Busy","calls":1}],"without_transcript":1}],` +
		`"unplaced":4}`
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if got.Of(1).Calls != 7 || got.Of(3) != nil {
		t.Error("Of finds other versions")
	}
	back := Timeline{Whole: true, Spans: []Span{{Version: 1, From: at(1), To: at(5), Known: Assumed}, {Version: 2, From: at(5), To: at(6), Known: ByWrite}, {Version: 1, From: at(6), Known: ByWrite}}}
	early := []diff.Call{call(at(2), "completed", "ready", "x", 9)}
	if got := back.CallsOf(early); got.Unplaced != 0 || got.Of(1).Calls != 1 {
		t.Errorf("nothing but v1 can have taken the call: %+v", got)
	}
	back.Whole = false
	if got := back.CallsOf(early); got.Unplaced != 1 {
		t.Errorf("an older version may have been live: %+v", got)
	}
	if since, ok := (&Timeline{Spans: []Span{{Version: 1, Known: Untold}}}).CallsFrom(); ok || !since.IsZero() {
		t.Error(since)
	}
}
