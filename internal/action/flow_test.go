package action

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

const (
	prompt = "prompts/outbound-sales.md"
	sales  = "Outbound Sales Agent"
)

// comment is the Action's one comment on a pull request.
func (w *world) comment(number int) fakegithub.Comment {
	w.t.Helper()
	var ours []*fakegithub.Comment
	for _, c := range w.repo().CommentsOn(number) {
		if c.User.Login == fakegithub.ActionsBot {
			ours = append(ours, c)
		}
	}
	if len(ours) != 1 {
		w.t.Fatalf("want one comment of the Action on #%d, got %d", number, len(ours))
	}
	return *ours[0]
}

// commentSays wants each text in the comment, and returns the comment.
func (w *world) commentSays(number int, texts ...string) fakegithub.Comment {
	w.t.Helper()
	c := w.comment(number)
	for _, text := range texts {
		if !strings.Contains(c.Body, text) {
			w.t.Errorf("want the comment on #%d to say %q, got:\n%s", number, text, c.Body)
		}
	}
	return c
}

// chatter puts so many comments of people on a pull request that the Action's
// own is pages away.
func (w *world) chatter(number int) {
	w.edit(func(r *fakegithub.Repo) {
		for i := range 250 {
			r.Comments = append(r.Comments, &fakegithub.Comment{ID: int64(900_000 + i), Number: number, Body: "Looks good to me.",
				User: fakegithub.User{Login: "reviewer", Type: "User"}})
		}
	})
}

// live is the prompt that callers of the agent hear, "" while there is none.
func (w *world) live(agent string) string {
	w.t.Helper()
	snapshot, err := w.platform.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	a, _ := snapshot.Agent(agent)
	v, _ := a.Live()
	text, _ := v.Content["system_prompt"].(string)
	return text
}

// unchanged runs f, and wants the platform to be the same after it.
func (w *world) unchanged(f func()) {
	w.t.Helper()
	before, err := w.platform.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	f()
	after, err := w.platform.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	if before.String() != after.String() {
		w.t.Errorf("the platform was changed from %s\nto %s", before, after)
	}
}

