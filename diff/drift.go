package diff

import (
	"slices"

	"github.com/agentsync/agentsync/internal/value"
)

// Drift is judged section by section: did git move, did the platform, or both
// (design section 4, "Provenance")? What is known of a difference is gathered
// first; the verdict is a pure function of that, and a row of
// testdata/drift/*.txtar each.

// together is the class of a section whose parts have these classes; "" when
// there are none.
func together(classes []Class) Class {
	has := func(c Class) bool { return slices.Contains(classes, c) }
	switch {
	case has(Both) || has(Drift) && has(Pending):
		return Both
	case has(Drift):
		return Drift
	case has(Unknown):
		return Unknown
	case has(Pending):
		return Pending
	default:
		return ""
	}
}

// itemFacts is what is known of one agent field, outcome or infield that
// differs. The digests are "" for what is not there.
type itemFacts struct {
	unfinished bool // an earlier apply of the agent did not end
	adopting   bool // nothing says that the agent is ours
	locked     bool // the lock remembers the agent
	remembered string
	remote     string
	wanted     string
}

func (f itemFacts) class() Class {
	switch {
	case f.unfinished:
		return Pending
	case f.adopting:
		return Drift
	case !f.locked:
		return Unknown
	case f.remembered == f.remote:
		return Pending
	case f.remembered == f.wanted: // and of what is in neither, somebody has added it on the platform
		return Drift
	default:
		return Both
	}
}

func (p *agentPlanner) classOf(remembered, remote, wanted string) Class {
	return itemFacts{p.memory.Unfinished, p.adopting, p.locked, remembered, remote, wanted}.class()
}

// agentClass classes a section of agent fields that differ.
func (p *agentPlanner) agentClass(changes []Change) Class {
	var classes []Class
	for _, change := range changes {
		remote := change.Before.ShortDigest()
		remembered, managed := p.memory.Agent[change.Path]
		if !managed { // git has only now begun to manage the field
			remembered = remote
		}
		classes = append(classes, p.classOf(remembered, remote, change.After.ShortDigest()))
	}
	return together(classes)
}

// configFacts is what is known of a live config that is not what is wanted.
type configFacts struct {
	adopting     bool
	noProvenance bool // policy.provenance is false: versions say nothing
	nothingLive  bool
	ours         bool // see liveFacts
	// base is the version that git wanted before the platform moved; moved says
	// that git wants something else by now.
	base, moved bool
	otherLine   bool // the live version's line is of another config than git wants now
}

func (f configFacts) class() Class {
	switch {
	case f.adopting:
		return Drift
	case f.noProvenance:
		return Unknown
	case f.nothingLive || f.ours:
		return Pending
	case f.base && f.moved, !f.base && f.otherLine:
		return Both
	default:
		return Drift
	}
}

func (p *agentPlanner) configClass() Class {
	f := configFacts{adopting: p.adopting, noProvenance: !p.policy.Provenance, nothingLive: p.remote.Current == nil}
	if live := p.remote.Current; live != nil {
		f.ours = p.liveFacts(live).ours()
		if base := p.lastApplied(live); base != nil {
			f.base, f.moved = true, !value.Equal(base.Content, overConfig(base.Content, p.want))
		}
		_, line, marked := ParseNotes(live.Notes)
		f.otherLine = marked && line.Config != p.wanted.ConfigDigest
	}
	return f.class()
}

// liveFacts is what is known of the live version's origin.
type liveFacts struct {
	locked   bool // its digest is the one that the lock holds
	expected bool // it is what an unfinished apply may have left
	vouched  bool // its line matches its content
	// older is a version from before the one that the lock holds, and repeats
	// one with the notes and content of an older one: somebody has rolled back
	// on the platform. Of an unfinished apply the lock can't tell.
	older, repeats bool
}

// ours reports whether the live version is what agentsync last left live.
func (f liveFacts) ours() bool {
	return f.locked || f.expected || f.vouched && !f.older && !f.repeats
}

func (p *agentPlanner) liveFacts(live *Version) liveFacts {
	digest := LiveDigest(p.want, live)
	f := liveFacts{
		locked:   p.memory.Config == digest,
		expected: p.memory.Unfinished && slices.Contains(p.memory.Expect, digest),
		vouched:  vouched(live, p.want),
	}
	if p.memory.Version > 0 && !p.memory.Unfinished {
		f.older, f.repeats = live.Number < p.memory.Version, p.repeatsOlder(live)
	}
	return f
}

func (p *agentPlanner) repeatsOlder(live *Version) bool {
	return slices.ContainsFunc(p.remote.Versions, func(v Version) bool {
		return v.Number < live.Number && !v.IsDraft() && v.Notes == live.Notes && SameContent(&v, live)
	})
}

// lastApplied is what git wanted before the platform moved: a published
// version, other than the live one, with a line that matches its content. Where
// the live version is an edit of one of ours, it is the version with the same
// line, which after a rollback is not the newest; else the newest.
func (p *agentPlanner) lastApplied(live *Version) *Version {
	_, line, marked := ParseNotes(live.Notes)
	edited := marked && !vouched(live, p.want)
	for i := range p.remote.Versions {
		v := &p.remote.Versions[i]
		if v.Number == live.Number || v.IsDraft() || !vouched(v, p.want) {
			continue
		}
		if _, own, _ := ParseNotes(v.Notes); !edited || own.Config == line.Config {
			return v
		}
	}
	return nil
}

// carriesProvenance reports whether any version that was read has our line.
func carriesProvenance(r *RemoteAgent) bool {
	marked := func(v Version) bool { _, _, ok := ParseNotes(v.Notes); return ok }
	return r.Current != nil && marked(*r.Current) || slices.ContainsFunc(r.Versions, marked)
}
