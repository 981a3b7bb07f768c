package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync"
)

// apply applies the plan that was reviewed in the merged pull request.
func (j *Job) apply(ctx context.Context) error {
	if err := j.checkApply(); err != nil {
		return err
	}
	if err := j.load(ctx); err != nil {
		return err
	}
	if j.Inputs.CommitLock {
		j.fetchLock(ctx)
	}
	r, err := j.findReview(ctx)
	if err != nil {
		if j.Inputs.RequireReviewed || ctx.Err() != nil {
			return err
		}
		j.warn("the reviewed plan can't be read", err)
	}
	planned, err := j.project.Plan(ctx, j.Inputs.Scope)
	if err != nil {
		j.failed("The apply did not begin", err)
		if engine.KindOf(err) != engine.Interrupted {
			j.tell(ctx, r, r.state(), "❌ The apply did not begin", nothingWritten(errorText(err, j.Folder)))
		}
		return err
	}
	defer planned.Close()
	if err := j.showPlan(planned.Plan); err != nil {
		if engine.KindOf(err) == engine.Refused {
			j.tell(ctx, r, refusedApply, "⛔ Policy forbids the plan", nothingWritten(errorText(err, j.Folder)))
		}
		return err
	}
	if planned.Plan.IsEmpty() {
		if r.state() != applied { // whose report stays
			j.tell(ctx, r, applied, "✅ Nothing left to apply", func(int) string { return "The platform is as the manifests want it.\n" })
		}
		return nil
	}
	if err := j.checkBranch(ctx); err != nil {
		return err
	}
	if r, err = j.awaitReview(ctx, r); err != nil {
		return err
	}
	if err := j.approve(ctx, r, planned); err != nil {
		return err
	}
	return j.execute(ctx, r, planned)
}

// checkApply refuses to apply where the checked out commit is not what was
// merged, and where nothing can be found out.
func (j *Job) checkApply() error {
	switch {
	case j.Run.aboutPull() || j.Run.Event == "merge_group":
		return engine.Errorf(engine.Refused, "run apply on push to the branch that pull requests are merged into", "the event %s is before the merge: nothing is applied there", j.Run.Event)
	case j.Client == nil || j.Run.SHA == "":
		return engine.Errorf(engine.Failed, "outside a workflow, use agentsync apply", "GITHUB_REPOSITORY and GITHUB_SHA are not set")
	case j.Head != "" && j.Head != j.Run.SHA && j.Inputs.RequireReviewed:
		return engine.Errorf(engine.Refused, "check out the run's own commit, without ref", "the commit %s is checked out, and the run is of %s", cut12(j.Head), cut12(j.Run.SHA))
	}
	return nil
}

// approve compares the plan with what was reviewed.
func (j *Job) approve(ctx context.Context, r *review, planned *engine.Planned) error {
	p := planned.Plan
	if r.covers(p) {
		return nil
	}
	if j.Inputs.RequireReviewed {
		if reviewed, err := j.findEarlier(ctx, r, p); err != nil || reviewed {
			return err
		}
	}
	if !j.Inputs.RequireReviewed {
		err := planned.CheckDrift(j.Inputs.OnDrift)
		if err == nil {
			return nil
		}
		j.out.Lines(planned.Drift())
		told := nothingWritten(strings.Join(append(planned.Drift(), errorText(err, j.Folder)), "\n"))
		j.summarize("### ⛔ The apply was refused" + j.title(j.environment()) + "\n\n" + told(100_000))
		j.tell(ctx, r, refusedApply, "⛔ The apply was refused", told)
		return err
	}
	if r.digest() == "" {
		err := engine.Errorf(engine.NotReviewed, "let a pull request's plan be reviewed, or look at the plan above and run apply with require-reviewed-plan: false",
			"%s, so nothing was applied", r.why())
		j.summarize("### ⛔ Nothing was applied" + j.title(j.environment()) + "\n\n" + fenced("text", errorText(err, ""), 2_000))
		return err
	}
	return j.refuseChanged(ctx, r, p)
}

