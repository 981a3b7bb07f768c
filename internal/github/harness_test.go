package github_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/cli"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
	"github.com/agentsync/agentsync/sync/sandbox"
)

const (
	repo    = "acme/agents"
	headSHA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"
	baseSHA = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb2"
	mergeAt = "ccccccccccccccccccccccccccccccccccccccc3"
)

// world is a repository with a project, a GitHub and a platform, and the
// workflow run that jobs are in.
type world struct {
	t        *testing.T
	dir      string // the workspace
	project  string // "" for the workspace itself
	github   *fakegithub.Server
	platform *sandbox.Server
	faults   *faults.Proxy
	env      map[string]string
	slept    time.Duration
	later    time.Duration // that the clock of the jobs is ahead
	jobs     int
	summary  string // of other steps, in each job's
}

const manifests = `apiVersion: agentsync/v1
kind: Agent
metadata: {name: sales}
spec:
  agent: {agent_name: Sales, agent_description: Sells, agent_type: OUTBOUND}
  config:
    system_prompt: {file: prompts/sales.md}
  call_outcomes:
    - {outcome_name: lead, outcome_description: Is it one, outcome_type: BOOLEAN, is_visible: true}
---
apiVersion: agentsync/v1
kind: Agent
metadata: {name: support}
spec:
  agent: {agent_name: Support, agent_description: Helps, agent_type: INBOUND}
  config:
    system_prompt: Help the caller.
`

// newWorld has the manifests above, applied, and the pull request 7, open.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), env: map[string]string{}}
	platform, err := sandbox.New(sandbox.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	w.platform, w.faults = platform, faults.New(platform, 1)
	w.serve("")
	server := httptest.NewServer(w.faults)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"INDUSLABS_BASE_URL": server.URL, "INDUSLABS_EMAIL": sandbox.DefaultEmail, "INDUSLABS_PASSWORD": sandbox.DefaultPassword,
		"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": repo, "GITHUB_TOKEN": fakegithub.ActionsToken,
		"GITHUB_SERVER_URL": "https://git.example.com", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1",
		"GITHUB_WORKSPACE": w.dir, "RUNNER_TEMP": t.TempDir(),
	} {
		w.env[name] = value
	}
	w.write("agents.yaml", manifests)
	w.write("prompts/sales.md", "Sell politely.\n")
	w.cli(0, "apply", "--auto-approve")
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		r.Pulls = []*fakegithub.Pull{{Number: 7, State: "open", Head: fakegithub.Ref{Ref: "topic", SHA: headSHA, Repo: repo},
			Base: fakegithub.Ref{Ref: "main", SHA: baseSHA, Repo: repo}}}
	})
	w.onPull()
	return w
}

// serve makes a fresh GitHub below a prefix.
func (w *world) serve(prefix string) {
	w.github = fakegithub.New(fakegithub.Options{Prefix: prefix})
	server := httptest.NewServer(w.github)
	w.t.Cleanup(server.Close)
	w.env["GITHUB_API_URL"] = server.URL + prefix
}

// addToken makes GitHub know one more token.
func (w *world) addToken(token string, who fakegithub.Token) {
	state := w.github.State()
	w.github = fakegithub.New(fakegithub.Options{Tokens: map[string]fakegithub.Token{token: who}, State: state})
	server := httptest.NewServer(w.github)
	w.t.Cleanup(server.Close)
	w.env["GITHUB_API_URL"] = server.URL
}

func (w *world) write(name, content string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) replace(name, old, new string) {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil || !strings.Contains(string(data), old) {
		w.t.Fatalf("%s has no %q: %v", name, old, err)
	}
	w.write(name, strings.Replace(string(data), old, new, 1))
}

