package indus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

// request is one call of an endpoint, over all its tries.
type request struct {
	ep     *endpoint
	op     string // "GET /api/agents/AGT_1", for messages
	url    string
	body   []byte
	urgent bool // the login that others wait for: does not queue behind them
	tally
}

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
	fate       fate
	cut        bool          // the connection failed, also in mid-answer
	unreadable bool          // 2xx with a body that is no JSON
	lasting    bool          // trying again cannot help
	retryAfter time.Duration // what the server asked for; -1 for nothing
}

// roundTrip sends r once, follows redirects where that is safe, and judges
// the answer.
func (c *Client) roundTrip(ctx context.Context, r *request, authorization string) outcome {
	rctx, cancel := c.lifetime(ctx, r)
	defer cancel()
	var watch sent
	if r.ep.class != read {
		rctx = watch.trace(rctx)
	}
	target, err := url.Parse(r.url)
	if err != nil {
		return c.failed(r, answered, "no valid URL", "")
	}
	for range maxRedirects + 1 {
		resp, err := c.clock.RoundTrip(c.httpRequest(rctx, r, target, authorization))
		if err != nil {
			return c.noAnswer(ctx, rctx, r, &watch, err)
		}
		if isRedirect(resp.StatusCode) {
			next, refusal := follow(r, target, resp)
			drain(resp.Body)
			if refusal != "" {
				return c.redirected(r, resp.StatusCode, refusal)
			}
			target = next
			continue
		}
		return c.readAnswer(ctx, rctx, r, resp)
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
		req.Body = io.NopCloser(bytes.NewReader(r.body))
		// With GetBody, net/http moves a request off a stale connection when
		// nothing was written. It never repeats a written POST, PUT, PATCH or
		// DELETE that has no Idempotency-Key.
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
	}
	return req
}

// lifetime is the context of one try. A read ends with ctx. A write goes on
// for the grace period after ctx, since its answer tells what was done.
func (c *Client) lifetime(ctx context.Context, r *request) (context.Context, context.CancelFunc) {
	timeout := c.opt.Timeout
	if r.ep.slow {
		timeout *= slowFactor
	}
	if r.ep.class == read {
		return context.WithTimeout(ctx, timeout)
	}
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() {
		if c.opt.Sleep(rctx, c.opt.Grace) == nil {
			cancel()
		}
	})
	return rctx, func() { stop(); cancel() }
}

// noAnswer is the outcome of a try whose connection failed.
func (c *Client) noAnswer(ctx, rctx context.Context, r *request, watch *sent, err error) outcome {
	f := uncertain
	if watch.surelyNot(err) {
		f = unsent
	}
	if ended := rctx.Err(); ended != nil {
		return c.outOfTime(ctx, r, f, ended)
	}
	message, detail, lasting := broken(err)
	out := c.failed(r, f, message, detail)
	out.cut, out.lasting = true, lasting
	return out
}

// outOfTime is the outcome of a try that its own context ended: by the
// caller, or by the timeout.
func (c *Client) outOfTime(ctx context.Context, r *request, f fate, ended error) outcome {
	if ctx.Err() != nil {
		message := "cancelled"
		if r.ep.class != read {
			message = fmt.Sprintf("no answer within %s after the interrupt", c.opt.Grace)
		}
		out := c.failed(r, f, message, "")
		out.lasting = true
		return out
	}
	timeout := c.opt.Timeout
	if r.ep.slow {
		timeout *= slowFactor
	}
	message := fmt.Sprintf("no answer within %s", timeout)
	if !errors.Is(ended, context.DeadlineExceeded) {
		message = "cancelled"
	}
	out := c.failed(r, f, message, "")
	out.cut = true
	return out
}

func (c *Client) failed(r *request, f fate, message, detail string) outcome {
	return outcome{fate: f, retryAfter: -1, err: &Error{
		Op: r.op, Message: message, Detail: clean(c.scrub.clean(detail), messageLimit),
	}}
}

// redirected is the outcome of a redirect that was not followed. 307 and 308
// ask for the same request elsewhere, so this one did nothing; the others may
// follow a request that was carried out.
func (c *Client) redirected(r *request, status int, refusal string) outcome {
	f := answered
	if status == http.StatusMovedPermanently || status == http.StatusFound || status == http.StatusSeeOther {
		f = uncertain
	}
	out := c.failed(r, f, c.scrub.clean(refusal), "")
	out.err.Status, out.lasting = status, true
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
	if resp.StatusCode >= 300 {
		body := buf.Bytes()[:min(n, limit)]
		v, _ := parse(body)
		return c.refused(r, resp.StatusCode, resp.Header, body, v)
	}
	switch {
	case err != nil && rctx.Err() != nil:
		return c.outOfTime(ctx, r, uncertain, rctx.Err())
	case err != nil:
		_, detail, _ := broken(err)
		out := c.failed(r, uncertain, "cut answer", detail)
		out.cut = true
		return out
	case n > limit:
		out := c.failed(r, uncertain, fmt.Sprintf("answer larger than %d MiB", limit>>20), "")
		out.lasting = true
		return out
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
		return outcome{retryAfter: -1} // a caller that needs fields will miss them
	}
	v, err := parse(body)
	if err != nil {
		detail := err.Error()
		if text := pageText(body); text != "" && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
			detail = "a page titled " + strconv.Quote(text)
		}
		out := c.failed(r, uncertain, "answer is not JSON", detail)
		out.err.Status, out.unreadable = resp.StatusCode, true
		return out
	}
	env, ok := openEnvelope(v)
	switch {
	case !ok:
		return outcome{value: v, retryAfter: -1}
	case !env.failed:
		return outcome{value: env.data, retryAfter: -1}
	case env.status >= 400:
		return c.refused(r, env.status, resp.Header, body, v)
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
	c.explain(out.err, header, body, v)
	return out
}

// retryAfter reads the header of that name, in seconds or as a date; -1 when
// there is none. More than a minute counts as a minute.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if value == "" {
		return -1
	}
	d := time.Duration(-1)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		d = time.Duration(min(max(seconds, 0), maxRetryAfter.Seconds()) * float64(time.Second))
	} else if date, err := http.ParseTime(value); err == nil {
		d = max(date.Sub(now), 0)
	}
	return min(d, maxRetryAfter)
}

// drain reads the rest of a short body, so that its connection can be kept.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10) // only for the connection's sake
	body.Close()
}

// encode gives a request body.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
