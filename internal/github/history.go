package github

import (
	"context"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync/lock"
	api "github.com/google/go-github/v84/github"
)

const (
	maxEarlier     = 30  // commits that are looked through for reviews that no run has applied
	maxLockCommits = 20  // that are looked through for the commit that a lock commit follows
	maxCompared    = 300 // files that GitHub lists of a comparison

	lockMessage = "agentsync: lock after apply of " // begins the message of a lock commit
)

// findReview looks for the pull request that was merged as the run's commit, and
// for the plan in its comment. Commits of the lock file are looked through.
func (j *Job) findReview(ctx context.Context) (*review, error) {
	r := &review{commit: j.Run.SHA}
	for range maxLockCommits {
		pull, err := j.pullOf(ctx, r.commit)
		if err != nil {
			return r, err
		}
		if pull != nil {
			return j.readReview(ctx, pull, r.commit)
		}
		commit, err := j.Client.Commit(ctx, r.commit)
		if err != nil || !strings.HasPrefix(commit.GetCommit().GetMessage(), lockMessage) ||
			len(commit.Parents) != 1 || len(commit.Files) != 1 || path.Base(commit.Files[0].GetFilename()) != lock.FileName {
			return r, unlessUnknown(err)
		}
		r.commit = commit.Parents[0].GetSHA()
	}
	return r, nil
}

// awaitReview asks again for a pull request: GitHub may need some seconds after
// a push to know which one the commit came from.
func (j *Job) awaitReview(ctx context.Context, r *review) (_ *review, err error) {
	if !j.Inputs.RequireReviewed || j.Run.Event != "push" {
		return r, nil
	}
	for wait := time.Second; wait <= 8*time.Second && r.pull == nil; wait *= 2 {
		if err := j.opt.Sleep(ctx, wait); err != nil {
			return r, err
		}
		if r, err = j.findReview(ctx); err != nil {
			return r, err
		}
	}
	return r, nil
}

// readReview reads the plan in a pull request's comment.
func (j *Job) readReview(ctx context.Context, pull *api.PullRequest, commit string) (*review, error) {
	r := &review{sticky: j.sticky(pull.GetNumber()), pull: pull, commit: commit}
	if err := r.find(ctx); err != nil {
		return r, err
	}
	plan, abridged, ok := findHidden(r.note.document)
	if ok && (abridged || plan.Digest == r.note.marker.Digest || stepsDigest(plan) == r.note.status.Steps) {
		r.plan = plan // the one that was reviewed
	}
	return r, nil
}

// findEarlier adds reviews of pull requests that were merged before r's until
// they cover the plan, back to the last one that was applied: GitHub keeps but
// one run waiting in a concurrency group, and a merge queue pushes several merges
// at once, so a run may have to do what was reviewed in more than one.
func (j *Job) findEarlier(ctx context.Context, r *review, now *diff.Plan) (covered bool, err error) {
	sha := r.commit
	seen := map[int]bool{r.pull.GetNumber(): true}
	for range maxEarlier {
		commit, err := j.Client.Commit(ctx, sha)
		if err != nil || len(commit.Parents) == 0 {
			return false, unlessUnknown(err)
		}
		sha = commit.Parents[0].GetSHA()
		pull, err := j.pullOf(ctx, sha)
		if err != nil {
			return false, err
		}
		if pull == nil || seen[pull.GetNumber()] {
			continue
		}
		seen[pull.GetNumber()] = true
		one, err := j.readReview(ctx, pull, sha)
		if err != nil || one.note.status.State == applied {
			return false, err
		}
		r.earlier = append(r.earlier, one)
		if r.covers(now) {
			return true, nil
		}
	}
	return false, nil
}

// pullOf chooses, of the merged pull requests of a commit into the run's branch,
// the one that the commit is the merge of, else the one that was merged last;
// nil for none, and for a commit that GitHub does not know.
func (j *Job) pullOf(ctx context.Context, sha string) (best *api.PullRequest, err error) {
	branch := j.Run.Branch()
	pulls, err := j.Client.CommitPulls(ctx, sha)
	for _, p := range pulls {
		if p.GetMergedAt().IsZero() || branch != "" && p.GetBase().GetRef() != branch {
			continue
		}
		if p.GetMergeCommitSHA() == sha {
			return p, nil
		}
		if best == nil || p.GetMergedAt().After(best.GetMergedAt().Time) {
			best = p
		}
	}
	return best, unlessUnknown(err)
}

// unlessUnknown is nil for the error of a commit that GitHub does not know.
func unlessUnknown(err error) error {
	if code := statusOf(err); code == http.StatusUnprocessableEntity || code == http.StatusNotFound {
		return nil
	}
	return err
}

// checkBranch refuses to apply a commit that the branch has left behind, as
// when an old run is run again: what was reviewed then may have been reverted
// since. Later commits that change nothing but its lock file do no harm.
func (j *Job) checkBranch(ctx context.Context) error {
	branch := j.Run.Branch()
	if branch == "" || j.Run.Event != "push" && j.Run.Event != "workflow_dispatch" {
		return nil
	}
	head, err := j.Client.BranchHead(ctx, branch)
	if err != nil || head == j.Run.SHA {
		return err
	}
	since, err := j.Client.Compare(ctx, j.Run.SHA, head)
	if err != nil {
		return err
	}
	ours := j.firstOfOurs(since.Files)
	what := ""
	switch {
	case since.GetStatus() != "ahead" && since.GetStatus() != "identical":
		what = "does not come after " + cut12(j.Run.SHA)
	case ours != "":
		what = "changes " + render.Escape(ours)
	case len(since.Files) >= maxCompared:
		what = "changes more files than can be looked through"
	default:
		return nil
	}
	failure := engine.Errorf(engine.Refused, "its own run applies what is there now; run that one again",
		"%s has moved on: %s %s; nothing was applied", render.Escape(branch), cut12(head), what)
	j.failed("⛔ Nothing was applied", failure)
	return failure
}

// firstOfOurs is the first file that is the project's, by its new or its old
// name; "" for none. The lock file says nothing of what the agents should be,
// and nothing is read in a hidden folder, such as .github.
func (j *Job) firstOfOurs(files []*api.CommitFile) string {
	project := strings.TrimPrefix(j.Folder+"/", "/")
	for _, file := range files {
		for _, name := range []string{file.GetFilename(), file.GetPreviousFilename()} {
			inside, ours := strings.CutPrefix(name, project)
			folder, _ := path.Split(inside)
			if ours && inside != "" && !strings.Contains("/"+folder, "/.") && inside != lock.FileName {
				return name
			}
		}
	}
	return ""
}
