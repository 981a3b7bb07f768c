package github_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

const proposed = "agentsync/drift/main"

// proposing is a project whose scheduled job keeps a pull request of drift.
func proposing(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.env["INPUT_PULL_REQUEST"] = "true"
	w.settle()
	return w
}

// settle makes the workspace's files those of a new commit of main, which the next
// jobs are of.
func (w *world) settle() {
	w.t.Helper()
	w.github.Edit(func(s *fakegithub.State) {
		for _, name := range []string{"agents.yaml", "prompts/sales.md", lockName} {
			data, err := os.ReadFile(filepath.Join(w.dir, name))
			if err != nil {
				w.t.Error(err)
			}
			s.Repo(repo).SetFile("main", name, string(data))
		}
	})
	w.jobs++
	w.onPush(strings.Repeat("c", 38) + string(rune('a'+w.jobs/10%6)) + string(rune('0'+w.jobs%10)))
	w.env["GITHUB_EVENT_NAME"] = "schedule"
}

// pulls are the pull requests from the branch of drift, open and closed.
func (w *world) pulls(branch string) (out []*fakegithub.Pull) {
	for _, p := range w.repo().Pulls {
		if p.Head.Ref == branch {
			out = append(out, p)
		}
	}
	return out
}

// pull is the one open pull request from a branch, whose text has all of these.
func (w *world) pull(branch string, texts ...string) *fakegithub.Pull {
	w.t.Helper()
	var open []*fakegithub.Pull
	for _, p := range w.pulls(branch) {
		if p.State == "open" {
			open = append(open, p)
		}
	}
	if len(open) != 1 {
		w.t.Fatalf("%d open pull requests from %s, want 1", len(open), branch)
	}
	has(w.t, "the pull request", open[0].Body, texts...)
	return open[0]
}

func (w *world) lastCommit() *fakegithub.Commit {
	all := w.repo().Commits
	return all[len(all)-1]
}

func (w *world) openIssues() (n int) {
	for _, one := range w.repo().Issues {
		if one.State == "open" {
			n++
		}
	}
	return n
}

