package indus

import (
	"context"
	"math"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

func same(d time.Duration) time.Duration { return d }

// pace is what p allows in requests a second.
func pace(p *pacer) float64 { return float64(p.lim.Limit()) }

func near(got, want float64) bool { return math.Abs(got-want) < 1e-6 }

// pacedAt is a pacer that has met a limit long ago and goes at that pace now.
func pacedAt(perSecond float64, now time.Time) *pacer {
	p := newPacer()
	p.turnedAway(now.Add(-time.Hour), now.Add(-time.Hour), -1, same)
	p.lim.SetLimitAt(now, rate.Limit(perSecond))
	p.accepted(now, now)
	return &p
}

// TestFirstLimit: no wait before the first 429, and then four fifths of what
// was accepted in the second before it, or of ten.
func TestFirstLimit(t *testing.T) {
	start := time.Unix(1000, 0)
	for _, tt := range []struct{ accepted, want float64 }{{0, 8}, {5, 8}, {100, 80}} {
		p := newPacer()
		for range int(tt.accepted) {
			if wait := p.reserve(start); wait != 0 {
				t.Fatalf("waited %s", wait)
			}
			p.accepted(start, start)
		}
		if p.lim.Limit() != rate.Inf {
			t.Errorf("a limit of %v before the first 429", pace(&p))
		}
		p.turnedAway(start, start, -1, same)
		if !near(pace(&p), tt.want) {
			t.Errorf("%v accepted: %v a second, want %v", tt.accepted, pace(&p), tt.want)
		}
	}
	p := newPacer()
	for i := range 100 { // long ago
		p.accepted(start.Add(time.Duration(i)), start)
	}
	p.turnedAway(start.Add(time.Minute), start.Add(time.Minute), -1, same)
	if p.accepted(start.Add(time.Minute), start); p.recent > 1.1 {
		t.Errorf("%v a second of late", p.recent)
	}
}

// TestDecrease: once for all that were in flight together, to four fifths,
// and never below one request in two seconds.
func TestDecrease(t *testing.T) {
	now := time.Unix(1000, 0)
	p := pacedAt(20, now)
	p.turnedAway(now, now, -1, same)
	p.turnedAway(now.Add(time.Second), now.Add(-1), -1, same) // started before the decrease
	if !near(pace(p), 16) {
		t.Errorf("%v a second, want 16", pace(p))
	}
	p.turnedAway(now.Add(time.Second), now, -1, same) // started as it happened
	if !near(pace(p), 12.8) {
		t.Errorf("%v a second, want 12.8", pace(p))
	}
	p = pacedAt(0.6, now)
	p.turnedAway(now, now, -1, same)
	if !near(pace(p), 0.5) {
		t.Errorf("%v a second, want 0.5", pace(p))
	}
}

// TestIncrease: by a little for each request that is accepted, when the pace
// has held somebody back and the request started after the last decrease.
func TestIncrease(t *testing.T) {
	now := time.Unix(1000, 0)
	p := pacedAt(20, now)
	p.reserve(now)
	p.accepted(now, now)
	if !near(pace(p), 20) {
		t.Errorf("nobody waits: %v a second, want 20", pace(p))
	}
	if wait := p.reserve(now); wait != 50*time.Millisecond {
		t.Errorf("waits %s, want 50ms", wait)
	}
	p.accepted(now, p.slowedAt.Add(-1))
	if !near(pace(p), 20) {
		t.Errorf("an old request: %v a second, want 20", pace(p))
	}
	p.accepted(now, p.slowedAt)
	p.accepted(now, now)
	if !near(pace(p), 20+2*growth) {
		t.Errorf("%v a second, want %v", pace(p), 20+2*growth)
	}
}

// TestPauses: they double while nothing is accepted, and are as long as the
// platform asks for.
func TestPauses(t *testing.T) {
	now := time.Unix(1000, 0)
	p := pacedAt(20, now)
	for _, want := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second} {
		p.turnedAway(now, now, -1, same)
		if p.shut(now) != want || p.reserve(now) < want {
			t.Errorf("shut for %s, want %s", p.shut(now), want)
		}
		now = now.Add(want)
		if p.shut(now) != 0 {
			t.Errorf("shut for %s more", p.shut(now))
		}
	}
	p.accepted(now, now.Add(-time.Hour)) // an old one says nothing
	p.turnedAway(now, now, -1, same)
	if p.shut(now) != 8*time.Second {
		t.Errorf("shut for %s, want 8s", p.shut(now))
	}
	now = now.Add(time.Hour)
	p.accepted(now, now)
	p.turnedAway(now, now, 3*time.Second, same)
	if p.shut(now) != 3*time.Second {
		t.Errorf("shut for %s, want 3s", p.shut(now))
	}
	p.turnedAway(now, now.Add(-1), time.Minute, same) // an old request's Retry-After counts too
	p.turnedAway(now, now.Add(-1), time.Second, same) // and shortens nothing
	if p.shut(now) != time.Minute {
		t.Errorf("shut for %s, want 1m", p.shut(now))
	}
}

// TestGate: who may enter, how a request ended, and what stands in its outcome.
func TestGate(t *testing.T) {
	now := time.Unix(1000, 0)
	g := newGate(Options{
		Parallelism: 2,
		Now:         func() time.Time { return now },
		Sleep:       func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil },
	}, same)
	answer := func(status int, urgent bool) (alone bool, out outcome) {
		t.Helper()
		p, err := g.enter(t.Context(), urgent)
		if err != nil {
			t.Fatal(err)
		}
		if out.retryAfter = -1; status != 200 {
			out.err = &Error{Status: status}
		}
		g.leave(p, &out)
		return p.alone, out
	}
	for _, tt := range []struct {
		status int
		urgent bool
		alone  bool
		passed int
		pause  time.Duration
	}{
		{200, false, false, 1, 0},
		{404, false, false, 2, 0},
		{500, false, false, 2, 0},
		{0, false, false, 2, 0}, // no answer
		{429, false, false, 2, time.Second / 2},
		{429, false, false, 2, time.Second}, // the first after a slow-down
		{500, false, true, 2, 0},            // a broken server is no answer to the question
		{429, false, true, 2, 2 * time.Second},
		{429, true, false, 2, 4 * time.Second}, // the login waits, and takes nobody's turn
		{200, false, true, 3, 0},
		{200, false, false, 4, 0},
	} {
		alone, out := answer(tt.status, tt.urgent)
		if alone != tt.alone || out.passed != tt.passed || out.pause != tt.pause {
			t.Errorf("%+v: alone %v, passed %d, pause %s", tt, alone, out.passed, out.pause)
		}
	}
	if len(g.turn) != 0 || len(g.slots) != 0 {
		t.Errorf("%d turns and %d slots are still taken", len(g.turn), len(g.slots))
	}
}

// TestSlots: eight requests at first, and one more for each eight accepted, up
// to as many as there may be.
func TestSlots(t *testing.T) {
	for parallelism, want := range map[int][]int{10: {8, 9, 10, 10}, 3: {3, 3, 3, 3}} {
		g := newGate(Options{Parallelism: parallelism, Now: time.Now}, same)
		for i, open := range want {
			if got := cap(g.slots) - len(g.slots); got != open {
				t.Errorf("%d in all, %d accepted: %d open, want %d", parallelism, 8*i, got, open)
			}
			for range 8 {
				p, err := g.enter(t.Context(), false)
				if err != nil {
					t.Fatal(err)
				}
				g.leave(p, &outcome{})
			}
			p, _ := g.enter(t.Context(), false)
			g.leave(p, &outcome{err: &Error{Status: 500}})
		}
	}
}
