package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// Calls to customer numbers with these ends go wrong, so that a client's
// handling can be tried: nobody answers 0000, and the others are refused with
// the status in their last three digits.
const (
	unansweredEnd = "0000"
	noCreditEnd   = "0402"
	busyEnd       = "0429"
)

// phoneCall is one call and how far its transcript is.
type phoneCall struct {
	Status  string `json:"status"`
	AgentID string `json:"agent_id"` // "" for a phone number
	Opening string `json:"opening"`  // what the agent said first
	Wanted  bool   `json:"transcript"`
	Polls   int    `json:"polls"`
	Created string `json:"created"`
}

// click2call is endpoint 30. A phone number as agent_number is queued; an
// AGT_… id is called at once and answers.
func click2call(c *call) answer {
	customer, _ := c.body["customer_number"].(string)
	number, _ := c.body["agent_number"].(string)
	switch {
	case !isPhone(customer):
		return tracedDetail(http.StatusBadRequest, "Invalid customer_number")
	case strings.HasSuffix(customer, noCreditEnd):
		return tracedDetail(http.StatusPaymentRequired, "Insufficient credit")
	case strings.HasSuffix(customer, busyEnd):
		return tracedDetail(http.StatusTooManyRequests, "Channel limit reached")
	}
	p := &phoneCall{Status: "queued", Created: c.now.UTC().Format(time.RFC3339)}
	wanted, said := c.body["transcript"].(bool)
	p.Wanted = wanted || !said
	if strings.HasPrefix(number, "AGT_") {
		p.Wanted = wanted
		if a, ok := c.dial(p, number); !ok {
			return a
		}
		if strings.HasSuffix(customer, unansweredEnd) {
			p.Status = "failed"
		}
	} else if !isPhone(number) {
		return tracedDetail(http.StatusBadRequest, "Invalid agent_number")
	}
	id := "call_" + c.st.id("call", 16)
	c.st.calls[id] = p
	return enveloped(http.StatusOK, "Click2Call request created", map[string]any{"call_id": id, "status": p.Status})
}

// dial connects the call to a voice agent; ok is false when a refuses.
func (c *call) dial(p *phoneCall, id string) (a answer, ok bool) {
	target := c.st.agents[id]
	switch {
	case target == nil:
		return tracedDetail(http.StatusNotFound, "Agent not found"), false
	case target.Owner != c.s.owner:
		return tracedDetail(http.StatusForbidden, "Not authorized for this agent"), false
	case !target.Doc.flag("is_active"), target.current() == nil:
		return tracedDetail(http.StatusConflict, "Agent is not active or has no published config"), false
	}
	values, _ := c.body["agent_config"].(map[string]any)
	with := map[string]any{"user_name": sandboxUser}
	for key, value := range values {
		with[key] = value
	}
	p.Status, p.AgentID = "success", id
	p.Opening, _ = fillIn(target.current().Doc.text("starting_instructions"), with)
	return answer{}, true
}

func isPhone(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	return len(digits) >= 8 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}

// transcript is endpoint 31: pending at the first poll, processing at the
// second, ready from the third.
func transcript(c *call) answer {
	id := c.params["call_id"]
	p := c.st.calls[id]
	if p == nil {
		return tracedDetail(http.StatusNotFound, "Call not found")
	}
	data := map[string]any{"call_id": id, "transcript_status": "", "transcript": nil}
	say := func(status, message string) answer {
		data["transcript_status"] = status
		return enveloped(http.StatusOK, message, data)
	}
	if p.Polls < 3 {
		p.Polls++
	}
	switch {
	case !p.Wanted:
		return say("disabled", "Transcript disabled for this call")
	case p.Status == "failed":
		data["error"] = "The call was not answered"
		return say("failed", "Transcript failed")
	case p.Polls == 1:
		return say("pending", "Transcript not available yet")
	case p.Polls == 2:
		return say("processing", "Transcript not available yet")
	}
	data["transcript"] = p.transcript(c.s.opts.Seed, id)
	return say("ready", "Transcript found")
}

func (p *phoneCall) transcript(seed int64, id string) map[string]any {
	history := []any{}
	if p.Opening != "" {
		history = append(history,
			map[string]any{"role": "agent", "content": p.Opening},
			map[string]any{"role": "user", "content": "Yes, that suits me."})
	}
	return map[string]any{
		"transcript_id": userID(seed, "transcript "+id),
		"summary":       "The customer answered and the agent went through its questions.",
		"call_outcome":  "Interested",
		"history":       history,
		"createdAt":     p.Created,
		"updatedAt":     p.Created,
	}
}
