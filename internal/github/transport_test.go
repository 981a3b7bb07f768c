package github

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
	"github.com/agentsync/agentsync/internal/secret"
)

// clientOf is a client for a fake GitHub, whose waits are counted and not slept.
func clientOf(t *testing.T, hub http.Handler, waited *time.Duration) *Client {
	t.Helper()
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	now := time.Now()
	c, err := NewClient(Run{Repo: "acme/agents", API: server.URL, Token: secret.New(fakegithub.ActionsToken)}, engine.Options{
		UserAgent: "test", Now: func() time.Time { return now }, Logf: t.Logf,
		Sleep: func(ctx context.Context, d time.Duration) error {
			*waited += d
			return ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRequestsThatAreRepeated(t *testing.T) {
	reset := map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}
	for name, c := range map[string]struct {
		rule  fakegithub.Rule
		post  bool
		tries int
		ok    bool
		least time.Duration // waited
		says  string
	}{
		"503 twice":                  {rule: fakegithub.Rule{Status: 503, Times: 2}, tries: 3, ok: true},
		"a cut connection":           {rule: fakegithub.Rule{Status: -1, Times: 1}, tries: 2, ok: true},
		"502 for ever":               {rule: fakegithub.Rule{Status: 502}, tries: 5, says: "502 Bad Gateway"},
		"429 with Retry-After":       {rule: fakegithub.Rule{Status: 429, Times: 1, Header: map[string]string{"Retry-After": "7"}}, tries: 2, ok: true, least: 7 * time.Second},
		"a secondary limit":          {rule: fakegithub.Rule{Status: 403, Times: 1, Header: map[string]string{"Retry-After": "7"}}, tries: 2, ok: true, least: 7 * time.Second},
		"a limit of an hour":         {rule: fakegithub.Rule{Status: 403, Header: reset}, tries: 1, says: "403"},
		"403 without a limit":        {rule: fakegithub.Rule{Status: 403}, tries: 1, says: "403 Forbidden"},
		"404":                        {rule: fakegithub.Rule{Status: 404}, tries: 1, says: "404 Not Found"},
		"a POST after 429":           {post: true, rule: fakegithub.Rule{Status: 429, Times: 1}, tries: 2, ok: true},
		"a POST that may have acted": {post: true, rule: fakegithub.Rule{Status: 502}, tries: 1, says: "502"},
		"a POST that was cut":        {post: true, rule: fakegithub.Rule{Status: -1}, tries: 1, says: "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			hub := fakegithub.New(fakegithub.Options{})
			hub.Edit(func(s *fakegithub.State) {
				s.Repo("acme/agents").Pulls = []*fakegithub.Pull{{Number: 7}}
			})
			hub.Add(c.rule)
			var waited time.Duration
			client := clientOf(t, hub, &waited)
			var err error
			if c.post {
				_, err = client.CreateComment(t.Context(), 7, "hello")
			} else {
				_, err = client.Comments(t.Context(), 7)
			}
			if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
			if n := len(hub.Requests()); n != c.tries || waited < c.least || waited > maxWait {
				t.Errorf("%d tries, waited %s", n, waited)
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "github: ")) {
				t.Errorf("not one line of ours: %q", err)
			}
		})
	}
}

// Elsewhere is another host to which the API redirects.
func TestTheTokenStaysWithItsHost(t *testing.T) {
	var seen []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		_, _ = w.Write([]byte(`{"number":7}`))
	}))
	defer elsewhere.Close()
	var waited time.Duration
	client := clientOf(t, http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect), &waited)
	if _, err := client.Pull(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0] != "" {
		t.Errorf("the other host was sent %q", seen)
	}
}

func TestACancelledRequestIsNoAnswer(t *testing.T) {
	var waited time.Duration
	client := clientOf(t, fakegithub.New(fakegithub.Options{}), &waited)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Pull(ctx, 7)
	if !errors.Is(err, context.Canceled) || waited != 0 {
		t.Errorf("got %v after %s", err, waited)
	}
}

// A comment whose answer was lost is not made twice.
func TestALostAnswerMakesNoSecondComment(t *testing.T) {
	hub := fakegithub.New(fakegithub.Options{})
	hub.Edit(func(s *fakegithub.State) { s.Repo("acme/agents").Pulls = []*fakegithub.Pull{{Number: 7}} })
	hub.Add(fakegithub.Rule{Method: "POST", Path: "/comments", Status: 502, Times: 1, After: true})
	var waited time.Duration
	n := note{status: status{State: planned}, document: "plan"}
	n.marker.Environment, n.marker.FormatVersion = "default", "1"
	s := &sticky{client: clientOf(t, hub, &waited), number: 7, marker: n.marker}
	if err := errors.Join(s.find(t.Context()), s.put(t.Context(), func(note) (note, error) { return n, nil })); err != nil {
		t.Fatal(err)
	}
	if got := hub.State().Repos["acme/agents"].Comments; len(got) != 1 || got[0].ID != s.id {
		t.Errorf("%d comments", len(got))
	}
}

// GitHub leaves the content of large files out.
func TestALargeFileIsReadWhole(t *testing.T) {
	hub := fakegithub.New(fakegithub.Options{})
	large := strings.Repeat("0123456789abcdef", 1<<17)
	hub.Edit(func(s *fakegithub.State) { s.Repo("acme/agents").SetFile("main", "lock", large) })
	var waited time.Duration
	data, sha, err := clientOf(t, hub, &waited).File(t.Context(), "lock", "main")
	if err != nil || string(data) != large || sha == "" {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}
