package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff/history"
)

// Fleet writes a line for each agent: what is live, since when, by whom, how it
// stands to git, and from which commit it comes; below, the agents that git does
// not have. The error is w's.
func Fleet(w io.Writer, f *history.Fleet, opt Options) error {
	p := newPrinter(opt)
	rows := [][]span{heads("agent", "live", "since", "by", "git", "commit")}
	for i := range f.Agents {
		rows = append(rows, p.standing(&f.Agents[i]))
	}
	switch {
	case len(f.Agents) > 0:
		p.table("", rows)
	case !f.Partial:
		p.say("No agents: no manifest, and nothing in the lock file.")
	}
	p.others(f)
	if len(f.Agents) > 0 {
		p.gap()
		p.line(span{faint, "Times are in " + zoneOf(opt) + "."})
	}
	_, err := p.WriteTo(w)
	return err
}

func (p *printer) standing(s *history.Standing) []span {
	row := []span{cell(strong, s.Name)}
	if s.Live == nil {
		row = append(row, span{faint, "none"}, span{}, span{})
	} else {
		by := s.Live.UpdatedBy
		if by == "" {
			by = s.Live.CreatedBy
		}
		number := fmt.Sprintf("v%d", s.Live.Number)
		row = append(row, span{live, number}, span{plain, p.time(s.Since)}, span{plain, shorten(Escape(by), 24)})
	}
	row = append(row, stateCell(s))
	if s.Live != nil {
		row = append(row, commitCell(s.Live))
	}
	return row
}

// stateCell says how an agent stands to git: the worst decides its colour.
func stateCell(s *history.Standing) span {
	var parts []string
	look := added
	for _, state := range s.States() {
		parts = append(parts, Escape(state.Text))
		switch {
		case state.Kind == history.Drifted:
			look = removed
		case state.Kind != history.Calm && look == added:
			look = changed
		}
	}
	return span{look, strings.Join(parts, "; ")}
}

func (p *printer) others(f *history.Fleet) {
	switch {
	case f.Partial:
		return
	case !f.Listed:
		p.gap()
		p.say("The platform lists no agents, so whether it has others can't be told.")
		return
	case len(f.Others) == 0:
		return
	}
	p.gap()
	p.line(span{strong, "On the platform, and not in git:"})
	var rows [][]span
	for _, o := range f.Others {
		row := []span{{plain, quote(o.AgentName)}, cell(faint, o.AgentID)}
		if o.Near != "" {
			row = append(row, cell(alert, "nearly the name of "+o.Near))
		}
		rows = append(rows, row)
	}
	p.table("  ", rows)
}
