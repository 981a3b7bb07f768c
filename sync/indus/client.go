// Package indus is the HTTP client of the IndusLabs developer API: one table
// of endpoints, logins, envelopes, errors, retries and limits. It returns what
// the platform has in diff's types and knows nothing of plans.
package indus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/agentsync/agentsync/internal/secret"
	"github.com/agentsync/agentsync/spec"
)

// Credentials are what the client may log in with: a Token, or Email and
// Password, or all three (the token first). APIKey is for the legacy listing.
type Credentials struct {
	Email                   string
	Password, Token, APIKey secret.Secret
}

// Options say how a client works. BaseURL and Vars are required; every other
// zero value stands for a default.
type Options struct {
	BaseURL     string // https://host[/prefix]; http only for a loopback host
	Credentials Credentials
	Vars        spec.CredentialVars // what messages tell the user to set
	UserAgent   string              // "agentsync/<version>"
	Parallelism int                 // most requests in flight at once; 16
	Transport   http.RoundTripper
	Now         func() time.Time
	Sleep       func(context.Context, time.Duration) error // ends early with ctx's error
	Rand        func() float64                             // jitter, in [0,1)
	// VersionItems keeps the outcomes and infields that a version went live with.
	VersionItems bool
	// Unknown, where not nil, gets the names of fields that agentsync doesn't know
	// of each agent, outcome and infield that is read; see diff.UnknownOf.
	Unknown func(agentID, section string, names []string)
	// Logf gets a line for each request that is repeated, with the reason. No
	// line contains a secret.
	Logf func(format string, args ...any)
	// Messagef gets a line for people while the platform can't be reached. No line
	// contains a secret.
	Messagef func(format string, args ...any)
}

// Client speaks to one account on one platform. All methods, and the functions in
// its options, may be called from many goroutines. Errors of requests are of type *Error.
type Client struct {
	opt       Options
	base      string // without a trailing slash
	transport http.RoundTripper
	ahead     atomic.Pointer[time.Duration] // the platform's clock, of ours; nil before the first answer
	auth      *auth
	gate      *gate
	scrub     *scrubber
	noListing atomic.Bool
	placing   moved // endpoint 30
	reading   moved // endpoint 31
	outage    outage
}

// outage is what was said of a platform that does not answer.
type outage struct {
	sync.Mutex
	said   int       // tries
	until  time.Time // the end of the pause that was told of last
	passed int       // requests that the platform had accepted then
}

// New makes a client. It sends nothing: the login comes with the first request
// that needs one. A base URL that would carry credentials in the clear is an
// error.
func New(opt Options) (*Client, error) {
	base, err := parseBase(opt.BaseURL)
	if err != nil {
		return nil, err
	}
	opt.fillDefaults()
	creds := &opt.Credentials
	creds.Token = secret.New(strings.TrimSpace(creds.Token.Reveal()))
	if !creds.Token.IsZero() && !fitsHeader(creds.Token.Reveal()) {
		return nil, fmt.Errorf("%s is no token: it holds characters that a header cannot", opt.Vars.Token)
	}
	c := &Client{opt: opt, base: base.String(), transport: opt.Transport, scrub: &scrubber{}}
	if c.transport == nil {
		c.transport = newTransport(opt.Parallelism)
	}
	c.scrub.add(secret.New(creds.Email), creds.Password, creds.Token, creds.APIKey)
	c.placing.newer, c.placing.older = opClick2CallNew, opClick2Call
	c.reading.newer, c.reading.older = opTranscriptNew, opTranscript
	c.auth = newAuth(c)
	c.gate = newGate(opt, c.jitter)
	return c, nil
}

func (o *Options) fillDefaults() {
	o.UserAgent = cmp.Or(o.UserAgent, "agentsync/dev")
	o.Parallelism = cmp.Or(o.Parallelism, 16)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = Sleep
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	if o.Messagef == nil {
		o.Messagef = func(string, ...any) {}
	}
}

// Sleep waits; it ends early with ctx's error.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// CanonicalBaseURL returns an address for Options.BaseURL in the one form that
// plans use: scheme and host in lower case, no default port, no slash at the
// end. The error says what is wrong with the address.
func CanonicalBaseURL(raw string) (string, error) {
	u, err := parseBase(raw)
	if err != nil {
		return "", err
	}
	return origin(u) + u.EscapedPath(), nil
}

// parseBase checks the base URL. The error does not repeat a password that may
// be in it.
func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	switch {
	case raw == "":
		return nil, errors.New("no base URL is given")
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("base URL: want https://host")
	case u.User != nil:
		return nil, errors.New("base URL: must not hold a user name or password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("base URL: must not hold a query or fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, fmt.Errorf("base URL: %s://%s would carry credentials in the clear: want https (http is for a loopback host only)",
			clean(u.Scheme, 16), clean(u.Host, 100))
	}
	return u, nil
}

func loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// logf writes a line for -v.
func (c *Client) logf(format string, args ...any) {
	c.opt.Logf("%s", c.scrub.clean(fmt.Sprintf(format, args...)))
}

// noteTime reads the platform's time, which may be minutes off ours, in the
// Date of an answer.
func (c *Client) noteTime(header http.Header) {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		ahead := date.Sub(c.opt.Now())
		c.ahead.Store(&ahead)
	}
}

// Now is the time by the platform's clock, to the second; zero before its first
// answer with a date.
func (c *Client) Now() time.Time {
	ahead := c.ahead.Load()
	if ahead == nil {
		return time.Time{}
	}
	return c.opt.Now().Add(*ahead)
}
