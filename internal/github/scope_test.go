package github_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

// What colleagues do to other agents in the dashboard neither stops a merge nor
// is overwritten by it, before the review and after.
func TestAPullRequestIsAboutWhatItChanges(t *testing.T) {
	t.Parallel()
	for _, how := range exhaustive.Or([]string{"rebase"}, []string{"merge", "squash", "rebase"}) {
		t.Run(how, func(t *testing.T) {
			withAndWithoutLock(t, func(t *testing.T, w *world) {
				w.dashboard("beta", "Edited before.")
				w.open(2, w.says("alpha", "I am the first."), func() { w.write("README.md", "Greeks\n") })
				since := len(w.faults.Requests())
				w.job(0, "", "plan")
				w.unasked("beta", since)
				has(t, "the comment", w.repo().CommentsOn(2)[0].Body, "1 to update",
					"> This plan is about 1 agent. Of the project's other agents, 2, none is read or changed: the drift job looks after them.", "!Planned too")
				w.dashboard("gamma", "Edited after.")
				w.land(2, how)
				since = len(w.faults.Requests())
				w.job(0, "", "apply")
				w.unasked("beta", since)
				w.unasked("gamma", since)
				w.wantPrompts(map[string]string{"alpha": "I am the first.", "beta": "Edited before.", "gamma": "Edited after."})
				has(t, "the comment", w.repo().CommentsOn(2)[0].Body, "### ✅ Applied")

				// The same job again is about the same agents, and finds drift there.
				w.job(0, "", "apply")
				w.dashboard("alpha", "Edited at last.")
				w.job(3, "plan-changed", "apply")
			})
		})
	}
}

// Its agents' own drift stops a merge, as ever.
func TestDriftOfAReviewedAgentStopsTheMerge(t *testing.T) {
	t.Parallel()
	withAndWithoutLock(t, func(t *testing.T, w *world) {
		w.open(2, w.says("alpha", "I am the first."))
		w.job(0, "", "plan")
		w.dashboard("alpha", "Edited after.")
		w.land(2, "squash")
		w.job(3, "plan-changed", "apply")
		w.wantPrompts(map[string]string{"alpha": "Edited after."})

		// An empty pull request has a plan of what was left.
		w.open(3, func() {})
		w.job(0, "", "plan")
		has(t, "the comment", w.repo().CommentsOn(3)[0].Body,
			"> Planned too, since an earlier merge asked for something and no run has applied it yet: `alpha`.", "Edited after.")
		w.land(3, "squash")
		w.job(0, "", "apply")
		w.wantPrompts(map[string]string{"alpha": "I am the first."})
	})
}

// A base and the settings change all agents that want something else by them.
func TestABaseTakesItsAgentsAlong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string
		agents     string
	}{
		"a base": {"bases/common.yaml", "apiVersion: agentsync/v1\nkind: Base\nmetadata: {name: common}\nspec: {config: {guidelines: [Be kind]}}\n", "2"},
		"an override": {"agentsync.yaml", "apiVersion: agentsync/v1\nkind: Project\nmetadata: {name: greeks}\nspec: {environments: {default: {overrides: " +
			"[{agents: [alpha, gamma], spec: {config: {guidelines: [Be kind]}}}]}}}\n", "2"},
		"a comment": {"agents/alpha.yaml", "# Alpha.\n" + fmt.Sprintf(greek, "alpha", "common"), "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := greeks(t, true)
			w.open(2, func() { w.write(c.file, c.text) })
			if r := w.job(0, "", "plan"); r.outputs["to-update"] != c.agents {
				t.Errorf("%s agents to update, want %s", r.outputs["to-update"], c.agents)
			}
			w.land(2, "squash")
			if r := w.job(0, "", "apply"); r.outputs["to-update"] != c.agents {
				t.Errorf("%s agents updated, want %s", r.outputs["to-update"], c.agents)
			}
			w.settled()
		})
	}
}

// What the run of an earlier merge has not done is done by the next one.
func TestWhatAnEarlierRunLeftIsApplied(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(*world){
		"dropped": func(*world) {},
		"failed": func(w *world) {
			w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Status(400)})
			w.job(1, "apply-failed", "apply")
			w.faults.Reset()
			w.later = time.Hour // a draft that is fresh could be another apply's
		},
	} {
		t.Run(name, func(t *testing.T) {
			withAndWithoutLock(t, func(t *testing.T, w *world) {
				w.open(2, w.says("beta", "I am the second."))
				w.job(0, "", "plan")
				w.open(3, w.says("alpha", "I am the first.")) // side by side with 2
				w.job(0, "", "plan")
				w.land(2, "squash")
				run(w)
				w.open(4, w.says("gamma", "I am the third.")) // after it
				has(t, "the job", w.job(0, "", "plan").stderr, "no run has applied it yet: beta")
				w.dashboard("gamma", "Edited.")
				w.land(3, "squash")
				r := w.job(0, "", "apply")
				has(t, "the job", r.stderr, "no run has applied it yet: beta")
				w.wantPrompts(map[string]string{"alpha": "I am the first.", "beta": "I am the second.", "gamma": "Edited."})
				for _, n := range []int{2, 3} {
					has(t, "the comment", w.repo().CommentsOn(n)[0].Body, "### ✅ Applied")
				}
			})
		})
	}
}

