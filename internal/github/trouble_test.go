package github_test

import (
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

// A token that may not say who it acts as can't find its comments again.
func TestATokenWithoutANameMakesNoSecondComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const token = "github_pat_fakeNamelessToken0123456789"
	w.addToken(token, fakegithub.Token{User: fakegithub.User{Login: "octo", Type: "User"}, Nameless: true})
	w.env["INPUT_GITHUB_TOKEN"] = token
	w.replace("prompts/sales.md", "politely", "boldly")
	for range 2 {
		r := w.job(0, "", "plan")
		has(t, "stderr", r.stderr, "::warning title=agentsync plan::no comment, and so no plan that an apply goes by; the plan is in the job summary: github: GET /user: 403",
			"hint: the token can't say who it acts as", "!permissions:")
		has(t, "the summary", r.summary, "boldly")
	}
	if n := len(w.comments()); n != 0 {
		t.Errorf("%d comments", n)
	}
	w.merge()
	if r := w.job(1, "error", "apply"); r.platform != 0 { // nobody knows whose comments they are
		t.Errorf("%d writes", r.platform)
	}
}

// A user's token that GraphQL knows finds its own comment.
func TestAUsersTokenMayBeKnownToGraphQLAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["INPUT_GITHUB_TOKEN"] = fakegithub.UserToken
	w.github.Add(fakegithub.Rule{Method: "GET", Path: "/user", Status: 403})
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.replace("prompts/sales.md", "boldly", "warmly")
	w.job(0, "", "plan")
	w.comment("warmly")
}

// Where GitHub fails to say who an app is, a guess would make a second comment.
func TestTroubleWithTheAuthorIsNoGuess(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]fakegithub.Rule{
		"GraphQL is down":    {Method: "POST", Path: "/graphql", Status: 502},
		"a limit is used up": {Method: "GET", Path: "/user", Status: 403, Header: map[string]string{"X-RateLimit-Remaining": "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			const token = "ghs_fakeOwnAppToken0123456789"
			w.addToken(token, fakegithub.Token{User: fakegithub.User{Login: "our-app[bot]", Type: "Bot"}, App: true})
			w.env["INPUT_GITHUB_TOKEN"] = token
			w.replace("prompts/sales.md", "politely", "boldly")
			w.job(0, "", "plan")
			w.replace("prompts/sales.md", "boldly", "warmly")
			w.github.Add(rule)
			w.job(1, "error", "plan")
			w.comment("boldly", "!warmly")
		})
	}
}

// A conversation that is locked takes no comment; the plan is right all the same.
func TestALockedConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pull(7).Locked = true })
	w.replace("prompts/sales.md", "politely", "boldly")
	r := w.job(0, "", "plan")
	has(t, "stderr", r.stderr, "::warning title=agentsync plan::no comment", "Unable to create comment because issue is locked.", "hint: unlock the conversation", "!permissions:")
	has(t, "the summary", r.summary, "boldly")
	if len(w.comments()) != 0 {
		t.Errorf("%d comments", len(w.comments()))
	}

	// A plan that fails stays a failure.
	w.replace("agents.yaml", "system_prompt: Help", "system_promt: Help")
	w.job(1, "validation", "plan")
}

// A permission that is missing is an error: nobody could review the plan.
func TestAMissingPermissionIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.github.Add(fakegithub.Rule{Method: "POST", Path: "/comments", Status: 403, Body: `{"message":"Resource not accessible by integration"}`})
	r := w.job(1, "error", "plan")
	has(t, "stderr", r.stderr, "`permissions: pull-requests: write`")
	has(t, "the summary", r.summary, "boldly")
}

// A comment that is deleted between the list and the write is made anew, once.
func TestACommentThatIsDeletedMeanwhile(t *testing.T) {
	w := reviewed(t)
	w.replace("prompts/sales.md", "boldly", "warmly")
	w.github.Add(fakegithub.Rule{Method: "GET", Path: "/issues/comments/", Times: 1, Do: func(s *fakegithub.State) { s.Repo(repo).Comments = nil }})
	w.job(0, "", "plan")
	w.comment("warmly")
}

// The drift issue is its branch's own.
func TestTheDriftIssueBelongsToItsBranch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.onPush(mergeAt)
	w.env["GITHUB_EVENT_NAME"] = "workflow_dispatch"
	w.dashboard("Sales", "Sell by the dashboard.")
	w.job(4, "drift", "drift")
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Push("topic", secondMerge) })
	on := func(ref, sha string) { w.env["GITHUB_REF"], w.env["GITHUB_SHA"] = ref, sha }
	mains := *w.repo().Issues[0]
	has(t, "main's issue", mains.Body, ` branch="main" -->`, "since the last apply of `main`")

	// The branch wants what is live: it has no drift, and main has.
	on("refs/heads/topic", secondMerge)
	w.write("prompts/sales.md", "Sell by the dashboard.\n")
	w.job(0, "", "drift")
	if all := w.repo().Issues; len(all) != 1 || all[0].State != "open" || all[0].Body != mains.Body || len(w.repo().CommentsOn(mains.Number)) != 0 {
		t.Errorf("main's issue is another: %+v", all)
	}

	// The branch has drift: its issue is its own, and main's stays as it is.
	w.write("prompts/sales.md", "Sell politely.\n")
	w.dashboard("Sales", "Sell by the dashboard again.")
	for range 2 {
		w.job(4, "drift", "drift")
	}
	all := w.repo().Issues
	if len(all) != 2 || all[0].Body != mains.Body || all[1].Title != "Voice agents were changed on the platform (branch topic)" {
		t.Fatalf("%d issues: %+v", len(all), all)
	}

	// Main's run closes main's.
	on("refs/heads/main", mergeAt)
	w.dashboard("Sales", "Sell politely.")
	w.job(0, "", "drift")
	all = w.repo().Issues
	if all[0].State != "closed" || all[1].State != "open" {
		t.Errorf("main's is %s, the branch's is %s", all[0].State, all[1].State)
	}

	// A tag has none.
	on("refs/tags/v1", mergeAt)
	w.dashboard("Sales", "Sell by the dashboard.")
	r := w.job(4, "drift", "drift")
	if has(t, "stderr", r.stderr, "::notice title=agentsync drift::no issue"); r.hub != 0 {
		t.Errorf("%d writes", r.hub)
	}
}

// The run of a commit that the branch has left behind compares with manifests
// that nobody wants any more.
func TestAnOldDriftRunLeavesTheIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.onPush(firstMerge)
	w.onPush(mergeAt)
	w.dashboard("Sales", "Sell by the dashboard.")
	w.job(4, "drift", "drift")
	w.onPush(firstMerge) // which wanted what is live again
	w.write("prompts/sales.md", "Sell by the dashboard.\n")
	r := w.job(0, "", "drift")
	has(t, "stderr", r.stderr, "::notice title=agentsync drift::the drift issue stays as it is: main is at cccccccccccc by now, and this run is of 111111111111")
	if w.repo().Issues[0].State != "open" || r.hub != 0 {
		t.Errorf("the issue is %s", w.repo().Issues[0].State)
	}
}

// An issue that is locked is closed all the same.
func TestALockedIssueIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.onPush(mergeAt)
	w.dashboard("Sales", "Sell by the dashboard.")
	w.job(4, "drift", "drift")
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Issues[0].Locked = true })
	w.dashboard("Sales", "Sell politely.")
	r := w.job(0, "", "drift")
	if w.repo().Issues[0].State != "closed" || strings.Contains(r.stderr, "not brought up to date") {
		t.Errorf("the issue is %s: %s", w.repo().Issues[0].State, r)
	}
}