func TestDriftKeepsOnePullRequest(t *testing.T) {
	t.Parallel()
	w := proposing(t)
	if r := w.job(0, "", "drift"); r.hub != 0 || len(w.pulls(proposed)) != 0 {
		t.Fatalf("%d writes without drift", r.hub)
	}

	// Opened, with what a pull writes.
	base := w.repo().Files["main"]
	w.dashboard("Sales", "Sell by the dashboard.\n")
	r := w.job(4, "drift", "drift")
	first := w.pull(proposed, "config changed on the platform at 20", " by ", "`config.system_prompt`", "1 agent", "Found at cccccccccccc", "!Not taken")
	has(t, "stderr", r.stderr, "hint: merge #8, which takes it into the manifests", "!warning")
	if first.Base.Ref != "main" || first.Title != "Take what was changed on the platform (branch main)" || len(w.repo().Issues) != 0 {
		t.Errorf("into %s, title %q, %d issues", first.Base.Ref, first.Title, len(w.repo().Issues))
	}
	files, commit := w.repo().Files[proposed], w.lastCommit()
	if files["prompts/sales.md"] != "Sell by the dashboard.\n" || files["agents.yaml"] != base["agents.yaml"] || files[lockName] == base[lockName] {
		t.Errorf("the branch has %v", files)
	}
	if len(commit.Parents) != 1 || commit.Parents[0] != w.env["GITHUB_SHA"] || !strings.HasPrefix(commit.Message, "Pull sales from the platform: system_prompt\n\nconfig changed on") {
		t.Errorf("commit %+v", commit)
	}
	if main := w.repo().Files["main"]; main["prompts/sales.md"] != base["prompts/sales.md"] || main[lockName] != base[lockName] {
		t.Error("the base branch was written")
	}

	// The same drift in a later run, also where the base has moved on.
	w.env["GITHUB_RUN_ID"] = "43"
	if r := w.job(4, "drift", "drift"); r.hub != 0 {
		t.Errorf("%d writes for the same drift", r.hub)
	}
	w.settle()
	if r := w.job(4, "drift", "drift"); r.hub != 0 {
		t.Errorf("%d writes for the same drift on another base", r.hub)
	}

	// Updated: the same pull request, one commit on top of the base as it is now.
	w.dashboard("Sales", "Sell by the dashboard again.\n")
	describe := func(text string) {
		d := w.platform.Dashboard()
		id, err := d.AgentID("Sales")
		if err == nil {
			err = d.EditAgent(id, map[string]any{"agent_description": text})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	describe("Sells more")
	w.job(4, "drift", "drift")
	if again := w.pull(proposed, "/runs/43", "`agent.agent_description`"); again.Number != first.Number || again.Head.SHA == first.Head.SHA {
		t.Errorf("it was #%d at %s, and is #%d at %s", first.Number, first.Head.SHA, again.Number, again.Head.SHA)
	}
	if got := w.repo().Files[proposed]["prompts/sales.md"]; got != "Sell by the dashboard again.\n" {
		t.Errorf("the branch has %q", got)
	}
	if parents := w.lastCommit().Parents; len(parents) != 1 || parents[0] != w.env["GITHUB_SHA"] {
		t.Errorf("on top of %v", parents)
	}

	// Gone: closed with a word, and no branch.
	w.dashboard("Sales", "Sell politely.\n")
	describe("Sells")
	w.job(0, "", "drift")
	all := w.pulls(proposed)
	if len(all) != 1 || all[0].State != "closed" || w.repo().Files[proposed] != nil || w.repo().Heads[proposed] != "" {
		t.Errorf("pull requests %+v, branch at %q", all, w.repo().Heads[proposed])
	}
	if c := w.repo().CommentsOn(first.Number); len(c) != 1 || !strings.Contains(c[0].Body, "The drift is gone") {
		t.Errorf("comments %v", c)
	}
	if r := w.job(0, "", "drift"); r.hub != 0 {
		t.Errorf("%d writes", r.hub)
	}
}

// TestAMergedPullRequestEndsTheDrift takes the branch's files into main, as a
// merge does: nothing is left to plan, and the branch goes.
func TestAMergedPullRequestEndsTheDrift(t *testing.T) {
	t.Parallel()
	w := proposing(t)
	w.dashboard("Sales", "Sell by the dashboard.\n")
	w.job(4, "drift", "drift")
	one := w.pull(proposed)
	for name, content := range w.repo().Files[proposed] {
		w.write(name, content)
	}
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Pull(one.Number).State = "closed" })
	w.settle()
	if r := w.job(0, "", "drift"); r.outputs["changes"] != "false" || r.hub != 1 {
		t.Errorf("%d writes: %s", r.hub, r)
	}
	if w.repo().Heads[proposed] != "" {
		t.Error("the branch is still there")
	}
}

// TestAPersonsCommitIsNotOverwritten: nobody's work on the branch is lost, also
// where it carries our own commit's last line along.
func TestAPersonsCommitIsNotOverwritten(t *testing.T) {
	t.Parallel()
	const theirs = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee5"
	for name, message := range map[string]func(ours string) string{
		"on top":  func(string) string { return "Say it nicely" },
		"amended": func(ours string) string { return ours },
	} {
		t.Run(name, func(t *testing.T) {
			w := proposing(t)
			w.dashboard("Sales", "Sell by the dashboard.\n")
			w.job(4, "drift", "drift")
			one, ours := w.pull(proposed), w.lastCommit()
			w.github.Edit(func(s *fakegithub.State) {
				s.Repo(repo).SetFile(proposed, "prompts/sales.md", "Sell nicely.\n")
				s.Repo(repo).Push(proposed, theirs, "prompts/sales.md")
				made := s.Repo(repo).Commits[len(s.Repo(repo).Commits)-1]
				made.Message = message(ours.Message)
				if name == "amended" {
					made.Parents = ours.Parents
				}
			})
			w.dashboard("Sales", "Sell by the dashboard again.\n")
			r := w.job(4, "drift", "drift")
			has(t, "stderr", r.stderr, "the drift pull request was not brought up to date", proposed+" is at eeeeeeeeeeee, which is not a commit of this job's",
				"hint: merge what is there, or delete the branch")
			has(t, "the summary", r.summary, "which is not a commit of this job's")
			if now := w.pull(proposed); now.Body != one.Body || now.Head.SHA != theirs || w.repo().Files[proposed]["prompts/sales.md"] != "Sell nicely.\n" {
				t.Errorf("it is at %s", now.Head.SHA)
			}
			if w.openIssues() != 1 {
				t.Error("the issue does not tell of the new drift")
			}

			// When the drift is gone, their work stays too.
			w.dashboard("Sales", "Sell politely.\n")
			r = w.job(0, "", "drift")
			has(t, "stderr", r.stderr, "::notice", "is not a commit of this job's")
			if w.pull(proposed).Head.SHA != theirs || w.openIssues() != 0 {
				t.Error("it was closed, or the issue was not")
			}
		})
	}
}

func TestABranchThatMovesMeanwhileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	const theirs = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee5"
	w := proposing(t)
	w.dashboard("Sales", "Sell by the dashboard.\n")
	w.job(4, "drift", "drift")
	w.dashboard("Sales", "Sell by the dashboard again.\n")
	w.github.Add(fakegithub.Rule{Method: http.MethodPost, Path: "/git/commits", Do: func(s *fakegithub.State) { s.Repo(repo).Push(proposed, theirs) }})
	r := w.job(4, "drift", "drift")
	has(t, "stderr", r.stderr, "is at eeeeeeeeeeee, which is not a commit of this job's")
	if w.pull(proposed).Head.SHA != theirs {
		t.Error("their commit is gone")
	}
}

func TestWithoutAPermissionItIsTheIssue(t *testing.T) {
	t.Parallel()
	const needs = "`permissions: contents: write, pull-requests: write`"
	for name, c := range map[string]struct {
		lacks string
		rule  bool
		hint  string
	}{
		"contents":      {lacks: "contents", hint: needs},
		"pull requests": {lacks: "pull_requests", hint: needs},
		"the setting":   {rule: true, hint: "Allow GitHub Actions to create and approve pull requests"},
	} {
		t.Run(name, func(t *testing.T) {
			w := proposing(t)
			const token = "ghs_fakeLimitedToken0123456789"
			w.addToken(token, fakegithub.Token{User: fakegithub.User{Login: fakegithub.ActionsBot, Type: "Bot"}, App: true, Lacks: []string{c.lacks}})
			w.env["GITHUB_TOKEN"] = token
			w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).NoWorkflowPulls = c.rule })
			w.dashboard("Sales", "Sell by the dashboard.\n")
			r := w.job(4, "drift", "drift")
			has(t, "stderr", r.stderr, "::warning title=agentsync drift::the drift pull request was not brought up to date", c.hint,
				"hint: take it into the manifests (agentsync pull sales)")
			if len(w.pulls(proposed)) != 0 || w.openIssues() != 1 {
				t.Fatalf("%d pull requests, %d open issues", len(w.pulls(proposed)), w.openIssues())
			}

			// The permission is given: the pull request takes the issue's place.
			w.env["GITHUB_TOKEN"] = fakegithub.ActionsToken
			w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).NoWorkflowPulls = false })
			w.job(4, "drift", "drift")
			w.pull(proposed)
			issue := w.repo().Issues[0]
			if said := w.repo().CommentsOn(issue.Number); issue.State != "closed" || len(said) != 1 || !strings.Contains(said[0].Body, "See #9") {
				t.Errorf("the issue is %s, comments %v", issue.State, said)
			}
		})
	}
}

