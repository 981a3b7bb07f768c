package indus

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/agentsync/agentsync/internal/secret"
)

// token is one access token. A new one is a new value, so that a 401 is about
// this token and no later one.
type token struct {
	header string // "Bearer …"
	minted bool   // by a login or refresh of ours, not the user's
	worked atomic.Bool
}

// judge notes whether the platform has accepted the token.
func (t *token) judge(out *outcome) {
	refused := out.is(http.StatusUnauthorized) || out.is(http.StatusTooManyRequests)
	if out.err == nil || out.err.Status >= 400 && out.err.Status < 500 && !refused {
		t.worked.Store(true)
	}
}

// auth keeps the token and lets one request at a time renew it, however many
// are waiting.
type auth struct {
	c    *Client
	turn chan struct{} // has a value in it while somebody renews

	mu        sync.Mutex
	tok       *token // nil before the first login and when it died
	fatal     *Error // what no further request can change
	ended     int    // renewals that were not interrupted
	err       *Error // of the latest of these
	barren    int    // tokens of our own making that died one after the other and never worked
	refresh   secret.Secret
	noRefresh bool // the platform has no endpoint 2
}

func newAuth(c *Client) *auth {
	a := &auth{c: c, turn: make(chan struct{}, 1)}
	if t := c.opt.Credentials.Token; !t.IsZero() {
		a.tok = &token{header: "Bearer " + t.Reveal()}
	}
	return a
}

// state returns the token to send now, nil when there is none that lives, and
// how many renewals have ended.
func (a *auth) state() (tok *token, ended int, fatal *Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tok, a.ended, a.fatal
}

// ready returns when there is a token: at once, or after a renewal, its own or
// another request's. All that waited for a renewal that failed get its error;
// of one that was interrupted, the next makes another.
func (a *auth) ready(ctx context.Context) *Error {
	tok, before, fatal := a.state()
	if tok != nil || fatal != nil {
		return fatal
	}
	if err := acquire(ctx, a.turn); err != nil {
		return &Error{Op: opLogin.op(), Message: "cancelled", auth: true, cause: err}
	}
	defer func() { <-a.turn }()
	switch tok, ended, fatal := a.state(); {
	case tok != nil || fatal != nil:
		return fatal
	case ended != before:
		return a.err // only who has the turn writes it
	}
	return a.renew(ctx)
}

// renew gets a new token: by the refresh token, else by logging in.
func (a *auth) renew(ctx context.Context) *Error {
	tok, err := a.refreshed(ctx)
	if tok == nil && err == nil {
		tok, err = a.login(ctx)
	}
	if err != nil && ctx.Err() != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tok, a.err = tok, err
	a.ended++
	if err != nil && err.refusal() {
		a.fatal = err
	}
	return err
}

// refusal reports that asking again cannot help: a refused login, or no
// credentials at all.
func (e *Error) refusal() bool {
	return e.Status == 0 && e.tries == 0 || e.Status >= 300 && e.Status < 500 && e.Status != http.StatusTooManyRequests
}

// died takes tok out of use, unless that has happened already. It is the end
// when there is no way to log in, and when the platform refuses one after the
// other of the tokens that it makes.
func (a *auth) died(tok *token, answer *Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tok != tok {
		return
	}
	a.tok = nil
	if a.barren++; !tok.minted || tok.worked.Load() {
		a.barren = 0
	}
	switch vars := a.c.opt.Vars; {
	case a.barren == 2:
		a.fatal = asAuth(answer, " (to a token that the login had just given)")
	case !tok.minted && a.c.missing() != nil:
		a.fatal = asAuth(answer, ": the token was refused: set "+vars.Token+" to a new one, or "+vars.Email+" and "+vars.Password)
	}
}

// asAuth returns an error as one of the login, with a remark.
func asAuth(e *Error, remark string) *Error {
	copied := *e
	copied.auth = true
	copied.Message += remark
	return &copied
}

// refreshed uses the refresh token (endpoint 2). nil and no error: log in.
func (a *auth) refreshed(ctx context.Context) (*token, *Error) {
	a.mu.Lock()
	refresh, skip := a.refresh, a.noRefresh
	a.mu.Unlock()
	if refresh.IsZero() || skip {
		return nil, nil
	}
	a.c.logf("refreshing the access token")
	v, err := a.c.do(ctx, opRefresh, input{query: url.Values{"refresh_token": {refresh.Reveal()}}, urgent: true})
	if err != nil && ctx.Err() != nil {
		return nil, asAuth(err, "")
	}
	if tok := a.accept(v); tok != nil {
		return tok, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refresh = secret.Secret{} // the next login brings another
	a.noRefresh = err.absent()
	return nil, nil
}

// login logs in with email and password (endpoint 1, or 29 where that one is
// not served).
func (a *auth) login(ctx context.Context) (*token, *Error) {
	creds, vars := a.c.opt.Credentials, a.c.opt.Vars
	if e := a.c.missing(); e != nil {
		return nil, e
	}
	a.c.logf("logging in")
	in := input{urgent: true, body: map[string]string{"email": creds.Email, "password": creds.Password.Reveal()}}
	v, err := a.c.do(ctx, opLogin, in)
	if err.absent() {
		if v2, err2 := a.c.do(ctx, opDeveloperLogin, in); !err2.absent() {
			v, err = v2, err2
		}
	}
	if err != nil {
		e := asAuth(err, "")
		e.Op = "log in: " + e.Op
		if len(creds.Password.Reveal()) < 4 && e.Status != 0 {
			e.Message = http.StatusText(e.Status) // the password is too short to be masked in the server's message
		}
		e.advise(vars.Email + " and " + vars.Password)
		return nil, e
	}
	if tok := a.accept(v); tok != nil {
		return tok, nil
	}
	return nil, &Error{Op: opLogin.op(), Message: "no access_token in the answer", auth: true}
}

// CheckCredentials returns an error that names the variables to set, without a
// request: an API key alone can list agents, and do nothing else.
func (c *Client) CheckCredentials() error {
	if e := c.missing(); e != nil && c.opt.Credentials.Token.IsZero() {
		return e
	}
	return nil
}

// missing says which variables to set for a login; nil when none is missing.
func (c *Client) missing() *Error {
	creds, vars := c.opt.Credentials, c.opt.Vars
	message := ""
	switch {
	case creds.Email == "" && creds.Password.IsZero():
		message = "no credentials: set " + vars.Email + " and " + vars.Password + ", or " + vars.Token
	case creds.Email == "":
		message = vars.Email + " is not set (" + vars.Password + " is)"
	case creds.Password.IsZero():
		message = vars.Password + " is not set (" + vars.Email + " is)"
	default:
		return nil
	}
	return &Error{Op: "log in", auth: true, Message: message}
}

// accept takes the tokens out of a login's or refresh's answer; nil when there
// is none.
func (a *auth) accept(v any) *token {
	m, err := object(v, "access_token")
	access := strings.TrimSpace(str(m["access_token"]))
	if err != nil || !fitsHeader(access) {
		return nil
	}
	refresh := secret.New(str(m["refresh_token"]))
	a.c.scrub.add(secret.New(access), refresh)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !refresh.IsZero() {
		a.refresh = refresh
	}
	return &token{header: "Bearer " + access, minted: true}
}

// fitsHeader reports whether a token can be sent at all.
func fitsHeader(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}
