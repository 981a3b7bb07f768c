package indus

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/agentsync/agentsync/internal/secret"
)

// token is one access token. A new one is a new value, so that a 401 can be
// told to be about this token and no later one.
type token struct {
	header string // "Bearer …"
	minted bool   // by a login or refresh of ours, not given by the user
	worked atomic.Bool
}

// auth holds the token and sees to it that one request at a time renews it,
// however many are waiting.
type auth struct {
	c       *Client
	renewal chan struct{} // holds one value while somebody renews

	mu        sync.Mutex
	tok       *token // nil before the first login and when it died
	refresh   secret.Secret
	noRefresh bool   // the platform has no endpoint 2
	fatal     *Error // what no further request can change
	rounds    int    // renewals that ended
	last      *Error // how the last one ended
}

func newAuth(c *Client) *auth {
	a := &auth{c: c, renewal: make(chan struct{}, 1)}
	if t := c.opt.Credentials.Token; !t.IsZero() {
		a.tok = &token{header: "Bearer " + t.Reveal()}
	}
	return a
}

// current is the token to send now; nil when there is none that lives.
func (a *auth) current() *token {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tok
}

// ready returns when there is a token: at once, or after the renewal that is
// under way or that it makes itself. All that waited for a renewal that failed
// get its error.
func (a *auth) ready(ctx context.Context) *Error {
	seen, done, err := a.look()
	if done {
		return err
	}
	select {
	case a.renewal <- struct{}{}:
		defer func() { <-a.renewal }()
	case <-ctx.Done():
		return a.interrupted(ctx)
	}
	rounds, done, err := a.look()
	if done {
		return err
	}
	if rounds != seen {
		if last := a.lastError(); last != nil {
			return last
		}
	}
	return a.renew(ctx)
}

// look says whether there is nothing to wait for: a token, or a lasting error.
func (a *auth) look() (rounds int, done bool, err *Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rounds, a.tok != nil || a.fatal != nil, a.fatalUnlessToken()
}

func (a *auth) fatalUnlessToken() *Error {
	if a.tok != nil {
		return nil
	}
	return a.fatal
}

func (a *auth) lastError() *Error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

func (a *auth) interrupted(ctx context.Context) *Error {
	return &Error{Op: endpoints[opLogin].method + " " + endpoints[opLogin].path, Message: "cancelled", auth: true, cause: ctx.Err()}
}

// died takes tok out of use, unless that has happened already. Without a way
// to log in, that is the end.
func (a *auth) died(tok *token, answer *Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tok != tok {
		return
	}
	a.tok = nil
	creds, vars := a.c.opt.Credentials, a.c.opt.Vars
	if !tok.minted && (creds.Email == "" || creds.Password.IsZero()) {
		a.fatal = asAuth(answer)
		a.fatal.Message += ": the token was refused: set " + vars.Token + " to a new one, or " + vars.Email + " and " + vars.Password
	}
}

// giveUp ends all further tries: the platform refuses the tokens that it has
// just made.
func (a *auth) giveUp(answer *Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fatal != nil || a.tok != nil && a.tok.worked.Load() {
		return
	}
	a.tok = nil
	a.fatal = asAuth(answer)
	a.fatal.Message += " (to a token that the login had just given)"
}

func asAuth(e *Error) *Error {
	copied := *e
	copied.auth = true
	return &copied
}

// renew gets a new token: by the refresh token, else by logging in.
func (a *auth) renew(ctx context.Context) *Error {
	tok, err := a.refreshed(ctx)
	if tok == nil && err == nil {
		tok, err = a.login(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && ctx.Err() != nil {
		return err // this one was cancelled; the next may try
	}
	a.rounds++
	a.last = err
	if err == nil {
		a.tok = tok
	} else if refusal(err) {
		a.fatal = err
	}
	return err
}

// refusal says whether asking again cannot help: a refused login, or no
// credentials at all.
func refusal(e *Error) bool {
	return e.Status == 0 && e.tries == 0 || e.Status >= 300 && e.Status < 500 && e.Status != http.StatusTooManyRequests
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
	if err == nil {
		if tok := a.accept(v); tok != nil {
			return tok, nil
		}
	}
	if err != nil && ctx.Err() != nil {
		return nil, a.wrap(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refresh = secret.Secret{} // the next login brings another
	a.noRefresh = err != nil && absent(err)
	return nil, nil
}

// login logs in with email and password (endpoint 1, or 29 where that one is
// not served).
func (a *auth) login(ctx context.Context) (*token, *Error) {
	creds, vars := a.c.opt.Credentials, a.c.opt.Vars
	if creds.Email == "" || creds.Password.IsZero() {
		return nil, a.missing()
	}
	a.c.logf("logging in")
	in := input{urgent: true, body: map[string]string{"email": creds.Email, "password": creds.Password.Reveal()}}
	v, err := a.c.do(ctx, opLogin, in)
	if err != nil && absent(err) {
		if v2, err2 := a.c.do(ctx, opDeveloperLogin, in); err2 == nil || !absent(err2) {
			v, err = v2, err2
		}
	}
	if err != nil {
		e := a.wrap(err)
		if len(creds.Password.Reveal()) < 4 && e.Status != 0 {
			e.Message = http.StatusText(e.Status) // too short to be found in the server's message
		}
		switch e.Status {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
			e.Message += " (check " + vars.Email + " and " + vars.Password + ")"
		}
		return nil, e
	}
	if tok := a.accept(v); tok != nil {
		return tok, nil
	}
	return nil, &Error{Op: "POST " + endpoints[opLogin].path, Message: "no access_token in the answer", auth: true}
}

// CheckCredentials says, without a request, which variables are to be set: an
// API key alone can list agents, and do nothing else.
func (c *Client) CheckCredentials() error {
	creds := c.opt.Credentials
	if creds.Token.IsZero() && (creds.Email == "" || creds.Password.IsZero()) {
		return c.auth.missing()
	}
	return nil
}

// missing says which variables to set.
func (a *auth) missing() *Error {
	creds, vars := a.c.opt.Credentials, a.c.opt.Vars
	e := &Error{Op: "log in", auth: true}
	switch {
	case creds.Email == "" && creds.Password.IsZero():
		e.Message = "no credentials: set " + vars.Email + " and " + vars.Password + ", or " + vars.Token
	case creds.Email == "":
		e.Message = vars.Email + " is not set (" + vars.Password + " is)"
	default:
		e.Message = vars.Password + " is not set (" + vars.Email + " is)"
	}
	return e
}

// accept takes the tokens out of a login's or refresh's answer; nil when there
// is none.
func (a *auth) accept(v any) *token {
	m, err := object(v, "access_token")
	if err != nil {
		return nil
	}
	access, _ := m["access_token"].(string)
	if access = strings.TrimSpace(access); !fitsHeader(access) {
		return nil
	}
	refresh, _ := m["refresh_token"].(string)
	a.c.scrub.add(secret.New(access), secret.New(refresh))
	if refresh != "" {
		a.mu.Lock()
		a.refresh = secret.New(refresh)
		a.mu.Unlock()
	}
	return &token{header: "Bearer " + access, minted: true}
}

// fitsHeader says whether a token can be sent at all.
func fitsHeader(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// wrap marks an error as one of the login.
func (a *auth) wrap(err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		return &Error{Op: "log in", Message: clean(a.c.scrub.clean(err.Error()), messageLimit), auth: true}
	}
	return asAuth(e)
}
