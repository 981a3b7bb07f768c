package github

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path"
	"regexp"
	"time"

	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync/lock"
)

const maxLockTries = 6

// fetchLock takes the branch's lock file: one that applies of earlier commits
// have committed since the run's own commit is newer than the one that was
// checked out. What an apply in this very folder has left in the file since the
// checkout, without committing it, stays.
func (j *Job) fetchLock(ctx context.Context) {
	file, branch := j.project.LockFile(), j.Run.Branch()
	if file == "" || branch == "" {
		return
	}
	theirs, _, err := j.Client.File(ctx, path.Join(j.Folder, lock.FileName), branch)
	if err == nil && theirs != nil {
		err = j.takeLock(ctx, file, theirs)
	}
	if err != nil && ctx.Err() == nil {
		j.warn("commit-lock: the branch's lock file was not taken", err)
	}
}

func (j *Job) takeLock(ctx context.Context, file string, theirs []byte) error {
	have, err := readLock(file)
	if err != nil {
		return err
	}
	committed, known := j.project.CommittedLock(ctx)
	if !known {
		committed = have
	}
	data, err := mergeLock(committed, have, theirs, j.environment())
	if err != nil || bytes.Equal(data, have) {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// commitLock commits the lock file to the run's branch when the apply has
// changed it; before is what it was. Where the branch has another lock file by
// now, what this apply changed in its environment is put into that one. What
// fails is a warning: the apply is over, and a plan finds the agents without
// the lock too, where the platform lists them.
func (j *Job) commitLock(ctx context.Context, file string, before []byte) {
	if file == "" {
		j.notice("commit-lock: the embedded platform's lock file is not kept in git")
		return
	}
	after, err := readLock(file)
	if err == nil && (after == nil || bytes.Equal(before, after)) {
		return
	}
	commit := ""
	if err == nil {
		commit, err = j.putLock(ctx, before, after)
	}
	switch {
	case err != nil:
		j.warn("commit-lock", err)
		j.summarize("⚠️ The lock file was not committed:\n\n" + fenced("text", errorText(err, ""), 2_000))
	case commit != "":
		j.out.Message("committed %s as %s", lock.FileName, cut12(commit))
		j.summarize("The lock file was committed as " + cut12(commit) + ".")
	}
}

// putLock returns the commit, "" when the branch has the content already.
func (j *Job) putLock(ctx context.Context, before, after []byte) (string, error) {
	branch := j.Run.Branch()
	if branch == "" {
		return "", engine.Errorf(engine.Failed, "run apply on a branch", "the run is on %s, which is no branch to commit to", cmp.Or(j.Run.Ref, "nothing"))
	}
	file := path.Join(j.Folder, lock.FileName)
	message := lockMessage + j.environment() + " [skip ci]"
	if j.Folder != "" {
		message = fmt.Sprintf("%s%s in %s [skip ci]", lockMessage, j.environment(), j.Folder)
	}
	last := ""
	for try := 1; ; try++ {
		theirs, sha, err := j.Client.File(ctx, file, branch)
		if err != nil {
			return "", err
		}
		data, err := mergeLock(before, after, theirs, j.environment())
		if err != nil || bytes.Equal(data, theirs) {
			return "", err
		}
		commit, err := j.Client.PutFile(ctx, file, branch, sha, message, data)
		if err == nil {
			return commit, nil
		}
		moved := try == 1 || sha != last // the file is another one than at the last try
		if !conflict(err) || try == maxLockTries || protected.MatchString(err.Error()) || !moved && try > 2 {
			return "", lockHint(err)
		}
		last = sha
		if err := j.Client.transport.sleep(ctx, time.Duration(try)*200*time.Millisecond); err != nil {
			return "", err
		}
	}
}

func conflict(err error) bool {
	status := statusOf(err)
	return status == http.StatusConflict || status == http.StatusUnprocessableEntity
}

// protected knows the words in which GitHub says that a branch takes changes
// through pull requests alone.
var protected = regexp.MustCompile(`(?i)protected branch|rule violation|through a pull request|required status check|review is required`)

func lockHint(err error) error {
	if protected.MatchString(err.Error()) {
		return &engine.Error{Kind: engine.Failed, Err: err,
			Way: "the branch takes no direct commits: let the token's app bypass the rule, or commit the lock file by a pull request"}
	}
	return err
}

// mergeLock is theirs with what changed in one environment from before to
// after; nil is a file that is not there.
func mergeLock(before, after, theirs []byte, environment string) ([]byte, error) {
	if theirs == nil || bytes.Equal(theirs, before) {
		return after, nil
	}
	if bytes.Equal(before, after) {
		return theirs, nil
	}
	var files [3]*lock.File
	for i, data := range [][]byte{before, after, theirs} {
		files[i] = &lock.File{Environments: map[string]lock.Environment{}}
		if data == nil {
			continue
		}
		var err error
		if files[i], err = lock.Parse(data); err != nil {
			return nil, fmt.Errorf("%s: %w", lock.FileName, err)
		}
	}
	merged, err := lock.Merge(files[0], files[1], files[2], environment)
	if err != nil {
		return nil, err
	}
	return merged.Bytes()
}
