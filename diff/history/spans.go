package history

import (
	"cmp"
	"slices"
	"time"

	"github.com/agentsync/agentsync/diff"
)

// The platform does not say when a version went live. It says when a version was
// made and when it was last written, and that is a publication, a rollback to it,
// a change of a service section while it was live, or, on some platforms, that it
// was superseded. The lock file's commits say which version was live by then.
// From these the stretches are put together, and each says how it is known.

// oneAct is how far apart the times of two writes may be that are one act: a
// publication may write the version that it supersedes as well.
const oneAct = time.Second

// clocks is how far the platform's clock and that of a commit may be apart.
const clocks = 10 * time.Minute

// event is a version's going live.
type event struct {
	version int
	at      time.Time // zero where nothing says when; it then came after the event before it
	known   Known
	lock    string
}

// Spans returns when which version was live, the oldest first. versions are in
// any order, and live, if not 0, is the number of the one that is live now and is
// among them. seen are the lock file's commits, the oldest first; they may name
// versions that are not among versions.
//
// What a rollback did that left no trace, neither a last write nor a commit of
// the lock file, is not in it. A lock file that was committed only after the next
// version went live says nothing about a rollback.
func Spans(versions []diff.Version, live int, seen []Sighting) []Span {
	t := &tracker{seen: seen}
	for _, v := range versions {
		if !v.IsDraft() {
			t.were = append(t.were, v)
		}
	}
	slices.SortFunc(t.were, func(a, b diff.Version) int { return cmp.Compare(a.Number, b.Number) })
	t.first()
	t.fromWrites()
	t.fromLock()
	t.fromWrites()
	t.upTo(live)
	return t.spans()
}

type tracker struct {
	were   []diff.Version // those that were ever live, by number
	seen   []Sighting
	events []event // in the order in which they came
}

// first finds when each version went live for the first time.
func (t *tracker) first() {
	var firsts []event
	var next time.Time // when the first of the later versions went live
	for _, v := range slices.Backward(t.were) {
		e := t.firstOf(&v, next)
		if !e.at.IsZero() && (next.IsZero() || e.at.Before(next)) {
			next = e.at
		}
		firsts = append(firsts, e)
	}
	for _, e := range slices.Backward(firsts) {
		t.add(e)
	}
}

// fromWrites adds what last writes tell: only a version that is live is written,
// so one that was written while another was live had gone live again.
func (t *tracker) fromWrites() {
	for _, v := range t.were {
		written := v.LastTouched()
		e := t.at(written)
		superseded := func(o event) bool { return o.version != v.Number && o.at.Sub(written).Abs() <= oneAct }
		if e != nil && e.version != v.Number && !slices.ContainsFunc(t.events, superseded) {
			t.add(event{version: v.Number, at: written, known: ByWrite})
		}
	}
}

// firstOf is when v went live for the first time. next is when a later version
// did, zero where there is none.
func (t *tracker) firstOf(v *diff.Version, next time.Time) event {
	written := v.LastTouched()
	inTurn := func(at time.Time) bool { return next.IsZero() || at.Before(next.Add(-oneAct)) }
	i := slices.IndexFunc(t.seen, func(s Sighting) bool { return s.Version == v.Number })
	sighted := i >= 0 && inTurn(t.seen[i].At)
	e := event{version: v.Number, at: v.CreatedAt, known: ByCreation}
	switch {
	case written.IsZero():
		return event{version: v.Number, known: Untold}
	case inTurn(written) && !(sighted && written.After(t.seen[i].At.Add(clocks))):
		e.at, e.known = written, ByWrite
	case !sighted && written.After(next.Add(oneAct)):
		e.known = Assumed
	}
	if e.at.IsZero() {
		e.known = Untold
	}
	return e
}

// add puts an event behind those that were before it; one without a time comes
// last so far.
func (t *tracker) add(e event) {
	i := len(t.events)
	for i > 0 && !e.at.IsZero() && e.at.Before(t.events[i-1].at) {
		i--
	}
	t.events = slices.Insert(t.events, i, e)
}

// at is the event whose version was live at a time; nil where none is known.
func (t *tracker) at(when time.Time) *event {
	var found *event
	for i := range t.events {
		if e := &t.events[i]; !e.at.IsZero() && !e.at.After(when) {
			found = e
		}
	}
	return found
}

// fromLock adds the rollbacks that only the lock file tells: it went back to a
// version from before, or to the same one from a newer one of which it knows, and
// the platform's times have another one live then. One that knows of fewer versions
// than an earlier one comes from a revert, and says nothing of the platform.
func (t *tracker) fromLock() {
	had := map[int]bool{}
	var last Sighting
	for _, s := range t.seen {
		if s.Newest > 0 && s.Newest < last.Newest {
			continue
		}
		earlier := last.Version > 0 && s.Version != last.Version && (had[s.Version] || s.Version < last.Version)
		newer := s.Version < s.Newest && s.Newest != last.Newest
		if !s.Since.IsZero() || earlier || newer {
			t.wentBack(s)
		}
		had[s.Version], last = true, s
	}
}