// TestWhatCannotBeTakenIsSaid: one agent is gone, one changed in git too, and with
// nothing to take there is no pull request, but the issue.
func TestWhatCannotBeTakenIsSaid(t *testing.T) {
	t.Parallel()
	w := proposing(t)
	d := w.platform.Dashboard()
	id, err := d.AgentID("Support")
	if err == nil {
		err = d.DeleteAgent(id)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.dashboard("Sales", "Sell by the dashboard.\n")
	w.job(4, "drift", "drift")
	w.pull(proposed, "### Not taken", "#### `support`", "agent is gone from the platform", "not taken: it is gone from the platform, and its manifest stays",
		"hint: lifecycle.state: absent", "#### `sales` `Sales`")

	w.write("prompts/sales.md", "Sell by git.\n")
	w.settle()
	r := w.job(4, "drift", "drift")
	has(t, "stderr", r.stderr, "not taken: sales: changed in git and on the platform since the last apply: config.system_prompt")
	if all := w.pulls(proposed); len(all) != 1 || all[0].State != "closed" || w.openIssues() != 1 {
		t.Errorf("%+v, %d open issues", all[0], w.openIssues())
	}
}

// TestPullRequestsOfTwoProjects: environments and folders each have their own.
func TestPullRequestsOfTwoProjects(t *testing.T) {
	t.Parallel()
	w := proposing(t)
	w.write("agentsync.yaml", `apiVersion: agentsync/v1
kind: Project
metadata: {name: acme}
spec:
  environments:
    default: {}
    staging: {agent_name_suffix: " (staging)"}
`)
	w.cli(0, "apply", "--env", "staging", "--auto-approve")
	w.settle()
	w.dashboard("Sales", "Sell by the dashboard.\n")
	w.job(4, "drift", "drift")
	w.dashboard("Sales (staging)", "Sell on stage.\n")
	w.env["INPUT_ENVIRONMENT"] = "staging"
	w.job(4, "drift", "drift")
	first, second := w.pull(proposed, "!environment `staging`"), w.pull(proposed+"-staging", "environment `staging`", `environment="staging"`)
	if first.Number == second.Number || !strings.Contains(second.Title, "staging") {
		t.Errorf("%+v and %+v", first, second)
	}

	// One without drift leaves the other's alone.
	w.dashboard("Sales (staging)", "Sell politely.\n")
	w.job(0, "", "drift")
	if w.pull(proposed).Head.SHA != first.Head.SHA || w.pulls(proposed + "-staging")[0].State != "closed" {
		t.Error("the wrong one was closed")
	}
}

// TestAnothersPullRequestIsLeft: a person has opened one from the branch.
func TestAnothersPullRequestIsLeft(t *testing.T) {
	t.Parallel()
	w := proposing(t)
	w.dashboard("Sales", "Sell by the dashboard.\n")
	w.job(4, "drift", "drift")
	w.github.Edit(func(s *fakegithub.State) {
		s.Repo(repo).Pulls[1].User = fakegithub.User{Login: "mallory", Type: "User"}
	})
	r := w.job(4, "drift", "drift")
	has(t, "stderr", r.stderr, "#8 is open from the branch agentsync/drift/main, and is not this job's")
	if w.openIssues() != 1 {
		t.Error("no issue")
	}
}

// TestPullRequestsTakeTrackedFilesAlone: what a job finds in its working tree and
// the commit does not have goes into no commit.
func TestPullRequestsTakeTrackedFilesAlone(t *testing.T) {
	w := committed(t)
	w.env["INPUT_PULL_REQUEST"] = "true"
	w.settle()
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Commits = nil })
	w.onPush(w.git("rev-parse", "HEAD"))
	w.write("made.yaml", "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: sales}\n") // else a second "sales"
	w.dashboard("Sales", "Sell by the dashboard.\n")
	w.job(4, "drift", "drift")
	w.pull(proposed)
	if got := w.repo().Files[proposed]["prompts/sales.md"]; got != "Sell by the dashboard.\n" {
		t.Errorf("the branch has %q", got)
	}

	w.replace("prompts/sales.md", "politely", "somehow")
	w.dashboard("Support", "Help by the dashboard.")
	w.dashboard("Sales", "Sell politely.\n")
	w.job(4, "drift", "drift")
	if strings.Contains(w.repo().Files[proposed]["prompts/sales.md"], "somehow") {
		t.Error("an uncommitted change is in the commit")
	}
}

