// Package fastclock is the time of tests that wait: it runs so many times as
// fast as the real one, for a platform and for the programs that talk to it.
package fastclock

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Clock runs from Start on, Speed seconds a second.
type Clock struct {
	Start time.Time
	Speed int
}

// Quick makes the half minute that a request spends waiting for its next tries a
// second and a half.
const Quick = 20

// variable hands a clock to a program.
const variable = "TEST_CLOCK"

// Variable is the environment variable, NAME=value, with which FromEnv makes this
// clock.
func (c Clock) Variable() (name, value string) {
	return variable, fmt.Sprintf("%d %d", c.Start.UnixNano(), c.Speed)
}

// FromEnv is the clock of the test that started this program; ok is false where
// it has handed over none.
func FromEnv() (c Clock, ok bool) {
	var start int64
	_, err := fmt.Sscan(os.Getenv(variable), &start, &c.Speed)
	c.Start = time.Unix(0, start)
	return c, err == nil && c.Speed > 0
}

// Now is the clock's time.
func (c Clock) Now() time.Time {
	return c.Start.Add(time.Since(c.Start) * time.Duration(c.Speed))
}

// Sleep waits so long by this clock, or until ctx ends, whose error it returns.
func (c Clock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d / time.Duration(c.Speed))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
