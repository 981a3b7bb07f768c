package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// hour is so many hours after the start; a negative one is no time.
func hour(h float64) time.Time {
	if h < 0 {
		return time.Time{}
	}
	return start.Add(time.Duration(h * float64(time.Hour)))
}

// ver is a version that was made and last written at these hours.
func ver(number int, created, written float64) diff.Version {
	return diff.Version{Number: number, Status: "archived", CreatedAt: hour(created), UpdatedAt: hour(written)}
}

func draft(number int, created float64) diff.Version {
	v := ver(number, created, created)
	v.Status = "draft"
	return v
}

func sight(h float64, version int) Sighting {
	return Sighting{At: hour(h), Version: version, Commit: fmt.Sprintf("lock%.0f", h)}
}

// knew is a sighting which knows of the newest version too, and of when it went back.
func knew(h float64, version, newest int, since float64) Sighting {
	s := sight(h, version)
	s.Newest, s.Since = newest, hour(since)
	return s
}

// spanText writes spans as "v1 0-2 platform, v2 2- created".
func spanText(spans []Span) string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return fmt.Sprintf("%g", t.Sub(start).Hours())
	}
	var out []string
	for _, s := range spans {
		text := fmt.Sprintf("v%d %s-%s %s", s.Version, at(s.From), at(s.To), s.Known)
		out = append(out, strings.TrimSpace(text+" "+s.Lock))
	}
	return strings.Join(out, ", ")
}

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		name     string
		versions []diff.Version
		live     int
		seen     []Sighting
		want     string
	}{
		{"nothing is published", []diff.Version{draft(1, 0)}, 0, nil, ""},
		{"saved in the dashboard, one after the other",
			[]diff.Version{ver(3, 4, 4), ver(2, 2, 2), ver(1, 0, 0)}, 3, nil,
			"v1 0-2 platform, v2 2-4 platform, v3 4- platform"},
		{"a draft that was published later",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 3)}, 2, nil,
			"v1 0-3 platform, v2 3- platform"},
		{"a draft plays no part",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2), draft(3, 4)}, 2, nil,
			"v1 0-2 platform, v2 2- platform"},
		{"a rollback that made a new version",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2), ver(3, 5, 5)}, 3, nil,
			"v1 0-2 platform, v2 2-5 platform, v3 5- platform"},

		// A rollback that moves is_current, on a platform that writes the version.
		{"rolled back to, and live still",
			[]diff.Version{ver(1, 0, 5), ver(2, 2, 2)}, 1, []Sighting{sight(1, 1)},
			"v1 0-2 created, v2 2-5 platform, v1 5- platform"},
		{"the same, and whether it was a draft before nobody knows",
			[]diff.Version{ver(1, 0, 5), ver(2, 2, 2)}, 1, nil,
			"v1 0-2 assumed, v2 2-5 platform, v1 5- platform"},
		{"rolled back to, and superseded since",
			[]diff.Version{ver(1, 0, 5), ver(2, 2, 2), ver(3, 8, 8)}, 3, []Sighting{sight(1, 1)},
			"v1 0-2 created, v2 2-5 platform, v1 5-8 platform, v3 8- platform"},

		// The same on one that does not: only the lock file tells.
		{"the lock file went back",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2)}, 1, []Sighting{sight(1, 1), sight(3, 2), sight(6, 1)},
			"v1 0-2 platform, v2 2-6 platform, v1 6- lock lock6"},
		{"it went back, and a new one came",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2), ver(3, 8, 8)}, 3, []Sighting{sight(1, 1), sight(3, 2), sight(6, 1), sight(9, 3)},
			"v1 0-2 platform, v2 2-6 platform, v1 6-8 lock lock6, v3 8- platform"},
		{"twice back to the same one",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 9)}, 1, []Sighting{sight(1, 1), sight(3, 2), sight(6, 1), sight(9.5, 2), sight(11, 1)},
			"v1 0-2 platform, v2 2-6 created, v1 6-9 lock lock6, v2 9-11 platform, v1 11- lock lock11"},
		{"back to one that was not read",
			[]diff.Version{ver(8, 2, 2), ver(9, 4, 4)}, 9, []Sighting{sight(2.5, 8), sight(3, 5), sight(5, 9)},
			"v8 2-3 platform, v5 3-4 lock lock3, v9 4- platform"},
		{"nobody tells when", []diff.Version{ver(1, 0, 0), ver(2, 2, 2)}, 1, nil,
			"v1 0-2 platform, v2 2- platform, v1 - untold"},
		{"the platform's time is better than the commit's",
			[]diff.Version{ver(1, 0, 5), ver(2, 2, 2)}, 1, []Sighting{sight(1, 1), sight(3, 2), sight(6, 1)},
			"v1 0-2 created, v2 2-5 platform, v1 5- platform"},

		// What a lock file that is committed late does not prove.
		{"the dashboard's version came before the commit",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2)}, 2, []Sighting{sight(3, 1)},
			"v1 0-2 platform, v2 2- platform"},
		{"the same, and then came one of ours",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2), ver(3, 5, 5)}, 3, []Sighting{sight(3, 1), sight(6, 3)},
			"v1 0-2 platform, v2 2-5 platform, v3 5- platform"},
		{"the lock file went back, and somebody forth again without a trace",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2)}, 2, []Sighting{sight(1, 1), sight(3, 2), sight(6, 1)},
			"v1 0-2 platform, v2 2-6 platform, v1 6- lock lock6, v2 - untold"},
		{"a rollback was committed after the dashboard's version",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2), ver(3, 5, 5)}, 3, []Sighting{sight(1, 1), sight(3, 2), sight(6, 1)},
			"v1 0-2 platform, v2 2-5 platform, v3 5- platform"},

		// A lock file that says when a rollback was, or of which newer version it knew.
		{"the lock file in the folder says when it went back",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2)}, 1, []Sighting{sight(1, 1), knew(9, 1, 2, 6)},
			"v1 0-2 platform, v2 2-6 platform, v1 6- lock lock9"},
		{"it went back, and then came one of the dashboard's",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2), ver(3, 7, 7)}, 3, []Sighting{knew(9, 1, 2, 6)},
			"v1 0-2 platform, v2 2-6 platform, v1 6-7 lock lock9, v3 7- platform"},
		{"it went back and forth",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2)}, 2, []Sighting{knew(3, 2, 2, -1), knew(5, 1, 2, 4), knew(9, 2, 2, 6)},
			"v1 0-2 platform, v2 2-4 platform, v1 4-6 lock lock5, v2 6- lock lock9"},
		{"all within a second",
			[]diff.Version{ver(1, 0, 2.0002), ver(2, 2.0001, 2.0001), ver(3, 7, 7)}, 3, []Sighting{knew(1, 1, 1, -1), knew(9, 1, 2, 2)},
			"v1 0-2.0001 created, v2 2.0001-2.0001 platform, v1 2.0001-7 lock lock9, v3 7- platform"},
		{"a second rollback to the same version",
			[]diff.Version{ver(1, 0, 8), ver(2, 2, 2), ver(3, 6, 6)}, 1, []Sighting{knew(1, 1, 1, -1), knew(4, 1, 2, 3), knew(7, 3, 3, -1), knew(9, 1, 3, 8)},
			"v1 0-2 created, v2 2-3 platform, v1 3-6 lock lock4, v3 6-8 platform, v1 8- platform"},
		{"the platform's time is as good",
			[]diff.Version{ver(1, 0, 5.999), ver(2, 2, 2)}, 1, []Sighting{knew(1, 1, 1, -1), knew(9, 1, 2, 6)},
			"v1 0-2 created, v2 2-5.999 platform, v1 5.999- platform"},
		{"back from the dashboard's version to the one that it had, and it does not say when",
			[]diff.Version{ver(3, 0, 0), ver(4, 2, 2), ver(5, 8, 8)}, 5, []Sighting{knew(1, 3, 3, -1), knew(4, 3, 4, -1), knew(9, 5, 5, -1)},
			"v3 0-2 platform, v4 2-4 platform, v3 4-8 lock lock4, v5 8- platform"},
		{"the same, and it was committed after the next version had gone live",
			[]diff.Version{ver(3, 0, 0), ver(4, 2, 2), ver(5, 8, 8)}, 5, []Sighting{knew(1, 3, 3, -1), knew(9, 3, 4, -1), knew(10, 5, 5, -1)},
			"v3 0-2 platform, v4 2- platform, v3 -8 untold, v5 8- platform"},
		{"a revert of the lock file is no rollback",
			[]diff.Version{ver(1, 0, 0), ver(2, 2, 2)}, 2, []Sighting{knew(1, 1, 1, -1), knew(3, 2, 2, -1), knew(6, 1, 1, -1)},
			"v1 0-2 platform, v2 2- platform"},

		// What a last write may be besides a publication.
		{"the platform's clock is ahead of git's, first",
			[]diff.Version{ver(1, 0, 0.1)}, 1, []Sighting{sight(0.05, 1)},
			"v1 0.1- platform"},
		{"and with a rollback",
			[]diff.Version{ver(1, 0, 5.1), ver(2, 2, 2)}, 1, []Sighting{sight(1, 1), sight(3, 2), sight(5.05, 1)},
			"v1 0-2 created, v2 2-5.1 platform, v1 5.1- platform"},
		{"a voice was changed in place, which the lock file shows",
			[]diff.Version{ver(1, 0, 7)}, 1, []Sighting{sight(1, 1)},
			"v1 0- created"},
		{"the platform writes what it supersedes",
			[]diff.Version{ver(1, 0, 2), ver(2, 2, 4), ver(3, 4, 4)}, 3, nil,
			"v1 0-2 created, v2 2-4 created, v3 4- platform"},
		{"a draft that was overtaken",
			[]diff.Version{ver(1, 0, 0), ver(2, 1, 6), ver(3, 3, 3)}, 2, nil,
			"v1 0-1 platform, v2 1-3 assumed, v3 3-6 platform, v2 6- platform"},

		{"no times at all", []diff.Version{ver(1, -1, -1), ver(2, -1, -1)}, 2, nil, "v1 - untold, v2 - untold"},
		{"no times, and the live one is older", []diff.Version{ver(1, -1, -1), ver(2, -1, -1)}, 1, nil,
			"v1 - untold, v2 - untold, v1 - untold"},
		{"only a last write", []diff.Version{ver(1, -1, 1), ver(2, -1, 3)}, 2, nil, "v1 1-3 platform, v2 3- platform"},
	} {
		if got := spanText(Spans(c.versions, c.live, c.seen)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// At says what was live at a moment, and whether that is sure.
func TestAt(t *testing.T) {
	sure := &Timeline{Spans: Spans([]diff.Version{ver(1, 1, 1), ver(2, 2, 2)}, 2, nil)}
	untold := &Timeline{Spans: Spans([]diff.Version{ver(1, 1, 1), ver(2, 2, 2)}, 1, nil)}
	for _, c := range []struct {
		in       *Timeline
		hour     float64
		version  int
		sure, ok bool
	}{
		{sure, 0.5, 0, false, false},
		{sure, 1, 1, true, true},
		{sure, 1.99, 1, true, true},
		{sure, 2, 2, true, true},
		{sure, 1000, 2, true, true},
		{untold, 1.5, 1, true, true},
		{untold, 3, 2, false, true},
	} {
		span, isSure, ok := c.in.At(hour(c.hour))
		if span.Version != c.version || isSure != c.sure || ok != c.ok {
			t.Errorf("%s at %g: v%d, %v, %v", spanText(c.in.Spans), c.hour, span.Version, isSure, ok)
		}
	}
	if sure.Previous() != 1 || untold.Previous() != 2 || (&Timeline{}).Previous() != 0 {
		t.Errorf("before them: v%d and v%d", sure.Previous(), untold.Previous())
	}
}
