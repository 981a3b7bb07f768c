package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	api "github.com/google/go-github/v84/github"
)

const (
	maxTries   = 5
	maxWait    = 90 * time.Second // that one request spends waiting, in all
	tryTimeout = 30 * time.Second // of one try, its answer included
)

// call sends a request, with in as its body, and decodes the answer into out;
// both may be nil. permission is what the workflow must grant for it. It returns
// the number of a list's next page, 0 for none. The request is repeated while
// that is of use: after 429 and the 403 of a limit, which have done nothing; after
// a cut connection and 5xx where repeating does no harm, which is everything but
// POST. Retry-After is obeyed.
func (c *Client) call(ctx context.Context, permission, method, path string, in, out any) (next int, err error) {
	spacing := backoff.NewExponentialBackOff()
	spacing.InitialInterval, spacing.MaxInterval, spacing.Multiplier = time.Second, 15*time.Second, 2
	var waited time.Duration
	for try := 1; ; try++ {
		resp, err := c.send(ctx, method, path, in, out)
		if err == nil {
			return resp.NextPage, nil
		}
		failure := c.failure(permission, method, path, resp, err)
		code := statusOf(failure)
		broken := code == 0 || code >= 500 && code != http.StatusNotImplemented
		if !limited(resp) && (!broken || method == http.MethodPost) || try == maxTries || ctx.Err() != nil {
			return 0, failure
		}
		wait := max(spacing.NextBackOff(), c.retryAfter(resp))
		if waited += wait; waited > maxWait {
			return 0, failure
		}
		c.opt.Logf("%v; trying again in %s", failure, wait.Round(time.Millisecond))
		if err := c.opt.Sleep(ctx, wait); err != nil {
			return 0, c.failure("", method, path, nil, err)
		}
	}
}

// send is one try. The answer is nil when there was none.
func (c *Client) send(ctx context.Context, method, path string, in, out any) (*api.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	req, err := c.api.NewRequest(method, strings.TrimPrefix(path, "/"), in)
	if err != nil {
		return nil, err
	}
	if !c.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	return c.api.Do(ctx, req, out)
}

// keepToken follows redirects, and leaves the token with the API's own host.
func keepToken(req *http.Request, via []*http.Request) error {
	if first := via[0].URL; req.URL.Scheme != first.Scheme || req.URL.Host != first.Host {
		req.Header.Del("Authorization")
	}
	if len(via) >= 10 {
		return errors.New("it redirects in a circle")
	}
	return nil
}

// limited knows GitHub's limits: 429, or a 403 that says when to come back or
// that nothing is left. A 403 without either is a missing permission.
func limited(resp *api.Response) bool {
	return resp != nil && (resp.StatusCode == http.StatusTooManyRequests ||
		resp.StatusCode == http.StatusForbidden &&
			(resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-RateLimit-Remaining") == "0"))
}

// retryAfter is how long the answer asks to wait; 0 where it does not say.
func (c *Client) retryAfter(resp *api.Response) time.Duration {
	if resp == nil {
		return 0
	}
	after := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err == nil {
		return time.Duration(min(seconds, 86400)) * time.Second
	}
	if at, err := http.ParseTime(after); err == nil {
		return at.Sub(c.opt.Now())
	}
	reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || resp.Header.Get("X-RateLimit-Remaining") != "0" {
		return 0
	}
	return time.Unix(reset, 0).Sub(c.opt.Now())
}

// apiError is a request to GitHub that did not succeed, in one line.
type apiError struct {
	error
	status  int // 0 when there was no answer
	limited bool
	locked  bool // the conversation takes no comment
	hint    string
}

func (e *apiError) Hint() string  { return e.hint }
func (e *apiError) Unwrap() error { return e.error }

func statusOf(err error) int {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e.status
	}
	return 0
}

// failure makes our error of the client library's; resp is nil for no answer.
func (c *Client) failure(permission, method, path string, resp *api.Response, err error) error {
	path, _, _ = strings.Cut(path, "?")
	what := fmt.Sprintf("github: %s %s", method, path)
	if resp == nil || resp.StatusCode < 300 {
		return &apiError{error: fmt.Errorf("%s: %w", what, cause(err))}
	}
	code := resp.StatusCode
	e := &apiError{error: fmt.Errorf("%s: %d %s", what, code, message(resp)), status: code, limited: limited(resp)}
	e.locked = code == http.StatusForbidden && strings.Contains(e.Error(), "locked")
	switch {
	case e.locked:
		e.hint = "unlock the conversation, or give the input comment: false"
	case code == http.StatusForbidden && strings.Contains(e.Error(), "not permitted to create or approve pull requests"):
		e.hint = "let workflows do that: Settings, Actions, General, Allow GitHub Actions to create and approve pull requests"
	case e.limited:
		e.hint = "the token's request limit is used up; run the job again later"
	case code == http.StatusUnauthorized && c.token.IsZero():
		e.hint = "there is no token: give the input github-token, or the variable GITHUB_TOKEN"
	case code == http.StatusUnauthorized:
		e.hint = "the token is not valid any more; see the input github-token"
	case permission != "" && (code == http.StatusForbidden || code == http.StatusNotFound):
		e.hint = fmt.Sprintf("the workflow's token needs `permissions: %s`", permission)
	}
	return e
}

// message is what an answer says of why it is no success.
func message(resp *api.Response) string {
	var answer api.ErrorResponse
	_ = json.NewDecoder(resp.Body).Decode(&answer) // what is no JSON has no message
	text := answer.Message
	for _, one := range answer.Errors {
		if one.Message != "" {
			text += ": " + one.Message
		}
	}
	return cmp.Or(oneLine(text), http.StatusText(resp.StatusCode))
}

// cause is why there was no answer, without the URL.
func cause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	}
	return errors.New(oneLine(err.Error()))
}

func oneLine(s string) string { return cut(strings.Join(strings.Fields(s), " "), 400) }
