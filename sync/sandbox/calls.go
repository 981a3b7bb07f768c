package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Calls to customer numbers with these ends go their own way, so that a client's
// handling can be tried. All others are answered, with Options.CallOutcome, and
// their transcript comes.
const (
	unansweredEnd = "0000" // nobody takes the call
	slowEnd       = "0015" // the answer comes after 15 seconds
	noOutcomeEnd  = "0020" // answered, and the platform finds no outcome
	otherEnd      = "0021" // answered, with the outcome "Not interested"
	brokenEnd     = "0030" // answered, and the transcript fails
	neverEnd      = "0031" // answered, and the transcript is never ready: half an hour later it has failed
	disabledEnd   = "0032" // answered, and transcripts are switched off
	cutEnd        = "0599" // answered, and the connection is cut before the answer to the request
	errorEnd      = "0500" // answered, and the answer to the request is 500
)

// refusedEnds are refused with the status in their last digits.
var refusedEnds = map[string]answer{
	"0402": tracedDetail(http.StatusPaymentRequired, "Insufficient credit or no channels"),
	"0403": tracedDetail(http.StatusForbidden, "Not authorized for this agent"),
	"0404": tracedDetail(http.StatusNotFound, "Agent not found"),
	"0409": tracedDetail(http.StatusConflict, "No channel available"),
	"0422": tracedDetail(http.StatusUnprocessableEntity, "customer_number cannot be called"),
	"0429": tracedDetail(http.StatusTooManyRequests, "Channel limit reached"),
}

const (
	slowAnswer     = 15 * time.Second
	transcriptLast = 30 * time.Minute // after hang-up; then a transcript has failed
	ringing        = 5 * time.Second
)

// phoneCall is one call and how far its transcript is. No field holds a whole
// phone number.
type phoneCall struct {
	Born     uint64        `json:"born"`     // place in the order of calls
	Agent    string        `json:"agent_id"` // "" for a phone number
	Customer string        `json:"customer"` // masked, like Number
	Number   string        `json:"number"`
	Answered bool          `json:"answered"`
	Wanted   bool          `json:"transcript"`
	End      string        `json:"end"` // the last digits of the customer's number
	Outcome  string        `json:"call_outcome"`
	Opening  string        `json:"opening"` // what the agent said first
	Polls    int           `json:"polls"`   // reads of the transcript
	Created  time.Time     `json:"created"`
	Talk     time.Duration `json:"talk"` // how long somebody was on the line
}

// click2call is endpoint 30. A phone number as agent_number is queued; an
// AGT_… id is called at once.
func click2call(c *call) answer {
	customer, _ := c.body["customer_number"].(string)
	number, _ := c.body["agent_number"].(string)
	if !isPhone(customer) {
		return tracedDetail(http.StatusBadRequest, "Invalid customer_number")
	}
	if a, refused := refusedEnds[lastDigits(customer)]; refused {
		return a
	}
	wanted, said := c.body["transcript"].(bool)
	values, _ := c.body["agent_config"].(map[string]any)
	status := "queued"
	p := c.newCall(customer)
	switch did, _ := c.body["did"].(string); {
	case strings.HasPrefix(number, "AGT_"):
		if a, ok := c.dial(p, number, values); !ok {
			return a
		}
		if status = "failed"; p.Answered {
			status = "success"
		}
	case !isPhone(number):
		return tracedDetail(http.StatusBadRequest, "Invalid agent_number")
	case !strings.HasPrefix(c.route.pattern, "/api/developer/") && did == "":
		return invalid(problem{Loc: []any{"body", "did"}, Msg: "did is required for phone numbers", Type: "missing"})
	default:
		p.Number = masked(number)
	}
	p.Wanted = wanted || !said && p.Agent == ""
	data := map[string]any{"call_id": c.keep(p), "status": status}
	if _, nested := values["call_infields"]; nested {
		data["warning"] = "agent_config is flat: call_infields in it has no effect"
	}
	a := enveloped(http.StatusOK, "Click2Call request created", data)
	switch p.End {
	case slowEnd:
		a.delay = slowAnswer
	case cutEnd:
		a.cut = true
	case errorEnd:
		a = tracedDetail(http.StatusInternalServerError, "Internal Server Error")
		a.acted = true
	}
	return a
}

