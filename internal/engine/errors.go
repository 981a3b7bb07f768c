package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// Kind is what kind of failure an error is. Front ends make exit codes and
// reasons of it.
type Kind int

// The kinds.
const (
	Failed      Kind = iota // none of the others
	Usage                   // what is asked for can't be meant
	Invalid                 // the manifests have errors
	Refused                 // forbidden by a policy, or by where the program runs; nothing was written
	Drifted                 // the platform was changed since the last apply; nothing was written
	NotReviewed             // nobody has reviewed the plan; nothing was written
	Stale                   // the plan is not the one that was reviewed; nothing was written
	Unapplied               // a step failed, the report says which
	Interrupted
)

// Error is an error of a kind.
type Error struct {
	Kind Kind
	Err  error
	Way  string // the hint, "" for none
	Told bool   // the user has read all about it already
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint is the way out, "" for none.
func (e *Error) Hint() string { return e.Way }

// Errorf makes an error of a kind. The hint may be "".
func Errorf(kind Kind, hint, format string, args ...any) *Error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...), Way: hint}
}

// KindOf is the kind of any error; of several joined ones, of the first that
// says it.
func KindOf(err error) Kind {
	var (
		own      *Error
		problems spec.Problems
	)
	switch {
	case errors.As(err, &own):
		return own.Kind
	case errors.Is(err, context.Canceled):
		return Interrupted
	case errors.As(err, &problems):
		return Invalid
	}
	return Failed
}

// HintOf is an error's way out, "" for none.
func HintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// Nearest is a hint that offers the known name that is most like the wrong
// one, or lists them.
func Nearest(wrong string, known []string) string {
	known = slices.Sorted(slices.Values(known))
	best := schema.Nearest(wrong, known)
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(known) == 0:
		return "there are none"
	case len(known) > 10:
		return fmt.Sprintf("there are %d, among them %s", len(known), strings.Join(known[:10], ", "))
	default:
		return "there are: " + strings.Join(known, ", ")
	}
}

// listed names at most ten things.
func listed(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
