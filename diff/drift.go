package diff

import (
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
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
	foreign    bool // nothing says that the agent is ours, or something that it is another's
	locked     bool // the lock remembers the agent
	remembered string
	remote     string
	wanted     string
}

func (f itemFacts) class() Class {
	switch {
	case f.unfinished:
		return Pending
	case f.foreign:
		return Drift
	case !f.locked:
		return Unknown
	case f.remembered == f.remote:
		return Pending
	case f.remembered == f.wanted: // both "" for what somebody has added on the platform
		return Drift
	default:
		return Both
	}
}

func (p *agentPlanner) classOf(remembered, remote, wanted string) Class {
	return itemFacts{p.memory.Unfinished, p.owner != ours, p.locked, remembered, remote, wanted}.class()
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
		class := p.classOf(remembered, remote, change.After.ShortDigest())
		p.noteMove(spec.SectionAgent, change.Path, class)
		classes = append(classes, class)
	}
	return together(classes)
}

// configFacts is what is known of a live config that is not what is wanted.
type configFacts struct {
	foreign     bool // as in itemFacts
	untold      bool // policy.provenance is false, and the lock remembers no config
	nothingLive bool
	live        verdict // see liveFacts
	// base: a version is known that git wanted before the platform moved; moved:
	// git wants something else than that by now.
	base, moved bool
	otherLine   bool // the live version's line is of another config than git wants now
}

func (f configFacts) class() Class {
	switch {
	case f.foreign:
		return Drift
	case f.untold:
		return Unknown
	case f.nothingLive || f.live == itIsOurs:
		return Pending
	case f.live == cantTell:
		return Unknown
	case f.base && f.moved, !f.base && f.otherLine:
		return Both
	default:
		return Drift
	}
}

func (p *agentPlanner) configClass() Class {
	var base *Version
	f := configFacts{foreign: p.owner != ours, untold: !p.in.Policy.Provenance && p.memory.Config == "", nothingLive: p.remote.Current == nil}
	if live := p.remote.Current; live != nil {
		facts := p.liveFacts(live)
		f.live = facts.verdict()
		p.tellOrigin(live, facts)
		if base = p.lastApplied(live); base != nil {
			f.base, f.moved = true, !value.Equal(base.Content, overConfig(base.Content, p.want))
		}
		_, line, marked := ParseNotes(live.Notes)
		f.otherLine = marked && facts.origin != OriginBranch && line.Config != p.wanted.ConfigDigest
	}
	class := f.class()
	p.noteConfigMoves(class, base)
	return class
}

// Origin is what git says of a version whose line names this project and
// environment: whether the line's commit is an ancestor of HEAD, and whether
// the manifests of that commit want the version's content.
type Origin int

const (
	OriginUnknown Origin = iota // the commit is not in the clone, or git can't be asked
	OriginBranch                // the commit is there, and HEAD does not contain it
	OriginOther                 // HEAD contains it, and its manifests want something else
	OriginWanted                // HEAD contains it, and its manifests want this
)

// verdict is whether the live version is what agentsync last left live.
type verdict int

const (
	notOurs verdict = iota
	itIsOurs
	cantTell
)

// liveFacts is what is known of the live version's origin.
type liveFacts struct {
	locked   bool // its number and digest are those that the lock holds; see undoRevert too
	expected bool // it is what an unfinished apply may have left
	lined    bool // its line names this project and environment
	// edited: its content is not what its line says, nor what the lock holds. An
	// update in place by an apply that the lock does not know leaves this too.
	edited bool
	origin Origin
	// older is a version, other than the one that the lock holds, that had been
	// published when the lock was written, and repeats one with the notes and
	// content of an older one: somebody has rolled back on the platform. Of an
	// unfinished apply the lock can't tell.
	older, repeats bool
	// back: no lock says what was live last, and a version that is live again is
	// older than another of ours, or repeats one. An apply may have gone back, or
	// somebody on the platform.
	back bool
}

// verdict believes the lock first, and a line only where git agrees.
func (f liveFacts) verdict() verdict {
	switch {
	case f.locked || f.expected:
		return itIsOurs
	case !f.lined || f.older || f.repeats:
		return notOurs
	case f.edited: // a commit wants any value of what its manifests leave out
		return notOurs
	case f.origin == OriginWanted && !f.back:
		return itIsOurs
	case f.origin == OriginWanted, f.origin == OriginUnknown:
		return cantTell
	default:
		return notOurs
	}
}

// liveDigest is LiveDigest, which takes a while, but where the version is what is
// wanted, as it mostly is.
func (p *agentPlanner) liveDigest(live *Version) string {
	if p.wanted.ConfigDigest != "" && value.Equal(live.Content, p.wanted.Config) {
		return p.wanted.ConfigDigest
	}
	return LiveDigest(p.want, live)
}

