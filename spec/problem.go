package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/schema"
)

// Problem and Pos are the schema's, see there.
type (
	Problem = schema.Problem
	Pos     = schema.Pos
)

// problem returns an error at a place of a file; format and args are its message.
func problem(at Pos, hint, format string, args ...any) Problem {
	return Problem{Pos: at, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// warning returns a problem that is no failure.
func warning(at Pos, hint, format string, args ...any) Problem {
	p := problem(at, hint, format, args...)
	p.Warning = true
	return p
}

// Problems are all findings of one run in file and line order. As an error it
// prints every one of them, one a line, with its hint below.
type Problems []Problem

// Error implements error.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

// Sort puts problems in file, line, column and message order.
func (p Problems) Sort() { slices.SortStableFunc(p, Problem.Compare) }

// Errors returns the findings that are no warnings.
func (p Problems) Errors() Problems {
	return slices.DeleteFunc(slices.Clone(p), func(p Problem) bool { return p.Warning })
}
