package github_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

// reviewed is a pull request that changes a prompt, with its plan commented.
func reviewed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	return w
}

// settled wants the platform to be what the manifests say.
func (w *world) settled() {
	w.t.Helper()
	if out, _ := w.cli(0, "plan"); !strings.Contains(out, "\n\nNo changes.") {
		w.t.Errorf("not settled:\n%s", out)
	}
}

func TestApplyDoesWhatWasReviewed(t *testing.T) {
	for name, merge := range map[string]func(*fakegithub.Pull){
		"merge or squash": func(p *fakegithub.Pull) { p.MergeCommitSHA = mergeAt },
		"rebase":          func(p *fakegithub.Pull) { p.MergeCommitSHA, p.Commits = strings.Repeat("9", 40), []string{mergeAt} },
	} {
		t.Run(name, func(t *testing.T) {
			w := reviewed(t)
			w.merge()
			w.github.Edit(func(s *fakegithub.State) {
				merge(s.Repo(repo).Pull(7))
				old := time.Now().Add(-time.Hour)
				s.Repo(repo).Pulls = append(s.Repo(repo).Pulls, // others that the commit is part of
					&fakegithub.Pull{Number: 8, State: "open", Base: fakegithub.Ref{Ref: "main"}, Commits: []string{mergeAt}},
					&fakegithub.Pull{Number: 5, State: "closed", MergedAt: &old, Base: fakegithub.Ref{Ref: "main"}, Commits: []string{mergeAt}})
			})
			var whileApplying string
			w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Before(func(*http.Request) { whileApplying = w.comments()[0].Body })})
			id := w.comment().ID
			r := w.job(0, "", "apply")
			has(t, "the comment while applying", whileApplying, "### ⏳ Applying", "/actions/runs/42", "boldly")
			c := w.comment("### ✅ Applied", "2 of 2 steps done", "Every step", "✓ done", "boldly", "The plan as it was reviewed", `state="applied"`)
			if c.ID != id || w.prompt("Sales") != "Sell boldly." {
				t.Errorf("comment %d, prompt %q", c.ID, w.prompt("Sales"))
			}
			has(t, "the summary", r.summary, "### ✅ Applied", "2 of 2 steps done")
			has(t, "stdout", r.stdout, "Apply done: 2 done of 2 steps.")
			w.settled()

			// The job again: nothing to do, and the report stays.
			r = w.job(0, "", "apply")
			if r.platform != 0 || r.hub != 0 {
				t.Errorf("%d and %d writes", r.platform, r.hub)
			}
			w.comment("2 of 2 steps done")
		})
	}
}

func TestApplyRefusesWhatNobodyReviewed(t *testing.T) {
	w := reviewed(t)
	w.merge()
	w.dashboard("Sales", "Sell by the dashboard.")
	r := w.job(3, "plan-changed", "apply")
	if r.platform != 0 {
		t.Errorf("%d writes", r.platform)
	}
	w.comment("### ⛔ The plan is not the one that was reviewed", "nothing was written", "What to do", "The plan as it was reviewed", "boldly", `state="changed"`)
	has(t, "stderr", r.stderr, "::error title=agentsync apply::the plan is not the one that was reviewed, nothing was written%0Ahint: ")
	has(t, "the summary", r.summary, "The plan is not the one that was reviewed")
	has(t, "stdout", r.stdout, "What differs from the reviewed plan:", "remote state changed since the review")
	has(t, "the comment", w.comment().Body, "Sell by the dashboard.")
	if r.outputs["changes"] != "true" || r.outputs["digest"] == "" {
		t.Errorf("outputs %v", r.outputs)
	}

	// The review is not needed any more, and then the policy on drift decides.
	w.env["INPUT_REQUIRE_REVIEWED_PLAN"] = "false"
	r = w.job(4, "drift", "apply")
	has(t, "the comment", w.comment().Body, "⛔ The apply was refused", "config changed on the platform")
	if r.platform != 0 {
		t.Errorf("%d writes", r.platform)
	}
	w.env["INPUT_ON_DRIFT"] = "overwrite"
	w.job(0, "", "apply")
	w.comment("### ✅ Applied", "The plan as it was reviewed")
	w.settled()
}

func TestDriftThatWasReviewedIsOverwritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dashboard("Sales", "Sell by the dashboard.")
	w.job(0, "", "plan")
	w.merge()
	w.job(0, "", "apply")
	if got := w.prompt("Sales"); got != "Sell politely." {
		t.Errorf("prompt %q", got)
	}
}

func TestApplyWithoutAReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.onPush(mergeAt) // a push to main, without a pull request
	r := w.job(4, "not-reviewed", "apply")
	has(t, "stderr", r.stderr, "the commit cccccccccccc came from no merged pull request")
	has(t, "the summary", r.summary, "boldly", "Nothing was applied")

	w.merge() // a merge without a comment
	r = w.job(4, "not-reviewed", "apply")
	has(t, "stderr", r.stderr, "the pull request has no plan of this environment")

	w.onPull() // a plan that comes after the merge
	w.job(0, "", "plan")
	w.comment("made after the merge", `digest=""`)
	w.onPush(mergeAt)
	r = w.job(4, "not-reviewed", "apply")
	has(t, "stderr", r.stderr, "plan was made after the merge")
	if w.faults.Writes(); w.prompt("Sales") != "Sell politely." {
		t.Error("something was applied")
	}

	w.job(0, "", "apply", "--require-reviewed-plan=false")
	w.settled()
}

func TestNothingToApplyNeedsNoReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.onPush(mergeAt)
	if r := w.job(0, "", "apply"); r.platform != 0 || r.outputs["changes"] != "false" {
		t.Errorf("got %s", r)
	}
}

// What became of agents that the plan leaves alone is no reason to refuse.
func TestAnotherAgentsChangeDoesNotVoidAReview(t *testing.T) {
	w := reviewed(t)
	w.replace("prompts/sales.md", "boldly", "politely")
	w.replace("agents.yaml", "Help the caller.", "Help every caller.")
	w.cli(0, "apply", "--auto-approve") // as another pull request's merge does
	w.replace("prompts/sales.md", "politely", "boldly")
	w.merge()
	w.job(0, "", "apply")
	w.settled()
}

// What somebody else has done of the reviewed plan needs not be done again.
func TestTheRestOfAReviewedPlanIsApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.replace("agents.yaml", "Help the caller.", "Help every caller.")
	w.job(0, "", "plan")
	w.merge()
	w.cli(0, "apply", "--auto-approve", "--target", "support")
	if r := w.job(0, "", "apply"); r.outputs["to-update"] != "1" {
		t.Errorf("outputs %v", r.outputs)
	}
	w.settled()
}

func TestApplyRunsOnlyAfterTheMerge(t *testing.T) {
	w := reviewed(t)
	for _, event := range []string{"pull_request", "pull_request_target"} {
		w.env["GITHUB_EVENT_NAME"] = event
		r := w.job(4, "refused", "apply")
		has(t, "stderr", r.stderr, "the event "+event+" is before the merge")
	}
}

func TestPullRequestTargetIsRefused(t *testing.T) {
	t.Parallel()
	for name, checkout := range map[string]func(*world){
		"of anything": func(*world) {},
		"of the base, as it checks out": func(w *world) {
			w.git("init", "-q", "-b", "main")
			w.git("add", ".")
			w.git("commit", "-qm", "base")
			base := w.git("rev-parse", "HEAD")
			w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pull(7).Base.SHA = base })
			w.onPull()
			w.env["GITHUB_SHA"] = base
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := reviewed(t)
			checkout(w)
			w.env["GITHUB_EVENT_NAME"] = "pull_request_target"
			before := len(w.faults.Requests())
			for _, command := range []string{"plan", "drift"} {
				r := w.job(4, "refused", command)
				has(t, "stderr", r.stderr, "pull_request_target compares the base branch, or gives the platform's credentials to the manifests of a stranger", "hint: use on: pull_request;")
				if n := len(w.faults.Requests()); n != before || r.hub != 0 {
					t.Errorf("%d requests to the platform, %d writes to GitHub", n-before, r.hub)
				}
			}
		})
	}
}

// A checkout of something else, such as of the base, would be planned and
// commented as the pull request's.
func TestAPlanIsOfThePullRequestsTree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.git("init", "-q", "-b", "main")
	w.git("add", ".")
	w.git("commit", "-qm", "base")
	base := w.git("rev-parse", "HEAD")
	w.replace("prompts/sales.md", "politely", "boldly")
	w.git("commit", "-qam", "topic")
	head := w.git("rev-parse", "HEAD")
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pull(7).Head.SHA, s.Repo(repo).Pull(7).Base.SHA = head, base })
	w.onPull()
	w.job(0, "", "plan")
	w.comment("boldly")

	w.git("reset", "-q", "--hard", base)
	before := len(w.faults.Requests())
	r := w.job(4, "refused", "plan")
	has(t, "stderr", r.stderr, "error: the commit "+base[:12]+" is checked out, and the pull request is at "+head[:12]+": the plan would be another tree's",
		"hint: check out the run's own commit, without ref")
	if n := len(w.faults.Requests()); n != before || r.hub != 0 {
		t.Errorf("%d requests to the platform, %d writes to GitHub", n-before, r.hub)
	}
	w.comment("boldly")

	w.env["GITHUB_SHA"] = base // a merge commit, elsewhere
	w.job(0, "", "plan")
}

