package elsewhere

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/cli"
	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/github"
	"github.com/agentsync/agentsync/sync/sandbox"
	"gopkg.in/yaml.v3"
)

const (
	template = "../../examples/gitlab/.gitlab-ci.yml"
	sales    = "Outbound Sales Agent"
	prompt   = "prompts/outbound-sales.md"
	archive  = "agentsync_1.2.3_linux_amd64.tar.gz"
)

// TestMain makes this binary the program as well.
func TestMain(m *testing.M) {
	if os.Getenv("IS_AGENTSYNC") != "" {
		os.Exit(cli.Main(cli.Signals(), os.Args[1:], cli.OSEnv(), github.Command))
	}
	os.Exit(m.Run())
}

// job is a job of the template, with what it extends.
type job struct {
	Extends      string
	Variables    map[string]string
	Rules        []map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	Artifacts    struct{ Paths []string }
}

func readTemplate(t *testing.T) map[string]job {
	t.Helper()
	data, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	jobs := map[string]job{}
	if err := yaml.Unmarshal(data, &jobs); err != nil {
		t.Fatal(err)
	}
	return jobs
}

// world is a project on GitLab whose agents are on a sandbox.
type world struct {
	t        *testing.T
	jobs     map[string]job
	gitlab   *gitlabFake
	platform *sandbox.Server
	address  string
	origin   string // the repository; its main is checked out
	sha256   string // what AGENTSYNC_SHA256 says
}

