package indus

import (
	"net/http"
	"time"
)

const (
	maxTries     = 6               // design section 5
	maxSends     = 2 * maxTries    // where a limit is all that is in the way
	maxRefused   = 3               // where nothing listens, and this client never had an answer
	maxWait      = 5 * time.Minute // that one request spends waiting for its next tries, where the server does not say how long
	maxRejected  = 12              // tokens that a request may see refused, for tokens that die in seconds
	firstBackoff = 500 * time.Millisecond
	lastBackoff  = 10 * time.Second
)

// fate is what one try did to the platform.
type fate int

const (
	answered  fate = iota // with success, or with a refusal that changed nothing
	unsent                // no connection was made
	uncertain             // sent, and no proof either way
)

// outcome is the end of one try.
type outcome struct {
	value      any    // the payload, out of its envelope
	err        *Error // nil for success
	sent       bool   // the try went as far as the transport
	fate       fate
	passing    bool          // another try may end better
	final      bool          // no try may follow, however it ended
	silent     bool          // nobody answered: there was no connection, or no answer in time
	closed     bool          // the address refuses connections, or no way leads there
	retryAfter time.Duration // what the server asked for; negative for nothing
	passed     int           // requests of this client that the platform has accepted so far
	pause      time.Duration // how long the gate is shut, after a limit showed
	pace       float64       // requests a second when it opens
}

// limited reports whether a limit turned the request away that all requests share.
func (o *outcome) limited() bool {
	return !o.final && (o.is(http.StatusTooManyRequests) || o.is(http.StatusServiceUnavailable) && o.retryAfter >= 0)
}

func (o *outcome) is(status int) bool { return o.err != nil && o.err.Status == status }

// tally is what a request has been through.
type tally struct {
	sends        int // how often it was sent
	failures     int // those that count towards maxTries
	limited      int // 429s
	passed       int // what the platform had accepted at the last 429
	rejected     int // 401s
	waited       time.Duration
	mayHaveActed bool // a try was uncertain
}

// verdict is what becomes of a request after a try.
type verdict int

const (
	succeed verdict = iota
	fail            // for good
	exhaust         // fail, because the tries or the time are used up
	renew           // send again at once with another token
	retry           // send again after the wait
)

// decision is a verdict, the tally with the try in it, and how long to wait at
// least before the next one, before jitter and beside what the server asked
// for. After a 429 the wait is zero: the gate delays this request as it delays
// all others.
type decision struct {
	verdict verdict
	tally   tally
	wait    time.Duration
}

// decide is the rule of design section 5, "Retries", for one request: what
// follows from the latest try and all before it.
func decide(ep *endpoint, t tally, out outcome) decision {
	if out.sent {
		t.sends++
	}
	if out.err == nil {
		return decision{verdict: succeed, tally: t}
	}
	if t.mayHaveActed && ep.method == http.MethodDelete && out.err.NotFound() {
		return decision{verdict: succeed, tally: t} // an earlier try has done it
	}
	t.mayHaveActed = t.mayHaveActed || out.fate == uncertain
	switch {
	case out.sent && ep.access == bearer && out.is(http.StatusUnauthorized):
		if t.rejected++; t.rejected < maxRejected {
			return decision{verdict: renew, tally: t}
		}
		return decision{verdict: fail, tally: t}
	case !out.passing || out.fate == uncertain && ep.class >= once:
		return decision{verdict: fail, tally: t}
	}
	return decideRetry(t, out)
}

// decideRetry is about a try that may end better the next time. A 429 is no
// failure when the platform has accepted other requests of this client since
// this one's last 429: its turn will come.
func decideRetry(t tally, out outcome) decision {
	d := decision{verdict: retry}
	if out.is(http.StatusTooManyRequests) {
		if t.limited == 0 || out.passed == t.passed {
			t.failures++
		}
		t.limited++
		t.passed = out.passed
		if out.retryAfter < 0 {
			t.waited += out.pause
		}
	} else {
		t.failures++
		d.wait = exponential(firstBackoff, lastBackoff, t.failures)
		if out.retryAfter < 0 {
			t.waited += d.wait
		}
	}
	unheard := out.closed && out.passed == 0 && t.failures >= maxRefused
	if unheard || t.failures >= maxTries || t.sends-t.rejected >= maxSends || t.waited > maxWait {
		d.verdict, d.wait = exhaust, 0
	}
	d.tally = t
	return d
}
