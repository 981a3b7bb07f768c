package lock

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/agentsync/agentsync/internal/value"
)

// Store is one environment's block of a lock file that several goroutines
// change while an apply runs. Changes that wait at the same moment are written
// together; Put returns when its change is on disk. Each write reads the file
// again first, so that another process's entries stay. It is safe for
// concurrent use.
type Store struct {
	path, env string
	formerly  []string
	scratch   func() (string, error)
	elsewhere map[string]string

	mu      sync.Mutex
	cond    *sync.Cond
	entries Environment       // as this process knows them
	waiting map[string]*Entry // not written yet; nil entry: to be removed
	asked   uint64            // count of changes
	written uint64            // changes that are on disk
	writing bool
	err     error // the last write's

	last     []byte // what the writer has left in the file, and what it says
	lastFile *File
}

// Open reads the environment's block of the lock file at path. Beside the lock
// a write needs a guard, which keeps two processes from writing at once, and a
// temporary file: scratch makes the folder for them (on the same file system)
// and returns its path. It is called at the first write, so that a plan writes
// nothing. formerly are names that the environment had before: what the file has
// under them belongs to the block, and moves there with the first write.
func Open(path, env string, scratch func() (string, error), formerly ...string) (*Store, error) {
	file, err := Read(path)
	if err != nil {
		return nil, err
	}
	file.rename(formerly, env)
	s := &Store{path: path, env: env, scratch: scratch, formerly: formerly,
		entries: Environment{}, waiting: map[string]*Entry{}, elsewhere: map[string]string{}}
	s.cond = sync.NewCond(&s.mu)
	for key, entry := range file.Environments[env] {
		s.entries[key] = entry
	}
	for other, entries := range file.Environments {
		for _, entry := range entries {
			if other != env && entry.AgentID != "" {
				s.elsewhere[entry.AgentID] = other
			}
		}
	}
	return s, nil
}

// Acquire waits until no other apply of this environment runs in this folder, and
// keeps further ones waiting until release is called. The block is read again,
// since the other one may have changed it.
func (s *Store) Acquire(ctx context.Context) (release func(), err error) {
	dir, err := s.scratch()
	if err != nil {
		return nil, err
	}
	guard := lockedfile.MutexAt(filepath.Join(dir, "apply-"+value.Of(s.env).ShortDigest()+".guard"))
	type held struct {
		unlock func()
		err    error
	}
	got := make(chan held, 1)
	go func() {
		unlock, err := guard.Lock()
		got <- held{unlock, err}
	}()
	select {
	case h := <-got:
		if h.err != nil {
			return nil, fmt.Errorf("wait for other applies in this folder: %w", h.err)
		}
		if err := s.reload(); err != nil {
			h.unlock()
			return nil, err
		}
		return h.unlock, nil
	case <-ctx.Done():
		go func() { // not wanted any more
			if h := <-got; h.err == nil {
				h.unlock()
			}
		}()
		return nil, ctx.Err()
	}
}

func (s *Store) reload() error {
	file, err := Read(s.path)
	if err != nil {
		return err
	}
	file.rename(s.formerly, s.env)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = Environment{}
	for key, entry := range file.Environments[s.env] {
		s.entries[key] = entry
	}
	return nil
}

// Elsewhere returns the agent ids that other environments of the lock file have:
// the name of the environment by id. It is as the file was when it was opened.
func (s *Store) Elsewhere() map[string]string { return s.elsewhere }

// Entries returns a copy of the block.
func (s *Store) Entries() Environment {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(Environment, len(s.entries))
	for key, entry := range s.entries {
		out[key] = entry
	}
	return out
}

// Put sets entries, and removes those that are nil, in one write, and returns
// when they are on disk.
func (s *Store) Put(changes map[string]*Entry) error { return s.change(changes, true) }

// PutLater is Put without the wait: the change goes with the next write, or
// with Flush. Use it where losing it only costs a look.
func (s *Store) PutLater(changes map[string]*Entry) { _ = s.change(changes, false) }

// Flush writes what still waits.
func (s *Store) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 && !s.writing {
		return s.err
	}
	return s.await(s.asked)
}

func (s *Store) change(changes map[string]*Entry, wait bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, entry := range changes {
		if entry == nil {
			delete(s.entries, key)
		} else {
			s.entries[key] = *entry
		}
		s.waiting[key] = entry
	}
	s.asked++
	if !wait {
		return nil
	}
	return s.await(s.asked)
}

// await returns when change number n is written; whoever finds no write going
// on does one for all that wait. s.mu is held.
func (s *Store) await(n uint64) error {
	for s.written < n {
		if s.writing {
			s.cond.Wait()
			continue
		}
		s.writing = true
		batch, upTo := s.waiting, s.asked
		s.waiting = map[string]*Entry{}
		s.mu.Unlock()
		err := s.write(batch)
		s.mu.Lock()
		s.writing = false
		s.err = err
		if err != nil {
			for key, entry := range batch { // kept for the next try
				if _, newer := s.waiting[key]; !newer {
					s.waiting[key] = entry
				}
			}
			s.cond.Broadcast()
			return err
		}
		s.written = upTo
		s.cond.Broadcast()
	}
	return nil
}

func (s *Store) write(batch map[string]*Entry) error {
	dir, err := s.scratch()
	if err != nil {
		return err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(dir, "lock.guard")).Lock()
	if err != nil {
		return fmt.Errorf("lock %s: %w", s.path, err)
	}
	defer unlock()
	file, before, err := s.readAgain()
	if err != nil {
		return err
	}
	file.rename(s.formerly, s.env)
	if file.Environments[s.env] == nil {
		file.Environments[s.env] = Environment{}
	}
	for key, entry := range batch {
		if entry == nil {
			delete(file.Environments[s.env], key)
		} else {
			file.Environments[s.env][key] = *entry
		}
	}
	s.last, s.lastFile = nil, nil // until the file is known to hold it
	data, err := file.Bytes()
	if err != nil {
		return err
	}
	if !bytes.Equal(before, data) {
		if err := writeFile(s.path, filepath.Join(dir, "lock.tmp"), data); err != nil {
			return err
		}
	}
	s.last, s.lastFile = data, file
	return nil
}

// readAgain returns the file as it is now. One that is as this store left it is
// not parsed again: an apply writes it for every few agents.
func (s *Store) readAgain() (*File, []byte, error) {
	data, err := readBytes(s.path)
	if err != nil {
		return nil, nil, err
	}
	if s.lastFile != nil && bytes.Equal(data, s.last) {
		return s.lastFile, data, nil
	}
	if data == nil {
		return &File{Environments: map[string]Environment{}}, nil, nil
	}
	file, err := Parse(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.path, err)
	}
	return file, data, nil
}

// writeFile replaces the file at path by data, whole or not at all: the
// temporary file tmp, fsync, rename. A reader never sees half of it, and what a
// killed process leaves of tmp the next write replaces.
func writeFile(path, tmp string, data []byte) error {
	_ = os.Remove(tmp)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return fmt.Errorf("write %s: %w", path, err)
	}
	syncDir(filepath.Dir(path))
	return nil
}

// syncDir makes the rename last through a power cut, where the system can.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
