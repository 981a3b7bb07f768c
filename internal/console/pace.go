package console

import (
	"fmt"
	"sync"
	"time"
)

// Pace estimates how long what goes on will take, from how fast it went so far.
// The zero value is ready. It is safe for concurrent use.
type Pace struct {
	mu    sync.Mutex
	total int
	start time.Time
}

// fewest is how long a pace is watched before it says anything, and shortest what
// is worth saying.
const (
	fewest   = 3 * time.Second
	shortest = 10 * time.Second
)

// Left is ", about 3 min left" when so many of all are done at now; "" while that
// can't be said, and where it is not long. Another total begins anew.
func (p *Pace) Left(now time.Time, done, total int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.start.IsZero() || total != p.total {
		p.start, p.total = now, total
	}
	took := now.Sub(p.start)
	if took < fewest || done == 0 {
		return ""
	}
	left := time.Duration(float64(took) / float64(done) * float64(total-done))
	switch {
	case left < shortest:
		return ""
	case left < 90*time.Second:
		return fmt.Sprintf(", about %d s left", left.Round(10*time.Second)/time.Second)
	case left < 90*time.Minute:
		return fmt.Sprintf(", about %d min left", left.Round(time.Minute)/time.Minute)
	}
	return fmt.Sprintf(", about %d h left", left.Round(time.Hour)/time.Hour)
}
