package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tokens makes and checks bearer tokens. They are signed, not stored, so that
// they outlive a restart of the process; revoked ones are known to this
// process alone.
type tokens struct {
	key []byte

	mu      sync.Mutex
	count   uint64
	revoked uint64   // tokens up to this number are no longer valid
	issued  []string // for Secrets
}

// claims is what a token says. Uses is "access" or "refresh".
type claims struct {
	Subject string `json:"sub"`
	Uses    string `json:"type"`
	Expires int64  `json:"exp"` // milliseconds since 1970
	Number  uint64 `json:"jti"`
}

const tokenHead = `{"alg":"HS256","typ":"JWT"}`

func (t *tokens) issue(subject, uses string, expires time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	c := claims{Subject: subject, Uses: uses, Expires: expires.UnixMilli(), Number: t.count}
	enc := base64.RawURLEncoding
	body := enc.EncodeToString([]byte(tokenHead)) + "." + enc.EncodeToString(mustEncode(c))
	token := body + "." + enc.EncodeToString(t.sign(body))
	t.issued = append(t.issued, token)
	return token
}

func (t *tokens) sign(body string) []byte {
	m := hmac.New(sha256.New, t.key)
	m.Write([]byte(body))
	return m.Sum(nil)
}

// read gives what a token says; ok is false for one that this platform did not
// sign or that has expired.
func (t *tokens) read(token, uses string, now time.Time) (c claims, ok bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return c, false
	}
	enc := base64.RawURLEncoding
	signature, err := enc.DecodeString(token[i+1:])
	if err != nil || !hmac.Equal(signature, t.sign(token[:i])) {
		return c, false
	}
	_, payload, _ := strings.Cut(token[:i], ".")
	b, err := enc.DecodeString(payload)
	if err != nil || json.Unmarshal(b, &c) != nil {
		return c, false
	}
	return c, c.Uses == uses && now.UnixMilli() < c.Expires
}

// valid checks an Authorization header.
func (t *tokens) valid(header string, now time.Time) bool {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return false
	}
	c, ok := t.read(token, "access", now)
	t.mu.Lock()
	defer t.mu.Unlock()
	return ok && c.Number > t.revoked
}

// RevokeTokens makes every access token that was handed out so far invalid, as
// if its life had ended. Refresh tokens stay.
func (s *Server) RevokeTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	s.tokens.revoked = s.tokens.count
}

// Token is a fresh access token, for tests that do not log in.
func (s *Server) Token() string {
	return s.tokens.issue(s.opts.Email, "access", s.opts.Now().Add(s.opts.TokenLife))
}

// login is endpoints 1 and 29.
func login(c *call) answer {
	o := &c.s.opts
	email, _ := c.body["email"].(string)
	password, _ := c.body["password"].(string)
	known := strings.EqualFold(email, o.Email)
	if !equal(password, o.Password) || !known {
		return refused(http.StatusBadRequest, "Incorrect email or password")
	}
	refreshToken := c.s.tokens.issue(o.Email, "refresh", c.now.Add(o.RefreshLife))
	return enveloped(http.StatusOK, "Login successful", c.s.session(refreshToken, c.now))
}

// refresh is endpoint 2: a new access token, the same refresh token.
func refresh(c *call) answer {
	token := c.r.URL.Query().Get("refresh_token")
	if _, ok := c.s.tokens.read(token, "refresh", c.now); !ok {
		return detail(http.StatusUnauthorized, "Invalid or expired refresh token").with("WWW-Authenticate", "Bearer")
	}
	return enveloped(http.StatusOK, "Token refreshed", c.s.session(token, c.now))
}

func (s *Server) session(refreshToken string, now time.Time) map[string]any {
	return map[string]any{
		"access_token":  s.tokens.issue(s.opts.Email, "access", now.Add(s.opts.TokenLife)),
		"refresh_token": refreshToken,
		"token_type":    "bearer",
	}
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
