package indus

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	maxAnswer     = 64 << 20 // bytes of an answer, unpacked
	maxErrorPage  = 1 << 20
	maxRedirects  = 3
	maxRetryAfter = 5 * time.Minute
	slowFactor    = 4 // timeouts of slow endpoints
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
	target := r.url
	for range maxRedirects + 1 {
		resp, err := c.transport.RoundTrip(c.httpRequest(rctx, r, target, authorization))
		if err != nil {
			f := uncertain
			if watch.surelyNot(err) {
				f = unsent
			}
			if rctx.Err() != nil {
				return c.outOfTime(ctx, r, f)
			}
			message, detail, lasting := broken(err)
			return c.failed(r, f, !lasting, message, detail)
		}
		c.noteTime(resp.Header)
		if !isRedirect(resp.StatusCode) {
			return c.readAnswer(ctx, rctx, r, resp)
		}
		next, refusal := follow(r.ep, target, resp)
		drain(resp.Body)
		if refusal != "" {
			return c.redirected(r, resp.StatusCode, refusal)
		}
		target = next
	}
	return c.redirected(r, http.StatusLoopDetected, "redirected in a circle")
}

func (c *Client) httpRequest(ctx context.Context, r *request, target *url.URL, authorization string) *http.Request {
	req := (&http.Request{
		Method: r.ep.method, URL: target, Host: target.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Accept": {"application/json"}, "User-Agent": {c.opt.UserAgent}},
	}).WithContext(ctx)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.ContentLength = int64(len(r.body))
		// With GetBody, net/http moves a request off a stale connection when
		// nothing was written. It never repeats a written POST, PUT, PATCH or
		// DELETE that has no Idempotency-Key.
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
		req.Body, _ = req.GetBody()
	}
	return req
}

// lifetime is the context of one try. A read ends with ctx. A write goes on
// for the grace period after ctx, since its answer says what was done.
func (c *Client) lifetime(ctx context.Context, r *request) (context.Context, context.CancelFunc) {
	if r.ep.class == read {
		return context.WithTimeout(ctx, r.timeout)
	}
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.timeout)
	stop := context.AfterFunc(ctx, func() {
		if c.opt.Sleep(rctx, c.opt.Grace) == nil {
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

// outOfTime is the outcome of a try whose lifetime is over: by an interrupt,
// or by the timeout.
func (c *Client) outOfTime(ctx context.Context, r *request, f fate) outcome {
	switch {
	case ctx.Err() == nil:
		return c.failed(r, f, true, fmt.Sprintf("no answer within %s", r.timeout), "")
	case r.ep.class == read:
		return c.failed(r, f, false, "cancelled", "")
	}
	return c.failed(r, f, false, fmt.Sprintf("no answer within %s after the interrupt", c.opt.Grace), "")
}

// redirected is the outcome of a redirect that was not followed. 307 and 308
// ask for the same request elsewhere, so this one did nothing; the others may
// follow a request that was carried out.
func (c *Client) redirected(r *request, status int, refusal string) outcome {
	f := answered
	if status == http.StatusMovedPermanently || status == http.StatusFound || status == http.StatusSeeOther {
		f = uncertain
	}
	out := c.failed(r, f, false, c.scrub.clean(refusal), "")
	out.err.Status = status
	return out
}

// readAnswer reads an answer to its end and judges it.
func (c *Client) readAnswer(ctx, rctx context.Context, r *request, resp *http.Response) outcome {
	defer resp.Body.Close()
	limit := int64(maxAnswer)
	if resp.StatusCode >= 300 {
		limit = maxErrorPage
	}
	buf := c.buffers.Get().(*bytes.Buffer)
	defer c.recycle(buf)
	buf.Reset()
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, limit+1))
	switch {
	case resp.StatusCode >= 300:
		body := buf.Bytes()[:min(n, limit)]
		v, _ := parse(body)
		return c.refused(r, resp.StatusCode, resp.Header, body, v)
	case err != nil && rctx.Err() != nil:
		return c.outOfTime(ctx, r, uncertain)
	case err != nil:
		_, detail, _ := broken(err)
		return c.failed(r, uncertain, true, "cut answer", detail)
	case n > limit:
		return c.failed(r, uncertain, false, fmt.Sprintf("answer larger than %d MiB", limit>>20), "")
	}
	return c.accepted(r, resp, buf.Bytes())
}

func (c *Client) recycle(buf *bytes.Buffer) {
	if buf.Cap() <= 1<<20 { // a rare giant is not kept
		c.buffers.Put(buf)
	}
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
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		out.passing = true
	}
	c.explain(out.err, header, body, v)
	return out
}

// retryAfter reads the header of that name, in seconds or as a date; it
// returns -1 when there is none. More than five minutes counts as five.
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

// drain reads the rest of a short body, so that its connection can be kept.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10) // only for the connection's sake
	body.Close()
}
