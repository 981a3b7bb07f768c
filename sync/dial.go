package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
)

const (
	// A call is in the list once it has rung, which takes 15 seconds.
	callLag   = 20 * time.Second
	callSlack = 2 * time.Second // that our idea of the platform's clock may be ahead of it

	// A request whose answer was lost may be on its way for as long as the client waits
	// for an answer. Until then, and until the list has its call, an empty list proves
	// nothing.
	callFate = time.Minute + callLag
)

// place returns the call of this release: the one that an earlier apply placed, or
// a new one. No call is placed while one may have been that nobody has looked for,
// and none twice in one apply: where the answer is lost and the list does not have
// the call, an apply calls again that comes later than callFate.
func (s *smoke) place(ctx context.Context) (diff.Call, error) {
	if s.pending.CallID != "" {
		return diff.Call{ID: s.pending.CallID, Status: "success"}, nil
	}
	if s.pending.Placed != "" {
		if found, err := s.find(ctx, nil); err != nil || found != nil {
			return foundCall(found), err
		}
		s.again = "an earlier apply may have called at " + s.pending.Placed + ", and the list of recent calls does not have it: so this is a new call"
		s.say("%s: %s", s.plan.Name, s.again)
	}
	if s.Numbers[s.call.NumberEnv].IsZero() {
		return diff.Call{}, &noVerdict{s.call.NumberEnv + " is not set any more: nobody was called; the next apply with a number calls"}
	}
	call, err := s.dial(ctx)
	switch {
	case err == nil:
		return call, nil
	case !mayHaveActed(err):
		return diff.Call{}, s.notPlaced(ctx, err)
	}
	found, lookErr := s.find(ctx, err)
	if lookErr != nil || found != nil {
		return foundCall(found), lookErr
	}
	return diff.Call{}, &noVerdict{fmt.Sprintf("%v; the list of recent calls does not have it, but it may still be on its way, so nobody is called again: see `agentsync calls %s`; the next apply looks again, and calls where there is none %s after this one",
		err, s.plan.Name, diff.Minutes(callFate))}
}

func foundCall(found *diff.Call) diff.Call {
	if found == nil {
		return diff.Call{}
	}
	return *found
}

// dial asks the platform for the call. Before that the lock says that it may have
// been placed, from now on.
func (s *smoke) dial(ctx context.Context) (diff.Call, error) {
	if err := ctx.Err(); err != nil {
		return diff.Call{}, err
	}
	order := s.order()
	s.pending.Version, s.pending.Placed = s.live, s.Remote.Now().UTC().Format(time.RFC3339)
	if err := s.keep(); err != nil {
		return diff.Call{}, err
	}
	s.say("%s: calling %s (%s) with v%d", s.plan.Name, s.call.NumberEnv, order.Customer, s.live)
	return s.Remote.PlaceCall(ctx, order)
}

// notPlaced is the error of a call that was surely not placed. The next apply
// places it.
func (s *smoke) notPlaced(ctx context.Context, err error) error {
	var locked *lockError
	if errors.As(err, &locked) {
		return err
	}
	s.pending.Placed, s.pending.Version = "", 0
	if keepErr := s.keep(); keepErr != nil {
		return keepErr
	}
	trouble := TroubleOf(err)
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return err
	case trouble == diff.CallRefused, trouble == diff.NoSuchAPI:
		return fmt.Errorf("nobody was called: %w", err)
	case trouble.OfTheAccount():
		return &noVerdict{fmt.Sprintf("nobody was called: %v; that is no fault of the prompt, and the next apply calls again", err)}
	default:
		return &noVerdict{fmt.Sprintf("nobody was called: %v; the next apply calls again", err)}
	}
}

// find looks for a call that may have been placed; nil where the list does not have
// it. lost is the error of its request, nil where an earlier apply placed it: then nil
// means that it surely was not, since find waits until callFate is over. Where nobody
// can say, it is a noVerdict, and the call is not placed again.
func (s *smoke) find(ctx context.Context, lost error) (*diff.Call, error) {
	because := "an earlier apply may have called, and was stopped"
	if lost != nil {
		because = lost.Error()
		s.say("%s: %v; looking among the recent calls", s.plan.Name, lost)
	}
	since := s.started()
	if since.IsZero() {
		s.judged()
		return nil, &noVerdict{because + "; when that was is not known, so nobody is called again"}
	}
	late := func(waited time.Duration) bool { return waited >= callLag }
	if lost == nil {
		s.say("%s: %s; looking for the call of %s among the recent ones", s.plan.Name, because, s.pending.Placed)
		late = func(time.Duration) bool { return s.Remote.Now().Sub(since) >= callFate }
	}
	for waited := time.Duration(0); ; waited += firstPoll {
		over := late(waited) // a list that is read after that has all
		calls, err := s.recent(ctx, since.Add(-callSlack))
		switch {
		case TroubleOf(err) == diff.NoSuchAPI:
			s.judged()
			return nil, &noVerdict{because + "; this platform does not list calls, so nobody can say, and nobody is called again: look in the dashboard"}
		case err != nil && ctx.Err() != nil:
			return nil, err
		case err != nil:
			return nil, &noVerdict{fmt.Sprintf("%s; and the recent calls can't be read: %v; the next apply looks again before it calls", because, err)}
		case len(calls) > 1:
			s.judged()
			return nil, &noVerdict{fmt.Sprintf("%s; the agent has had %d calls since, and which is ours nobody can say; nobody is called again", because, len(calls))}
		case len(calls) == 1:
			return &calls[0], nil
		case over:
			return nil, nil
		}
		if err := s.Sleep(ctx, firstPoll); err != nil {
			return nil, err
		}
	}
}

