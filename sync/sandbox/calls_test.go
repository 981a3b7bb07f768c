package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// caller is a client with an agent to call, and a clock that it moves.
type caller struct {
	*client
	agent string
	now   time.Time
	slept time.Duration
}

func newCaller(t *testing.T, edit func(*Options)) *caller {
	t.Helper()
	c := &caller{now: time.Date(2026, 4, 22, 9, 58, 53, 0, time.UTC)}
	c.client = newClient(t, func(o *Options) {
		o.Now = func() time.Time { return c.now }
		o.Sleep = func(_ context.Context, d time.Duration) error { c.slept += d; return nil }
		o.TokenLife = 240 * time.Hour
		if edit != nil {
			edit(o)
		}
	})
	path := c.create("A", "one")
	c.agent = path[strings.LastIndex(path, "/")+1:]
	c.do(200, "POST", path+"/configs?publish=true", `{"starting_instructions":"Namaste {name}, {user_name}"}`)
	return c
}

func (c *caller) body(customer string) map[string]any {
	return map[string]any{"customer_number": customer, "agent_number": c.agent, "transcript": true, "agent_config": map[string]any{"name": "Asha"}}
}

// dial calls a number with that end, and returns the answer's data, or all of a
// refusal.
func (c *caller) dial(status int, end string) map[string]any {
	c.t.Helper()
	got := c.obj(status, "POST", "/api/calls/click2call", c.body("91999999"+end))
	if data, is := got["data"].(map[string]any); is {
		return data
	}
	return got
}

func (c *caller) read(id any) map[string]any {
	c.t.Helper()
	return c.obj(200, "GET", fmt.Sprintf("/api/calls/%s/transcript", id), nil)["data"].(map[string]any)
}

func (c *caller) recent(query string) (calls []map[string]any, data map[string]any) {
	c.t.Helper()
	data = c.obj(200, "GET", "/api/calls/recent"+query, nil)["data"].(map[string]any)
	for _, entry := range data["calls"].([]any) {
		calls = append(calls, entry.(map[string]any))
	}
	return calls, data
}

// TestCallEnds holds what each end of a customer's number does.
func TestCallEnds(t *testing.T) {
	c := newCaller(t, nil)
	for _, status := range []int{402, 403, 404, 409, 422, 429} {
		if got := c.dial(status, fmt.Sprintf("%04d", status)); got["detail"] == nil || got["request_id"] == nil {
			t.Errorf("%d: %v", status, got)
		}
	}
	for end, want := range map[string]struct{ status, transcript, outcome string }{
		"9999":        {"success", "ready", "Interested"},
		unansweredEnd: {"failed", "failed", ""},
		slowEnd:       {"success", "ready", "Interested"},
		noOutcomeEnd:  {"success", "ready", "<nil>"},
		otherEnd:      {"success", "ready", "Not interested"},
		brokenEnd:     {"success", "failed", ""},
		neverEnd:      {"success", "processing", ""},
		disabledEnd:   {"success", "disabled", ""},
	} {
		got := c.dial(200, end)
		if got["status"] != want.status {
			t.Errorf("%s: %v", end, got)
		}
		c.read(got["call_id"])
		c.read(got["call_id"])
		got = c.read(got["call_id"])
		outcome := ""
		if text, is := got["transcript"].(map[string]any); is {
			outcome = fmt.Sprint(text["call_outcome"])
			first := text["history"].([]any)[0].(map[string]any)
			if first["content"] != "Namaste Asha, ********"+end {
				t.Errorf("%v", first)
			}
		}
		if got["transcript_status"] != want.transcript || outcome != want.outcome || (got["error"] != nil) != (want.transcript == "failed") {
			t.Errorf("%s: %v", end, got)
		}
	}
	if c.slept != slowAnswer {
		t.Errorf("waited %s", c.slept)
	}
	calls, _ := c.recent("?limit=200")
	if len(calls) != 8 {
		t.Errorf("%d calls, and no refused one is among them", len(calls))
	}
	c.do(400, "POST", "/api/calls/click2call", c.body("nobody"))
	c.do(200, "PUT", "/api/agents/"+c.agent, `{"is_active":false}`)
	c.dial(409, "9999")
}

// TestLostCallAnswers: the call is placed, and its answer does not come.
func TestLostCallAnswers(t *testing.T) {
	c := newCaller(t, nil)
	c.dial(500, errorEnd)
	req, _ := http.NewRequest("POST", "http://x/api/calls/click2call", strings.NewReader(string(mustEncode(c.body("91999999"+cutEnd)))))
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := NewTransport(c.s).RoundTrip(req)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
	}
	if err == nil {
		t.Error("the cut answer came")
	}
	if calls, _ := c.recent(""); len(calls) != 2 {
		t.Errorf("%d calls were placed", len(calls))
	}
}

