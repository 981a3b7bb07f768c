package github_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

// Two jobs of one pull request with targets of their own have a comment each,
// and an apply goes by that of its own.
func TestTargetsHaveCommentsOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.replace("agents.yaml", "Help the caller.", "Help every caller.")
	for range 2 {
		w.job(0, "", "plan", "--target", "sales")
		w.job(0, "", "plan", "--target", "support")
		w.job(0, "", "plan", "--target", "support,sales")
	}
	all := w.comments()
	if len(all) != 3 {
		t.Fatalf("%d comments, want 3", len(all))
	}
	has(t, "the comment on sales", all[0].Body, ` targets="sales" -->`, "boldly", "!every caller", "(only `sales`)")
	has(t, "the comment on support", all[1].Body, ` targets="support" -->`, "every caller", "!boldly")
	has(t, "the comment on both", all[2].Body, ` targets="sales,support" -->`, "boldly", "every caller")
	w.merge()
	w.job(4, "not-reviewed", "apply")
	w.job(0, "", "apply", "--target", "sales")
	all = w.comments()
	has(t, "the comment on sales", all[0].Body, `state="applied"`, "Applied (only `sales`)")
	has(t, "the comment on support", all[1].Body, `state="planned"`)
	if w.prompt("Sales") != "Sell boldly." || w.prompt("Support") != "Help the caller." {
		t.Errorf("prompts %q and %q", w.prompt("Sales"), w.prompt("Support"))
	}
}

// A run that is older than what the comment says leaves it alone, however late
// it ends: of a commit that the pull request has left behind, or of the same
// commit on an older base.
func TestAnOlderRunLeavesANewerPlan(t *testing.T) {
	t.Parallel()
	run := func(w *world, id, attempt, prompt string) result {
		w.env["GITHUB_RUN_ID"], w.env["GITHUB_RUN_ATTEMPT"] = id, attempt
		w.write("prompts/sales.md", prompt+"\n")
		return w.job(0, "", "plan")
	}
	t.Run("of an older commit", func(t *testing.T) {
		w := newWorld(t)
		run(w, "42", "1", "Old.")
		w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pull(7).Head.SHA = strings.Repeat("e", 40) })
		event := w.env["GITHUB_EVENT_PATH"]
		w.onPull()
		run(w, "43", "1", "New.")
		w.env["GITHUB_EVENT_PATH"] = event
		r := run(w, "42", "2", "Old.")
		has(t, "stderr", r.stderr, "::notice title=agentsync plan::the comment stays as it is: the pull request is at eeeeeeeeeeee by now, and this run is of aaaaaaaaaaaa")
		has(t, "the summary", r.summary, `"Old."`)
		w.comment(`"New."`, `!"Old."`, `run="43.1"`)

		// Nor does it make a comment where the newer commit needs none.
		w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Comments = nil })
		if run(w, "42", "3", "Old."); len(w.comments()) != 0 {
			t.Error("the older commit's run has made a comment")
		}
	})
	t.Run("of the same commit", func(t *testing.T) {
		w := newWorld(t)
		run(w, "100", "1", "New.")
		r := run(w, "42", "7", "Old.")
		has(t, "stderr", r.stderr, "::notice title=agentsync plan::the comment stays as it is: a later run has written it")
		w.comment(`"New."`)
		run(w, "100", "2", "Newest.") // its own next attempt
		w.comment(`"Newest."`)
		run(w, "101", "1", "Newest.") // which says the same, and is the later one from now on
		run(w, "100", "3", "Old.")
		w.comment(`"Newest."`)
	})
}

