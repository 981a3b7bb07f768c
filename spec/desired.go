package spec

import (
	"regexp"

	"github.com/agentsync/agentsync/internal/value"
)

// Segment says where lines of a text come from: line Start of the text (from
// 1) is line Line of File. With Fixed, every line of the segment stands at
// Line (a quoted or folded scalar, whose lines do not map one to one).
type Segment struct {
	Start int    `json:"start"`
	File  string `json:"file"`
	Line  int    `json:"line"`
	Fixed bool   `json:"fixed,omitempty"`
}

// Project is what all manifests together say for one environment: the input
// of a plan. It is a value: nothing in it reads a file or the network.
type Project struct {
	Dir         string   // the root, as given
	Name        string   // metadata.name of agentsync.yaml; "" when it has none
	Formerly    []string // metadata.previous_names
	Environment Environment
	Policy      Policy
	Agents      []Agent // sorted by Name; every agent, whatever its lifecycle
	Warnings    []Problem
	Ignored     int // documents of other tools
	// PassedOver names files and documents that could be manifests and were not
	// read, sorted: while there are any, an agent without a manifest may have one.
	PassedOver []string
	// Patterns say which files are manifests; without any, every *.yaml and *.yml
	// is. Linked says that some file was found by a link. See Reads.
	Patterns []string
	Linked   bool
	LintOff  []string // the lint's rules that agentsync.yaml turns off
}

// Environment is where a plan goes.
type Environment struct {
	Name        string   // "default" without --env, "sandbox" with --sandbox
	Formerly    []string // environments.NAME.previous_names
	BaseURL     string   // without a trailing slash; "" when no file names one
	BaseURLPos  Pos
	NameSuffix  string // agent_name_suffix
	Credentials CredentialVars
}

// CredentialVars are the names of the environment variables that hold the
// credentials, never the credentials themselves.
type CredentialVars struct {
	Email    string `json:"email_env"` // INDUSLABS_EMAIL and so on when not set
	Password string `json:"password_env"`
	Token    string `json:"token_env"`
	APIKey   string `json:"api_key_env"`
}

func (v CredentialVars) names() []string { return []string{v.Email, v.Password, v.Token, v.APIKey} }

// Policy is agentsync.yaml's policy section with its defaults filled in.
type Policy struct {
	Prune            bool   `json:"prune"`              // delete orphans that the lock knows; default false
	MaxDeletePercent int    `json:"max_delete_percent"` // 0 to 100, default 30; counts from 10 known agents on
	Adopt            string `json:"adopt"`              // "by_name" (default) or "never"
	OnDrift          string `json:"on_drift"`           // "fail" (default) or "overwrite"
	Provenance       bool   `json:"provenance"`         // write the provenance line into notes; default true
}

// DefaultPolicy is the policy of a project without one.
func DefaultPolicy() Policy {
	return Policy{MaxDeletePercent: 30, Adopt: "by_name", OnDrift: "fail", Provenance: true}
}

// Agent is the wanted state of one agent: bases, environment overrides and
// prompt files already merged in. What a patch does not mention is unmanaged:
// the platform's value stays.
type Agent struct {
	Name          string // metadata.name, the key
	Pos           Pos    // of the document
	AgentName     string // spec.agent.agent_name with the environment's suffix; also in Agent
	PreviousNames []string
	Agent         value.Patch // section "agent", the API's names
	Config        value.Patch // section "config", prompts as text, without passthrough; notes included
	Passthrough   value.Patch // config.passthrough, merged into the config that is sent
	Outcomes      []Item      // in manifest order
	Infields      []Item
	// OutcomesManaged says that call_outcomes is given: outcomes not in it are
	// removed. Without it the platform's stay. InfieldsManaged likewise.
	OutcomesManaged, InfieldsManaged bool
	Release                          Release
	Lifecycle                        Lifecycle
	Checks                           []Check    // in manifest order
	SmokeCall                        *SmokeCall // nil for none
	// Sources says where a text field's lines come from, by dotted path below
	// config ("system_prompt"). Positions has every managed value's place by
	// dotted path from spec ("config.llm_config.temperature",
	// "call_outcomes.lead_status").
	Sources   map[string][]Segment
	Positions Positions
}

// Forget lets go of what is large in what the agent wants, for who needs it no more.
// Its names, its place, its release, its lifecycle and its smoke call stay.
func (a *Agent) Forget() {
	a.Agent, a.Config, a.Passthrough = value.Patch{}, value.Patch{}, value.Patch{}
	a.Outcomes, a.Infields, a.Checks, a.Sources, a.Positions = nil, nil, nil, nil, nil
}

// Items returns the outcomes or infields, by the name of their section.
func (a *Agent) Items(section string) []Item {
	if section == SectionOutcomes {
		return a.Outcomes
	}
	return a.Infields
}

// Item is a call outcome or a call infield. Fields includes the name itself,
// under outcome_name or field_name.
type Item struct {
	Name   string
	Pos    Pos
	Fields value.Patch
}

var onlyDots = regexp.MustCompile(`(^|[/\\])\.\.?([/\\]|$)`)

// Addressable reports whether a name can be a segment of a request's path: "." and
// ".." would lead elsewhere, also with a slash that a server or proxy decodes.
func Addressable(name string) bool { return name != "" && !onlyDots.MatchString(name) }

// Release says what happens to a changed config.
type Release struct {
	Mode           string `json:"mode"`            // "publish" (default) or "draft"
	Version        int    `json:"version"`         // the pin; 0 for none
	ServiceUpdates string `json:"service_updates"` // "versioned" (default) or "in_place"
}

// Lifecycle says whether the agent is to exist.
type Lifecycle struct {
	Absent  bool // state: absent
	Protect bool // never delete
}
