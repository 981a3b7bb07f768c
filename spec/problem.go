package spec

import (
	"cmp"
	"slices"
	"strings"
)

// Problem is one finding about a manifest: where, what, and how to mend it.
// Message and Hint are lower case, one line, without a period.
type Problem struct {
	Pos     Pos
	Message string
	Hint    string // "" when there is none
	Warning bool   // shown, but no failure
	Verbose bool   // a warning that only -v shows
}

// Problems are all findings of one run in file and line order. As an error it
// prints every one of them, one a line, with its hint below.
type Problems []Problem

// Error implements error.
func (p Problems) Error() string {
	var b strings.Builder
	for i, problem := range p {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(problem.String())
	}
	return b.String()
}

// String is `file:line:col: message` and, below it, the indented hint.
func (p Problem) String() string {
	var b strings.Builder
	if p.Pos.File != "" {
		b.WriteString(p.Pos.String())
		b.WriteString(": ")
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("\n  hint: ")
		b.WriteString(p.Hint)
	}
	return b.String()
}

// Sort puts problems in file, line, column and message order.
func (p Problems) Sort() {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Message, b.Message))
	})
}

// tidy sorts problems and drops those that say the same of the same place.
func (p Problems) tidy() Problems {
	p.Sort()
	return slices.Compact(p)
}

// Errors returns the findings that are no warnings.
func (p Problems) Errors() Problems {
	var out Problems
	for _, problem := range p {
		if !problem.Warning {
			out = append(out, problem)
		}
	}
	return out
}
