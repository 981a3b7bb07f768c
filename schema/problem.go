package schema

import (
	"cmp"
	"fmt"
)

// Pos is a place in a file of the project. File is relative to the project's
// root with forward slashes; Line and Column count from 1, 0 means unknown.
type Pos struct {
	File   string
	Line   int
	Column int
}

// String is file:line:col, without the parts that are unknown.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

// Problem is one finding about a manifest: where, what, and how to mend it.
// Message and Hint are lower case, one line, without a period.
type Problem struct {
	Pos     Pos
	Message string
	Hint    string // "" when there is none
	Warning bool   // shown, but no failure
	Verbose bool   // a warning that only -v shows
	Planned bool   // a warning that a plan repeats, with what the platform has to do with it
	Rule    string // of the prompt lint (see LintRules); "" for what no setting turns off
}

// String is `file:line:col: message [rule]` and, below it, the indented hint.
func (p Problem) String() string {
	s := p.Message
	if p.Rule != "" {
		s += " [" + p.Rule + "]"
	}
	if p.Warning {
		s = "warning: " + s
	}
	if p.Pos.File != "" {
		s = p.Pos.String() + ": " + s
	}
	if p.Hint != "" {
		s += "\n  hint: " + p.Hint
	}
	return s
}

// Compare orders problems by file, line, column and message.
func (p Problem) Compare(q Problem) int {
	return cmp.Or(
		cmp.Compare(p.Pos.File, q.Pos.File), cmp.Compare(p.Pos.Line, q.Pos.Line),
		cmp.Compare(p.Pos.Column, q.Pos.Column), cmp.Compare(p.Message, q.Message))
}
