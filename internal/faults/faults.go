// Package faults stands between a client and a server in tests and lets chosen
// requests go wrong: cut connections, errors before or after the server acted,
// broken and slow answers, and hooks that do something else at that moment.
package faults

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
)

// Rule chooses requests and says what happens to them. Empty fields match
// everything.
type Rule struct {
	Method      string  // "GET"
	Path        string  // a part of the unescaped path
	Writes      bool    // only requests that change the platform, by IsWrite
	Nth         int     // only the nth match, from 1; 0 for every one
	Probability float64 // of those, this share (0 to 1), by the proxy's seed; 0 for all
	Times       int     // at most so many; 0 for no limit
	Do          Action
}

// Record is one request that came by. Status is what the client was sent, 0
// when it got no whole answer.
type Record struct {
	Method string
	Path   string // unescaped
	Status int
	Fault  bool // a rule took it
}

// Proxy is a handler that passes requests on to another, except those that a
// rule takes. It is safe for concurrent use.
type Proxy struct {
	next http.Handler

	mu      sync.Mutex
	random  *rand.Rand
	rules   []*activeRule
	records []*Record
}

type activeRule struct {
	Rule
	matched, done int
}

// New makes a proxy without rules. The seed decides which requests a
// probability takes.
func New(next http.Handler, seed int64) *Proxy {
	return &Proxy{next: next, random: rand.New(rand.NewPCG(uint64(seed), 0))}
}

// Add adds a rule. Of the rules that would take a request, the one that was
// added first does; every rule counts every request that it matches.
func (p *Proxy) Add(r Rule) {
	if r.Do == nil {
		panic("faults: a rule without an action")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &activeRule{Rule: r})
}

// Reset removes the rules and forgets the requests.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.records = nil, nil
}

// Requests are the requests so far, in the order in which they came.
func (p *Proxy) Requests() []Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Record, len(p.records))
	for i, r := range p.records {
		out[i] = *r
	}
	return out
}

// Count counts the requests with this method ("" for any), a path that
// contains part, and this status (-1 for any).
func (p *Proxy) Count(method, part string, status int) int {
	n := 0
	for _, r := range p.Requests() {
		if (method == "" || r.Method == method) && strings.Contains(r.Path, part) && (status < 0 || r.Status == status) {
			n++
		}
	}
	return n
}

// Writes counts the requests that change the platform, whatever came of them.
func (p *Proxy) Writes() int {
	n := 0
	for _, r := range p.Requests() {
		if IsWrite(r.Method, r.Path) {
			n++
		}
	}
	return n
}

// Faulted counts the requests that a rule took.
func (p *Proxy) Faulted() int {
	n := 0
	for _, r := range p.Requests() {
		if r.Fault {
			n++
		}
	}
	return n
}

// ServeHTTP passes the request on or does what a rule says.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	do, record := p.choose(r)
	status := &statusWriter{ResponseWriter: w}
	whole := false
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if whole {
			record.Status = max(status.code, http.StatusOK)
		}
	}()
	if do == nil {
		p.next.ServeHTTP(status, r)
	} else {
		do(status, r, p.next)
	}
	whole = true
}

// choose records the request and finds the action of the rule that takes it.
func (p *Proxy) choose(r *http.Request) (do Action, record *Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rule := range p.rules {
		if !rule.matches(r) {
			continue
		}
		rule.matched++
		switch {
		case do != nil,
			rule.Nth > 0 && rule.matched != rule.Nth,
			rule.Times > 0 && rule.done >= rule.Times,
			rule.Probability > 0 && p.random.Float64() >= rule.Probability:
			continue
		}
		rule.done++
		do = rule.Do
	}
	record = &Record{Method: r.Method, Path: r.URL.Path, Fault: do != nil}
	p.records = append(p.records, record)
	return do, record
}

func (r *Rule) matches(req *http.Request) bool {
	return (r.Method == "" || r.Method == req.Method) &&
		strings.Contains(req.URL.Path, r.Path) &&
		(!r.Writes || IsWrite(req.Method, req.URL.Path))
}

// IsWrite says whether a request changes the platform: not a read, a login, a
// refresh, the legacy listing or a prompt tool (reference.md, "Endpoints").
func IsWrite(method, path string) bool {
	if method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions {
		return false
	}
	if method != http.MethodPost {
		return true
	}
	for _, end := range []string{"/login", "/refresh_token", "/api/agents", "/configs/enhance", "/configs/render", "/configs/validate"} {
		if strings.HasSuffix(path, end) {
			return false
		}
	}
	return true
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
