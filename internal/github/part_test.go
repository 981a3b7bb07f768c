package github_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

// inParts is a world with one more agent: of three parts, n0 is in the first, sales
// in the second and support in the third. The lock file is in git, as a checkout
// has it.
func inParts(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.write("n0.yaml", strings.NewReplacer("{name: support}", "{name: n0}", "agent_name: Support", "agent_name: Zero").
		Replace(manifests[strings.Index(manifests, "---\n")+4:]))
	w.cli(0, "apply", "--auto-approve")
	lock, err := os.ReadFile(filepath.Join(w.dir, "agentsync.lock.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).SetFile("main", "agentsync.lock.yaml", string(lock)) })
	return w
}

// checkout makes the lock file the branch's, as in a job of its own.
func (w *world) checkout() {
	w.t.Helper()
	if err := os.RemoveAll(filepath.Join(w.dir, ".agentsync")); err != nil {
		w.t.Fatal(err)
	}
	w.write("agentsync.lock.yaml", w.repo().Files["main"]["agentsync.lock.yaml"])
}

// partJob runs the job of one of three parts, and brings what it leaves to where
// the merge looks for it.
func (w *world) partJob(code int, reason, command string, part int, args ...string) result {
	w.t.Helper()
	w.checkout()
	r := w.job(code, reason, command, append([]string{"--shard", fmt.Sprintf("%d/3", part)}, args...)...)
	to := filepath.Join(w.dir, "agentsync-parts", fmt.Sprint("part-", part))
	err := os.RemoveAll(to)
	if err == nil {
		err = os.CopyFS(to, os.DirFS(r.outputs["part-path"]))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// planParts plans a change of two agents, in three parts, and merges the plans.
func (w *world) planParts() result {
	w.t.Helper()
	for i := range 3 {
		if r := w.partJob(0, "", "plan", i+1); r.hub != 0 {
			w.t.Fatalf("part %d wrote a comment", i+1)
		}
	}
	w.checkout()
	return w.job(0, "", "merge")
}

// landParts merges the pull request, and forgets what the jobs of it have left.
func (w *world) landParts() {
	w.t.Helper()
	w.merge()
	if err := os.RemoveAll(filepath.Join(w.dir, "agentsync-parts")); err != nil {
		w.t.Fatal(err)
	}
}

// TestPartsArePlannedAppliedAndMerged is the way of a pull request in three parts: one
// comment, of the plan that the whole would be; each part's apply held against it;
// one report in it, and one commit of the lock.
func TestPartsArePlannedAppliedAndMerged(t *testing.T) {
	w := inParts(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.replace("n0.yaml", "Help the caller.", "Count.")
	r := w.planParts()
	body := w.comment("### agentsync plan for `default`", "2 to update", "!part 1", "boldly", "Count.", `state="planned"`).Body
	has(t, "the summary", r.summary, "2 to update")
	whole := w.job(0, "", "plan")
	if whole.outputs["digest"] != r.outputs["digest"] || r.outputs["to-update"] != "2" || r.outputs["changes"] != "true" {
		t.Errorf("the parts make %v, and the whole is %v", r.outputs, whole.outputs)
	}
	has(t, "the comment", body, whole.outputs["digest"])
	w.checkout()
	w.job(0, "", "merge")

	w.landParts()
	w.partJob(0, "", "apply", 1)
	w.comment("### ⏳ Applying", `state="applying"`, "!part 1")
	w.partJob(0, "", "apply", 2)
	w.partJob(0, "", "apply", 3)
	w.comment("### ⏳ Applying")
	w.checkout()
	r = w.job(0, "", "merge", "--commit-lock")
	w.comment("### ✅ Applied", "4 of 4 steps done", "✓ done", "The plan as it was reviewed", `state="applied"`)
	has(t, "the summary", r.summary, "### ✅ Applied", "4 of 4 steps done", "The lock file was committed")
	if w.prompt("Sales") != "Sell boldly." || w.prompt("Zero") != "Count." {
		t.Errorf("prompts %q, %q", w.prompt("Sales"), w.prompt("Zero"))
	}
	if n := len(regexp.MustCompile(`(?m)^ +version: 2$`).FindAllString(w.repo().Files["main"]["agentsync.lock.yaml"], -1)); n != 2 {
		t.Errorf("%d agents of version 2 in the lock:\n%s", n, w.repo().Files["main"]["agentsync.lock.yaml"])
	}
	w.checkout()
	w.settled()

	// All again: nothing is left, and the report stays.
	for i := range 3 {
		if r := w.partJob(0, "", "apply", i+1); r.platform != 0 || r.hub != 0 {
			t.Errorf("part %d: %d and %d writes", i+1, r.platform, r.hub)
		}
	}
	w.checkout()
	if r := w.job(0, "", "merge", "--commit-lock"); r.hub != 0 {
		t.Errorf("%d writes", r.hub)
	}
	w.comment("### ✅ Applied", "4 of 4 steps done")
}

// TestPartThatChanged: what has moved in one part stops that part alone. The comment
// says which and how, and the job run again does the rest.
func TestPartThatChanged(t *testing.T) {
	w := inParts(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.replace("n0.yaml", "Help the caller.", "Count.")
	w.planParts()
	w.landParts()
	w.dashboard("Sales", "Sell by the dashboard.")
	w.partJob(0, "", "apply", 1)
	r := w.partJob(3, "plan-changed", "apply", 2)
	if r.platform != 0 {
		t.Errorf("%d writes", r.platform)
	}
	has(t, "stdout", r.stdout, "What differs from the reviewed plan:", "Sell by the dashboard.", "!n0")
	w.partJob(0, "", "apply", 3)
	w.checkout()
	r = w.job(3, "plan-changed", "merge", "--commit-lock")
	has(t, "stderr", r.stderr, "part 2/3: the plan is not the one that was reviewed, nothing was written")
	w.comment("### ❌ The apply failed", "2 of 2 steps done", "#### part 2/3: ⛔ The plan is not the one that was reviewed", "Sell by the dashboard.", `state="failed"`)
	if w.prompt("Zero") != "Count." || w.prompt("Sales") != "Sell by the dashboard." {
		t.Errorf("prompts %q, %q", w.prompt("Zero"), w.prompt("Sales"))
	}

	// Changed back, the failed part's job and the merge are run again.
	w.dashboard("Sales", "Sell politely.")
	w.env["GITHUB_RUN_ATTEMPT"] = "2"
	w.partJob(3, "plan-changed", "apply", 2) // it is another version than was reviewed
	w.partJob(0, "", "apply", 2, "--require-reviewed-plan=false", "--on-drift", "overwrite")
	w.checkout()
	w.job(0, "", "merge", "--commit-lock")
	w.comment("### ✅ Applied", "4 of 4 steps done", `state="applied"`)
	w.checkout()
	w.settled()
}

// TestPartThatFails: a part's apply ends on the way, and is run again.
func TestPartThatFails(t *testing.T) {
	w := inParts(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.replace("n0.yaml", "Help the caller.", "Count.")
	w.planParts()
	w.landParts()
	w.partJob(0, "", "apply", 1)
	w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Do: faults.Status(http.StatusUnprocessableEntity)})
	w.partJob(1, "apply-failed", "apply", 2)
	w.partJob(0, "", "apply", 3)
	w.checkout()
	w.job(1, "apply-failed", "merge", "--commit-lock")
	w.comment("### ❌ The apply failed", "3 of 4 steps done, 1 failed", `state="failed"`)
	has(t, "the lock", w.repo().Files["main"]["agentsync.lock.yaml"], "unfinished: true")

	w.faults.Reset()
	w.env["GITHUB_RUN_ATTEMPT"] = "2"
	w.partJob(0, "", "apply", 2)
	w.checkout()
	w.job(0, "", "merge", "--commit-lock")
	w.comment("### ✅ Applied", `state="applied"`)
	has(t, "the lock", w.repo().Files["main"]["agentsync.lock.yaml"], "!unfinished")
	w.checkout()
	w.settled()
}

// TestMergeRefuses holds what a merge takes for no whole: a part that is missing or
// of something else. There is then no plan that an apply goes by.
func TestMergeRefuses(t *testing.T) {
	w := inParts(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	r := w.job(1, "error", "merge")
	has(t, "stderr", r.stderr, "no parts: ", "download the artifacts")
	w.planParts()
	w.comment("boldly")
	if err := os.RemoveAll(filepath.Join(w.dir, "agentsync-parts", "part-2")); err != nil {
		t.Fatal(err)
	}
	r = w.job(1, "error", "merge")
	has(t, "stderr", r.stderr, "parts are missing: 2/3")
	w.comment("### ❌ The plan failed", "parts are missing: 2/3", `state="plan-failed"`)
	w.partJob(0, "", "plan", 2, "--prune")
	r = w.job(1, "error", "merge")
	has(t, "stderr", r.stderr, "part-2: prune true, and in part-1 false")
	has(t, "stderr", w.job(64, "error", "merge", "--shard", "1/3").stderr, "input shard: a merge is of all parts")
	has(t, "stderr", w.job(64, "error", "drift", "--shard", "1/3", "--pull-request").stderr, "inputs shard and pull-request")
	w.env["INPUT_SHARD"] = "4/3"
	has(t, "stderr", w.job(64, "error", "plan").stderr, `input shard: want a part such as 1/8, with at most 256 parts, got "4/3"`)
	delete(w.env, "INPUT_SHARD")

	// An apply that lacks a part is no success.
	w.partJob(0, "", "plan", 2)
	w.job(0, "", "merge")
	w.landParts()
	w.partJob(0, "", "apply", 2)
	w.partJob(0, "", "apply", 3)
	r = w.job(1, "error", "merge")
	has(t, "stderr", r.stderr, "parts are missing: 1/3")
	w.comment("### ❌ The apply failed", "parts are missing: 1/3", `state="failed"`)
}

// TestPartThatIsLost: what became of a part's apply that has said nothing of its end,
// or whose folder is not there, nobody knows. It is no success, and nothing that is
// still under way.
func TestPartThatIsLost(t *testing.T) {
	w := inParts(t)
	w.replace("n0.yaml", "Help the caller.", "Count.")
	w.planParts()
	w.landParts()
	for i := range 3 {
		w.partJob(0, "", "apply", i+1)
	}
	w.comment(`state="applying"`)
	part := filepath.Join(w.dir, "agentsync-parts", "part-1")
	if err := os.Remove(filepath.Join(part, "apply.json")); err != nil {
		t.Fatal(err)
	}
	w.checkout()
	const why = "part 1/3: its job has not said what became of the apply"
	has(t, "stderr", w.job(1, "error", "merge").stderr, why)
	w.comment("### ❌ The apply failed", why, `state="failed"`)

	// What is there and can't be read is not lost in silence, and takes nothing from the others.
	for _, name := range []string{"apply.json", "plan.json"} {
		if err := os.WriteFile(filepath.Join(part, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := w.job(1, "error", "merge")
	has(t, "stderr", r.stderr, "part-1: apply.json: unexpected end of JSON input", "part-1: plan file: it ends too early", "parts are missing: 1/3")
	has(t, "stdout", r.stdout, "Apply failed: 0 done of 0 steps.")
	w.comment("### ❌ The apply failed", "#### part-1: ❌ The apply failed", "apply.json: unexpected end of JSON input", `state="failed"`)

	w.env["GITHUB_RUN_ATTEMPT"] = "2"
	w.github.Edit(func(s *fakegithub.State) { // as the part's job has left it
		one := s.Repo(repo).Comments[0]
		one.Body = strings.Replace(one.Body, `state="failed"`, `state="applying"`, 1)
	})
	if err := os.RemoveAll(part); err != nil {
		t.Fatal(err)
	}
	w.checkout()
	has(t, "stderr", w.job(1, "error", "merge").stderr, "parts are missing: 1/3")
	w.comment("### ❌ The apply failed", "parts are missing: 1/3", `state="failed"`)

	w.partJob(0, "", "apply", 1)
	w.checkout()
	w.job(0, "", "merge")
	w.comment("### ✅", `state="applied"`)
}

// TestPartsOfALargePlan: where the comment does not hold the plan, each part is held
// against its digest there, and any other number of parts is refused.
func TestPartsOfALargePlan(t *testing.T) {
	w := inParts(t)
	w.replace("n0.yaml", "Help the caller.", "Count.")
	var b strings.Builder
	for i := range 1_500 { // hardly packs
		fmt.Fprintf(&b, "नमस्ते %x\n", uint64(i+1)*0x9e3779b97f4a7c15)
	}
	w.write("prompts/sales.md", b.String())
	w.planParts()
	if body := w.comment("2 to update", `parts="`).Body; len(body) >= 60_000 || len(body) < 40_000 {
		t.Errorf("the comment has %d bytes", len(body))
	}
	w.landParts()
	r := w.job(3, "plan-changed", "apply", "--shard", "1/2")
	has(t, "stderr", r.stderr, "the plan was reviewed in 3 parts, and what the comment holds does not cover part 1/2", "apply it in as many parts as it was planned in, 3")
	if r.platform != 0 {
		t.Errorf("%d writes", r.platform)
	}
	w.dashboard("Zero", "Theirs.")
	w.partJob(3, "plan-changed", "apply", 1)
	w.partJob(0, "", "apply", 2)
	if w.prompt("Sales") != strings.TrimSpace(b.String()) {
		t.Error("part 2 was not applied")
	}
}

// TestDriftOfAPart keeps an issue of its own.
func TestDriftOfAPart(t *testing.T) {
	w := inParts(t)
	w.onPush(mergeAt)
	w.dashboard("Sales", "Sell by the dashboard.")
	w.job(0, "", "drift", "--shard", "1/3")
	w.job(4, "drift", "drift", "--shard", "2/3")
	w.job(0, "", "drift", "--shard", "3/3")
	issues := w.repo().Issues
	if len(issues) != 1 || issues[0].State != "open" || !strings.Contains(issues[0].Title, "(branch main, part 2/3)") {
		t.Fatalf("issues: %+v", issues)
	}
	w.dashboard("Sales", "Sell politely.")
	w.job(0, "", "drift", "--shard", "2/3")
	if issues := w.repo().Issues; len(issues) != 1 || issues[0].State != "closed" {
		t.Errorf("issues: %+v", issues[0])
	}
}
