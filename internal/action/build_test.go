package action

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// runner is a machine that build.sh runs on: a checkout of the action, the
// runner's folders, and a PATH that has the tools it needs, and no Go.
type runner struct {
	t      *testing.T
	dir    string
	output string   // what GITHUB_OUTPUT got
	env    []string // further variables
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no links to tools, and no scripts as programs")
	}
	r := &runner{t: t, dir: t.TempDir()}
	for _, tool := range []string{"bash", "cat", "chmod", "cp", "curl", "cut", "env", "find", "gzip", "mkdir", "mktemp", "mv", "rm", "sed", "sha256sum", "sort", "tar", "xargs"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			skip(t, fmt.Sprintf("no %s, which a runner has", tool))
		}
		r.must(os.MkdirAll(filepath.Join(r.dir, "bin"), 0o755))
		r.must(os.Symlink(path, filepath.Join(r.dir, "bin", tool)))
	}
	r.write("action/go.mod", "module example.com/action\n\ngo 1.26.0\n", 0o644)
	r.write("action/main.go", "package main\n\nfunc main() {}\n", 0o644)
	for _, script := range []string{"get.sh", "build.sh", "source.sh"} {
		data, err := os.ReadFile(script)
		r.must(err)
		r.write("action/internal/action/"+script, string(data), 0o755)
	}
	r.write("temp/.keep", "", 0o644)
	return r
}

func (r *runner) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *runner) write(name, content string, mode os.FileMode) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	r.must(os.MkdirAll(filepath.Dir(path), 0o755))
	r.must(os.WriteFile(path, []byte(content), mode))
}

func (r *runner) read(name string) string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
	return string(data)
}

// fakeGo puts a Go of this version at path. It fetches another version if it
// knows how to, notes each build with its environment in builds.log, and runs
// the line `during` in the middle of a build.
func (r *runner) fakeGo(path, version, during string) {
	r.t.Helper()
	r.write(path, fmt.Sprintf(`#!%[1]s/bin/bash
version=%[2]s
if [ "$GOTOOLCHAIN" != local ]; then
  [ -z "$NO_NETWORK" ] || { echo "go: download $GOTOOLCHAIN: no network" >&2; exit 1; }
  version=${GOTOOLCHAIN#go}
fi
case "$1" in
version) echo "go version go$version linux/amd64" ;;
env) echo ;;
build)
  { echo "build with $version in $PWD: $*"; env; } >>%[1]s/builds.log
  while [ "$1" != -o ]; do shift; done
  echo half >"$2"
  %[3]s
  echo whole >"$2"
  chmod +x "$2" ;;
esac
`, r.dir, version, during), 0o755)
}

// build runs build.sh, and returns what it said and its exit code.
func (r *runner) build() (said string, code int) { return r.run("build.sh") }

func (r *runner) run(script string) (said string, code int) {
	r.t.Helper()
	output, err := os.CreateTemp(r.dir, "output-")
	r.must(err)
	r.must(output.Close())
	cmd := exec.Command(filepath.Join(r.dir, "bin", "bash"), filepath.Join(r.dir, "action", "internal", "action", script))
	cmd.Dir = r.dir
	cmd.Env = append([]string{
		"PATH=" + filepath.Join(r.dir, "go", "bin") + ":" + filepath.Join(r.dir, "bin"), "HOME=" + r.dir,
		"GITHUB_ACTION_PATH=" + filepath.Join(r.dir, "action"), "RUNNER_TEMP=" + filepath.Join(r.dir, "temp"),
		"RUNNER_TOOL_CACHE=" + filepath.Join(r.dir, "tools"), "GITHUB_OUTPUT=" + output.Name(), "GITHUB_PATH=" + filepath.Join(r.dir, "path"),
	}, r.env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	data, err := os.ReadFile(output.Name())
	r.must(err)
	r.output = string(data)
	return string(out), cmd.ProcessState.ExitCode()
}

// path wants a build that went well, and returns the program's path.
func (r *runner) path() string {
	r.t.Helper()
	said, code := r.build()
	path, ok := strings.CutPrefix(strings.TrimSpace(r.output), "path=")
	if code != 0 || !ok {
		r.t.Fatalf("want a program, got exit %d, output %q:\n%s", code, r.output, said)
	}
	if onPath := strings.Split(strings.TrimSpace(r.read("path")), "\n"); onPath[len(onPath)-1] != filepath.Dir(path) {
		r.t.Errorf("later steps find %q on their PATH, and the program is %s", onPath, path)
	}
	program, err := os.ReadFile(path)
	r.must(err)
	if string(program) != "whole\n" {
		r.t.Fatalf("the program is %q", program)
	}
	return path
}

func (r *runner) builds() int { return strings.Count(r.read("builds.log"), "build with ") }

// fails wants a build that ends with this line, says so in the output, and
// leaves no program and no half of one.
func (r *runner) fails(line string) {
	r.t.Helper()
	said, code := r.build()
	if code == 0 || r.output != "failure-reason=error\n" || !strings.HasSuffix(said, "::error title=agentsync::"+line+"\n") {
		r.t.Errorf("want it to end with %q, got exit %d, output %q:\n%s", line, code, r.output, said)
	}
	if files, _ := filepath.Glob(filepath.Join(r.dir, "tools", "agentsync", "*", "*")); len(files) > 0 {
		r.t.Errorf("it left %q", files)
	}
}

func TestBuildSaysHowToGetGo(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.fails("agentsync is built with Go 1.26.0 or newer, and this runner has none: put a step with actions/setup-go before it")
	r.fakeGo("go/bin/go", "1.20.14", "")
	r.fails("agentsync is built with Go 1.26.0 or newer, and this runner has 1.20.14: put a step with actions/setup-go before it")
	r.fakeGo("go/bin/go", "1.25.3", "")
	r.env = []string{"NO_NETWORK=1"}
	r.fails("agentsync is built with Go 1.26.0 or newer, and this runner has 1.25.3: put a step with actions/setup-go before it")
}

func TestBuildFindsGo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		tools      []string // versions in the tool cache
		want       string
	}{
		{"the PATH's", "1.26.0", []string{"1.27.1"}, "1.26.0"},
		{"a newer one on the PATH", "1.30.2", nil, "1.30.2"},
		{"a prerelease on the PATH", "1.27rc1", nil, "1.27rc1"},
		{"the tool cache's newest", "1.9.7", []string{"1.26.9", "1.26.10", "1.25.12"}, "1.26.10"},
		{"the tool cache's, with none on the PATH", "", []string{"1.26.1"}, "1.26.1"},
		{"one that is fetched", "1.24.0", []string{"1.25.12"}, "1.26.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t)
			if c.path != "" {
				r.fakeGo("go/bin/go", c.path, "")
			}
			for _, version := range c.tools {
				r.fakeGo("tools/go/"+version+"/x64/bin/go", version, "")
				r.write("tools/go/"+version+"/x64.complete", "", 0o644)
			}
			r.fakeGo("tools/go/1.99.0/x64/bin/go", "1.99.0", "") // not complete
			r.write("tools/go/1.98.0/arm64/bin/go", "#!/bin/sh\nexit 1\n", 0o755)
			r.write("tools/go/1.98.0/arm64.complete", "", 0o644) // of another machine
			r.path()
			if log := r.read("builds.log"); !strings.HasPrefix(log, "build with "+c.want+" in ") {
				t.Errorf("want a build with %s, got %s", c.want, log)
			}
		})
	}
}

