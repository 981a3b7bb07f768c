package lock

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/agentsync/agentsync/internal/value"
)

// Store is one environment's block of a lock file that several goroutines
// change while an apply runs. Put returns when its change is in the journal on
// disk; changes that wait at the same moment are written together. Flush puts
// all of them into the lock file. It is safe for concurrent use.
type Store struct {
	path, env string
	formerly  []string
	state     State
	elsewhere map[string]string
	create    func(string) (sink, error) // makes a journal's file

	mu       sync.Mutex
	cond     *sync.Cond
	entries  Environment // as this process knows them
	unfolded changes     // those that are not in the lock file yet
	queue    [][]byte    // and of these, the events that are not in the journal
	asked    uint64      // count of events
	written  uint64      // events that are on disk
	busy     bool        // somebody writes
	journal  *journal    // nil while there is none
}

// State is agentsync's own folder of a project, on the lock file's file system.
// A write needs it for the journal, for guards that keep other processes out,
// and for a temporary file.
type State struct {
	Dir  string
	Make func() error // makes it; called at each write, so that a plan makes none
}

// Open reads the environment's block of the lock file at path, and what a killed
// apply has left in journals; it writes nothing. formerly are names that the
// environment had before: what the file has under them belongs to the block, and
// moves there with the first write.
func Open(path, env string, state State, formerly ...string) (*Store, error) {
	s := &Store{path: path, env: env, state: state, formerly: formerly, elsewhere: map[string]string{}, create: createFile}
	s.cond = sync.NewCond(&s.mu)
	file, err := ReadAll(path, state.Dir)
	if err != nil {
		return nil, err
	}
	s.take(file)
	for other, entries := range file.Environments {
		for _, entry := range entries {
			if other != env && entry.AgentID != "" {
				s.elsewhere[entry.AgentID] = other
			}
		}
	}
	return s, nil
}

// ReadAll is Read with what journals in the folder dir say beside the file.
func ReadAll(path, dir string) (*File, error) {
	journals, err := readJournals(dir, path) // first: one that is folded in meanwhile is in the file then
	if err != nil {
		return nil, err
	}
	file, err := Read(path)
	if err != nil {
		return nil, err
	}
	return file, file.fold(path, journals)
}

// fold puts journals into the file.
func (f *File) fold(path string, journals []left) error {
	for _, j := range journals {
		if f.Environments[j.Environment] == nil {
			f.Environments[j.Environment] = Environment{}
		}
		if err := j.changes.into(f.Environments[j.Environment]); err != nil {
			return fmt.Errorf("%s: environments.%s: %w", path, j.Environment, err)
		}
	}
	if len(journals) == 0 {
		return nil
	}
	if err := f.check(); err != nil {
		return fmt.Errorf("%s with %s: %w", path, journals[0].path, err)
	}
	return nil
}

// take makes the file's block the one that the store knows. s.mu is held, or
// nobody else has the store.
func (s *Store) take(file *File) {
	file.rename(s.formerly, s.env)
	s.entries, s.unfolded = file.Environments[s.env], changes{}
	if s.entries == nil {
		s.entries = Environment{}
	}
}

// Holder is the process whose apply keeps others waiting.
type Holder struct {
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// Acquire waits until no other apply of this environment runs in this folder, and
// keeps further ones waiting until release is called. Where there is one, waits is
// told, once, who that is; the zero Holder where it can't be told. What a killed
// one left in its journal goes into the lock file, and the block is read again,
// since the other one may have changed it. It comes before Put.
func (s *Store) Acquire(ctx context.Context, me Holder, waits func(Holder)) (release func(), err error) {
	if err := s.state.Make(); err != nil {
		return nil, err
	}
	name := filepath.Join(s.state.Dir, "apply-"+value.Of(s.env).ShortDigest())
	guard, holder := flock.New(name+".guard"), name+".holder"
	failed := func(err error) error { return fmt.Errorf("wait for other applies in this folder: %w", err) }
	got, err := guard.TryLock()
	if err == nil && !got {
		waits(readHolder(holder))
		_, err = guard.TryLockContext(ctx, lookAgain)
	}
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, failed(err)
	}
	release = func() {
		_ = os.Remove(holder)
		_ = guard.Unlock()
	}
	data, _ := json.Marshal(me)
	if err = os.WriteFile(holder, data, 0o644); err != nil {
		err = failed(err)
	} else {
		err = s.reload()
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// lookAgain is how often a waiting apply looks whether the other one has ended.
const lookAgain = 100 * time.Millisecond

// readHolder is who holds the guard, the zero Holder where the file does not say.
func readHolder(path string) (h Holder) {
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &h) != nil {
		return Holder{}
	}
	return h
}

func (s *Store) reload() error {
	journals, err := readJournals(s.state.Dir, s.path)
	if err != nil {
		return err
	}
	environments := append([]string{s.env}, s.formerly...)
	journals = slices.DeleteFunc(journals, func(l left) bool { return !slices.Contains(environments, l.Environment) })
	var file *File
	if len(journals) == 0 {
		file, err = Read(s.path)
	} else {
		file, err = s.write(journals)
	}
	if err != nil {
		return err
	}
	for _, env := range environments {
		if err := removeJournal(journalPath(s.state.Dir, s.path, env)); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(file)
	return nil
}

// Elsewhere returns the agent ids that other environments of the lock file have:
// the name of the environment by id. It is as the file was when it was opened.
func (s *Store) Elsewhere() map[string]string { return s.elsewhere }

// Entries returns a copy of the block.
func (s *Store) Entries() Environment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.entries)
}

