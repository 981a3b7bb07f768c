package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/value"
)

// row is an agent in the table of the fleet.
type row struct {
	history.Standing
	Linked bool // the page has its versions
	By     string
	States []state
	Kinds  string // those of the states, for the script's filter
}

// state is what is to be said of an agent.
type state struct {
	Kind string // one of the kinds below
	Text string
}

// The kinds of states. A reader can ask for the first three.
const (
	drifted = "drift"
	pending = "pending"
	drafts  = "drafts"
	orphan  = "orphan"
	calm    = "calm"
)

type counts struct{ Drift, Pending, Drafts int }

func rowsOf(r history.Report) []row {
	linked := map[string]bool{}
	for _, t := range r.Timelines {
		linked[t.Name] = true
	}
	rows := make([]row, 0, len(r.Fleet.Agents))
	for _, s := range r.Fleet.Agents {
		one := row{Standing: s, Linked: linked[s.Name], States: statesOf(s)}
		if s.Live != nil {
			one.By = authorOf(s.Live)
		}
		for _, state := range one.States {
			one.Kinds += state.Kind + " "
		}
		one.Kinds = strings.TrimSpace(one.Kinds)
		rows = append(rows, one)
	}
	return rows
}

func countsOf(rows []row) counts {
	var n counts
	for _, row := range rows {
		kinds := strings.Fields(row.Kinds)
		for kind, count := range map[string]*int{drifted: &n.Drift, pending: &n.Pending, drafts: &n.Drafts} {
			if slices.Contains(kinds, kind) {
				*count++
			}
		}
	}
	return n
}

// authorOf is who wrote a version: the commit's author, else the platform's id of
// who wrote it last.
func authorOf(v *history.Version) string {
	switch {
	case v.Commit != nil && v.Commit.Author != "":
		return v.Commit.Author
	case v.UpdatedBy != "":
		return v.UpdatedBy
	default:
		return v.CreatedBy
	}
}

// statesOf says how an agent stands to git, in the words of status; never
// nothing.
func statesOf(s history.Standing) []state {
	var out []state
	say := func(kind, text string) { out = append(out, state{kind, text}) }
	for _, c := range []struct {
		class      diff.Class
		kind, text string
	}{
		{diff.Drift, drifted, "drift of "}, {diff.Both, drifted, "drift and git wants other "},
		{diff.Unknown, drifted, "drift unknown of "}, {diff.Pending, pending, "git wants other "},
	} {
		if names := sectionsOf(s.Drift, c.class); len(names) > 0 {
			say(c.kind, c.text+strings.Join(names, ", "))
		}
	}
	if s.Unfinished {
		say(pending, "unfinished apply")
	}
	switch {
	case s.Status == diff.Orphan:
		say(orphan, "its manifest is gone")
	case s.Status == diff.Delete:
		say(pending, "git wants it deleted")
	case s.AgentID == "" && s.Status == diff.Create:
		say(pending, "not on the platform yet")
	case s.AgentID == "":
		say(orphan, "not on the platform")
	case len(out) == 0 && s.Steps > 0: // such as a draft to publish
		say(pending, fmt.Sprintf("git wants %s", plural(s.Steps, "step", "steps")))
	}
	if len(out) == 0 {
		say(calm, "as wanted")
	}
	if len(s.Drafts) > 0 {
		names := make([]string, len(s.Drafts))
		for i, v := range s.Drafts {
			names[i] = fmt.Sprintf("v%d", v.Number)
		}
		say(drafts, "drafts wait: "+strings.Join(names, ", "))
	}
	return out
}

// sectionsOf are the sections of a class.
func sectionsOf(classes map[string]diff.Class, class diff.Class) []string {
	var names []string
	for _, section := range value.SortedKeys(classes) {
		if classes[section] == class {
			names = append(names, strings.TrimPrefix(section, "call_"))
		}
	}
	return names
}

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
