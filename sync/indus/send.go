package indus

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	timeout       = 30 * time.Second // of one request, from its start to the end of its answer
	slowFactor    = 2                // timeouts of slow endpoints
	grace         = 4 * time.Second  // that a write in flight goes on after its context ended
	maxAnswer     = 64 << 20         // bytes of an answer, unpacked
	maxErrorPage  = 1 << 20
	maxRetryAfter = time.Hour
)

// roundTrip sends r once, follows redirects where that is safe, and judges
// the answer.
func (c *Client) roundTrip(ctx context.Context, r *request, authorization string) outcome {
	rctx, cancel := c.lifetime(ctx, r)
	defer cancel()
	var watch sent
	if r.ep.class != read {
		rctx = watch.trace(rctx)
	}
	// net/http moves a request off a stale connection when nothing was written.
	// It never repeats a written POST, PUT, PATCH or DELETE that has no
	// Idempotency-Key.
	req, err := http.NewRequestWithContext(rctx, r.ep.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return c.failed(r, unsent, false, "no valid URL", "")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.opt.UserAgent)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	refusal := ""
	client := http.Client{Transport: c.transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if refusal = r.ep.refuse(next, via); refusal != "" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := client.Do(req)
	switch {
	case err != nil:
		return c.unanswered(ctx, rctx, r, watch.fate(err), err)
	case resp.StatusCode/100 == 3:
		resp.Body.Close()
		return c.redirected(r, resp.StatusCode, cmp.Or(refusal, "redirected to nowhere"))
	}
	c.noteTime(resp.Header)
	return c.readAnswer(ctx, rctx, r, resp)
}

// lifetime is the context of one try. A read ends with ctx. A write goes on
// for the grace period after ctx, since its answer says what was done.
func (c *Client) lifetime(ctx context.Context, r *request) (context.Context, context.CancelFunc) {
	if r.ep.class == read {
		return context.WithTimeout(ctx, r.timeout)
	}
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.timeout)
	stop := context.AfterFunc(ctx, func() {
		if c.opt.Sleep(rctx, grace) == nil {
			cancel()
		}
	})
	return rctx, func() { stop(); cancel() }
}

// failed is the outcome of a try without an answer that can be used.
func (c *Client) failed(r *request, f fate, passing bool, message, detail string) outcome {
	return outcome{fate: f, passing: passing, retryAfter: -1, err: &Error{
		Op: r.op, Message: message, Detail: c.scrub.line(detail, messageLimit),
	}}
}

// unanswered is the outcome of a try whose connection broke, or whose lifetime
// is over, by an interrupt or by the timeout.
func (c *Client) unanswered(ctx, rctx context.Context, r *request, f fate, err error) outcome {
	switch {
	case rctx.Err() == nil:
		message, detail, lasting := broken(err)
		out := c.failed(r, f, !lasting, message, detail)
		out.silent, out.closed = f == unsent, isClosed(err)
		return out
	case ctx.Err() == nil:
		out := c.failed(r, f, true, fmt.Sprintf("no answer within %s", r.timeout), "")
		out.silent = true
		return out
	case r.ep.class == read:
		return c.failed(r, f, false, "cancelled", "")
	}
	return c.failed(r, f, false, fmt.Sprintf("no answer within %s after the interrupt", grace), "")
}

// redirected is the outcome of a redirect that was not followed. 307 and 308
// ask for the same request elsewhere, so this one did nothing; the others may
// follow a request that was carried out.
func (c *Client) redirected(r *request, status int, refusal string) outcome {
	out := c.failed(r, uncertain, false, c.scrub.clean(refusal), "")
	if status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect {
		out.fate = answered
	}
	if out.err.Status = status; refusal == inACircle {
		out.err.Status = http.StatusLoopDetected
	}
	return out
}

// readAnswer reads an answer to its end and judges it.
func (c *Client) readAnswer(ctx, rctx context.Context, r *request, resp *http.Response) outcome {
	defer resp.Body.Close()
	limit := maxAnswer
	if resp.StatusCode >= 300 {
		limit = maxErrorPage
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	switch {
	case resp.StatusCode >= 300:
		v, _ := parse(body)
		return c.refused(r, resp.StatusCode, resp.Header, body, v)
	case err != nil && rctx.Err() == nil:
		_, detail, _ := broken(err)
		return c.failed(r, uncertain, true, "cut answer", detail)
	case err != nil:
		return c.unanswered(ctx, rctx, r, uncertain, err)
	case len(body) > limit:
		return c.failed(r, uncertain, false, fmt.Sprintf("answer larger than %d MiB", limit>>20), "")
	}
	return c.accepted(r, resp, body)
}

// accepted judges a whole 2xx answer.
func (c *Client) accepted(r *request, resp *http.Response, body []byte) outcome {
	if len(bytes.TrimSpace(body)) == 0 && r.ep.class != read {
		return outcome{} // a caller that needs fields will miss them
	}
	v, err := parse(body)
	if err != nil {
		detail := err.Error()
		if text := pageText(body); text != "" && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
			detail = "a page titled " + strconv.Quote(text)
		}
		out := c.failed(r, uncertain, r.ep.class == read, "answer is not JSON", detail)
		out.err.Status = resp.StatusCode
		return out
	}
	payload, status, failed := openEnvelope(v)
	switch {
	case !failed:
		return outcome{value: payload}
	case status >= 400:
		return c.refused(r, status, resp.Header, body, v)
	}
	out := c.refused(r, resp.StatusCode, resp.Header, body, v)
	out.fate = uncertain // success and an error in one answer
	return out
}

// refused judges an answer whose status is an error.
func (c *Client) refused(r *request, status int, header http.Header, body []byte, v any) outcome {
	out := outcome{err: &Error{Op: r.op, Status: status}, retryAfter: retryAfter(header, c.opt.Now())}
	if status < 400 || status >= 500 && status != http.StatusNotImplemented {
		out.fate = uncertain
	}
	out.final = r.ep.class == single
	out.passing = slices.Contains([]int{429, 502, 503, 504}, status) && !out.final
	c.explain(out.err, header, body, v)
	return out
}

// retryAfter reads the header of that name, in seconds or as a date; it
// returns -1 when there is none. More than an hour counts as one.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		return time.Duration(min(max(seconds, 0), maxRetryAfter.Seconds()) * float64(time.Second))
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(now), 0), maxRetryAfter)
	}
	return -1
}
