package sync

import (
	"context"
	"sync"
	"time"

	"github.com/agentsync/agentsync/diff"
)

// lines are the numbers that the smoke calls of one apply ring at. Each takes one
// call at a time: a phone that is busy with another agent does not answer.
type lines struct {
	mu   sync.Mutex
	held map[diff.Phone]*line
}

type line struct {
	free chan struct{}         // holds one token while nobody is called
	last func(context.Context) // waits for the end of the last call; nil where it is over
}

// take waits until nobody else calls the number and the last call has ended. The
// function gives it back, with what waits for the end of a call that is not over.
func (l *lines) take(ctx context.Context, number diff.Phone) (release func(hungUp func(context.Context)), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[diff.Phone]*line{}
	}
	one := l.held[number]
	if one == nil {
		one = &line{free: make(chan struct{}, 1)}
		one.free <- struct{}{}
		l.held[number] = one
	}
	l.mu.Unlock()
	select {
	case <-one.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if one.last != nil {
		one.last(ctx)
	}
	return func(hungUp func(context.Context)) {
		one.last = hungUp
		one.free <- struct{}{}
	}, nil
}

// mostTalk is how long the end of a call is waited for that another agent's has to
// wait for.
const mostTalk = 5 * time.Minute

// hungUp waits for the end of a call whose transcript nobody waited for, as far as
// the list of recent calls shows it.
func (s *smoke) hungUp(ctx context.Context) {
	if s.pending.CallID == "" {
		return
	}
	s.say("%s: waiting for the end of %s: another agent is to call the same number", s.plan.Name, s.pending.CallID)
	for waited := time.Duration(0); waited < mostTalk; waited += firstPoll {
		calls, err := s.recent(ctx, s.started().Add(-callSlack))
		if err != nil {
			return
		}
		for _, call := range calls {
			if call.ID == s.pending.CallID && call.Status != "success" && call.Status != "queued" {
				return
			}
		}
		if s.Sleep(ctx, firstPoll) != nil {
			return
		}
	}
}
