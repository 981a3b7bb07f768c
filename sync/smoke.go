package sync

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
	"github.com/agentsync/agentsync/sync/lock"
)

// A smoke call rings at somebody's, takes minutes, and may put the old version
// back. Whatever happens in these minutes, the lock says how far it is
// (spec.PendingCall): before the request that it may be placed, after the answer
// which call it is, and before the old version is put back that it failed. An apply
// that finds such an entry goes on from there. This file has the course of a call,
// dial.go how it is placed and waited for, goback.go the way back.

// smoke is an agent's smoke call.
type smoke struct {
	*job
	p       *progress
	call    *spec.SmokeCall
	pending spec.PendingCall
	entry   lock.Entry // of the agent as it was read back
	live    int        // the version that is called

	again string // why a call was placed though an earlier one may have been; "" else

	// What somebody else has changed meanwhile, where the old version is put back:
	// what stays as it is, and the config fields of the version that was called.
	others  []diff.Others
	inPlace []string
}

// noVerdict is a smoke call that proves nothing: nobody was called, or nobody
// can say what was said.
type noVerdict struct{ why string }

func (e *noVerdict) Error() string { return e.why }

// callFailed is a smoke call that was not as expected.
type callFailed struct{ failures []checks.Failure }

func (e *callFailed) Error() string { return "smoke call failed: " + checks.InWords(e.failures) }

// smokeCall carries out the plan's smoke call, which is step i, once the agent was
// read back.
func (j *job) smokeCall(ctx context.Context, p *progress, i int) error {
	if pending := j.marked.Smoke; pending == nil || uncalled(pending) && j.Numbers[j.want.SmokeCall.NumberEnv].IsZero() {
		j.finish(i, StepReport{Status: Skipped, Reason: fmt.Sprintf("%s is not set: nobody was called", j.want.SmokeCall.NumberEnv), To: liveNumber(p)})
		return nil
	}
	p.wrote = true // the lock's entry is about the call from now on
	s := &smoke{job: j, p: p, call: j.want.SmokeCall, pending: *j.marked.Smoke, entry: j.marked, live: j.marked.Smoke.Version}
	if p.verified != nil {
		s.entry = j.wentBack(j.verified(j.marked, j.want, p.verified), j.plan.Steps)
	}
	if n := liveNumber(p); n != nil {
		s.live = *n
	}
	if s.pending.State == spec.CallFailed {
		because := errors.New("the smoke call failed in an earlier apply")
		backTo, err := s.goBack(ctx, because)
		j.finish(i, StepReport{Status: Failed, Reason: because.Error(), To: j.plan.Steps[i].To, CallID: s.pending.CallID, BackTo: backTo})
		return err
	}
	call, verdict := s.inLine(ctx)
	end, err := s.conclude(ctx, verdict)
	switch {
	case verdict == nil:
		end.CallID, end.Note = call.ID, outcomeOf(call)
	case len(end.Failures) > 0: // which stand for the reason, and don't name it
		end.Note = call.ID
	}
	if s.again != "" {
		end.Note = strings.TrimPrefix(end.Note+"; "+s.again, "; ")
	}
	j.finish(i, end)
	return err
}

// outcomeOf is what a call came to, for the report.
func outcomeOf(call diff.Call) string {
	text := call.ID + " was answered"
	if call.Outcome != "" {
		text += fmt.Sprintf(", call_outcome %q", call.Outcome)
	}
	return text
}

// uncalled reports that no call can have been placed yet.
func uncalled(pending *spec.PendingCall) bool {
	return pending.State == spec.CallWaits && pending.CallID == "" && pending.Placed == ""
}

func liveNumber(p *progress) *int {
	if p.verified == nil || p.verified.Current == nil {
		return nil
	}
	n := p.verified.Current.Number
	return &n
}

// inLine is judge, once no other agent of this apply calls the same number.
func (s *smoke) inLine(ctx context.Context) (diff.Call, error) {
	number := s.Numbers[s.call.NumberEnv]
	if number.IsZero() || s.pending.CallID != "" {
		return s.judge(ctx)
	}
	release, err := s.lines.take(ctx, number)
	if err != nil {
		return diff.Call{}, err
	}
	call, err := s.judge(ctx)
	if answered, _ := call.Answered(); answered && !call.TranscriptEnded() {
		release(s.hungUp)
	} else {
		release(nil)
	}
	return call, err
}

