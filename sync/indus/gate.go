package indus

import (
	"context"
	"math"
	"net/http"
	"sync"
	"time"
)

// gate decides when a request may start: at most so many in flight, and when
// the platform has answered 429, no faster for all of them together than it
// lets through.
//
// In flight begins at four and grows by one a round trip, so that a limited
// server can say 429 before a full load of requests is on its way to it.
type gate struct {
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
	random func() float64
	turn   chan struct{} // whoever holds it is next; keeps the queue in order
	slots  chan struct{} // one value a request that may be in flight

	mu      sync.Mutex
	pace    pacer
	size    float64 // how many slots there are
	maxSize int
	passed  int // requests that the platform accepted
}

// pass is the right to send one request.
type pass struct{ epoch int }

const firstSlots = 4

func newGate(parallelism int, now func() time.Time, sleep func(context.Context, time.Duration) error, random func() float64) *gate {
	parallelism = max(parallelism, 1)
	g := &gate{
		now: now, sleep: sleep, random: random,
		turn:    make(chan struct{}, 1),
		slots:   make(chan struct{}, parallelism),
		maxSize: parallelism,
		size:    float64(min(parallelism, firstSlots)),
		pace:    newPacer(),
	}
	for range int(g.size) {
		g.slots <- struct{}{}
	}
	return g
}

// enter waits until a request may start; leave or skip must follow. urgent
// goes ahead of the queue, but not past the limits. The error is ctx's.
func (g *gate) enter(ctx context.Context, urgent bool) (pass, error) {
	if !urgent {
		select {
		case g.turn <- struct{}{}:
			defer func() { <-g.turn }()
		case <-ctx.Done():
			return pass{}, ctx.Err()
		}
	}
	for {
		epoch, err := g.await(ctx)
		if err != nil {
			return pass{}, err
		}
		select {
		case <-g.slots:
		case <-ctx.Done():
			return pass{}, ctx.Err()
		}
		if err := ctx.Err(); err != nil {
			g.skip()
			return pass{}, err
		}
		if g.stillOpen(epoch) {
			return pass{epoch}, nil
		}
		g.skip() // a slow-down began while this one waited for a slot
	}
}

// await sleeps until the pace allows one more request.
func (g *gate) await(ctx context.Context) (epoch int, err error) {
	for {
		g.mu.Lock()
		wait, epoch := g.pace.reserve(g.now())
		g.mu.Unlock()
		if wait > 0 {
			if err := g.sleep(ctx, wait); err != nil {
				return 0, err
			}
		}
		if wait == 0 || g.stillOpen(epoch) {
			return epoch, nil
		}
	}
}

// stillOpen says whether a reservation of this epoch may be used now.
func (g *gate) stillOpen(epoch int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pace.epoch == epoch && !g.now().Before(g.pace.pausedUntil)
}

// skip gives a slot back unused.
func (g *gate) skip() { g.slots <- struct{}{} }

// leave tells how a request ended, and gives its slot back.
func (g *gate) leave(p pass, out outcome) {
	g.mu.Lock()
	switch {
	case out.err != nil && out.err.Status == http.StatusTooManyRequests:
		g.pace.turnedAway(g.now(), p.epoch, out.retryAfter, g.random())
	case out.err == nil || out.err.Status != 0 && out.err.Status < 500:
		g.passed++
		g.pace.accepted(g.now())
	}
	if more := g.grow(); more {
		g.slots <- struct{}{}
	}
	g.mu.Unlock()
	g.slots <- struct{}{}
}

// grow adds to the slots as a congestion window grows, and says whether there
// is one more.
func (g *gate) grow() bool {
	if int(g.size) >= g.maxSize {
		return false
	}
	before := int(g.size)
	g.size += 1 / g.size
	return int(g.size) > before
}

// progress counts the requests that the platform accepted.
func (g *gate) progress() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passed
}

// noisy says that 429s do not follow from this client's pace, so that
// each request waits for itself.
func (g *gate) noisy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pace.noisy(g.now())
}

// shut is how long no request may start.
func (g *gate) shut() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, g.pace.pausedUntil.Sub(g.now()))
}

// limit is the pace in requests a second, +Inf while none is known.
func (g *gate) limit() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pace.lim == nil {
		return math.Inf(1)
	}
	return g.pace.rate
}
