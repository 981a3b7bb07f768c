package lock

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
)

// The journal is what an apply remembers in while it runs: a line an event, so
// that an agent costs the same in a small fleet and in a large one. It lies in
// agentsync's own folder, one for each lock file and environment, and is gone
// once its changes are in the lock file. What a killed apply leaves of it, every
// command that reads the lock file reads as well (Open); the next one that
// writes it puts it in (Store.Acquire).
//
// A line is a sum, a blank and JSON: first the head, then events. The sum is 16
// hex digits of SHA-256 over the sum of the line before and this line's JSON. So
// the first line that is torn, missing or not in its place ends what is read: no
// line after it can have been synced, and nobody was told that it was.
//
// The lock file may be another one by the time that a journal is folded in: git
// has merged something into it or checked it out, or the fold was done already
// and the power went before the journal was removed. Therefore an event says
// what it changed from, and is held against the entry that is there: see
// change.into.

const (
	journalPrefix = "journal-"
	journalFormat = 1
)

// head is a journal's first line: what the events are about.
type head struct {
	Format      int    `json:"format"`
	Lock        string `json:"lock"` // the lock file, from the journal's folder
	Environment string `json:"environment"`
}

// change is what became of one agent's entry; nil is an entry that is not there.
type change struct {
	Was *Entry `json:"was,omitempty"` // in the lock file; said once in a journal, with the key's first event
	Now *Entry `json:"now,omitempty"`
}

// changes are those of one environment by the agents' keys: one event, or what
// several come to.
type changes map[string]change

// add puts a later event on top.
func (c changes) add(later changes) {
	for key, one := range later {
		if first, there := c[key]; there {
			one.Was = first.Was
		}
		c[key] = one
	}
}

// into makes the changes in a block of a lock file. An entry that is still what
// the apply changed becomes what it made of it. Of one that something else has
// changed since, the lock file's word stands where both say something, but
//
//   - an agent's id is never lost: where the lock file has none, the journal's
//     goes in, and where it has another one than the apply has created, that is
//     an error that names both;
//   - a mark of an unfinished apply stays, with the digests that it may have left;
//   - an agent that the apply has deleted goes, unless the key has another id now;
//   - an agent that has another key by now stays there.
//
// Doing it twice is doing it once.
func (c changes) into(block Environment) error {
	keys := value.SortedKeys(c)
	for _, key := range keys {
		now, there := block[key]
		if one := c[key]; one.Now == nil && there && one.Was != nil && now.AgentID == one.Was.AgentID {
			delete(block, key)
		}
	}
	owner := map[string]string{}
	for key, entry := range block {
		owner[entry.AgentID] = key
	}
	var errs []error
	for _, key := range keys {
		one := c[key]
		if one.Now == nil {
			continue
		}
		if other, taken := owner[one.Now.AgentID]; taken && other != key && one.Now.AgentID != "" {
			continue
		}
		entry, err := one.onto(block, key)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		block[key], owner[entry.AgentID] = entry, key
	}
	return errors.Join(errs...)
}

// onto returns the entry that the change makes of the one that is there.
func (c change) onto(block Environment, key string) (Entry, error) {
	have, there := block[key]
	var was Entry
	if c.Was != nil {
		was = *c.Was
	}
	if !there || c.Was != nil && have.Equal(was) {
		return *c.Now, nil
	}
	merged, conflicts := mergeEntries(was, have, *c.Now)
	if !slices.ContainsFunc(conflicts, func(one Conflict) bool { return one.Field == fieldAgentID }) {
		return merged, nil
	}
	if have.AgentID != "" && c.Now.AgentID != "" {
		return Entry{}, fmt.Errorf("%q is %s in the lock file, and an apply that did not end has created it as %s: put that id into the lock file, and run the command again",
			key, have.AgentID, c.Now.AgentID)
	}
	merged.AgentID = cmp.Or(have.AgentID, c.Now.AgentID) // one of them began to create it, and has no id yet
	return merged, nil
}

// left is a journal that was found.
type left struct {
	head
	path    string
	changes changes
}

