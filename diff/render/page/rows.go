package page

import (
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff/history"
)

// row is an agent in the table of the fleet.
type row struct {
	history.Standing
	Linked bool // the page has its versions
	By     string
	States []history.State
	Kinds  string // those of the states, for the script's filter
}

type counts struct{ Drift, Pending, Drafts int }

func rowsOf(r history.Report) []row {
	linked := map[string]bool{}
	for _, t := range r.Timelines {
		linked[t.Name] = true
	}
	rows := make([]row, 0, len(r.Fleet.Agents))
	for _, s := range r.Fleet.Agents {
		one := row{Standing: s, Linked: linked[s.Name], States: s.States()}
		if s.Live != nil {
			one.By = authorOf(s.Live)
		}
		for _, state := range one.States {
			one.Kinds += string(state.Kind) + " "
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
		for kind, count := range map[history.Kind]*int{history.Drifted: &n.Drift, history.Wanted: &n.Pending, history.Waiting: &n.Drafts} {
			if slices.Contains(kinds, string(kind)) {
				*count++
			}
		}
	}
	return n
}

// authorOf is who wrote a version: the commit's author, else, and of a copy, the
// platform's id of who wrote it last.
func authorOf(v *history.Version) string {
	switch {
	case v.Commit != nil && v.Commit.Author != "" && v.CopyOf == 0:
		return v.Commit.Author
	case v.UpdatedBy != "":
		return v.UpdatedBy
	default:
		return v.CreatedBy
	}
}
