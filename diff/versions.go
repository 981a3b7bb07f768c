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
	return slices.DeleteFunc(slices.Clone(numbers), func(n int) bool { return n <= 0 || FindVersion(listed, n) != nil })
}

// AskVersions is what the plan of an agent asks of its versions. With the
// answer, Compute makes the plan that it would make of the whole list, but for
// this, which it looks for among the pages that are read, and further back only
// as far as lock file and git name the version:
//
//   - an older version, or a waiting draft, that has what is wanted. Where it is
//     missed, a new version with the same content goes live;
//   - a draft of ours that an apply has left. Where it is missed, it stays.
//
// Whose an agent is, and whether somebody has moved it, is never judged by a part
// of the list: for that, pages are read until they tell, or to the end.
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
	case p.want.Lifecycle.Absent:
		return true
	}
	switch f := p.liveFacts(live); f.verdict() {
	case notOurs:
		return p.lastApplied(live) != nil || p.remembersBefore(live)
	default: // it is believed by its line alone: does it repeat an older version?
		return f.locked || f.expected || p.memory.Version == 0 || p.memory.Unfinished
	}
}

// furtherBack are the versions that the plan may want although no page that was
// read has them: the pin, the one that the lock says was live before, and the
// draft that the lock knows as its own.
func (p *agentPlanner) furtherBack() []int {
	numbers := []int{p.want.Release.Version, p.memory.Draft}
	if live := p.remote.Current; live == nil || LiveDigest(p.want, live) != p.memory.Config {
		numbers = append(numbers, p.memory.Version)
	}
	return numbers
}
