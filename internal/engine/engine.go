// Package engine is what a front end asks for: load a project, plan it, check
// the plan against the policies, apply it. It returns values, and errors that
// say of which kind they are. How these look, and with which code the program
// exits, is for the front end to say.
//
// In the order in which a plan comes about:
//
//	load.go    manifests → Project; tracked.go and commit.go are other places to load from
//	scope.go   which agents: targets, and what changed since a commit; change.go has a workflow's
//	shard.go   which of those, where a fleet is planned and applied in parts
//	connect.go the platform's address and credentials; state.go has the lock file
//	plan.go    observe → compute → Planned, whose plan has its digest
//	policy.go  may it be applied: refusals, drift, what was reviewed
//	apply.go   do it, and report
//
// status.go says what is live, past.go reads an agent's history, and resolve.go
// what is named in it: the sides of a comparison, and what a rollback goes back to.
// rollback.go goes back to one, with few requests by rollback_remote.go.
// offline.go has the plan of two commits, which nobody can apply. import.go is
// the way back, from the platform into git: import_find.go has which agents and
// under which keys, import_files.go what may be written, and import_history.go
// the versions as commits. begin.go is how a project starts.
// checks.go runs agents' checks without publishing, and render.go fills in prompts.
package engine

import (
	"context"
	"net/http"
	"time"

	"github.com/agentsync/agentsync/spec"
)

// Options say which project, and are the world outside for this package: it
// touches nothing else but the files below Dir, and git's.
type Options struct {
	Dir         string // the project's root
	Environment string // its name in agentsync.yaml; "" is the default one
	Sandbox     bool   // use the embedded platform and the environment "sandbox"
	Parallelism int    // requests in flight, at most
	UserAgent   string

	Getenv    func(string) string
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error
	Transport http.RoundTripper // nil: the client's own

	// What happens on the way. All must be safe for concurrent use.
	Message  func(format string, args ...any) // lines for people
	Logf     func(format string, args ...any) // lines for those who ask for more
	Problems func(spec.Problems)              // findings that stop nothing
	Progress func(done, total int)            // agents read; 0, 0 before the first request
}

// Env is the name of the environment that is asked for, "" for the default one.
func (o Options) Env() string {
	if o.Sandbox {
		return "sandbox"
	}
	return o.Environment
}
