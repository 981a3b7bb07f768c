package github_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

const lockName = "agentsync.lock.yaml"

func (w *world) lock() string {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, lockName))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

// committed is the branch's lock file as the workflow committed it.
func (w *world) committed() string { return w.repo().Files["main"][lockName] }

// toCommit is a merged pull request, with commit-lock, and the lock file on the branch.
func toCommit(t *testing.T) *world {
	t.Helper()
	w := reviewed(t)
	w.env["INPUT_COMMIT_LOCK"] = "true"
	w.github.Edit(func(s *fakegithub.State) {
		s.Repo(repo).SetFile("main", lockName, w.lock())
		s.Repo(repo).Commits = []*fakegithub.Commit{{SHA: mergeAt, Message: "Sell boldly", Branch: "main"}}
	})
	w.merge()
	return w
}

func TestTheLockIsCommitted(t *testing.T) {
	w := toCommit(t)
	before := w.lock()
	r := w.job(0, "", "apply")
	if w.lock() == before || w.committed() != w.lock() {
		t.Errorf("the lock file is\n%s\nand on the branch\n%s", w.lock(), w.committed())
	}
	has(t, "the summary", r.summary, "The lock file was committed as")
	commits := w.repo().Commits
	last := commits[len(commits)-1]
	if len(commits) != 2 || last.Message != "agentsync: lock after apply of default [skip ci]" {
		t.Errorf("commits %+v", commits)
	}

	// An apply that is started on top of it finds the pull request below, and
	// commits nothing.
	w.onPush(last.SHA)
	if r := w.job(0, "", "apply"); len(w.repo().Commits) != 2 || strings.Contains(r.stderr, "warning") {
		t.Errorf("%d commits: %s", len(w.repo().Commits), r)
	}
}

func TestTheFirstLockIsCommitted(t *testing.T) {
	w := toCommit(t)
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Files = nil })
	w.job(0, "", "apply")
	if w.committed() != w.lock() {
		t.Errorf("on the branch is %q", w.committed())
	}
}

func TestTheLockOfAFailedApplyIsCommitted(t *testing.T) {
	w := toCommit(t)
	w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Status(400)})
	w.job(1, "apply-failed", "apply")
	has(t, "the lock on the branch", w.committed(), "unfinished: true")

	// The job again, on the commit that it was: the branch's lock file is newer.
	w.faults.Reset()
	w.write(lockName, strings.ReplaceAll(w.lock(), "unfinished: true", "protect: false"))
	w.job(0, "", "apply")
	has(t, "the lock on the branch", w.committed(), "!unfinished")
	w.settled()
}

func TestALockThatMovedIsMerged(t *testing.T) {
	w := toCommit(t)
	const other = "  other:\n    billing:\n      agent_id: AGT_77\n      agent_name: Billing\n"
	w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Before(func(*http.Request) {
		w.github.Edit(func(s *fakegithub.State) { // an apply of another environment ended meanwhile
			r := s.Repo(repo)
			r.SetFile("main", lockName, strings.TrimRight(r.Files["main"][lockName], "\n")+"\n"+other)
		})
	})})
	w.github.Add(fakegithub.Rule{Method: "PUT", Path: lockName, Times: 1, Do: func(s *fakegithub.State) { // and moved the branch once more
		r := s.Repo(repo)
		r.SetFile("main", lockName, strings.Replace(r.Files["main"][lockName], "AGT_77", "AGT_78", 1))
	}})
	w.job(0, "", "apply")
	mine, _, _ := strings.Cut(w.lock(), "  other:")
	has(t, "the lock on the branch", w.committed(), strings.TrimSpace(mine), "AGT_78", "billing")
	puts := slices.DeleteFunc(w.github.Requests(), func(r fakegithub.Request) bool { return r.Method != "PUT" })
	if len(puts) != 2 || puts[0].Status != 409 || puts[1].Status != 200 {
		t.Errorf("got %d tries", len(puts))
	}
}

func TestAProtectedBranchKeepsItsLock(t *testing.T) {
	t.Parallel()
	for name, protect := range map[string]func(*world){
		"by a rule": func(w *world) {
			w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Protected = []string{"main"} })
		},
		"by the permissions": func(w *world) {
			w.github.Add(fakegithub.Rule{Method: "PUT", Status: 403, Body: `{"message":"Resource not accessible by integration"}`})
		},
		"by a check": func(w *world) {
			w.github.Add(fakegithub.Rule{Method: "PUT", Status: 422, Body: `{"message":"Required status check \"ci\" is expected."}`})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := toCommit(t)
			before := w.committed()
			protect(w)
			r := w.job(0, "", "apply")
			has(t, "stderr", r.stderr, "::warning title=agentsync apply::commit-lock: github: PUT /repos/acme/agents/contents/agentsync.lock.yaml: 4", "; hint: ")
			has(t, "the summary", r.summary, "The lock file was not committed")
			if w.committed() != before {
				t.Error("the lock file changed")
			}
			if n := slices.DeleteFunc(w.github.Requests(), func(r fakegithub.Request) bool { return r.Method != "PUT" }); len(n) != 1 {
				t.Errorf("%d tries", len(n))
			}
			w.settled()
		})
	}
}
