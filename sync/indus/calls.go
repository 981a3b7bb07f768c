package indus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// moved is an endpoint that deployments serve at one of two addresses: a 404 of
// one means the other (reference.md, "Calls to a voice agent"). The one that
// answered with anything else is asked alone from then on.
type moved struct {
	newer, older *endpoint
	at           atomic.Pointer[endpoint] // nil while neither has answered
}

// fetchMoved is fetch at the address where the platform has the endpoint. Of two
// 404s, the error is the one that is about more than the path.
func fetchMoved[T any](ctx context.Context, c *Client, m *moved, in input, convert func(any) (T, error)) (T, error) {
	if at := m.at.Load(); at != nil {
		v, err := fetch(ctx, c, at, in, convert)
		return v, aboutCall(err)
	}
	v, err := fetch(ctx, c, m.newer, in, convert)
	first, at := failureOf(err), m.newer
	if first.absent() {
		v, err = fetch(ctx, c, m.older, in, convert)
		at = m.older
	}
	last := failureOf(err)
	switch {
	case !last.absent():
		if last == nil || last.Status != 0 && !last.auth {
			m.at.Store(at)
		}
	case first.pathless() && last.pathless():
		last.noAPI = true
	case last.pathless():
		err = first
	}
	return v, aboutCall(err)
}

func failureOf(err error) *Error {
	var e *Error
	errors.As(err, &e)
	return e
}

// pathless reports that an answer is about its path and not about what the path
// names: a server's own words for a route that it does not have.
func (e *Error) pathless() bool {
	return e.absent() && (e.Status != http.StatusNotFound || e.Message == http.StatusText(http.StatusNotFound))
}

// aboutCall masks the phone numbers in what a server says to a request about a
// call.
func aboutCall(err error) error {
	if e := failureOf(err); e != nil {
		e.Message, e.Detail = diff.MaskPhones(e.Message), diff.MaskPhones(e.Detail)
	}
	return err
}

// Trouble says what kind of no an error of PlaceCall, RecentCalls or Transcript
// is; "" when it is none of these kinds.
func (e *Error) Trouble() diff.CallTrouble {
	switch {
	case e.auth:
		return ""
	case e.noAPI:
		return diff.NoSuchAPI
	case e.Status == http.StatusPaymentRequired:
		return diff.NoCredit
	case e.Status == http.StatusConflict, e.Status == http.StatusTooManyRequests:
		return diff.AtLimit
	case e.Status == 400, e.Status == 403, e.Status == 404, e.Status == 422:
		return diff.CallRefused
	}
	return ""
}

// PlaceCall has the platform make a call (endpoint 30). It is sent once, whatever
// the answer: a second call would ring at the customer's. The answer comes when
// the customer has taken the call, or has not within about 15 seconds.
func (c *Client) PlaceCall(ctx context.Context, order diff.CallOrder) (diff.Call, error) {
	body := map[string]any{"customer_number": order.Customer.Reveal(), "agent_number": order.Agent, "transcript": order.Transcript}
	if order.DID != "" {
		body["did"] = order.DID
	}
	if len(order.Config) > 0 {
		body["agent_config"] = order.Config
	}
	return fetchMoved(ctx, c, &c.placing, input{body: body}, func(answer any) (diff.Call, error) {
		call, err := c.readCall(answer)
		if err == nil && call.ID == "" {
			err = errors.New("no call_id in the answer")
		}
		call.Customer = order.Customer.String()
		return call, err
	})
}

// Transcript reads what is known of a call (endpoint 31).
func (c *Client) Transcript(ctx context.Context, callID string) (diff.Call, error) {
	return fetchMoved(ctx, c, &c.reading, input{args: []string{callID}}, func(answer any) (diff.Call, error) {
		call, err := c.readCall(answer)
		if err == nil && call.TranscriptStatus == "" {
			err = errors.New("no transcript_status in the answer")
		}
		call.ID = cmp.Or(call.ID, callID)
		return call, err
	})
}

const callPage = 200 // the most that the reference allows

