package e2e

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/agentsync/agentsync/internal/cli"
)

// clock is the time of a world: its platform's, and that of the programs that
// it starts. It runs so many times as fast as the real one.
type clock struct {
	start time.Time
	speed int
}

// quickTime makes the half minute that a request spends waiting for its next
// tries a second and a half.
const quickTime = 20

// clockVariable hands a clock to a program.
const clockVariable = "E2E_CLOCK"

func (c clock) variable() string {
	return fmt.Sprintf("%s=%d %d", clockVariable, c.start.UnixNano(), c.speed)
}

// worldEnv is the program's environment with the clock of the world that
// started it.
func worldEnv() cli.Env {
	env := cli.OSEnv()
	var start int64
	var c clock
	if _, err := fmt.Sscan(os.Getenv(clockVariable), &start, &c.speed); err != nil {
		panic(err)
	}
	c.start = time.Unix(0, start)
	env.Now, env.Sleep = c.Now, c.Sleep
	return env
}

func (c clock) Now() time.Time {
	return c.start.Add(time.Since(c.start) * time.Duration(c.speed))
}

func (c clock) Sleep(ctx context.Context, d time.Duration) error {
	return realSleep(ctx, d/time.Duration(c.speed))
}

func realSleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