func TestTroubleOfGitHubBeforeAndAfterTheApply(t *testing.T) {
	w := reviewed(t)
	w.merge()
	down := fakegithub.Rule{Method: "GET", Path: "/comments", Status: 502}
	w.github.Add(down)
	r := w.job(1, "error", "apply")
	has(t, "stderr", r.stderr, "github: GET /repos/acme/agents/issues/7/comments: 502 Bad Gateway")
	if r.platform != 0 || w.prompt("Sales") != "Sell politely." {
		t.Errorf("%d writes", r.platform)
	}
	w.github.Reset()
	w.github.Add(fakegithub.Rule{Method: "PATCH", Status: 403, Body: `{"message":"Resource not accessible by integration"}`})
	r = w.job(0, "", "apply")
	has(t, "stderr", r.stderr, "::warning title=agentsync apply::the comment was not brought up to date: github: PATCH", "`permissions: pull-requests: write`")
	w.settled()
}

// half is a reviewed pull request whose apply failed half way: sales has its
// new outcome and no new prompt, and support has an unpublished draft.
func half(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.named()
	w.replace("prompts/sales.md", "politely", "boldly")
	w.replace("agents.yaml", "    - {outcome_name: lead,", "    - {outcome_name: budget, outcome_description: How much, outcome_type: NUMBER, is_visible: true}\n    - {outcome_name: lead,")
	w.replace("agents.yaml", "Help the caller.", "Help every caller.")
	w.commit("Sell boldly")
	w.job(0, "", "plan")
	w.mergeAs(w.git("rev-parse", "HEAD"))
	sales, err := w.platform.Dashboard().AgentID("Sales")
	if err != nil {
		t.Fatal(err)
	}
	w.faults.Add(faults.Rule{Method: "POST", Path: sales + "/configs", Nth: 1, Do: faults.Status(400)})
	w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Status(400)})
	r := w.job(1, "apply-failed", "apply")
	has(t, "the summary", r.summary, "### ❌ The apply failed", "400")
	has(t, "stderr", r.stderr, "::error title=agentsync apply::the apply failed: sales: create_draft new: POST /api/agents/", ", and more%0Ahint: when it is mended, run the job again", "!\nerror: ")
	w.comment("### ❌ The apply failed", "1 of 5 steps done", "2 failed", "run this job again", `state="failed"`, "The plan as it was reviewed")
	w.faults.Reset()
	return w
}

// named puts the project into git under a name, and makes its agents anew: then
// they are known as its own without a lock file too.
func (w *world) named() {
	w.t.Helper()
	w.write("agentsync.yaml", "apiVersion: agentsync/v1\nkind: Project\nmetadata: {name: acme}\n")
	w.write(".gitignore", "agentsync.lock.yaml\n.agentsync/\n")
	w.git("init", "-q", "-b", "main")
	w.commit("Name the project")
	for _, name := range []string{"Sales", "Support"} {
		id, err := w.platform.Dashboard().AgentID(name)
		if err == nil {
			err = w.platform.Dashboard().DeleteAgent(id)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(w.dir, "agentsync.lock.yaml")); err != nil {
		w.t.Fatal(err)
	}
	w.cli(0, "apply", "--auto-approve")
}

func TestAFailedApplyGoesOn(t *testing.T) {
	for _, lock := range []string{"with", "without"} {
		t.Run(lock+" the lock file", func(t *testing.T) {
			w := half(t)
			if lock == "without" { // as a fresh runner has it
				if err := os.Remove(filepath.Join(w.dir, "agentsync.lock.yaml")); err != nil {
					t.Fatal(err)
				}
				w.later = time.Hour // a draft that is fresh could be another apply's
			}
			w.job(0, "", "apply")
			w.comment("### ✅ Applied", `state="applied"`)
			w.settled()
		})
	}
}

func TestAFailedApplyDoesNotGoOnOverAnEdit(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*world){
		"of the same field": func(w *world) { w.dashboard("Sales", "Sell by the dashboard.") },
		"of the manifests":  func(w *world) { w.replace("prompts/sales.md", "boldly", "rudely") },
		"of an agent that is done": func(w *world) {
			d := w.platform.Dashboard()
			id, err := d.AgentID("Sales")
			if err == nil {
				err = d.SetOutcome(id, map[string]any{"outcome_name": "lead", "outcome_description": "Changed"})
			}
			if err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := half(t)
			edit(w)
			if r := w.job(3, "plan-changed", "apply"); r.platform != 0 {
				t.Errorf("%d writes", r.platform)
			}
		})
	}
}

