package engine

import (
	"context"
	gosync "sync"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/sync/lock"
)

// pastLocks asks git's history of the lock file what it says was verified last of
// each agent. The history is read once, and only where a plan asks.
type pastLocks struct {
	project *Project

	once gosync.Once
	byID map[string]lock.Live
}

// last is what the history says of an agent, for diff.Input. Commits of HEAD's own
// line count: what a branch held before it was merged, nobody need have seen.
func (l *pastLocks) last(ctx context.Context, id string) (diff.Remembered, bool) {
	l.once.Do(func() { l.read(ctx) })
	entry, ok := l.byID[id].Entry()
	return diff.Remembered(entry), ok
}

// mostReverted is how many commits of the lock file are read.
const mostReverted = 200

// read takes, of an agent's entries, those that know of the newest version, and of
// them the one of the newest commit: a revert brings back older ones.
func (l *pastLocks) read(ctx context.Context) {
	l.byID = map[string]lock.Live{}
	opt := l.project.opt
	repo, err := git.Open(ctx, opt.Dir)
	if err != nil || opt.Sandbox { // whose lock is not in git
		return
	}
	left := mostReverted
	err = repo.FileHistory(ctx, lock.FileName, time.Time{}, maxLock, func(r git.Revision) bool {
		for id, live := range lock.AllLive(r.Data) {
			if live.Newest > l.byID[id].Newest {
				l.byID[id] = live.Clone()
			}
		}
		left--
		return left > 0
	})
	if err != nil {
		opt.Logf("the lock file's history can't be read: %v", err)
	}
}