// One push may bring several merges, as of a merge queue.
func TestAPushOfSeveralMerges(t *testing.T) {
	t.Parallel()
	withAndWithoutLock(t, func(t *testing.T, w *world) {
		w.open(2, w.says("beta", "I am the second."))
		w.job(0, "", "plan")
		w.open(3, w.says("alpha", "I am the first."))
		w.job(0, "", "plan")
		w.dashboard("gamma", "Edited.")
		before := w.git("rev-parse", "main")
		w.land(2, "merge")
		w.land(3, "merge")
		w.pushed(before)
		has(t, "the job", w.job(0, "", "apply").stderr, "This plan is about 2 agents.", "!Planned too")
		w.wantPrompts(map[string]string{"alpha": "I am the first.", "beta": "I am the second.", "gamma": "Edited."})
	})
}

// Runs that no push has started are about the commit that is there.
func TestScopeOfOtherEvents(t *testing.T) {
	t.Parallel()
	for _, event := range exhaustive.Or([]string{"schedule"}, []string{"workflow_dispatch", "schedule", "repository_dispatch", "workflow_run"}) {
		t.Run(event, func(t *testing.T) {
			withAndWithoutLock(t, func(t *testing.T, w *world) {
				w.open(2, w.says("alpha", "I am the first."))
				w.job(0, "", "plan")
				w.dashboard("beta", "Edited.")
				w.land(2, "squash")
				w.event(event, map[string]any{})
				has(t, "the job", w.job(0, "", "plan").stderr, "This plan is about 1 agent.")
				w.job(0, "", "apply")
				w.wantPrompts(map[string]string{"alpha": "I am the first.", "beta": "Edited."})
			})
		})
	}
	t.Run("merge_group", func(t *testing.T) {
		withAndWithoutLock(t, func(t *testing.T, w *world) {
			w.open(2, w.says("alpha", "I am the first."))
			w.dashboard("beta", "Edited.")
			w.event("merge_group", map[string]any{"merge_group": map[string]any{"base_sha": w.git("rev-parse", "main")}})
			r := w.job(0, "", "plan")
			has(t, "the job", r.stdout+r.stderr, "This plan is about 1 agent.", "I am the first.", "!Edited")
		})
	})
}

// Everything is planned where that is asked for, as the command line does.
func TestScopeAll(t *testing.T) {
	t.Parallel()
	w := greeks(t, true)
	w.env["INPUT_SCOPE"] = "all"
	w.dashboard("beta", "Edited.")
	w.open(2, w.says("alpha", "I am the first."))
	r := w.job(0, "", "plan")
	has(t, "the job", r.stdout+r.stderr, "2 to update, 1 unchanged", "!This plan is about")
	w.land(2, "squash")
	w.job(0, "", "apply")
	w.wantPrompts(map[string]string{"alpha": "I am the first.", "beta": "I am beta."})
}

// Where nothing says what is applied, all is planned, and the comment says why.
func TestNothingSaysWhatIsApplied(t *testing.T) {
	t.Parallel()
	w := greeks(t, false)
	w.dashboard("beta", "Edited.")
	w.open(2, w.says("alpha", "I am the first."))
	w.job(0, "", "plan")
	has(t, "the comment", w.repo().CommentsOn(2)[0].Body, "2 to update, 1 unchanged",
		"> Planned too, since neither the lock file nor the comment of a merged pull request says that what was asked for earlier was applied: `beta`, `gamma`.")
}

// shallow makes the checkout as actions/checkout does by default.
func (w *world) shallow() {
	w.t.Helper()
	lock, err := os.ReadFile(filepath.Join(w.dir, lockName))
	head := w.git("rev-parse", "HEAD")
	w.git("branch", "-f", "here", head)
	dir := w.t.TempDir()
	w.git("clone", "-q", "--depth=1", "--branch=here", "file://"+w.dir, dir)
	w.dir, w.project, w.env["GITHUB_WORKSPACE"] = dir, "", dir
	if err == nil {
		w.write(lockName, string(lock))
	}
}

