package action

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// act is the runner that the stories use. It is no module of ours: a test
// installs it, and needs no more than the module proxy for that.
const act = "github.com/nektos/act@v0.2.89"

// uploadAction is the action that keeps artifacts. The runner has one in its
// place that copies what it is given to a folder (see prepare).
const uploadAction = "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f"

const uploadStandIn = `name: upload
inputs: {name: {required: true}, path: {required: true}, if-no-files-found: {default: warn}, retention-days: {}, overwrite: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FROM: "${{ inputs.path }}", NAME: "${{ inputs.name }}", MISSING: "${{ inputs.if-no-files-found }}"}
      run: |
        [ -e "$FROM" ] || [ "$MISSING" != error ]
        mkdir -p "$ARTIFACTS"
        rm -rf "$ARTIFACTS/$NAME"
        cp -R "$FROM" "$ARTIFACTS/$NAME"
`

// downloadAction is the one that brings artifacts back, a folder each; so is what
// stands in for it.
const downloadAction = "actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131"

const downloadStandIn = `name: download
inputs: {pattern: {required: true}, path: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {PATTERN: "${{ inputs.pattern }}", TO: "${{ inputs.path }}"}
      run: |
        mkdir -p "$TO"
        for artifact in "$ARTIFACTS"/$PATTERN; do cp -R "$artifact" "$TO"; done
`

// shared is what all stories of a run use: the runner, a copy of the action,
// and the runner's cache, so that the action builds agentsync once.
var shared struct {
	once           sync.Once
	err            error
	dir            string
	act, src, home string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// needAct skips the test unless everything is to be tried: building the runner
// takes a minute on a fresh machine.
func needAct(t *testing.T) {
	t.Helper()
	if !exhaustive.On() {
		skip(t, "no runner")
	}
	shared.once.Do(func() { shared.err = prepare() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
}

// prepare installs the runner, and builds the action once in the runner's tool
// cache, as if a job had run there before.
func prepare() (err error) {
	if shared.dir, err = os.MkdirTemp("", "agentsync-action-"); err != nil {
		return err
	}
	shared.act, shared.src, shared.home = filepath.Join(shared.dir, "act"), filepath.Join(shared.dir, "src"), filepath.Join(shared.dir, "home")
	if err := os.Mkdir(shared.home, 0o755); err != nil {
		return err
	}
	install := exec.Command("go", "install", act)
	install.Env = append(os.Environ(), "GOBIN="+shared.dir)
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("install %s: %w\n%s", act, err, out)
	}
	for name, text := range map[string]string{"upload": uploadStandIn, "download": downloadStandIn} {
		dir := filepath.Join(shared.dir, name)
		if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "action.yml"), []byte(text), 0o644)); err != nil {
			return err
		}
	}
	// So that the action's build finds all modules; it gets no network below.
	if out, err := exec.Command("go", "list", "-deps", "github.com/agentsync/agentsync").CombinedOutput(); err != nil {
		return fmt.Errorf("get modules: %w\n%s", err, out)
	}
	if err := copyAction(shared.src); err != nil {
		return err
	}
	build := exec.Command("bash", filepath.Join(shared.src, "internal", "action", "build.sh"))
	build.Env = append(runnerEnv(), "ACTION_REF=v1", "GITHUB_ACTION_PATH="+shared.src, "GITHUB_OUTPUT="+os.DevNull, "RUNNER_TEMP="+shared.home,
		"RUNNER_TOOL_CACHE="+filepath.Join(shared.home, "cache", "act", "tool_cache"))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the action: %w\n%s", err, out)
	}
	return nil
}

