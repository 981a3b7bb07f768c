package github_test

import (
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
	for name, event := range map[string]string{"run again": "push", "started by hand": "workflow_dispatch"} {
		t.Run(name, func(t *testing.T) {
			w := reviewed(t)
			w.merge()
			w.push(secondMerge, "prompts/sales.md", "README.md")
			w.env["GITHUB_EVENT_NAME"] = event
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
		"by nothing":                   {},
		"by the lock file":             {files: []string{lockName}},
		"by anything else at the root": {files: []string{lockName, "docs/a.md"}, says: "changes docs/a.md"},
		"by a hidden folder":           {files: []string{".github/workflows/apply.yml", "docs/.vale/a.yaml"}},
		"by a hidden manifest":         {files: []string{"agents/.a.yaml"}, says: "changes agents/.a.yaml"},
		"beside the folder":            {folder: "voice", files: append(many(298), "voices.yaml")},
		"by the folder's lock file":    {folder: "voice", files: []string{"voice/" + lockName}},
		"by the folder's manifests":    {folder: "voice", files: []string{"docs/a.md", "voice/agents.yaml"}, says: "changes voice/agents.yaml"},
		"by a rename out of it":        {folder: "voice", files: []string{"voice/agents.yaml => old/agents.yaml"}, says: "changes voice/agents.yaml"},
		"by a rename into it":          {folder: "voice", files: []string{"new.yaml => voice/new.yaml"}, says: "changes voice/new.yaml"},
		"by too much to tell":          {folder: "voice", files: many(300), says: "changes more files than can be looked through"},
		"by a hostile name":            {files: []string{"a\n::error::b\x1b.yaml"}, says: `changes a\n::error::b\x1b.yaml`},
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

// Other events have no branch whose run would come, and an empty plan needs
// no look.
func TestWhereTheBranchDoesNotMatter(t *testing.T) {
	for name, change := range map[string]func(*world){
		"a tag":         func(w *world) { w.env["GITHUB_REF"] = "refs/tags/v1" },
		"a schedule":    func(w *world) { w.env["GITHUB_EVENT_NAME"] = "schedule" },
		"an empty plan": func(w *world) { w.replace("prompts/sales.md", "boldly", "politely") },
	} {
		t.Run(name, func(t *testing.T) {
			w := reviewed(t)
			w.merge()
			w.push(secondMerge, "prompts/sales.md")
			change(w)
			w.job(0, "", "apply")
			for _, r := range w.github.Requests() {
				if strings.Contains(r.Path, "/git/ref/") || strings.Contains(r.Path, "/compare/") {
					t.Errorf("asked for %s", r.Path)
				}
			}
		})
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
