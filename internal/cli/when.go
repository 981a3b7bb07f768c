package cli

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/agentsync/agentsync/internal/console"
)

// whenForms are the forms of a time that --at takes, for help and errors.
const whenForms = `"2026-11-24", "2026-11-24 14:30", "2026-11-24T14:30:00+05:30", "3 days ago", "yesterday" or "last tuesday"`

var (
	ago     = regexp.MustCompile(`^(an?|[0-9]{1,5}) (minute|hour|day|week|month|year)s? ago$`)
	layouts = []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"}
)

// parseWhen reads a time. A time with a zone is just that (RFC 3339). One without
// is in now's zone, a day alone is its beginning, and assumed says so. "last
// tuesday", or "tuesday", is the last Tuesday before today. What counts from now
// in days or more keeps the time of the day.
func parseWhen(text string, now time.Time) (at time.Time, assumed string, err error) {
	text = strings.TrimSpace(text)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, "", nil
	}
	zone := zoneName(now)
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return at, "in " + zone, nil
		}
	}
	if at, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return at, "the beginning of the day in " + zone, nil
	}
	lower := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	if m := ago.FindStringSubmatch(lower); m != nil {
		n, convErr := strconv.Atoi(m[1])
		if convErr != nil { // "a", "an"
			n = 1
		}
		return before(now, n, m[2]), "", nil
	}
	if back, ok := daysBack(lower, now.Weekday()); ok {
		day := time.Date(now.Year(), now.Month(), now.Day()-back, 0, 0, 0, 0, now.Location())
		return day, "the beginning of the day in " + zone, nil
	}
	if lower == "now" {
		return now, "", nil
	}
	return time.Time{}, "", console.Usagef("--at %q: no such time; want %s", text, whenForms)
}

// before is n units before a time.
func before(now time.Time, n int, unit string) time.Time {
	switch unit {
	case "minute":
		return now.Add(-time.Duration(n) * time.Minute)
	case "hour":
		return now.Add(-time.Duration(n) * time.Hour)
	case "week":
		return now.AddDate(0, 0, -7*n)
	case "month":
		return now.AddDate(0, -n, 0)
	case "year":
		return now.AddDate(-n, 0, 0)
	default:
		return now.AddDate(0, 0, -n)
	}
}

// daysBack is how many days ago a named day was.
func daysBack(name string, today time.Weekday) (int, bool) {
	switch name {
	case "today":
		return 0, true
	case "yesterday":
		return 1, true
	}
	name = strings.TrimPrefix(name, "last ")
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name == strings.ToLower(day.String()) {
			return (int(today-day)+6)%7 + 1, true
		}
	}
	return 0, false
}

// zoneName is a time's zone for people: "UTC", or "IST, UTC+05:30".
func zoneName(t time.Time) string {
	name, offset := t.Zone()
	if offset == 0 {
		return "UTC"
	}
	zone := t.Format("UTC-07:00")
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") || name == "" {
		return zone
	}
	return fmt.Sprintf("%s, %s", name, zone)
}
