// Package github is agentsync's part in GitHub workflows: a plan as one
// comment in a pull request, the apply of just that plan on merge, a drift
// issue, and the lock file's commit. Planning and applying is the engine's.
//
// What stands on GitHub is the memory between two jobs. A comment belongs to
// one environment of one project (a folder of the repository), or to the agents
// of it that a job was asked for; a drift issue to a branch as well. It says in its
// hidden first lines which digest was reviewed and how far its apply has come:
//
//	planned ─ merge ─▶ applying ─▶ applied
//	                       ├─────▶ failed, interrupted ─ run again ─▶ applying
//	                       └─ changed: what would be applied is not what was reviewed
//
// A comment is read again right before it is written. A plan's run leaves it alone
// where the pull request is at another commit by now, or where a later run has
// written it; an apply where it shows another plan, or another apply's report.
//
// What may be applied is what was reviewed: review.covers says what that is.
// Where the run's own pull request is not all of it, since GitHub has dropped
// the run of an earlier merge, the earlier pull requests' reviews count too.
//
// Nothing is applied of a commit that its branch has left behind: a late run, or
// one that is run again, would bring back what was reverted since. The run of
// the branch's last commit applies what is left.
//
// Jobs may plan and apply a fleet in parts (part.go); of these the comment is the
// merge's (merge.go).
//
// Only comments by the token's own author count. Whoever may write to the
// repository may edit them too, and could as well edit the workflow: GitHub's
// write permission is the trust that all this rests on.
package github
