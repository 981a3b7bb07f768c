package diff

import (
	"encoding/json"
	"slices"
	"time"
)

// Call is what is known of one call to a voice agent (reference.md, "Calls to a
// voice agent"). A field that the answer leaves out is zero. No text of it holds
// a phone number of which more than the last four digits can be read.
type Call struct {
	ID string
	// Status is the platform's word in lower case: success, completed or answered;
	// failed or noanswered; queued. See Answered.
	Status         string
	CreatedAt      time.Time
	Duration       time.Duration // from the dialling on
	AnswerDuration time.Duration // of that, how long somebody was on the line
	// TranscriptStatus is pending, processing, ready, disabled or failed.
	TranscriptStatus string
	Problem          string // why there is no transcript
	Summary          string
	Outcome          string // call_outcome: one of the agent's outcomes, or what the platform found
	Turns            []Turn
	Customer, Number string // the customer's and the agent's number
	Warning          string // that came with the placing of the call
}

// MarshalJSON writes the call under the API's own names, durations in seconds.
// answered is null while nobody knows, and transcript until there is one.
func (c Call) MarshalJSON() ([]byte, error) {
	type transcript struct {
		Summary string `json:"summary"`
		Outcome string `json:"call_outcome"`
		History []Turn `json:"history"`
	}
	out := struct {
		ID               string      `json:"call_id"`
		Status           string      `json:"status,omitempty"`
		Answered         *bool       `json:"answered"`
		CreatedAt        time.Time   `json:"created_at,omitzero"`
		Duration         float64     `json:"duration,omitempty"`
		AnswerDuration   float64     `json:"answer_duration,omitempty"`
		Customer         string      `json:"customer_number,omitempty"`
		TranscriptStatus string      `json:"transcript_status,omitempty"`
		Problem          string      `json:"error,omitempty"`
		Warning          string      `json:"warning,omitempty"`
		Transcript       *transcript `json:"transcript"`
	}{c.ID, c.Status, nil, c.CreatedAt, c.Duration.Seconds(), c.AnswerDuration.Seconds(), c.Customer, c.TranscriptStatus, c.Problem, c.Warning, nil}
	if answered, known := c.Answered(); known {
		out.Answered = &answered
	}
	if c.TranscriptStatus == "ready" {
		out.Transcript = &transcript{c.Summary, c.Outcome, append([]Turn{}, c.Turns...)}
	}
	return json.Marshal(out)
}

// Turn is what one side said.
type Turn struct {
	Role string `json:"role"` // agent, user, or the platform's word
	Text string `json:"content"`
}

// Answered says whether the customer took the call; known is false while the
// platform has not said so: the call is queued.
func (c *Call) Answered() (answered, known bool) {
	switch {
	case slices.Contains([]string{"success", "completed", "answered"}, c.Status):
		return true, true
	case slices.Contains([]string{"failed", "noanswered"}, c.Status):
		return false, true
	}
	return false, false
}

// Read returns the call with what a later read of its transcript tells.
func (c Call) Read(read Call) Call {
	c.TranscriptStatus, c.Problem = read.TranscriptStatus, read.Problem
	c.Summary, c.Outcome, c.Turns = read.Summary, read.Outcome, read.Turns
	return c
}

// TranscriptEnded says that no later read of the call's transcript shows more.
func (c *Call) TranscriptEnded() bool {
	return slices.Contains([]string{"ready", "disabled", "failed"}, c.TranscriptStatus)
}

// CallOrder asks the platform to make a call.
type CallOrder struct {
	Agent      string         // an agent's id (AGT_…), or the phone number of one
	Customer   Phone          // who is called
	DID        string         // the number that the call comes from; needed when Agent is a phone number
	Config     map[string]any // flat: values of infields, user_name, voice_id, language, target_agent_id; no secrets
	Transcript bool
}

// CallQuery asks for the recent calls of an agent that were made in [Since, Until];
// a zero time is no bound. Pages count from 1; 0 is the first.
type CallQuery struct {
	Since, Until time.Time
	Page         int
}

// CallTrouble is the kind of an error of a request that is about calls.
type CallTrouble string

const (
	NoCredit    CallTrouble = "no_credit" // 402: the account has no credit, or no channels
	AtLimit     CallTrouble = "at_limit"  // 409, 429: all channels are taken
	CallRefused CallTrouble = "refused"   // 400, 403, 404, 422: not with this agent, this number or these values
	NoSuchAPI   CallTrouble = "no_api"    // the platform does not have the endpoint
)

// OfTheAccount says that nothing is known to be wrong with the agent or its
// prompt: the platform had no means to make the call.
func (t CallTrouble) OfTheAccount() bool { return t == NoCredit || t == AtLimit }
