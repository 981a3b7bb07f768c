package console

import (
	"testing"
	"time"
)

// TestPace: what is left is said from the pace seen, once it can be told.
func TestPace(t *testing.T) {
	start := time.Date(2026, 4, 22, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		after       time.Duration
		done, total int
		want        string
	}{
		{2 * time.Second, 10, 1000, ""},   // too early to tell
		{4 * time.Second, 0, 1000, ""},    // nothing to tell from
		{10 * time.Second, 900, 1000, ""}, // a second more
		{10 * time.Second, 200, 1000, ", about 40 s left"},
		{15 * time.Second, 100, 1000, ", about 2 min left"}, // 135 s
		{15 * time.Second, 70, 1000, ", about 3 min left"},  // 199 s
		{10 * time.Minute, 100, 1000, ", about 2 h left"},
		{10 * time.Minute, 1000, 1000, ""},
	} {
		p := &Pace{}
		p.Left(start, 0, tt.total)
		if got := p.Left(start.Add(tt.after), tt.done, tt.total); got != tt.want {
			t.Errorf("%d of %d after %s: %q, want %q", tt.done, tt.total, tt.after, got, tt.want)
		}
	}
	p := &Pace{}
	p.Left(start, 1, 100) // agents that are read
	if got := p.Left(start.Add(time.Hour), 1, 5000); got != "" {
		t.Errorf("steps, which have just begun, are estimated: %q", got)
	}
}
