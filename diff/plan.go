// Package diff compares what manifests want with what the platform has, and
// says what to do about it. It is pure: no I/O, no clock, no globals.
package diff

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// FormatVersion is the version of the plan's JSON form.
const FormatVersion = "1"

// Plan is what an apply would do, as data: it holds no closures, no secrets
// and no timestamps, and the same inputs give the same bytes. It is not the
// state itself: what is sent is computed again from manifests and platform,
// and Digest proves that the two computations agree.
type Plan struct {
	FormatVersion string `json:"format_version"`
	Environment   string `json:"environment"`
	BaseURL       string `json:"base_url"`
	Digest        string `json:"digest"` // "sha256:" and 64 hex digits; see planfile.Digest
	// Targets are the agents that were asked for. Left out (nil) means all; an
	// empty list is a plan of no agents: none has changed (plan --changed-since).
	Targets []string `json:"targets,omitzero"`
	Prune   bool     `json:"prune,omitempty"` // orphans are deleted
	// Shard is the part of the fleet that the plan is of: of Targets, the agents whose
	// keys fall into it. nil is the whole fleet.
	Shard *Shard `json:"shard,omitempty"`
	// Base is the git commit (40 hex digits) whose manifests the plan was
	// compared with, in place of the platform; "" for a plan of the platform.
	// A plan with a base can be shown, never applied.
	Base     string      `json:"base,omitempty"`
	Summary  Summary     `json:"summary"`
	Agents   []AgentPlan `json:"agents"`   // sorted by name
	Refusals []Refusal   `json:"refusals"` // policy that forbids this plan; sorted by agent
	Warnings []Warning   `json:"warnings"`
}

// Summary counts agents by status, and steps.
type Summary struct {
	Create    int `json:"create"`
	Update    int `json:"update"`
	Delete    int `json:"delete"`
	Unchanged int `json:"unchanged"`
	Orphan    int `json:"orphan"`
	Steps     int `json:"steps"`
}

// Status of an agent in a plan.
type Status string

// The statuses of design section 4.
const (
	Create    Status = "create"
	Update    Status = "update"
	Delete    Status = "delete"
	Unchanged Status = "unchanged"
	Orphan    Status = "orphan"
)

// Class says who moved since the last apply, for one section with a difference.
type Class string

// The classes of design section 4, "Provenance".
const (
	Pending Class = "pending" // git moved
	Drift   Class = "drift"   // the platform moved
	Both    Class = "both"
	Unknown Class = "unknown" // nothing remembers the last apply
)

// Moved says whether the platform changed a section of this class.
func (c Class) Moved() bool { return c == Drift || c == Both }

// Touch is who changed something on the platform, by the platform's own id, and
// when, in UTC; "" and zero where it does not say.
type Touch struct {
	At time.Time `json:"at,omitzero"`
	By string    `json:"by,omitempty"`
}

// TimeForm is how a time is told that stands in a sentence: with the zone that it is in.
const TimeForm = "2006-01-02 15:04:05 MST"

// String is In for what people in several zones read: UTC.
func (t Touch) String() string { return t.In(time.UTC) }

// In is " at 2026-04-22 09:30:00 UTC by 65f1c0ffee" in a zone, or what is known of it.
func (t Touch) In(zone *time.Location) (text string) {
	if !t.At.IsZero() {
		text = " at " + t.At.In(zone).Format(TimeForm)
	}
	if t.By != "" {
		text += " by " + t.By
	}
	return text
}

// AgentPlan is one agent's part of a plan.
type AgentPlan struct {
	Name      string `json:"name"`
	AgentName string `json:"agent_name"`
	AgentID   string `json:"agent_id"` // "" for an agent that is to be created
	Status    Status `json:"status"`
	// Drift classes each section that differs, by section name.
	Drift map[string]Class `json:"drift"`
	// Touched says who changed a section of Drift on the platform, and when, where
	// the platform tells that and git alone has not moved. It is for the reader
	// alone and no part of the digest.
	Touched map[string]Touch `json:"touched,omitempty"`
	// Unfinished says that an earlier apply of this agent did not end: its
	// differences in fields, outcomes and infields are that apply's, not drift.
	Unfinished  bool   `json:"unfinished"`
	Fingerprint string `json:"fingerprint"` // "sha256:…" of the remote state that was seen; "" when there is none
	Steps       []Step `json:"steps"`       // in the order they run; see the table of actions
	// Wanted is what the steps end in: the manifest over what was seen. It is
	// nil where there are no steps, and in a plan that was read from a file.
	Wanted *Wanted `json:"-"`
	// Moves says of each value that differs who moved it: what Drift sums up. It is
	// nil where Wanted is.
	Moves []Move `json:"-"`
}

// Step is one change to the platform.
type Step struct {
	ID     string `json:"id"` // agent/action or agent/action/target; unique in the plan
	Action Action `json:"action"`
	// Target is what the step works on: the agent's name for agent steps, the
	// outcome's or infield's name, the service section, and for versions "v8",
	// or "new" while the platform has not numbered it yet.
	Target string   `json:"target"`
	Needs  []string `json:"needs"` // ids of steps that must be done first
	// From and To are config versions: what is current now, and what the step
	// writes or makes current. nil when there is none or it is not known yet;
	// in JSON that is null, and steps that are not about a version lack both.
	From    *int     `json:"from,omitempty"`
	To      *int     `json:"to,omitempty"`
	Changes []Change `json:"changes"`
}

// MarshalJSON implements json.Marshaler.
func (s Step) MarshalJSON() ([]byte, error) {
	type plain Step
	if s.Action.Facts().Versions {
		return marshal(struct {
			ID      string   `json:"id"`
			Action  Action   `json:"action"`
			Target  string   `json:"target"`
			Needs   []string `json:"needs"`
			From    *int     `json:"from"`
			To      *int     `json:"to"`
			Changes []Change `json:"changes"`
		}(s))
	}
	return marshal(plain(s))
}

// marshal leaves HTML escapes to the encoder around it.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return buf.Bytes(), err
}

// Change is one field's change. No value before or after is null in JSON.
type Change struct {
	Path   string      `json:"path"` // dotted, below the step's section
	Before value.Value `json:"before"`
	After  value.Value `json:"after"`
	// Source says where the lines of a text After come from. It is for the
	// reader alone and no part of the digest.
	Source []spec.Segment `json:"source,omitempty"`
}

// Refusal is a rule that forbids to apply the plan as it stands.
type Refusal struct {
	Agent   string `json:"agent,omitempty"` // "" when it is about the whole plan
	Rule    string `json:"rule"`            // "protect", "max_delete_percent", "adopt", "owner", "names", "passed_over"
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Warning is a remark that stops nothing.
type Warning struct {
	Agent   string `json:"agent,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// IsEmpty says that there is nothing to do.
func (p *Plan) IsEmpty() bool { return p.Summary.Steps == 0 }
