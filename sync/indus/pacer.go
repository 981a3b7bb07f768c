package indus

import (
	"math"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"
)

// The pacer's constants. With them a server that allows 20 requests a second
// turns away about one request in a hundred.
const (
	backTo       = 0.85 // of the pace that was accepted, after a 429
	backToRun    = 0.95 // of the pace over the whole run, its pause included
	atMostTo     = 0.5  // of the pace so far, so that one odd second does not stop all
	slowest      = 0.5  // requests a second
	firstGuess   = 10   // at least, while too little is known to say less
	fastest      = 5000 // above it there is no limit worth a wait
	probeFast    = 0.02 // of the ceiling a second, well below it
	probeSlow    = 0.005
	probeBeyond  = 0.25 // of the pace a second, when the ceiling has proved wrong
	firstPause   = time.Second
	lastPause    = 30 * time.Second
	shortRun     = 40 // accepted requests between two slow-downs, in less than
	shortTime    = time.Minute
	noiseRuns    = 2    // short runs in a row that tell noise from a limit,
	noiseRun     = 7    // of so many requests on average,
	noiseFall    = 0.95 // each at most at this share of the pace of the one before
	noiseFor     = 30 * time.Second
	noiseOver    = 4   // 429s in that time prove a limit after all,
	noiseShare   = 0.2 // when they are this share of the answers
	recentWindow = time.Second
)

// pacer learns how many requests a second the platform accepts, from its
// 429s: additive increase, multiplicative decrease, at most one decrease for
// the requests that were in flight together (an epoch). It does no I/O and
// has no clock; the gate guards it.
//
// 429s that come just as soon however slow the requests are, say nothing of a
// limit (noise: another client's, or a random fault). After a few such runs
// the pacer lets go, and each request waits for itself.
type pacer struct {
	lim         *rate.Limiter // nil while no limit is known
	rate        float64       // requests a second, of lim
	ceiling     float64       // at which the last 429 came
	grownAt     time.Time
	pausedUntil time.Time
	slowedAt    time.Time // when the last slow-down began; before, when the first request was let in
	epoch       int

	recent    [256]time.Time // when requests were accepted, a ring
	next      int
	untested  bool // nothing was accepted since the last slow-down
	run       int  // accepted since the last slow-down
	shortRuns int  // that came in a row
	shortSum  int
	lastRate  float64 // the pace at the last slow-down
	refused   int     // since the noise began
	limited   bool    // it was no noise: not to be taken for it again
	noise     time.Time
	pauses    *backoff.ExponentialBackOff
}

func newPacer() pacer {
	return pacer{pauses: &backoff.ExponentialBackOff{InitialInterval: firstPause, Multiplier: 3, MaxInterval: lastPause}}
}

// reserve takes the next place. The caller waits so long and then asks
// whether the epoch is still the same; if not, it reserves again.
func (p *pacer) reserve(now time.Time) (wait time.Duration, epoch int) {
	if wait := p.pausedUntil.Sub(now); wait > 0 {
		return wait, -1 // no place yet
	}
	if p.slowedAt.IsZero() {
		p.slowedAt = now
	}
	if p.lim == nil {
		return 0, p.epoch
	}
	wait = p.lim.ReserveN(now, 1).DelayFrom(now)
	if wait > 0 {
		p.increase(now) // only a pace that holds somebody back is put to the test
	}
	return wait, p.epoch
}

// increase raises the pace for the time that has gone well.
func (p *pacer) increase(now time.Time) {
	calm := min(now.Sub(p.grownAt), time.Second/4).Seconds() // a pause is not calm
	p.grownAt = now
	if calm <= 0 {
		return
	}
	switch {
	case p.rate < 0.95*p.ceiling:
		p.rate += probeFast * p.ceiling * calm
	case p.rate < 1.05*p.ceiling:
		p.rate += probeSlow * p.ceiling * calm
	default:
		p.rate *= 1 + probeBeyond*calm
	}
	if p.rate > fastest {
		p.lim = nil
		return
	}
	p.lim.SetLimitAt(now, rate.Limit(p.rate))
}