// judge sees to it that the call is placed, waits for what it needs, and returns it.
// The error is nil where all is as expected, else a callFailed, a noVerdict,
// errTimeout, or why it stopped.
func (s *smoke) judge(ctx context.Context) (diff.Call, error) {
	call, err := s.place(ctx)
	if err != nil {
		return call, err
	}
	s.pending.CallID = call.ID
	if answered, known := call.Answered(); known && !answered {
		return call, s.failed(checks.Failure{Field: "answered", Want: "the call must be answered", Got: "and it was not"})
	}
	if !s.call.Expect.Transcript() {
		return call, nil
	}
	if err := s.keep(); err != nil {
		return call, err
	}
	if call, err = s.wait(ctx, call.ID); err != nil {
		return call, err
	}
	return call, s.failed(unmet(s.call.Expect, call)...)
}

func (s *smoke) failed(failures ...checks.Failure) error {
	if len(failures) == 0 {
		return nil
	}
	for i := range failures {
		failures[i].Check = "smoke call"
	}
	return &callFailed{failures}
}

// keep makes what is known of the call durable.
func (s *smoke) keep() error {
	entry, pending := s.entry, s.pending
	entry.Smoke = &pending
	err := s.Lock.Put(map[string]*lock.Entry{s.plan.Name: &entry})
	if err == nil {
		return nil
	}
	err = &lockError{fmt.Errorf("the lock file: %w", err)}
	s.stop(err)
	return err
}

// judged ends the lock's memory of the call.
func (s *smoke) judged() {
	entry := s.entry
	entry.Smoke = nil
	s.remember(&entry)
}

// conclude says what the end of a call means for the agent.
func (s *smoke) conclude(ctx context.Context, verdict error) (StepReport, error) {
	end := StepReport{Status: Done, To: &s.live, CallID: s.pending.CallID}
	var bad *callFailed
	var open *noVerdict
	switch {
	case verdict == nil:
		s.judged()
		return end, nil
	case errors.As(verdict, &bad):
		end.Status, end.Reason, end.Failures = Failed, verdict.Error(), bad.failures
		if s.call.OnFailure != "rollback" {
			s.judged()
			return end, fmt.Errorf("the smoke call failed: v%d stays live, as on_failure: keep says", s.live)
		}
		var err error
		end.BackTo, err = s.goBack(ctx, errors.New("the smoke call failed"))
		return end, err
	case errors.As(verdict, &open):
		end.Status, end.Reason = Fate, open.why
		return end, fmt.Errorf("nobody knows whether v%d is as expected: it stays live", s.live)
	case errors.Is(verdict, errTimeout):
		end.Status, end.Reason = Fate, verdict.Error()
		if s.call.OnTimeout != "rollback" {
			s.judged()
			return end, fmt.Errorf("the smoke call has no transcript: v%d stays live, as on_timeout: keep says", s.live)
		}
		end.Status = Failed
		var err error
		end.BackTo, err = s.goBack(ctx, errors.New("the smoke call has no transcript"))
		return end, err
	case ctx.Err() != nil:
		end.Status, end.Reason = Fate, s.interrupted(ctx)
		return end, fmt.Errorf("%s: %w", end.Reason, context.Canceled)
	default:
		end.Status, end.Reason = Failed, verdict.Error()
		return end, fmt.Errorf("smoke call: %w; v%d stays live", verdict, s.live)
	}
}

// interrupted says where the call was when the apply was interrupted.
func (s *smoke) interrupted(ctx context.Context) string {
	end := fmt.Sprintf("%s: v%d stays live, and ", whyCancelled(ctx), s.live)
	switch {
	case s.pending.CallID != "":
		return end + fmt.Sprintf("the next apply goes on waiting for the transcript of %s", s.pending.CallID)
	case s.pending.Placed != "":
		return end + "the next apply looks for the call that may have been placed"
	default:
		return end + "the next apply places its smoke call"
	}
}

// started is when the call was placed, by the platform's clock; zero where that is
// not known.
func (s *smoke) started() time.Time {
	at, err := time.Parse(time.RFC3339, s.pending.Placed)
	if err != nil {
		return time.Time{}
	}
	return at
}

func (s *smoke) say(format string, args ...any) {
	if s.Message != nil {
		s.Message(format, args...)
	}
}

// order is the call that the manifest asks for.
func (s *smoke) order() diff.CallOrder {
	return diff.CallOrder{
		Agent: s.p.id, Customer: s.Numbers[s.call.NumberEnv], Config: s.call.Infields, Transcript: s.call.Expect.Transcript(),
	}
}
