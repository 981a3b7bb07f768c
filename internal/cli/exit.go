package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/internal/github"
)

// The exit codes (design section 6).
const (
	ExitOK          = 0
	ExitError       = 1   // an error, or any step failed
	ExitChanges     = 2   // plan --detailed-exitcode alone: there are changes
	ExitStale       = 3   // the plan is stale or the digest differs, nothing written
	ExitRefused     = 4   // refused by policy, nothing written
	ExitUsage       = 64  // wrong usage
	ExitInterrupted = 130 // interrupted
)

func exitCode(ctx context.Context, err error) int {
	var (
		changes *changesError
		stale   *staleError
		refused *refusedError
		usage   *usageError
		job     *github.Failure
	)
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &job):
		return jobExitCode(job.Reason)
	case errors.As(err, &changes):
		return ExitChanges
	case errors.As(err, &stale):
		return ExitStale
	case errors.As(err, &refused):
		return ExitRefused
	case errors.As(err, &usage), isCobraUsage(err):
		return ExitUsage
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, errInterrupted)):
		return ExitInterrupted
	default:
		return ExitError
	}
}

// jobExitCode is the exit code of a workflow job by its failure-reason.
func jobExitCode(reason github.Reason) int {
	switch reason {
	case github.PlanChanged:
		return ExitStale
	case github.Refused, github.Drift, github.NotReviewed:
		return ExitRefused
	case github.Interrupted:
		return ExitInterrupted
	default:
		return ExitError
	}
}

// hinter is an error that knows the way out.
type hinter interface{ Hint() string }

// hintedError is any error with a hint.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }
func (e *hintedError) Hint() string  { return e.hint }

func hintf(err error, format string, args ...any) error {
	return &hintedError{err, fmt.Sprintf(format, args...)}
}

// usageError is a command line that can't be meant.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) Hint() string  { return e.hint }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...), ""}
}

// isCobraUsage knows the errors that cobra makes of wrong usage without a type
// of their own.
func isCobraUsage(err error) bool {
	text := err.Error()
	for _, start := range []string{"unknown command", "accepts ", "requires at least", "required flag", "invalid argument"} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return false
}

// changesError says that a plan has changes, for --detailed-exitcode.
type changesError struct{}

func (*changesError) Error() string { return "there are changes" }

// staleError is a plan that is not the one that was reviewed.
type staleError struct{ reason, hint string }

func (e *staleError) Error() string { return e.reason }
func (e *staleError) Hint() string  { return e.hint }

// refusedError is a plan that a policy forbids.
type refusedError struct {
	reason, hint string
	shown        bool // the reason was printed with the plan already
}

func (e *refusedError) Error() string { return e.reason }
func (e *refusedError) Hint() string  { return e.hint }

// failedError is a failure that was told in full: an apply's report, or the
// findings of validate.
type failedError struct{}

func (*failedError) Error() string { return "failed" }

var errInterrupted = errors.New("interrupted")

// isSilent says that all was said already.
func isSilent(err error) bool {
	var (
		changes *changesError
		failed  *failedError
		refused *refusedError
		job     *github.Failure
	)
	if errors.As(err, &job) {
		return job.Told
	}
	return errors.As(err, &changes) || errors.As(err, &failed) || errors.As(err, &refused) && refused.shown
}
