package sync

import (
	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec/checks"
)

// StepStatus is what became of a step.
type StepStatus string

// The four ends of a step (design section 5).
const (
	Done    StepStatus = "done"
	Failed  StepStatus = "failed"
	Skipped StepStatus = "skipped" // because of another step, or an interrupt
	Fate    StepStatus = "unknown" // sent, and no answer told what became of it, or interrupted half way
)

// Report says what an apply did: every step of the plan, whatever happened.
type Report struct {
	FormatVersion string        `json:"format_version"`
	Environment   string        `json:"environment"`
	BaseURL       string        `json:"base_url"`
	Digest        string        `json:"digest"` // of the plan that was applied
	Result        string        `json:"result"` // "done", "failed", "refused" or "interrupted"
	Error         string        `json:"error,omitempty"`
	Summary       ReportSummary `json:"summary"`
	Agents        []AgentReport `json:"agents"` // those with steps, sorted by name
}

// ReportSummary counts steps; Done, Failed, Skipped and Unknown add up to Steps.
type ReportSummary struct {
	Steps   int `json:"steps"`
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Unknown int `json:"unknown"`
}

// AgentReport is one agent's part.
type AgentReport struct {
	Name      string `json:"name"`
	AgentName string `json:"agent_name"`
	AgentID   string `json:"agent_id"`
	Result    string `json:"result"` // "done", "failed", "skipped" or "interrupted"
	// Error says why the agent did not end in the wanted state: a failed step,
	// a conflict, or what differs when it was read back.
	Error string       `json:"error,omitempty"`
	Steps []StepReport `json:"steps"`
}

// StepReport is one step's end.
type StepReport struct {
	ID     string      `json:"id"`
	Action diff.Action `json:"action"`
	Target string      `json:"target"`
	Status StepStatus  `json:"status"`
	Reason string      `json:"reason,omitempty"` // of failed, skipped and unknown
	Note   string      `json:"note,omitempty"`   // of done, where it is not what one would expect
	To     *int        `json:"to,omitempty"`     // the version that the step made, made current or checked
	// Failures are the expectations that did not hold; Reason has them in words.
	Failures []checks.Failure `json:"failures,omitempty"`
	// Before is the section of the live version that an update_service changes, as
	// it was: no version keeps it. It holds no value, null, where the section was not
	// set, and is nil where nothing was sent.
	Before *value.Value `json:"before,omitempty"`
	// CallID is the smoke call that was waited for, BackTo the version that was put
	// back because of it.
	CallID string `json:"call_id,omitempty"`
	BackTo *int   `json:"back_to,omitempty"`
}

// NewReport returns the report of a plan of which nothing was done, because of
// reason: every step is skipped.
func NewReport(plan *diff.Plan, result, reason string) *Report {
	r := &Report{FormatVersion: diff.FormatVersion, Environment: plan.Environment, BaseURL: plan.BaseURL,
		Digest: plan.Digest, Result: result, Error: reason, Agents: []AgentReport{}}
	for _, agent := range plan.Agents {
		if len(agent.Steps) > 0 {
			r.Agents = append(r.Agents, newAgentReport(agent, "skipped", reason))
		}
	}
	r.Count()
	return r
}

func newAgentReport(agent diff.AgentPlan, result, reason string) AgentReport {
	out := AgentReport{Name: agent.Name, AgentName: agent.AgentName, AgentID: agent.AgentID, Result: result}
	for _, step := range agent.Steps {
		out.Steps = append(out.Steps, StepReport{ID: step.ID, Action: step.Action, Target: step.Target,
			Status: Skipped, Reason: reason, To: step.To})
	}
	return out
}

// Count makes the summary that of the agents' steps.
func (r *Report) Count() {
	r.Summary = ReportSummary{}
	for _, agent := range r.Agents {
		for _, step := range agent.Steps {
			r.Summary.Steps++
			switch step.Status {
			case Done:
				r.Summary.Done++
			case Failed:
				r.Summary.Failed++
			case Fate:
				r.Summary.Unknown++
			default:
				r.Summary.Skipped++
			}
		}
	}
}

// OK says that every agent ended in the wanted state.
func (r *Report) OK() bool { return r.Result == "done" }
