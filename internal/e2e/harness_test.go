package e2e

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/cli"
	"github.com/agentsync/agentsync/internal/fastclock"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// A test makes a world, writes manifests into its folder, lets its faults go
// wrong (internal/faults), and runs the program there. Then it looks at the exit
// code, at what was printed, at the requests that came by (world.faults), and at
// what the platform has become (world.snapshot). Somebody at the dashboard is
// world.platform.Dashboard().

// programName is what this binary is started as where it is to be the program.
const programName = "agentsync"

// TestMain makes this binary the program as well. So it has what was changed in
// the program, the race detector too, and go test knows when its results are old.
func TestMain(m *testing.M) {
	if os.Args[0] == programName {
		os.Exit(program())
	}
	if runtime.GOOS == "windows" {
		fmt.Println("skipped: no process can send another SIGTERM on Windows")
		return
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = flag.Set("test.parallel", "8") // the tests wait more than they work
	}
	os.Exit(m.Run())
}

// worldEnv is the program's environment with the clock of the world that
// started it.
func worldEnv() cli.Env {
	env := cli.OSEnv()
	c, ok := fastclock.FromEnv()
	if !ok {
		panic("no clock")
	}
	env.Now, env.Sleep = c.Now, c.Sleep
	return env
}

// limitDisk makes the program's disk as small as the test wants it: see disk_test.go.
var limitDisk = func() {}

// program is main.go's main in a world's time. It closes the file that it was
// started with when it has taken a signal in: see world.signal.
func program() int {
	limitDisk()
	ctx := cli.Signals()
	syscall.CloseOnExec(signalled) // git is not to have it
	context.AfterFunc(ctx, func() { _ = os.NewFile(signalled, "signalled").Close() })
	return cli.Main(ctx, os.Args[1:], worldEnv(), github.Command)
}

// signalled is the first of a process's files that exec.Cmd.ExtraFiles names.
const signalled = 3

// world is a project folder and a platform on loopback with faults before it.
type world struct {
	t        *testing.T
	dir      string
	platform *sandbox.Server
	faults   *faults.Proxy
	url      string
	clock    fastclock.Clock
	env      []string // further variables

	mu      sync.Mutex
	running *process
}

// newWorld serves an empty platform, unless change says where its state lies.
// Time is quick in it.
func newWorld(t *testing.T, change func(*sandbox.Options)) *world {
	t.Helper()
	return newWorldAt(t, fastclock.Quick, change)
}

// newWorldAt is newWorld with so many seconds a second.
func newWorldAt(t *testing.T, speed int, change func(*sandbox.Options)) *world {
	t.Helper()
	c := fastclock.Clock{Start: time.Now(), Speed: speed}
	o := sandbox.DefaultOptions()
	o.Now, o.Sleep = c.Now, c.Sleep
	if change != nil {
		change(&o)
	}
	platform, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir(), platform: platform, faults: faults.New(platform, 1), clock: c}
	server := httptest.NewServer(w.faults)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// write puts files, by path below the project's root; "" removes one.
func (w *world) write(files map[string]string) {
	w.t.Helper()
	for name, content := range files {
		path := filepath.Join(w.dir, name)
		if content == "" {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				w.t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

// result is one run of the program.
type result struct {
	code           int // -1 when it was killed
	stdout, stderr string
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\n--- stdout\n%s--- stderr\n%s", r.code, r.stdout, r.stderr)
}

// run runs the program in the project, and holds what it said against the
// secrets that it could have said.
func (w *world) run(args ...string) result {
	w.t.Helper()
	return w.wait(w.start(args...))
}

// process is a program that was started.
type process struct {
	*exec.Cmd
	stdout, stderr said
	signalled      *os.File // ends when the program has taken a signal in, or has ended
}

// said is what a program has printed so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (w *world) start(args ...string) *process {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{"-C", w.dir}, args...)...)
	cmd.Args[0] = programName
	clockName, clockValue := w.clock.Variable()
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "GORACE=halt_on_error=1 atexit_sleep_ms=0", "INDUSLABS_BASE_URL=" + w.url,
		"INDUSLABS_EMAIL=" + sandbox.DefaultEmail, "INDUSLABS_PASSWORD=" + sandbox.DefaultPassword,
		"INDUSLABS_API_KEY=" + sandbox.DefaultAPIKey, clockName + "=" + clockValue,
	}, w.env...)
	p := &process{Cmd: cmd}
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	reader, writer, err := os.Pipe()
	if err != nil {
		w.t.Fatal(err)
	}
	defer writer.Close()
	p.signalled, cmd.ExtraFiles = reader, []*os.File{writer}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.running = p
	return p
}

func (w *world) wait(p *process) result {
	w.t.Helper()
	timer := time.AfterFunc(2*time.Minute, func() { _ = p.Process.Kill() })
	defer timer.Stop()
	err := p.Wait()
	_ = p.signalled.Close()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	r := result{p.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()}
	if strings.Contains(r.stderr, "DATA RACE") || strings.Contains(r.stderr, "panic:") {
		w.t.Errorf("%v: %s", p.Args, r)
	}
	w.noSecrets("what it printed", r.stdout+r.stderr)
	return r
}

// kill ends the running program as kill -9 does.
func (w *world) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.running.Process.Kill()
}

// signal sends the first signal to the running program, and returns when the
// program has taken it in.
func (w *world) signal(s os.Signal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.running.Process.Signal(s)
	_, _ = w.running.signalled.Read(make([]byte, 1))
}

// must runs the program and wants this exit code.
func (w *world) must(code int, args ...string) result {
	w.t.Helper()
	r := w.run(args...)
	if r.code != code {
		w.t.Fatalf("agentsync %s: want exit %d, got %s", strings.Join(args, " "), code, r)
	}
	return r
}

// noSecrets fails when text holds anything that must never show.
func (w *world) noSecrets(what, text string) {
	w.t.Helper()
	for _, secret := range w.platform.Secrets() {
		if strings.Contains(text, secret) {
			w.t.Errorf("%s has the secret %q:\n%s", what, secret, text)
		}
	}
}

// noSecretsInFiles is noSecrets for every file of the project.
func (w *world) noSecretsInFiles() {
	w.t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == "platform.json" {
			return err
		}
		data, err := os.ReadFile(path)
		w.noSecrets(path, string(data))
		return err
	})
	if err != nil {
		w.t.Error(err)
	}
}

func (w *world) snapshot() sandbox.Snapshot {
	w.t.Helper()
	s, err := w.platform.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// settled wants the platform to be what the manifests say: a plan is empty and
// writes nothing, and no draft is left that the wanted state lacks.
func (w *world) settled() {
	w.t.Helper()
	w.faults.Reset()
	r := w.must(0, "plan", "--detailed-exitcode")
	if n := w.faults.Writes(); n != 0 {
		w.t.Errorf("the empty plan made %d writes", n)
	}
	_, said, _ := strings.Cut(r.stdout, "\n\n") // the first line says where
	if !strings.HasPrefix(said, "No changes.") || strings.Count(said, "\n") != 1 {
		w.t.Errorf("want one line that says no changes, got %s", r)
	}
	w.noSecretsInFiles()
}

// neighbour is another folder at the same platform.
func (w *world) neighbour() *world {
	return &world{t: w.t, dir: w.t.TempDir(), platform: w.platform, faults: w.faults, url: w.url, clock: w.clock}
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// soon is a context that ends a test that hangs.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
