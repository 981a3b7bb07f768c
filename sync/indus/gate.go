package indus

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// firstSlots is how many requests may be in flight at the start. There is one
// more for each so many that the platform accepts, so that a limited server can
// say 429 before a full load of requests is on its way to it.
const firstSlots = 8

// gate decides when a request may start: so many in flight at most, and all of
// them together no faster than the pacer says.
type gate struct {
	opt    Options
	jitter func(time.Duration) time.Duration
	turn   chan struct{} // has a value in it while somebody is next; keeps the queue in order
	slots  chan struct{} // has a value in it for each request in flight

	mu     sync.Mutex
	pace   pacer
	passed int // requests that the platform accepted
	closed int // slots that are not open yet, each with a value in it
}

// pass is the right to send one request.
type pass struct {
	started time.Time
	alone   bool // nobody follows before this one's answer is there
}

func newGate(opt Options, jitter func(time.Duration) time.Duration) *gate {
	parallelism := max(opt.Parallelism, 1)
	g := &gate{
		opt: opt, jitter: jitter,
		turn:  make(chan struct{}, 1),
		slots: make(chan struct{}, parallelism),
		pace:  newPacer(),
	}
	for g.closed < parallelism-firstSlots {
		g.closed++
		g.slots <- struct{}{}
	}
	return g
}

// enter waits until a request may start; leave or skip must follow. urgent
// goes ahead of the queue, but not past the limits. The error is ctx's.
//
// When a limit has turned away even the first request after a slow-down, one
// request alone goes next, to see whether the platform accepts again.
func (g *gate) enter(ctx context.Context, urgent bool) (p pass, err error) {
	if !urgent {
		if err := acquire(ctx, g.turn); err != nil {
			return pass{}, err
		}
		defer func() {
			if !p.alone {
				<-g.turn
			}
		}()
	}
	if err := acquire(ctx, g.slots); err != nil {
		return pass{}, err
	}
	if err := g.await(ctx); err != nil {
		<-g.slots
		return pass{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return pass{started: g.opt.Now(), alone: !urgent && g.pace.refused > 1}, nil
}

func acquire(ctx context.Context, c chan struct{}) error {
	select {
	case c <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await sleeps until the pace allows one more request.
func (g *gate) await(ctx context.Context) error {
	g.mu.Lock()
	wait := g.pace.reserve(g.opt.Now())
	g.mu.Unlock()
	for wait > 0 {
		if err := g.opt.Sleep(ctx, wait); err != nil {
			return err
		}
		g.mu.Lock()
		wait = g.pace.shut(g.opt.Now())
		g.mu.Unlock()
	}
	return ctx.Err()
}

// skip returns a pass unused.
func (g *gate) skip(p pass) {
	<-g.slots
	if p.alone {
		<-g.turn
	}
}

// leave takes note of how a request ended, and adds to the outcome what the
// gate knows.
func (g *gate) leave(p pass, out *outcome) {
	defer g.skip(p)
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.opt.Now()
	switch {
	case out.limited():
		g.pace.turnedAway(now, p.started, out.retryAfter, g.jitter)
		out.pause, out.pace = g.pace.shut(now), float64(g.pace.lim.Limit())
	case out.err == nil || out.err.Status != 0 && out.err.Status < http.StatusInternalServerError:
		g.passed++
		g.pace.accepted(now, p.started)
		if g.closed > 0 && g.passed%firstSlots == 0 {
			g.closed--
			<-g.slots
		}
	}
	out.passed = g.passed
}
