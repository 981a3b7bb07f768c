package github_test

import (
	"cmp"
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

// push puts a commit with these files on main, after the merge.
func (w *world) push(sha string, files ...string) {
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Push("main", sha, files...) })
}

// A prompt is merged, its run is dropped, and the prompt is reverted by a pull
// request that changes nothing on the platform. The dropped run, run again
// after that, has its review and would put the reverted prompt live.
func TestALateRunDoesNotBringBackWhatWasReverted(t *testing.T) {
	for name, c := range map[string]struct{ event, ref string }{
		"run again":                 {event: "push"},
		"started by hand":           {event: "workflow_dispatch"},
		"by the clock":              {event: "schedule"},
		"after another workflow":    {event: "workflow_run"},
		"by a call":                 {event: "repository_dispatch"},
		"by an event of the future": {event: "something_new"},
		"of a tag":                  {event: "push", ref: "refs/tags/v1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := reviewed(t)
			w.merge()
			w.push(secondMerge, "README.md", "prompts/sales.md")
			w.env["GITHUB_EVENT_NAME"], w.env["GITHUB_REF"] = c.event, cmp.Or(c.ref, w.env["GITHUB_REF"])
			before := w.comment().Body
			for _, require := range []string{"true", "false"} {
				w.env["INPUT_REQUIRE_REVIEWED_PLAN"] = require
				r := w.job(4, "refused", "apply")
				if r.platform != 0 || r.hub != 0 || w.comment().Body != before {
					t.Errorf("%d and %d writes", r.platform, r.hub)
				}
				const line = "main has moved on: 222222222222 changes prompts/sales.md; nothing was applied"
				const hint = "hint: its own run applies what is there now; run that one again"
				has(t, "stderr", r.stderr, "error: "+line+"\n  "+hint, "::error title=agentsync apply::"+line)
				has(t, "the summary", r.summary, "### ⛔ Nothing was applied", line, hint)
			}
		})
	}
}

func TestABranchMovesOn(t *testing.T) {
	t.Parallel()
	many := func(n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf("docs/%03d.md", i))
		}
		return out
	}
	for name, c := range map[string]struct {
		folder string
		files  []string
		says   string // "" for an apply
	}{
		"by nothing":                      {},
		"by the lock file":                {files: []string{lockName}},
		"by a file that it does not read": {files: []string{lockName, "README.md", "prompts/unused.md", "main.go"}},
		"by a prompt":                     {files: []string{"README.md", "prompts/sales.md"}, says: "changes prompts/sales.md"},
		"by its settings":                 {files: []string{"agentsync.yaml"}, says: "changes agentsync.yaml"},
		"by a new manifest":               {files: []string{"new.yml"}, says: "changes new.yml"},
		"by a dependency's file":          {files: []string{"node_modules/a/b.yaml"}},
		"by a hidden folder":              {files: []string{".github/workflows/apply.yml", "docs/.vale/a.yaml"}},
		"by a hidden manifest":            {files: []string{"agents/.a.yaml"}, says: "changes agents/.a.yaml"},
		"beside the folder":               {folder: "voice", files: append(many(298), "voices.yaml")},
		"by the folder's lock file":       {folder: "voice", files: []string{"voice/" + lockName}},
		"by the folder's README":          {folder: "voice", files: []string{"voice/README.md"}},
		"by the folder's manifests":       {folder: "voice", files: []string{"docs/a.md", "voice/agents.yaml"}, says: "changes voice/agents.yaml"},
		"by a rename out of it":           {folder: "voice", files: []string{"voice/agents.yaml => old/agents.yaml"}, says: "changes voice/agents.yaml"},
		"by a rename into it":             {folder: "voice", files: []string{"new.yaml => voice/new.yaml"}, says: "changes voice/new.yaml"},
		"by too much to tell":             {folder: "voice", files: many(300), says: "changes more files than can be looked through"},
		"by a hostile name":               {files: []string{"a\n::error::b\x1b.yaml"}, says: `changes a\n::error::b\x1b.yaml`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.folder != "" {
				w.move(c.folder)
			}
			w.replace(path.Join(c.folder, "prompts/sales.md"), "politely", "boldly")
			w.job(0, "", "plan")
			w.merge()
			w.push(secondMerge, c.files...)
			if c.says == "" {
				w.job(0, "", "apply")
				w.comment("### ✅ Applied")
				return
			}
			r := w.job(4, "refused", "apply")
			has(t, "stderr", r.stderr, "error: main has moved on: 222222222222 "+c.says+"; nothing was applied")
			noCommands(t, r)
			if r.platform != 0 {
				t.Errorf("%d writes", r.platform)
			}
		})
	}
}