// TestBuildIgnoresOthersSettings sets what a job or a repository may set for
// its own builds, the worst of it being -toolexec, which runs a program.
func TestBuildIgnoresOthersSettings(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.fakeGo("go/bin/go", "1.26.1", "")
	r.env = []string{
		"GOFLAGS=-toolexec=/evil -mod=vendor", "GOWORK=" + r.dir + "/go.work", "GOENV=" + r.dir + "/go.env", "GOOS=plan9",
		"GOARCH=arm64", "GOROOT=/evil", "GO111MODULE=off", "GOTOOLCHAIN=go1.5", "CGO_ENABLED=1", "GOPROXY=https://mirror.example",
		"ACTION_REF=v1 -X main.evil=1",
	}
	r.path()
	log := r.read("builds.log")
	for _, want := range []string{
		" in " + filepath.Join(r.dir, "action") + ": ", "\nGOFLAGS=\n", "\nGOENV=off\n", "\nGOWORK=off\n", "\nGOTOOLCHAIN=local\n",
		"\nCGO_ENABLED=0\n", "\nGOPROXY=https://mirror.example\n", " -mod=readonly ", " -ldflags -s -w -o ",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the build lacks %q", want)
		}
	}
	if found := regexp.MustCompile(`(?m)^(GOOS|GOARCH|GOROOT|GO111MODULE)=.*`).FindString(log); found != "" {
		t.Errorf("the build has %s", found)
	}
	if t.Failed() {
		t.Log(log)
	}
}

func TestBuildIsKept(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.fakeGo("go/bin/go", "1.26.1", "")
	r.env = []string{"ACTION_REF=v1.2.3"}
	first := r.path()
	if log := r.read("builds.log"); !strings.Contains(log, "internal/cli.version=v1.2.3 ") {
		t.Errorf("the program does not know its version: %s", log)
	}
	if again := r.path(); again != first || r.builds() != 1 {
		t.Errorf("want %s again and one build, got %s and %d", first, again, r.builds())
	}
	r.write("action/schema.json", "{}", 0o644)
	second := r.path()
	r.fakeGo("go/bin/go", "1.26.2", "")
	third := r.path()
	if second == first || third == second || r.builds() != 3 {
		t.Errorf("want a build for other content and for another Go, got %d: %s, %s, %s", r.builds(), first, second, third)
	}
}

func TestBuildThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.fakeGo("go/bin/go", "1.26.1", "echo 'main.go:3: no'; exit 1")
	r.fails("agentsync could not be built with Go 1.26.1; what Go said is above")
}

// TestBuildThatIsKilledLeavesNoProgram ends the script in the middle of a build
// as a lost runner does. The next job builds from the start.
func TestBuildThatIsKilledLeavesNoProgram(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.fakeGo("go/bin/go", "1.26.1", "kill -9 $PPID $$")
	if said, code := r.build(); code == 0 || r.output != "" {
		t.Fatalf("want it killed, got exit %d, output %q:\n%s", code, r.output, said)
	}
	r.fakeGo("go/bin/go", "1.26.1", "")
	r.path()
	if r.builds() != 2 {
		t.Errorf("want 2 builds, got %d", r.builds())
	}
}

func TestBuildSideBySide(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	// Each build waits until all have begun.
	begun := fmt.Sprintf(`[ "$(sed -n '/^build with/p' %s/builds.log | sed -n '$=')" = 4 ]`, r.dir)
	r.fakeGo("go/bin/go", "1.26.1", "for ((i = 0; i < 10000; i++)); do "+begun+" && break; done; "+begun+" || exit 1")
	paths := make([]string, 4)
	var jobs sync.WaitGroup
	for i := range paths {
		jobs.Go(func() {
			job := *r // an output of its own
			paths[i] = job.path()
		})
	}
	jobs.Wait()
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(paths[0]), "*"))
	if len(files) != 1 || paths[1] != paths[0] || paths[2] != paths[0] || paths[3] != paths[0] {
		t.Errorf("want one program, got %q, and the files %q", paths, files)
	}
}