// Put sets entries, and removes those that are nil, as one event, and returns
// when the journal has it on disk; where the journal takes nothing more, the
// lock file. An error says that neither may have it; the change is then still in
// Entries, and goes into the lock file with Flush.
func (s *Store) Put(entries map[string]*Entry) error {
	for _, key := range value.SortedKeys(entries) {
		if entry := entries[key]; entry != nil {
			if err := entry.check(); err != nil { // a journal with it would stop each later command
				return fmt.Errorf("remember %s: %w", key, err)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.change(entries); err != nil {
		return err
	}
	err := s.await(s.asked)
	if err != nil && s.flush() == nil {
		return nil
	}
	return err
}

// PutLater is Put without the wait: the event goes with the next one, or with
// Flush. Use it where losing it only costs a look.
func (s *Store) PutLater(entries map[string]*Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.change(entries) // Flush has it in any case
}

// change takes an event in. s.mu is held.
func (s *Store) change(entries map[string]*Entry) error {
	event := changes{}
	for key, entry := range entries {
		one := change{Now: entry}
		if _, before := s.unfolded[key]; !before {
			if was, there := s.entries[key]; there {
				one.Was = &was
			}
		}
		event[key] = one
		if entry == nil {
			delete(s.entries, key)
		} else {
			s.entries[key] = *entry
		}
	}
	s.unfolded.add(event)
	text, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("write the journal of the lock file: %w", err)
	}
	s.queue = append(s.queue, text)
	s.asked++
	return nil
}

// await returns when event number n is on disk; whoever finds nobody writing
// does it for all that wait. s.mu is held.
func (s *Store) await(n uint64) error {
	for s.written < n {
		if s.busy {
			s.cond.Wait()
			continue
		}
		texts, upTo := s.queue, s.asked
		s.queue, s.busy = nil, true
		s.mu.Unlock()
		err := s.append(texts)
		s.mu.Lock()
		s.busy = false
		s.cond.Broadcast()
		if err != nil {
			s.queue = append(texts, s.queue...) // nobody else is to take them for written
			return err
		}
		s.written = upTo
	}
	return nil
}

// append writes events to the journal, and begins it where there is none. Nobody
// else writes.
func (s *Store) append(texts [][]byte) (err error) {
	if s.journal == nil {
		if err := s.state.Make(); err != nil {
			return err
		}
		if s.journal, err = beginJournal(s.state.Dir, s.path, s.env, s.create); err != nil {
			return err
		}
	}
	return s.journal.append(texts)
}

// Flush puts all changes into the lock file, which is written once, and removes
// the journal. The next Put begins another. Where it fails, the error says what
// became of the changes: they are in the journal, or else which ids of agents
// are nowhere on disk.
func (s *Store) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flush()
}

// flush is Flush. s.mu is held.
func (s *Store) flush() error {
	for s.busy {
		s.cond.Wait()
	}
	if len(s.unfolded) == 0 && s.journal == nil {
		return nil
	}
	folding, queue, upTo := s.unfolded, s.queue, s.asked
	s.unfolded, s.queue, s.busy = changes{}, nil, true
	s.mu.Unlock()
	_, err := s.write([]left{{head: head{Environment: s.env}, path: journalPath(s.state.Dir, s.path, s.env), changes: folding}})
	if err == nil && s.journal != nil {
		err = s.journal.remove()
	}
	s.mu.Lock()
	s.busy = false
	s.cond.Broadcast()
	if err != nil {
		folding.add(s.unfolded)
		s.unfolded, s.queue = folding, append(queue, s.queue...)
		return s.unflushed(err)
	}
	s.journal, s.written = nil, max(s.written, upTo)
	return nil
}

// unflushed is the error of a lock file that could not be written, with what
// there is to know about the changes. s.mu is held.
func (s *Store) unflushed(err error) error {
	if s.journal != nil && s.journal.err == nil && s.journal.isThere() == nil {
		return fmt.Errorf("%w; the journal in %s has what was to be written, and the next command takes it from there", err, s.state.Dir)
	}
	var lost []string
	for _, key := range value.SortedKeys(s.unfolded) {
		if one := s.unfolded[key]; one.Now != nil && one.Now.AgentID != "" && (one.Was == nil || one.Was.AgentID != one.Now.AgentID) {
			lost = append(lost, fmt.Sprintf("environments.%s.%s.agent_id: %s", s.env, key, one.Now.AgentID))
		}
	}
	if len(lost) == 0 {
		return err
	}
	return fmt.Errorf("%w; what it has to say is %s", err, strings.Join(lost, ", "))
}

// write folds changes into the lock file as it is now, and returns what is in it
// then. Another process's entries stay.
func (s *Store) write(journals []left) (*File, error) {
	if err := s.state.Make(); err != nil {
		return nil, err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(s.state.Dir, "lock.guard")).Lock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", s.path, err)
	}
	defer unlock()
	before, err := readBytes(s.path, maxSize)
	if err != nil {
		return nil, err
	}
	file, err := parseAt(s.path, before)
	if err != nil {
		return nil, err
	}
	if err := file.fold(s.path, journals); err != nil {
		return nil, err
	}
	file.rename(s.formerly, s.env)
	data, err := file.Bytes()
	if err != nil || bytes.Equal(before, data) {
		return file, err
	}
	return file, writeFile(s.path, filepath.Join(s.state.Dir, "lock.tmp"), data)
}