func TestABranchThatWasPushedOverIsRefused(t *testing.T) {
	w := reviewed(t)
	w.merge()
	w.github.Edit(func(s *fakegithub.State) {
		s.Repo(repo).Commits = append(s.Repo(repo).Commits, &fakegithub.Commit{SHA: secondMerge, Branch: "main"})
	})
	r := w.job(4, "refused", "apply")
	has(t, "stderr", r.stderr, "main has moved on: 222222222222 does not come after cccccccccccc; nothing was applied")
}

// Where GitHub does not tell what the branch says, nothing is written.
func TestABranchThatIsNotKnown(t *testing.T) {
	for name, c := range map[string]struct {
		path   string
		status int
		says   string
	}{
		"no branch":         {"/git/ref/heads/main", http.StatusNotFound, "github: GET /repos/acme/agents/git/ref/heads/main: 404"},
		"no answer":         {"/git/ref/heads/main", http.StatusBadGateway, "github: GET /repos/acme/agents/git/ref/heads/main: 502"},
		"no comparison":     {"/compare/", http.StatusNotFound, "github: GET /repos/acme/agents/compare/" + mergeAt + "..." + secondMerge + ": 404"},
		"none for the time": {"/compare/", http.StatusInternalServerError, "github: GET /repos/acme/agents/compare/" + mergeAt + "..." + secondMerge + ": 500"},
	} {
		t.Run(name, func(t *testing.T) {
			w := reviewed(t)
			w.merge()
			w.push(secondMerge, "docs/a.md")
			w.github.Add(fakegithub.Rule{Method: "GET", Path: c.path, Status: c.status})
			r := w.job(1, "error", "apply")
			has(t, "stderr", r.stderr, "error: "+c.says)
			if r.platform != 0 || r.hub != 0 {
				t.Errorf("%d and %d writes", r.platform, r.hub)
			}
		})
	}
}

// A tag belongs to the branch that its commit was merged into, else to the
// repository's own.
func TestATagIsHeldAgainstItsBranch(t *testing.T) {
	t.Parallel()
	w := reviewed(t)
	w.merge()
	w.env["GITHUB_REF"] = "refs/tags/v1"
	w.job(0, "", "apply")
	w.settled()

	w = newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.onPush(mergeAt)
	w.push(secondMerge, "prompts/sales.md")
	w.env["GITHUB_REF"] = "refs/tags/v1"
	r := w.job(4, "refused", "apply", "--require-reviewed-plan=false")
	has(t, "stderr", r.stderr, "main has moved on: 222222222222 changes prompts/sales.md")
}

// It is the commit that is checked out that must not be old.
func TestAnOldCheckoutIsHeldAgainstTheBranch(t *testing.T) {
	w := committed(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.commit("boldly")
	old := w.env["GITHUB_SHA"]
	w.onPush(old)
	w.push(secondMerge, "prompts/sales.md")
	w.onPush(secondMerge)
	w.env["GITHUB_EVENT_NAME"] = "workflow_run" // which checks out what the other one ran on
	r := w.job(4, "refused", "apply", "--require-reviewed-plan=false")
	has(t, "stderr", r.stderr, "main has moved on: 222222222222 changes prompts/sales.md")
	if r.platform != 0 {
		t.Errorf("%d writes", r.platform)
	}
}

// An empty plan needs no look.
func TestWhereTheBranchDoesNotMatter(t *testing.T) {
	w := reviewed(t)
	w.merge()
	w.push(secondMerge, "prompts/sales.md")
	w.replace("prompts/sales.md", "boldly", "politely")
	w.job(0, "", "apply")
	for _, r := range w.github.Requests() {
		if strings.Contains(r.Path, "/git/ref/") || strings.Contains(r.Path, "/compare/") {
			t.Errorf("asked for %s", r.Path)
		}
	}
}

// What an earlier run left is done by the run of the branch's last commit.
func TestTheLastRunDoesWhatARefusedOneLeft(t *testing.T) {
	w := twoMerges(t)
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		r.Commits = nil
		r.Merge(6, firstMerge, time.Now().Add(-time.Minute), "agents.yaml")
		r.Merge(7, secondMerge, time.Now(), "prompts/sales.md")
	})
	w.onPush(firstMerge)
	w.job(4, "refused", "apply")
	w.onPush(secondMerge)
	w.job(0, "", "apply")
	w.settled()
}
