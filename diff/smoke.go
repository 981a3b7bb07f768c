package diff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Releases reports whether steps make a version live. A change in place does not:
// it leaves no version to go back to.
func Releases(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return s.Action == Publish || s.Action == Rollback })
}

// pendingCall is what the lock remembers of a smoke call of what the manifest
// releases; nil where there is none.
func (p *agentPlanner) pendingCall() *spec.PendingCall {
	pending := p.memory.Smoke
	if p.want.SmokeCall == nil || p.offline || pending == nil || pending.Releases != p.want.Releases() {
		return nil
	}
	return pending
}

// takesBack reports that an apply found what git wants bad and was stopped while it
// put back what was live before. That is finished first, and is the plan's only
// step: else what is half put back would count as what was there before.
func (p *agentPlanner) takesBack() bool {
	pending := p.pendingCall()
	return pending != nil && pending.State == spec.CallFailed
}

// smokeCall is the step of the agent's smoke call: where this plan makes a version
// live, and where an earlier apply did and did not come to judge its call.
func (p *agentPlanner) smokeCall(rel release) []Step {
	call, pending := p.want.SmokeCall, p.pendingCall()
	releases := Releases(rel.steps)
	goesOn := !releases && pending != nil && len(rel.steps) == 0 && p.remote != nil && p.remote.Current != nil &&
		(pending.State == spec.CallFailed || pending.State == spec.CallWaits && p.remote.Current.Number != pending.Back)
	if call == nil || !releases && !goesOn {
		p.warnUnjudged(rel)
		return nil
	}
	step := p.step(SmokeCall, call.NumberEnv)
	step.Changes = callChanges(call)
	if goesOn {
		step.From, step.To = numbered(pending.Back), p.currentNumber()
		step.Changes = append([]Change{{Path: "goes_on_with", After: value.Of(goesOnWith(pending))}}, step.Changes...)
		return []Step{step}
	}
	step.From, step.To = p.currentNumber(), rel.steps[len(rel.steps)-1].To
	if p.keepsBefore() {
		step.From = numbered(p.memory.Smoke.Back)
	}
	if pending != nil && pending.State == spec.CallTakenBack {
		p.warnTakenBack()
	}
	return []Step{step}
}

// keepsBefore reports that an apply which did not end has begun to change what was
// live, or has left a version whose smoke call nobody has judged: going back means
// to what was there before that one.
func (p *agentPlanner) keepsBefore() bool {
	return p.remote != nil && KeepsBefore(p.memory.Smoke, p.remote.Current)
}

// KeepsBefore is keepsBefore of what is live.
func KeepsBefore(pending *spec.PendingCall, live *Version) bool {
	if pending == nil || pending.State != spec.CallWaits {
		return false
	}
	number := 0
	if live != nil {
		number = live.Number
	}
	return number == pending.Back || number == pending.Version
}

func numbered(version int) *int {
	if version == 0 {
		return nil
	}
	return &version
}

// goesOnWith says in words where an earlier apply stopped.
func goesOnWith(pending *spec.PendingCall) string {
	switch {
	case pending.State == spec.CallFailed:
		return "putting back what was live before: the call has failed"
	case pending.CallID != "":
		return pending.CallID
	case pending.Placed != "":
		return "a call that may have been placed"
	default:
		return "a call that was not placed yet"
	}
}

func (p *agentPlanner) warnTakenBack() {
	live := ""
	if n := p.currentNumber(); n != nil {
		live = fmt.Sprintf(", and v%d was put back", *n)
	}
	p.warnings = append(p.warnings, Warning{
		Agent:   p.want.Name,
		Message: "git still wants what failed its smoke call" + live + ": an apply makes it live again, and calls again",
		Hint:    "revert the commit in git to keep what is live, or correct what it changes",
	})
}

// warnUnjudged tells of a live version of ours that the lock does not know: the apply
// that released it may have been lost with its journal before its call was judged. A
// call that the manifest asks for since then has nothing to be about: the lock knows
// the version.
func (p *agentPlanner) warnUnjudged(rel release) {
	if p.want.SmokeCall == nil || p.offline || len(rel.steps) > 0 || p.memory.Smoke != nil || p.remote == nil || p.remote.Current == nil {
		return
	}
	live := p.remote.Current
	if line, ok := lineOf(live); !ok || live.Number == p.memory.Version || p.in.Identity.isOther(line) || !vouched(live, p.want) {
		return
	}
	p.warnings = append(p.warnings, Warning{
		Agent:   p.want.Name,
		Message: fmt.Sprintf("v%d is live, agentsync made it, and the lock file does not know it: nothing says that its smoke call was made and judged", live.Number),
		Hint: fmt.Sprintf("see `agentsync calls %[1]s`, or call: `agentsync call %[1]s --to NUMBER --wait`; where it is bad, `agentsync rollback %[1]s`; and commit the lock file after each apply",
			p.want.Name),
	})
}