// Another commit's half done apply is no licence.
func TestOnlyTheSameCommitGoesOn(t *testing.T) {
	w := half(t)
	w.github.Edit(func(s *fakegithub.State) {
		c := s.Repo(repo).Comments[0]
		c.Body = strings.Replace(c.Body, w.env["GITHUB_SHA"], strings.Repeat("8", 40), 1)
	})
	w.job(3, "plan-changed", "apply")
}

func TestAnInterruptedApplyIsTold(t *testing.T) {
	w := reviewed(t)
	w.merge()
	ctx, cancel := context.WithCancel(t.Context())
	w.faults.Add(faults.Rule{Method: "POST", Path: "/configs", Do: faults.After(func(*http.Request) { cancel() })})
	r := w.jobIn(ctx, 130, "interrupted", "apply")
	has(t, "the summary", r.summary, "The apply was interrupted")
	w.comment("### ❌ The apply was interrupted", `state="interrupted"`, "The plan as it was reviewed")
	if r.outputs["changes"] != "true" || r.outputs["digest"] == "" {
		t.Errorf("outputs %v", r.outputs)
	}
}

// A GitHub that does not answer holds no cancelled job.
func TestACancelledJobEndsWithoutGitHub(t *testing.T) {
	w := reviewed(t)
	w.merge()
	hub := faults.New(w.github, 1)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	w.env["GITHUB_API_URL"] = server.URL
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	hub.Add(faults.Rule{Method: "PATCH", Nth: 2, Do: faults.DelayBefore(faults.Until(released))})
	ctx, cancel := context.WithCancel(t.Context())
	w.faults.Add(faults.Rule{Method: "POST", Path: "/configs", Do: faults.After(func(*http.Request) { cancel() })})
	r := w.jobIn(ctx, 130, "interrupted", "apply")
	has(t, "the summary", r.summary, "The apply was interrupted")
	has(t, "stderr", r.stderr, "the comment was not brought up to date: github: PATCH", "no answer in time")
	w.comment(`state="applying"`)
}

func TestAnInterruptedPlanIsTold(t *testing.T) {
	w := reviewed(t)
	old := w.comment().Body
	ctx, cancel := context.WithCancel(t.Context())
	w.faults.Add(faults.Rule{Method: "GET", Path: "/api/agents", Do: faults.Before(func(*http.Request) { cancel() })})
	r := w.jobIn(ctx, 130, "interrupted", "plan")
	has(t, "the summary", r.summary, "nterrupted")
	if w.comment().Body != old {
		t.Error("the comment changed")
	}
}

func TestGitHubEnterprise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pulls := w.repo().Pulls
	w.serve("/api/v3")
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pulls = pulls })
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.comment("boldly", "https://git.example.com/acme/agents/actions/runs/42")
	if !slices.ContainsFunc(w.github.Requests(), func(r fakegithub.Request) bool { return r.Path == "/graphql" && r.Status == http.StatusOK }) {
		t.Error("GraphQL was not found")
	}
	w.merge()
	w.job(0, "", "apply")
	w.comment("Applied")
}

// TestApplyStopsAtACheck shows in the comment which expectation failed, and with
// which line; the old prompt stays live, and the job again says the same until it
// is mended in another pull request, which publishes the same draft.
func TestApplyStopsAtACheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("agents.yaml", "  call_outcomes:\n", "  checks:\n    - {name: polite, system_prompt: {contains: [politely]}}\n  call_outcomes:\n")
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.comment("? render    polite", "system_prompt {contains: [politely]}", "1 to check")
	w.merge()
	for range 2 {
		r := w.job(1, "apply-failed", "apply")
		c := w.comment("### ❌ The apply failed", "sales: check polite failed: v1 stays live, and draft v2 is kept for the next apply",
			`system_prompt: must contain "politely"`, "mend the prompt or the check in a pull request", "line 1: Sell boldly.", "✗ failed   render polite on v2")
		if c == nil || w.prompt("Sales") != "Sell politely." {
			t.Errorf("live is %q", w.prompt("Sales"))
		}
		has(t, "stderr", r.stderr, "the apply failed: sales: check polite failed")
		has(t, "the summary", r.summary, "must contain")
	}
	w.replace("prompts/sales.md", "boldly", "boldly and politely")
	w.cli(0, "apply", "--auto-approve")
	if w.prompt("Sales") != "Sell boldly and politely." {
		t.Errorf("live is %q", w.prompt("Sales"))
	}
	snapshot, err := w.platform.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if sales, _ := snapshot.Agent("Sales"); len(sales.Versions) != 2 {
		t.Errorf("%d versions, want the first and the one draft", len(sales.Versions))
	}
	w.settled()
}