// accepted notes that the platform let a request through.
func (p *pacer) accepted(now time.Time) {
	p.recent[p.next%len(p.recent)] = now
	p.next++
	p.run++
	p.untested = false
	p.pauses.Reset()
}

// turnedAway notes a 429 to a request of the given epoch. retryAfter is -1
// when the platform named no time; random is in [0,1).
func (p *pacer) turnedAway(now time.Time, epoch int, retryAfter time.Duration, random float64) {
	if retryAfter >= 0 {
		defer p.pause(now.Add(retryAfter))
	}
	if epoch != p.epoch {
		return // was in flight when the slow-down began
	}
	if p.noisy(now) {
		if p.refused++; p.refused < noiseOver || float64(p.refused) < noiseShare*float64(p.run+p.refused) {
			return
		}
		p.limited = true
	}
	p.epoch++
	p.countRun(now)
	if p.isNoise() {
		p.noise, p.lim, p.shortRuns, p.run, p.slowedAt = now.Add(noiseFor), nil, 0, 0, now
		p.refused = 0
		return
	}
	p.decrease(now)
	p.noise, p.run, p.untested, p.slowedAt = time.Time{}, 0, true, now
	if pause := p.pauses.NextBackOff(); retryAfter < 0 {
		p.pause(now.Add(pause + time.Duration(random*float64(pause)/4)))
	}
	p.grownAt = now
}

// countRun notes how long the run was that a 429 has just ended, and whether
// it was short although the pace was slower than in the run before.
func (p *pacer) countRun(now time.Time) {
	slower := p.lim != nil && p.rate < noiseFall*p.lastRate
	p.lastRate = math.Inf(1)
	if p.lim != nil {
		p.lastRate = p.rate
	}
	if !slower || p.run == 0 || p.run >= shortRun || now.Sub(p.pausedUntil) >= shortTime {
		p.shortRuns, p.shortSum = 0, 0
		return
	}
	p.shortRuns++
	p.shortSum += p.run
}

// isNoise says that slowing down again and again has not made the runs longer.
// A limit's are short as well while the pace is well above it, but shorter.
func (p *pacer) isNoise() bool {
	return !p.limited && p.shortRuns >= noiseRuns && p.shortSum >= noiseRun*p.shortRuns
}

// decrease sets the pace below what was accepted of late. The whole run tells
// most: what a server lets through at once, it has saved up in the pause.
func (p *pacer) decrease(now time.Time) {
	got := p.acceptedRate(now)
	sustained := float64(p.run) / max(now.Sub(p.slowedAt), recentWindow).Seconds()
	if p.lim == nil {
		p.ceiling = max(got, firstGuess)
		p.rate = max(min(backTo*p.ceiling, backToRun*sustained), backTo*firstGuess)
	} else {
		p.ceiling = p.rate
		p.rate = max(atMostTo*p.rate, min(backTo*p.rate, backTo*got, backToRun*sustained))
	}
	p.rate = max(p.rate, slowest)
	p.lim = rate.NewLimiter(rate.Limit(p.rate), 1)
}

// acceptedRate is how many requests a second the platform accepted of late.
func (p *pacer) acceptedRate(now time.Time) float64 {
	open := recentWindow
	if !p.pausedUntil.IsZero() { // the last pause does not count
		open = min(max(now.Sub(p.pausedUntil), recentWindow/2), recentWindow)
	}
	n := 0
	oldest := now
	for _, at := range p.recent[:min(p.next, len(p.recent))] {
		if now.Sub(at) < open {
			n++
			if at.Before(oldest) {
				oldest = at
			}
		}
	}
	if n == len(p.recent) { // the ring is shorter than the window
		return math.Min(fastest, float64(n)/max(now.Sub(oldest).Seconds(), 0.001))
	}
	return float64(n) / open.Seconds()
}

// pause lets no request start before until.
func (p *pacer) pause(until time.Time) {
	if until.After(p.pausedUntil) {
		p.pausedUntil = until
	}
}

// noisy says whether 429s are taken as noise now.
func (p *pacer) noisy(now time.Time) bool { return now.Before(p.noise) }
