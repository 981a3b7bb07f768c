package indus

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/agentsync/agentsync/internal/secret"
)

// limited is a server with a limit and a latency, in the memory of a synctest
// bubble: time passes only when every goroutine waits.
type limited struct {
	mu         sync.Mutex
	rnd        *rand.Rand
	allow      func(now time.Time) bool
	latency    time.Duration
	retryAfter string
	requests   int
	refused    int
	inFlight   int
	most       int
}

func (s *limited) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests++
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	there := time.Duration((0.4 + 0.2*s.rnd.Float64()) * float64(s.latency))
	s.mu.Unlock()
	time.Sleep(there)
	s.mu.Lock()
	ok := s.allow(time.Now())
	if !ok {
		s.refused++
	}
	s.mu.Unlock()
	time.Sleep(s.latency - there)
	s.mu.Lock()
	s.inFlight--
	s.mu.Unlock()
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"agent_id":"AGT_1","agent_name":"x"}`)), Request: r}
	if !ok {
		resp.StatusCode = http.StatusTooManyRequests
		resp.Body = io.NopCloser(bytes.NewReader([]byte(`{"detail":"Too many requests"}`)))
		if s.retryAfter != "" {
			resp.Header.Set("Retry-After", s.retryAfter)
		}
	}
	return resp, nil
}

func (s *limited) sent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// bucket is a token bucket: perSecond on average, burst at once.
func bucket(perSecond, burst float64) func(time.Time) bool {
	tokens, last := burst, time.Time{}
	return func(now time.Time) bool {
		if !last.IsZero() {
			tokens = min(burst, tokens+now.Sub(last).Seconds()*perSecond)
		}
		last = now
		if tokens < 1 {
			return false
		}
		tokens--
		return true
	}
}

// window allows n requests in each window of the wall clock.
func window(n int, length time.Duration) func(time.Time) bool {
	var current time.Time
	count := 0
	return func(now time.Time) bool {
		if w := now.Truncate(length); w != current {
			current, count = w, 0
		}
		count++
		return count <= n
	}
}

// random turns away a share of the requests, however fast they come.
func random(share float64, rnd *rand.Rand) func(time.Time) bool {
	return func(time.Time) bool { return rnd.Float64() >= share }
}

// drive sends n reads from so many workers and gives the time it took.
func drive(t *testing.T, s *limited, n, workers int, opt Options) time.Duration {
	t.Helper()
	opt.BaseURL = "http://localhost"
	opt.Transport = s
	opt.Credentials = Credentials{Token: secret.New("token")}
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(7, 7))
	opt.Rand = func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return rnd.Float64()
	}
	c, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range work {
				if _, err := c.Agent(t.Context(), fmt.Sprintf("AGT_%d", i)); err != nil {
					t.Errorf("request %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// TestLimitedServer: whatever the limit is, no request fails, few are answered
// 429, and all together take little longer than the limit dictates.
func TestLimitedServer(t *testing.T) {
	type limit struct {
		name  string
		allow func() func(time.Time) bool
		n     int
		worst float64       // share of 429s
		most  time.Duration // for all
	}
	limits := []limit{
		{"bucket of 20", func() func(time.Time) bool { return bucket(20, 20) }, 1200, 0.03, 90 * time.Second},
		{"bucket of 5", func() func(time.Time) bool { return bucket(20, 5) }, 1200, 0.03, 100 * time.Second},
		{"bucket of 40", func() func(time.Time) bool { return bucket(20, 40) }, 1200, 0.04, 90 * time.Second},
		{"bucket of 1", func() func(time.Time) bool { return bucket(20, 1) }, 1200, 0.05, 240 * time.Second},
		{"a plan alone", func() func(time.Time) bool { return bucket(20, 20) }, 401, 0.05, 40 * time.Second},
		{"20 each second", func() func(time.Time) bool { return window(20, time.Second) }, 1200, 0.04, 90 * time.Second},
		{"600 each minute", func() func(time.Time) bool { return window(600, time.Minute) }, 1200, 0.05, 4 * time.Minute},
		{"2 a second", func() func(time.Time) bool { return bucket(2, 10) }, 200, 0.17, 140 * time.Second},
		{"200 a second", func() func(time.Time) bool { return bucket(200, 200) }, 3000, 0.03, 120 * time.Second},
		{"a fleet", func() func(time.Time) bool { return bucket(20, 20) }, 6000, 0.02, 315 * time.Second}, // 1.05 times what the limit dictates
		{"random 7 %", func() func(time.Time) bool { return random(0.07, rand.New(rand.NewPCG(3, 4))) }, 700, 0.1, 5 * time.Minute},
	}
	for _, l := range limits {
		for _, latency := range []time.Duration{time.Millisecond, 50 * time.Millisecond, 400 * time.Millisecond} {
			for _, after := range []string{"", "1"} {
				t.Run(fmt.Sprintf("%s/%s/after=%s", l.name, latency, after), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := &limited{rnd: rand.New(rand.NewPCG(1, 2)), allow: l.allow(), latency: latency, retryAfter: after}
						took := drive(t, s, l.n, 16, Options{})
						share := float64(s.refused) / float64(s.requests)
						t.Logf("%d requests, %d answered 429 (%.1f %%), %s", s.requests, s.refused, 100*share, took.Round(time.Millisecond))
						if share >= l.worst {
							t.Errorf("%.1f %% answered 429, want under %.0f %%", 100*share, 100*l.worst)
						}
						if took > l.most {
							t.Errorf("took %s, want at most %s", took, l.most)
						}
						if s.most > 16 {
							t.Errorf("%d requests in flight", s.most)
						}
					})
				})
			}
		}
	}
}

// TestOneGoesFirst: when a limit has stopped even the first requests after a
// slow-down, one alone asks whether the platform accepts again, and then all go.
func TestOneGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opens := time.Now().Add(10 * time.Second)
		s := &limited{rnd: rand.New(rand.NewPCG(1, 2)), latency: time.Second, allow: func(now time.Time) bool { return !now.Before(opens) }}
		took := drive(t, s, 48, 16, Options{})
		t.Logf("%d requests, %d answered 429, %s", s.requests, s.refused, took)
		if s.refused > 16+9+2 { // all, those at the first pace, and two alone
			t.Errorf("%d answered 429", s.refused)
		}
		if took > 30*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// TestSharedRetryAfter: a 503 that names a time holds all requests, and one
// that names none holds its own.
func TestSharedRetryAfter(t *testing.T) {
	for after, others := range map[string]time.Duration{"30": 31 * time.Second, "": 10 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int32
			first := roundTripper(func(r *http.Request) (*http.Response, error) {
				resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"agent_id":"A"}`))}
				if n.Add(1) == 1 {
					resp.StatusCode = http.StatusServiceUnavailable
					resp.Header.Set("Retry-After", after)
				}
				return resp, nil
			})
			c, err := New(Options{BaseURL: "http://localhost", Transport: first, Credentials: Credentials{Token: secret.New("token")}})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			go func() { _, _ = c.Agent(t.Context(), "A") }()
			synctest.Wait()
			time.Sleep(time.Millisecond)
			if _, err := c.Agent(t.Context(), "B"); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took > others || after != "" && took < 30*time.Second {
				t.Errorf("Retry-After %q: the other request waited %s", after, took)
			}
			time.Sleep(time.Minute) // the first one ends too
		})
	}
}

