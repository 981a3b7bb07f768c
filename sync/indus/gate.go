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
// In flight begins at eight and grows by one a round trip, so that a limited
// server can say 429 before a full load of requests is on its way to it.
type gate struct {
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
	random func() float64
	turn   chan struct{} // whoever holds it is next; keeps the queue in order
	slots  chan struct{} // one value a request that may be in flight

	mu      sync.Mutex
	pace    pacer
	probe   chan struct{} // not nil while the first request after a slow-down is out
	size    float64       // how many slots there are
	maxSize int
	passed  int // requests that the platform accepted
}

// pass is the right to send one request.
type pass struct {
	epoch int
	probe chan struct{} // not nil for the one that goes first after a slow-down
}

const firstSlots = 8

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
			g.slots <- struct{}{}
			return pass{}, err
		}
		p, probe, ok := g.start(epoch)
		if ok {
			return p, nil
		}
		g.slots <- struct{}{} // a slow-down began while this one waited for a slot
		if probe == nil {
			continue
		}
		select {
		case <-probe:
		case <-ctx.Done():
			return pass{}, ctx.Err()
		}
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
	return g.open(epoch)
}

func (g *gate) open(epoch int) bool {
	return g.pace.epoch == epoch && !g.now().Before(g.pace.pausedUntil)
}

// start turns a reservation into a pass. After a slow-down one request alone
// goes first, to see whether the platform accepts again; the others get the
// channel that is closed when that is known.
func (g *gate) start(epoch int) (p pass, probe chan struct{}, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.open(epoch):
		return pass{}, nil, false
	case !g.pace.untested:
		return pass{epoch: epoch}, nil, true
	case g.probe != nil:
		return pass{}, g.probe, false
	}
	g.probe = make(chan struct{})
	return pass{epoch: epoch, probe: g.probe}, nil, true
}

// skip gives a pass back unused.
func (g *gate) skip(p pass) {
	g.mu.Lock()
	g.probed(p)
	g.mu.Unlock()
	g.slots <- struct{}{}
}

func (g *gate) probed(p pass) {
	if p.probe != nil {
		close(p.probe)
		g.probe = nil
	}
}

// leave tells how a request ended, and gives its slot back.
func (g *gate) leave(p pass, out outcome) {
	g.mu.Lock()
	switch {
	case out.err != nil && out.err.Status == http.StatusTooManyRequests:
		g.pace.turnedAway(g.now(), p.epoch, out.retryAfter, g.random())
	case out.err == nil || out.err.Status != 0 && out.err.Status < http.StatusInternalServerError:
		g.passed++
		g.pace.accepted(g.now())
	default:
		g.pace.untested = false // broken, but not by a limit
	}
	g.probed(p)
	if g.grow() {
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