// RecentCalls lists a page of an agent's calls, newest first, and whether there
// are more. A page may hold none and there may be more all the same. Where the
// platform has no such list, the error's Trouble is diff.NoSuchAPI.
//
// The platform is asked by whole days with one to spare on each side, since it
// does not say how it reads a date; what is out of the bounds is left out here. A
// call without a time of its own is in them.
func (c *Client) RecentCalls(ctx context.Context, agentID string, q diff.CallQuery) (calls []diff.Call, more bool, err error) {
	page := max(q.Page, 1)
	query := url.Values{"agent_number": {agentID}, "call_type": {"agent_telephony"},
		"limit": {strconv.Itoa(callPage)}, "page": {strconv.Itoa(page)}}
	const day = 24 * time.Hour
	if !q.Since.IsZero() {
		query.Set("date_from", q.Since.UTC().Add(-day).Format(time.DateOnly))
	}
	if !q.Until.IsZero() {
		query.Set("date_to", q.Until.UTC().Add(2*day).Format(time.DateOnly))
	}
	list, err := fetch(ctx, c, opRecentCalls, input{query: query}, func(answer any) ([]diff.Call, error) {
		more = hasMore(answer, page)
		p, err := pageOf(c.toCall)(answer)
		return p.items, err
	})
	if e := failureOf(err); e.absent() {
		e.noAPI = true
	}
	for _, call := range list {
		at := call.CreatedAt
		if !at.IsZero() && at.Before(q.Since) {
			more = false // what follows is older still
		}
		if at.IsZero() || !at.Before(q.Since) && (q.Until.IsZero() || !at.After(q.Until)) {
			calls = append(calls, call)
		}
	}
	return calls, more && err == nil && len(list) > 0, aboutCall(err)
}

// hasMore reads has_more, else the total; where the answer has neither, only an
// empty page is the last.
func hasMore(answer any, page int) bool {
	m, err := object(answer, "calls")
	if err != nil {
		return true
	}
	if more, said := m["has_more"].(bool); said {
		return more
	}
	total, said := number(m["total"])
	limit, limited := number(m["limit"])
	return !said || !limited || page*limit < total
}

func (c *Client) readCall(answer any) (diff.Call, error) {
	m, err := object(answer, "call_id", "transcript_status")
	if err != nil {
		return diff.Call{}, err
	}
	return c.toCall(m)
}

// toCall reads a call out of any of the answers that have one.
func (c *Client) toCall(m map[string]any) (diff.Call, error) {
	script, _ := m["transcript"].(map[string]any)
	return diff.Call{
		ID:               c.scrub.line(str(m["call_id"]), messageLimit),
		Status:           strings.ToLower(c.scrub.line(str(m["status"]), messageLimit)),
		CreatedAt:        timestamp(m["created_at"]),
		Duration:         seconds(m["duration"]),
		AnswerDuration:   seconds(m["answer_duration"]),
		TranscriptStatus: strings.ToLower(c.scrub.line(str(m["transcript_status"]), messageLimit)),
		Problem:          c.said(m["error"]),
		Summary:          c.said(script["summary"]),
		Outcome:          c.said(script["call_outcome"]),
		Turns:            c.turns(script["history"]),
		Customer:         c.said(m["customer_number"]),
		Number:           c.said(m["agent_number"]),
		Warning:          c.said(m["warning"]),
	}, nil
}

// said is text that a stranger wrote or spoke, without phone numbers. Its lines
// stay. An object, as an outcome of several fields is one, becomes its plain values.
func (c *Client) said(v any) string {
	text := str(v)
	if m, is := v.(map[string]any); is {
		var parts []string
		for _, key := range value.SortedKeys(m) {
			if plain := plainText(m[key]); plain != "" {
				parts = append(parts, key+": "+plain)
			}
		}
		text = strings.Join(parts, ", ")
	}
	return diff.MaskPhones(c.scrub.clean(strings.TrimSpace(text)))
}

func plainText(v any) string {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return str(v)
}

// turns reads a conversation. The reference does not name the fields of its
// entries; these are the names that are in use for them.
func (c *Client) turns(v any) []diff.Turn {
	list, _ := v.([]any)
	var out []diff.Turn
	for _, entry := range list {
		m, is := entry.(map[string]any)
		if !is {
			m = map[string]any{"text": entry}
		}
		text, _ := firstOf(m, []string{"content", "text", "message"})
		if parts, is := text.([]any); is {
			var lines []string
			for _, part := range parts {
				lines = append(lines, str(part))
			}
			text = strings.Join(lines, "\n")
		}
		role, _ := firstOf(m, []string{"role", "speaker"})
		if said := c.said(text); said != "" {
			out = append(out, diff.Turn{Role: c.scrub.line(str(role), messageLimit), Text: said})
		}
	}
	return out
}

// seconds reads a duration that came as 12, 12.5 or "12"; 0 when it is none.
func seconds(v any) time.Duration {
	f, err := strconv.ParseFloat(plainText(v), 64)
	if err != nil || f < 0 || f > 1e7 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}
