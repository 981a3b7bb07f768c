package github

import (
	"context"
	"fmt"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
)

// Engine is what the flows need of the rest of the program.
type Engine interface {
	// Load reads and checks all manifests. The problems are all findings,
	// warnings included; with any error among them the project is nil. err is
	// about what is no manifest, such as a folder that is missing.
	Load(ctx context.Context) (p Project, problems spec.Problems, err error)
	// Reason classes an error of the engine.
	Reason(err error) Reason
}

// Project is a loaded project in one environment.
type Project interface {
	Environment() string
	Agents() int
	// HasCredentials says whether the environment's variables hold any.
	HasCredentials() bool
	// Plan compares with the platform. Close must be called.
	Plan(ctx context.Context) (Planned, error)
	// Offline compares with the manifests of a commit, without the platform.
	Offline(ctx context.Context, base string) (*diff.Plan, error)
	// Show prints a plan as text on stdout.
	Show(*diff.Plan) error
	// LockFile is the path of the lock file that belongs in git; "" when there
	// is none, as for the embedded platform.
	LockFile() string
	// CommittedLock is the lock file as the commit that is checked out has it;
	// false where that can't be told. Without one it is nil.
	CommittedLock(ctx context.Context) (data []byte, known bool)
}

// Planned is a plan that can be applied.
type Planned interface {
	Plan() *diff.Plan
	// Drift tells line by line what was changed on the platform.
	Drift() []string
	// Approve holds a plan that nobody has reviewed against the policy on drift.
	Approve() error
	// Apply does the plan, and prints the report as text on stdout. The report
	// is never nil.
	Apply(ctx context.Context) (*sync.Report, error)
	Close()
}

// Reason is why a job did not succeed, as the output failure-reason says it.
type Reason string

// The reasons. "" is success.
const (
	Validation  Reason = "validation"   // manifests are wrong
	Error       Reason = "error"        // anything else that failed
	Refused     Reason = "refused"      // by policy, or by where it runs
	Drift       Reason = "drift"        // the platform was changed
	PlanChanged Reason = "plan-changed" // the plan is not the reviewed one
	NotReviewed Reason = "not-reviewed" // no reviewed plan was found
	ApplyFailed Reason = "apply-failed" // some step failed
	Interrupted Reason = "interrupted"
)

// Failure is an error with its reason. Told says that the user has read all
// about it already.
type Failure struct {
	Reason Reason
	Err    error
	Way    string // the hint, "" for none
	Told   bool
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// Hint is the way out.
func (f *Failure) Hint() string { return f.Way }

func failuref(reason Reason, hint, format string, args ...any) *Failure {
	return &Failure{Reason: reason, Err: fmt.Errorf(format, args...), Way: hint}
}
