package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// An interrupt has the time that it has in use: a write in flight is waited for.
const interruptTime = 1

// TestInterruptEverywhere sends SIGINT or SIGTERM at each request of a plan and
// an apply (the quick tests at a sixth of them). The report is whole, no request
// starts after, and the next apply ends right.
func TestInterruptEverywhere(t *testing.T) {
	calm := newWorld(t, nil)
	calm.write(story)
	calm.must(0, "apply", "--auto-approve")
	want, total := calm.snapshot(), len(calm.faults.Requests())
	for _, n := range exhaustive.Of(total, 9, "interrupt") {
		signal := os.Signal(os.Interrupt)
		if n%2 == 1 {
			signal = syscall.SIGTERM
		}
		t.Run(fmt.Sprintf("request %d of %d", n, total), func(t *testing.T) {
			t.Parallel()
			interrupt(t, n, total, signal, want)
		})
	}
}

func interrupt(t *testing.T, n, total int, signal os.Signal, want sandbox.Snapshot) {
	w := newWorldAt(t, interruptTime, nil)
	w.write(story)
	w.faults.Add(faults.Rule{Nth: n, Do: faults.Before(func(*http.Request) { w.signal(signal) })})
	report := filepath.Join(w.dir, "report.json")
	started := time.Now()
	r := w.run("apply", "--auto-approve", "--report", report)
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("took %v to stop", took)
	}
	if r.code != 130 && (r.code != 0 || n < total-6) {
		t.Fatalf("want exit 130: %s", r)
	}
	checkReport(t, report, r)
	w.faults.Reset()
	w.must(0, "apply", "--auto-approve")
	compare(t, want, w.snapshot())
	w.settled()
}

// checkReport wants a whole report whose counts add up.
func checkReport(t *testing.T, path string, r result) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: %s", err, r)
	}
	var report struct {
		Result  string
		Summary struct{ Steps, Done, Failed, Skipped, Unknown int }
		Agents  []struct {
			Name  string
			Steps []struct{ ID, Status, Reason string }
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatalf("the report is not whole: %v\n%s", err, data)
	}
	s, steps := report.Summary, 0
	for _, agent := range report.Agents {
		for _, step := range agent.Steps {
			steps++
			if step.Status != "done" && step.Reason == "" {
				t.Errorf("%s is %s without a reason", step.ID, step.Status)
			}
		}
	}
	if s.Steps != steps || s.Done+s.Failed+s.Skipped+s.Unknown != steps {
		t.Errorf("the counts do not add up to %d steps: %+v", steps, s)
	}
	if report.Result == "" {
		t.Errorf("no result: %s", data)
	}
}

// TestInterruptWaitsForAWriteInFlight holds a create's answer back while the
// interrupt comes: the answer is still taken in.
func TestInterruptWaitsForAWriteInFlight(t *testing.T) {
	t.Parallel()
	w := newWorldAt(t, interruptTime, nil)
	w.write(map[string]string{"a.yaml": agentYAML("a", "A.", twoOutcomes)})
	release := make(chan struct{})
	w.faults.Add(faults.Rule{Method: "POST", Path: "/create", Do: faults.DelayAfter(faults.Until(release))})
	apply := w.start("apply", "--auto-approve")
	until(t, func() bool { return w.faults.Count("POST", "/create", -1) == 1 && len(w.snapshot().Agents) == 1 })
	w.signal(os.Interrupt)
	close(release)
	r := w.wait(apply)
	if r.code != 130 || !strings.Contains(r.stdout, "✓ done     create_agent") {
		t.Errorf("want exit 130 and the create done: %s", r)
	}
	lock, err := os.ReadFile(filepath.Join(w.dir, "agentsync.lock.yaml"))
	if err != nil || !strings.Contains(string(lock), w.id("Agent a")) {
		t.Errorf("the lock has not the agent: %v\n%s", err, lock)
	}
}

