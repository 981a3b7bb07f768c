package render

import (
	"bytes"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
)

// TestCall: each thing that can be known of a call, and a stranger's text that
// stays text.
func TestCall(t *testing.T) {
	for want, call := range map[string]diff.Call{
		"call_1  answered  52s  to …3210\n":               {ID: "call_1", Status: "success", Duration: 52 * time.Second, Customer: "…3210"},
		"call_1  not answered\n":                          {ID: "call_1", Status: "noanswered"},
		"call_1  queued\n":                                {ID: "call_1", Status: "queued"},
		"call_1\ntranscript  pending\n":                   {ID: "call_1", TranscriptStatus: "pending"},
		"call_1\ntranscript  failed: no \\x1b[31maudio\n": {ID: "call_1", TranscriptStatus: "failed", Problem: "no \x1b[31maudio"},
		"call_1\noutcome  none\n":                         {ID: "call_1", TranscriptStatus: "ready"},
		"call_1\noutcome  Interested\nsummary  One.\n         Two.\n\nagent   नमस्ते\n        ji\nuser    \\x3a:error\n\\u202e  x\n": {
			ID: "call_1", TranscriptStatus: "ready", Outcome: "Interested", Summary: "One.\nTwo.",
			Turns: []diff.Turn{{Role: "agent", Text: "नमस्ते\nji"}, {Role: "user", Text: "::error"}, {Role: "\u202e", Text: "x"}}},
	} {
		var out bytes.Buffer
		if err := Call(&out, &call, Options{}); err != nil || out.String() != want {
			t.Errorf("got\n%swant\n%s%v", out.String(), want, err)
		}
	}
}

func TestCalls(t *testing.T) {
	at := time.Date(2026, 4, 22, 9, 58, 53, 0, time.UTC)
	calls := []diff.Call{
		{ID: "call_2", Status: "completed", CreatedAt: at, Duration: 61 * time.Second, Customer: "…3210", TranscriptStatus: "ready", Outcome: "Interested"},
		{ID: "call_1", Status: "failed", TranscriptStatus: "failed"},
	}
	var out bytes.Buffer
	if err := Calls(&out, "sales", calls, at.AddDate(0, 0, -7), Options{}); err != nil {
		t.Fatal(err)
	}
	want := `call    made              answered      length  customer  outcome
call_2  2026-04-22 09:58  answered      1m1s    …3210     Interested
call_1  ?                 not answered                    transcript failed

2 calls of sales since 2026-04-15 09:58: 1 answered, of 1m1s on average.
Times are in UTC.
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