// A clone without history is enough with the lock; without it all is planned.
func TestAShallowClone(t *testing.T) {
	t.Parallel()
	withAndWithoutLock(t, func(t *testing.T, w *world) {
		locked := w.env["INPUT_COMMIT_LOCK"] != ""
		w.dashboard("beta", "Edited.")
		w.open(2, w.says("alpha", "I am the first."))
		w.job(0, "", "plan")
		full := w.dir
		w.shallow()
		r := w.job(0, "", "plan")
		has(t, "the job", r.stderr, "What this changes can't be told from git", "fetch")
		if want := map[bool]string{true: "1", false: "2"}[locked]; r.outputs["to-update"] != want {
			t.Errorf("%s to update, want %s", r.outputs["to-update"], want)
		}
		w.dir, w.env["GITHUB_WORKSPACE"] = full, full
		w.land(2, "squash")
		w.shallow()
		w.job(0, "", "apply")
		w.wantPrompts(map[string]string{"alpha": "I am the first.", "beta": map[bool]string{true: "Edited.", false: "I am beta."}[locked]})
	})
}

// A change that was taken from the dashboard needs no step, and is remembered:
// later plans do not take the agent for left.
func TestWhatNeedsNoStepIsRemembered(t *testing.T) {
	t.Parallel()
	withAndWithoutLock(t, func(t *testing.T, w *world) {
		w.dashboard("beta", "Edited.")
		w.open(2, w.says("beta", "Edited."))
		w.job(0, "", "plan")
		w.land(2, "squash")
		if r := w.job(0, "", "apply"); r.platform != 0 {
			t.Errorf("%d writes", r.platform)
		}
		if w.env["INPUT_COMMIT_LOCK"] != "" { // which says it without any comment
			w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Comments = nil })
		}
		w.dashboard("beta", "Edited again.")
		w.takeLock()
		w.open(3, w.says("alpha", "I am the first."))
		w.job(0, "", "plan")
		w.land(3, "squash")
		w.job(0, "", "apply")
		w.wantPrompts(map[string]string{"alpha": "I am the first.", "beta": "Edited again."})
	})
}

// What was applied at another address was not applied at this one.
func TestAppliedToAnotherAddressSaysNothing(t *testing.T) {
	t.Parallel()
	w := greeks(t, false)
	w.first()
	other := httptest.NewServer(w.faults)
	t.Cleanup(other.Close)
	w.env["INDUSLABS_BASE_URL"] = other.URL
	w.open(2, w.says("alpha", "I am the first."))
	has(t, "the job", w.job(0, "", "plan").stderr, "neither the lock file nor the comment")
}

// An orphan is part of the change that makes it one, and is left until it is
// deleted where that is the policy.
func TestScopeOfOrphans(t *testing.T) {
	t.Parallel()
	w := greeks(t, true)
	w.open(2, func() { w.git("rm", "-q", "agents/beta.yaml") })
	has(t, "the plan", w.job(0, "", "plan").stdout, "beta", "orphan: its manifest is gone")
	w.land(2, "squash")
	w.job(0, "", "apply")
	w.open(3, w.says("alpha", "I am the first."))
	has(t, "the plan", w.job(0, "", "plan").stdout, "1 to update", "!orphan")
	w.job(0, "", "plan", "--prune")
	has(t, "the plan", w.job(0, "", "plan", "--prune").stdout, "1 to update, 1 to delete")
}

// One changed agent of a fleet costs what one agent costs.
func TestScopeBudget(t *testing.T) {
	t.Parallel()
	n := exhaustive.Or(200, 1000)
	w := greeks(t, true)
	w.git("switch", "-q", "main")
	for i := range n {
		name := fmt.Sprintf("agent-%04d", i)
		w.write("agents/"+name+".yaml", fmt.Sprintf(greek, name, "common"))
		w.write("prompts/"+name+".md", "I am "+name+".\n")
	}
	w.cli(0, "apply", "--auto-approve")
	w.commit("A fleet")
	w.open(2, w.says("agent-0007", "I am the seventh."))
	count := func(job func()) int {
		before := len(w.faults.Requests())
		job()
		return len(w.faults.Requests()) - before
	}
	plan := count(func() { w.job(0, "", "plan") })
	w.land(2, "squash")
	apply := count(func() { w.job(0, "", "apply") })
	t.Logf("1 of %d agents: %d requests to plan, %d to apply", n+3, plan, apply)
	if plan > 8 || apply > 14 {
		t.Errorf("%d requests to plan and %d to apply, want at most 8 and 14", plan, apply)
	}
	if !slices.Contains([]string{"I am the seventh."}, w.prompt("agent-0007")) {
		t.Error("it was not applied")
	}
}
