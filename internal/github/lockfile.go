package github

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"time"

	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync/lock"
)

const maxLockTries = 6

// fetchLock takes the branch's lock file: applies of earlier commits may have
// committed it since the run's own commit. What an apply in this very folder has
// left in the file since the checkout stays.
func (j *Job) fetchLock(ctx context.Context) error {
	if j.project.LockFile() == "" || j.Run.Branch() == "" {
		return nil
	}
	theirs, _, err := j.Client.File(ctx, path.Join(j.Folder, lock.FileName), j.Run.Branch())
	if err != nil || theirs == nil {
		return err
	}
	have, err := j.readLock()
	if err != nil {
		return err
	}
	committed, known := j.project.CommittedLock(ctx)
	if !known {
		committed = have
	}
	data, err := j.mergeLock(committed, have, theirs)
	if err != nil || bytes.Equal(data, have) {
		return err
	}
	return os.WriteFile(j.project.LockFile(), data, 0o644)
}

// readLock is the lock file's content, nil for none.
func (j *Job) readLock() ([]byte, error) {
	data, err := os.ReadFile(j.project.LockFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// commitLock commits the lock file to the run's branch when the apply has
// changed it; before is what it was. Where the branch has another by now, what
// this apply changed in its environment is put into that one. What fails is a
// warning: a plan finds the agents without the lock too, where they are listed.
func (j *Job) commitLock(ctx context.Context, before []byte) {
	if j.project.LockFile() == "" {
		j.annotate("notice", "commit-lock: the embedded platform's lock file is not kept in git")
		return
	}
	commit, err := j.putLock(ctx, before)
	switch {
	case err != nil:
		j.warn("commit-lock", err)
		j.summarize("⚠️ The lock file was not committed:\n\n" + fenced("text", errorText(err, ""), 2_000))
	case commit != "":
		j.out.Message("committed %s as %s", lock.FileName, cut12(commit))
		j.summarize("The lock file was committed as " + cut12(commit) + ".")
	}
}

// protected knows GitHub's words for a branch that takes only pull requests.
var protected = regexp.MustCompile(`(?i)protected branch|rule violation|through a pull request|required status check|review is required`)

// putLock returns the commit, "" when there is nothing to commit.
func (j *Job) putLock(ctx context.Context, before []byte) (string, error) {
	after, err := j.readLock()
	if err != nil || after == nil || bytes.Equal(before, after) {
		return "", err
	}
	branch := j.Run.Branch()
	if branch == "" {
		return "", engine.Errorf(engine.Failed, "run apply on a branch", "the run is on %s, which is no branch to commit to", cmp.Or(j.Run.Ref, "nothing"))
	}
	file := path.Join(j.Folder, lock.FileName)
	message := lockMessage + j.environment()
	if j.Folder != "" {
		message += " in " + j.Folder
	}
	last := ""
	for try := 1; ; try++ {
		theirs, sha, err := j.Client.File(ctx, file, branch)
		if err != nil {
			return "", err
		}
		data, err := j.mergeLock(before, after, theirs)
		if err != nil || bytes.Equal(data, theirs) {
			return "", err
		}
		commit, err := j.Client.PutFile(ctx, file, branch, sha, message+" [skip ci]", data)
		if err == nil {
			return commit, nil
		}
		if protected.MatchString(err.Error()) {
			return "", &engine.Error{Kind: engine.Failed, Err: err,
				Way: "the branch takes no direct commits: let the token's app bypass the rule, or commit the lock file by a pull request"}
		}
		conflict := slices.Contains([]int{http.StatusConflict, http.StatusUnprocessableEntity}, statusOf(err))
		if !conflict || try == maxLockTries || try > 2 && sha == last { // the file is the same as at the last try
			return "", err
		}
		last = sha
		if err := j.opt.Sleep(ctx, time.Duration(try)*200*time.Millisecond); err != nil {
			return "", err
		}
	}
}

// mergeLock is theirs with what changed in this environment from before to
// after; nil is a file that is not there.
func (j *Job) mergeLock(before, after, theirs []byte) ([]byte, error) {
	if theirs == nil || bytes.Equal(theirs, before) {
		return after, nil
	}
	if bytes.Equal(before, after) {
		return theirs, nil
	}
	var files [3]*lock.File
	for i, data := range [][]byte{before, after, theirs} {
		var err error
		if files[i], err = parseLock(data); err != nil {
			return nil, fmt.Errorf("%s: %w", lock.FileName, err)
		}
	}
	merged, err := lock.Merge(files[0], files[1], files[2], j.environment())
	if err != nil {
		return nil, err
	}
	return merged.Bytes()
}

// parseLock reads a lock file; nil is one that is not there.
func parseLock(data []byte) (*lock.File, error) {
	if data == nil {
		return &lock.File{}, nil
	}
	return lock.Parse(data)
}
