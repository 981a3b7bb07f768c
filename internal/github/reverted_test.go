package github_test

import (
	"testing"

	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

// A pull request that reverts a commit which had the lock file in it takes what was
// applied with that for ours, before the merge and after.
func TestARevertThatTakesTheLockFile(t *testing.T) {
	t.Parallel()
	w := greeks(t, true)
	w.git("switch", "-q", "main")
	w.says("alpha", "I insult callers.")()
	w.cli(0, "apply", "--auto-approve")
	w.commit("Insult callers")
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Push("main", w.git("rev-parse", "main")) })
	w.open(2, func() { w.git("revert", "--no-edit", "HEAD") })
	w.job(0, "", "plan")
	has(t, "the comment", w.repo().CommentsOn(2)[0].Body, "1 to update", "I insult callers.", "!drift:", "!warning")
	w.land(2, "squash")
	w.job(0, "", "apply")
	w.wantPrompts(map[string]string{"alpha": "I am alpha."})
	w.settled()
}