// A list of comments may be older than the comments.
func TestAnApplyReadsTheCommentAgain(t *testing.T) {
	t.Parallel()
	stale := func(w *world) fakegithub.Rule {
		body, err := json.Marshal(w.comments())
		if err != nil {
			t.Fatal(err)
		}
		return fakegithub.Rule{Method: "GET", Path: "/issues/7/comments", Status: 200, Body: string(body)}
	}
	t.Run("before it begins", func(t *testing.T) {
		w := reviewed(t)
		old := stale(w)
		w.replace("prompts/sales.md", "boldly", "warmly")
		w.job(0, "", "plan")
		newer := w.comment("warmly").Body
		w.merge()
		w.github.Add(old)
		w.replace("prompts/sales.md", "warmly", "boldly")
		r := w.job(3, "plan-changed", "apply")
		if r.platform != 0 || w.comment().Body != newer {
			t.Errorf("%d writes, and the comment is\n%s", r.platform, w.comment().Body)
		}
		has(t, "stderr", r.stderr, "the comment in #7 is left as it is, since it shows another plan by now")
		has(t, "the summary", r.summary, "⛔ Nothing was applied", "it shows another plan by now")
		w.env["INPUT_COMMENT"] = "false" // which is about writing one
		w.job(3, "plan-changed", "apply")
	})
	t.Run("and what was applied meanwhile", func(t *testing.T) {
		w := reviewed(t)
		w.merge()
		old := stale(w)
		w.job(0, "", "apply")
		w.dashboard("Sales", "Sell politely.")
		w.github.Add(old)
		w.env["GITHUB_RUN_ATTEMPT"] = "2"
		if err := os.Remove(filepath.Join(w.dir, lockName)); err != nil {
			t.Fatal(err)
		}
		r := w.job(3, "plan-changed", "apply")
		has(t, "stderr", r.stderr, "it was applied meanwhile, in the run of cccccccccccc")
	})
	t.Run("and refuses where it can't", func(t *testing.T) {
		w := reviewed(t)
		w.merge()
		w.github.Add(fakegithub.Rule{Method: "GET", Path: "/issue", Status: 502, From: 2})
		r := w.job(3, "plan-changed", "apply")
		has(t, "stderr", r.stderr, "it can't be read again: github: GET /repos/acme/agents/issues/comments/", "502")
		if r.platform != 0 {
			t.Errorf("%d writes", r.platform)
		}
	})
	t.Run("and before it tells its end", func(t *testing.T) {
		w := reviewed(t)
		w.merge()
		theirs := ""
		w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Before(func(*http.Request) {
			w.github.Edit(func(s *fakegithub.State) { // a later commit's run
				c := s.Repo(repo).Comments[0]
				c.Body = strings.Replace(c.Body, `state="applying"`, `state="applied"`, 1)
				c.Body = strings.Replace(c.Body, `commit="`+mergeAt, `commit="`+secondMerge, 1)
				c.Body = strings.Replace(c.Body, `run="42.1"`, `run="43.1"`, 1)
				theirs = c.Body
			})
		})})
		r := w.job(0, "", "apply")
		has(t, "stderr", r.stderr, "::warning", "it was applied meanwhile, in the run of 222222222222")
		has(t, "the summary", r.summary, "✅ Applied")
		if w.comment().Body != theirs {
			t.Errorf("the comment is\n%s", w.comment().Body)
		}
	})
	t.Run("and makes it again where it is gone", func(t *testing.T) {
		w := reviewed(t)
		w.merge()
		w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Before(func(*http.Request) {
			w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Comments = nil })
		})})
		w.job(0, "", "apply")
		w.comment("✅ Applied", "boldly", `state="applied"`)
	})
}

// What was applied and then set back on the platform is not applied again by the
// job of its pull request, however often that runs.
func TestWhatWasAppliedCoversNothing(t *testing.T) {
	t.Parallel()
	for _, lock := range []string{"with", "without"} {
		t.Run(lock+" a lock file", func(t *testing.T) {
			w := newWorld(t)
			w.named()
			job := func(code int, reason, command string, args ...string) result {
				if lock == "without" { // as a fresh runner has it
					_ = os.Remove(filepath.Join(w.dir, lockName))
				}
				return w.job(code, reason, command, args...)
			}
			w.replace("agents.yaml", "agent_description: Sells", "agent_description: Sells a lot")
			w.commit("Sell a lot")
			job(0, "", "plan")
			w.mergeAs(w.git("rev-parse", "HEAD"))
			job(0, "", "apply")
			told := w.comment("✅ Applied", `state="applied"`).Body
			d := w.platform.Dashboard()
			id, err := d.AgentID("Sales")
			if err == nil {
				err = d.EditAgent(id, map[string]any{"agent_description": "Sells"})
			}
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				r := job(3, "plan-changed", "apply")
				has(t, "stderr", r.stderr, "what was reviewed is applied already and covers nothing any more")
				has(t, "the summary", r.summary, "⛔ What was reviewed is applied already")
				if r.platform != 0 || w.comment().Body != told {
					t.Errorf("%d writes, and the comment is\n%s", r.platform, w.comment().Body)
				}
			}

			// Nor after an apply that needs no review and fails half way.
			w.faults.Add(faults.Rule{Method: "PUT", Path: id, Do: faults.Status(400)})
			job(1, "apply-failed", "apply", "--require-reviewed-plan=false", "--on-drift", "overwrite")
			w.comment("❌ The apply failed", `state="applied"`)
			w.faults.Reset()
			job(3, "plan-changed", "apply")
		})
	}
}
