package github_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// committed is a pull request of the repository itself, checked out by git.
func committed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.write(".gitignore", ".agentsync/\n")
	w.git("init", "-q", "-b", "main")
	w.commit("base")
	return w
}

// commit commits all files; the next jobs are about that commit.
func (w *world) commit(message string) {
	w.t.Helper()
	w.git("add", ".")
	w.git("commit", "-qm", message)
	w.env["GITHUB_SHA"] = w.git("rev-parse", "HEAD")
}

// Other actions leave their credentials in the working tree, and the comment
// shows all prompts.
func TestAPullRequestPrintsNoFileOfTheRunner(t *testing.T) {
	t.Parallel()
	const token = "c2VjcmV0IG9mIHRoZSBydW5uZXI"
	for name, c := range map[string]struct {
		file   string
		change func(*world)
		want   string
	}{
		"by its name": {"gha-creds-1.json", nil, `the prompt file "gha-creds-1.json" is not tracked by git`},
		"by a link": {"prompts/link.md", func(w *world) { w.link("prompts/link.md", "../gha-creds-1.json") },
			`the prompt file "prompts/link.md" is not tracked by git`},
		"by a linked folder": {"here/gha-creds-1.json", func(w *world) { w.link("here", ".") },
			`the prompt file "here/gha-creds-1.json" is not tracked by git`},
		"ignored by git": {"gha-creds-1.json", func(w *world) { w.write(".gitignore", ".agentsync/\ngha-creds-*\n") },
			`the prompt file "gha-creds-1.json" is not tracked by git`},
		"the checkout's own": {".git/config", nil, `the prompt file ".git/config" is a hidden file`},
		"nothing":            {"prompts/none.md", nil, `the prompt file "prompts/none.md" does not exist`},
	} {
		t.Run(name, func(t *testing.T) {
			w := committed(t)
			w.replace("agents.yaml", "prompts/sales.md", c.file)
			if c.change != nil {
				c.change(w)
			}
			w.commit("topic")
			w.write("gha-creds-1.json", `{"private_key": "`+token+`"}`)
			w.git("config", "http.extraheader", token)
			for _, command := range []string{"plan", "validate", "drift"} {
				r := w.job(1, "validation", command)
				has(t, "the job", r.String(), c.want)
				if all := r.String(); strings.Contains(all, token) {
					t.Errorf("github %s prints it: %s", command, all)
				}
			}
			for _, event := range []string{"merge_group", "push", "workflow_run", "issue_comment", "schedule", "a new one"} {
				w.env["GITHUB_EVENT_NAME"] = event
				r := w.job(1, "validation", "plan")
				has(t, "the job", r.String(), c.want)
				if all := r.String(); strings.Contains(all, token) {
					t.Errorf("github plan prints it on %s: %s", event, all)
				}
			}
			w.env["GITHUB_EVENT_NAME"] = "push"
			w.job(1, "validation", "apply")
			for _, comment := range w.comments() {
				if strings.Contains(comment.Body, token) {
					t.Errorf("the comment has it: %s", comment.Body)
				}
			}
		})
	}
}

func (w *world) link(name, target string) {
	w.t.Helper()
	if err := os.Symlink(target, filepath.Join(w.dir, name)); err != nil {
		w.t.Skip(err)
	}
}

// What is committed is read as it lies in the working tree, links followed; a
// manifest that is not committed is passed over, and an agentsync.yaml refused:
// without its settings the plan would be another project's.
func TestAPullRequestIsWhatGitTracks(t *testing.T) {
	w := committed(t)
	w.link("texts", "prompts")
	w.link("prompts/link.md", "../texts/sales.md")
	w.replace("agents.yaml", "prompts/sales.md", "texts/link.md")
	w.commit("topic")
	w.replace("prompts/sales.md", "politely", "boldly")
	w.write("extra.yaml", strings.ReplaceAll(strings.ReplaceAll(manifests, "sales}", "made}"), "support}", "too}"))
	r := w.job(0, "", "plan")
	has(t, "stdout", r.stdout, "boldly", "1 to update", "!to create")
	has(t, "stderr", r.stderr, "warning: passed over, since git does not track them: extra.yaml", "!agentsync.yaml", "!"+lockName)
	w.comment("boldly")
	w.write("agentsync.yaml", "apiVersion: agentsync/v1\nkind: Project\nspec: {policy: {prune: true}}\n")
	r = w.job(1, "validation", "plan")
	has(t, "stderr", r.stderr, "file=agentsync.yaml,line=1,col=1::the manifest is not tracked by git%0Ahint: commit it: in a workflow, only files that the commit has are read")

	// It may be no link out of what git tracks.
	w.write("key.yaml", "apiVersion: agentsync/v1\nkind: Project\nspec: {s3cret: true}\n")
	if err := os.Remove(filepath.Join(w.dir, "agentsync.yaml")); err != nil {
		t.Fatal(err)
	}
	w.link("agentsync.yaml", "key.yaml")
	w.git("add", "agentsync.yaml")
	w.git("commit", "-qm", "link")
	w.env["GITHUB_SHA"] = w.git("rev-parse", "HEAD")
	r = w.job(1, "validation", "plan")
	has(t, "stderr", r.stderr, "agentsync.yaml,line=1,col=1", "the manifest is not tracked by git", "!s3cret")
}

// Without git, and on the command line, all files are read.
func TestUntrackedFilesAreReadElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("prompts/new.md", "Sell boldly.\n")
	w.replace("agents.yaml", "prompts/sales.md", "prompts/new.md")
	has(t, "stdout", w.job(0, "", "plan").stdout, "boldly")

	w = committed(t)
	w.write("prompts/new.md", "Sell boldly.\n")
	w.replace("agents.yaml", "prompts/sales.md", "prompts/new.md")
	w.job(1, "validation", "validate")
	w.cli(0, "validate")
}

// A repository that git does not read says nothing of what it tracks.
func TestABrokenCheckoutIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(".git", "gitdir: nowhere\n")
	r := w.job(1, "error", "plan")
	has(t, "stderr", r.stderr, "find what git tracks: ")
	for _, comment := range w.comments() {
		if strings.Contains(comment.Body, "politely") {
			t.Errorf("the comment has a prompt: %s", comment.Body)
		}
	}
}