// callChanges are what a smoke call expects and how it is made: the plan's digest
// covers them, and a reviewer sees them.
func callChanges(c *spec.SmokeCall) []Change {
	var out []Change
	add := func(path string, v any) {
		if after := value.Of(v); !after.IsEmpty() && after.Any() != false {
			out = append(out, Change{Path: path, After: after})
		}
	}
	add("expect.answered", c.Expect.Answered)
	add("expect.call_outcome", c.Expect.Outcomes)
	add("expect.transcript_contains", c.Expect.Contains)
	for _, name := range value.SortedKeys(c.Infields) {
		out = append(out, Change{Path: "infields." + name, After: maskedValue(c.Infields[name])})
	}
	add("timeout", Minutes(c.Timeout))
	add("on_failure", c.OnFailure)
	add("on_timeout", c.OnTimeout)
	add("required", c.Required)
	return out
}

// maskedValue is a value of a call as plans show it: of a phone number its end.
func maskedValue(v any) value.Value {
	text := value.Of(v).Text()
	if n, ok := v.(json.Number); ok {
		text = n.String()
	}
	if masked := MaskPhones(text); masked != text {
		return value.Of(masked)
	}
	return value.Of(v)
}

// Minutes is a duration as people write it: 10m, 1h30m.
func Minutes(d time.Duration) string {
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Dials reports whether the smoke call of steps needs a number: they release
// something, or pending is a call that may not have been placed.
func Dials(steps []Step, pending *spec.PendingCall) bool {
	if !slices.ContainsFunc(steps, func(s Step) bool { return s.Action == SmokeCall }) {
		return false
	}
	return Releases(steps) || pending == nil || pending.State == spec.CallWaits && pending.CallID == ""
}

// before is what PendingCall.Before holds.
type before struct {
	Agent map[string]value.Value `json:"agent,omitempty"`
	kept
}

// PendingCall is what the lock is to hold of a plan's smoke call before the apply
// writes anything; nil where the plan has none. seen is nil for a new agent, m is
// what the lock remembers until then.
func PendingCall(want spec.Agent, steps []Step, seen *RemoteAgent, m Remembered) *spec.PendingCall {
	i := slices.IndexFunc(steps, func(s Step) bool { return s.Action == SmokeCall })
	switch {
	case i < 0:
		return nil
	case !Releases(steps):
		return m.Smoke
	}
	out := &spec.PendingCall{Releases: want.Releases()}
	switch {
	case seen != nil && KeepsBefore(m.Smoke, seen.Current):
		out.Back, out.Before = m.Smoke.Back, m.Smoke.Before
	case seen != nil && seen.Current != nil:
		out.Back = seen.Current.Number
		data, err := json.Marshal(beforeOf(steps, seen))
		if err != nil {
			panic(fmt.Sprintf("what was there before: %v", err)) // they are JSON values
		}
		out.Before = printable(string(data))
	}
	return out
}

// printable writes what does not print in JSON as escapes, which read back
// unchanged: not every such character survives in a lock file.
func printable(data string) string {
	var b strings.Builder
	for _, r := range data {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// beforeOf is what steps may change beside the config, as it was seen. The agent's
// name is not in it: another agent may have taken it meanwhile.
func beforeOf(steps []Step, seen *RemoteAgent) before {
	b := before{map[string]value.Value{}, keptOf(seen)}
	for _, s := range steps {
		for _, c := range s.Changes {
			if s.Action == UpdateAgent && c.Path != "agent_name" {
				b.Agent[c.Path] = c.Before
			}
		}
	}
	return b
}

// WantBefore is a manifest of what was there before a release whose smoke call
// failed: the old version, pinned, with the outcomes and infields of then. A section
// that want does not manage is not managed there either: what a rollback takes of it
// comes back as from any rollback (Remembered.PutBack).
func WantBefore(want spec.Agent, pending *spec.PendingCall) (spec.Agent, error) {
	b, err := readBefore(pending)
	if err != nil {
		return spec.Agent{}, err
	}
	fields := make(map[string]any, len(b.Agent))
	for field, v := range b.Agent {
		fields[field] = v.Any()
	}
	out := spec.Agent{
		Name: want.Name, AgentName: want.AgentName, PreviousNames: want.PreviousNames, Pos: want.Pos,
		Agent: value.NewPatch(fields), Config: value.NewPatch(nil), Passthrough: value.NewPatch(nil),
		OutcomesManaged: want.OutcomesManaged, InfieldsManaged: want.InfieldsManaged,
		Release: spec.Release{Mode: "publish", Version: pending.Back, ServiceUpdates: "versioned"},
	}
	if want.OutcomesManaged {
		out.Outcomes = wholeItems(OutcomeItems, b.Outcomes)
	}
	if want.InfieldsManaged {
		out.Infields = wholeItems(InfieldItems, b.Infields)
	}
	return out, nil
}

func readBefore(pending *spec.PendingCall) (b before, err error) {
	if err := json.Unmarshal([]byte(pending.Before), &b); err != nil {
		return before{}, fmt.Errorf("the lock file does not say what was there before: %w", err)
	}
	return b, nil
}
