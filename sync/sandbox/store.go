package sandbox

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/rogpeppe/go-internal/lockedfile"
	"github.com/rogpeppe/go-internal/robustio"
)

// store keeps the state and its file. Several processes may use one file: a
// change is made under a lock file beside it, to what the file holds at that
// moment, and is in the file (written whole beside it and renamed) before it
// is acknowledged. Changes that arrive while another is being written go into
// the file together, so that many workers do not write it once each.
type store struct {
	path string // "" for memory alone
	seed int64

	mu    sync.RWMutex // guards state and stamp
	state *state
	stamp string // the file's stamp when it was last read or written

	queueMu sync.Mutex
	queue   []*job
	busy    bool
}

// job is one change that waits for its turn. It tells whether anything changed.
type job struct {
	change func(*state) bool
	done   chan ending
}

// ending tells how a job ended: with an error of the file, or a panic of the
// change, which is raised again where the change came from.
type ending struct {
	err   error
	panic any
}

// openStore reads the file when there is one. A file that is not a sandbox's
// state is an error, never overwritten.
func openStore(path string, seed int64) (*store, error) {
	s := &store{path: path, seed: seed, state: newState(seed)}
	if path == "" {
		return s, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("sandbox data: %w", err)
	}
	return s, s.refresh()
}

// read calls f with the state as the file has it now. f must not change it.
func (s *store) read(f func(*state)) error {
	if err := s.refresh(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	f(s.state)
	return nil
}

// write calls change with the state and returns when the result is in the file.
// After an error the state is what it was before.
func (s *store) write(change func(*state) (changed bool)) error {
	j := &job{change: change, done: make(chan ending, 1)}
	s.queueMu.Lock()
	s.queue = append(s.queue, j)
	if !s.busy {
		s.busy = true
		go s.drain()
	}
	s.queueMu.Unlock()
	end := <-j.done
	if end.panic != nil {
		panic(end.panic)
	}
	return end.err
}

// drain runs what is queued, batch by batch, until nothing is.
func (s *store) drain() {
	for {
		s.queueMu.Lock()
		batch := s.queue
		s.queue = nil
		if len(batch) == 0 {
			s.busy = false
			s.queueMu.Unlock()
			return
		}
		s.queueMu.Unlock()
		s.run(batch)
	}
}

// run makes the changes of one batch and saves once.
func (s *store) run(batch []*job) {
	ends := make([]ending, len(batch))
	err := s.locked(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		changed := false
		for i, j := range batch {
			var c bool
			c, ends[i].panic = attempt(j.change, s.state)
			changed = changed || c
		}
		if !changed {
			return nil
		}
		if err := s.save(); err != nil {
			s.stamp = "unsaved"
			return err
		}
		return nil
	})
	for i, j := range batch {
		ends[i].err = err
		j.done <- ends[i]
	}
}

// attempt runs one change; what it panics with is raised where it came from.
func attempt(change func(*state) bool, st *state) (changed bool, raised any) {
	defer func() { raised = recover() }()
	return change(st), nil
}

// locked calls f while no other process changes the file, with the state as
// the file has it.
func (s *store) locked(f func() error) error {
	if s.path == "" {
		return f()
	}
	unlock, err := lockedfile.MutexAt(s.path + ".lock").Lock()
	if err != nil {
		return fmt.Errorf("sandbox data: %w", err)
	}
	defer unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	return f()
}

// file is the data file's form. Stamp comes first and is new with every write.
type file struct {
	Stamp    string                `json:"stamp"`
	Sequence uint64                `json:"sequence"`
	Calls    map[string]*phoneCall `json:"calls"`
	Agents   []*agent              `json:"agents"`
}

var stampPattern = regexp.MustCompile(`^\{"stamp":"([0-9a-f]{16})"`)

// refresh reads the file again when another process has written it. A file
// that is gone is an empty platform.
func (s *store) refresh() error {
	if s.path == "" {
		return nil
	}
	s.mu.RLock()
	same, err := s.fresh()
	s.mu.RUnlock()
	if same || err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if same, err = s.fresh(); same || err != nil {
		return err
	}
	return s.load()
}

// fresh says whether the state is the file's. The caller holds mu, so that no
// write of this process comes between the two.
func (s *store) fresh() (bool, error) {
	stamp, err := readStamp(s.path)
	if err != nil {
		return false, fmt.Errorf("sandbox data: %w", err)
	}
	return stamp == s.stamp && stamp != "?", nil
}

// readStamp is the stamp of the file, "" when there is no file and "?" when it
// does not begin with one.
func readStamp(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	var head [40]byte
	n, err := io.ReadFull(f, head[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	if m := stampPattern.FindSubmatch(head[:n]); m != nil {
		return string(m[1]), nil
	}
	return "?", nil
}

// load replaces the state by the file's. The caller holds mu.
func (s *store) load() error {
	b, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		s.state, s.stamp = newState(s.seed), ""
		return nil
	}
	if err != nil {
		return fmt.Errorf("sandbox data: %w", err)
	}
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("sandbox data %s: not a sandbox's state: %w", s.path, err)
	}
	st := newState(s.seed)
	st.sequence = f.Sequence
	if f.Calls != nil {
		st.calls = f.Calls
	}
	for _, a := range f.Agents {
		if a == nil || !a.whole() {
			return fmt.Errorf("sandbox data %s: not a sandbox's state: an agent without its fields", s.path)
		}
		st.agents[a.Doc.text("agent_id")] = a
	}
	s.state, s.stamp = st, f.Stamp
	return nil
}

// whole says that nothing of the agent is missing, as in a file edited by hand.
func (a *agent) whole() bool {
	if a.Doc == nil || a.Doc.text("agent_id") == "" {
		return false
	}
	for _, v := range a.Versions {
		if v == nil || v.Doc == nil {
			return false
		}
	}
	for _, list := range [][]*doc{a.Outcomes, a.Infields} {
		for _, d := range list {
			if d == nil {
				return false
			}
		}
	}
	return true
}

// save writes the file beside itself and renames it, so that at any moment
// there is a whole one. The caller holds mu and the lock.
func (s *store) save() error {
	if s.path == "" {
		return nil
	}
	var random [8]byte
	rand.Read(random[:])
	stamp := hex.EncodeToString(random[:])
	temp := s.path + ".tmp"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("sandbox data: %w", err)
	}
	err = s.state.encode(f, stamp)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = robustio.Rename(temp, s.path)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("sandbox data: %w", err)
	}
	s.stamp = stamp
	return nil
}

// encode writes the state; only agents that changed are encoded anew.
func (st *state) encode(w io.Writer, stamp string) error {
	out := bufio.NewWriterSize(w, 1<<16)
	calls, err := encode(st.calls)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "{\"stamp\":%q,\"sequence\":%d,\"calls\":%s,\"agents\":[", stamp, st.sequence, calls)
	for i, a := range st.oldestFirst() {
		if a.enc == nil {
			if a.enc, err = encode(a); err != nil {
				return err
			}
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n")
		out.Write(a.enc)
	}
	out.WriteString("\n]}\n")
	return out.Flush()
}
