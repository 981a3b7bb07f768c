package diff

import (
	"slices"

	"github.com/agentsync/agentsync/spec"
)

// A version list may be long, and holds whole prompts. A plan reads it newest
// first and stops when its question is answered; what it asks of one version
// further back is read by that version's number.

// Recent is how many of an agent's newest versions every question looks at:
// the shortest page that a platform has been seen to give (reference.md, "Left
// open").
const Recent = 20

// VersionsAsked says which versions of an agent to read: of the list as many as
// Enough wants, and beside them those of Further, which are not among the listed
// ones and need not exist.
type VersionsAsked struct {
	Enough  func(listed []Version) bool
	Further func(listed []Version) []int
}

// AskRecent asks for the newest versions, and for those with these numbers.
func AskRecent(numbers ...int) VersionsAsked {
	return VersionsAsked{
		Enough:  func(listed []Version) bool { return len(listed) >= Recent },
		Further: func(listed []Version) []int { return unlisted(listed, numbers) },
	}
}

func unlisted(listed []Version, numbers []int) []int {
	numbers = slices.Compact(slices.Sorted(slices.Values(numbers)))
	return slices.DeleteFunc(numbers, func(n int) bool { return n <= 0 || FindVersion(listed, n) != nil })
}

// AskVersions is what the plan of an agent asks of its versions. With the
// answer, Compute makes the plan that it would make of the whole list, but for
// this, which it looks for among the pages that are read, and further back only
// as far as lock file and git name the version:
//
//   - an older version, or a waiting draft, that has what is wanted. Where it is
//     missed, a new version with the same content goes live;
//   - a draft of ours that an apply has left. Where it is missed, it stays;
//   - without a lock, an older version that the live one repeats, as a rollback
//     on the platform makes one. Where it is missed, what is live is believed by
//     its line. (To look for it to the end would cost each change of an agent
//     that no lock knows its whole history.)
//
// Whose an agent is, and else whether somebody has moved it, is never judged by a
// part of the list: for that, pages are read until they tell, or to the end.
func AskVersions(in Input, want spec.Agent, r *RemoteAgent, w Wanted) VersionsAsked {
	planner := func(listed []Version) *agentPlanner {
		seen := *r
		seen.Versions = listed
		return newAgentPlanner(in, want, &seen, w)
	}
	return VersionsAsked{
		Enough:  func(listed []Version) bool { return len(listed) >= Recent && planner(listed).knowsEnough() },
		Further: func(listed []Version) []int { return unlisted(listed, planner(listed).furtherBack()) },
	}
}

// knowsEnough reports whether no older version could say anything else of the
// agent's owner and its drift than the listed ones do.
func (p *agentPlanner) knowsEnough() bool {
	live := p.remote.Current
	switch {
	case p.owner == nobodys: // an older version may have a line of ours
		return false
	case p.owner == others || live == nil || !NeedVersions(p.want, p.remote, p.wanted):
		return true
	}
	switch f := p.liveFacts(live); f.verdict() {
	case notOurs:
		return p.lastApplied(live) != nil || p.remembersBefore(live)
	default: // it is believed by its line alone: is one of ours newer, does it repeat an older version?
		return f.locked || f.expected || p.memory.Unfinished ||
			p.memory.Version == 0 && (!f.lined || f.back || p.listedDownTo(live.Number))
	}
}

// listedDownTo reports whether all versions that are newer than number are
// listed.
func (p *agentPlanner) listedDownTo(number int) bool {
	return slices.ContainsFunc(p.remote.Versions, func(v Version) bool { return v.Number <= number })
}

// furtherBack are the versions that the plan may want although no page that was
// read has them: the pin, the one that the lock says was live before, and the
// draft that the lock knows as its own.
func (p *agentPlanner) furtherBack() []int {
	numbers := []int{p.want.Release.Version, p.memory.Draft}
	if live := p.remote.Current; live == nil || live.Number != p.memory.Version || p.liveDigest(live) != p.memory.Config {
		numbers = append(numbers, p.memory.Version)
	}
	return numbers
}
