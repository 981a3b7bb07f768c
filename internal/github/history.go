package github

import (
	"context"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/sync/lock"
	api "github.com/google/go-github/v84/github"
)

// findReview looks for the commit's merged pull request, and for the plan in
// its comment.
func (j *Job) findReview(ctx context.Context) (*review, error) {
	pull, commit, err := j.mergedPull(ctx)
	if err != nil || pull == nil {
		return &review{commit: commit}, err
	}
	return j.readReview(ctx, pull, commit)
}

// awaitReview asks again for the pull request of a commit that was just pushed
// and seems to come from none: GitHub may need some seconds to know it.
func (j *Job) awaitReview(ctx context.Context, r *review) (*review, error) {
	if !j.Inputs.RequireReviewed || j.Run.Event != "push" {
		return r, nil
	}
	for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
		if r.pull != nil {
			break
		}
		if err := j.Client.transport.sleep(ctx, wait); err != nil {
			return r, err
		}
		var err error
		if r, err = j.findReview(ctx); err != nil {
			return r, err
		}
	}
	return r, nil
}

// readReview reads the plan in a pull request's comment.
func (j *Job) readReview(ctx context.Context, pull *api.PullRequest, commit string) (*review, error) {
	r := &review{pull: pull, commit: commit}
	s := j.sticky(pull.GetNumber())
	if err := s.find(ctx); err != nil {
		return r, err
	}
	r.comment = s
	if plan, part, ok := findHidden(s.note.document); ok && (part || r.vouches(plan)) {
		r.plan, r.part = plan, part
	}
	return r, nil
}

// maxEarlier are the commits that are looked through for reviews that no run
// has applied.
const maxEarlier = 30

// findEarlier adds reviews of pull requests that were merged before r's until
// they cover the plan: GitHub keeps but one run waiting in a concurrency group,
// and a merge queue pushes several merges at once, so a run may have to do what
// was reviewed in more than one. It goes back commit by commit, to the last one
// that was applied.
func (j *Job) findEarlier(ctx context.Context, r *review, now *diff.Plan) (covered bool, err error) {
	sha := r.commit
	seen := map[int]bool{r.pull.GetNumber(): true}
	for range maxEarlier {
		_, parents, _, err := j.Client.Commit(ctx, sha)
		if unknownCommit(err) || err == nil && len(parents) == 0 {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		sha = parents[0]
		pulls, err := j.Client.CommitPulls(ctx, sha)
		if err != nil && !unknownCommit(err) {
			return false, err
		}
		pull := pickPull(pulls, sha, j.Run.Branch())
		if pull == nil || seen[pull.GetNumber()] {
			continue
		}
		seen[pull.GetNumber()] = true
		one, err := j.readReview(ctx, pull, sha)
		if err != nil || one.state() == applied {
			return false, err
		}
		r.earlier = append(r.earlier, one)
		if r.covers(now) {
			return true, nil
		}
	}
	return false, nil
}

func unknownCommit(err error) bool {
	return statusOf(err) == http.StatusUnprocessableEntity || statusOf(err) == http.StatusNotFound
}

// lockMessage begins the message of a commit of the lock file.
const lockMessage = "agentsync: lock after apply of "

// maxLockCommits are looked through for the commit that a lock commit follows.
const maxLockCommits = 20

// mergedPull is the pull request that was merged as the run's commit, and that
// commit. Commits of the lock file on top of it are looked through.
func (j *Job) mergedPull(ctx context.Context) (*api.PullRequest, string, error) {
	sha := j.Run.SHA
	for range maxLockCommits {
		pulls, err := j.Client.CommitPulls(ctx, sha)
		if err != nil && !unknownCommit(err) {
			return nil, sha, err
		}
		if pull := pickPull(pulls, sha, j.Run.Branch()); pull != nil {
			return pull, sha, nil
		}
		message, parents, files, err := j.Client.Commit(ctx, sha)
		if unknownCommit(err) {
			return nil, sha, nil
		}
		if err != nil {
			return nil, sha, err
		}
		if !strings.HasPrefix(message, lockMessage) || len(parents) != 1 || len(files) != 1 || path.Base(files[0]) != lock.FileName {
			return nil, sha, nil
		}
		sha = parents[0]
	}
	return nil, sha, nil
}

// pickPull chooses, of the merged pull requests into the branch, the one that
// the commit is the merge of, else the one that was merged last; nil for none.
func pickPull(pulls []*api.PullRequest, sha, branch string) *api.PullRequest {
	var best *api.PullRequest
	for _, p := range pulls {
		if p.GetMergedAt().IsZero() || branch != "" && p.GetBase().GetRef() != branch {
			continue
		}
		if p.GetMergeCommitSHA() == sha {
			return p
		}
		if best == nil || p.GetMergedAt().After(best.GetMergedAt().Time) {
			best = p
		}
	}
	return best
}
