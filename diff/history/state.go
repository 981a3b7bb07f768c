package history

import (
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Kind is what a state asks of its reader.
type Kind string

// The kinds, the most urgent first.
const (
	Drifted  Kind = "drift"   // somebody may have changed the platform
	Wanted   Kind = "pending" // an apply would change something
	Waiting  Kind = "drafts"  // drafts wait to be published
	Orphaned Kind = "orphan"  // it stands on one side alone
	Calm     Kind = "calm"    // nothing is to do
)

// State is one thing to say of how an agent stands to git.
type State struct {
	Kind Kind
	Text string
}

// States says how an agent stands to git, drift first; never nothing.
func (s *Standing) States() []State {
	var out []State
	say := func(kind Kind, text string) { out = append(out, State{kind, text}) }
	gone := s.AgentID == "" && s.Status == diff.Create && s.Drift[spec.SectionAgent] == diff.Drift
	if gone {
		return append(out, State{Drifted, "gone from the platform"})
	}
	for _, c := range []struct {
		class diff.Class
		kind  Kind
		text  string
	}{
		{diff.Drift, Drifted, "drift of "}, {diff.Both, Drifted, "drift and git wants other "},
		{diff.Unknown, Drifted, "drift unknown of "}, {diff.Pending, Wanted, "git wants other "},
	} {
		if names := s.sections(c.class); len(names) > 0 {
			say(c.kind, c.text+strings.Join(names, ", "))
		}
	}
	if s.Unfinished {
		say(Wanted, "unfinished apply")
	}
	switch {
	case s.Status == diff.Orphan:
		say(Orphaned, "its manifest is gone")
	case s.Status == diff.Delete:
		say(Wanted, "git wants it deleted")
	case s.Unknown:
		say(Wanted, "not in the lock file, and can't be looked for")
	case s.AgentID == "" && s.Status == diff.Create:
		say(Wanted, "not on the platform yet")
	case s.AgentID == "":
		say(Orphaned, "not on the platform")
	case len(out) == 0 && s.Steps == 1: // such as a draft to publish
		say(Wanted, "git wants 1 step")
	case len(out) == 0 && s.Steps > 0:
		say(Wanted, fmt.Sprintf("git wants %d steps", s.Steps))
	}
	if len(out) == 0 {
		say(Calm, "as wanted")
	}
	if len(s.Drafts) > 0 {
		names := make([]string, len(s.Drafts))
		for i, v := range s.Drafts {
			names[i] = fmt.Sprintf("v%d", v.Number)
		}
		say(Waiting, "drafts wait: "+strings.Join(names, ", "))
	}
	return out
}

// sections are the sections of a class, sorted, as people call them.
func (s *Standing) sections(class diff.Class) []string {
	var names []string
	for _, section := range value.SortedKeys(s.Drift) {
		if s.Drift[section] == class {
			names = append(names, strings.TrimPrefix(section, "call_"))
		}
	}
	return names
}