// newCall is a call that rings. How long it is comes from the number's end, so
// that calls differ and a test knows how.
func (c *call) newCall(customer string) *phoneCall {
	end := lastDigits(customer)
	p := &phoneCall{Customer: masked(customer), End: end, Answered: end != unansweredEnd, Created: c.now.UTC(), Outcome: c.s.opts.CallOutcome}
	switch end {
	case noOutcomeEnd:
		p.Outcome = ""
	case otherEnd:
		p.Outcome = "Not interested"
	}
	if p.Answered {
		p.Talk = 30*time.Second + time.Duration(end[2]-'0')*10*time.Second + time.Duration(end[3]-'0')*time.Second
	}
	return p
}

// keep stores a call under a new id.
func (c *call) keep(p *phoneCall) (id string) {
	id = "call_" + c.st.id("call", 16)
	p.Born = c.st.sequence
	c.st.calls[id] = p
	return id
}

// dial connects the call to a voice agent; ok is false when a refuses.
func (c *call) dial(p *phoneCall, id string, values map[string]any) (a answer, ok bool) {
	target := c.st.agents[id]
	switch {
	case target == nil:
		return tracedDetail(http.StatusNotFound, "Agent not found"), false
	case target.Owner != c.s.owner:
		return tracedDetail(http.StatusForbidden, "Not authorized for this agent"), false
	case !target.Doc.flag("is_active"), target.current() == nil:
		return tracedDetail(http.StatusConflict, "Agent is not active or has no published config"), false
	}
	with := map[string]any{"user_name": p.Customer}
	for key, value := range values {
		with[key] = value
	}
	p.Agent, p.Number = id, id
	p.Opening, _ = fillIn(target.current().Doc.text("starting_instructions"), with)
	return answer{}, true
}

func isPhone(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	return len(digits) >= 8 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}

func lastDigits(number string) string { return number[len(number)-4:] }

// masked is a phone number the way the platform's answers have it.
func masked(number string) string {
	return strings.Repeat("*", len(number)-4) + lastDigits(number)
}

// duration is from the first ring to hang-up.
func (p *phoneCall) duration() time.Duration { return ringing + p.Talk }

// status is what the list of calls says of it. A call between phone numbers ends
// in other words, whose case varies.
func (p *phoneCall) status(now time.Time) string {
	over := !now.Before(p.Created.Add(p.duration()))
	switch {
	case p.Agent != "" && !p.Answered:
		return "failed"
	case p.Agent != "" && over:
		return "completed"
	case p.Agent != "":
		return "success"
	case !over:
		return "queued"
	case !p.Answered:
		return "noanswered"
	}
	return "Answered"
}

// transcriptStatus is how far the transcript is, and why there is none. It is
// ready once it has been read often enough, or long enough after the call.
func (p *phoneCall) transcriptStatus(o *Options, now time.Time) (status, problem string) {
	waited := now.Sub(p.Created.Add(p.duration()))
	slow := o.TranscriptPolls < 0
	ready := !slow && p.Polls > o.TranscriptPolls || waited >= o.TranscriptDelay
	switch {
	case !p.Wanted, p.End == disabledEnd:
		return "disabled", ""
	case p.Agent != "" && !p.Answered:
		return "failed", "The call was not answered"
	case p.End == neverEnd && waited >= transcriptLast:
		return "failed", "No transcript within 30 minutes"
	case p.End == brokenEnd && ready:
		return "failed", "The recording cannot be read"
	case ready && p.End != neverEnd:
		return "ready", ""
	case p.Polls > 1, waited > 0:
		return "processing", ""
	}
	return "pending", ""
}

// transcript is endpoint 31.
func transcript(c *call) answer {
	id := c.params["call_id"]
	p := c.st.calls[id]
	if p == nil {
		return tracedDetail(http.StatusNotFound, "Call not found")
	}
	p.Polls++
	status, problem := p.transcriptStatus(&c.s.opts, c.now)
	data := map[string]any{"call_id": id, "transcript_status": status, "transcript": nil}
	message := "Transcript not available yet"
	switch status {
	case "ready":
		message = "Transcript found"
		data["transcript"] = p.transcript(c.s.opts.Seed, id)
	case "failed":
		message = "Transcript failed"
		data["error"] = problem
	case "disabled":
		message = "Transcript disabled for this call"
	}
	return enveloped(http.StatusOK, message, data)
}