// TestTranscriptComes: after so many reads, or by the clock, and no later than
// half an hour after the call.
func TestTranscriptComes(t *testing.T) {
	statuses := func(c *caller, end string, steps ...time.Duration) string {
		id := c.dial(200, end)["call_id"]
		var got []string
		for _, step := range steps {
			c.now = c.now.Add(step)
			got = append(got, fmt.Sprint(c.read(id)["transcript_status"]))
		}
		return strings.Join(got, " ")
	}
	byPolls := newCaller(t, func(o *Options) { o.TranscriptPolls = 3 })
	if got := statuses(byPolls, "9999", 0, 0, 0, 0); got != "pending processing processing ready" {
		t.Error(got)
	}
	if got := statuses(byPolls, "9999", time.Second, 10*time.Minute); got != "pending ready" {
		t.Error(got)
	}
	byTime := newCaller(t, func(o *Options) { o.TranscriptPolls, o.TranscriptDelay = -1, 10*time.Minute })
	if got := statuses(byTime, "9999", time.Second, 2*time.Minute, 3*time.Minute, 10*time.Minute); got != "pending processing processing ready" {
		t.Error(got)
	}
	if got := statuses(byTime, neverEnd, time.Second, 12*time.Minute, 20*time.Minute); got != "pending processing failed" {
		t.Error(got)
	}
	if got := statuses(byTime, brokenEnd, time.Second, 12*time.Minute); got != "pending failed" {
		t.Error(got)
	}
	unwanted := byTime.body("919999999999")
	delete(unwanted, "transcript")
	id := byTime.obj(200, "POST", "/api/calls/click2call", unwanted)["data"].(map[string]any)["call_id"]
	if got := byTime.read(id); got["transcript_status"] != "disabled" {
		t.Errorf("nobody asked for it: %v", got)
	}
}

// TestRecentCalls: filters, pages, what a call becomes, and no number.
func TestRecentCalls(t *testing.T) {
	c := newCaller(t, nil)
	c.dial(200, "9999")
	c.now = c.now.Add(24 * time.Hour)
	c.dial(200, unansweredEnd)
	if _, err := c.s.Dashboard().Call(c.agent, "919999990021"); err != nil {
		t.Fatal(err)
	}
	c.do(200, "POST", "/api/calls/click2call", map[string]any{"customer_number": "919999999999", "agent_number": "918888888888", "did": "911140000000"})
	c.do(422, "POST", "/api/calls/click2call", map[string]any{"customer_number": "919999999999", "agent_number": "918888888888"})

	var got []string
	calls, data := c.recent("")
	for _, call := range calls {
		got = append(got, fmt.Sprint(call["customer_number"], " ", call["status"], " ", call["call_type"], " ", call["duration"], "/", call["answer_duration"], " ", call["created_at"]))
	}
	want := `********9999 queued telephony 134/129 2026-04-23T09:58:53
********0021 success agent_telephony 56/51 2026-04-23T09:58:53
********0000 failed agent_telephony 5/0 2026-04-23T09:58:53
********9999 completed agent_telephony 134/129 2026-04-22T09:58:53`
	if text := strings.Join(got, "\n"); text != want || data["total"] != 4.0 || data["has_more"] != false {
		t.Errorf("%s\n%v", text, data)
	}
	c.now = c.now.Add(time.Hour)
	for query, want := range map[string]int{
		"?agent_number=" + c.agent:                          3,
		"?call_type=agent_telephony":                        3,
		"?status=Completed":                                 2,
		"?transcript_status=ready":                          3,
		"?date_from=2026-04-23":                             3,
		"?date_to=2026-04-23":                               1,
		"?date_from=2026-04-22&date_to=2026-04-22T23:00:00": 1,
		"?limit=3&page=2":                                   1,
		"?limit=3&page=9":                                   0,
	} {
		if calls, _ := c.recent(query); len(calls) != want {
			t.Errorf("%s: %d calls, want %d", query, len(calls), want)
		}
	}
	if _, data := c.recent("?limit=3"); data["has_more"] != true || data["page"] != 1.0 {
		t.Errorf("%v", data)
	}
	for _, query := range []string{"?limit=201", "?limit=0", "?page=0", "?date_from=yesterday"} {
		c.do(422, "GET", "/api/calls/recent"+query, nil)
	}
}

// TestCallAddresses: each switch leaves out what it says.
func TestCallAddresses(t *testing.T) {
	for switches, want := range map[string][3]int{"both": {200, 200, 200}, "new": {404, 200, 200}, "old": {200, 404, 404}, "none": {404, 404, 404}} {
		c := newCaller(t, func(o *Options) { o.Calls = switches })
		c.do(want[0], "POST", "/api/developer/calls/click2call", c.body("919999999999"))
		c.do(want[1], "POST", "/api/calls/click2call", c.body("919999999999"))
		c.do(want[2], "GET", "/api/calls/recent", nil)
	}
	c := newCaller(t, func(o *Options) { o.RecentCalls = false })
	c.do(404, "GET", "/api/calls/recent", nil)
	c.dial(200, "9999")
}

// TestCallsStay: another process goes on where this one stopped, and the file has
// nobody's number.
func TestCallsStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.json")
	first := newCaller(t, func(o *Options) { o.DataFile = path })
	id := first.dial(200, "9999")["call_id"]
	first.read(id)
	second := newClient(t, onFile(path))
	got := second.obj(200, "GET", fmt.Sprintf("/api/calls/%s/transcript", id), nil)["data"].(map[string]any)
	if got["transcript_status"] != "ready" && got["transcript_status"] != "processing" {
		t.Errorf("%v", got)
	}
	if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), "91999999") {
		t.Errorf("%v, or the file has the customer's number", err)
	}
}
