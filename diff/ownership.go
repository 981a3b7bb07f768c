package diff

import (
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/spec"
)

// owner is whose an agent on the platform is (design section 3).
type owner int

const (
	nobodys owner = iota // found by its name: an adopt step
	ours
	others // another project's or environment's: every step on it is refused
)

// ownerFacts is what is known of an agent's owner.
type ownerFacts struct {
	locked    bool // the lock has its id for this environment, or a create that was begun has made it
	elsewhere bool // the lock has its id for another environment
	liveOther bool // the live version's line names another project or environment
	lined     bool // some version has a line with this project and environment, and still holds what it says
	// otherLined: some version has a line with another project or environment. A
	// publication in the dashboard hides it, and makes the agent nobody's less.
	otherLined bool
}

func (f ownerFacts) owner() owner {
	switch {
	case f.liveOther, f.elsewhere && !f.locked:
		return others
	case f.locked, f.lined:
		return ours
	case f.otherLined:
		return others
	default:
		return nobodys
	}
}

// Identity is who plans: what the provenance lines of an apply's versions name.
type Identity struct {
	Project     string // metadata.name of agentsync.yaml; "" where it names none
	Environment string
	// Formerly are names that the project had before, FormerlyEnvironment those of
	// the environment: lines with them are its own.
	Formerly, FormerlyEnvironment []string
}

// isOther reports whether a line names another project or environment than this
// one. A line of before projects had names, which names none, proves nothing.
func (id Identity) isOther(line Provenance) bool {
	return line.Project != "" && line.Project != id.Project && !slices.Contains(id.Formerly, line.Project) ||
		line.Environment != "" && line.Environment != id.Environment && !slices.Contains(id.FormerlyEnvironment, line.Environment)
}

// isOwn reports whether a line names this very project and environment. Where
// the project has no name, the lock alone makes an agent ours.
func (id Identity) isOwn(line Provenance) bool {
	return id.Project != "" && line.Project != "" && !id.isOther(line)
}

// ownerOf says whose a remote agent is, which the manifests or the lock know
// under want's name. A line is a text that anyone can copy: it makes the agent ours
// where its digest is that of the version's content. A manifest that updates services
// in place leaves lines whose digest does not hold any more.
func ownerOf(in Input, want spec.Agent, r *RemoteAgent) owner {
	memory := in.Memory[want.Name]
	f := ownerFacts{locked: memory.AgentID == r.ID || memory.begunMade(r)}
	_, f.elsewhere = in.Elsewhere[r.ID]
	if line, ok := lineOf(r.Current); ok {
		f.liveOther = in.Identity.isOther(line)
	}
	if f.locked { // lines do not matter then, and the digests of what they are about take a while
		return f.owner()
	}
	inPlace := want.Release.ServiceUpdates == "in_place"
	f.otherLined = in.Identity.madeElsewhere(r) != nil
	f.lined = slices.ContainsFunc(liveFirst(r), func(v Version) bool {
		line, ok := lineOf(&v)
		return ok && in.Identity.isOwn(line) && (inPlace || vouched(&v, want))
	})
	return f.owner()
}

// liveFirst are the versions of an agent that were read, the live one before them.
func liveFirst(r *RemoteAgent) []Version {
	if r.Current == nil {
		return r.Versions
	}
	return append([]Version{*r.Current}, r.Versions...)
}

// madeElsewhere returns the version that another project or environment made: the
// live one, else the newest; nil where none that was read says so.
func (id Identity) madeElsewhere(r *RemoteAgent) *Version {
	for _, v := range liveFirst(r) {
		if line, ok := lineOf(&v); ok && id.isOther(line) {
			return &v
		}
	}
	return nil
}

// Whose returns the project and environment whose an agent on the platform is
// where these are others than the planner's; project is "" where only the lock
// tells. Of in, Identity, Memory and Elsewhere count.
func Whose(in Input, key string, r *RemoteAgent) (project, environment string, foreign bool) {
	if ownerOf(in, spec.Agent{Name: key}, r) != others {
		return "", "", false
	}
	if v := in.Identity.madeElsewhere(r); v != nil {
		line, _ := lineOf(v)
		return line.Project, line.Environment, true
	}
	return "", in.Elsewhere[r.ID], true
}

// refuseOthers refuses an agent that is another's, whether a step was planned or
// not: what matches today would be ours by the lock tomorrow.
func refuseOthers(in Input, key, name string, r *RemoteAgent) Refusal {
	refusal := Refusal{Agent: key, Rule: "owner"}
	if made := in.Identity.madeElsewhere(r); made != nil {
		line, _ := lineOf(made)
		whose := fmt.Sprintf("environment %q", line.Environment)
		switch {
		case line.Project != "" && line.Environment != "":
			whose = fmt.Sprintf("project %q, environment %q", line.Project, line.Environment)
		case line.Project != "":
			whose = fmt.Sprintf("project %q", line.Project)
		}
		refusal.Message = fmt.Sprintf("%q (%s) belongs to %s: its %s v%d was made there", name, r.ID, whose, made.called(r), made.Number)
		refusal.Hint = "choose another agent_name (agent_name_suffix gives an environment agents of its own)"
		if line.Project != "" && line.Project != in.Identity.Project {
			refusal.Hint += fmt.Sprintf(`; if this project was called %q before, list that under metadata.previous_names in agentsync.yaml`, line.Project)
		} else {
			refusal.Hint += "; " + renamedEnvironment(line.Environment, in.Identity.Environment)
		}
		return refusal
	}
	refusal.Message = fmt.Sprintf("%q (%s) belongs to environment %q: the lock file has its id there", name, r.ID, in.Elsewhere[r.ID])
	refusal.Hint = "give the environment an agent_name_suffix, so that it has agents of its own; " +
		renamedEnvironment(in.Elsewhere[r.ID], in.Identity.Environment)
	return refusal
}

// called says which of an agent's versions this is.
func (v *Version) called(r *RemoteAgent) string {
	if r.Current != nil && v.Number == r.Current.Number {
		return "live version"
	}
	return "version"
}

func renamedEnvironment(before, now string) string {
	return fmt.Sprintf("if environment %q was called %q before, list that under environments.%s.previous_names in agentsync.yaml", now, before, now)
}

// lineOf reads a version's provenance line; v may be nil.
func lineOf(v *Version) (Provenance, bool) {
	if v == nil {
		return Provenance{}, false
	}
	_, line, ok := ParseNotes(v.Notes)
	return line, ok
}

// nameOf is an agent's name on the platform.
func nameOf(r *RemoteAgent) string { return r.Fields.Get("agent_name").Text() }