func (p *phoneCall) transcript(seed int64, id string) map[string]any {
	history := []any{}
	if p.Opening != "" {
		history = append(history,
			map[string]any{"role": "agent", "content": p.Opening},
			map[string]any{"role": "user", "content": "Yes, that suits me."})
	}
	var outcome any
	if p.Outcome != "" {
		outcome = p.Outcome
	}
	ended := p.Created.Add(p.duration()).Format(time.RFC3339)
	return map[string]any{
		"transcript_id": userID(seed, "transcript "+id),
		"summary":       "The customer answered and the agent went through its questions.",
		"call_outcome":  outcome,
		"history":       history,
		"createdAt":     ended,
		"updatedAt":     ended,
	}
}

// recentCalls is the list of calls, newest first.
func recentCalls(c *call) answer {
	query := c.r.URL.Query()
	from, _ := momentOf(query.Get("date_from"))
	to, _ := momentOf(query.Get("date_to"))
	wanted := func(key, value string) bool {
		return !query.Has(key) || strings.EqualFold(query.Get(key), value)
	}
	var ids []string
	for id, p := range c.st.calls {
		if p == nil || !wanted("agent_number", p.Number) || !wanted("call_type", p.kind()) || !wanted("status", p.status(c.now)) {
			continue
		}
		status, _ := p.transcriptStatus(&c.s.opts, c.now)
		if wanted("transcript_status", status) && !p.Created.Before(from) && (to.IsZero() || !p.Created.After(to)) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(c.st.calls[b].Born, c.st.calls[a].Born) })
	limit, page := c.number("limit", 50), c.number("page", 1)
	if c.s.opts.Page > 0 {
		limit = min(limit, c.s.opts.Page)
	}
	first := min((page-1)*limit, len(ids))
	last := min(first+limit, len(ids))
	calls := []any{}
	for _, id := range ids[first:last] {
		calls = append(calls, c.listed(id))
	}
	return enveloped(http.StatusOK, "Recent calls", map[string]any{
		"total": len(ids), "page": page, "limit": limit, "has_more": last < len(ids), "calls": calls})
}

// listed is a call as the list has it.
func (c *call) listed(id string) map[string]any {
	p := c.st.calls[id]
	status, _ := p.transcriptStatus(&c.s.opts, c.now)
	entry := map[string]any{
		"call_id": id, "status": p.status(c.now), "call_type": p.kind(), "created_at": naive(p.Created),
		"duration": p.duration().Seconds(), "answer_duration": p.Talk.Seconds(),
		"agent_number": p.Number, "customer_number": p.Customer,
		"transcript_status": status, "transcript": nil, "recording": nil,
	}
	if status == "ready" {
		entry["transcript"] = p.transcript(c.s.opts.Seed, id)
		entry["recording"] = "https://recordings.invalid/" + id + "?signature=" + c.s.recordingKey(id)
	}
	return entry
}

// recordingKey signs a recording's address; it is a secret.
func (s *Server) recordingKey(id string) string { return userID(s.opts.Seed, "recording "+id) }

// kind is the call_type.
func (p *phoneCall) kind() string {
	if p.Agent == "" {
		return "telephony"
	}
	return "agent_telephony"
}

// momentOf reads a date, or a time with or without a zone, as its first moment.
func momentOf(v string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.RFC3339Nano} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func isMoment(v string) (kind, msg string) {
	if _, ok := momentOf(v); !ok {
		return "datetime_from_date_parsing", "Input should be a valid datetime or date"
	}
	return "", ""
}

func cloneCalls(calls map[string]*phoneCall) map[string]*phoneCall {
	out := make(map[string]*phoneCall, len(calls))
	for id, p := range calls {
		if p != nil {
			copied := *p
			out[id] = &copied
		}
	}
	return out
}
