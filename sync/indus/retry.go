package indus

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	maxTries     = 6               // design section 5
	maxSends     = 2 * maxTries    // with those that a busy but working limit turned away
	maxWait      = 5 * time.Minute // that one request spends waiting for its next tries
	maxStrikes   = 2               // fresh tokens that a request may see refused
	maxRejected  = 12              // tokens of any age, for tokens that die in seconds
	firstBackoff = 500 * time.Millisecond
	lastBackoff  = 10 * time.Second
)

// tally is what a request has been through.
type tally struct {
	sends     int // how often it was sent
	failures  int // those that count towards maxTries
	limited   int // 429s
	progress  int // what the gate had let through at the last 429
	strikes   int // 401s to fresh tokens
	rejected  int // 401s
	waited    time.Duration
	uncertain bool // a try may have acted
	spacing   *backoff.ExponentialBackOff
}

// input is what a call adds to its endpoint.
type input struct {
	args   []string // path parameters, in the template's order
	query  url.Values
	body   any // nil for none
	urgent bool
}

// do calls an endpoint until its request has ended for good, and gives the
// payload out of its envelope: nil, map[string]any, []any or a plain value
// with numbers as json.Number. Errors are *Error.
func (c *Client) do(ctx context.Context, o op, in input) (any, error) {
	r, err := c.newRequest(o, in)
	if err != nil {
		return nil, err
	}
	for {
		out := c.send(ctx, r)
		if out.err == nil {
			return out.value, nil
		}
		if r.ep.deletes() && r.uncertain && out.err.NotFound() {
			return nil, nil // an earlier try has done it
		}
		r.uncertain = r.uncertain || out.fate == uncertain
		wait, again := c.next(r, out)
		if !again || ctx.Err() != nil {
			return nil, c.final(ctx, r, out)
		}
		if out.err.Status == http.StatusTooManyRequests && !c.gate.noisy() {
			c.logf("%v; all requests wait %s, then go at %.3g a second", out.err, wait.Round(time.Millisecond), c.gate.limit())
			continue // the gate holds it, with all others
		}
		c.logf("%v; trying again in %s (sent %d times)", out.err, wait.Round(time.Millisecond), r.sends)
		if c.opt.Sleep(ctx, wait) != nil {
			return nil, c.final(ctx, r, out)
		}
	}
}

func (c *Client) newRequest(o op, in input) (*request, error) {
	ep := &endpoints[o]
	path, err := ep.expand(in.args)
	if err != nil {
		return nil, &Error{Op: ep.method + " " + ep.path, Message: clean(err.Error(), messageLimit)}
	}
	r := &request{ep: ep, op: ep.method + " " + path, url: c.base + path, urgent: in.urgent}
	if len(in.query) > 0 {
		r.url += "?" + in.query.Encode()
	}
	if in.body != nil {
		if r.body, err = encode(in.body); err != nil {
			return nil, &Error{Op: r.op, Message: "body: " + clean(c.scrub.clean(err.Error()), messageLimit)}
		}
	}
	r.spacing = &backoff.ExponentialBackOff{InitialInterval: firstBackoff, Multiplier: 2, MaxInterval: lastBackoff}
	return r, nil
}

// send is one try: it waits for a token and for the gate, and repeats when
// the token died in between.
func (c *Client) send(ctx context.Context, r *request) outcome {
	for {
		if r.ep.access == bearer {
			if err := c.auth.ready(ctx); err != nil {
				return outcome{err: err, lasting: true, retryAfter: -1}
			}
		}
		pass, err := c.gate.enter(ctx, r.urgent)
		if err != nil {
			return c.notStarted(r)
		}
		var tok *token
		authorization := ""
		if r.ep.access == bearer {
			if tok = c.auth.current(); tok == nil { // it died while this one queued
				c.gate.skip(pass)
				continue
			}
			authorization = tok.header
		}
		r.sends++
		out := c.roundTrip(ctx, r, authorization)
		c.gate.leave(pass, out)
		if tok == nil || !c.rejected(ctx, r, tok, out) {
			return out
		}
	}
}

func (c *Client) notStarted(r *request) outcome {
	out := c.failed(r, unsent, "cancelled", "")
	out.lasting = true
	return out
}

// rejected notes how tok fared and says whether the request is to be sent
// again with another one. Only a 401 to a token that never worked tells of
// something worse than a token's short life.
func (c *Client) rejected(ctx context.Context, r *request, tok *token, out outcome) bool {
	if out.err == nil || out.err.Status != http.StatusUnauthorized {
		if out.err == nil || out.err.Status >= 400 && out.err.Status < 500 && out.err.Status != http.StatusTooManyRequests {
			tok.worked.Store(true)
		}
		return false
	}
	r.rejected++
	if tok.minted && !tok.worked.Load() {
		if r.strikes++; r.strikes >= maxStrikes {
			c.auth.giveUp(out.err)
			return false
		}
	}
	c.auth.died(tok, out.err)
	if r.rejected >= maxRejected || ctx.Err() != nil {
		return false
	}
	c.logf("%v; sending it again with a new token", out.err)
	return true
}

// next counts a failed try and says whether and when there is another.
func (c *Client) next(r *request, out outcome) (time.Duration, bool) {
	if out.lasting || !out.passes(r.ep.class) {
		return 0, false
	}
	limited := out.err.Status == http.StatusTooManyRequests
	if limited {
		c.countLimited(r)
	} else {
		r.failures++
	}
	wait := c.gate.shut()
	if !limited || c.gate.noisy() {
		wait = max(out.retryAfter, c.jitter(r.spacing.NextBackOff()))
	}
	r.waited += wait
	if r.failures >= maxTries || r.sends >= maxSends || r.waited > maxWait {
		out.err.gaveUp = true
		return 0, false
	}
	return wait, true
}

// countLimited counts a 429 as a failure unless the platform has accepted
// something of this client since the request's last one: then it was turned
// away by a limit that others got through, and its turn will come.
func (c *Client) countLimited(r *request) {
	progress := c.gate.progress()
	if r.limited == 0 || progress == r.progress {
		r.failures++
	}
	r.limited++
	r.progress = progress
}

// passes says whether this outcome may be followed by another try.
func (o *outcome) passes(cl class) bool {
	switch {
	case o.err.Status == http.StatusTooManyRequests || o.fate == unsent:
		return true // surely not acted
	case cl == once:
		return false
	case o.unreadable:
		return cl == read
	case o.cut:
		return true
	}
	switch o.err.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// jitter spreads d over [d/2, 3d/2), so that requests that failed together do
// not come back together.
func (c *Client) jitter(d time.Duration) time.Duration {
	return time.Duration((0.5 + c.random()) * float64(d))
}

// final is the error of a request that has ended for good.
func (c *Client) final(ctx context.Context, r *request, out outcome) *Error {
	e := *out.err // a login's error is shared by all that waited for it
	if !e.auth || e.tries == 0 {
		e.tries = r.sends
	}
	e.acted = r.uncertain && r.ep.class != read
	if err := ctx.Err(); err != nil {
		e.cause = errors.Join(err, e.cause)
	}
	return &e
}
