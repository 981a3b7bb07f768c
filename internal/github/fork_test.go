package github_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/github/fakegithub"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// git runs git in the workspace.
func (w *world) git(args ...string) string {
	w.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", w.dir, "-c", "user.name=Story", "-c", "user.email=story@example.com"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// fork is a fork's pull request: no credentials, and a token that only reads.
func fork(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.write(".gitignore", ".agentsync/\n")
	w.git("init", "-q", "-b", "main")
	w.git("add", ".")
	w.git("commit", "-qm", "base")
	base := w.git("rev-parse", "HEAD")
	w.replace("prompts/sales.md", "politely", "boldly")
	w.git("commit", "-qam", "topic")
	w.github.Edit(func(s *fakegithub.State) {
		p := s.Repo(repo).Pull(7)
		p.Head.Repo, p.Head.SHA, p.Base.SHA = "mallory/agents", w.git("rev-parse", "HEAD"), base
	})
	w.onPull()
	w.env["INDUSLABS_EMAIL"], w.env["INDUSLABS_PASSWORD"] = "", ""
	w.env["GITHUB_TOKEN"] = fakegithub.ForkToken
	return w
}

func TestAForkGetsAPlanWithoutThePlatform(t *testing.T) {
	w := fork(t)
	sent := len(w.faults.Requests())
	r := w.job(0, "", "plan")
	if len(w.comments()) != 0 || len(w.faults.Requests()) != sent {
		t.Errorf("%d comments, %d requests", len(w.comments()), len(w.faults.Requests())-sent)
	}
	has(t, "stderr", r.stderr, "::notice title=agentsync plan::a pull request from outside gets no credentials", "::notice title=agentsync plan::no comment:", "!error")
	has(t, "stdout", r.stdout, "boldly", "Not compared with the platform", "!No changes")
	has(t, "the summary", r.summary, "boldly", "ot compared with the platform", "!No changes")
	if r.outputs["changes"] != "true" || r.outputs["to-update"] != "1" {
		t.Errorf("outputs %v", r.outputs)
	}

	// Without any change it says so in other words than a plan of the platform.
	w.git("reset", "-q", "--hard", "HEAD~1")
	w.env["GITHUB_SHA"] = w.git("rev-parse", "HEAD")
	r = w.job(0, "", "plan")
	has(t, "stdout", r.stdout, "!No changes")
	has(t, "the summary", r.summary, "!No changes", "platform")
}

// Where the token may write after all, the comment is no review.
func TestAForksCommentIsNoReview(t *testing.T) {
	w := fork(t)
	w.env["GITHUB_TOKEN"] = fakegithub.ActionsToken
	w.job(0, "", "plan")
	w.comment("boldly", "ot compared with the platform", `digest=""`, `state="offline"`)
	w.merge()
	w.onPush(w.git("rev-parse", "HEAD"))
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pull(7).MergeCommitSHA = w.env["GITHUB_SHA"] })
	w.env["INDUSLABS_EMAIL"], w.env["INDUSLABS_PASSWORD"] = sandbox.DefaultEmail, sandbox.DefaultPassword
	r := w.job(4, "not-reviewed", "apply")
	has(t, "stderr", r.stderr, "came from outside, and its plan was not compared with the platform")
}

func TestTheSameRepositoryNeedsCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["INDUSLABS_EMAIL"], w.env["INDUSLABS_PASSWORD"] = "", ""
	r := w.job(1, "error", "plan")
	has(t, "stderr", r.stderr, "no credentials: set INDUSLABS_EMAIL and INDUSLABS_PASSWORD")
}

func TestApplyWantsTheRunsOwnCommit(t *testing.T) {
	w := fork(t)
	w.onPush(mergeAt)
	r := w.job(4, "refused", "apply")
	has(t, "stderr", r.stderr, "is checked out, and the run is of cccccccccccc")
}
