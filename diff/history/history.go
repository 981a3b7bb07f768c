// Package history is what became of one agent: which version was live when and
// how that is known, which version brought a line of the prompt, and what
// differs between two of them. It is data and pure functions: no I/O, no clock.
//
// spans.go finds when what was live, blame.go who brought a line.
package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Timeline is the history of one agent, as far as it was read.
type Timeline struct {
	Name      string    `json:"name"`       // the key in git
	AgentName string    `json:"agent_name"` // on the platform
	AgentID   string    `json:"agent_id"`
	Live      int       `json:"live"`     // the live version's number; 0 when nothing is published
	Versions  []Version `json:"versions"` // those that were read, the highest number first
	// Spans are when which version was live, the oldest first. One may be of a
	// version that was not read: the lock file's history knows only numbers.
	Spans []Span `json:"spans"`
	// Whole says that there are no older versions than these.
	Whole bool `json:"whole"`
	// Calls is what came of the calls; nil where they were not asked for.
	Calls *Calls `json:"calls,omitempty"`
}

// Version is one config version with all that is known of where it comes from.
type Version struct {
	Number    int       `json:"version"`
	Status    string    `json:"status"`               // "draft", "published" or "archived", as the platform says
	CreatedAt time.Time `json:"created_at,omitzero"`  // UTC; zero when the platform does not say
	CreatedBy string    `json:"created_by,omitempty"` // an id: the platform knows no names
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	UpdatedBy string    `json:"updated_by,omitempty"`
	Notes     string    `json:"notes,omitempty"` // without the provenance line
	// Commit is what the provenance line names, where the version still holds
	// what was made of it: an edit in the dashboard keeps the line.
	Commit *Commit `json:"commit,omitempty"`
	// CopyOf is the oldest version, of those that were read, that this one repeats
	// with its notes and its line: a rollback made it, where that makes a new
	// version. Its commit is the other one's. 0 where it repeats none.
	CopyOf int `json:"copy_of,omitempty"`

	Content diff.Content `json:"-"`
}

// Author is who made the version: the author of its commit where git knows that,
// else, of a copy, and where files were not committed, the platform's id of a user; "" where nobody says.
func (v *Version) Author() string {
	if v.Commit != nil && v.Commit.Author != "" && !v.Commit.Dirty && v.CopyOf == 0 {
		return v.Commit.Author
	}
	return v.CreatedBy
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
	// ByLock: the lock file says when a rollback made it live, or a commit of the
	// lock file has it, so it was live by then.
	ByLock Known = "lock"
	// Assumed: the version was written after a later one had gone live. It is
	// taken to have been live in its turn before, and may have been a draft then.
	Assumed Known = "assumed"
	// Untold: it went live after the version before it, and nothing says when.
	Untold Known = "untold"
)

// Span is a stretch of time in which a version was live: from From to before To.
type Span struct {
	Version int       `json:"version"`
	From    time.Time `json:"from,omitzero"` // zero where Known is Untold
	To      time.Time `json:"to,omitzero"`   // the next span's From; zero for what is live still
	Known   Known     `json:"known"`
	Lock    string    `json:"lock,omitempty"` // where Known is ByLock, the lock file's commit, 12 hex digits; "" where it is not committed
}

// Sighting is what a commit of the lock file says, or the lock file in the folder:
// the version was live when it was written, which was no later than At.
type Sighting struct {
	At      time.Time
	Version int
	Newest  int       // the newest version that had been published by then; 0 where nobody knows
	Since   time.Time // when a rollback made Version live, by the platform's clock; zero where nobody knows
	Commit  string    // 12 hex digits; "" for the lock file as it lies in the folder
}

// VersionOf takes in a version, without what git knows of its commit. want is
// the agent's manifest, empty where there is none.
func VersionOf(v *diff.Version, want spec.Agent) Version {
	notes, line, _ := diff.ParseNotes(v.Notes)
	out := Version{
		Number: v.Number, Status: v.Status, Notes: notes, Content: v.WithItems(),
		CreatedAt: v.CreatedAt, CreatedBy: v.CreatedBy, UpdatedAt: v.UpdatedAt, UpdatedBy: v.UpdatedBy,
	}
	if commit, dirty := strings.CutSuffix(line.Commit, "+"); diff.Vouched(v, want) && commit != diff.NoCommit {
		out.Commit = &Commit{ID: commit, Dirty: dirty}
	}
	return out
}

