package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// maxBody is the largest request body that is read, in bytes.
const maxBody = 8 << 20

// Server is the platform. It is safe for concurrent use.
type Server struct {
	opts   Options
	store  *store
	routes []route
	owner  string // the account's user id

	requests atomic.Uint64 // counts requests, for their ids
	logMu    sync.Mutex
	record   recorder
	tokens   tokens
	limiter  limiter
	past     past
}

// New opens the platform. It fails on a switch with an unknown value and on a
// data file that is not a sandbox's.
func New(o Options) (*Server, error) {
	o.fill()
	if err := o.check(); err != nil {
		return nil, err
	}
	st, err := openStore(o.DataFile, o.Seed)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o, store: st, owner: userID(o.Seed, o.Email)}
	s.tokens.key = hash(o.Seed, "token key", 0)
	s.limiter.rate = o.RateLimit
	s.past.lag = o.ReadLag
	s.routes = s.table()
	return s, nil
}

// Close ends the server. The state is in the file already; there is nothing to
// lose by not calling it.
func (s *Server) Close() error { return nil }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	requestID := fmt.Sprintf("req_%08x", s.requests.Add(1))
	if s.opts.Latency > 0 {
		if err := s.opts.Sleep(r.Context(), s.opts.Latency); err != nil {
			panic(http.ErrAbortHandler) // the client has gone
		}
	}
	c := &call{s: s, r: r, now: s.opts.Now(), actor: s.owner}
	a := s.answer(c)
	if a.delay > 0 && s.opts.Sleep(r.Context(), a.delay) != nil {
		panic(http.ErrAbortHandler)
	}
	s.note(c, a.status)
	if a.cut {
		panic(http.ErrAbortHandler)
	}
	s.send(w, a, requestID)
}

// answer finds the route and runs it.
func (s *Server) answer(c *call) answer {
	if wait, limited := s.limiter.limited(c.now); limited {
		a := detail(http.StatusTooManyRequests, "Too many requests")
		if s.opts.RetryAfter {
			a = a.with("Retry-After", fmt.Sprint(wait))
		}
		return a
	}
	path := c.r.URL.EscapedPath()
	rt, params, allow := s.find(c.r.Method, path)
	if rt == nil {
		return s.noRoute(c.r, path, allow)
	}
	c.route, c.params = rt, params
	body, a, ok := c.readBody()
	if !ok {
		return a
	}
	if rt.auth {
		if !s.tokens.valid(c.r.Header.Get("Authorization"), c.now) {
			return detail(http.StatusUnauthorized, "Could not validate credentials").with("WWW-Authenticate", "Bearer")
		}
		c.sent = body
	}
	if problems := c.parse(body); len(problems) > 0 {
		return invalid(problems...)
	}
	if !rt.state {
		return rt.handle(c)
	}
	var err error
	if rt.writes {
		err = s.store.write(func(st *state) bool {
			s.past.keep(st, c.now)
			c.st = st
			a = c.run()
			return a.status < 400 || a.acted
		})
	} else {
		err = s.store.read(func(st *state) {
			c.st = s.past.seen(st, c.now)
			a = c.run()
		})
	}
	if err != nil {
		return tracedDetail(http.StatusInternalServerError, err.Error())
	}
	return a
}

// noRoute is what FastAPI says to a path or a method that it does not have.
func (s *Server) noRoute(r *http.Request, path string, allow []string) answer {
	if len(allow) > 0 {
		return detail(http.StatusMethodNotAllowed, "Method Not Allowed").with("Allow", strings.Join(allow, ", "))
	}
	other := path + "/"
	if strings.HasSuffix(path, "/") {
		other = strings.TrimRight(path, "/")
	}
	rt, _, allow := s.find(r.Method, other)
	switch {
	case rt != nil:
		target := url.URL{Path: "", RawQuery: r.URL.RawQuery}
		a := answer{status: http.StatusTemporaryRedirect, form: errorForm}
		return a.with("Location", other+target.String())
	case len(allow) > 0:
		return detail(http.StatusMethodNotAllowed, "Method Not Allowed").with("Allow", strings.Join(allow, ", "))
	}
	return detail(http.StatusNotFound, "Not Found")
}

// readBody reads the whole body. ok is false when a answers already.
func (c *call) readBody() (body []byte, a answer, ok bool) {
	body, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, detail(http.StatusBadRequest, "There was an error parsing the body"), false
	case len(body) > maxBody:
		return nil, detail(http.StatusRequestEntityTooLarge, "Request body too large"), false
	case !utf8.Valid(body):
		return nil, detail(http.StatusBadRequest, "There was an error parsing the body"), false
	}
	return body, answer{}, true
}

// note records the request and logs its line.
func (s *Server) note(c *call, status int) {
	record := RequestRecord{Method: c.r.Method, Path: c.r.URL.Path, Query: maskQuery(c.r.URL.Query()), Status: status}
	if s.opts.RecordBodies {
		record.Body = string(c.sent)
	}
	s.record.add(record)
	if s.opts.Log == nil {
		return
	}
	line := c.r.URL.EscapedPath()
	if record.Query != "" {
		line += "?" + record.Query
	}
	s.logMu.Lock()
	defer s.logMu.Unlock()
	fmt.Fprintf(s.opts.Log, "%s %s %d\n", c.r.Method, line, status)
}

// harmless are the query parameters whose values a log may show.
var harmless = []string{"call_type", "date_from", "date_to", "limit", "page", "publish", "skip", "status", "status_filter", "transcript_status", "version"}

// maskQuery is the query with every value hidden that could be a secret.
func maskQuery(q url.Values) string {
	var parts []string
	for key, values := range q {
		for _, v := range values {
			if !slices.Contains(harmless, key) {
				v = "***"
			} else {
				v = url.QueryEscape(v)
			}
			parts = append(parts, url.QueryEscape(key)+"="+v)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// limiter is a token bucket that holds one second's worth.
type limiter struct {
	rate float64
	mu   sync.Mutex
	left float64
	last time.Time
}

// limited takes one request out of the bucket; when there is none left it
// tells the whole seconds until there is.
func (l *limiter) limited(now time.Time) (wait int, limited bool) {
	if l.rate == 0 {
		return 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	burst := max(l.rate, 1)
	if l.last.IsZero() {
		l.left = burst
	} else if now.After(l.last) {
		l.left = min(burst, l.left+now.Sub(l.last).Seconds()*l.rate)
	}
	l.last = now
	if l.left >= 1 {
		l.left--
		return 0, false
	}
	return int((1-l.left)/l.rate) + 1, true
}
