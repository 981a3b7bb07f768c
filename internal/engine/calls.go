package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
	"github.com/agentsync/agentsync/sync"
)

// transcriptLimit is how long a transcript is waited for. It may take half an hour
// after hang-up, and the platform then says that it has failed.
const transcriptLimit = 45 * time.Minute

// Caller makes calls and reads what is known of them. Close ends the connection.
type Caller struct {
	*Past
}

// Caller connects to the platform to make and read calls.
func (p *Project) Caller(ctx context.Context) (*Caller, error) {
	past, err := p.Past(ctx)
	if err != nil {
		return nil, err
	}
	return &Caller{past}, nil
}

// Call makes a call of an agent of the project, or, where order.Agent is set, of
// a phone number. It is made once. Where the answer is lost, the platform's list
// of calls is asked whether it was made; if that does not tell, the error says so.
func (c *Caller) Call(ctx context.Context, name string, order diff.CallOrder) (diff.Call, error) {
	if order.Agent == "" {
		past, err := c.Agent(ctx, name)
		if err != nil {
			return diff.Call{}, err
		}
		if past.current == nil {
			return diff.Call{}, Errorf(Failed, "agentsync apply publishes what git wants", "nothing of %s is live, so nobody can be called with it", name)
		}
		order.Agent = past.agent.ID
		if err := past.warnOfValues(ctx, order); err != nil {
			return diff.Call{}, err
		}
	}
	before := c.client.Now()
	call, err := c.client.PlaceCall(ctx, order)
	var failure sync.Failure
	if errors.As(err, &failure) && failure.MayHaveActed() {
		return c.lost(ctx, name, order, before, err)
	}
	return call, troubled(err)
}

// warnOfValues tells of the placeholders for which a call gives no value, which the
// caller would hear as they stand, and of values for which there is no name.
func (a *AgentPast) warnOfValues(ctx context.Context, order diff.CallOrder) error {
	infields, err := a.past.client.Items(ctx, a.agent.ID, spec.SectionInfields)
	if err != nil {
		return fmt.Errorf("read the infields of %s: %w", a.key, err)
	}
	rendered := concluded(checks.Render(a.current.Content, order.Config), "", a.current.Content, infields)
	named := append(checks.Declared(a.current.Content, infields), "voice_id", "language", "target_agent_id")
	for _, name := range undeclared(order.Config, named) {
		a.past.project.opt.Message("warning: %s", name)
	}
	for _, left := range slices.Compact(rendered.Left) {
		a.past.project.opt.Message("warning: %s has no value: it would be spoken as it stands", left)
	}
	return nil
}