// FindCopies tells which of an agent's versions repeat older ones. They are in any
// order.
func FindCopies(versions []Version) {
	type key struct{ prompt, notes, commit string }
	older := map[key][]*Version{} // by number
	byNumber := make([]*Version, len(versions))
	for i := range versions {
		byNumber[i] = &versions[i]
	}
	slices.SortFunc(byNumber, func(v, w *Version) int { return cmp.Compare(v.Number, w.Number) })
	for _, v := range byNumber {
		if v.Status == "draft" {
			continue
		}
		k := key{prompt: v.Content.Config.Get("system_prompt").Text(), notes: v.Notes}
		if v.Commit != nil {
			k.commit = fmt.Sprint(v.Commit.ID, v.Commit.Dirty)
		}
		i := slices.IndexFunc(older[k], func(w *Version) bool { return value.Equal(v.Content.Config, w.Content.Config) })
		if v.CopyOf = 0; i >= 0 {
			v.CopyOf = older[k][i].Number
		} else {
			older[k] = append(older[k], v)
		}
	}
}

// Find returns the version of a number; nil where it was not read.
func (t *Timeline) Find(number int) *Version {
	for i := range t.Versions {
		if t.Versions[i].Number == number {
			return &t.Versions[i]
		}
	}
	return nil
}

// Moment is what was live of an agent at a time.
type Moment struct {
	Name      string    `json:"name"`
	AgentName string    `json:"agent_name"`
	AgentID   string    `json:"agent_id"`
	At        time.Time `json:"at"`
	Assumed   string    `json:"assumed,omitempty"` // how the time was read, for people; "" where nothing was assumed
	Span      Span      `json:"span"`
	Sure      bool      `json:"sure"` // false where another version may have been live; see Timeline.At
	// Unread says that older versions were not read, and that the time is not in the
	// last span: one that was brought back for that time is not known then.
	Unread  bool    `json:"unread,omitempty"`
	Version Version `json:"version"`
	// What the version holds. null items are not known.
	Config   value.Value   `json:"config"`
	Outcomes []value.Value `json:"call_outcomes"`
	Infields []value.Value `json:"call_infields"`
}

// Comparison is what differs between two sides of an agent's history.
type Comparison struct {
	Name       string          `json:"name"`
	AgentName  string          `json:"agent_name"`
	AgentID    string          `json:"agent_id"`
	Before     string          `json:"before"` // what the sides are: "v7", "v9, live", "HEAD, 1a2b3c4d5e6f"
	After      string          `json:"after"`
	Difference diff.Difference `json:"difference"`
}

// Fleet is what is live on the platform and what git has to say of it.
type Fleet struct {
	Environment string     `json:"environment"`
	BaseURL     string     `json:"base_url"`
	Agents      []Standing `json:"agents"` // by name: those of manifests and lock
	// Others are agents on the platform that neither manifests nor lock know, by
	// their names there. Listed is false where the platform lists none, and where
	// only some agents were asked for: Partial.
	Others  []Other `json:"others"`
	Listed  bool    `json:"listed"`
	Partial bool    `json:"partial"`
}

// Standing is one agent as it stands.
type Standing struct {
	Name      string      `json:"name"`
	AgentName string      `json:"agent_name"`
	AgentID   string      `json:"agent_id"` // "" for one that is not on the platform
	Status    diff.Status `json:"status"`   // what a plan would do with it
	// Live is the live version, nil when nothing is; Since is when it went live,
	// as far as its own times say.
	Live  *Version  `json:"live"`
	Since time.Time `json:"since,omitzero"`
	// Drift classes each section that differs, as a plan does. Pending is where
	// git wants something else.
	Drift      map[string]diff.Class `json:"drift"`
	Unfinished bool                  `json:"unfinished,omitempty"`
	Unknown    bool                  `json:"unknown,omitempty"` // nobody could look for the agent: it may be there
	Steps      int                   `json:"steps"`             // that an apply would take
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
