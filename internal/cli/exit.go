package cli

import (
	"errors"
	"strings"

	"github.com/agentsync/agentsync/internal/engine"
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

// errChanges says that a plan has changes, for --detailed-exitcode.
var errChanges = errors.New("there are changes")

func exitCode(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errChanges):
		return ExitChanges
	case isCobraUsage(err):
		return ExitUsage
	}
	switch engine.KindOf(err) {
	case engine.Usage:
		return ExitUsage
	case engine.Stale:
		return ExitStale
	case engine.Refused, engine.Drifted, engine.NotReviewed:
		return ExitRefused
	case engine.Interrupted:
		return ExitInterrupted
	default: // engine.Failed, engine.Invalid, engine.Unapplied
		return ExitError
	}
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

// isSilent says that all was said already.
func isSilent(err error) bool {
	var own *engine.Error
	return errors.Is(err, errChanges) || errors.As(err, &own) && own.Told
}
