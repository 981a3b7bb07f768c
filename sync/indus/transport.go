package indus

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// newTransport is the transport of a client without one of its own. It keeps
// as many connections as there are requests at once.
func newTransport(parallelism int, timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: slowFactor * timeout,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConns:          parallelism,
		MaxIdleConnsPerHost:   parallelism,
	}
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

// surelyNot reports that err came before anything was written. net/http sends a
// request again on a fresh connection only when nothing of it was written, or
// when it is a GET; so a failed dial at the end proves the same for a write.
func (s *sent) surelyNot(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	return s.asked.Load() && !s.got.Load()
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
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "cut connection", err.Error(), false
	case errors.As(err, &nerr) && nerr.Timeout():
		return "no answer in time", err.Error(), false
	}
	return "broken connection", err.Error(), false
}

// sameOrigin reports whether a and b have scheme, host and port in common.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

func port(u *url.URL) string {
	return cmp.Or(u.Port(), defaultPorts[u.Scheme])
}

// follow returns the URL that a redirect leads to, when it may be followed: for
// a read, on the same host, with the same verb. Otherwise the refusal says why
// not; credentials never follow to another host.
func follow(ep *endpoint, from *url.URL, resp *http.Response) (next *url.URL, refusal string) {
	location := resp.Header.Get("Location")
	to, err := from.Parse(location)
	if location == "" || err != nil {
		return nil, "redirected to nowhere"
	}
	if !sameOrigin(from, to) {
		return nil, "redirected to another host, " + clean(to.Scheme+"://"+to.Host, 100) + ": not followed"
	}
	keepsVerb := resp.StatusCode == http.StatusTemporaryRedirect || resp.StatusCode == http.StatusPermanentRedirect
	if ep.class != read || ep.method != http.MethodGet && !keepsVerb {
		return nil, "redirected: not followed"
	}
	to.Fragment, to.User = "", nil
	return to, ""
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}
