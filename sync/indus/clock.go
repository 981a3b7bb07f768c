package indus

import (
	"net/http"
	"time"
)

// noteTime reads the platform's time, which may be minutes off ours, in the
// Date of an answer.
func (c *Client) noteTime(header http.Header) {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		ahead := date.Sub(c.opt.Now())
		c.ahead.Store(&ahead)
	}
}

// Now is the time by the platform's clock, to the second; zero before its first
// answer with a date.
func (c *Client) Now() time.Time {
	ahead := c.ahead.Load()
	if ahead == nil {
		return time.Time{}
	}
	return c.opt.Now().Add(*ahead)
}
