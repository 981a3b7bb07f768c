package lock_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/agentsync/agentsync/sync/lock"
	"github.com/google/go-cmp/cmp"
)

const sample = `apiVersion: agentsync/v1
kind: Lock
environments:
  default:
    sales:
      agent_id: AGT_1
      agent_name: Sales
      protect: true
      version: 7
      config: 0123456789ab
      agent: {agent_description: aaaaaaaaaaaa}
      call_outcomes: {lead: bbbbbbbbbbbb}
`

// stateIn is a state folder that is there.
func stateIn(dir string) lock.State {
	return lock.State{Dir: dir, Make: func() error { return nil }}
}

// flushed puts entries into the lock file itself.
func flushed(t *testing.T, s *lock.Store, entries map[string]*lock.Entry) {
	t.Helper()
	if err := s.Put(entries); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path, env string) *lock.Store {
	t.Helper()
	s, err := lock.Open(path, env, stateIn(filepath.Dir(path)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseAndBytesRoundTrip(t *testing.T) {
	file, err := lock.Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := lock.Entry{AgentID: "AGT_1", AgentName: "Sales", Protect: true, Version: 7, Config: "0123456789ab",
		Agent: map[string]string{"agent_description": "aaaaaaaaaaaa"}, Outcomes: map[string]string{"lead": "bbbbbbbbbbbb"}}
	if d := cmp.Diff(want, file.Environments["default"]["sales"]); d != "" {
		t.Error(d)
	}
	once, err := file.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := lock.Parse(once)
	if err != nil {
		t.Fatal(err)
	}
	twice, _ := again.Bytes()
	if !bytes.Equal(once, twice) {
		t.Errorf("written twice it differs:\n%s\n%s", once, twice)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ data, want string }{
		"empty":          {"", "not a lock file"},
		"another kind":   {"apiVersion: agentsync/v1\nkind: Agent\n", "want apiVersion agentsync/v1 and kind Lock"},
		"unknown field":  {strings.Replace(sample, "version: 7", "verison: 7", 1), "verison"},
		"merge conflict": {"<<<<<<< ours\n" + sample, "merge conflict markers"},
		"no id":          {strings.Replace(sample, "      agent_id: AGT_1\n", "", 1), `"sales": agent_id is missing`},
		"an odd id":      {strings.Replace(sample, "AGT_1", "../x", 1), "is not an id"},
		"an odd digest":  {strings.Replace(sample, "aaaaaaaaaaaa", "zz", 1), "not a digest"},
		"a doubled id":   {sample + "    other: {agent_id: AGT_1, agent_name: Other}\n", "the same agent_id"},
		"two documents":  {sample + "---\na: 1\n", "more than one YAML document"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := lock.Parse([]byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPutIsOnDiskWhenItReturns(t *testing.T) {
	path := filepath.Join(t.TempDir(), lock.FileName)
	store := open(t, path, "default")
	const agents = 200
	var wg sync.WaitGroup
	for i := range agents {
		wg.Go(func() {
			key := fmt.Sprintf("agent-%d", i)
			if err := store.Put(map[string]*lock.Entry{key: {AgentID: "AGT_" + key, AgentName: key}}); err != nil {
				t.Error(err)
			}
			file, err := lock.ReadAll(path, filepath.Dir(path))
			if err != nil {
				t.Error(err)
			} else if _, ok := file.Environments["default"][key]; !ok {
				t.Errorf("%s is not on disk", key)
			}
		})
	}
	wg.Wait()
	if n := len(open(t, path, "default").Entries()); n != agents {
		t.Errorf("%d entries, want %d", n, agents)
	}
}

// TestTwoStoresLoseNothing guards against one process writing over the entries
// and environments of another.
func TestTwoStoresLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), lock.FileName)
	a, b, c := open(t, path, "default"), open(t, path, "default"), open(t, path, "staging")
	var wg sync.WaitGroup
	for name, store := range map[string]*lock.Store{"a": a, "b": b, "c": c} {
		wg.Go(func() {
			for i := range 20 {
				release := acquire(t, store)
				key := fmt.Sprintf("%s-%d", name, i)
				flushed(t, store, map[string]*lock.Entry{key: {AgentID: "AGT_" + key, AgentName: key}})
				release()
			}
		})
	}
	wg.Wait()
	file, err := lock.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if n, m := len(file.Environments["default"]), len(file.Environments["staging"]); n != 40 || m != 20 {
		t.Errorf("%d and %d entries, want 40 and 20", n, m)
	}
}

func TestPutLaterGoesWithTheNextEventOrFlush(t *testing.T) {
	path := filepath.Join(t.TempDir(), lock.FileName)
	store := open(t, path, "default")
	store.PutLater(map[string]*lock.Entry{"a": {AgentID: "AGT_a", AgentName: "a"}})
	if len(open(t, path, "default").Entries()) > 0 {
		t.Error("written too early")
	}
	if err := store.Put(map[string]*lock.Entry{"b": {AgentID: "AGT_b", AgentName: "b"}}); err != nil {
		t.Fatal(err)
	}
	if len(open(t, path, "default").Entries()) != 2 {
		t.Error("it did not go with the next event")
	}
	store.PutLater(map[string]*lock.Entry{"a": nil})
	if err := store.Flush(); err != nil {
		t.Fatal(err)
	}
	entries := open(t, path, "default").Entries()
	if _, gone := entries["a"]; gone || len(entries) != 1 {
		t.Errorf("entries %v", entries)
	}
}

func TestAFailedWriteIsToldAndTriedAgain(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, lock.FileName)
	broken := errors.New("no folder")
	fail := true
	store, err := lock.Open(path, "default", lock.State{Dir: dir, Make: func() error {
		if fail {
			return broken
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Put(map[string]*lock.Entry{"a": {AgentID: "AGT_a", AgentName: "a"}}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	fail = false
	if err := store.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(open(t, path, "default").Entries()) != 1 {
		t.Error("the entry was lost")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("apiVersion: agentsync/v1\nkind: Lock\nenvironments: {a: {b: null}}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := lock.Parse(data)
		if err != nil {
			if strings.Contains(err.Error(), "\x1b") {
				t.Errorf("a control character in %q", err)
			}
			return
		}
		once, err := file.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := lock.Parse(once)
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, once)
		}
		if twice, _ := again.Bytes(); !bytes.Equal(once, twice) {
			t.Errorf("written twice it differs:\n%s\n%s", once, twice)
		}
	})
}