// refuseChanged shows what differs from the reviewed plan: on stdout, in the
// summary and in the comment.
func (j *Job) refuseChanged(ctx context.Context, r *review, p *diff.Plan) error {
	if err := j.showDifferences(r, p); err != nil {
		return err
	}
	told := func(limit int) string {
		var b strings.Builder
		b.WriteString("Manifests or platform have moved since the review: **nothing was written**.\n\n")
		if r.plan == nil {
			b.WriteString(notKept + ".\n")
		} else {
			b.WriteString(render.DifferencesMarkdown(r.plan, r.comparable(p), render.Options{Budget: limit, Elsewhere: inLog}))
		}
		return b.String() + "\n**What to do:** take what was changed on the platform into the manifests, or change it back there, and review a new plan in a pull request. " +
			"Or look at the differences above and run `apply` with `require-reviewed-plan: false`.\n"
	}
	j.summarize("### ⛔ The plan is not the one that was reviewed" + j.title(j.environment()) + "\n\n" + told(j.summaryRoom()))
	j.tell(ctx, r, planChanged, "⛔ The plan is not the one that was reviewed", told)
	return engine.Errorf(engine.Stale, "review a new plan in a pull request, or look at the differences and run apply with require-reviewed-plan: false",
		"the plan is not the one that was reviewed, nothing was written")
}

const notKept = "The comment does not hold the reviewed plan, so what differs can't be told"

// showDifferences prints what differs from the reviewed plan as text.
func (j *Job) showDifferences(r *review, p *diff.Plan) error {
	var b strings.Builder
	b.WriteString("\nWhat differs from the reviewed plan:\n")
	if r.plan == nil {
		b.WriteString(notKept + ".\n")
	} else if err := render.Differences(&b, r.plan, r.comparable(p), j.out.RenderOptions()); err != nil {
		return err
	}
	_, err := io.WriteString(j.out.Stdout, b.String())
	return err
}

// execute applies, and says so in the comment before and after.
func (j *Job) execute(ctx context.Context, r *review, planned *engine.Planned) error {
	path := j.project.LockFile()
	before, err := readLock(path)
	if err != nil {
		return err
	}
	j.tell(ctx, r, applying, "⏳ Applying", func(int) string { return "" })
	report, err := j.out.Apply(ctx, planned)
	failure := applyFailure(report, err)
	s := applied
	switch {
	case engine.KindOf(failure) == engine.Interrupted:
		s = interrupted
	case failure != nil:
		s = applyFailed
	}
	finishErr := j.finish(failure) // before the rest: a cancelled job has little time
	told := func(limit int) string { return j.reportMarkdown(report, failure, limit) }
	j.summarize("### " + headline(s) + j.title(j.environment()) + "\n\n" + told(100_000))
	if j.Inputs.CommitLock {
		last, cancel := farewell(ctx)
		j.commitLock(last, path, before)
		cancel()
	}
	last, cancel := farewell(ctx)
	defer cancel()
	j.tell(last, r, s, headline(s), told)
	return errors.Join(failure, finishErr)
}

func readLock(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// applyFailure is nil when all is applied. Where the report on stdout says
// everything, the error is what one line can say.
func applyFailure(report *sync.Report, err error) error {
	switch {
	case err == nil:
		return nil
	case engine.KindOf(err) == engine.Interrupted:
		return err
	case engine.KindOf(err) != engine.Unapplied:
		return &engine.Error{Kind: engine.Unapplied, Err: err, Way: engine.HintOf(err)}
	}
	first, _, more := strings.Cut(strings.TrimSpace(reportFailures(report)), "\n")
	if more {
		first += ", and more"
	}
	return &engine.Error{Kind: engine.Unapplied, Err: fmt.Errorf("the apply failed: %s", first), Way: "when it is mended, run the job again", Told: true}
}
