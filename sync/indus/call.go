package indus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// input is what a call adds to its endpoint.
type input struct {
	args   []string // path parameters, in the template's order
	query  url.Values
	body   any  // nil for none
	urgent bool // the login that others wait for: does not queue behind them
}

// request is one call of an endpoint, over all its tries.
type request struct {
	ep      *endpoint
	op      string // "GET /api/agents/AGT_1", for messages
	url     string
	body    []byte
	urgent  bool
	timeout time.Duration
}

// fetch calls an endpoint and reads what its answer must contain.
func fetch[T any](ctx context.Context, c *Client, ep *endpoint, in input, convert func(answer any) (T, error)) (T, error) {
	var none T
	answer, failure := c.do(ctx, ep, in)
	if failure != nil {
		return none, failure
	}
	v, err := convert(answer)
	if err != nil {
		path, _ := ep.expand(in.args) // as it was sent; a write may have acted all the same
		return none, &Error{Op: ep.method + " " + path, Message: "unexpected answer",
			Detail: c.scrub.line(err.Error(), messageLimit), tries: 1, acted: ep.class != read}
	}
	return v, nil
}

// write calls an endpoint whose answer says no more than that it worked.
func (c *Client) write(ctx context.Context, ep *endpoint, body any, args ...string) error {
	if _, failure := c.do(ctx, ep, input{args: args, body: body}); failure != nil {
		return failure
	}
	return nil
}

// do calls an endpoint until its request has ended for good, and returns the
// payload out of its envelope: nil, map[string]any, []any or a plain value
// with numbers as json.Number.
func (c *Client) do(ctx context.Context, ep *endpoint, in input) (any, *Error) {
	r, err := c.newRequest(ep, in)
	if err != nil {
		return nil, err
	}
	var t tally
	for {
		out, tok := c.try(ctx, r)
		d := decide(ep, t, out)
		t = d.tally
		switch d.verdict {
		case succeed:
			return out.value, nil
		case renew:
			c.auth.died(tok, out.err)
		}
		if d.verdict == fail || d.verdict == exhaust || !c.again(ctx, d, out) {
			return nil, final(ctx, ep, d, out)
		}
	}
}

func (c *Client) newRequest(ep *endpoint, in input) (*request, *Error) {
	path, err := ep.expand(in.args)
	if err != nil {
		return nil, &Error{Op: ep.op(), Message: clean(err.Error(), messageLimit)}
	}
	r := &request{ep: ep, op: ep.method + " " + path, url: c.base + path, urgent: in.urgent, timeout: timeout}
	if ep.slow {
		r.timeout *= slowFactor
	}
	if len(in.query) > 0 {
		r.url += "?" + in.query.Encode()
	}
	if in.body != nil {
		if r.body, err = json.Marshal(in.body); err != nil {
			return nil, &Error{Op: r.op, Message: "body: " + c.scrub.line(err.Error(), messageLimit)}
		}
	}
	return r, nil
}

// try waits for a token and for the gate, and sends the request once, with the
// token that it returns.
func (c *Client) try(ctx context.Context, r *request) (outcome, *token) {
	for {
		tok := &token{} // for an endpoint that needs none
		if r.ep.access == bearer {
			if err := c.auth.ready(ctx); err != nil {
				return outcome{err: err}, nil
			}
		}
		pass, err := c.gate.enter(ctx, r.urgent)
		if err != nil {
			return outcome{err: &Error{Op: r.op, Message: "cancelled"}}, nil
		}
		if r.ep.access == bearer {
			if tok, _, _ = c.auth.state(); tok == nil { // it died while this request queued
				c.gate.skip(pass)
				continue
			}
		}
		out := c.roundTrip(ctx, r, tok.header)
		out.sent = true
		c.gate.leave(pass, &out)
		tok.judge(&out)
		return out, tok
	}
}

// again waits for the next try. It returns false when ctx has ended.
func (c *Client) again(ctx context.Context, d decision, out outcome) bool {
	if ctx.Err() != nil {
		return false
	}
	switch {
	case d.verdict == renew:
		c.logf("%v; sending it again with a new token", out.err)
		return true
	case out.is(http.StatusTooManyRequests):
		c.sayPaused(out.pause)
		c.logf("%v; all requests wait %s, then go at %.3g a second", out.err, out.pause.Round(time.Millisecond), out.pace)
		return true // the gate delays it, with all others
	}
	wait := max(out.retryAfter, c.jitter(d.wait))
	if out.limited() {
		c.sayPaused(out.pause)
	}
	if out.silent {
		c.sayUnreachable(d.tally.failures, out)
	}
	c.logf("%v; trying again in %s (sent %d times)", out.err, wait.Round(time.Millisecond), d.tally.sends)
	return c.opt.Sleep(ctx, wait) == nil
}

// longPause is a pause that people are told of.
const longPause = 20 * time.Second

// sayPaused tells people, without -v, that the platform has asked for a long pause,
// and until when. What many requests are told at once is said once.
func (c *Client) sayPaused(pause time.Duration) {
	until := c.opt.Now().Add(pause)
	c.outage.Lock()
	defer c.outage.Unlock()
	if pause < longPause || until.Sub(c.outage.until) < longPause {
		return
	}
	c.outage.until = until
	c.opt.Messagef("%s takes no more requests for %s (a limit): waiting until %s; Ctrl-C ends it, and what is left can be done later",
		c.base, pause.Round(time.Second), until.Format("15:04:05"))
}

// sayUnreachable tells people, without -v, that nobody answers, and counts the
// tries. What many requests find out at once is said once.
func (c *Client) sayUnreachable(tries int, out outcome) {
	most := maxTries
	if out.closed && out.passed == 0 {
		most = maxRefused
	}
	c.outage.Lock()
	defer c.outage.Unlock()
	if out.passed != c.outage.passed { // the platform has answered since: another outage
		c.outage.passed, c.outage.said = out.passed, 0
	}
	if tries > c.outage.said {
		c.outage.said = tries
		c.opt.Messagef("%s", c.scrub.clean(fmt.Sprintf("%s does not answer (%s), try %d of %d: trying again", c.base, reason(out.err), tries, most)))
	}
}

// reason is what a try ended with, without its request.
func reason(e *Error) string { return cmp.Or(e.Detail, e.Message) }

// jitter spreads d over [d/2, 3d/2), so that requests that failed together do
// not come back together.
func (c *Client) jitter(d time.Duration) time.Duration {
	return time.Duration((0.5 + c.opt.Rand()) * float64(d))
}

// final is the error of a request that has ended for good.
func final(ctx context.Context, ep *endpoint, d decision, out outcome) *Error {
	e := *out.err // a login's error is shared by all that waited for it
	if !e.auth || e.tries == 0 {
		e.tries = d.tally.sends
	}
	e.gaveUp = e.gaveUp || d.verdict == exhaust
	e.acted = d.tally.mayHaveActed && ep.class != read
	if err := ctx.Err(); err != nil {
		e.cause = errors.Join(err, e.cause)
	}
	return &e
}
