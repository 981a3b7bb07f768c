package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/sync/lock"
)

func acquire(t *testing.T, s *lock.Store) (release func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	release, err := s.Acquire(ctx, lock.Holder{PID: os.Getpid()}, func(lock.Holder) {})
	if err != nil {
		t.Fatal(err)
	}
	return release
}

func entryOf(name string) *lock.Entry { return &lock.Entry{AgentID: "AGT_" + name, AgentName: name} }

// TestAcquire holds that applies of one environment in one folder run one at a
// time, that the second sees what the first has written, and that one which does
// not want to wait any more stands in nobody's way.
func TestAcquire(t *testing.T) {
	path := filepath.Join(t.TempDir(), lock.FileName)
	first, second, staging := open(t, path, "default"), open(t, path, "default"), open(t, path, "staging")
	release := acquire(t, first)
	acquire(t, staging)() // another environment does not wait
	flushed(t, first, map[string]*lock.Entry{"a": entryOf("a")})
	gone, cancel := context.WithCancel(context.Background())
	var told []lock.Holder
	got, err := second.Acquire(gone, lock.Holder{PID: 2}, func(h lock.Holder) { told = append(told, h); cancel() })
	if !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("while another apply runs: %v", err)
	}
	if len(told) != 1 || told[0].PID != os.Getpid() {
		t.Errorf("who is waited for: %v", told)
	}
	if len(second.Entries()) > 0 {
		t.Error("the second store knows what it has not read")
	}
	release()
	release = acquire(t, second)
	if _, there := second.Entries()["a"]; !there {
		t.Error("what the first apply has written was not read again")
	}
	release()
	release = acquire(t, first)
	flushed(t, first, map[string]*lock.Entry{"a": nil})
	release()
	acquire(t, second)()
	if len(second.Entries()) > 0 {
		t.Error("what the first apply has removed is still there")
	}
}

func TestAcquireFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, lock.FileName)
	broken := errors.New("no folder")
	state := filepath.Join(dir, "state")
	makeErr := broken
	s, err := lock.Open(path, "default", lock.State{Dir: state, Make: func() error { return makeErr }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Acquire(context.Background(), lock.Holder{}, nil); !errors.Is(err, broken) {
		t.Errorf("without a folder: %v", err)
	}
	if err := s.Put(map[string]*lock.Entry{"a": entryOf("a")}); !errors.Is(err, broken) {
		t.Errorf("without a folder: %v", err)
	}
	makeErr = nil
	if _, err := s.Acquire(context.Background(), lock.Holder{}, nil); err == nil || !strings.HasPrefix(err.Error(), "wait for other applies in this folder: ") {
		t.Errorf("in a folder that is not there: %v", err)
	}
	if err := s.Flush(); err == nil || !strings.HasPrefix(err.Error(), "lock "+path) {
		t.Errorf("in a folder that is not there: %v", err)
	}
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("apiVersion: x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it does not keep what it could not use
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if _, err := s.Acquire(ctx, lock.Holder{}, nil); err == nil || !strings.Contains(err.Error(), "not a lock file") {
			t.Errorf("over a broken file: %v", err)
		}
		cancel()
	}
	err = s.Flush()
	if err == nil || !strings.Contains(err.Error(), "not a lock file") {
		t.Errorf("over a broken file: %v", err)
	}
	if err == nil || !strings.HasSuffix(err.Error(), "; what it has to say is environments.default.a.agent_id: AGT_a") {
		t.Errorf("nothing says whose id is not on disk: %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "apiVersion: x\n" {
		t.Errorf("a file that could not be read was replaced by %s", data)
	}
}

// TestAFileThatCannotBeReplaced holds that a change which is not on disk is not
// said to be, and goes with the next write.
func TestAFileThatCannotBeReplaced(t *testing.T) {
	scratch := t.TempDir()
	path := filepath.Join(t.TempDir(), "missing", lock.FileName)
	s, err := lock.Open(path, "default", stateIn(scratch))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(map[string]*lock.Entry{"a": entryOf("a")}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := s.Flush()
		if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "write "+path) {
			t.Errorf("got %v", err)
		}
		if want := "; the journal in " + scratch + " has what was to be written, and the next command takes it from there"; err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("nothing says where it is: %v", err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(scratch, "*.tmp")); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	flushed(t, s, map[string]*lock.Entry{"b": entryOf("b")})
	entries := open(t, path, "default").Entries()
	if len(entries) != 2 || entries["a"].AgentID != "AGT_a" || entries["b"].AgentID != "AGT_b" {
		t.Errorf("on disk are %v", entries)
	}
}

// openFailing opens a lock file that can't be written while *fail is an error.
func openFailing(t *testing.T, path string, fail *error) *lock.Store {
	t.Helper()
	s, err := lock.Open(path, "default", lock.State{Dir: filepath.Dir(path), Make: func() error { return *fail }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAnEventThatWasNotWrittenGoesWithTheNext holds that nobody takes an event
// for written because another one was.
func TestAnEventThatWasNotWrittenGoesWithTheNext(t *testing.T) {
	path, fail := filepath.Join(t.TempDir(), lock.FileName), errors.New("not now")
	s := openFailing(t, path, &fail)
	if err := s.Put(map[string]*lock.Entry{"a": entryOf("a")}); !errors.Is(err, fail) {
		t.Fatal(err)
	}
	fail = nil
	if err := s.Put(map[string]*lock.Entry{"b": entryOf("b")}); err != nil {
		t.Fatal(err)
	}
	if entries := open(t, path, "default").Entries(); len(entries) != 2 {
		t.Errorf("on disk are %v", entries)
	}
}

// TestWhatNoFileMayHold is refused before it is in the journal, where it would stop
// each later command.
func TestWhatNoFileMayHold(t *testing.T) {
	path := filepath.Join(t.TempDir(), lock.FileName)
	s := open(t, path, "default")
	if err := s.Put(map[string]*lock.Entry{"a": {AgentID: "no id"}}); err == nil || !strings.Contains(err.Error(), `remember a: agent_id "no id" is not an id`) {
		t.Errorf("got %v", err)
	}
	if err := s.Put(map[string]*lock.Entry{"b": entryOf("b")}); err != nil {
		t.Fatal(err)
	}
	if entries := open(t, path, "default").Entries(); len(entries) != 1 || entries["b"].AgentID != "AGT_b" {
		t.Errorf("on disk are %v", entries)
	}
}

// TestALaterChangeWins holds that a change which waits since a write failed does
// not undo a later one of the same agent.
func TestALaterChangeWins(t *testing.T) {
	path, fail := filepath.Join(t.TempDir(), lock.FileName), errors.New("not now")
	s := openFailing(t, path, &fail)
	if err := s.Put(map[string]*lock.Entry{"a": entryOf("old")}); !errors.Is(err, fail) {
		t.Fatal(err)
	}
	fail = nil
	s.PutLater(map[string]*lock.Entry{"a": entryOf("new")})
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := open(t, path, "default").Entries()["a"].AgentID; got != "AGT_new" {
		t.Errorf("on disk is %s", got)
	}
	if err := s.Flush(); err != nil {
		t.Errorf("with nothing to write: %v", err)
	}
}

// TestAWriteThatChangesNothing holds that the file is left alone then, so that
// git sees no change and no other process is disturbed.
func TestAWriteThatChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), lock.FileName)
	s := open(t, path, "default")
	put := func(store *lock.Store, entry *lock.Entry) os.FileInfo {
		t.Helper()
		flushed(t, store, map[string]*lock.Entry{"a": entry})
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	was := put(s, entryOf("a"))
	if now := put(s, entryOf("a")); !os.SameFile(was, now) {
		t.Error("the file was replaced by the same bytes")
	}
	if now := put(open(t, path, "default"), entryOf("a")); !os.SameFile(was, now) {
		t.Error("another store replaced the file by the same bytes")
	}
	if now := put(s, entryOf("b")); os.SameFile(was, now) {
		t.Error("the file was written in place")
	}
}

// TestAnEnvironmentWithoutAgents holds that its block goes with its last entry.
func TestAnEnvironmentWithoutAgents(t *testing.T) {
	path := filepath.Join(t.TempDir(), lock.FileName)
	s, other := open(t, path, "default"), open(t, path, "staging")
	flushed(t, s, map[string]*lock.Entry{"a": entryOf("a")})
	flushed(t, other, map[string]*lock.Entry{"b": entryOf("b")})
	flushed(t, s, map[string]*lock.Entry{"a": nil})
	data, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(data), "default") || !strings.Contains(string(data), "staging") {
		t.Errorf("%v\n%s", err, data)
	}
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, size int64) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file("target", 1), link); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ path, want string }{
		"a folder":           {dir, "not a regular file"},
		"a link":             {link, "links are not followed"},
		"below a file":       {filepath.Join(file("file", 1), "x"), "read the lock file: "},
		"too large":          {file("large", 64<<20+1), "larger than 64 MiB"},
		"as large as may be": {file("whole", 64<<20), "not a lock file"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "below a file" && runtime.GOOS == "windows" {
				t.Skip("there, what is below a file is just not there")
			}
			if _, err := lock.Read(tt.path); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if _, err := lock.Open(tt.path, "default", stateIn(dir)); err == nil {
				t.Error("a store was opened over it")
			}
		})
	}
	if got, err := lock.Read(filepath.Join(dir, "missing")); err != nil || got.Environments == nil || len(got.Environments) > 0 {
		t.Errorf("a missing file is %v, %v", got, err)
	}
}