func (p *agentPlanner) liveFacts(live *Version) liveFacts {
	digest := p.liveDigest(live)
	line, ok := lineOf(live)
	f := liveFacts{
		locked:   p.memory.Config == digest && p.memory.Version == live.Number,
		expected: p.memory.Unfinished && slices.Contains(p.memory.Expect, digest),
		lined:    ok && p.in.Identity.isOwn(line),
		edited:   p.memory.Config != "" && p.memory.Config != digest && !vouched(live, p.want),
	}
	if f.lined && !f.locked && !f.expected && p.in.OriginOf != nil {
		f.origin = p.in.OriginOf(p.want.Name, live, line)
	}
	if p.memory.Version > 0 && !p.memory.Unfinished {
		f.older = live.Number != p.memory.Version && live.Number <= p.memory.newestKnown()
		f.repeats = p.repeatsOlder(live)
	}
	if p.memory.Version == 0 && f.lined {
		f.back = p.newerOfOurs(live) != nil || p.repeatsOlder(live)
	}
	return f
}

// tellOrigin warns of what git has to say against the live version's line.
func (p *agentPlanner) tellOrigin(live *Version, f liveFacts) {
	line, _ := lineOf(live)
	w := Warning{Agent: p.want.Name}
	switch {
	case !f.lined || f.locked || f.expected:
		return
	case f.origin == OriginBranch:
		w.Message = fmt.Sprintf("v%d was published from %s, which this branch does not contain", live.Number, line.Commit)
		w.Hint = "bring that commit into this branch, or overwrite what it published knowingly"
	case f.origin == OriginUnknown && !f.edited && line.Commit == NoCommit:
		w.Message = fmt.Sprintf("v%d was published from files outside git, so whether git wanted it can't be told", live.Number)
		w.Hint = "commit the lock file after each apply"
	case f.origin == OriginUnknown && !f.edited:
		w.Message = fmt.Sprintf("v%d was published from %s, and whether this branch contains that can't be told here", live.Number, line.Commit)
		w.Hint = "fetch the whole history (in a workflow, fetch-depth: 0), or commit the lock file"
	case f.origin == OriginWanted && f.back && !f.edited:
		w.Message = fmt.Sprintf("v%d is live again after a newer version of ours: whether an apply or somebody on the platform went back can't be told", live.Number)
		w.Hint = fmt.Sprintf("agentsync history %s shows when; with the lock file committed it can be told", p.want.Name)
	case f.origin == OriginOther:
		w.Message = fmt.Sprintf("v%d says that it was published from %s, whose manifests want something else", live.Number, line.Commit)
		w.Hint = "it was edited since, or made from files that were not committed"
	default:
		return
	}
	p.warnings = append(p.warnings, w)
}

// newerOfOurs is a version that agentsync has published after this one, nil for
// none.
func (p *agentPlanner) newerOfOurs(live *Version) *Version {
	for i := range p.remote.Versions {
		v := &p.remote.Versions[i]
		if line, ok := lineOf(v); ok && v.Number > live.Number && !v.IsDraft() && p.in.Identity.isOwn(line) && vouched(v, p.want) {
			return v
		}
	}
	return nil
}

func (p *agentPlanner) repeatsOlder(live *Version) bool {
	return slices.ContainsFunc(p.remote.Versions, func(v Version) bool {
		return v.Number < live.Number && !v.IsDraft() && v.Notes == live.Notes && SameContent(&v, live)
	})
}

// lastApplied is what git wanted before the platform moved: the version that the
// lock holds, however it came to be live, or one that was published since the lock
// was written, as an apply with another clone does. That one has a line that
// matches its content; where what is live is an edit of one of ours, it has the
// same line, else it is the newest. One among the recent versions comes before a
// search further back, which is made where the lock holds none.
func (p *agentPlanner) lastApplied(live *Version) *Version {
	recent, further := p.remote.Versions, []Version(nil)
	if len(recent) > Recent {
		recent, further = recent[:Recent], recent[Recent:]
	}
	v := p.vouchedIn(recent, live)
	if v != nil && v.Number > p.memory.newestKnown() {
		return v
	}
	if !p.remembersBefore(live) {
		if v == nil {
			v = p.vouchedIn(further, live)
		}
		return v
	}
	if held := FindVersion(p.remote.Versions, p.memory.Version); held != nil && !held.IsDraft() && LiveDigest(p.want, held) == p.memory.Config {
		return held
	}
	return v
}

// remembersBefore reports whether the lock names a version that was live before
// this one.
func (p *agentPlanner) remembersBefore(live *Version) bool {
	return p.memory.Version > 0 && p.memory.Version != live.Number
}

func (p *agentPlanner) vouchedIn(versions []Version, live *Version) *Version {
	_, line, marked := ParseNotes(live.Notes)
	edited := marked && !vouched(live, p.want)
	for i := range versions {
		v := &versions[i]
		if v.Number == live.Number || v.IsDraft() || !vouched(v, p.want) {
			continue
		}
		if _, own, _ := ParseNotes(v.Notes); !edited || own.Config == line.Config {
			return v
		}
	}
	return nil
}
