// Package sync observes the platform and applies a plan to it.
//
// An apply takes each agent through three phases: what the steps are about to
// write is read again and must be what the plan saw (reread.go); the steps run
// in the plan's order (steps.go), and a write whose answer is lost is looked for
// (lost.go); at the end the agent is read and must be what is wanted
// (readback.go).
package sync

import (
	"context"
	"errors"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec/checks"
)

// Remote is the platform as this package needs it. Bodies are JSON objects
// under the API's own names. kind is spec.SectionOutcomes or
// spec.SectionInfields. Every error that is about an answer says, by the
// methods of Failure, what is known of the request's fate.
//
// A method returns when its request has ended for good: retries that are safe
// happen below it. Creates (CreateAgent, CreateDraft, CreateItem), Publish and
// Rollback are repeated below it only when the platform has surely not acted
// (429, or no connection was made); when their fate is unknown they return a
// Failure with MayHaveActed.
//
// When ctx is cancelled no further request starts, and reads in flight end. A
// write in flight goes on for a grace period of a few seconds, since its
// answer says what the platform did.
type Remote interface {
	// ListAgents returns all agents of the account, without configs and items.
	// ok is false when the platform has no listing (neither endpoint 3 nor 4).
	ListAgents(ctx context.Context) (agents []diff.RemoteAgent, ok bool, err error)
	// Agent reads one agent's fields (endpoint 6).
	Agent(ctx context.Context, id string) (diff.RemoteAgent, error)
	// CreateAgent makes an agent and its first config version (endpoint 5).
	CreateAgent(ctx context.Context, body map[string]any) (diff.RemoteAgent, error)
	UpdateAgent(ctx context.Context, id string, body map[string]any) error
	DeleteAgent(ctx context.Context, id string) error

	// CurrentVersion is nil without an error when nothing is published.
	CurrentVersion(ctx context.Context, id string) (*diff.Version, error)
	// Versions lists versions, newest first, page by page until enough is true
	// for those that are read so far; nil reads them all.
	Versions(ctx context.Context, id string, enough func(versions []diff.Version) bool) ([]diff.Version, error)
	// Version reads the version of a number (endpoint 12); a Failure that is
	// NotFound where there is none.
	Version(ctx context.Context, id string, number int) (*diff.Version, error)
	CreateDraft(ctx context.Context, id string, body map[string]any) (diff.Version, error)
	UpdateDraft(ctx context.Context, id string, version int, body map[string]any) error
	DeleteDraft(ctx context.Context, id string, version int) error
	Publish(ctx context.Context, id string, version int) error
	Rollback(ctx context.Context, id string, version int) error
	// UpdateService replaces one section of the current version (endpoint 28).
	UpdateService(ctx context.Context, id, service string, body any) error

	// Validate returns what the platform has against the values of a call; a
	// platform may look at the live version, whatever version is asked for
	// (endpoint 19). Render fills in a version's prompts (endpoint 18). Both read.
	Validate(ctx context.Context, id string, version int, values map[string]any) (complaints []string, err error)
	Render(ctx context.Context, id string, ask checks.Ask) (checks.Rendered, error)
	// Enhance asks for better prompts than these texts, by the field of the config
	// (endpoint 17). It changes nothing. The error's trouble is diff.NoSuchAPI where
	// the platform has no such endpoint.
	Enhance(ctx context.Context, id string, texts map[string]string) (diff.Enhanced, error)

	Items(ctx context.Context, id, kind string) ([]value.Value, error)
	CreateItem(ctx context.Context, id, kind string, body map[string]any) error
	UpdateItem(ctx context.Context, id, kind, name string, body map[string]any) error
	DeleteItem(ctx context.Context, id, kind, name string) error

	Calls

	// Now is the time by the platform's clock; zero while it is not known.
	Now() time.Time
}

// Calls is the part of the platform that makes phone calls. The errors of its
// methods are of the kinds that TroubleOf tells apart.
type Calls interface {
	// PlaceCall makes a call and says whether the customer took it (endpoint 30). It
	// is sent once: not even a limit has it repeated. An error that MayHaveActed
	// leaves open whether a phone has rung; RecentCalls may tell.
	PlaceCall(ctx context.Context, order diff.CallOrder) (diff.Call, error)
	// RecentCalls lists one page of an agent's calls, newest first, and whether there
	// are more pages. The trouble is diff.NoSuchAPI where the platform has no list.
	RecentCalls(ctx context.Context, agentID string, query diff.CallQuery) (calls []diff.Call, more bool, err error)
	// Transcript reads what is known of a call (endpoint 31).
	Transcript(ctx context.Context, callID string) (diff.Call, error)
}

// Failure is what an error of a Remote says about its request. Use errors.As
// with a variable of this type.
type Failure interface {
	error
	// NotFound: the platform answered 404.
	NotFound() bool
	// MayHaveActed: the request was sent and its answer is no proof that
	// nothing changed: a cut connection, a truncated or unreadable body, 500,
	// 502, 503 or 504, a timeout.
	MayHaveActed() bool
	// Tries counts how often the request was sent.
	Tries() int
}

// TroubleOf is the kind of an error of Calls; "" for one of no such kind: nobody
// answered, the answer makes no sense, the login failed.
func TroubleOf(err error) diff.CallTrouble {
	var t interface{ Trouble() diff.CallTrouble }
	if errors.As(err, &t) {
		return t.Trouble()
	}
	return ""
}

func isNotFound(err error) bool {
	var f Failure
	return errors.As(err, &f) && f.NotFound()
}

func mayHaveActed(err error) bool {
	var f Failure
	return errors.As(err, &f) && f.MayHaveActed()
}

// tries is how often the request of an error was sent.
func tries(err error) int {
	var f Failure
	if errors.As(err, &f) {
		return f.Tries()
	}
	return 0
}
