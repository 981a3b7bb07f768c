package cli

import (
	"strings"
	"testing"
	"time"
)

func TestParseWhen(t *testing.T) {
	ist := time.FixedZone("IST", 5*3600+1800)
	now := time.Date(2026, 11, 28, 14, 30, 15, 0, ist) // a Saturday
	for _, c := range []struct{ text, want, assumed string }{
		{"2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z", ""},
		{"2026-11-24T10:00:00.5+02:00", "2026-11-24T10:00:00.5+02:00", ""},
		{"2026-11-24", "2026-11-24T00:00:00+05:30", "the beginning of the day in IST, UTC+05:30"},
		{" 2026-11-24 ", "2026-11-24T00:00:00+05:30", "the beginning of the day in IST, UTC+05:30"},
		{"2026-11-24 10:05", "2026-11-24T10:05:00+05:30", "in IST, UTC+05:30"},
		{"2026-11-24 10:05:07", "2026-11-24T10:05:07+05:30", "in IST, UTC+05:30"},
		{"2026-11-24T10:05", "2026-11-24T10:05:00+05:30", "in IST, UTC+05:30"},
		{"now", "2026-11-28T14:30:15+05:30", ""},
		{"today", "2026-11-28T00:00:00+05:30", "the beginning of the day in IST, UTC+05:30"},
		{"Yesterday", "2026-11-27T00:00:00+05:30", "the beginning of the day in IST, UTC+05:30"},
		{"last Tuesday", "2026-11-24T00:00:00+05:30", "the beginning of the day in IST, UTC+05:30"},
		{"friday", "2026-11-27T00:00:00+05:30", "the beginning of the day in IST, UTC+05:30"},
		{"saturday", "2026-11-21T00:00:00+05:30", "the beginning of the day in IST, UTC+05:30"},
		{"sunday", "2026-11-22T00:00:00+05:30", "the beginning of the day in IST, UTC+05:30"},
		{"20 minutes ago", "2026-11-28T14:10:15+05:30", ""},
		{"an hour ago", "2026-11-28T13:30:15+05:30", ""},
		{"1 day  ago", "2026-11-27T14:30:15+05:30", ""},
		{"3 days ago", "2026-11-25T14:30:15+05:30", ""},
		{"2 weeks ago", "2026-11-14T14:30:15+05:30", ""},
		{"a month ago", "2026-10-28T14:30:15+05:30", ""},
		{"2 years ago", "2024-11-28T14:30:15+05:30", ""},
	} {
		at, assumed, err := parseWhen(c.text, now)
		if got := at.Format(time.RFC3339Nano); err != nil || got != c.want || assumed != c.assumed {
			t.Errorf("%q: %s, %q, %v; want %s, %q", c.text, got, assumed, err, c.want, c.assumed)
		}
	}
	for _, text := range []string{"", "3 days", "three days ago", "-3 days ago", "2026-13-01", "2026-02-30", "24.11.2026", "11/24/2026", "last christmas", "2026-11-24 25:00", "999999 days ago"} {
		if at, _, err := parseWhen(text, now); err == nil || !strings.Contains(err.Error(), `want "2026-11-24"`) {
			t.Errorf("%q: %s, %v; want an error that names the forms", text, at, err)
		}
	}
	if _, assumed, _ := parseWhen("today", now.UTC()); assumed != "the beginning of the day in UTC" {
		t.Error(assumed)
	}
}
