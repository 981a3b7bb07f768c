package history

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/agentsync/agentsync/diff"
)

// Calls is what came of an agent's calls, version by version. The platform does
// not say which version a call was made with: it is the one that was live when the
// call was made, as the spans have it.
type Calls struct {
	// Problem is why nothing is known, for people; "" where the calls were read.
	Problem string `json:"problem,omitempty"`
	// Since is from when on calls count: none before it were read.
	Since time.Time `json:"since,omitzero"`
	// Cut says that there are older calls, which would count and were not read.
	Cut      bool           `json:"cut,omitempty"`
	Versions []VersionCalls `json:"versions"` // those with calls, the highest number first
	// Unplaced calls have no version: they have no time, or nothing tells what was
	// live at it.
	Unplaced int `json:"unplaced"`
}

// VersionCalls are the calls that were made while a version was live.
type VersionCalls struct {
	Version  int
	Calls    int
	Answered int
	Talked   time.Duration // all answered calls together, from the dialling on
	// Outcomes of answered calls, the most frequent first. "" stands for those whose
	// transcript has none. Unread have no transcript, or none yet.
	Outcomes []OutcomeCount
	Unread   int
}

// OutcomeCount is how many calls ended with an outcome.
type OutcomeCount struct {
	Outcome string `json:"outcome"`
	Calls   int    `json:"calls"`
}

// Length is how long an answered call was on average; 0 where there is none.
func (v *VersionCalls) Length() time.Duration {
	if v.Answered == 0 {
		return 0
	}
	return v.Talked / time.Duration(v.Answered)
}

// MarshalJSON writes the average length in seconds.
func (v VersionCalls) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Version  int            `json:"version"`
		Calls    int            `json:"calls"`
		Answered int            `json:"answered"`
		Length   float64        `json:"average_duration"`
		Outcomes []OutcomeCount `json:"outcomes"`
		Unread   int            `json:"without_transcript"`
	}{v.Version, v.Calls, v.Answered, v.Length().Round(time.Millisecond).Seconds(), v.Outcomes, v.Unread})
}

// Of returns the calls of a version; nil where it has none.
func (c *Calls) Of(version int) *VersionCalls {
	for i := range c.Versions {
		if c.Versions[i].Version == version {
			return &c.Versions[i]
		}
	}
	return nil
}

// CallsFrom is from when on the calls of a timeline's versions were made: when the
// first of its spans began. ok is false where nothing says when.
func (t *Timeline) CallsFrom() (since time.Time, ok bool) {
	for _, s := range t.Spans {
		if !s.From.IsZero() {
			return s.From, true
		}
	}
	return time.Time{}, false
}

// CallsOf joins calls with the times at which versions were live.
func (t *Timeline) CallsOf(calls []diff.Call) *Calls {
	out := &Calls{Versions: []VersionCalls{}}
	out.Since, _ = t.CallsFrom()
	found := map[int]*VersionCalls{}
	outcomes := map[int]map[string]int{}
	for i := range calls {
		c := &calls[i]
		span, sure, ok := t.At(c.CreatedAt)
		if !ok || !sure && !t.must(span) || c.CreatedAt.IsZero() {
			out.Unplaced++
			continue
		}
		v := found[span.Version]
		if v == nil {
			v = &VersionCalls{Version: span.Version}
			found[span.Version], outcomes[span.Version] = v, map[string]int{}
		}
		v.add(c, outcomes[span.Version])
	}
	for number, v := range found {
		v.Outcomes = []OutcomeCount{}
		for outcome, n := range outcomes[number] {
			v.Outcomes = append(v.Outcomes, OutcomeCount{outcome, n})
		}
		slices.SortFunc(v.Outcomes, func(a, b OutcomeCount) int {
			return cmp.Or(b.Calls-a.Calls, cmp.Compare(a.Outcome, b.Outcome))
		})
		out.Versions = append(out.Versions, *v)
	}
	slices.SortFunc(out.Versions, func(a, b VersionCalls) int { return b.Version - a.Version })
	return out
}

// must says that a call in a span can have been made with its version alone: its
// turn is assumed, and before it nothing was live that could take a call.
func (t *Timeline) must(s Span) bool {
	return t.Whole && s == t.Spans[0] && s.Known == Assumed && (len(t.Spans) == 1 || !t.Spans[1].From.IsZero())
}

func (v *VersionCalls) add(c *diff.Call, outcomes map[string]int) {
	v.Calls++
	if answered, _ := c.Answered(); !answered {
		return
	}
	v.Answered++
	v.Talked += c.Duration
	if c.TranscriptStatus != "ready" {
		v.Unread++
		return
	}
	outcomes[c.Outcome]++
}
