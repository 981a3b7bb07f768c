package indus

import (
	"net/http"
	"sync/atomic"
	"time"
)

// clock is a transport that notes the platform's time, which may be minutes
// off ours: the Date of its answers.
type clock struct {
	http.RoundTripper
	now   func() time.Time
	ahead atomic.Pointer[time.Duration] // of ours; nil before the first answer
}

func (c *clock) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err == nil {
		if date, dateErr := http.ParseTime(resp.Header.Get("Date")); dateErr == nil {
			ahead := date.Sub(c.now())
			c.ahead.Store(&ahead)
		}
	}
	return resp, err
}

// Now is the time by the platform's clock, to the second; zero before its first
// answer with a date.
func (c *Client) Now() time.Time {
	ahead := c.clock.ahead.Load()
	if ahead == nil {
		return time.Time{}
	}
	return c.opt.Now().Add(*ahead)
}