// dashboard changes an agent's prompt on the platform, past git.
func (w *world) dashboard(agent, prompt string) {
	w.t.Helper()
	id, err := w.platform.Dashboard().AgentID(agent)
	if err == nil {
		_, err = w.platform.Dashboard().EditPrompt(id, prompt)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// begin merges a first pull request, that creates the two agents of the project.
func (w *world) begin() {
	w.t.Helper()
	w.push(1, repository, "Our first agents", func() { w.replace("README.md", "Our", "Our two") })
	w.plan(1).ends(0, "")
	w.merge(1).ends(0, "")
	w.fetch()
	if w.live(sales) == "" {
		w.t.Fatal("the agent was not created")
	}
}

// pageComment is the comment that the page of pull requests shows, the line about its run aside, of this world's
// platform and account.
func (w *world) pageComment() string {
	t := w.t
	t.Helper()
	page, err := os.ReadFile("../../docs/pull-requests.md")
	if err != nil {
		t.Fatal(err)
	}
	_, quoted, _ := strings.Cut(string(page), "\n> ")
	quoted, _, ok := strings.Cut(quoted, "\n>\n> <sub>")
	if !ok {
		t.Fatal("the page quotes no comment")
	}
	comment := strings.ReplaceAll(strings.ReplaceAll(quoted, "\n> ", "\n"), "\n>", "\n")
	return strings.NewReplacer("<details open>", "<details>", // folded, where it has company
		"https://developer.induslabs.io", w.urls.platform, "dev…@example.com", "dev…@sandbox.invalid").Replace(comment)
}

// TestReviewedIsApplied is the way of a pull request: its plan is one comment
// that later pushes update, and the merge does what it says.
func TestReviewedIsApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	w.push(2, repository, "Budget in rupees", func() { w.replace(prompt, "- Ask for the budget.", "- Ask for the budget in rupees.") })
	w.chatter(2)
	w.unchanged(func() {
		w.plan(2).ends(0, "").says("::set-output:: changes=true", "::set-output:: to-update=1", "Plan: 1 to update")
	})
	first := w.commentSays(2, w.pageComment())

	w.push(2, repository, "Ask kindly", func() { w.replace(prompt, "in rupees", "in rupees, kindly") })
	w.plan(2).ends(0, "")
	second := w.commentSays(2, "+ - Ask for the budget in rupees, kindly.")
	if second.ID != first.ID {
		t.Errorf("the comment was made anew: it was %d and is %d", first.ID, second.ID)
	}

	w.merge(2).ends(0, "").says("publish", "done")
	if got := w.live(sales); !strings.Contains(got, "in rupees, kindly") {
		t.Errorf("want the merged prompt to be live, got %q", got)
	}
	if last := w.commentSays(2, "### ✅ Applied"); last.ID != first.ID {
		t.Errorf("the apply told of itself in another comment")
	}
	w.fetch()
	w.drift().ends(0, "")
	if issues := w.repo().Issues; len(issues) != 0 {
		t.Errorf("want no issue without drift, got %+v", issues[0])
	}
}

// TestDashboardEditStopsApply changes an agent on the platform between review
// and merge: nothing is written, an issue tells of the drift, and a new pull
// request is the way out.
func TestDashboardEditStopsApply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	w.push(2, repository, "Budget in rupees", func() { w.replace(prompt, "- Ask for the budget.", "- Ask for the budget in rupees.") })
	w.plan(2).ends(0, "")
	w.dashboard(sales, "You are Maya. Offer a discount to everybody.")
	w.unchanged(func() { w.merge(2).ends(3, "plan-changed").says("Offer a discount to everybody.") })
	w.commentSays(2, "Offer a discount to everybody.")

	w.unchanged(func() { w.drift().ends(4, "drift") })
	w.drift().ends(4, "drift")
	issues := w.repo().Issues
	if len(issues) != 1 || issues[0].State != "open" || !strings.Contains(strings.Join(issues[0].Labels, " "), "agentsync-drift") {
		t.Fatalf("want one open issue labelled agentsync-drift, got %+v", issues)
	}

	w.push(3, repository, "Take the prompt back", func() {})
	w.plan(3).ends(0, "")
	w.commentSays(3, "Offer a discount to everybody.", "drift")
	w.merge(3).ends(0, "")
	if got := w.live(sales); !strings.Contains(got, "in rupees") {
		t.Errorf("want the reviewed prompt to be live, got %q", got)
	}
	w.fetch()
	w.drift().ends(0, "")
	if issues := w.repo().Issues; len(issues) != 1 || issues[0].State != "closed" {
		t.Errorf("want the issue closed, got %+v", issues)
	}
}

// TestParts is the way of pull requests that are planned and applied in three parts,
// each by a runner of its own: the plan is one comment, and what is applied is that.
// A part in which somebody has changed an agent since stops alone, and says so there.
func TestParts(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, true)
	w.env = append(w.env, "ARTIFACTS="+filepath.Join(t.TempDir(), "artifacts"))
	const manifest = "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: %s}\nspec: {agent: {agent_name: %[1]s, agent_type: INBOUND}, config: {system_prompt: Help.}}\n"
	w.push(1, repository, "Our first agents", func() {
		for _, name := range partNames {
			w.write("agents/"+name+".yaml", fmt.Sprintf(manifest, name))
		}
	})
	w.plan(1).ends(0, "").says("part 1/3", "part 2/3", "part 3/3", "Plan: 5 to create")
	w.commentSays(1, ": 5 to create")
	w.merge(1).ends(0, "")
	w.commentSays(1, "### ✅ Applied", partNames[0]+"  AGT_", partNames[1]+"  AGT_", partNames[2]+"  AGT_")
	w.fetch()
	w.drift().ends(0, "").says("::set-output:: changes=false")

	w.push(2, repository, "Help well", func() {
		for _, name := range partNames {
			w.replace("agents/"+name+".yaml", "Help.", "Help well.")
		}
	})
	w.plan(2).ends(0, "")
	w.dashboard(partNames[1], "Theirs.")
	w.merge(2).ends(3, "plan-changed")
	w.commentSays(2, "### ❌ The apply failed", "#### part 2/3: ⛔ The plan is not the one that was reviewed", "Theirs.")
	for i, want := range []string{"Help well.", "Theirs.", "Help well."} {
		if got := w.live(partNames[i]); got != want {
			t.Errorf("%s says %q, want %q", partNames[i], got, want)
		}
	}
	w.fetch()
	w.push(3, repository, "Take it back", func() {})
	w.plan(3).ends(0, "")
	w.merge(3).ends(0, "")
	w.commentSays(3, "### ✅ Applied")
	w.fetch()
	w.drift().ends(0, "").says("::set-output:: changes=false")
}

