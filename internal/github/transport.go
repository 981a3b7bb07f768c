package github

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/agentsync/agentsync/internal/secret"
	"github.com/cenkalti/backoff/v5"
)

const (
	maxTries     = 5
	maxWait      = 90 * time.Second // that one request spends waiting, in all
	tryTimeout   = 30 * time.Second // of one try, its answer included
	firstBackoff = time.Second
	lastBackoff  = 15 * time.Second
	maxAnswer    = 64 << 20
)

// transport sends requests with the token, to the API's own host alone, and
// repeats them while that is of use: after 429 and the 403 of a limit, which
// have done nothing; after a cut connection and 5xx where repeating does no
// harm, which is everything but POST. Retry-After is obeyed.
type transport struct {
	next  http.RoundTripper
	host  *url.URL
	token secret.Secret
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
	logf  func(string, ...any)
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	spacing := &backoff.ExponentialBackOff{InitialInterval: firstBackoff, Multiplier: 2, MaxInterval: lastBackoff, RandomizationFactor: 0.5}
	var waited time.Duration
	for try := 1; ; try++ {
		resp, err := t.send(req)
		wait, again := t.again(req, resp, err)
		if !again || try == maxTries || req.Context().Err() != nil || req.Body != nil && req.GetBody == nil {
			return resp, err
		}
		wait = max(wait, spacing.NextBackOff())
		if waited += wait; waited > maxWait {
			return resp, err
		}
		t.logf("github: %s %s: %s; trying again in %s", req.Method, req.URL.Path, outcome(resp, err), wait.Round(time.Millisecond))
		if resp != nil {
			resp.Body.Close()
		}
		if err := t.sleep(req.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// send is one try. Its answer is read whole, so that a connection that is cut
// in the middle is a failed try.
func (t *transport) send(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), tryTimeout)
	defer cancel()
	out := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		out.Body = body
	}
	out.Header.Del("Authorization")
	if req.URL.Scheme == t.host.Scheme && req.URL.Host == t.host.Host && !t.token.IsZero() {
		out.Header.Set("Authorization", "Bearer "+t.token.Reveal())
	}
	resp, err := t.next.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return resp, nil
}

// again says whether the request may be sent again, and the least wait.
func (t *transport) again(req *http.Request, resp *http.Response, err error) (time.Duration, bool) {
	if err != nil {
		return 0, req.Method != http.MethodPost
	}
	switch {
	case limited(resp):
		return t.retryAfter(resp), true
	case resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented:
		return t.retryAfter(resp), req.Method != http.MethodPost
	}
	return 0, false
}

// limited knows GitHub's limits: 429, or a 403 that says when to come back or
// that nothing is left. A 403 without either is a missing permission.
func limited(resp *http.Response) bool {
	return resp.StatusCode == http.StatusTooManyRequests ||
		resp.StatusCode == http.StatusForbidden &&
			(resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-RateLimit-Remaining") == "0")
}

// retryAfter is how long the answer asks to wait: Retry-After in seconds or as
// a date, else until the limit's window ends.
func (t *transport) retryAfter(resp *http.Response) time.Duration {
	if after := resp.Header.Get("Retry-After"); after != "" {
		if seconds, err := strconv.Atoi(after); err == nil && seconds >= 0 {
			return time.Duration(min(seconds, 86400)) * time.Second
		}
		if at, err := http.ParseTime(after); err == nil {
			return max(0, at.Sub(t.now()))
		}
	}
	if resp.Header.Get("X-RateLimit-Remaining") == "0" {
		if at, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			return max(0, time.Unix(at, 0).Sub(t.now()))
		}
	}
	return 0
}

func outcome(resp *http.Response, err error) string {
	if err != nil {
		return errText(err)
	}
	return resp.Status
}