// move puts the project into a folder of the repository, where the next jobs look for it.
func (w *world) move(folder string) {
	w.t.Helper()
	entries, err := os.ReadDir(w.dir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(w.dir, folder), 0o755)
	}
	for _, entry := range entries {
		if err == nil {
			err = os.Rename(filepath.Join(w.dir, entry.Name()), filepath.Join(w.dir, folder, entry.Name()))
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.project = filepath.Join(w.dir, folder)
}

func (w *world) repo() *fakegithub.Repo { return w.github.State().Repos[repo] }

// onPull makes the next jobs run for the pull request.
func (w *world) onPull() {
	pull := w.repo().Pull(7)
	w.event("pull_request", map[string]any{"number": 7, "pull_request": map[string]any{"number": 7,
		"head": side(pull.Head), "base": side(pull.Base), "user": map[string]any{"login": "octo"}}})
	w.env["GITHUB_SHA"], w.env["GITHUB_REF"] = "ddddddddddddddddddddddddddddddddddddddd4", "refs/pull/7/merge"
}

func side(r fakegithub.Ref) map[string]any {
	if r.Repo == "" {
		return map[string]any{"ref": r.Ref, "sha": r.SHA, "repo": nil}
	}
	return map[string]any{"ref": r.Ref, "sha": r.SHA, "repo": map[string]any{"full_name": r.Repo}}
}

// onPush makes the next jobs run for a push of this commit to main, which may
// be there already.
func (w *world) onPush(sha string) {
	w.github.Edit(func(s *fakegithub.State) {
		r := s.Repo(repo)
		if !slices.ContainsFunc(r.Commits, func(c *fakegithub.Commit) bool { return c.SHA == sha }) {
			r.Push("main", sha)
		}
	})
	w.event("push", map[string]any{"after": sha, "ref": "refs/heads/main"})
	w.env["GITHUB_SHA"], w.env["GITHUB_REF"] = sha, "refs/heads/main"
}

func (w *world) event(name string, payload any) {
	w.t.Helper()
	data, err := json.Marshal(payload)
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.t.TempDir(), "event.json")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		w.t.Fatal(err)
	}
	w.env["GITHUB_EVENT_NAME"], w.env["GITHUB_EVENT_PATH"] = name, path
}

// merge merges the pull request and makes the next jobs run for the push.
func (w *world) merge() { w.mergeAs(mergeAt) }

// mergeAs merges the pull request as a commit.
func (w *world) mergeAs(commit string) {
	w.github.Edit(func(s *fakegithub.State) { s.Repo(repo).Merge(7, commit, time.Now()) })
	w.onPush(commit)
}

// result is what a job left.
type result struct {
	code           int
	stdout, stderr string
	outputs        map[string]string
	summary        string
	platform, hub  int // writes to each

}

func (r result) String() string {
	return fmt.Sprintf("exit %d, outputs %v\n--- stdout\n%s--- stderr\n%s--- summary\n%s", r.code, r.outputs, r.stdout, r.stderr, r.summary)
}

// cli runs the program in the workspace.
func (w *world) cli(code int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	got, stdout, stderr := w.run(context.Background(), args)
	if got != code {
		w.t.Fatalf("agentsync %v: exit %d, want %d\n%s%s", args, got, code, stdout, stderr)
	}
	return stdout, stderr
}

func (w *world) run(ctx context.Context, args []string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	if w.env["INPUT_WORKING_DIRECTORY"] == "" {
		args = append([]string{"-C", cmp.Or(w.project, w.dir)}, args...)
	}
	code = cli.Main(ctx, args, cli.Env{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
		Getenv: func(name string) string { return w.env[name] }, Now: func() time.Time { return time.Now().Add(w.later) },
		Sleep: func(ctx context.Context, d time.Duration) error {
			w.slept += d
			return ctx.Err()
		},
	}, github.Command)
	return code, out.String(), errs.String()
}

// job runs a job, which must exit with code and give this failure-reason.
func (w *world) job(code int, reason, command string, args ...string) result {
	w.t.Helper()
	return w.jobIn(context.Background(), code, reason, command, args...)
}

