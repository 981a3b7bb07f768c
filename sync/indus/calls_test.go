package indus

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
)

const (
	newCall, oldCall = "POST /api/calls/click2call", "POST /api/developer/calls/click2call"
	newRead, oldRead = "GET /api/calls/call_1/transcript", "GET /api/developer/calls/call_1/transcript"
	customer         = "919876543210"
)

func orderTo(t *testing.T, agent string) diff.CallOrder {
	t.Helper()
	phone, err := diff.ParsePhone("+" + customer)
	if err != nil {
		t.Fatal(err)
	}
	return diff.CallOrder{Agent: agent, Customer: phone, Transcript: true, Config: map[string]any{"customer_name": "Rahul"}}
}

// TestCallsWire reads the reference's own answers, and those of the newer pages.
func TestCallsWire(t *testing.T) {
	const recent = `{"status_code":200,"message":"","error":null,"data":{"total":1,"page":1,"limit":200,"has_more":false,"calls":[
		{"call_id":"call_1","status":"Answered","duration":42.0,"answer_duration":"30","call_type":"agent_telephony","transcript_status":"ready",
		"customer_number":"+91 98765 43210","recording":"https://signed","created_at":"2026-04-22T09:58:53.903000",
		"transcript":{"summary":"ok","call_outcome":{"lead":"qualified","budget":5},"history":[{"role":"agent","content":"Namaste 919876543210"},"yes",{"speaker":"user","text":["a","b"]}]}}]}}`
	at := time.Date(2026, 4, 22, 9, 58, 53, 903e6, time.UTC)
	tests := []struct {
		line, body, answer string
		call               func(c *Client) (any, error)
		want               any
	}{
		{newCall, `{"agent_config":{"customer_name":"Rahul"},"agent_number":"AGT_1","customer_number":"919876543210","transcript":true}`, fixture(t, "click2call.json"), func(c *Client) (any, error) {
			return c.PlaceCall(t.Context(), orderTo(t, "AGT_1"))
		}, diff.Call{ID: "call_ab12cd34ef56gh78", Status: "queued", Customer: "…3210"}},
		{newCall, `{"agent_number":"918888888888","customer_number":"919876543210","did":"911140000000","transcript":false}`,
			`{"status_code":200,"error":null,"data":{"call_id":"call_1","status":"SUCCESS","warning":"919876543210 is on a do-not-disturb list"}}`, func(c *Client) (any, error) {
				order := orderTo(t, "918888888888")
				order.DID, order.Config, order.Transcript = "911140000000", nil, false
				return c.PlaceCall(t.Context(), order)
			}, diff.Call{ID: "call_1", Status: "success", Customer: "…3210", Warning: "…3210 is on a do-not-disturb list"}},
		{newRead, "", fixture(t, "transcript_pending.json"), func(c *Client) (any, error) {
			return c.Transcript(t.Context(), "call_1")
		}, diff.Call{ID: "call_ab12cd34ef56gh78", TranscriptStatus: "pending"}},
		{newRead, "", fixture(t, "transcript_ready.json"), func(c *Client) (any, error) {
			return c.Transcript(t.Context(), "call_1")
		}, diff.Call{ID: "call_ab12cd34ef56gh78", TranscriptStatus: "ready", Summary: "Call summary text", Outcome: "Interested"}},
		{newRead, "", `{"status_code":200,"error":null,"data":{"transcript_status":"Failed","error":"no audio from +919876543210","transcript":null}}`, func(c *Client) (any, error) {
			return c.Transcript(t.Context(), "call_1")
		}, diff.Call{ID: "call_1", TranscriptStatus: "failed", Problem: "no audio from …3210"}},
		{"GET /api/calls/recent?agent_number=AGT_1&call_type=agent_telephony&date_from=2026-04-21&date_to=2026-04-25&limit=200&page=1", "", recent, func(c *Client) (any, error) {
			calls, more, err := c.RecentCalls(t.Context(), "AGT_1", diff.CallQuery{Since: at.Add(-time.Hour), Until: at.Add(23 * time.Hour)})
			if more {
				t.Error("more pages than there are")
			}
			return calls, err
		}, []diff.Call{{ID: "call_1", Status: "answered", Duration: 42 * time.Second, AnswerDuration: 30 * time.Second, CreatedAt: at,
			TranscriptStatus: "ready", Summary: "ok", Outcome: "budget: 5, lead: qualified", Customer: "…3210",
			Turns: []diff.Turn{{Role: "agent", Text: "Namaste …3210"}, {Text: "yes"}, {Role: "user", Text: "a\nb"}}}}},
	}
	for _, tt := range tests {
		p := newPlatform(t, map[string][]answer{tt.line: {{body: tt.answer}}})
		got, err := tt.call(p.client(withToken))
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", tt.line, d)
		}
		if tt.body != "" {
			sameJSON(t, p.got[0].body, tt.body)
		}
	}
}

