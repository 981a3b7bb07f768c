package github_test

import (
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

const (
	firstMerge  = "1111111111111111111111111111111111111111"
	secondMerge = "2222222222222222222222222222222222222222"
)

// twoMerges are the pull requests 6 and 7, which change one agent each and
// were reviewed side by side, both merged; the run is of the second merge.
func twoMerges(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.replace("agents.yaml", "Help the caller.", "Help every caller.")
	w.job(0, "", "plan")
	w.github.Edit(func(s *fakegithub.State) { // what stands in 7 becomes 6
		r := s.Repo(repo)
		six := *r.Pull(7)
		six.Number = 6
		r.Pulls = append(r.Pulls, &six)
		r.Comments[0].Number = 6
	})
	w.replace("agents.yaml", "Help every caller.", "Help the caller.")
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.replace("agents.yaml", "Help the caller.", "Help every caller.")
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		r.Merge(6, firstMerge, time.Now().Add(-time.Minute))
		r.Merge(7, secondMerge, time.Now())
		r.Commits = []*fakegithub.Commit{{SHA: firstMerge, Parents: []string{baseSHA}, Branch: "main"}, {SHA: secondMerge, Parents: []string{firstMerge}, Branch: "main"}}
	})
	w.onPush(secondMerge)
	return w
}

// The first merge's run was cancelled while it waited.
func TestARunDoesWhatEarlierMergesLeft(t *testing.T) {
	w := twoMerges(t)
	w.job(0, "", "apply")
	w.settled()
	for number, text := range map[int]string{6: "Help every caller.", 7: "Sell boldly."} {
		has(t, "the comment", w.repo().CommentsOn(number)[0].Body, "### ✅ Applied", "4 of 4 steps done", text, `state="applied" steps="sha256:`, secondMerge)
	}
	has(t, "the comment", w.repo().CommentsOn(6)[0].Body, "Together with what was merged after it.")
}

func TestARunThatFailedGoesOnWithEarlierMerges(t *testing.T) {
	w := twoMerges(t)
	w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Status(400)})
	w.job(1, "apply-failed", "apply")
	w.faults.Reset()
	w.job(0, "", "apply")
	w.settled()
}

func TestEarlierMergesAreNoLicence(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"when one was applied already": func(w *world) {
			w.github.Edit(func(s *fakegithub.State) {
				c := s.Repo(repo).CommentsOn(6)[0]
				c.Body = strings.Replace(c.Body, `state="planned"`, `state="applied"`, 1)
			})
		},
		"when the platform moved":  func(w *world) { w.dashboard("Support", "Help by the dashboard.") },
		"when the manifests moved": func(w *world) { w.replace("agents.yaml", "Help every", "Help no") },
		"when GitHub does not tell": func(w *world) {
			w.github.Add(fakegithub.Rule{Method: "GET", Path: "/commits/" + secondMerge, From: 2, Status: 422})
		},
		"when somebody else reviewed": func(w *world) {
			w.github.Edit(func(s *fakegithub.State) {
				s.Repo(repo).CommentsOn(6)[0].User = fakegithub.User{Login: "mallory", Type: "User"}
			})
		},
		"when they were merged elsewhere": func(w *world) {
			w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pull(6).Base.Ref = "next" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := twoMerges(t)
			change(w)
			r := w.job(3, "plan-changed", "apply")
			if r.platform != 0 {
				t.Errorf("%d writes", r.platform)
			}
			has(t, "stdout", r.stdout, "support")
		})
	}
}

// A push without a review of its own, such as of a README, does what was left.
func TestAPushWithoutAPlanDoesWhatWasLeft(t *testing.T) {
	w := reviewed(t)
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		r.Merge(7, firstMerge, time.Now())
		r.Commits = []*fakegithub.Commit{{SHA: firstMerge, Branch: "main"}, {SHA: secondMerge, Parents: []string{firstMerge}, Branch: "main"}}
	})
	w.onPush(secondMerge)
	w.job(0, "", "apply")
	w.comment("### ✅ Applied")
	w.settled()
}

// GitHub may need some seconds to know which pull request a commit came from.
func TestAPullRequestIsWaitedFor(t *testing.T) {
	pulls := func(n int) fakegithub.Rule {
		return fakegithub.Rule{Method: "GET", Path: "/commits/" + mergeAt + "/pulls", Times: n, Status: 200, Body: "[]"}
	}
	t.Run("and comes", func(t *testing.T) {
		w := reviewed(t)
		w.merge()
		w.github.Add(pulls(3))
		w.job(0, "", "apply")
		if w.slept != 7*time.Second {
			t.Errorf("waited %s", w.slept)
		}
		w.comment("### ✅ Applied")
		w.settled()
	})
	t.Run("and is none", func(t *testing.T) {
		w := reviewed(t)
		w.onPush(mergeAt)
		r := w.job(4, "not-reviewed", "apply")
		if w.slept != 15*time.Second || r.platform != 0 {
			t.Errorf("waited %s, %d writes", w.slept, r.platform)
		}
	})
	t.Run("but not when it does not matter", func(t *testing.T) {
		w := reviewed(t)
		w.onPush(mergeAt)
		w.job(0, "", "apply", "--require-reviewed-plan=false")
		w.job(0, "", "apply") // an empty plan
		if w.slept != 0 {
			t.Errorf("waited %s", w.slept)
		}
	})
}

// The run of an earlier merge failed half way, and may not run again since the
// branch has moved on: the later merge's run does the rest of both.
func TestTheLastRunDoesTheRestOfAnEarlierOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("agents.yaml", "    - {outcome_name: lead,", "    - {outcome_name: budget, outcome_description: How much, outcome_type: NUMBER, is_visible: true}\n    - {outcome_name: lead,")
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		r.Merge(7, firstMerge, time.Now().Add(-time.Minute), "prompts/sales.md")
	})
	w.onPush(firstMerge)
	w.faults.Add(faults.Rule{Method: "POST", Path: "/configs", Do: faults.Status(400)})
	w.job(1, "apply-failed", "apply")
	w.faults.Reset()
	w.onPush(secondMerge) // of a comment in a manifest
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		r.Commits[len(r.Commits)-1].Files = []string{"agents.yaml"}
	})
	w.onPush(firstMerge)
	w.job(4, "refused", "apply")
	w.onPush(secondMerge)
	w.job(0, "", "apply")
	w.comment("### ✅ Applied")
	w.settled()
}
