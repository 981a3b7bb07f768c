package diff

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/spec"
)

// touched says who changed the sections that the platform, or nobody knows who,
// has moved, and when. Of outcomes and infields the platform does not say it.
func touched(drift map[string]Class, r *RemoteAgent) map[string]Touch {
	out := map[string]Touch{}
	for section, class := range drift {
		t := Touch{At: r.UpdatedAt.UTC(), By: r.UpdatedBy}
		switch {
		case class == Pending || section == spec.SectionOutcomes || section == spec.SectionInfields:
			continue
		case section == spec.SectionConfig && r.Current != nil:
			t = Touch{At: r.Current.UpdatedAt.UTC(), By: r.Current.UpdatedBy}
		}
		if t != (Touch{}) {
			out[section] = t
		}
	}
	return out
}

// warnDrafts tells of the drafts that somebody has waiting, among the versions that
// were read: the plan leaves them as they are.
func (p *agentPlanner) warnDrafts(relies *Version, steps []Step) {
	used := map[int]bool{}
	for _, s := range steps {
		if s.To != nil {
			used[*s.To] = true
		}
	}
	var waiting []string
	newest := 0
	for i := range p.remote.Versions {
		v := &p.remote.Versions[i]
		if !v.IsDraft() || used[v.Number] || relies != nil && v.Number == relies.Number {
			continue
		}
		text := fmt.Sprintf("v%d", v.Number)
		if touch := (Touch{At: v.LastTouched(), By: cmp.Or(v.UpdatedBy, v.CreatedBy)}).String(); touch != "" {
			text += " (" + strings.TrimSpace(touch) + ")"
		}
		waiting, newest = append(waiting, text), max(newest, v.Number)
	}
	if len(waiting) == 0 {
		return
	}
	message := "a draft waits on the platform, and stays as it is: "
	if len(waiting) > 1 {
		message = fmt.Sprintf("%d drafts wait on the platform, and stay as they are: ", len(waiting))
	}
	const most = 3
	message += strings.Join(waiting[:min(most, len(waiting))], ", ")
	if more := len(waiting) - most; more > 0 {
		message += fmt.Sprintf(" and %d more", more)
	}
	hint := ""
	if p.remote.Current != nil {
		hint = fmt.Sprintf("agentsync history %s --diff live..%d shows what is in it", p.want.Name, newest)
	}
	p.warnings = append(p.warnings, Warning{Agent: p.want.Name, Message: message, Hint: hint})
}

// warnDelete says what goes with an agent that is deleted.
func warnDelete(key string, r *RemoteAgent) Warning {
	var parts []string
	add := func(n int, one, more string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, more))
		}
	}
	highest := 0
	for i := range r.Versions {
		highest = max(highest, r.Versions[i].Number)
	}
	if r.Current != nil {
		highest = max(highest, r.Current.Number)
	}
	switch {
	case r.Versions != nil && r.ListedTo == 0:
		add(len(r.Versions), "version", "versions")
	case highest > 0:
		parts = append(parts, fmt.Sprintf("its versions up to v%d", highest))
	}
	add(len(r.Outcomes), "outcome", "outcomes")
	add(len(r.Infields), "infield", "infields")
	with := ""
	switch n := len(parts); n {
	case 0:
	case 1:
		with = ", with " + parts[0]
	default:
		with = ", with " + strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
	return Warning{Agent: key, Message: "the agent is deleted for good" + with + "; one that is made again has another id"}
}
