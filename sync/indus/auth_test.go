package indus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// guarded is a platform whose tokens live for so many requests each.
type guarded struct {
	mu       sync.Mutex
	life     int // requests a token is good for
	left     int
	minted   int
	logins   int
	renewals int
	noTokens bool // refresh is not served
}

func (g *guarded) script() map[string][]answer {
	mint := func(w http.ResponseWriter) {
		g.minted++
		g.left = g.life
		fmt.Fprintf(w, `{"status_code":200,"message":"","error":null,"data":{"access_token":"access-%d","refresh_token":"refresh-long-1"}}`, g.minted)
	}
	return map[string][]answer{
		"POST /api/login": {{do: func(w http.ResponseWriter, _ *http.Request) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.logins++
			mint(w)
		}}},
		"POST /api/refresh_token?refresh_token=refresh-long-1": {{do: func(w http.ResponseWriter, _ *http.Request) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.renewals++
			if g.noTokens {
				w.WriteHeader(404)
				return
			}
			mint(w)
		}}},
		"GET /api/agents/A": {{do: func(w http.ResponseWriter, r *http.Request) {
			g.mu.Lock()
			defer g.mu.Unlock()
			if r.Header.Get("Authorization") != fmt.Sprintf("Bearer access-%d", g.minted) || g.left == 0 {
				w.WriteHeader(401)
				io.WriteString(w, `{"detail":"Could not validate credentials"}`)
				return
			}
			g.left--
			io.WriteString(w, `{"agent_id":"A"}`)
		}}},
	}
}

func readAll(t *testing.T, c *Client, n int) (failed []error) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if _, err := c.Agent(t.Context(), "A"); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, err)
			}
		})
	}
	wg.Wait()
	return failed
}

// TestTokenDies: one login for fifty that wait, one refresh when the token
// dies under fifty requests, and a login where refresh is not served.
func TestTokenDies(t *testing.T) {
	for _, noRefresh := range []bool{false, true} {
		g := &guarded{life: 1000, noTokens: noRefresh}
		p := newPlatform(t, g.script())
		c := p.client()
		if failed := readAll(t, c, 50); failed != nil || g.logins != 1 {
			t.Fatalf("%d logins, %v", g.logins, failed)
		}
		for range 2 {
			g.mu.Lock()
			g.left = 0
			g.mu.Unlock()
			if failed := readAll(t, c, 50); failed != nil {
				t.Fatal(failed)
			}
		}
		switch {
		case !noRefresh && (g.logins != 1 || g.renewals != 2):
			t.Errorf("%d logins, %d refreshes; want 1 and 2", g.logins, g.renewals)
		case noRefresh && (g.logins != 3 || g.renewals != 1):
			t.Errorf("without refresh: %d logins, %d refreshes; want 3 and 1", g.logins, g.renewals)
		}
	}
}

// TestShortLivedTokens: tokens that die again and again stop nobody.
func TestShortLivedTokens(t *testing.T) {
	g := &guarded{life: 20}
	c := newPlatform(t, g.script()).client()
	if failed := readAll(t, c, 400); failed != nil {
		t.Errorf("%d failed: %v", len(failed), failed[0])
	}
	if g.minted > 40 {
		t.Errorf("%d tokens for 400 requests of 20 each", g.minted)
	}
}

// TestOneAtATime: with a single place in flight the login still gets through.
func TestOneAtATime(t *testing.T) {
	g := &guarded{life: 3}
	c := newPlatform(t, g.script()).client(func(o *Options) { o.Parallelism = 1 })
	if failed := readAll(t, c, 40); failed != nil {
		t.Error(failed[0])
	}
}

// TestLoginRefused: one clear error for all, and no second login.
func TestLoginRefused(t *testing.T) {
	refused := answer{status: 400, body: `{"status_code":400,"message":"Login failed","error":"Incorrect email or password: ` + testPassword + `","data":null}`}
	p := newPlatform(t, map[string][]answer{"POST /api/login": {refused}})
	c := p.client()
	failed := append(readAll(t, c, 50), readAll(t, c, 2)...)
	if len(failed) != 52 || p.count("POST /api/login") != 1 {
		t.Fatalf("%d failed, %d logins", len(failed), p.count("POST /api/login"))
	}
	for _, err := range failed {
		const want = "log in: POST /api/login: 400: Incorrect email or password: [secret] (check INDUSLABS_EMAIL and INDUSLABS_PASSWORD)"
		if err.Error() != want {
			t.Fatalf("\n got %v\nwant %s", err, want)
		}
	}
}

// TestFreshTokenRefused: a platform that refuses the tokens it makes is not
// asked for ever.
func TestFreshTokenRefused(t *testing.T) {
	g := &guarded{life: 0}
	c := newPlatform(t, g.script()).client()
	failed := append(readAll(t, c, 20), readAll(t, c, 20)...)
	if len(failed) != 40 || g.minted != 2 {
		t.Errorf("%d failed, %d tokens", len(failed), g.minted)
	}
	if !strings.Contains(failed[39].Error(), "GET /api/agents/A: 401: Could not validate credentials (to a token that the login had just given)") {
		t.Error(failed[39])
	}
}