// lost is what became of a call whose answer was lost: the one call to that number
// that the platform lists since the moment before; else the error.
func (c *Caller) lost(ctx context.Context, name string, order diff.CallOrder, before time.Time, lost error) (diff.Call, error) {
	hint := fmt.Sprintf("agentsync calls %s lists its calls: look there before you call again", name)
	if name == "" {
		hint = "look for it in the dashboard before you call again"
	}
	unknown := Errorf(Failed, hint, "the call may have been made: %w", lost)
	if ctx.Err() != nil {
		unknown.Kind = Interrupted
		return diff.Call{}, unknown
	}
	if name == "" || before.IsZero() {
		return diff.Call{}, unknown
	}
	found, err := c.listed(ctx, order, before)
	for waited := time.Duration(0); err == nil && len(found) == 0 && waited < lateReads; waited += time.Second {
		if err = c.project.opt.Sleep(ctx, time.Second); err == nil {
			found, err = c.listed(ctx, order, before)
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		unknown.Kind = Interrupted
		return diff.Call{}, unknown
	case err != nil:
		c.project.opt.Logf("the recent calls can't be read: %v", err)
		return diff.Call{}, unknown
	case len(found) != 1:
		return diff.Call{}, unknown
	}
	c.project.opt.Message("the answer to the call was lost (%v); the platform lists it as %s", lost, found[0].ID)
	return found[0], nil
}

// lateReads is how long a list may not show a call that was made (reference.md,
// "does a read show a write at once?").
const lateReads = 5 * time.Second

// listed are the calls of an order's agent to its customer since a time.
func (c *Caller) listed(ctx context.Context, order diff.CallOrder, since time.Time) (found []diff.Call, err error) {
	const second = time.Second // to which the platform's clock is known
	calls, _, err := sync.CallsSince(ctx, c.client, order.Agent, since.Add(-second), 0)
	for _, call := range calls {
		if sameEnd(call.Customer, order.Customer) && !call.CreatedAt.IsZero() {
			found = append(found, call)
		}
	}
	return found, err
}

// sameEnd says whether a number, masked in the platform's way, ends as ours does.
func sameEnd(theirs string, ours diff.Phone) bool {
	return strings.HasSuffix(theirs, strings.TrimLeft(ours.String(), "…"))
}

// troubled adds the way out to an error about calls.
func troubled(err error) error {
	hint := ""
	switch sync.TroubleOf(err) {
	case diff.NoCredit:
		hint = "the account has no credit or no channels: nothing is wrong with the agent"
	case diff.AtLimit:
		hint = "all channels are taken: nothing is wrong with the agent, try again later"
	case diff.NoSuchAPI:
		hint = "this platform does not serve calls at any address that agentsync knows"
	}
	if hint == "" {
		return err
	}
	return Errorf(Failed, hint, "%w", err)
}

// Transcript reads what is known of a call; with wait, until its transcript is
// there or will not come. An interrupt while it waits is an error that names the
// call and the way to go on.
func (c *Caller) Transcript(ctx context.Context, call diff.Call, wait bool) (diff.Call, error) {
	if !wait {
		read, err := c.client.Transcript(ctx, call.ID)
		return call.Read(read), troubled(err)
	}
	again := fmt.Sprintf("agentsync transcript %s --wait goes on waiting", call.ID)
	read, err := sync.AwaitTranscript(ctx, c.client, call.ID, transcriptLimit, c.project.opt.Sleep)
	call = call.Read(read)
	switch {
	case err != nil && ctx.Err() != nil:
		return call, Errorf(Interrupted, again, "interrupted while waiting for the transcript of %s", call.ID)
	case err == nil && !call.TranscriptEnded():
		return call, Errorf(Failed, again, "no transcript of %s within %s", call.ID, transcriptLimit)
	}
	return call, troubled(err)
}

// Recent lists the calls of an agent in the time until now, newest first. since is
// when that begins by the platform's clock, which is that of the calls.
func (c *Caller) Recent(ctx context.Context, name string, back time.Duration) (calls []diff.Call, since time.Time, err error) {
	past, err := c.Agent(ctx, name)
	if err != nil {
		return nil, since, err
	}
	now := c.client.Now()
	if now.IsZero() {
		now = c.project.opt.Now()
	}
	since = now.Add(-back)
	calls, _, err = sync.CallsSince(ctx, c.client, past.agent.ID, since, 0)
	if sync.TroubleOf(err) == diff.NoSuchAPI {
		return nil, since, Errorf(Failed, "", "%s (%w)", noList, err)
	}
	return calls, since, err
}

const noList = "this platform does not list calls"

// mostCalls is how many calls of an agent are read for its history: a hundred pages.
const mostCalls = 20_000

// Calls reads the calls that were made while the versions of a timeline were live,
// and joins them with it. Only that there is no list of calls is no error: the
// result says so. calls of an agent without spans are none.
func (a *AgentPast) Calls(ctx context.Context, t *history.Timeline) (*history.Calls, error) {
	since, ok := t.CallsFrom()
	if !ok {
		return t.CallsOf(nil), nil
	}
	calls, whole, err := sync.CallsSince(ctx, a.past.client, a.agent.ID, since, mostCalls)
	switch {
	case sync.TroubleOf(err) == diff.NoSuchAPI:
		return &history.Calls{Problem: noList, Versions: []history.VersionCalls{}}, nil
	case err != nil:
		return nil, fmt.Errorf("read the calls of %s: %w", a.key, err)
	}
	out := t.CallsOf(calls)
	if !whole {
		out.Cut = true
		out.Since = calls[len(calls)-1].CreatedAt
	}
	return out, nil
}
