package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	api "github.com/google/go-github/v84/github"
)

// plan plans, and keeps the pull request's comment.
func (j *Job) plan(ctx context.Context) error {
	p, err := j.makePlan(ctx)
	if j.isPart() { // whose merge comments
		return err
	}
	return j.commented(ctx, p, err)
}

// commented keeps the pull request's comment of a plan, or of why there is none, and
// returns what became of both.
func (j *Job) commented(ctx context.Context, p *diff.Plan, err error) error {
	if engine.KindOf(err) == engine.Interrupted {
		return err
	}
	commentErr := j.commentPlan(ctx, p, err)
	if err == nil {
		return commentErr
	}
	if commentErr != nil {
		j.warn("the comment was not brought up to date", commentErr)
	}
	return err
}

// makePlan plans, without the platform where a pull request from outside has no
// credentials. The plan comes with an error where policy forbids it.
func (j *Job) makePlan(ctx context.Context) (p *diff.Plan, err error) {
	if err := j.load(ctx); err != nil {
		return nil, err
	}
	if j.Run.FromOutside() && !j.project.HasCredentials() {
		j.annotate("notice", "a pull request from outside gets no credentials, "+
			"so its manifests were compared with those of the base branch, and not with the platform")
		p, err = engine.Offline(ctx, j.opt, j.Run.Pull.BaseSHA, j.Inputs.Scope)
	} else if planned, planErr := j.project.Plan(ctx, j.scope(nil)); planErr != nil {
		err = planErr
	} else {
		defer planned.Close()
		p = planned.Plan
		j.tellScope(planned.About)
	}
	if err != nil {
		j.failed("❌ The plan failed", err)
		return nil, err
	}
	if err := j.showPlan(p); err != nil {
		return nil, err
	}
	return p, engine.Refusal(p)
}

// showPlan shows a plan on stdout, in the summary, and to later steps.
func (j *Job) showPlan(p *diff.Plan) error {
	if j.project != nil {
		j.out.As = j.project.Account()
	}
	if err := j.out.ShowPlan(p); err != nil {
		return err
	}
	room := max(2_000, j.summaryRoom()-20_000)
	if j.Command == "apply" {
		room /= 2 // the other half is for the report
	}
	text, whole := render.Document(p, render.Options{As: j.out.As, Budget: room, Elsewhere: inLog})
	j.whole = inLog
	if j.summarize(j.about+text) && whole {
		j.whole = inSummary
	}
	return j.keep(p)
}

// commentPlan makes the comment show the plan, or why there is none.
func (j *Job) commentPlan(ctx context.Context, p *diff.Plan, planErr error) error {
	if j.Run.Event != "pull_request" || j.Inputs.Comment == CommentNever {
		return nil
	}
	err := j.putPlan(ctx, p, planErr)
	mayNot := slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, statusOf(err))
	_, nameless := errors.AsType[*noAuthor](err)
	if refusal, ok := errors.AsType[*apiError](err); nameless || ok && refusal.locked {
		j.warn("no comment, and so no plan that an apply goes by; the plan is in "+cmp.Or(j.whole, inLog), err)
		return nil
	}
	if err != nil && j.Run.FromOutside() && (mayNot || j.Run.Token.IsZero()) {
		j.annotate("notice", "no comment: the token of a pull request from outside may not write one; the plan is in the job summary")
		return nil
	}
	return err
}

func (j *Job) putPlan(ctx context.Context, p *diff.Plan, planErr error) error {
	if j.Run.Token.IsZero() {
		return engine.Errorf(engine.Failed, "give the input github-token, or comment: false", "no token to comment with")
	}
	s := j.sticky(j.Run.Pull.Number)
	if err := s.find(ctx); err != nil {
		return err
	}
	pull, err := s.client.Pull(ctx, s.number)
	if err != nil {
		return err
	}
	n := j.planNote(p, planErr, !pull.GetMergedAt().IsZero())
	none := p == nil || p.IsEmpty() && planErr == nil && j.Inputs.Comment == CommentChanges
	if s.id == 0 && none {
		return nil
	}
	replace := func(now note) (note, error) {
		if why := j.keepsComment(pull, now); why != "" {
			return n, &keepsError{"the comment stays as it is: " + why}
		}
		// The plan of a later commit that is the same leaves it alone; that of a
		// later run of this commit takes it over from the run before.
		rerun := now.status.Commit == n.status.Commit && olderRun(now.status.Run, n.status.Run)
		if s.id != 0 && now.same(n) && len(s.more) == 0 && !rerun {
			return n, &keepsError{}
		}
		return n, nil
	}
	err = s.put(ctx, replace)
	if keeps, ok := errors.AsType[*keepsError](err); ok {
		if keeps.why != "" {
			j.annotate("notice", keeps.why)
		}
		return nil
	}
	return err
}

// keepsComment says why this run's plan must not take the place of what the
// comment says now; "" where it may.
func (j *Job) keepsComment(pull *api.PullRequest, now note) string {
	state, head := now.status.State, pull.GetHead().GetSHA()
	switch {
	case state == applied || state.unfinished() || !pull.GetMergedAt().IsZero() && now.marker.Digest != "":
		return "the pull request is merged, and what was reviewed in it is what counts"
	case head != j.Run.Pull.HeadSHA:
		return fmt.Sprintf("the pull request is at %s by now, and this run is of %s", cut12(head), cut12(j.Run.Pull.HeadSHA))
	case olderRun(j.Run.number(), now.status.Run):
		return "a later run has written it"
	}
	return ""
}

// planNote is the comment of a plan; p is nil where planning failed.
func (j *Job) planNote(p *diff.Plan, planErr error, merged bool) note {
	n := note{marker: j.marker(), status: status{Commit: j.Run.Pull.HeadSHA, Run: j.Run.number()}}
	if p == nil {
		n.status.State, n.foot = planFailed, j.foot("Tried")
		n.told = "### ❌ The plan failed" + j.title() +
			"\n\nThere is nothing to review: a plan that stood here before does not hold any more.\n\n" +
			fenced("text", errorText(planErr, j.Folder), 10_000)
		return n
	}
	n.document, n.foot = j.about+document(p, j.out.As, planBudget, j.whole), j.foot("Planned")
	limit := mergedLimit - (partDigits+1)*j.merged
	for budget := planBudget; j.Command == "merge" && len(n.document) > limit; { // characters of more than a byte
		budget = budget * limit / len(n.document) * 49 / 50
		n.document = j.about + document(p, j.out.As, budget, j.whole)
	}
	switch {
	case p.Base != "":
		n.status.State = offline
	case planErr != nil:
		n.status.State = planRefused
		n.document = "**Policy forbids this plan: it can't be applied.**\n\n" + n.document
	case merged:
		n.status.State = late
		n.document = "**This plan was made after the merge: nobody has reviewed it, and no apply goes by it.**\n\n" + n.document
	default:
		n.status.State, n.status.Steps, n.marker.Digest = planned, stepsDigest(p), p.Digest
		n.status.Parts = partDigests(p, j.merged)
	}
	return n
}
