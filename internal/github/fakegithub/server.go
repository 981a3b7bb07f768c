package fakegithub

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Token is what a request with a token may do, and as whom.
type Token struct {
	User
	// App says that it is an installation token, as workflows have: GET /user is 403.
	App bool
	// ReadOnly tokens write nothing, as those of a fork's pull request.
	ReadOnly bool
	// Nameless tokens are a user's that may not ask who that is, by either API.
	Nameless bool
	// Lacks are permissions that the token has not: "issues", "pull_requests", "contents".
	Lacks []string
}

// ActionsToken is the token of ActionsBot that every server knows.
const (
	ActionsToken = "ghs_fakeActionsToken0123456789"
	ForkToken    = "ghs_fakeForkToken0123456789" // the same, read-only
	UserToken    = "ghp_fakeUserToken0123456789" // of the user "octo"
	ActionsBot   = "github-actions[bot]"
)

// Options choose how the server behaves. The zero value is good.
type Options struct {
	Prefix string           // of every path, such as "/api/v3" of GitHub Enterprise
	Tokens map[string]Token // beside the three that are always there
	Now    func() time.Time // nil: time.Now
	State  *State           // nil: empty
}

// Rule makes requests go wrong, or lets the test act before one is answered.
type Rule struct {
	Method string `json:"method"` // "" for any
	Path   string `json:"path"`   // part of the path
	From   int    `json:"from"`   // the first such request that it is about, from 1; 0 is 1
	Times  int    `json:"times"`  // how many; 0 for all from there
	// Status is the answer's, with Body and Header; 0 answers as usual, and -1
	// cuts the connection. After does the request first.
	Status int               `json:"status"`
	Body   string            `json:"body"`
	Header map[string]string `json:"header"`
	After  bool              `json:"after"`
	// Do is called before the answer, with the state locked; it may be nil.
	Do func(*State) `json:"-"`

	seen int
}

// Request is one that was answered.
type Request struct {
	Method, Path, Query string
	Token               string // as it came, "" for none
	Body                string
	Status              int
}

// Server is a GitHub. It is safe for concurrent use.
type Server struct {
	opt Options
	mux *http.ServeMux

	mu       sync.Mutex
	state    *State
	rules    []*Rule
	requests []Request
}

// New makes a server.
func New(opt Options) *Server {
	s := &Server{opt: opt, state: opt.State}
	if s.state == nil {
		s.state = &State{}
	}
	if s.opt.Now == nil {
		s.opt.Now = time.Now
	}
	s.opt.Tokens = map[string]Token{
		ActionsToken: {User: User{ActionsBot, "Bot"}, App: true},
		ForkToken:    {User: User{ActionsBot, "Bot"}, App: true, ReadOnly: true},
		UserToken:    {User: User{"octo", "User"}},
	}
	for token, who := range opt.Tokens {
		s.opt.Tokens[token] = who
	}
	s.routes()
	return s
}

// Edit works on the state.
func (s *Server) Edit(f func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.state)
}

// State gives a copy of the state.
func (s *Server) State() *State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.clone()
}

// Add makes a rule.
func (s *Server) Add(r Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, &r)
}

// Reset takes all rules away, and forgets the requests.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules, s.requests = nil, nil
}

// Requests gives those that were answered since New or Reset.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.requests...)
}

// graphql is its path. One query is answered: who the token acts as.
const graphql = "/graphql"

// Writes counts the requests that change something.
func (s *Server) Writes() int {
	n := 0
	for _, r := range s.Requests() {
		if r.Method != http.MethodGet && r.Path != graphql {
			n++
		}
	}
	return n
}

// Secrets are tokens, which must show nowhere.
func (s *Server) Secrets() []string {
	var out []string
	for token := range s.opt.Tokens {
		out = append(out, token)
	}
	return out
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_fake/") {
		s.control(w, r)
		return
	}
	path, ours := strings.CutPrefix(r.URL.Path, s.opt.Prefix)
	if r.URL.Path == strings.TrimSuffix(s.opt.Prefix, "/v3")+graphql {
		path, ours = graphql, true
	}
	if !ours {
		fail(w, http.StatusNotFound, "Not Found")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
	if err != nil {
		fail(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := bearer(r)
	answer := &recorder{header: http.Header{}, status: http.StatusOK}
	rule := s.match(r.Method, path)
	if rule != nil && rule.Do != nil {
		rule.Do(s.state)
	}
	if rule == nil || rule.Status == 0 || rule.After {
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = path, ""
		inner.Body = io.NopCloser(strings.NewReader(string(body)))
		s.answer(answer, inner, token)
	}
	if rule != nil && rule.Status != 0 {
		answer = rule.answer()
	}
	s.requests = append(s.requests, Request{Method: r.Method, Path: path, Query: r.URL.RawQuery, Token: token, Body: string(body), Status: answer.status})
	if answer.status == -1 {
		panic(http.ErrAbortHandler)
	}
	answer.copyTo(w)
}

// match gives the rule that is about this request, nil for none.
func (s *Server) match(method, path string) *Rule {
	var found *Rule
	for _, rule := range s.rules {
		if rule.Method != "" && rule.Method != method || !strings.Contains(path, rule.Path) {
			continue
		}
		rule.seen++
		from := max(1, rule.From)
		if found == nil && rule.seen >= from && (rule.Times == 0 || rule.seen < from+rule.Times) {
			found = rule
		}
	}
	return found
}

func (r *Rule) answer() *recorder {
	out := &recorder{header: http.Header{}, status: r.Status}
	for name, value := range r.Header {
		out.header.Set(name, value)
	}
	if r.Body == "" {
		fail(out, r.Status, http.StatusText(max(0, r.Status)))
		return out
	}
	out.body = []byte(r.Body)
	return out
}

func bearer(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "bearer") || strings.EqualFold(kind, "token") {
		return token
	}
	return ""
}

// control is the way in for another process: the whole state can be read and
// replaced, and rules made.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, "/_fake/") {
	case "GET state":
		reply(w, http.StatusOK, s.state)
	case "PUT state":
		state := &State{}
		if err := json.NewDecoder(r.Body).Decode(state); err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
		s.state = state
		reply(w, http.StatusOK, state)
	case "GET requests":
		reply(w, http.StatusOK, s.requests)
	case "POST rules":
		rule := &Rule{}
		if err := json.NewDecoder(r.Body).Decode(rule); err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
		s.rules = append(s.rules, rule)
		reply(w, http.StatusCreated, rule)
	case "DELETE rules":
		s.rules, s.requests = nil, nil
		reply(w, http.StatusOK, struct{}{})
	default:
		fail(w, http.StatusNotFound, "Not Found")
	}
}

// recorder holds an answer until its fate is decided.
type recorder struct {
	header http.Header
	status int
	body   []byte
}

func (r *recorder) Header() http.Header    { return r.header }
func (r *recorder) WriteHeader(status int) { r.status = status }
func (r *recorder) Write(p []byte) (int, error) {
	r.body = append(r.body, p...)
	return len(p), nil
}

func (r *recorder) copyTo(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

func fail(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]any{"message": message, "documentation_url": "https://docs.github.com/rest"})
}