// copyAction copies what git has or would add, as GitHub fetches an action. It
// reads every file and folder in this process: so go test knows that its results
// are old when one of them changes, although another process builds the program.
func copyAction(to string) error {
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = "../.."
	names, err := list.Output()
	if err != nil {
		return fmt.Errorf("list the action's files: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		if _, err := os.ReadDir(filepath.Join("../..", filepath.Dir(name))); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if name == "internal/action/release.txt" {
			continue // at a release's commit the action would be its release, and not what is tested
		}
		data, err := os.ReadFile(filepath.Join("../..", name))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, and not yet committed
		}
		if err != nil {
			return err
		}
		path := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// run is what came of a workflow.
type run struct {
	t      *testing.T
	number int
	code   int
	log    string
}

// act runs the workflows that listen to the event, or only the one named. A run from outside has no
// secrets, and a token that only reads, as GitHub does it for forks.
func (w *world) act(event string, outside bool, payload map[string]any, only ...string) run {
	w.t.Helper()
	w.runs++
	data, err := json.Marshal(payload)
	if err != nil {
		w.t.Fatal(err)
	}
	eventFile := filepath.Join(w.t.TempDir(), "event.json")
	if err := os.WriteFile(eventFile, data, 0o644); err != nil {
		w.t.Fatal(err)
	}
	secrets := []string{"GITHUB_TOKEN=" + fakegithub.ForkToken}
	if !outside {
		secrets = []string{"GITHUB_TOKEN=" + fakegithub.ActionsToken, "INDUSLABS_EMAIL=" + sandbox.DefaultEmail,
			"INDUSLABS_PASSWORD=" + sandbox.DefaultPassword, "INDUSLABS_API_KEY=" + sandbox.DefaultAPIKey}
	}
	args := []string{event, "--platform", "ubuntu-latest=-self-hosted", "--pull=false", "--no-cache-server",
		"--local-repository", "agentsync/agentsync@v1=" + w.action, "--local-repository", uploadAction + "=" + filepath.Join(shared.dir, "upload"),
		"--local-repository", downloadAction + "=" + filepath.Join(shared.dir, "download"), "--eventpath", eventFile, "--actor", "dev",
		"--env", "GITHUB_API_URL=" + w.urls.github, "--env", "GITHUB_REPOSITORY=" + repository,
		"--env", fmt.Sprint("GITHUB_RUN_ID=", 1000+w.runs), "--env", "NO_COLOR=1", // it gives its steps a terminal
		"--var", "INDUSLABS_BASE_URL=" + w.urls.platform,
		"--insecure-secrets", // or it would hide them where they leak
	}
	for _, workflow := range only {
		args = append(args, "--workflows", ".github/workflows/"+workflow)
	}
	for _, secret := range secrets {
		args = append(args, "--secret", secret)
	}
	cmd := exec.Command(shared.act, args...)
	cmd.Dir = w.dir
	cmd.Env = append(runnerEnv(), w.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	hung := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	defer hung.Stop()
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	fmt.Fprintf(&w.logs, "\n=== run %d: %s\n%s", w.runs, event, out.String())
	return run{w.t, w.runs, cmd.ProcessState.ExitCode(), out.String()}
}

// runnerEnv is a runner's environment. It keeps all in the shared folder but
// Go's caches, has no way to the network but loopback, and Go settings of a job
// that would break or subvert the action's build.
func runnerEnv() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + shared.home, "XDG_CACHE_HOME=" + filepath.Join(shared.home, "cache"), "TMPDIR=" + os.TempDir(),
		"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GOFLAGS=-mod=vendor -toolexec=/evil", "GOWORK=/evil/go.work", "GOOS=plan9",
	}
	for _, name := range []string{"GOMODCACHE", "GOCACHE", "GOPROXY"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			panic(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	return env
}

// ends wants the run to end so, with this failure-reason, "" for success.
func (r run) ends(code int, reason string) run {
	r.t.Helper()
	_, said, _ := cutLast(r.log, "::set-output:: failure-reason=") // the last one is the whole action's
	said, _, _ = strings.Cut(said, "\n")
	if (r.code == 0) != (code == 0) || said != reason || code != 0 && !strings.Contains(r.log, fmt.Sprintf("] exit status %d\n", code)) {
		r.t.Fatalf("want exit %d and the reason %q of run %d, got %q", code, reason, r.number, said)
	}
	return r
}

func cutLast(s, sep string) (before, after string, found bool) {
	at := strings.LastIndex(s, sep)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+len(sep):], true
}

// says wants each text in the log.
func (r run) says(texts ...string) run {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.log, text) {
			r.t.Errorf("want run %d to say %q", r.number, text)
		}
	}
	return r
}