// TestInterruptIsSaid holds a create's answer back while the interrupt comes: that
// is said before the answer is there, and the report has one line for all that
// was not begun.
func TestInterruptIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorldAt(t, interruptTime, nil)
	files := map[string]string{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		files[name+".yaml"] = agentYAML(name, "A.", twoOutcomes)
	}
	w.write(files)
	release := make(chan struct{})
	w.faults.Add(faults.Rule{Method: "POST", Path: "/create", Do: faults.DelayAfter(faults.Until(release))})
	apply := w.start("apply", "--auto-approve", "--parallelism", "1")
	until(t, func() bool { return w.faults.Count("POST", "/create", -1) == 1 && len(w.snapshot().Agents) == 1 })
	w.signal(os.Interrupt)
	close(release)
	r := w.wait(apply)
	if n := strings.Count(r.stderr, "interrupted: what is in flight is waited for, nothing new is started"); n != 1 {
		t.Errorf("said %d times what happens now: %s", n, r)
	}
	if n := strings.Count(r.stdout, "skipped  "); n != 1 || !strings.Contains(r.stdout, " steps of a, b, c and 2 more agents: interrupted\n") {
		t.Errorf("want one line for what was skipped, and the count: %s", r)
	}
	if r.code != 130 {
		t.Errorf("want exit 130: %s", r)
	}
}

// TestInterruptWhileReading holds that a command which is interrupted while it
// reads says so in one line, and not what the program calls it inside.
func TestInterruptWhileReading(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, said string }{
		{"plan", "error: interrupted: nothing was changed\n"},
		{"apply --auto-approve", "error: interrupted: nothing was changed\n"},
		{"status", "error: interrupted: nothing was changed\n"},
		{"import --all", "error: interrupted\n  hint: run it again\n"},
		{"pull --all", "error: interrupted\n  hint: run it again\n"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			w := newWorldAt(t, interruptTime, nil)
			w.write(map[string]string{"a.yaml": agentYAML("a", "A.", "")})
			w.faults.Add(faults.Rule{Nth: 1, Do: func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				w.signal(os.Interrupt)
				faults.CutBefore()(rw, r, next)
			}})
			if r := w.run(strings.Fields(c.args)...); r.code != 130 || r.stderr != c.said {
				t.Errorf("want exit 130 and %q: %s", c.said, r)
			}
		})
	}
}

// TestSecondInterruptStopsAtOnce never answers, so that only a second signal ends it.
func TestSecondInterruptStopsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorldAt(t, interruptTime, nil)
	w.write(map[string]string{"a.yaml": agentYAML("a", "A.", "")})
	release := make(chan struct{})
	defer close(release)
	w.faults.Add(faults.Rule{Method: "POST", Path: "/create", Do: faults.DelayBefore(faults.Until(release))})
	apply := w.start("apply", "--auto-approve")
	until(t, func() bool { return w.faults.Count("POST", "/create", -1) == 1 })
	w.signal(os.Interrupt)
	_ = apply.Process.Signal(syscall.SIGTERM)
	if r := w.wait(apply); r.code != 130 {
		t.Errorf("want exit 130: %s", r)
	}
}

// TestTheFirstInterruptWritesTheLockFile gives the apply no time for its end: a
// runner that is about to go commits the lock file, not what lies beside it.
func TestTheFirstInterruptWritesTheLockFile(t *testing.T) {
	t.Parallel()
	w := newWorldAt(t, interruptTime, nil)
	w.write(map[string]string{"a.yaml": agentYAML("a", "A.", twoOutcomes)})
	release := make(chan struct{})
	defer close(release)
	var ended atomic.Bool
	w.faults.Add(faults.Rule{Method: "POST", Path: "/call_outcomes", Do: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // else nobody notices that the client is gone
		_ = faults.Until(release)(r.Context())
		ended.Store(true)
	}})
	apply := w.start("apply", "--auto-approve")
	until(t, func() bool { return w.faults.Count("POST", "/call_outcomes", -1) == 1 })
	if _, err := os.Stat(filepath.Join(w.dir, "agentsync.lock.yaml")); err == nil || !strings.Contains(w.journal(), w.id("Agent a")) {
		t.Errorf("want the agent in the journal alone, got %s", w.journal())
	}
	w.signal(syscall.SIGTERM)
	until(t, func() bool {
		lock, err := os.ReadFile(filepath.Join(w.dir, "agentsync.lock.yaml"))
		return err == nil && strings.Contains(string(lock), w.id("Agent a")) && w.journal() == ""
	})
	if ended.Load() {
		t.Error("it was written when the request in flight had ended")
	}
	_ = apply.Process.Signal(syscall.SIGTERM)
	if r := w.wait(apply); r.code != 130 {
		t.Errorf("want exit 130: %s", r)
	}
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	ctx := soon(t)
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("it did not come to that within a minute")
		case <-time.After(5 * time.Millisecond):
		}
	}
}