// partNames are agents of the first, second and third of three parts.
var partNames = [3]string{"desk", "sales", "support"}

// TestApplyIsRunAgain fails an apply on the way. Its job, run again on the
// commit that knows nothing of that, does the rest.
func TestApplyIsRunAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	w.push(2, repository, "Budget in rupees", func() { w.replace(prompt, "- Ask for the budget.", "- Ask for the budget in rupees.") })
	w.plan(2).ends(0, "")
	w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Status(422)})
	w.merge(2).ends(1, "apply-failed")
	w.commentSays(2, "❌", "publish")
	w.faults.Reset()
	w.mergeAgain().ends(0, "")
	w.commentSays(2, "### ✅ Applied")
	if got := w.live(sales); !strings.Contains(got, "in rupees") {
		t.Errorf("want the reviewed prompt to be live, got %q", got)
	}
	w.fetch()
	w.drift().ends(0, "").says("::set-output:: changes=false")
}

// TestTwoPullRequests merges one while another is open that changes another
// agent: both are applied as they were reviewed, each by its own run or, where
// GitHub drops the first from its queue, by the second one's.
func TestTwoPullRequests(t *testing.T) {
	for name, dropped := range map[string]bool{"one by one": false, "at once": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.begin()
			w.push(2, repository, "Budget in rupees", func() { w.replace(prompt, "- Ask for the budget.", "- Ask for the budget in rupees.") })
			w.push(3, repository, "More departments", func() {
				w.replace("agents/clinic-hindi.yaml", "[general, dental, eye]", "[general, dental, eye, skin]")
			})
			w.plan(2).ends(0, "")
			w.plan(3).ends(0, "")
			if dropped {
				w.land(2)
			} else {
				w.merge(2).ends(0, "")
				w.fetch()
				w.commentSays(2, "### ✅ Applied")
			}
			w.merge(3).ends(0, "")
			w.commentSays(3, "### ✅ Applied")
			w.fetch()
			w.drift().ends(0, "").says("::set-output:: changes=false")
		})
	}
}

// TestUnreviewedIsNotApplied merges a pull request whose plan never ran.
func TestUnreviewedIsNotApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.push(1, repository, "Our first agents", func() { w.replace("README.md", "Our", "Our two") })
	w.unchanged(func() { w.merge(1).ends(4, "not-reviewed") })
}

// TestRunnerWithoutGo ends in the action's first step, which sets the output too.
func TestRunnerWithoutGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = []string{"PATH=" + filepath.Join(newRunner(t).dir, "bin")}
	w.push(1, repository, "Our first agents", func() { w.replace("README.md", "Our", "Our two") })
	const line = "::error title=agentsync::agentsync is built with Go 1.26.0 or newer, and this runner has none"
	// act reads what a step prints from a terminal, and stops when the step has
	// ended: of one that ends within milliseconds, as this one does, the last
	// line is lost now and then. Then all else must be as ever, and the line come
	// when it runs again. Steps that run agentsync have requests to make after
	// the lines that are looked for.
	r := w.plan(1).ends(1, "error")
	for tries := 1; tries < 3 && !strings.Contains(r.log, line); tries++ {
		r = w.plan(1).ends(1, "error")
	}
	r.says(line)
}

