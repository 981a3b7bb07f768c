package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/agentsync/agentsync/sync/lock"
)

// stateDir is agentsync's own folder in a project. It ignores itself in git.
const stateDir = ".agentsync"

// LockFile is the path of the lock file that belongs in git, "" for the
// embedded platform, which keeps its own beside its state.
func (p *Project) LockFile() string {
	if p.opt.Sandbox {
		return ""
	}
	return filepath.Join(p.opt.Dir, lock.FileName)
}

// openLock opens the environment's block of the lock file.
func (p *Project) openLock() (*lock.Store, error) {
	path := p.LockFile()
	if p.opt.Sandbox {
		path = filepath.Join(p.opt.Dir, stateDir, lock.FileName)
	}
	state := lock.State{Dir: filepath.Join(p.opt.Dir, stateDir), Make: func() error {
		_, err := p.stateFolder()
		return err
	}}
	store, err := lock.Open(path, p.Environment.Name, state, p.Environment.Formerly...)
	if err != nil {
		return nil, Errorf(Failed, "mend the file, or take its last version from git", "%w", err)
	}
	return store, nil
}

// ReadLock reads a lock file with what a killed apply has left beside it.
func ReadLock(path string) (*lock.File, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return lock.ReadAll(path, filepath.Join(filepath.Dir(path), stateDir))
}

// Turn waits, and says so, until no other apply of this environment runs in this
// folder, and keeps further ones waiting until release is called. What is planned
// after it is planned on what the other one has left.
func (p *Project) Turn(ctx context.Context) (release func(), err error) {
	store, err := p.openLock()
	if err != nil {
		return nil, err
	}
	if release, err = p.acquire(ctx, store); err == nil {
		p.hasTurn = true
	}
	return release, err
}

// acquire is Turn for one that has the lock file open already. release says when
// the file is another than it was: it goes into git.
func (p *Project) acquire(ctx context.Context, store *lock.Store) (release func(), err error) {
	before := p.readLock()
	unlock, waited, err := p.wait(ctx, store)
	if err != nil {
		return nil, err
	}
	if waited {
		p.opt.Message("the other apply has ended; from here on, all is read again")
		before = p.readLock()
	}
	return func() {
		if !bytes.Equal(before, p.readLock()) {
			p.opt.Message("%s has changed; it belongs in git, like the manifests", lock.FileName)
		}
		unlock()
	}, nil
}

// wait waits for another apply in this folder, and says so.
func (p *Project) wait(ctx context.Context, store *lock.Store) (unlock func(), waited bool, err error) {
	unlock, err = store.Acquire(ctx, lock.Holder{PID: os.Getpid(), Since: p.opt.Now()}, func(other lock.Holder) {
		waited = true
		who := ""
		if other.PID != 0 {
			who = fmt.Sprintf(" (process %d, since %s)", other.PID, other.Since.Local().Format(time.TimeOnly))
		}
		p.opt.Message("another apply runs in this folder%s: waiting for its end, however long that takes", who)
		if other.PID != 0 {
			p.opt.Message("  hint: to stop it is safe, also while it waits for a call: Ctrl-C there, or kill -INT %d; what it has begun is finished, and the next apply does the rest",
				other.PID)
		}
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, waited, Errorf(Interrupted, "", "interrupted while waiting for another apply: nothing was written")
	case err != nil:
		return nil, waited, err
	}
	return unlock, waited, nil
}

// readLock is the lock file that belongs in git, nil where it can't be read.
func (p *Project) readLock() []byte {
	data, err := os.ReadFile(p.LockFile())
	if err != nil {
		return nil
	}
	return data
}

// stateFolder makes agentsync's own folder, once.
func (p *Project) stateFolder() (string, error) {
	dir := filepath.Join(p.opt.Dir, stateDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", Errorf(Failed, "let agentsync write there: it is where it keeps what it must not forget while it works",
			"make %s: %w", dir, err)
	}
	if err := noLinks(dir); err != nil {
		return "", err
	}
	ignore := filepath.Join(dir, ".gitignore")
	if _, err := os.Stat(ignore); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o644); err != nil {
			return "", fmt.Errorf("write %s: %w", ignore, err)
		}
	}
	return dir, nil
}

// noLinks refuses links in agentsync's own folder, and the folder as one: a
// stranger's commit could lead writes out of the project with them.
func noLinks(dir string) error {
	paths := []string{dir}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		paths = append(paths, filepath.Join(dir, entry.Name()))
	}
	for _, path := range paths {
		if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return Errorf(Failed, "delete it; agentsync makes its own", "%s is a link, and agentsync follows none where it writes", path)
		}
	}
	return nil
}