// recent are the agent's calls since a time that may be ours: to a number with the
// same end, where the list shows one.
func (s *smoke) recent(ctx context.Context, since time.Time) ([]diff.Call, error) {
	number := s.Numbers[s.call.NumberEnv].String()
	calls, _, err := CallsSince(ctx, s.Remote, s.p.id, since, 0)
	return slices.DeleteFunc(calls, func(call diff.Call) bool {
		return call.CreatedAt.IsZero() || number != "" && call.Customer != "" && lastDigits(call.Customer) != lastDigits(number)
	}), err
}

// lastDigits are the four digits that masked numbers show.
func lastDigits(masked string) string { return masked[max(0, len(masked)-4):] }

var errTimeout = errors.New("no transcript")

// wait reads the call's transcript until it is there, or the time is over that the
// manifest gives it since the call was placed: then the error is errTimeout.
func (s *smoke) wait(ctx context.Context, id string) (diff.Call, error) {
	left := s.call.Timeout
	if now, since := s.Remote.Now(), s.started(); !now.IsZero() && !since.IsZero() {
		left -= max(0, now.Sub(since))
	}
	s.say("%s: waiting for the transcript of %s, at most %s", s.plan.Name, id, diff.Minutes(max(0, left)))
	heard, err := AwaitTranscript(ctx, s.Remote, id, left, s.Sleep)
	switch {
	case ctx.Err() != nil && err != nil:
		return heard, err
	case err != nil && left > 0:
		return heard, &noVerdict{fmt.Sprintf("%v; the next apply goes on waiting for it", err)}
	case err != nil:
		return heard, fmt.Errorf("%w of call %s within %s: %w", errTimeout, id, diff.Minutes(s.call.Timeout), err)
	case heard.TranscriptStatus == "ready":
		return heard, nil
	case heard.TranscriptEnded():
		return heard, fmt.Errorf("%w of call %s will come: %s", errTimeout, id, ended(heard))
	case heard.TranscriptStatus == "":
		return heard, fmt.Errorf("%w of call %s within %s: the platform knows of none", errTimeout, id, diff.Minutes(s.call.Timeout))
	default:
		return heard, fmt.Errorf("%w of call %s within %s: it is %s", errTimeout, id, diff.Minutes(s.call.Timeout), heard.TranscriptStatus)
	}
}

// ended says in the platform's words why a call has no transcript.
func ended(call diff.Call) string {
	text := fmt.Sprintf("the platform says %q", call.TranscriptStatus)
	if call.Problem != "" {
		text += ": " + call.Problem
	}
	return text
}

// unmet are the expectations that a call whose transcript is there does not meet.
func unmet(expect spec.CallExpectation, heard diff.Call) []checks.Failure {
	var out []checks.Failure
	is := func(want string) bool { return strings.EqualFold(want, strings.TrimSpace(heard.Outcome)) }
	if len(expect.Outcomes) > 0 && !slices.ContainsFunc(expect.Outcomes, is) {
		got := "and the call has none"
		if heard.Outcome != "" {
			got = fmt.Sprintf("and is %q", heard.Outcome)
		}
		out = append(out, checks.Failure{Field: "call_outcome", Want: "must be " + oneOf(expect.Outcomes), Got: got})
	}
	for _, want := range expect.Contains {
		says := func(t diff.Turn) bool { return strings.Contains(plainly(t.Text), plainly(want)) }
		if slices.ContainsFunc(heard.Turns, says) {
			continue
		}
		f := checks.Failure{Field: "transcript", Want: fmt.Sprintf("must contain %q", want), Got: "and nothing was said"}
		if len(heard.Turns) > 0 {
			first := heard.Turns[0]
			f.Got, f.Line, f.Text = "", 1, begun(strings.TrimPrefix(first.Role+": "+first.Text, ": "))
		}
		out = append(out, f)
	}
	return out
}

// plainly is what was said, whatever its capitals and line breaks.
func plainly(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// begun is how a turn begins.
func begun(text string) string {
	const most = 160
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}

func oneOf(list []string) string {
	quoted := make([]string, len(list))
	for i, text := range list {
		quoted[i] = fmt.Sprintf("%q", text)
	}
	return strings.Join(quoted, " or ")
}