// TestForkIsPlannedOffline plans a stranger's pull request, which brings along
// what could lead the build of the action astray.
func TestForkIsPlannedOffline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	w.push(2, "stranger/agents", "Be nicer", func() {
		w.replace(prompt, "- Ask for the budget.", "- Never ask for the budget.")
		w.write("go.work", "go 1.26\nuse ./nowhere\n")
		w.write("go.mod", "module github.com/agentsync/agentsync\n\ngo 9.99\n")
		w.write("go.env", "GOFLAGS=-toolexec=/evil\n")
		w.write("action.yml", "runs: {using: composite, steps: [{run: exit 1, shell: bash}]}\n")
	})
	requests := len(w.platform.Requests())
	r := w.plan(2).ends(0, "").says("Never ask for the budget.", "not compared with the platform")
	if strings.Contains(strings.ToLower(r.log), "no changes") {
		t.Error("the run says that there are no changes")
	}
	if got := len(w.platform.Requests()); got != requests {
		t.Errorf("it made %d requests to the platform", got-requests)
	}
	for _, c := range w.repo().CommentsOn(2) {
		t.Errorf("a token that only reads wrote a comment: %s", c.Body)
	}
}

// TestInvalidManifest annotates the line, and takes back what an earlier plan said.
func TestInvalidManifest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.push(1, repository, "Our first agents", func() { w.replace("README.md", "Our", "Our two") })
	w.plan(1).ends(0, "")
	w.push(1, repository, "Misspell it", func() { w.replace("agents/outbound-sales.yaml", "temperature", "temprature") })
	w.plan(1).ends(1, "validation").says("file=agents/outbound-sales.yaml,line=23,")
	w.commentSays(1, "The plan failed")
	w.unchanged(func() { w.merge(1).ends(1, "validation") })
	if got := w.live(sales); got != "" {
		t.Errorf("an agent was made of wrong manifests: %s", got)
	}
}

// TestReportIsKept: the page of the fleet is the run's artifact, with what came
// of a merge and of an edit in the dashboard.
func TestReportIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	w.dashboard(sales, "Shout.")
	var page string
	w.unchanged(func() {
		var r run
		page, r = w.report()
		r.ends(0, "")
	})
	for _, want := range []string{`<a class="open" href="#outbound-sales">`, "drift of config", `"Shout."`, "Our first agents (#1)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

// TestDriftComesAsAPullRequest: an edit in the dashboard is proposed as the files
// that want it, and its pull request is closed when the edit is taken back.
func TestDriftComesAsAPullRequest(t *testing.T) {
	t.Parallel()
	const branch = "agentsync/drift/main"
	w := newWorld(t)
	w.begin()
	was := w.live(sales)
	w.dashboard(sales, "Shout.\n")
	w.unchanged(func() { w.driftPull().ends(4, "drift") })
	w.driftPull().ends(4, "drift")
	pulls := w.repo().Pulls
	last := pulls[len(pulls)-1]
	if last.Head.Ref != branch || last.State != "open" || !strings.Contains(last.Body, "config changed on the platform") || len(w.repo().Issues) != 0 {
		t.Fatalf("want one pull request of drift, got %+v", last)
	}
	if got := w.repo().Files[branch][prompt]; got != "Shout.\n" {
		t.Errorf("its branch has %q", got)
	}
	w.dashboard(sales, was)
	w.driftPull().ends(0, "")
	if last = w.repo().Pull(last.Number); last.State != "closed" || w.repo().Files[branch] != nil {
		t.Errorf("want it closed and the branch gone, got %+v", last)
	}
}