// TestRecentPages: what is out of the bounds is left out, and each way to say
// that a page is the last is understood.
func TestRecentPages(t *testing.T) {
	const calls = `"calls":[{"call_id":"a","created_at":"2026-04-22T10:00:00Z"},{"call_id":"c"}]`
	since := time.Date(2026, 4, 22, 9, 0, 0, 0, time.UTC)
	for body, want := range map[string]struct {
		ids  string
		more bool
	}{
		`{"total":900,"page":2,"limit":200,"has_more":true,` + calls + `}`:  {"ac", true},
		`{"total":900,"page":2,"limit":200,"has_more":false,` + calls + `}`: {"ac", false},
		`{"total":900,"page":2,"limit":200,` + calls + `}`:                  {"ac", true},
		`{"total":400,"page":2,"limit":200,` + calls + `}`:                  {"ac", false},
		`{` + calls + `}`:              {"ac", true},
		`{"calls":[]}`:                 {"", false},
		`{"calls":[],"has_more":true}`: {"", false},
		`{"data":{"calls":null}}`:      {"", false},
		`[{"call_id":"z"}]`:            {"z", true},
		`{"calls":[{"call_id":"old","created_at":"2026-04-01"}],"has_more":true}`: {"", false},
	} {
		p := newPlatform(t, map[string][]answer{
			"GET /api/calls/recent?agent_number=AGT_1&call_type=agent_telephony&date_from=2026-04-21&limit=200&page=2": {{body: body}}})
		got, more, err := p.client(withToken).RecentCalls(t.Context(), "AGT_1", diff.CallQuery{Since: since, Page: 2})
		ids := ""
		for _, c := range got {
			ids += c.ID
		}
		if err != nil || ids != want.ids || more != want.more {
			t.Errorf("%s: %q, more %v, %v", body, ids, more, err)
		}
	}
}

