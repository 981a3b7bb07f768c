package indus

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// refusal is an outcome with that status, as refused makes it.
func refusal(status int) outcome {
	c := &Client{opt: Options{Now: time.Now}, scrub: &scrubber{}}
	out := c.refused(&request{op: "GET /x", ep: opGetAgent}, status, http.Header{}, nil, nil)
	out.sent = true
	return out
}

func with(out outcome, change func(*outcome)) outcome {
	change(&out)
	return out
}

// TestDecide holds each rule of design section 5, "Retries", in a row.
func TestDecide(t *testing.T) {
	const second = time.Second
	dialFailed := outcome{sent: true, err: &Error{}, fate: unsent, passing: true, retryAfter: -1}
	cutOff := outcome{sent: true, err: &Error{}, fate: uncertain, passing: true, retryAfter: -1}
	lasting := outcome{sent: true, err: &Error{}, fate: uncertain, retryAfter: -1}
	good := outcome{sent: true}
	limited := func(passed int) outcome {
		return with(refusal(429), func(o *outcome) { o.passed, o.pause = passed, 2*second })
	}
	gone := with(refusal(404), func(o *outcome) { o.err.auth = true })

	tests := []struct {
		name   string
		ep     *endpoint
		before tally
		out    outcome
		want   decision
	}{
		// The end.
		{"success", opGetAgent, tally{sends: 2, failures: 2}, good, decision{succeed, tally{sends: 3, failures: 2}, 0}},
		{"refused", opGetAgent, tally{}, refusal(400), decision{fail, tally{sends: 1}, 0}},
		{"404", opGetAgent, tally{}, refusal(404), decision{fail, tally{sends: 1}, 0}},
		{"501", opGetAgent, tally{}, refusal(501), decision{fail, tally{sends: 1}, 0}},
		{"500 to a read", opGetAgent, tally{}, refusal(500), decision{fail, tally{sends: 1, mayHaveActed: true}, 0}},
		{"500 to a write", opUpdateAgent, tally{}, refusal(500), decision{fail, tally{sends: 1, mayHaveActed: true}, 0}},
		{"never sent", opGetAgent, tally{sends: 1}, outcome{err: &Error{}}, decision{fail, tally{sends: 1}, 0}},
		{"cannot get better", opGetAgent, tally{}, lasting, decision{fail, tally{sends: 1, mayHaveActed: true}, 0}},

		// A delete that an earlier try has done.
		{"delete, 404 after a cut", opDeleteAgent, tally{sends: 1, failures: 1, mayHaveActed: true}, refusal(404),
			decision{succeed, tally{sends: 2, failures: 1, mayHaveActed: true}, 0}},
		{"delete, 404 at once", opDeleteAgent, tally{}, refusal(404), decision{fail, tally{sends: 1}, 0}},
		{"delete, 403 after a cut", opDeleteAgent, tally{mayHaveActed: true}, refusal(403), decision{fail, tally{sends: 1, mayHaveActed: true}, 0}},
		{"delete, login is 404 after a cut", opDeleteAgent, tally{mayHaveActed: true}, gone, decision{fail, tally{sends: 1, mayHaveActed: true}, 0}},
		{"update, 404 after a cut", opUpdateAgent, tally{mayHaveActed: true}, refusal(404), decision{fail, tally{sends: 1, mayHaveActed: true}, 0}},

		// What passes with time, by class.
		{"read 502", opGetAgent, tally{}, refusal(502), decision{retry, tally{sends: 1, failures: 1, waited: second / 2, mayHaveActed: true}, second / 2}},
		{"read 503", opGetAgent, tally{}, refusal(503), decision{retry, tally{sends: 1, failures: 1, waited: second / 2, mayHaveActed: true}, second / 2}},
		{"read 504", opGetAgent, tally{}, refusal(504), decision{retry, tally{sends: 1, failures: 1, waited: second / 2, mayHaveActed: true}, second / 2}},
		{"read cut", opGetAgent, tally{}, cutOff, decision{retry, tally{sends: 1, failures: 1, waited: second / 2, mayHaveActed: true}, second / 2}},
		{"update cut", opUpdateAgent, tally{}, cutOff, decision{retry, tally{sends: 1, failures: 1, waited: second / 2, mayHaveActed: true}, second / 2}},
		{"create cut", opCreateAgent, tally{}, cutOff, decision{fail, tally{sends: 1, mayHaveActed: true}, 0}},
		{"create 503", opCreateAgent, tally{}, refusal(503), decision{fail, tally{sends: 1, mayHaveActed: true}, 0}},
		{"create, no connection", opCreateAgent, tally{}, dialFailed, decision{retry, tally{sends: 1, failures: 1, waited: second / 2}, second / 2}},
		{"uncertain once, uncertain for good", opUpdateAgent, tally{mayHaveActed: true}, dialFailed,
			decision{retry, tally{sends: 1, failures: 1, waited: second / 2, mayHaveActed: true}, second / 2}},

		// Waits.
		{"waits double", opGetAgent, tally{sends: 3, failures: 3}, dialFailed, decision{retry, tally{sends: 4, failures: 4, waited: 4 * second}, 4 * second}},
		{"what Retry-After asks for is no waiting of ours", opGetAgent, tally{waited: maxWait}, with(dialFailed, func(o *outcome) { o.retryAfter = 7 * second }),
			decision{retry, tally{sends: 1, failures: 1, waited: maxWait}, second / 2}},
		{"five minutes", opGetAgent, tally{waited: maxWait - second/2}, dialFailed, decision{retry, tally{sends: 1, failures: 1, waited: maxWait}, second / 2}},
		{"more than five minutes", opGetAgent, tally{waited: maxWait}, refusal(503),
			decision{exhaust, tally{sends: 1, failures: 1, waited: maxWait + second/2, mayHaveActed: true}, 0}},

		// Tries.
		{"fifth failure", opGetAgent, tally{sends: 4, failures: 4}, dialFailed, decision{retry, tally{sends: 5, failures: 5, waited: 8 * second}, 8 * second}},
		{"sixth failure", opGetAgent, tally{sends: 5, failures: 5}, dialFailed, decision{exhaust, tally{sends: 6, failures: 6, waited: 10 * second}, 0}},

		{"refused, and never heard of", opGetAgent, tally{sends: 2, failures: 2}, with(dialFailed, func(o *outcome) { o.closed = true }),
			decision{exhaust, tally{sends: 3, failures: 3, waited: 2 * second}, 0}},
		{"refused, and heard of before", opGetAgent, tally{sends: 2, failures: 2},
			with(dialFailed, func(o *outcome) { o.closed, o.passed = true, 1 }), decision{retry, tally{sends: 3, failures: 3, waited: 2 * second}, 2 * second}},

		// Limits: the gate waits, not the request.
		{"first 429", opCreateAgent, tally{}, limited(0), decision{retry, tally{sends: 1, failures: 1, limited: 1, waited: 2 * second}, 0}},
		{"429, others got through", opGetAgent, tally{sends: 1, failures: 1, limited: 1, passed: 3}, limited(4),
			decision{retry, tally{sends: 2, failures: 1, limited: 2, passed: 4, waited: 2 * second}, 0}},
		{"429, nobody got through", opGetAgent, tally{sends: 1, failures: 1, limited: 1, passed: 3}, limited(3),
			decision{retry, tally{sends: 2, failures: 2, limited: 2, passed: 3, waited: 2 * second}, 0}},
		{"sixth 429 in a row", opGetAgent, tally{sends: 5, failures: 5, limited: 5}, limited(0),
			decision{exhaust, tally{sends: 6, failures: 6, limited: 6, waited: 2 * second}, 0}},
		{"eleventh 429 of a busy limit", opGetAgent, tally{sends: 10, failures: 1, limited: 10}, limited(1),
			decision{retry, tally{sends: 11, failures: 1, limited: 11, passed: 1, waited: 2 * second}, 0}},
		{"twelfth 429 of a busy limit", opGetAgent, tally{sends: 11, failures: 1, limited: 11}, limited(1),
			decision{exhaust, tally{sends: 12, failures: 1, limited: 12, passed: 1, waited: 2 * second}, 0}},
		{"401s are no tries", opGetAgent, tally{sends: 12, failures: 1, limited: 10, rejected: 2}, limited(1),
			decision{retry, tally{sends: 13, failures: 1, limited: 11, passed: 1, rejected: 2, waited: 2 * second}, 0}},
		{"429 that asks for a long pause", opGetAgent, tally{waited: maxWait}, with(limited(0), func(o *outcome) { o.retryAfter = 600 * second }),
			decision{retry, tally{sends: 1, failures: 1, limited: 1, waited: maxWait}, 0}},
		{"429 and a long pause", opGetAgent, tally{waited: maxWait}, limited(0),
			decision{exhaust, tally{sends: 1, failures: 1, limited: 1, waited: maxWait + 2*second}, 0}},

		// Tokens.
		{"token ran out", opCreateAgent, tally{}, refusal(401), decision{renew, tally{sends: 1, rejected: 1}, 0}},
		{"eleventh token", opGetAgent, tally{sends: 10, rejected: 10}, refusal(401), decision{renew, tally{sends: 11, rejected: 11}, 0}},
		{"twelfth token", opGetAgent, tally{sends: 11, rejected: 11}, refusal(401), decision{fail, tally{sends: 12, rejected: 12}, 0}},
		{"the login is refused", opLogin, tally{}, refusal(401), decision{fail, tally{sends: 1}, 0}},
		{"the login that it needs is refused", opGetAgent, tally{}, with(refusal(401), func(o *outcome) { o.sent = false }), decision{fail, tally{}, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, decide(tt.ep, tt.before, tt.out), cmp.AllowUnexported(decision{}, tally{})); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

func TestLimited(t *testing.T) {
	for name, tt := range map[string]struct {
		out  outcome
		want bool
	}{
		"429":                  {outcome{err: &Error{Status: 429}, retryAfter: -1}, true},
		"503":                  {outcome{err: &Error{Status: 503}, retryAfter: -1}, false},
		"503 with Retry-After": {outcome{err: &Error{Status: 503}}, true},
		"500 with Retry-After": {outcome{err: &Error{Status: 500}, retryAfter: 1}, false},
		"success":              {outcome{}, false},
	} {
		if tt.out.limited() != tt.want {
			t.Errorf("%s: %v", name, !tt.want)
		}
	}
}

func TestExponential(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 1, 1: 1, 2: 2, 3: 4, 4: 8, 5: 10, 100: 10} {
		if got := exponential(1, 10, n); got != want {
			t.Errorf("%d: %d, want %d", n, got, want)
		}
	}
}