func (w *world) jobIn(ctx context.Context, code int, reason, command string, args ...string) result {
	w.t.Helper()
	w.jobs++
	dir := w.t.TempDir()
	w.env["GITHUB_OUTPUT"], w.env["GITHUB_STEP_SUMMARY"] = filepath.Join(dir, "outputs"), filepath.Join(dir, "summary.md")
	if err := os.WriteFile(w.env["GITHUB_STEP_SUMMARY"], []byte(w.summary), 0o644); err != nil {
		w.t.Fatal(err)
	}
	before, hub := w.faults.Writes(), w.github.Writes()
	r := result{}
	r.code, r.stdout, r.stderr = w.run(ctx, append([]string{"github", command}, args...))
	r.platform, r.hub = w.faults.Writes()-before, w.github.Writes()-hub
	data, _ := os.ReadFile(w.env["GITHUB_STEP_SUMMARY"])
	r.summary = string(data)
	data, err := os.ReadFile(w.env["GITHUB_OUTPUT"])
	if err != nil {
		w.t.Fatalf("no outputs: %v\n%s", err, r)
	}
	r.outputs = readOutputs(w.t, string(data))
	if r.code != code || r.outputs["failure-reason"] != reason {
		w.t.Fatalf("github %s: exit %d because of %q, want %d because of %q\n%s", command, r.code, r.outputs["failure-reason"], code, reason, r)
	}
	w.noSecrets(r)
	return r
}

// readOutputs reads the file as the runner does. Every output is there once.
func readOutputs(t *testing.T, text string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for text != "" {
		name, rest, ok := strings.Cut(text, "<<")
		delimiter, rest, ok2 := strings.Cut(rest, "\n")
		value, after, ok3 := strings.Cut(rest, "\n"+delimiter+"\n")
		if !ok || !ok2 || !ok3 || out[name] != "" {
			t.Fatalf("outputs are broken at %q", text)
		}
		out[name] = value
		text = after
	}
	if len(out) != 9 {
		t.Fatalf("%d outputs, want 9: %v", len(out), out)
	}
	return out
}

// noSecrets looks for tokens and passwords in all that is left behind.
func (w *world) noSecrets(r result) {
	w.t.Helper()
	texts := map[string]string{"what the job left": r.String()}
	state, err := json.Marshal(w.github.State())
	if err != nil {
		w.t.Fatal(err)
	}
	texts["GitHub"] = string(state)
	for _, dir := range []string{w.dir, w.env["RUNNER_TEMP"]} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			texts[path] = string(data)
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for where, text := range texts {
		for _, secret := range append(w.platform.Secrets(), w.github.Secrets()...) {
			if strings.Contains(text, secret) {
				w.t.Errorf("%s has the secret %.8s…", where, secret)
			}
		}
	}
}

// comments are those on the pull request.
func (w *world) comments() []*fakegithub.Comment { return w.repo().CommentsOn(7) }

// comment is the only one on the pull request, and has all these texts.
func (w *world) comment(texts ...string) *fakegithub.Comment {
	w.t.Helper()
	all := w.comments()
	if len(all) != 1 {
		w.t.Fatalf("%d comments, want 1", len(all))
	}
	has(w.t, "the comment", all[0].Body, texts...)
	return all[0]
}

func has(t *testing.T, what, text string, wanted ...string) {
	t.Helper()
	for _, one := range wanted {
		if absent, not := strings.CutPrefix(one, "!"); not == strings.Contains(text, strings.TrimPrefix(one, "!")) {
			if not {
				t.Errorf("%s has %q:\n%s", what, absent, text)
			} else {
				t.Errorf("%s has no %q:\n%s", what, one, text)
			}
		}
	}
}

// prompt is what the live version of an agent says.
func (w *world) prompt(agent string) string {
	w.t.Helper()
	snap, err := w.platform.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	a, ok := snap.Agent(agent)
	if !ok {
		w.t.Fatalf("no agent %s", agent)
	}
	for _, v := range a.Versions {
		if v.IsCurrent {
			text, _ := v.Content["system_prompt"].(string)
			return text
		}
	}
	return ""
}

// dashboard changes an agent's prompt on the platform.
func (w *world) dashboard(agent, prompt string) {
	w.t.Helper()
	d := w.platform.Dashboard()
	id, err := d.AgentID(agent)
	if err == nil {
		_, err = d.EditPrompt(id, prompt)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
