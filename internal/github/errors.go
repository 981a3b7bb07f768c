package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	api "github.com/google/go-github/v84/github"
)

// APIError is a request to GitHub that did not succeed, in one line.
type APIError struct {
	Op      string // verb and path
	Status  int    // 0 when there was no answer
	Message string
	hint    string
	cause   error
}

func (e *APIError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("github: %s: %s", e.Op, e.Message)
	}
	return fmt.Sprintf("github: %s: %d %s", e.Op, e.Status, e.Message)
}

// Hint is the way out, "" for none.
func (e *APIError) Hint() string { return e.hint }

func (e *APIError) Unwrap() error { return e.cause }

func statusOf(err error) int {
	var e *APIError
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// mayNot says that the token may not do it: for a fork's pull request that is
// how it should be.
func mayNot(err error) bool {
	status := statusOf(err)
	return status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusUnauthorized
}

// wrap turns an error of the client library into ours. permission is what the
// workflow must grant for the request, such as "pull-requests: write".
func (c *Client) wrap(method, path, permission string, err error) error {
	if err == nil {
		return nil
	}
	e := &APIError{Op: method + " " + path}
	if errors.Is(err, context.Canceled) {
		e.cause = context.Canceled
	}
	var resp *http.Response
	e.Message, resp = describe(err)
	if resp != nil {
		e.Status = resp.StatusCode
	}
	switch {
	case resp != nil && limited(resp):
		e.hint = "the token's request limit is used up; run the job again later"
	case e.Status == http.StatusUnauthorized && c.transport.token.IsZero():
		e.hint = "there is no token: give the input github-token, or the variable GITHUB_TOKEN"
	case e.Status == http.StatusUnauthorized:
		e.hint = "the token is not valid any more; see the input github-token"
	case e.Status == http.StatusForbidden, e.Status == http.StatusNotFound && permission != "":
		e.hint = fmt.Sprintf("the workflow's token needs `permissions: %s`", permission)
	}
	return e
}

// describe returns the message of a library's error and the answer it is about.
func describe(err error) (string, *http.Response) {
	var (
		answer *api.ErrorResponse
		rate   *api.RateLimitError
		abuse  *api.AbuseRateLimitError
	)
	switch {
	case errors.As(err, &answer):
		return cmp.Or(oneLine(messages(answer)), http.StatusText(answer.Response.StatusCode)), answer.Response
	case errors.As(err, &rate):
		return oneLine(rate.Message), rate.Response
	case errors.As(err, &abuse):
		return oneLine(abuse.Message), abuse.Response
	}
	return errText(err), nil
}

func messages(answer *api.ErrorResponse) string {
	out := answer.Message
	for _, one := range answer.Errors {
		if one.Message != "" {
			out += ": " + one.Message
		}
	}
	return out
}

// errText is a transport's error without the URL, which the error around it
// names already.
func errText(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return oneLine(err.Error())
}

func oneLine(s string) string { return cut(strings.Join(strings.Fields(s), " "), 400) }
