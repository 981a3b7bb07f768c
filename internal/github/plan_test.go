package github_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

func TestPlanKeepsOneComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.github.Edit(func(s *fakegithub.State) { // the comment is on the third page
		r := s.Repo(repo)
		for i := range 250 {
			r.Comments = append(r.Comments, &fakegithub.Comment{ID: int64(i + 1), Number: 7, Body: fmt.Sprint("chat ", i), User: fakegithub.User{Login: "octo", Type: "User"}})
		}
		s.Next = 250
	})
	ours := func() *fakegithub.Comment {
		t.Helper()
		all := w.comments()
		if len(all) != 251 {
			t.Fatalf("%d comments, want 251", len(all))
		}
		return all[250]
	}
	w.replace("prompts/sales.md", "politely", "boldly")
	r := w.job(0, "", "plan")
	first := ours()
	has(t, "the comment", first.Body, "<!-- agentsync:plan environment=\"default\" digest=\""+r.outputs["digest"]+"\"", "boldly", "Planned at aaaaaaaaaaaa", "/acme/agents/actions/runs/42")
	has(t, "stdout", r.stdout, "Plan: 1 to update", "boldly")
	has(t, "the summary", r.summary, "boldly")
	if r.outputs["changes"] != "true" || r.outputs["to-update"] != "1" || r.outputs["to-create"] != "0" || r.platform != 0 {
		t.Errorf("got %s", r)
	}

	// The same plan of a later commit leaves the comment alone.
	w.env["GITHUB_RUN_ID"] = "43"
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pull(7).Head.SHA = strings.Repeat("e", 40) })
	w.onPull()
	if r := w.job(0, "", "plan"); r.hub != 0 || ours().Body != first.Body {
		t.Errorf("%d writes for an unchanged plan", r.hub)
	}

	// Another plan edits it in place.
	w.replace("prompts/sales.md", "boldly", "warmly")
	w.job(0, "", "plan")
	second := ours()
	if second.ID != first.ID {
		t.Errorf("comment %d, was %d", second.ID, first.ID)
	}
	has(t, "the comment", second.Body, "warmly", "!boldly", "Planned at eeeeeeeeeeee")
}

func TestAStrangersMarkerIsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	forged := w.comment().Body
	for _, user := range []fakegithub.User{{Login: "mallory", Type: "User"}, {Login: "other-app[bot]", Type: "Bot"}, {Login: "github-actions[bot]", Type: "User"}} {
		w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Comments[0].User = user })
		w.job(0, "", "plan")
		all := w.comments()
		if len(all) != 2 || all[0].Body != forged || all[1].User.Login != fakegithub.ActionsBot {
			t.Fatalf("beside the comment of %v: %d comments", user, len(all))
		}
		w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Comments = s.Repo(repo).Comments[:1] })
	}

	// Nor is what is pasted there a review.
	w.merge()
	r := w.job(4, "not-reviewed", "apply")
	if r.platform != 0 {
		t.Errorf("%d writes", r.platform)
	}
	has(t, "stderr", r.stderr, "the pull request has no plan of this environment, so nothing was applied", "hint:")
}

func TestAUsersTokenFindsItsOwnComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["INPUT_GITHUB_TOKEN"] = fakegithub.UserToken
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.replace("prompts/sales.md", "boldly", "warmly")
	w.job(0, "", "plan")
	if c := w.comment("warmly"); c.User.Login != "octo" {
		t.Errorf("written by %s", c.User.Login)
	}
}

// An app's installation acts under the app's own name.
func TestAnAppsTokenFindsItsOwnComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const token = "ghs_fakeOwnAppToken0123456789"
	w.addToken(token, fakegithub.Token{User: fakegithub.User{Login: "our-app[bot]", Type: "Bot"}, App: true})
	w.env["INPUT_GITHUB_TOKEN"] = token
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.replace("prompts/sales.md", "boldly", "warmly")
	w.job(0, "", "plan")
	if c := w.comment("warmly"); c.User.Login != "our-app[bot]" {
		t.Errorf("written by %s", c.User.Login)
	}
	w.merge()
	w.job(0, "", "apply")
}

// A plan that ends after the merge does not take the place of what was reviewed.
func TestAPlanAfterTheMergeLeavesTheReviewAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	reviewed := w.comment().Body
	w.merge()
	w.onPull()
	w.replace("prompts/sales.md", "boldly", "rudely")
	w.job(0, "", "plan")
	w.replace("prompts/sales.md", "Sell", "{Sell")
	w.env["INDUSLABS_PASSWORD"] = "wrong"
	w.job(1, "error", "plan")
	if w.comment().Body != reviewed {
		t.Errorf("the comment is now\n%s", w.comment().Body)
	}
}

func TestACommentThatWasDeletedIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.replace("prompts/sales.md", "boldly", "warmly")
	w.github.Add(fakegithub.Rule{Method: "PATCH", Times: 1, Do: func(s *fakegithub.State) { s.Repo(repo).Comments = nil }})
	w.job(0, "", "plan")
	w.comment("warmly")
}

func TestTwoCommentsOfOursBecomeOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		double := *r.Comments[0]
		double.ID += 10
		r.Comments = append(r.Comments, &double)
	})
	oldest := w.comments()[0].ID
	w.job(0, "", "plan")
	if c := w.comment("boldly"); c.ID != oldest {
		t.Errorf("comment %d is left, want %d", c.ID, oldest)
	}
}

func TestCommentModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["INPUT_COMMENT"] = "changes-only"
	r := w.job(0, "", "plan")
	if len(w.comments()) != 0 || r.outputs["changes"] != "false" {
		t.Errorf("changes-only comments on an empty plan: %s", r)
	}
	w.replace("prompts/sales.md", "politely", "boldly")
	w.env["INPUT_COMMENT"] = "false"
	if w.job(0, "", "plan"); len(w.comments()) != 0 {
		t.Error("comment: false comments")
	}
	w.env["INPUT_COMMENT"] = "changes-only"
	w.job(0, "", "plan")
	w.comment("boldly")
	w.replace("prompts/sales.md", "boldly", "politely")
	w.job(0, "", "plan")
	w.comment("!boldly", "No changes")
	w.env["INPUT_COMMENT"] = "sometimes"
	r = w.job(64, "error", "plan")
	has(t, "stderr", r.stderr, `input comment: want true, changes-only or false, got "sometimes"`)
}

func TestTwoProjectsHaveTwoComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("agentsync.yaml", "apiVersion: agentsync/v1\nkind: Project\nspec: {manifests: [agents.yaml]}\n")
	w.write("eu/agents.yaml", manifests)
	w.write("eu/prompts/sales.md", "Sell boldly.\n")
	w.job(0, "", "plan")
	for range 2 {
		w.job(0, "", "plan", "-C", w.dir+"/eu")
	}
	all := w.comments()
	if len(all) != 2 {
		t.Fatalf("%d comments, want 2", len(all))
	}
	has(t, "the first comment", all[0].Body, "No changes", "!project=")
	has(t, "the second comment", all[1].Body, `project="eu"`, "boldly")
}

// A comment's marker has only the start of a long name, and is found all the same.
func TestALongFolderHasOneComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.move(strings.Repeat("deep/", 20) + "voice")
	w.job(0, "", "plan")
	w.replace(strings.Repeat("deep/", 20)+"voice/prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.comment("boldly", `project="deep/deep/`)
}

func TestAFailedPlanTakesTheOldOneBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.comment("boldly")

	w.replace("agents.yaml", "system_prompt: Help", "system_promt: Help")
	r := w.job(1, "validation", "plan")
	has(t, "stderr", r.stderr, `::error file=agents.yaml,line=17,col=5::config: unknown field "system_promt"%0Ahint: did you mean "system_prompt"?`)
	has(t, "the summary", r.summary, "1 error", "agents.yaml:17:5")
	w.comment("The plan failed", "agents.yaml:17:5", `digest=""`, "!boldly")

	w.replace("agents.yaml", "system_promt: Help", "system_prompt: Help")
	w.job(0, "", "plan")
	w.comment("boldly", "!The plan failed")

	w.env["INDUSLABS_PASSWORD"] = "wrong"
	r = w.job(1, "error", "plan")
	has(t, "stderr", r.stderr, "::error title=agentsync plan::", "POST /api/login")
	has(t, "the summary", r.summary, "The plan failed", "POST /api/login")
	w.comment("The plan failed", "POST /api/login", `digest=""`, "!boldly")
}

func TestAPlanThatCanNotBeKeptIsNoPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	temp := w.env["RUNNER_TEMP"]
	w.env["RUNNER_TEMP"] = w.dir + "/nowhere"
	w.write("nowhere", "")
	w.job(1, "error", "plan")
	w.comment("The plan failed", "save the plan", `digest=""`)
	w.env["RUNNER_TEMP"] = temp
}

func TestARefusedPlanIsShownAndNotReviewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("agents.yaml", "metadata: {name: sales}\nspec:\n", "metadata: {name: sales}\nspec:\n  lifecycle: {protect: true}\n")
	w.cli(0, "apply", "--auto-approve")
	w.replace("agents.yaml", "lifecycle: {protect: true}", "lifecycle: {protect: true, state: absent}")
	r := w.job(4, "refused", "plan")
	if r.outputs["to-delete"] != "1" {
		t.Errorf("got %s", r)
	}
	has(t, "stderr", r.stderr, "::error title=agentsync plan::", "protect")
	w.comment("Policy forbids this plan", `digest=""`)
}

// A summary that can't hold the plan points to where it is kept: the files that
// the outputs name are gone after the job.
func TestASummaryThatIsCutPointsToTheLog(t *testing.T) {
	t.Parallel()
	exhaustive.Only(t, "a large text")
	w := newWorld(t)
	w.write("prompts/sales.md", strings.Repeat("Sell boldly, to whoever it is.\n", 30_000))
	w.replace("agents.yaml", "Help the caller.", strings.Repeat("Help every caller, whoever it is. ", 6_000))
	r := w.job(0, "", "plan")
	has(t, "the summary", r.summary, "**Cut to fit:**", "See the log of this job for the whole plan.", "!plan-path", "!RUNNER_TEMP")
}