// TestTimeout: a server that never answers is given up, and a create that it
// may have carried out is not sent again.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c, err := New(Options{BaseURL: "http://localhost", Transport: hang, Credentials: Credentials{Token: secret.New("token")}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.CreateAgent(t.Context(), nil)
		if e := asError(t, err); e.Error() != "POST /api/agents/create: no answer within 30s" || !e.MayHaveActed() || e.Tries() != 1 {
			t.Errorf("%v: acted %v, tries %d", e, e.MayHaveActed(), e.Tries())
		}
		_, err = c.Agent(t.Context(), "A")
		if e := asError(t, err); e.Error() != "GET /api/agents/A: no answer within 30s after 6 tries" {
			t.Error(e)
		}
	})
}

// TestLoginFailsForAll: those that waited for a login that a broken server did
// not answer get its error, and one that comes later tries again.
func TestLoginFailsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int32
		broken := roundTripper(func(r *http.Request) (*http.Response, error) {
			sent.Add(1)
			time.Sleep(time.Second)
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody, Request: r}, nil
		})
		c, err := New(Options{BaseURL: "http://localhost", Transport: broken, Credentials: Credentials{Email: "a@b", Password: secret.New("password")}})
		if err != nil {
			t.Fatal(err)
		}
		failed := readAll(t, c, 50)
		if len(failed) != 50 || sent.Load() != 6 {
			t.Fatalf("%d failed after %d requests, want 50 after 6", len(failed), sent.Load())
		}
		for _, err := range failed {
			if want := "log in: POST /api/login: 503: Service Unavailable after 6 tries"; err.Error() != want {
				t.Fatalf("\n got %v\nwant %s", err, want)
			}
		}
		if readAll(t, c, 1); sent.Load() != 12 {
			t.Errorf("%d requests, want 12", sent.Load())
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestInterruptedQueue: requests that wait for their turn end at once when
// the context does, and are not sent.
func TestInterruptedQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &limited{rnd: rand.New(rand.NewPCG(1, 2)), allow: bucket(0.01, 1), latency: time.Millisecond, retryAfter: "60"}
		c, err := New(Options{BaseURL: "http://localhost", Transport: s, Credentials: Credentials{Token: secret.New("token")}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { _, _ = c.Agent(ctx, "A") })
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		start, sent := time.Now(), s.sent()
		cancel()
		wg.Wait()
		if more := s.sent() - sent; time.Since(start) != 0 || more != 0 {
			t.Errorf("took %s, %d more requests", time.Since(start), more)
		}
	})
}
