package lock

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/internal/exhaustive"
)

// A folder that a power cut has left is one of many: each of its files holds what
// was synced, and of what was not, any part. These tests make all of them.

func stateAt(dir string) State {
	return State{Dir: dir, Make: func() error { return os.MkdirAll(dir, 0o755) }}
}

func openAt(t *testing.T, dir, env string, formerly ...string) *Store {
	t.Helper()
	s, err := Open(filepath.Join(dir, FileName), env, stateAt(filepath.Join(dir, "state")), formerly...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, entries map[string]*Entry) {
	t.Helper()
	if err := s.Put(entries); err != nil {
		t.Fatal(err)
	}
}

// settle is the next command that writes: what is left goes into the file.
func settle(t *testing.T, dir, env string) Environment {
	t.Helper()
	s := openAt(t, dir, env)
	seen := s.Entries()
	release, err := s.Acquire(context.Background(), Holder{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	release()
	file, err := Read(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Environments[env]) > 0 || len(seen) > 0 {
		if d := cmp.Diff(seen, file.Environments[env]); d != "" {
			t.Errorf("a command that reads sees something else than is written (-seen +written):\n%s", d)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "state", journalPrefix+"*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	return file.Environments[env]
}

func journalOf(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "state", journalPrefix+"*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("want one journal, got %v %v", found, err)
	}
	return found[0]
}

// entry is one of an agent; unfinished is the mark of an apply.
func entry(id string, version int, unfinished bool) *Entry {
	return &Entry{AgentID: id, AgentName: "The agent", Version: version, Unfinished: unfinished, Outcomes: map[string]string{"<< \n": "0123456789ab"}}
}

// eventsOf is an apply: marks, two creates, one delete, one verified.
var eventsOf = []map[string]*Entry{
	{"new": {AgentName: "New", Unfinished: true}, "second": {AgentName: "Second", Unfinished: true}, "old": entry("AGT_old", 3, true), "renamed": nil, "key": entry("AGT_key", 1, true)},
	{"new": entry("AGT_new", 0, true)},
	{"second": entry("AGT_second", 0, true)},
	{"old": nil},
	{"new": entry("AGT_new", 1, false)},
}

// begin makes a lock file and a store over it.
func begin(t *testing.T) (dir string, s *Store) {
	t.Helper()
	dir = t.TempDir()
	s = openAt(t, dir, "prod")
	put(t, s, map[string]*Entry{"old": entry("AGT_old", 3, false), "renamed": entry("AGT_key", 1, false), "other": entry("AGT_other", 7, false)})
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	return dir, s
}

// TestPowerCutAtEveryByte cuts the journal of an apply at every byte, with and
// without the block of zeros that some file systems leave in its place. Each
// event is there whole or not at all, in their order, and all that were synced.
func TestPowerCutAtEveryByte(t *testing.T) {
	dir, s := begin(t)
	before := s.Entries()
	states, synced := []Environment{before}, []int64{0}
	for _, event := range eventsOf {
		put(t, s, event)
		info, err := os.Stat(journalOf(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		states, synced = append(states, s.Entries()), append(synced, info.Size())
	}
	path := journalOf(t, dir)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lockFile, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range append([]int{0}, exhaustive.Of(len(whole), 3, "cut")...) {
		events := 0
		for events+1 < len(synced) && int64(cut) >= synced[events+1] {
			events++
		}
		for _, tail := range []string{"", strings.Repeat("\x00", 40), "x\n", string(whole[:min(60, len(whole))])} {
			write(t, path, string(whole[:cut])+tail)
			got := openAt(t, dir, "prod").Entries()
			if cut%61 < 3 || exhaustive.On() {
				got = settle(t, dir, "prod")
				write(t, filepath.Join(dir, FileName), string(lockFile))
			}
			if d := cmp.Diff(states[events], got); d != "" {
				t.Fatalf("cut at %d of %d with the tail %q (-want +got):\n%s", cut, len(whole), tail, d)
			}
		}
	}
}

// TestUnsyncedLinesInAnyOrder leaves of lines that were written together any
// subset, in any order: what is read is a beginning of them.
func TestUnsyncedLinesInAnyOrder(t *testing.T) {
	dir, s := begin(t)
	put(t, s, eventsOf[0])
	path := journalOf(t, dir)
	synced, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	states := []Environment{s.Entries()}
	for _, event := range eventsOf[1:] {
		put(t, s, event)
		states = append(states, s.Entries())
	}
	whole, _ := os.ReadFile(path)
	lines := bytes.SplitAfter(whole[len(synced):], []byte("\n"))
	lines = lines[:len(lines)-1]
	lockFile, _ := os.ReadFile(filepath.Join(dir, FileName))
	rapid.Check(t, func(r *rapid.T) {
		order := rapid.Permutation([]int{0, 1, 2, 3}).Draw(r, "order")[:rapid.IntRange(0, 4).Draw(r, "kept")]
		data, inPlace := bytes.Clone(synced), 0
		for at, i := range order {
			data = append(data, lines[i]...)
			if i == at && inPlace == at {
				inPlace++
			}
		}
		write(t, path, string(data))
		write(t, filepath.Join(dir, FileName), string(lockFile))
		if d := cmp.Diff(states[inPlace], settle(t, dir, "prod")); d != "" {
			r.Fatalf("order %v (-want +got):\n%s", order, d)
		}
	})
}

// TestPowerCutInTheFold leaves the lock's rename done or undone, its temporary
// file torn, and the journal still there: folding again comes to the same.
func TestPowerCutInTheFold(t *testing.T) {
	dir, s := begin(t)
	before, _ := os.ReadFile(filepath.Join(dir, FileName))
	for _, event := range eventsOf {
		put(t, s, event)
	}
	want, path := s.Entries(), journalOf(t, dir)
	journal, _ := os.ReadFile(path)
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadFile(filepath.Join(dir, FileName))
	for name, lockFile := range map[string][]byte{"undone": before, "done": after, "of a folder without one": nil} {
		for _, tmp := range [][]byte{nil, after[:len(after)/2]} {
			write(t, path, string(journal))
			os.Remove(filepath.Join(dir, FileName))
			if lockFile != nil {
				write(t, filepath.Join(dir, FileName), string(lockFile))
			}
			if tmp != nil {
				write(t, filepath.Join(dir, "state", "lock.tmp"), string(tmp))
			}
			want := want
			if lockFile == nil { // what the journal does not speak of is lost with the file
				want = Environment{}
				for _, key := range []string{"new", "second", "key"} {
					want[key] = s.Entries()[key]
				}
			}
			for range 2 {
				if d := cmp.Diff(want, settle(t, dir, "prod")); d != "" {
					t.Errorf("%s (-want +got):\n%s", name, d)
				}
			}
		}
	}
}

// TestAnotherLockFileMeanwhile folds a journal into a lock file that git has
// changed since.
func TestAnotherLockFileMeanwhile(t *testing.T) {
	was := entry("AGT_1", 3, false)
	marked := entry("AGT_1", 3, true)
	marked.Expect = []string{"aaaaaaaaaaaa"}
	theirs := entry("AGT_1", 5, false)
	theirs.Config = "bbbbbbbbbbbb"
	both := *theirs
	both.Unfinished, both.Expect = true, marked.Expect
	begun := &Entry{AgentName: "The agent", Unfinished: true}
	for name, tt := range map[string]struct {
		was, now *Entry
		have     Environment // in the lock file by now
		want     Environment
		err      string
	}{
		"as it was":                            {was, marked, Environment{"a": *was}, Environment{"a": *marked}, ""},
		"as it became":                         {was, marked, Environment{"a": *marked}, Environment{"a": *marked}, ""},
		"a newer entry keeps the mark":         {was, marked, Environment{"a": *theirs}, Environment{"a": both}, ""},
		"a newer entry, verified here as well": {was, entry("AGT_1", 4, false), Environment{"a": *theirs}, Environment{"a": *theirs}, ""},
		"a branch without the agent":           {was, marked, Environment{}, Environment{"a": *marked}, ""},
		"created, and nothing in the file":     {nil, entry("AGT_2", 0, true), Environment{}, Environment{"a": *entry("AGT_2", 0, true)}, ""},
		"created, and the file knows it":       {nil, entry("AGT_2", 0, true), Environment{"a": *entry("AGT_2", 1, false)}, Environment{"a": *withMark(entry("AGT_2", 1, true))}, ""},
		"created, and begun elsewhere": {begun, entry("AGT_2", 0, true), Environment{"a": {AgentName: "The agent", Unfinished: true, Expect: marked.Expect}},
			Environment{"a": {AgentID: "AGT_2", AgentName: "The agent", Unfinished: true, Expect: marked.Expect, Outcomes: was.Outcomes}}, ""},
		"created twice": {nil, entry("AGT_2", 0, true), Environment{"a": *entry("AGT_3", 1, false)}, nil,
			`"a" is AGT_3 in the lock file, and an apply that did not end has created it as AGT_2: put that id into the lock file`},
		"lost and begun anew, and created elsewhere": {was, begun, Environment{"a": *entry("AGT_9", 1, false)},
			Environment{"a": {AgentID: "AGT_9", AgentName: "The agent", Version: 1, Unfinished: true}}, ""},
		"lost and created anew, and begun elsewhere": {was, entry("AGT_2", 0, true), Environment{"a": *begun},
			Environment{"a": {AgentID: "AGT_2", AgentName: "The agent", Unfinished: true}}, ""},
		"deleted":                           {was, nil, Environment{"a": *was}, Environment{}, ""},
		"deleted, and changed meanwhile":    {was, nil, Environment{"a": *theirs}, Environment{}, ""},
		"deleted, and made again":           {was, nil, Environment{"a": *entry("AGT_9", 1, false)}, Environment{"a": *entry("AGT_9", 1, false)}, ""},
		"deleted, and gone":                 {was, nil, Environment{}, Environment{}, ""},
		"begun, not sent, and in the file":  {nil, nil, Environment{"a": *was}, Environment{"a": *was}, ""},
		"it has another key by now":         {was, marked, Environment{"b": *theirs}, Environment{"b": *theirs}, ""},
		"other agents stay as they are":     {was, marked, Environment{"a": *was, "b": *entry("AGT_b", 1, false)}, Environment{"a": *marked, "b": *entry("AGT_b", 1, false)}, ""},
		"the create of a key that was free": {begun, nil, Environment{"a": *begun}, Environment{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			block := Environment{}
			for key, e := range tt.have {
				block[key] = e
			}
			for range 2 {
				err := changes{"a": {Was: tt.was, Now: tt.now}}.into(block)
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want %q", err, tt.err)
				}
				if d := cmp.Diff(tt.want, block); d != "" && tt.err == "" {
					t.Errorf("-want +got:\n%s", d)
				}
			}
		})
	}
}

func withMark(e *Entry) *Entry { e.Unfinished = true; return e }

// TestAJournalOfAnotherEnvironment is folded by its own commands alone, and seen
// by all; one of an environment that was renamed comes along.
func TestAJournalOfAnotherEnvironment(t *testing.T) {
	dir, s := begin(t)
	put(t, s, eventsOf[1])
	staging := openAt(t, dir, "staging")
	if staging.Elsewhere()["AGT_new"] != "prod" {
		t.Errorf("nobody knows whose AGT_new is: %v", staging.Elsewhere())
	}
	release, err := staging.Acquire(context.Background(), Holder{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	release()
	journalOf(t, dir) // is still there
	live := openAt(t, dir, "live", "prod")
	if release, err = live.Acquire(context.Background(), Holder{}, nil); err != nil {
		t.Fatal(err)
	}
	release()
	if d := cmp.Diff(s.Entries(), settle(t, dir, "live")); d != "" {
		t.Error(d)
	}
}

// fullDisk takes so many bytes, and then a part of a write and no more.
type fullDisk struct {
	*os.File
	room int
}

var errFull = errors.New("no space left on device")

func (f *fullDisk) Write(p []byte) (int, error) {
	if len(p) > f.room {
		n, _ := f.File.Write(p[:f.room])
		f.room = 0
		return n, errFull
	}
	f.room -= len(p)
	return f.File.Write(p)
}

// TestFullDisk holds that an event for which there is no room is said to be
// lost by name where the lock file can't take it either, that those before it are
// safe, and that the lock file takes all of them when there is room again.
func TestFullDisk(t *testing.T) {
	for room := 0; room < 2_000; room += 97 {
		t.Run(fmt.Sprint(room), func(t *testing.T) {
			dir, s := begin(t)
			s.create = func(path string) (sink, error) {
				f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
				return &fullDisk{f, room}, err
			}
			tmp := filepath.Join(dir, "state", "lock.tmp")
			if err := os.MkdirAll(filepath.Join(tmp, "in the way"), 0o755); err != nil { // the lock file can't be written
				t.Fatal(err)
			}
			safe, failed := s.Entries(), false
			for _, event := range eventsOf {
				err := s.Put(event)
				if failed = failed || err != nil; failed != (err != nil) {
					t.Fatal("the journal took an event after one that it has lost")
				}
				if err == nil {
					safe = s.Entries()
				} else if !errors.Is(err, errFull) {
					t.Errorf("the error does not say why: %v", err)
				}
			}
			err := s.Flush()
			if err == nil {
				t.Fatal("the lock file was written through a folder")
			}
			if says := strings.Contains(err.Error(), "environments.prod.second.agent_id: AGT_second"); says != failed {
				t.Errorf("lost: %v, and the error is %v", failed, err)
			}
			if d := cmp.Diff(safe, openAt(t, dir, "prod").Entries()); d != "" {
				t.Errorf("a command that comes now sees (-want +got):\n%s", d)
			}
			if err := os.RemoveAll(tmp); err != nil {
				t.Fatal(err)
			}
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(s.Entries(), settle(t, dir, "prod")); d != "" {
				t.Errorf("with room again (-want +got):\n%s", d)
			}
		})
	}
}

// TestAJournalThatSomebodyRemoved is git clean in the middle of an apply: the
// lock file takes the event, and what came before it.
func TestAJournalThatSomebodyRemoved(t *testing.T) {
	dir, s := begin(t)
	put(t, s, eventsOf[0])
	put(t, s, eventsOf[1])
	if err := os.RemoveAll(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	put(t, s, eventsOf[2])
	if d := cmp.Diff(s.Entries(), openAt(t, dir, "prod").Entries()); d != "" {
		t.Error(d)
	}
	put(t, s, eventsOf[3])
	if d := cmp.Diff(s.Entries(), settle(t, dir, "prod")); d != "" {
		t.Error(d)
	}
}

// TestOneSyncForAllThatWait holds that events which come while one is being
// synced share the next sync.
func TestOneSyncForAllThatWait(t *testing.T) {
	_, s := begin(t)
	slow := &slowFile{began: make(chan bool), goOn: make(chan bool)}
	s.create = func(path string) (_ sink, err error) {
		slow.File, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		return slow, err
	}
	const events = 16
	ended := make(chan error, events)
	send := func(i int) {
		ended <- s.Put(map[string]*Entry{fmt.Sprintf("a%d", i): entry(fmt.Sprintf("AGT_%d", i), 1, true)})
	}
	go send(0)
	<-slow.began // the head
	slow.goOn <- true
	<-slow.began
	for i := range events - 1 {
		go send(i + 1)
	}
	for queued := 0; queued < events-1; {
		s.mu.Lock()
		queued = len(s.queue)
		s.mu.Unlock()
	}
	slow.goOn <- true
	<-slow.began
	slow.goOn <- true
	for range events {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if slow.syncs != 3 {
		t.Errorf("%d syncs, want one for the head, one for the first event and one for all others", slow.syncs)
	}
}

type slowFile struct {
	*os.File
	began, goOn chan bool
	syncs       int
}

func (f *slowFile) Sync() error {
	f.syncs++
	f.began <- true
	<-f.goOn
	return f.File.Sync()
}

func TestAJournalOfANewerVersion(t *testing.T) {
	dir, s := begin(t)
	put(t, s, eventsOf[1])
	text := `{"format":2,"lock":"../` + FileName + `","environment":"prod"}`
	write(t, journalOf(t, dir), chain("", []byte(text))+" "+text+"\n")
	_, err := Open(filepath.Join(dir, FileName), "prod", stateAt(filepath.Join(dir, "state")))
	if err == nil || !strings.Contains(err.Error(), "not a journal that this version of agentsync can read") {
		t.Errorf("got %v", err)
	}
}

// TestFlushOfWhatNoFileMayHold: the error names the lock file, the journal and the entry.
func TestFlushOfWhatNoFileMayHold(t *testing.T) {
	dir, s := begin(t)
	put(t, s, eventsOf[1])
	s.PutLater(map[string]*Entry{"new": entry("AGT 1", 1, false)})
	want := fmt.Sprintf("%s with %s: environments.prod.%q: agent_id %q is not an id", filepath.Join(dir, FileName), journalOf(t, dir), "new", "AGT 1")
	if err := s.Flush(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func write(t *testing.T, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}