// TestPullRequestsOfTwoFolders: two projects in folders of one repository have a
// branch and a pull request each, with paths from the repository's root.
func TestPullRequestsOfTwoFolders(t *testing.T) {
	t.Parallel()
	w := proposing(t)
	w.move("voice")
	w.write("desk/agents.yaml", "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: desk}\nspec:\n"+
		"  agent: {agent_name: Desk, agent_type: INBOUND}\n  config: {system_prompt: {file: prompt.md}}\n")
	w.write("desk/prompt.md", "Welcome.\n")
	voice, desk := w.project, filepath.Join(w.dir, "desk")
	w.project = desk
	w.cli(0, "apply", "--auto-approve")
	w.onPush(strings.Repeat("d", 40))
	w.env["GITHUB_EVENT_NAME"] = "schedule"
	w.dashboard("Sales", "Sell by the dashboard.\n")
	w.dashboard("Desk", "Welcome by the dashboard.\n")
	for _, w.project = range []string{voice, desk} {
		w.job(4, "drift", "drift")
	}
	var branches []string
	for _, p := range w.repo().Pulls {
		if p.State == "open" && strings.HasPrefix(p.Head.Ref, proposed) {
			branches = append(branches, p.Head.Ref)
		}
	}
	if len(branches) != 2 || branches[0] == branches[1] {
		t.Fatalf("pull requests from %q", branches)
	}
	first, second := w.repo().Files[branches[0]], w.repo().Files[branches[1]]
	if first["voice/prompts/sales.md"] != "Sell by the dashboard.\n" || second["desk/prompt.md"] != "Welcome by the dashboard.\n" ||
		first["voice/"+lockName] == "" || second["desk/"+lockName] == "" || first["desk/prompt.md"] != "" {
		t.Errorf("the branches have %v\nand %v", first, second)
	}
	for _, w.project = range []string{voice, desk} { // each finds its own again
		if r := w.job(4, "drift", "drift"); r.hub != 0 {
			t.Errorf("%d writes for the same drift", r.hub)
		}
	}
}

// TestAPullRequestKeepsWhatAFileIs: its line ends, and that it can be run.
func TestAPullRequestKeepsWhatAFileIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(".gitignore", ".agentsync/\n")
	w.write("prompts/sales.md", "Sell politely.\r\nAsk for the name.\r\n")
	w.cli(0, "apply", "--auto-approve")
	if err := os.Chmod(filepath.Join(w.dir, "prompts/sales.md"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.git("init", "-q", "-b", "main")
	w.commit("base")
	w.env["INPUT_PULL_REQUEST"] = "true"
	w.settle()
	w.onPush(w.git("rev-parse", "HEAD"))
	w.env["GITHUB_EVENT_NAME"] = "schedule"
	w.dashboard("Sales", "Sell politely.\nAsk for the city.\n")
	w.job(4, "drift", "drift")
	w.pull(proposed)
	if got := w.repo().Files[proposed]["prompts/sales.md"]; got != "Sell politely.\r\nAsk for the city.\r\n" {
		t.Errorf("the branch has %q", got)
	}
	if modes := w.repo().Modes; modes["prompts/sales.md"] != "100755" || modes[lockName] != "100644" {
		t.Errorf("modes %v", modes)
	}
}

// TestAPullRequestOfManyAgentsFits: GitHub refuses a text over 65,536 characters.
func TestAPullRequestOfManyAgentsFits(t *testing.T) {
	t.Parallel()
	exhaustive.Only(t, "a large text")
	w := proposing(t)
	const agents = 60
	var all strings.Builder
	for i := range agents {
		fmt.Fprintf(&all, "---\napiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: many-%02d}\nspec:\n"+
			"  agent: {agent_name: Many %02d, agent_type: INBOUND}\n  config: {system_prompt: Hello.}\n  call_infields: []\n", i, i)
	}
	w.write("many.yaml", all.String())
	w.cli(0, "apply", "--auto-approve")
	w.settle()
	d := w.platform.Dashboard()
	for i := range agents {
		id, err := d.AgentID(fmt.Sprintf("Many %02d", i))
		for k := 0; err == nil && k < 12; k++ {
			name := fmt.Sprintf("%s %d", strings.Repeat("नाम ", 40), k)
			err = d.SetInfield(id, map[string]any{"field_name": name, "field_type": "TEXT", "is_visible": true})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.job(4, "drift", "drift")
	one := w.pull(proposed, "60 agents", "`many-00`", "more agents; ")
	if n := utf8.RuneCountInString(one.Body); n > 65_536 || n < 50_000 {
		t.Errorf("the text has %d characters", n)
	}
	if message := w.lastCommit().Message; !strings.HasPrefix(message, "Pull 60 agents from the platform\n") || len(message) > 65_536 {
		t.Errorf("the message has %d bytes: %.100s", len(message), message)
	}
	if w.repo().Files[proposed]["many.yaml"] == all.String() {
		t.Error("nothing is taken")
	}
}
