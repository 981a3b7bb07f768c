// Package history is what became of one agent: which version was live when and
// how that is known, which version brought a line of the prompt, and what
// differs between two of them. It is data and pure functions: no I/O, no clock.
//
// timeline.go finds the spans, blame.go the lines, compare.go the differences.
package history

import (
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// Timeline is the history of one agent, as far as it was read.
type Timeline struct {
	Name      string    `json:"name"`       // the key in git
	AgentName string    `json:"agent_name"` // on the platform
	AgentID   string    `json:"agent_id"`
	Live      int       `json:"live"`     // the live version's number; 0 when nothing is published
	Versions  []Version `json:"versions"` // the highest number first
	// Whole says that there are no older versions than these.
	Whole bool `json:"whole"`
}

// Version is one config version with all that is known of where it comes from.
type Version struct {
	Number    int       `json:"version"`
	Status    string    `json:"status"` // "draft", "published" or "archived", as the platform says
	Live      bool      `json:"live"`
	CreatedAt time.Time `json:"created_at,omitzero"` // UTC; zero when the platform does not say
	CreatedBy string    `json:"created_by,omitempty"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	UpdatedBy string    `json:"updated_by,omitempty"`
	Notes     string    `json:"notes,omitempty"` // without the provenance line
	// Commit is what the provenance line names; nil without a line, and where it
	// names no commit.
	Commit *Commit `json:"commit,omitempty"`
	// Project and Environment are those of the provenance line, "" without one.
	Project     string `json:"project,omitempty"`
	Environment string `json:"environment,omitempty"`
	// Spans are when it was live, the oldest first; none for a draft.
	Spans []Span `json:"spans"`

	Content Content `json:"-"`
}

// Content is what a version holds, notes aside.
type Content struct {
	Config value.Value `json:"config"` // see diff.ConfigOf
	// Outcomes and Infields are those that went live with the version. nil, and
	// not empty, where that is not known: a draft has none of its own, and a
	// platform may keep none with its versions.
	Outcomes []value.Value `json:"call_outcomes"`
	Infields []value.Value `json:"call_infields"`
}

// Commit is a git commit that a version was made from.
type Commit struct {
	ID string `json:"id"` // 12 hex digits
	// Dirty says that files which the agent comes from were not committed.
	Dirty bool `json:"dirty,omitempty"`
	// What follows is "" and zero where the clone does not have the commit.
	Subject string    `json:"subject,omitempty"` // the message's first line
	Author  string    `json:"author,omitempty"`  // a name, without the address
	At      time.Time `json:"at,omitzero"`       // when it was committed
}

// Known says how a span's beginning is known.
type Known string

// The ways, the best first.
const (
	// ByWrite: the platform wrote the version last when it went live.
	ByWrite Known = "platform"
	// ByCreation: later writes to the version hide when it was published; it was
	// no earlier than it was made.
	ByCreation Known = "created"
	// ByLock: a commit of the lock file has it, so it was live by then.
	ByLock Known = "lock"
	// Assumed: the version was written after a later one had gone live. It is
	// taken to have been live in its turn before, and may have been a draft then.
	Assumed Known = "assumed"
	// Untold: it went live after the version before it, and nothing says when.
	Untold Known = "untold"
)

// Span is a stretch of time in which a version was live: from From to before To.
type Span struct {
	From  time.Time `json:"from,omitzero"` // zero where Known is Untold
	To    time.Time `json:"to,omitzero"`   // zero for what is live still, and where the next one's From is
	Known Known     `json:"known"`
	Lock  string    `json:"lock,omitempty"` // where Known is ByLock, the lock file's commit, 12 hex digits
}

// Sighting is what a commit of the lock file says: the version was live when it
// was written, which was no later than the commit.
type Sighting struct {
	At      time.Time
	Version int
	Commit  string
}

// versionOf takes in a version, without its spans and what git knows.
func versionOf(v diff.Version, live int) Version {
	notes, line, lined := diff.ParseNotes(v.Notes)
	out := Version{
		Number: v.Number, Status: v.Status, Live: v.Number == live, Notes: notes,
		CreatedAt: v.CreatedAt, CreatedBy: v.CreatedBy, UpdatedAt: v.UpdatedAt, UpdatedBy: v.UpdatedBy,
		Spans: []Span{}, Content: Content{v.Content, v.Outcomes, v.Infields},
	}
	if lined {
		out.Project, out.Environment = line.Project, line.Environment
		if commit, dirty := strings.CutSuffix(line.Commit, "+"); commit != diff.NoCommit {
			out.Commit = &Commit{ID: commit, Dirty: dirty}
		}
	}
	return out
}

// Fleet is what is live on the platform and what git has to say of it.
type Fleet struct {
	Environment string     `json:"environment"`
	BaseURL     string     `json:"base_url"`
	Agents      []Standing `json:"agents"` // by name: those of manifests and lock
	// Others are agents on the platform that neither manifests nor lock know, by
	// their names there. Listed is false where they were not asked for, or the
	// platform lists none.
	Others []Other `json:"others"`
	Listed bool    `json:"listed"`
}

// Standing is one agent as it stands.
type Standing struct {
	Name      string      `json:"name"`
	AgentName string      `json:"agent_name"`
	AgentID   string      `json:"agent_id"` // "" for one that is not on the platform
	Status    diff.Status `json:"status"`   // what a plan would do with it
	// Live is the live version; nil when nothing is.
	Live *Version `json:"live"`
	// Drift classes each section that differs, as a plan does. Pending is where
	// git wants something else.
	Drift      map[string]diff.Class `json:"drift"`
	Unfinished bool                  `json:"unfinished,omitempty"`
	Steps      int                   `json:"steps"` // that an apply would take
	// Drafts wait to be published, the highest number first.
	Drafts []Version `json:"drafts"`
}

// Other is an agent on the platform that git does not have.
type Other struct {
	AgentName string    `json:"agent_name"`
	AgentID   string    `json:"agent_id"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// Near is the key of the manifest whose agent has nearly this name; "" for none.
	Near string `json:"near,omitempty"`
}
