package github_test

import (
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

func TestDriftKeepsOneIssue(t *testing.T) {
	w := newWorld(t)
	w.onPush(mergeAt)
	w.env["GITHUB_EVENT_NAME"] = "schedule"
	issue := func(state string, texts ...string) *fakegithub.Issue {
		t.Helper()
		all := w.repo().Issues
		if len(all) != 1 || all[0].State != state {
			t.Fatalf("%d issues, want 1 that is %s", len(all), state)
		}
		has(t, "the issue", all[0].Body, texts...)
		return all[0]
	}
	w.job(0, "", "drift")
	if len(w.repo().Issues) != 0 {
		t.Fatal("an issue without drift")
	}

	// Pending changes are no drift.
	w.replace("agents.yaml", "Help the caller.", "Help every caller.")
	w.job(0, "", "drift")

	w.dashboard("Sales", "Sell by the dashboard.\n::error::@everyone ``` </details>")
	r := w.job(4, "drift", "drift")
	has(t, "stderr", r.stderr, "drift: sales: config changed on the platform at 20", "the platform was changed since the last apply, in 1 agent")
	first := issue("open", "1 agent was changed on the platform", "config changed on the platform at 20", "Sell by the dashboard.", "No drift, but not applied yet: `support`", "Found at cccccccccccc")
	if first.Title != "Voice agents were changed on the platform (branch main)" || first.Labels[0] != "agentsync-drift" {
		t.Errorf("title %q, labels %v", first.Title, first.Labels)
	}

	// The same drift in a later run leaves it alone; another changes it.
	w.env["GITHUB_RUN_ID"] = "43"
	if r := w.job(4, "drift", "drift"); r.hub != 0 {
		t.Errorf("%d writes", r.hub)
	}
	w.dashboard("Sales", "Sell by the dashboard again.")
	w.job(4, "drift", "drift")
	issue("open", "dashboard again", "/runs/43")

	// Gone: closed, with a word.
	w.dashboard("Sales", "Sell politely.")
	w.job(0, "", "drift")
	issue("closed")
	if c := w.repo().CommentsOn(first.Number); len(c) != 1 || !strings.Contains(c[0].Body, "The drift is gone") {
		t.Errorf("comments %v", c)
	}
	if r := w.job(0, "", "drift"); r.hub != 0 {
		t.Errorf("%d writes", r.hub)
	}

	// Back: the same issue.
	w.dashboard("Sales", "Sell by the dashboard once more.")
	w.job(4, "drift", "drift")
	issue("open", "once more")
}

func TestAnAgentThatIsGoneIsDrift(t *testing.T) {
	w := newWorld(t)
	w.onPush(mergeAt)
	d := w.platform.Dashboard()
	id, err := d.AgentID("Sales")
	if err == nil {
		err = d.DeleteAgent(id)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.job(4, "drift", "drift")
	has(t, "the issue", w.repo().Issues[0].Body, "sales: agent is gone from the platform")
}

func TestAStrangersIssueIsNotOurs(t *testing.T) {
	w := newWorld(t)
	w.onPush(mergeAt)
	w.dashboard("Sales", "Sell by the dashboard.")
	w.job(4, "drift", "drift")
	w.github.Edit(func(s *fakegithub.State) {
		s.Repo(repo).Issues[0].User = fakegithub.User{Login: "mallory", Type: "User"}
	})
	w.job(4, "drift", "drift")
	if n := len(w.repo().Issues); n != 2 {
		t.Errorf("%d issues, want 2", n)
	}
}

func TestDriftIsToldWithoutTheIssueToo(t *testing.T) {
	w := newWorld(t)
	w.onPush(mergeAt)
	w.dashboard("Sales", "Sell by the dashboard.")
	w.github.Add(fakegithub.Rule{Method: "POST", Path: "/issues", Status: 403, Body: `{"message":"Resource not accessible by integration"}`})
	r := w.job(4, "drift", "drift")
	has(t, "stderr", r.stderr, "::warning title=agentsync drift::the drift issue was not brought up to date", "`permissions: issues: write`")
}