// TestCallsMove: a 404 of one address means the other, and the run remembers
// which one it is; of two 404s the one is told that says what is missing.
func TestCallsMove(t *testing.T) {
	missing := answer{status: 404, body: `{"detail":"Not Found"}`}
	placed := answer{body: fixture(t, "click2call.json")}
	read := answer{body: fixture(t, "transcript_pending.json")}
	p := newPlatform(t, map[string][]answer{newCall: {missing}, oldCall: {placed}, newRead: {{status: 405, body: `{"detail":"Method Not Allowed"}`}}, oldRead: {read}})
	c := p.client(withToken)
	for range 2 {
		if _, err := c.PlaceCall(t.Context(), orderTo(t, "AGT_1")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Transcript(t.Context(), "call_1"); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{newCall, oldCall, newRead, oldRead, oldCall, oldRead}
	if d := cmp.Diff(want, p.lines()); d != "" {
		t.Errorf("requests: -want +got\n%s", d)
	}

	p = newPlatform(t, map[string][]answer{newRead: {read, {status: 404, body: `{"detail":"Call not found"}`}}})
	c = p.client(withToken)
	_, _ = c.Transcript(t.Context(), "call_1")
	if _, err := c.Transcript(t.Context(), "call_1"); errText(err) != "GET /api/calls/call_1/transcript: 404: Call not found" {
		t.Error(err)
	}

	named := answer{status: 404, body: `{"detail":"Agent not found","request_id":"req_7"}`}
	for _, script := range []map[string][]answer{{newCall: {named}, oldCall: {missing}}, {newCall: {missing}, oldCall: {named}}} {
		_, err := newPlatform(t, script).client(withToken).PlaceCall(t.Context(), orderTo(t, "AGT_1"))
		e := asError(t, err)
		if e.Message != "Agent not found" || e.Trouble() != diff.CallRefused || e.RequestID != "req_7" {
			t.Error(err)
		}
	}
	_, err := newPlatform(t, map[string][]answer{newCall: {missing}, oldCall: {missing}}).client(withToken).PlaceCall(t.Context(), orderTo(t, "AGT_1"))
	if e := asError(t, err); e.Trouble() != diff.NoSuchAPI || e.MayHaveActed() {
		t.Error(err)
	}
	_, _, err = newPlatform(t, map[string][]answer{"GET /api/calls/recent?agent_number=A&call_type=agent_telephony&limit=200&page=1": {missing}}).
		client(withToken).RecentCalls(t.Context(), "A", diff.CallQuery{})
	if e := asError(t, err); e.Trouble() != diff.NoSuchAPI {
		t.Error(err)
	}
}

// TestCallTroubles: each error that the reference names is of its kind, is said
// with its request id and without the customer's number, and the call is sent once,
// but with a new token.
func TestCallTroubles(t *testing.T) {
	tests := []struct {
		answer answer
		want   diff.CallTrouble
		acted  bool
	}{
		{answer{status: 402}, diff.NoCredit, false},
		{answer{status: 403}, diff.CallRefused, false},
		{answer{status: 409}, diff.AtLimit, false},
		{answer{status: 422}, diff.CallRefused, false},
		{answer{status: 429, header: map[string]string{"Retry-After": "1"}}, diff.AtLimit, false},
		{answer{status: 500}, "", true},
		{answer{status: 502}, "", true},
		{answer{status: 503, header: map[string]string{"Retry-After": "1"}}, "", true},
		{answer{status: 504}, "", true},
		{answer{do: cut}, "", true},
		{answer{do: halfAnswer}, "", true},
		{answer{body: `{"status_code":200,"error":null,"data":{"status":"success"}}`}, "", true},
	}
	for _, tt := range tests {
		if tt.answer.status != 0 {
			tt.answer.body = fmt.Sprintf(`{"detail":"no call to %s","request_id":"req_9"}`, customer)
		}
		p := newPlatform(t, map[string][]answer{newCall: {tt.answer}})
		_, err := p.client(withToken).PlaceCall(t.Context(), orderTo(t, "AGT_1"))
		e := asError(t, err)
		if e.Trouble() != tt.want || e.MayHaveActed() != tt.acted || len(p.lines()) != 1 || len(p.slept) > 0 {
			t.Errorf("%v: trouble %q, acted %v, %d requests, slept %v", err, e.Trouble(), e.MayHaveActed(), len(p.lines()), p.slept)
		}
		if tt.answer.status != 0 && !strings.HasSuffix(err.Error(), fmt.Sprintf("%d: no call to …3210 (request req_9)", tt.answer.status)) {
			t.Error(err)
		}
		if all := err.Error() + p.logged() + strings.Join(p.said, "\n"); strings.Contains(all, "98765") {
			t.Errorf("the number shows: %s", all)
		}
	}

	p := newPlatform(t, map[string][]answer{
		newCall:           {{status: 401, body: `{"detail":"Could not validate credentials"}`}, {body: fixture(t, "click2call.json")}},
		"POST /api/login": {login("a", "")},
	})
	if _, err := p.client().PlaceCall(t.Context(), orderTo(t, "AGT_1")); err != nil || p.count(newCall) != 2 {
		t.Errorf("%v after %d", err, p.count(newCall))
	}
}

// TestCallTimeout: an answer has a minute, since a phone rings.
func TestCallTimeout(t *testing.T) {
	c := newPlatform(t, nil).client(withToken)
	for _, ep := range []*endpoint{opClick2Call, opClick2CallNew} {
		if r, _ := c.newRequest(ep, input{}); r.timeout != time.Minute {
			t.Errorf("%s: %s", r.op, r.timeout)
		}
	}
}

// TestInterruptedCall: what an interrupt leaves open is said to be open.
func TestInterruptedCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	p := newPlatform(t, map[string][]answer{newCall: {{do: func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
		close(done)
	}}}})
	_, err := p.client(withToken, func(o *Options) {
		o.Sleep = func(context.Context, time.Duration) error { return nil }
	}).PlaceCall(ctx, orderTo(t, "AGT_1"))
	<-done
	if e := asError(t, err); !e.MayHaveActed() {
		t.Error(err)
	}
}
