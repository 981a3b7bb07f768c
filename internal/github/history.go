package github

import (
	"cmp"
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
	if !j.Inputs.RequireReviewed {
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

// checkBranch refuses to apply a commit that its branch has left behind, as
// when an old run is run again: what was reviewed then may have been reverted
// since. It is the commit that is checked out, whatever has started the run.
// Later commits do no harm that change no file which the project reads.
func (j *Job) checkBranch(ctx context.Context, r *review) error {
	err := j.leftBehind(ctx, r)
	if engine.KindOf(err) == engine.Refused {
		j.failed("⛔ Nothing was applied", err)
	}
	return err
}

// leftBehind is an error of the kind Refused where the branch has left the commit
// behind, and any other where that is not known.
func (j *Job) leftBehind(ctx context.Context, r *review) error {
	branch, err := j.branchOf(ctx, r)
	if err != nil {
		return err
	}
	head, err := j.Client.BranchHead(ctx, branch)
	commit := cmp.Or(j.Head, j.Run.SHA)
	if err != nil || head == commit {
		return err
	}
	since, err := j.Client.Compare(ctx, commit, head)
	if err != nil {
		return err
	}
	ours := j.firstOfOurs(since.Files)
	what := ""
	switch {
	case since.GetStatus() != "ahead" && since.GetStatus() != "identical":
		what = "does not come after " + cut12(commit)
	case ours != "":
		what = "changes " + render.Escape(ours)
	case len(since.Files) >= maxCompared:
		what = "changes more files than can be looked through"
	default:
		return nil
	}
	return engine.Errorf(engine.Refused, "its own run applies what is there now; run that one again",
		"%s has moved on: %s %s; nothing was applied", render.Escape(branch), cut12(head), what)
}

// branchOf is the branch that the run's commit belongs to: the run's own; of a
// tag, the one that the commit was merged into, else the default branch.
func (j *Job) branchOf(ctx context.Context, r *review) (string, error) {
	branch := j.Run.Branch()
	if branch == "" {
		branch = r.pull.GetBase().GetRef()
	}
	if branch != "" {
		return branch, nil
	}
	return j.Client.DefaultBranch(ctx)
}

// firstOfOurs is the first file that the project reads, by its new or its old
// name; "" for none.
func (j *Job) firstOfOurs(files []*api.CommitFile) string {
	folder := strings.TrimPrefix(j.Folder+"/", "/")
	for _, file := range files {
		for _, name := range []string{file.GetFilename(), file.GetPreviousFilename()} {
			if inside, below := strings.CutPrefix(name, folder); below && inside != "" && j.project.Reads(inside) {
				return name
			}
		}
	}
	return ""
}
