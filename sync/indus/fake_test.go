package indus

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/secret"
	"github.com/agentsync/agentsync/spec"
)

// Secrets that a test's server and environment hold; none may show anywhere.
const (
	testPassword = "p@ss word/1"
	testAPIKey   = "key-0123456789"
)

// answer is one scripted answer. The zero status is 200; do, when given,
// answers instead.
type answer struct {
	status int
	body   string
	header map[string]string
	do     func(w http.ResponseWriter, r *http.Request)
}

// seen is one request that the platform got.
type seen struct {
	line, body, authorization, agent string
}

// platform is a scripted server: each request takes the next answer for its
// verb, path and query; the last one stays. A request that nobody scripted
// fails the test.
type platform struct {
	t      testing.TB
	server *httptest.Server
	mu     sync.Mutex
	script map[string][]answer
	got    []seen
	slept  []time.Duration
	said   []string // to people
	log    []string
}

func newPlatform(t testing.TB, script map[string][]answer) *platform {
	p := &platform{t: t, script: script}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.server.Close)
	return p
}

func (p *platform) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + r.RequestURI
	p.mu.Lock()
	p.got = append(p.got, seen{line, string(body), r.Header.Get("Authorization"), r.Header.Get("User-Agent")})
	answers, ok := p.script[line]
	if len(answers) > 1 {
		p.script[line] = answers[1:]
	}
	p.mu.Unlock()
	if !ok {
		p.t.Errorf("unexpected request: %s", line)
		http.Error(w, "unexpected", http.StatusTeapot)
		return
	}
	a := answers[0]
	if a.do != nil {
		a.do(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	io.WriteString(w, a.body)
}

// lines are the requests so far, without those to log in.
func (p *platform) lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, s := range p.got {
		if !strings.HasSuffix(s.line, "/login") {
			out = append(out, s.line)
		}
	}
	return out
}

func (p *platform) count(prefix string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.got {
		if strings.HasPrefix(s.line, prefix) {
			n++
		}
	}
	return n
}

func (p *platform) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

// client speaks to p with email and password. It never really sleeps: its
// clock moves by what it would have slept.
func (p *platform) client(change ...func(*Options)) *Client {
	p.t.Helper()
	now := time.Date(2026, 4, 22, 10, 0, 0, 0, time.UTC)
	opt := Options{
		BaseURL:     p.server.URL,
		Credentials: Credentials{Email: "dev@example.com", Password: secret.New(testPassword)},
		Vars: spec.CredentialVars{
			Email: "INDUSLABS_EMAIL", Password: "INDUSLABS_PASSWORD", Token: "INDUSLABS_TOKEN", APIKey: "INDUSLABS_API_KEY",
		},
		UserAgent: "agentsync/test",
		Rand:      func() float64 { return 0.5 },
		Now: func() time.Time {
			p.mu.Lock()
			defer p.mu.Unlock()
			return now
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			now = now.Add(d)
			p.slept = append(p.slept, d)
			return ctx.Err()
		},
		Messagef: func(format string, args ...any) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.said = append(p.said, fmt.Sprintf(format, args...))
		},
		Logf: func(format string, args ...any) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.log = append(p.log, fmt.Sprintf(format, args...))
		},
	}
	for _, f := range change {
		f(&opt)
	}
	c, err := New(opt)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// withToken makes a client that needs no login.
func withToken(o *Options) { o.Credentials = Credentials{Token: secret.New("token-given-1")} }

// fixture is an answer as the reference prints it.
func fixture(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

// halfAnswer promises more than it sends.
func halfAnswer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	io.WriteString(w, `{"agent_id": "AG`)
}

// login answers endpoint 1 with these tokens.
func login(access, refresh string) answer {
	return answer{body: fmt.Sprintf(`{"status_code":200,"message":"Login successful","error":null,
		"data":{"access_token":%q,"refresh_token":%q,"token_type":"bearer"}}`, access, refresh)}
}

// sameJSON compares a request body with what is wanted, as JSON.
func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("body %q: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	gj, _ := json.Marshal(g)
	wj, _ := json.Marshal(w)
	if string(gj) != string(wj) {
		t.Errorf("body\n got %s\nwant %s", gj, wj)
	}
}
