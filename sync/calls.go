package sync

import (
	"context"
	"fmt"
	"time"

	"github.com/agentsync/agentsync/diff"
)

// The platform notices about every ten seconds that a call has ended, and asks
// that transcripts be read every 5 to 10 seconds (reference.md, endpoint 31).
const (
	firstPoll  = 5 * time.Second
	nextPolls  = 10 * time.Second
	quickPolls = 12 // then more patiently
	unseen     = 20 * time.Second
)

// AwaitTranscript reads a call's transcript until it is there or will not come,
// for at most so long. When the time is over first, the call's TranscriptEnded is
// false and the error nil. After an error the call is as it was last read. A call
// that was placed a moment ago may not be known yet: that is no error at first.
func AwaitTranscript(ctx context.Context, remote Calls, callID string, limit time.Duration, sleep func(context.Context, time.Duration) error) (diff.Call, error) {
	call := diff.Call{ID: callID}
	for waited, polls := time.Duration(0), 1; ; polls++ {
		read, err := remote.Transcript(ctx, callID)
		switch {
		case err == nil:
			call = read
		case ctx.Err() != nil:
			return call, ctx.Err()
		case !isNotFound(err) || waited >= unseen:
			return call, fmt.Errorf("read the transcript of %s: %w", callID, err)
		}
		pause := firstPoll
		if polls > quickPolls {
			pause = nextPolls
		}
		if call.TranscriptEnded() || waited+pause > limit {
			return call, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return call, err
		}
		waited += pause
	}
}

// CallsSince lists the calls of an agent since a time, newest first, over as many
// pages as they take, until there are most; 0 is no limit. whole is false where
// there may be more.
func CallsSince(ctx context.Context, remote Calls, agentID string, since time.Time, most int) (all []diff.Call, whole bool, err error) {
	all = []diff.Call{}
	seen := map[string]bool{}
	for page := 1; ; page++ {
		calls, more, err := remote.RecentCalls(ctx, agentID, diff.CallQuery{Since: since, Page: page})
		if err != nil {
			return nil, false, err
		}
		for _, call := range calls {
			if !seen[call.ID] { // a call that is made meanwhile moves the pages
				seen[call.ID] = true
				all = append(all, call)
			}
		}
		if !more || most > 0 && len(all) >= most {
			return all, !more, nil
		}
	}
}
