package indus

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

const (
	backTo     = 0.8   // of the pace, when a limit turns a request away
	backNear   = 0.95  // the same, where a limit is known to be about there
	growth     = 0.045 // requests a second more for each one that is accepted
	growthNear = 0.009 // the same, near the pace at which a limit last showed
	nearby     = 0.1   // of that pace
	slowest    = 0.5   // requests a second
	firstGuess = 10    // requests a second at least, when a limit shows for the first time
	firstPause = 500 * time.Millisecond
	lastPause  = 30 * time.Second
)

// pacer learns how many requests a second the platform accepts: additive
// increase, multiplicative decrease, both gentle near the pace at which the
// limit last showed. The pace is unlimited until a limit shows for the first
// time. A server that allows 20 requests a second then turns away about one in
// 100. It does no I/O and has no clock; the gate guards it.
type pacer struct {
	lim         *rate.Limiter
	waited      bool       // the last request had to wait for the pace
	slowedAt    time.Time  // when the pace was last lowered
	limit       rate.Limit // the pace at which that was, 0 before
	pausedUntil time.Time
	refused     int // decreases since the platform last accepted something

	recent   float64 // requests accepted a second of late
	recentAt time.Time
}

func newPacer() pacer { return pacer{lim: rate.NewLimiter(rate.Inf, 1)} }

// reserve takes the next place and returns how long to wait for it. A pause
// may begin in the meantime: see shut.
func (p *pacer) reserve(now time.Time) time.Duration {
	wait := p.lim.ReserveN(now, 1).DelayFrom(now)
	p.waited = wait > 0
	return max(wait, p.shut(now))
}

// shut returns how long no request may start.
func (p *pacer) shut(now time.Time) time.Duration { return max(0, p.pausedUntil.Sub(now)) }

// accepted notes that the platform let a request through that started then.
func (p *pacer) accepted(now, started time.Time) {
	p.recent = p.recent*math.Exp(-now.Sub(p.recentAt).Seconds()) + 1
	p.recentAt = now
	if p.slowedAt.IsZero() || started.Before(p.slowedAt) {
		return
	}
	p.refused = 0
	if p.waited { // a pace that delays nobody is not put to the test
		more := rate.Limit(growth)
		if p.isNear(p.lim.Limit()) {
			more = growthNear
		}
		p.lim.SetLimitAt(now, p.lim.Limit()+more)
	}
}

// isNear reports whether a pace is about that at which a limit last showed.
func (p *pacer) isNear(pace rate.Limit) bool {
	return pace >= (1-nearby)*p.limit && pace <= (1+nearby)*p.limit
}

// turnedAway notes that a limit stopped a request that started then. The pace
// goes down once for all requests that were in flight together. retryAfter is
// negative when the platform named no time. When nothing gets through between
// one decrease and the next, the pauses double.
func (p *pacer) turnedAway(now, started time.Time, retryAfter time.Duration, jitter func(time.Duration) time.Duration) {
	p.pause(now.Add(retryAfter))
	if started.Before(p.slowedAt) {
		return
	}
	pace := p.lim.Limit()
	if p.slowedAt.IsZero() {
		pace = rate.Limit(max(p.recent, firstGuess))
	}
	back := rate.Limit(backTo)
	if p.isNear(pace) && p.refused == 0 {
		back = backNear
	}
	p.limit = pace
	p.lim.SetLimitAt(now, max(slowest, back*pace))
	p.slowedAt = now
	p.refused++
	p.pause(now.Add(jitter(exponential(firstPause, lastPause, p.refused))))
}

// pause lets no request start before until.
func (p *pacer) pause(until time.Time) {
	if until.After(p.pausedUntil) {
		p.pausedUntil = until
	}
}

// exponential returns the nth wait of a series that doubles from first to last.
func exponential(first, last time.Duration, n int) time.Duration {
	return min(first<<min(max(n-1, 0), 16), last)
}