// readJournals returns the journals for a lock file that lie in a folder, those
// of all environments; one without a whole head holds nothing. A folder that is
// not there, or is none, has none.
func readJournals(dir, lockPath string) ([]left, error) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("read the journal of the lock file: %w", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the journal of the lock file: %w", err)
	}
	var out []left
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), journalPrefix) {
			continue
		}
		path := filepath.Join(dir, file.Name())
		data, err := readBytes(path, maxJournal)
		if err != nil {
			return nil, err
		}
		one, err := parseJournal(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if one.path = path; one.Lock == relative(dir, lockPath) {
			out = append(out, one)
		}
	}
	return out, nil
}

// parseJournal reads a journal's bytes as far as they hold together.
func parseJournal(data []byte) (left, error) {
	out := left{changes: changes{}}
	sum, first := "", true
	for {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		said, text, _ := bytes.Cut(line, []byte(" "))
		next := chain(sum, text)
		if !whole || string(said) != next {
			return out, nil
		}
		sum, data = next, rest
		if first {
			if err := json.Unmarshal(text, &out.head); err != nil || out.Format != journalFormat {
				return out, errors.New("not a journal that this version of agentsync can read: let the version that wrote it run a command that applies")
			}
			first = false
			continue
		}
		event := changes{}
		if err := json.Unmarshal(text, &event); err != nil {
			return out, fmt.Errorf("not a journal: %w", err)
		}
		out.changes.add(event)
	}
}

// chain is the sum of a line with this text after a line with the sum before.
func chain(before string, text []byte) string {
	h := sha256.New()
	h.Write([]byte(before))
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// relative is the lock file's path from the journal's folder, so that a project
// may be moved with both.
func relative(dir, lockPath string) string {
	if rel, err := filepath.Rel(dir, lockPath); err == nil {
		return filepath.ToSlash(rel)
	}
	return lockPath
}

func journalPath(dir, lockPath, env string) string {
	return filepath.Join(dir, journalPrefix+value.Of([]any{relative(dir, lockPath), env}).ShortDigest())
}

// sink is a file as a journal needs it.
type sink interface {
	Write([]byte) (int, error)
	Sync() error
	Close() error
	Stat() (fs.FileInfo, error)
}

func createFile(path string) (sink, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// journal is one that is being written, by one goroutine at a time.
type journal struct {
	path string
	file sink
	sum  string
	// err is why it takes no more: after an error nobody knows what of it is on
	// disk, so nothing may follow.
	err error
}

// beginJournal makes the journal of an environment in a folder.
func beginJournal(dir, lockPath, env string, create func(string) (sink, error)) (*journal, error) {
	h := head{Format: journalFormat, Lock: relative(dir, lockPath), Environment: env}
	j := &journal{path: journalPath(dir, lockPath, env)}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if j.file, err = create(j.path); err != nil {
		return nil, fmt.Errorf("begin the journal of the lock file: %w", err)
	}
	if err := j.append([][]byte{text}); err != nil {
		return j, err
	}
	syncDir(dir)
	syncDir(filepath.Dir(dir))
	return j, nil
}

// append writes lines, and returns when they are on disk: one write and one
// sync, whatever their number.
func (j *journal) append(texts [][]byte) error {
	if j.err != nil {
		return j.err
	}
	var buf bytes.Buffer
	for _, text := range texts {
		j.sum = chain(j.sum, text)
		buf.WriteString(j.sum + " ")
		buf.Write(text)
		buf.WriteByte('\n')
	}
	_, err := j.file.Write(buf.Bytes())
	if err == nil {
		err = j.file.Sync()
	}
	if err == nil {
		err = j.isThere()
	}
	if err != nil {
		j.err = fmt.Errorf("write the journal of the lock file: %w", err)
	}
	return j.err
}

// isThere finds out that nobody has removed the file meanwhile, as git clean
// does: what is written to it would be gone with it.
func (j *journal) isThere() error {
	ours, err := j.file.Stat()
	if err != nil {
		return err
	}
	now, err := os.Lstat(j.path)
	if err != nil {
		return err
	}
	if !os.SameFile(ours, now) {
		return fmt.Errorf("%s was replaced while it was in use", j.path)
	}
	return nil
}

// remove ends the journal, whose changes are in the lock file.
func (j *journal) remove() error {
	j.file.Close()
	return removeJournal(j.path)
}

func removeJournal(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the journal of the lock file: %w", err)
	}
	return nil
}
