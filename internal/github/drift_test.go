package github_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/github/fakegithub"
	"github.com/agentsync/agentsync/sync/sandbox"
)

func TestDriftKeepsOneIssue(t *testing.T) {
	t.Parallel()
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
	has(t, "stderr", r.stderr, "drift: sales: config changed on the platform at 20", "the platform was changed since the last apply, in 1 agent", "hint: take it into the manifests (agentsync pull sales)")
	first := issue("open", "1 agent was changed on the platform", "config changed on the platform at 20", "Sell by the dashboard.", "`agentsync pull sales` writes it into the files", "No drift, but not applied yet: `support`", "Found at cccccccccccc")
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
	t.Parallel()
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

// TestUnknownIsNotNoDrift: without a committed lock the job can't tell who
// changed fields and outcomes, or whether an agent that is not there was deleted.
// It says so, stays red and keeps the issue.
func TestUnknownIsNotNoDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.onPush(mergeAt)
	w.write("agentsync.yaml", "apiVersion: agentsync/v1\nkind: Project\nmetadata: {name: acme}\nspec: {}\n")
	w.replace("prompts/sales.md", "politely", "kindly") // so that a version says whose it is
	w.replace("agents.yaml", "Help the caller.", "Help every caller.")
	w.cli(0, "apply", "--auto-approve")
	w.dashboard("Sales", "Sell by the dashboard.")
	w.job(4, "drift", "drift")
	edit := func(f func(d *sandbox.Dashboard, id string) error) {
		t.Helper()
		d := w.platform.Dashboard()
		id, err := d.AgentID("Sales")
		if err == nil {
			err = f(d, id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	stillOpen := func() {
		t.Helper()
		if all := w.repo().Issues; len(all) != 1 || all[0].State != "open" || len(w.repo().CommentsOn(all[0].Number)) > 0 {
			t.Fatalf("%d issues, the first %+v", len(all), all[0])
		}
	}

	// The lock is gone, and what is live is right again: fields and outcomes are not.
	if err := os.Remove(filepath.Join(w.dir, "agentsync.lock.yaml")); err != nil {
		t.Fatal(err)
	}
	edit(func(d *sandbox.Dashboard, id string) error { return d.Rollback(id, 2) })
	edit(func(d *sandbox.Dashboard, id string) error {
		return d.EditAgent(id, map[string]any{"agent_description": "Changed"})
	})
	r := w.job(4, "drift", "drift")
	has(t, "stderr", r.stderr, "unknown: sales: agent not as the manifest wants it, and nothing says who changed that",
		"can't be told, in 1 agent", "commit agentsync.lock.yaml after each apply", "fetch-depth: 0")
	stillOpen()

	// Nor can it tell a new agent from one that somebody has deleted.
	edit(func(d *sandbox.Dashboard, id string) error { return d.DeleteAgent(id) })
	r = w.job(4, "drift", "drift")
	has(t, "stderr", r.stderr, "unknown: sales: it is not on the platform, and no lock file says whether it was")
	stillOpen()
}

func TestAStrangersIssueIsNotOurs(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	w := newWorld(t)
	w.onPush(mergeAt)
	w.dashboard("Sales", "Sell by the dashboard.")
	w.github.Add(fakegithub.Rule{Method: "POST", Path: "/issues", Status: 403, Body: `{"message":"Resource not accessible by integration"}`})
	r := w.job(4, "drift", "drift")
	has(t, "stderr", r.stderr, "::warning title=agentsync drift::the drift issue was not brought up to date", "`permissions: issues: write`")
}
