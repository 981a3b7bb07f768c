package indus

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// newTransport is the transport of a client without one of its own. It keeps
// as many connections as there are requests at once.
func newTransport(parallelism int) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	t.MaxIdleConns, t.MaxIdleConnsPerHost = parallelism, parallelism
	return t
}

// sent watches whether a request got a connection to be written to. A
// transport that does not report to httptrace counts as having sent.
type sent struct{ asked, got atomic.Bool }

func (s *sent) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { s.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { s.got.Store(true) },
	})
}

// fate is what a request that ended with err did. net/http sends a request again
// on a fresh connection only when nothing of it was written, or when it is a
// GET; so a failed dial at the end proves that a write was never sent.
func (s *sent) fate(err error) fate {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" || s.asked.Load() && !s.got.Load() {
		return unsent
	}
	return uncertain
}

// broken names what happened to a connection in the user's words. detail is
// the reason below, without the URL that net/url would put into it.
func broken(err error) (message, detail string, lasting bool) {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	var (
		op   *net.OpError
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		nerr net.Error
	)
	switch {
	case errors.As(err, &cert):
		return "no trusted connection", cert.Error(), true
	case errors.Is(err, http.ErrSchemeMismatch):
		return "no trusted connection", "the server does not speak TLS", true
	case errors.As(err, &dns):
		return "no connection", dns.Error(), dns.IsNotFound
	case strings.Contains(err.Error(), "invalid proxy address"):
		return "no connection", "the proxy's address in the environment is invalid", true // its text may hold a password
	case errors.As(err, &op) && op.Op == "dial":
		return "no connection", op.Error(), false
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isOneOf(err, cutErrors):
		return "cut connection", err.Error(), false
	case errors.As(err, &nerr) && nerr.Timeout():
		return "no answer in time", err.Error(), false
	}
	return "broken connection", err.Error(), false
}

// isClosed says whether a connection was turned away at once: nothing listens at
// the address, or this machine has no way to it.
func isClosed(err error) bool { return isOneOf(err, closedErrors) }

func isOneOf(err error, causes []error) bool {
	return slices.ContainsFunc(causes, func(cause error) bool { return errors.Is(err, cause) })
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// origin is the scheme, host and port of a URL in the one form that plans use.
func origin(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	return scheme + "://" + strings.TrimSuffix(host, ":"+defaultPorts[scheme])
}

const (
	maxRedirects = 3
	inACircle    = "redirected in a circle"
)

// refuse says why a redirect is not followed, "" when it is: for a read, on the
// same host, with the same verb. Credentials never go to another host.
func (e *endpoint) refuse(next *http.Request, via []*http.Request) string {
	switch {
	case origin(via[0].URL) != origin(next.URL):
		return "redirected to another host, " + clean(next.URL.Scheme+"://"+next.URL.Host, 100) + ": not followed"
	case e.class != read || next.Method != e.method:
		return "redirected: not followed"
	case len(via) > maxRedirects:
		return inACircle
	}
	return ""
}