func TestCredentials(t *testing.T) {
	g := &guarded{life: 10}
	for _, tt := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"none", func(o *Options) { o.Credentials = Credentials{} }, "log in: no credentials: set INDUSLABS_EMAIL and INDUSLABS_PASSWORD, or INDUSLABS_TOKEN"},
		{"no password", func(o *Options) { o.Credentials = Credentials{Email: "a@b"}; o.Vars.Password = "STAGING_PASSWORD" }, "log in: STAGING_PASSWORD is not set (INDUSLABS_EMAIL is)"},
		{"no email", func(o *Options) { o.Credentials.Email = "" }, "log in: INDUSLABS_EMAIL is not set (INDUSLABS_PASSWORD is)"},
		{"token refused", withToken, "GET /api/agents/A: 401: Could not validate credentials: the token was refused: set INDUSLABS_TOKEN to a new one, or INDUSLABS_EMAIL and INDUSLABS_PASSWORD"},
		{"token refused, login works", func(o *Options) { o.Credentials.Token = newSecret("token-given-1") }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newPlatform(t, g.script()).client(tt.change)
			_, err := c.Agent(t.Context(), "A")
			if errText(err) != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
			if err != nil && asError(t, err).NotFound() {
				t.Error("NotFound")
			}
		})
	}
}

// TestLoginNotFound: 404 for the login is not 404 for the config.
func TestLoginNotFound(t *testing.T) {
	p := newPlatform(t, map[string][]answer{"POST /api/login": {{status: 404}}, "POST /api/developer/login": {{status: 404}}})
	v, err := p.client().CurrentVersion(t.Context(), "A")
	if v != nil || errText(err) != "log in: POST /api/login: 404: Not Found" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestDeveloperLogin(t *testing.T) {
	p := newPlatform(t, map[string][]answer{
		"POST /api/login": {{status: 404}}, "POST /api/developer/login": {login("access-x", "")}, "GET /api/agents/A": {{body: `{"agent_id":"A"}`}},
	})
	if _, err := p.client().Agent(t.Context(), "A"); err != nil {
		t.Error(err)
	}
}

// TestGrace: after the interrupt a read ends at once, a write in flight gets
// its answer, and one that gets none is given up after the grace period.
func TestGrace(t *testing.T) {
	for _, tt := range []struct {
		name    string
		write   bool
		answers bool
		want    string
	}{
		{"read", false, false, "GET /api/agents/A: cancelled"},
		{"write answered", true, true, ""},
		{"write not answered", true, false, "PUT /api/agents/A: no answer within 4s after the interrupt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			hang := make(chan struct{})
			defer close(hang)
			slow := answer{do: func(w http.ResponseWriter, r *http.Request) {
				cancel()
				if !tt.answers {
					select {
					case <-r.Context().Done():
					case <-hang:
					}
				}
				io.WriteString(w, `{"agent_id":"A"}`)
			}}
			p := newPlatform(t, map[string][]answer{"GET /api/agents/A": {slow}, "PUT /api/agents/A": {slow}})
			grace := func(o *Options) {
				o.Sleep = func(ctx context.Context, d time.Duration) error {
					if d != 4*time.Second {
						t.Errorf("slept %s", d)
					}
					if !tt.answers {
						return nil // the grace period is over at once
					}
					<-ctx.Done()
					return ctx.Err()
				}
			}
			c := p.client(withToken, grace)
			var err error
			if tt.write {
				err = c.UpdateAgent(ctx, "A", map[string]any{})
			} else {
				_, err = c.Agent(ctx, "A")
			}
			if errText(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if err != nil && (!errors.Is(err, context.Canceled) || asError(t, err).MayHaveActed() != tt.write) {
				t.Errorf("cancelled %v, acted %v", errors.Is(err, context.Canceled), asError(t, err).MayHaveActed())
			}
			if err := c.UpdateAgent(ctx, "B", nil); !errors.Is(err, context.Canceled) || asError(t, err).MayHaveActed() {
				t.Errorf("a request started after the interrupt: %v", err)
			}
		})
	}
}

// TestNoSecretShows drives every kind of failure with a server that echoes
// what it gets, and looks for the secrets in errors and log lines.
func TestNoSecretShows(t *testing.T) {
	const access, refresh = "access-token-secret", "refresh/token secret+1"
	echo := answer{do: func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(422)
		fmt.Fprintf(w, `{"detail":%q}`, fmt.Sprint(r.URL.RawQuery, r.URL.Query(), r.Header, string(body), testPassword, testAPIKey))
	}}
	unauthorized := answer{status: 401, body: `{"detail":"bad token ` + access + `"}`}
	p := newPlatform(t, map[string][]answer{
		"POST /api/login": {login(access, refresh), login(access+"2", refresh), echo},
		"POST /api/refresh_token?refresh_token=refresh%2Ftoken+secret%2B1": {{status: 503}, echo, {do: cut}},
		"GET /api/agents/A":    {{body: `{"agent_id":"A"}`}, unauthorized, echo, {body: `{"agent_id":"A"}`}, unauthorized},
		"POST /api/agents":     {echo},
		"PUT /api/agents/A":    {echo},
		"GET /api/agents/A%20": {{status: 302, header: map[string]string{"Location": "https://x/" + access}}},
	})
	c := p.client(func(o *Options) { o.Credentials.APIKey = newSecret(testAPIKey) })
	var shown []string
	note := func(err error) { shown = append(shown, fmt.Sprintf("%v %+v %#v", err, err, err)) }
	for range 4 {
		_, err := c.Agent(t.Context(), "A")
		note(err)
	}
	_, _, err := c.ListAgents(t.Context())
	note(err)
	note(c.UpdateAgent(t.Context(), "A", map[string]any{"x": access}))
	_, err = c.Agent(t.Context(), "A ")
	note(err)
	shown = append(shown, p.logged(), fmt.Sprintf("%v %+v", c.opt, c.opt))
	for _, text := range shown {
		for _, plain := range []string{testPassword, testAPIKey, access, refresh, "refresh%2Ftoken", "p%40ss"} {
			if strings.Contains(text, plain) {
				t.Errorf("%q shows in %s", plain, text)
			}
		}
	}
}
