package spec

import (
	"slices"
	"time"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// SmokeCall is a real call to an agent whose version an apply has made live.
type SmokeCall struct {
	NumberEnv string         // the environment variable with the number that is called
	Infields  map[string]any // the call's values: text, json.Number or bool
	Timeout   time.Duration  // of the call and its transcript
	Expect    CallExpectation
	// OnFailure and OnTimeout are "rollback" or "keep".
	OnFailure, OnTimeout string
	Required             bool // no release without a number to call
}

// CallExpectation is what a call must be like. All of it must hold; there is
// something in it. Whatever is expected, the call must be answered.
type CallExpectation struct {
	Answered bool     `json:"answered"`
	Outcomes []string `json:"call_outcome"`        // one of them, whatever its capitals
	Contains []string `json:"transcript_contains"` // each of them, whatever its capitals
}

// Transcript says that the expectation is about what was said in the call.
func (e CallExpectation) Transcript() bool { return len(e.Outcomes)+len(e.Contains) > 0 }

const (
	defaultCallTimeout = 10 * time.Minute
	minCallTimeout     = 10 * time.Second
	maxCallTimeout     = 2 * time.Hour
)

// smokeCall reads a merged and checked smoke_call; nil where there is none.
func smokeCall(n *node) *SmokeCall {
	if n.IsEmpty() {
		return nil
	}
	c := &SmokeCall{NumberEnv: n.Get("customer_number_env").Text(), Timeout: defaultCallTimeout,
		OnFailure: "rollback", OnTimeout: "keep", Required: n.Get("required").Value() == true}
	c.Infields, _ = n.Get("infields").Value().(map[string]any)
	if text := n.Get("timeout").Text(); text != "" {
		c.Timeout, _ = time.ParseDuration(text)
	}
	if expect := n.Get("expect"); expect.IsMap() {
		decode(expect, &c.Expect)
	}
	for name, into := range map[string]*string{"on_failure": &c.OnFailure, "on_timeout": &c.OnTimeout} {
		if text := n.Get(name).Text(); text != "" {
			*into = text
		}
	}
	return c
}

// asWritten is the call as a manifest has it, for digests and comparison; no value
// where there is none.
func (c *SmokeCall) asWritten() value.Value {
	if c == nil {
		return value.Value{}
	}
	return value.Of(map[string]any{
		"customer_number_env": c.NumberEnv, "infields": c.Infields, "timeout": c.Timeout.String(),
		"answered": c.Expect.Answered, "call_outcome": c.Expect.Outcomes, "transcript_contains": c.Expect.Contains,
		"on_failure": c.OnFailure, "on_timeout": c.OnTimeout, "required": c.Required,
	})
}

// checkSmokeCall finds what the schema does not say of one document's smoke_call.
func checkSmokeCall(n *node, report func(Problem)) {
	for _, f := range n.Get("infields").Below {
		if slices.Contains(reserved, f.Key) {
			report(problem(f.KeyPos(), "leave it out", "smoke_call.infields: the platform sets %s itself", schema.Quote(f.Key)))
		}
		if f.IsMap() || f.IsList() {
			report(problem(f.KeyPos(), "infields are spoken: write text, a number, true or false",
				"smoke_call.infields: the value of %s is a map or a list", schema.Quote(f.Key)))
		}
	}
	if answered := n.Get("expect", "answered"); answered.Value() == false {
		report(problem(answered.KeyPos(), "leave it out, or write answered: true",
			"smoke_call.expect.answered: a call that nobody may answer proves nothing"))
	}
	timeout := n.Get("timeout")
	if timeout.Text() == "" {
		return
	}
	if d, err := time.ParseDuration(timeout.Text()); err != nil || d < minCallTimeout || d > maxCallTimeout {
		report(problem(timeout.Pos, "a transcript may take up to 30 minutes after the call",
			"smoke_call.timeout: want 10s to 2h, got %s", schema.Clip(timeout.Text())))
	}
}

// checkWholeSmokeCall finds what is missing once bases and overrides are merged in.
func (l *loader) checkWholeSmokeCall(spec *node, incomplete bool) {
	n := spec.Get("smoke_call")
	if n.IsEmpty() || n.IsInvalid() || incomplete {
		return
	}
	if number := n.Get("customer_number_env"); number.Text() == "" && !number.IsInvalid() {
		l.report(problem(n.KeyPos(), "name the environment variable that holds the number to call, such as INDUSLABS_SMOKE_NUMBER",
			`smoke_call: missing the field "customer_number_env"`))
	} else if slices.Contains(l.secrets, number.Text()) {
		l.report(problem(number.Pos, "name a variable that holds nothing but the number, such as INDUSLABS_SMOKE_NUMBER",
			"smoke_call.customer_number_env: %s holds a credential of agentsync, and what a call dials is sent", number.Text()))
	}
	l.checkSpokenValues(spec, n.Get("infields"))
	expect := n.Get("expect")
	asks := expect.IsInvalid()
	for _, f := range expect.Below {
		asks = asks || !f.IsEmpty()
	}
	if !asks {
		l.report(problem(n.KeyPos(), "say what must hold: expect: {answered: true}, or a call_outcome, or what transcript_contains",
			"smoke_call: it expects nothing"))
	}
}

// checkSpokenValues warns of the call's values that nothing of the agent takes, where
// the manifest says what there is.
func (l *loader) checkSpokenValues(spec, values *node) {
	if spec.Get(SectionInfields).IsNone() {
		return // the platform may have any
	}
	known := []string{"user_name", "voice_id", "language", "target_agent_id"}
	for _, declared := range slices.Concat(spec.Get(SectionInfields).Texts("field_name"), spec.Get(SectionConfig, "metadata_schema").Texts("name")) {
		known = append(known, declared.Text())
	}
	for _, f := range values.Below {
		if !slices.Contains(known, f.Key) && !slices.Contains(reserved, f.Key) {
			hint := schema.DidYouMean(f.Key, known)
			if hint == "" {
				hint = "declare it in call_infields, or leave it out"
			}
			l.report(warning(f.KeyPos(), hint, "smoke_call.infields: no infield is called %s, so nothing is filled in with it", schema.Quote(f.Key)))
		}
	}
}

// PendingCall is what an apply remembers of a smoke call until it is judged, so
// that no later one calls again or forgets it: the lock holds it, and the planner
// reads it.
type PendingCall struct {
	// Releases is Agent.Releases of the manifest whose version is called. A
	// manifest that has moved on makes the rest void.
	Releases string `yaml:"releases" json:"releases"`
	Back     int    `yaml:"back_to,omitempty" json:"back_to,omitempty"` // the version that was live before; 0 for none
	// Before is what going back restores beside that version, as one JSON object:
	// the agent's fields that the apply changes, its outcomes and its infields.
	Before  string `yaml:"before,omitempty" json:"before,omitempty"`
	Version int    `yaml:"version,omitempty" json:"version,omitempty"` // the version that is called; 0 until a call is about to be placed
	// Placed is the platform's time right before the request (RFC 3339, UTC); "" while
	// no call can have been placed.
	Placed string `yaml:"placed_at,omitempty" json:"placed_at,omitempty"`
	CallID string `yaml:"call_id,omitempty" json:"call_id,omitempty"` // of a call that was answered
	// State is CallWaits, or what came of the call.
	State string `yaml:"state,omitempty" json:"state,omitempty"`
}

// The states of a pending call.
const (
	CallWaits     = ""           // it is not judged
	CallFailed    = "failed"     // and the old version is being put back
	CallTakenBack = "taken_back" // the old version is live again; what git wants was found bad
)
