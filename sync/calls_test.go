package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
)

// calling is a platform whose transcript and pages of calls come one by one.
type calling struct {
	Calls
	reads []any // diff.Call or error; the last stays
	pages [][]diff.Call
	asked []int
}

func (c *calling) Transcript(context.Context, string) (diff.Call, error) {
	next := c.reads[0]
	if len(c.reads) > 1 {
		c.reads = c.reads[1:]
	}
	return answer[diff.Call](next)
}

func (c *calling) RecentCalls(_ context.Context, _ string, q diff.CallQuery) ([]diff.Call, bool, error) {
	c.asked = append(c.asked, q.Page)
	if q.Page > len(c.pages) {
		return nil, false, cut
	}
	return c.pages[q.Page-1], q.Page < len(c.pages), nil
}

// TestAwaitTranscript: it reads on until nothing more can come, patiently; what is
// not there yet is no error at first.
func TestAwaitTranscript(t *testing.T) {
	status := func(s string) diff.Call { return diff.Call{ID: "c", TranscriptStatus: s} }
	many := func(n int, v any) []any { return slices.Repeat([]any{v}, n) }
	for name, tt := range map[string]struct {
		reads  []any
		limit  time.Duration
		want   string // the transcript's status, or the error
		waited time.Duration
	}{
		"at once":             {[]any{status("ready")}, time.Hour, "ready", 0},
		"after some":          {[]any{status("pending"), status("processing"), status("ready")}, time.Hour, "ready", 10 * time.Second},
		"disabled":            {[]any{status("disabled")}, time.Hour, "disabled", 0},
		"failed":              {[]any{status("pending"), status("failed")}, time.Hour, "failed", 5 * time.Second},
		"more slowly":         {append(many(14, status("pending")), status("ready")), time.Hour, "ready", 80 * time.Second},
		"the limit":           {[]any{status("pending")}, 10 * time.Minute, "pending", 10 * time.Minute},
		"no time at all":      {[]any{status("pending")}, 0, "pending", 0},
		"not known yet":       {[]any{notFound, notFound, status("ready")}, time.Hour, "ready", 10 * time.Second},
		"not known":           {[]any{notFound}, time.Hour, "read the transcript of c: 404 not found", 20 * time.Second},
		"refused":             {[]any{status("pending"), refused}, time.Hour, "read the transcript of c: 400 refused", 5 * time.Second},
		"a word nobody knows": {[]any{status("queued"), status("ready")}, time.Hour, "ready", 5 * time.Second},
	} {
		var waited time.Duration
		call, err := AwaitTranscript(t.Context(), &calling{reads: tt.reads}, "c", tt.limit, func(_ context.Context, d time.Duration) error {
			if d < 5*time.Second || d > 10*time.Second {
				t.Errorf("%s: a pause of %s", name, d)
			}
			waited += d
			return nil
		})
		got := call.TranscriptStatus
		if err != nil {
			got = err.Error()
		}
		if got != tt.want || waited != tt.waited || call.ID != "c" {
			t.Errorf("%s: %q after %s, want %q after %s", name, got, waited, tt.want, tt.waited)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	call, err := AwaitTranscript(ctx, &calling{reads: []any{status("pending")}}, "c", time.Hour, func(ctx context.Context, _ time.Duration) error {
		cancel()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || call.TranscriptStatus != "pending" {
		t.Errorf("interrupted: %v, %v", call, err)
	}
}

// TestCallsSince reads all pages, and a call that moved from one to the next once.
func TestCallsSince(t *testing.T) {
	page := func(ids ...string) (out []diff.Call) {
		for _, id := range ids {
			out = append(out, diff.Call{ID: id})
		}
		return out
	}
	c := &calling{pages: [][]diff.Call{page("d", "c"), page(), page("c", "b", "a")}}
	calls, whole, err := CallsSince(t.Context(), c, "AGT_1", time.Time{}, 0)
	var ids []string
	for _, call := range calls {
		ids = append(ids, call.ID)
	}
	if err != nil || !whole || fmt.Sprint(ids, c.asked) != "[d c b a] [1 2 3]" {
		t.Errorf("%v, asked %v, %v", ids, c.asked, err)
	}
	if calls, whole, err := CallsSince(t.Context(), c, "AGT_1", time.Time{}, 2); err != nil || whole || len(calls) != 2 {
		t.Errorf("at most two: %v, %v, %v", calls, whole, err)
	}
	if calls, _, err := CallsSince(t.Context(), &calling{}, "AGT_1", time.Time{}, 0); err == nil || calls != nil {
		t.Errorf("%v, %v", calls, err)
	}
}

// TestTroubleOf: the kind is found below other errors, and none where there is none.
func TestTroubleOf(t *testing.T) {
	if got := TroubleOf(fmt.Errorf("call: %w", limited{cut})); got != diff.AtLimit || !got.OfTheAccount() {
		t.Error(got)
	}
	if got := TroubleOf(cut); got != "" || got.OfTheAccount() {
		t.Error(got)
	}
}

type limited struct{ error }

func (limited) Trouble() diff.CallTrouble { return diff.AtLimit }