// wentBack adds a rollback that a sighting tells, unless it is known. Where the lock
// file does not say when it was, a commit says by when; one that came after the next
// version had gone live leaves the order alone.
func (t *tracker) wentBack(s Sighting) {
	told := func(when time.Time) bool { e := t.at(when); return e != nil && e.version == s.Version }
	next := slices.IndexFunc(t.events, func(e event) bool { return s.Newest > 0 && e.version > s.Newest })
	late := s.Commit == "" || next >= 0 && !t.events[next].at.After(s.At)
	switch {
	case !s.Since.IsZero(): // in whole seconds, and after the newest one had gone live
		at := s.Since
		if i := slices.IndexFunc(t.events, func(e event) bool { return e.version == s.Newest }); i >= 0 && s.Newest != s.Version && at.Before(t.events[i].at) {
			at = t.events[i].at
		}
		if !told(at) && !told(at.Add(oneAct)) {
			t.add(event{s.Version, at, ByLock, s.Commit})
		}
	case s.Newest > 0 && late:
		if next < 0 {
			next = len(t.events)
		}
		newest := slices.IndexFunc(t.events, func(e event) bool { return e.version == s.Newest })
		if newest < 0 || newest >= next || !slices.ContainsFunc(t.events[newest:next], func(e event) bool { return e.version == s.Version }) {
			t.events = slices.Insert(t.events, next, event{version: s.Version, known: Untold})
		}
	case !told(s.At) && !told(s.At.Add(clocks)):
		t.add(event{s.Version, s.At, ByLock, s.Commit})
	}
}

// upTo makes the last event that of the version which is live.
func (t *tracker) upTo(live int) {
	last := func() *event { return &t.events[len(t.events)-1] }
	if live == 0 || len(t.events) == 0 || last().version == live {
		return
	}
	seenLive := slices.ContainsFunc(t.seen, func(s Sighting) bool { return s.Version == live })
	byCommit := func() bool { // and nothing but that
		return slices.ContainsFunc(t.seen, func(s Sighting) bool { return s.Since.IsZero() && s.At.Equal(last().at) })
	}
	for last().known == ByLock && byCommit() && !seenLive && len(t.events) > 1 { // committed after the next one went live
		t.events = t.events[:len(t.events)-1]
	}
	if last().version != live {
		t.events = append(t.events, event{version: live, known: Untold})
	}
}

// spans are the events with their ends; neighbours of one version are one.
func (t *tracker) spans() []Span {
	out := []Span{}
	for _, e := range t.events {
		n := len(out)
		if n > 0 && out[n-1].Version == e.version {
			continue
		}
		if n > 0 {
			out[n-1].To = e.at
		}
		out = append(out, Span{Version: e.version, From: e.at, Known: e.known, Lock: e.lock})
	}
	return out
}

// At returns the span that a time lies in; ok is false where nothing is known to
// have been live then. sure is false where another version may have been: this
// one's turn is assumed, or the next one went live nobody knows when.
func (t *Timeline) At(when time.Time) (span Span, sure, ok bool) {
	i := -1
	for k, s := range t.Spans {
		if !s.From.IsZero() && !s.From.After(when) {
			i = k
		}
	}
	if i < 0 {
		return Span{}, false, false
	}
	untold := i+1 < len(t.Spans) && t.Spans[i+1].From.IsZero()
	return t.Spans[i], t.Spans[i].Known != Assumed && !untold, true
}

// Previous is the version that was live before the one that is live now,
// whatever its number; 0 where none is known.
func (t *Timeline) Previous() int {
	if n := len(t.Spans); n >= 2 {
		return t.Spans[n-2].Version
	}
	return 0
}

// SpansOf are the spans of one version, the oldest first.
func (t *Timeline) SpansOf(number int) []Span {
	var out []Span
	for _, s := range t.Spans {
		if s.Version == number {
			out = append(out, s)
		}
	}
	return out
}

// Newest returns the timeline with the most newest versions and the live one, and
// with what was live since the oldest of the newest first was. 0 is all.
func (t *Timeline) Newest(most int) *Timeline {
	if most <= 0 || len(t.Versions) <= most {
		return t
	}
	out := *t
	out.Whole, out.Versions = false, slices.Clone(t.Versions[:most])
	oldest := out.Versions[most-1].Number
	if live := t.Find(t.Live); live != nil && out.Find(t.Live) == nil {
		out.Versions = append(out.Versions, *live)
	}
	from := slices.IndexFunc(t.Spans, func(s Span) bool { return s.Version >= oldest })
	out.Spans = t.Spans[max(0, from):]
	if from < 0 { // drafts alone: what is live now counts
		out.Spans = t.Spans[max(0, len(t.Spans)-1):]
	}
	return &out
}