// newWorld has the quickstart's two agents made by merge request 1.
func newWorld(t *testing.T) *world {
	if runtime.GOOS == "windows" {
		t.Skip("the template's jobs run on linux")
	}
	for _, tool := range []string{"sh", "curl", "jq", "git", "tar", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil && !exhaustive.On() {
			t.Skip("the template needs", tool)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Parallel()
	platform, err := sandbox.New(sandbox.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(platform)
	t.Cleanup(server.Close)
	w := &world{t: t, jobs: readTemplate(t), gitlab: newFake(t), platform: platform, address: server.URL, origin: t.TempDir()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data := packed(t, "#!/bin/sh\nIS_AGENTSYNC=1 exec '"+self+"' \"$@\"\n")
	w.gitlab.change(func() { w.gitlab.archives["/releases/v1.2.3/"+archive] = data })
	w.sha256 = fmt.Sprintf("%x", sha256.Sum256(data))

	if err := os.CopyFS(w.origin, os.DirFS("../../examples/quickstart")); err != nil {
		t.Fatal(err)
	}
	w.git("init", "-q", "-b", "main")
	w.git("commit", "-q", "--allow-empty", "-m", "Begin")
	w.git("add", ".")
	w.merge(1, w.commit("Two agents"), w.run("agentsync-plan", 1).ends(0))
	w.run("agentsync-apply", 0).ends(0)
	return w
}

// packed is a release's archive with a program.
func packed(t *testing.T, program string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	files := tar.NewWriter(zipped)
	if err := files.WriteHeader(&tar.Header{Name: "agentsync", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	_, _ = files.Write([]byte(program))
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (w *world) git(args ...string) string {
	w.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = w.origin, gitEnv()
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func gitEnv() []string {
	return append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
}

// commit commits what the repository's folder holds, and returns the commit.
func (w *world) commit(message string) string {
	w.t.Helper()
	w.git("commit", "-q", "-a", "-m", message)
	return w.git("rev-parse", "HEAD")
}

// edit replaces a text of the sales prompt, and commits.
func (w *world) edit(old, new string) string {
	w.t.Helper()
	path := filepath.Join(w.origin, prompt)
	data, err := os.ReadFile(path)
	if err != nil || strings.Count(string(data), old) != 1 {
		w.t.Fatalf("%q is not there once: %v", old, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return w.commit(new)
}

// merge says that a commit is a merge request's, and that its plan was made.
func (w *world) merge(request int, commit string, plan *result) {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(plan.dir, "plan.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.gitlab.mu.Lock()
	defer w.gitlab.mu.Unlock()
	w.gitlab.merged[commit], w.gitlab.plans[request] = request, data
}

func (w *world) live() string {
	w.t.Helper()
	snapshot, err := w.platform.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	agent, _ := snapshot.Agent(sales)
	version, _ := agent.Live()
	text, _ := version.Content["system_prompt"].(string)
	return text
}

// result is a job that has run.
type result struct {
	t    *testing.T
	dir  string // its clone, where its artifacts are
	code int
	said string
}

func (r *result) ends(code int) *result {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("the job ended with %d, want %d:\n%s", r.code, code, r.said)
	}
	return r
}

// run does a job at the repository's HEAD, in a clone of its own: for a merge
// request, or where that is 0 for the branch. More variables are "NAME=value".
func (w *world) run(name string, request int, variables ...string) *result {
	w.t.Helper()
	return w.runAt(name, request, w.git("rev-parse", "HEAD"), variables...)
}

func (w *world) runAt(name string, request int, commit string, variables ...string) *result {
	w.t.Helper()
	r := &result{t: w.t, dir: filepath.Join(w.t.TempDir(), "builds")}
	w.git("clone", "-q", w.origin, r.dir)
	w.git("-C", r.dir, "checkout", "-q", "--detach", commit)
	base := w.jobs[w.jobs[name].Extends]
	if !strings.HasPrefix(base.BeforeScript[0], "apk add ") {
		w.t.Fatal("the first line installs packages, which a test leaves out")
	}
	env := gitEnv()
	for key, value := range base.Variables {
		env = append(env, key+"="+value)
	}
	env = append(env, "CI=true", "CI_API_V4_URL="+w.gitlab.URL+"/api/v4", "CI_PROJECT_ID="+project, "CI_PROJECT_DIR="+r.dir,
		"CI_COMMIT_SHA="+commit, "CI_COMMIT_BRANCH=main", "CI_JOB_URL=https://gitlab.example.com/jobs/1", "AGENTSYNC_GITLAB_TOKEN="+token,
		"AGENTSYNC_VERSION=1.2.3", "AGENTSYNC_SHA256="+w.sha256, "AGENTSYNC_RELEASES="+w.gitlab.URL+"/releases",
		"INDUSLABS_BASE_URL="+w.address, "INDUSLABS_EMAIL="+sandbox.DefaultOptions().Email, "INDUSLABS_PASSWORD="+sandbox.DefaultOptions().Password)
	if request > 0 {
		env = append(env, fmt.Sprintf("CI_MERGE_REQUEST_IID=%d", request), "CI_MERGE_REQUEST_DIFF_BASE_SHA="+w.git("rev-parse", commit+"~1"))
	}
	cmd := exec.Command("sh", "-e", "-c", strings.Join(slices.Concat(base.BeforeScript[1:], w.jobs[name].Script), "\n"))
	cmd.Dir, cmd.Env = r.dir, append(env, variables...)
	out, err := cmd.CombinedOutput()
	r.code, r.said = cmd.ProcessState.ExitCode(), string(out)
	if err != nil && r.code < 0 {
		w.t.Fatal(err)
	}
	if strings.Contains(r.said, token) {
		w.t.Errorf("the job shows the token:\n%s", r.said)
	}
	return r
}

// TestReviewedIsApplied is the way of a merge request: one note that later
// pushes update, and a merge that does what it says.
func TestReviewedIsApplied(t *testing.T) {
	w := newWorld(t)
	marker := regexp.MustCompile(`^<!-- .* -->`).FindString(w.gitlab.ours(1))
	for range 3 {
		w.gitlab.add(2, 8, marker+"\nI am no plan.")
	}
	w.edit("Ask for the budget.", "Ask for the budget in rupees.\n</pre>\n/close")
	w.platform.ResetRequests()
	w.run("agentsync-plan", 2).ends(0)
	plan := w.run("agentsync-plan", 2).ends(0)
	note := w.gitlab.ours(2)
	if strings.Count(note, marker) != 1 || !strings.Contains(note, "+ - Ask for the budget in rupees.") || strings.Contains(note, "clinic-hindi") {
		t.Errorf("want one note, about what changes, got:\n%s", note)
	}
	if n := w.platform.CountWrites(); n != 0 {
		t.Errorf("a plan has written %d times", n)
	}
	w.merge(2, w.git("rev-parse", "HEAD"), plan)
	w.run("agentsync-apply", 0).ends(0)
	if !strings.Contains(w.live(), "in rupees") {
		t.Errorf("not live: %s", w.live())
	}
	note = w.gitlab.ours(2)
	if strings.Count(note, marker) != 1 || !strings.Contains(note, "✅ Applied, by https://gitlab.example.com/jobs/1") ||
		regexp.MustCompile(`(?m)^/`).MatchString(note) || strings.Count(note, "</pre>") != 1 {
		t.Errorf("want the note to say that it was applied, and nothing that GitLab would do, got:\n%s", note)
	}

	// What somebody has changed since is not overwritten by running the job again.
	w.dashboard("Mine.")
	w.run("agentsync-apply", 0).ends(3)
	if w.live() != "Mine." || !strings.Contains(w.gitlab.ours(2), "⛔ The plan has changed since the review") {
		t.Errorf("live is %q, the note:\n%s", w.live(), w.gitlab.ours(2))
	}
}

func (w *world) dashboard(prompt string) {
	w.t.Helper()
	id, err := w.platform.Dashboard().AgentID(sales)
	if err == nil {
		_, err = w.platform.Dashboard().EditPrompt(id, prompt)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestNothingUnreviewedIsApplied has what stops an apply before it writes.
func TestNothingUnreviewedIsApplied(t *testing.T) {
	exhaustive.Only(t, "TestReviewedIsApplied is the short form")
	w := newWorld(t)
	before := w.live()
	direct := w.edit("Ask for the budget.", "Ask for all their money.")
	r := w.run("agentsync-apply", 0).ends(1)
	says(t, r, "came from no merge request")
	w.gitlab.change(func() { w.gitlab.merged[direct] = 3 })
	says(t, w.run("agentsync-apply", 0).ends(1), "Merge request !3 has no plan")

	// Reverted since: a run that comes late brings it back no more.
	w.merge(3, direct, w.run("agentsync-plan", 3).ends(0))
	w.edit("Ask for all their money.", "Ask for the budget.")
	says(t, w.runAt("agentsync-apply", 0, direct).ends(1), "A later commit of main changes outbound-sales as well")

	// A plan of something else than the merge does.
	other := w.run("agentsync-plan", 4).ends(0)
	w.merge(4, w.edit("Ask for the budget.", "Ask for their address."), other)
	w.run("agentsync-apply", 0).ends(3)
	if w.live() != before {
		t.Errorf("something was applied: %s", w.live())
	}
}

// TestALabelPlansAll: what a failed apply has left is in the plan of a merge
// request that changes nothing, where it has the label.
func TestALabelPlansAll(t *testing.T) {
	exhaustive.Only(t, "TestReviewedIsApplied is the short form")
	w := newWorld(t)
	w.edit("Ask for the budget.", "Ask for the budget in rupees.") // no run has applied it
	w.git("commit", "-q", "--allow-empty", "-m", "Once more")
	says(t, w.run("agentsync-plan", 5).ends(0), "Nothing to plan.")
	says(t, w.run("agentsync-plan", 5, "CI_MERGE_REQUEST_LABELS=urgent,agentsync-all").ends(0), "Plan: 1 to update")
}

// TestAForkIsComparedWithGit: without a login nothing is asked of the platform.
func TestAForkIsComparedWithGit(t *testing.T) {
	exhaustive.Only(t, "TestReviewedIsApplied is the short form")
	w := newWorld(t)
	w.edit("Ask for the budget.", "Ask for the budget in rupees.")
	w.platform.ResetRequests()
	r := w.run("agentsync-plan", 6, "AGENTSYNC_GITLAB_TOKEN=", "INDUSLABS_EMAIL=", "INDUSLABS_PASSWORD=").ends(0)
	says(t, r, "+ - Ask for the budget in rupees.")
	if n := len(w.platform.Requests()); n != 0 || w.gitlab.ours(6) != "" {
		t.Errorf("%d requests, and the note %q", n, w.gitlab.ours(6))
	}
}

// TestNothingUncheckedRuns: an archive with another checksum is not unpacked.
func TestNothingUncheckedRuns(t *testing.T) {
	w := newWorld(t)
	other := packed(t, "#!/bin/sh\necho I run\n")
	w.gitlab.change(func() { w.gitlab.archives["/releases/v1.2.3/"+archive] = other })
	r := w.run("agentsync-plan", 2)
	if r.code == 0 || strings.Contains(r.said, "I run") {
		t.Errorf("the job ended with %d:\n%s", r.code, r.said)
	}
}

func says(t *testing.T, r *result, want string) {
	t.Helper()
	if !strings.Contains(r.said, want) {
		t.Errorf("want %q in:\n%s", want, r.said)
	}
}

// TestRules holds when which job runs, and what is kept of it.
func TestRules(t *testing.T) {
	jobs := readTemplate(t)
	for name, want := range map[string]struct{ rule, kept string }{
		"agentsync-plan":  {`$CI_PIPELINE_SOURCE == "merge_request_event"`, "plan.json"},
		"agentsync-apply": {`$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH`, "report.json"},
	} {
		j := jobs[name]
		if len(j.Rules) != 1 || j.Rules[0]["if"] != want.rule || !slices.Contains(j.Artifacts.Paths, want.kept) {
			t.Errorf("%s runs by %v and keeps %v, want %v", name, j.Rules, j.Artifacts.Paths, want)
		}
	}
}
