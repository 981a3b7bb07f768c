package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync"
)

// apply applies the plan that was reviewed in the merged pull request.
func (j *Job) apply(ctx context.Context) error {
	if err := j.load(ctx); err != nil {
		return err
	}
	if j.Inputs.CommitLock || j.isPart() {
		if err := j.fetchLock(ctx); err != nil && ctx.Err() == nil {
			j.warn("commit-lock: the branch's lock file was not taken", err)
		}
	}
	r, err := j.findReview(ctx)
	if err != nil {
		if j.Inputs.RequireReviewed || ctx.Err() != nil {
			return err
		}
		j.warn("the reviewed plan can't be read", err)
	}
	state := r.note.status.State
	planned, err := j.project.Plan(ctx, j.scope(r))
	if err != nil {
		j.failed("❌ The apply did not begin", err)
		if engine.KindOf(err) != engine.Interrupted && state != applied {
			j.tell(ctx, r, state, "❌ The apply did not begin", nothingWritten(errorText(err, j.Folder)))
		}
		return err
	}
	defer planned.Close()
	j.tellScope(planned.About)
	if err := j.showPlan(planned.Plan); err != nil {
		return err
	}
	if err := engine.Refusal(planned.Plan); err != nil {
		j.tell(ctx, r, refusedApply, "⛔ Policy forbids the plan", nothingWritten(errorText(err, j.Folder)))
		return err
	}
	if err := planned.CheckCalls(); err != nil {
		j.tell(ctx, r, refusedApply, "⛔ The smoke call can't be made", nothingWritten(errorText(err, j.Folder)))
		return err
	}
	if planned.Plan.IsEmpty() {
		j.rememberVerified(ctx, r, planned)
		if state != applied { // whose report stays
			text := "The platform is as the manifests want it.\n"
			if len(planned.Plan.Agents) == 0 {
				text = "No agent wants something that is not applied.\n"
			}
			done := func(int) string { return text }
			j.tell(ctx, r, applied, "✅ Nothing left to apply", done)
		}
		return nil
	}
	if err := j.checkBranch(ctx, r); err != nil {
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

// rememberVerified commits to the lock that agents without a step are what their
// manifests want, as where a change was taken from the dashboard: else later
// plans would take them for left. A commit that its branch has left behind says
// nothing of that.
func (j *Job) rememberVerified(ctx context.Context, r *review, planned *engine.Planned) {
	if !j.Inputs.CommitLock && !j.isPart() || len(planned.Plan.Agents) == 0 {
		return
	}
	before, err := j.readLock()
	if err == nil {
		_, err = planned.Apply(ctx, nil)
	}
	after, readErr := j.readLock()
	if err = errors.Join(err, readErr); err == nil && bytes.Equal(before, after) {
		return
	}
	if err == nil {
		err = j.leftBehind(ctx, r)
	}
	if err != nil {
		j.warn("commit-lock: what was verified is not remembered", err)
		return
	}
	j.keepLock(ctx, before)
}

// approve compares the plan with what was reviewed.
func (j *Job) approve(ctx context.Context, r *review, planned *engine.Planned) error {
	if r.covers(planned.Plan) {
		return nil
	}
	if !j.Inputs.RequireReviewed {
		err := planned.CheckDrift(j.Inputs.OnDrift)
		if err != nil {
			j.out.Lines(planned.Drift())
			why := append(planned.Drift(), errorText(err, j.Folder))
			j.refuse(ctx, r, refusedApply, "⛔ The apply was refused", nothingWritten(strings.Join(why, "\n")))
		}
		return err
	}
	if covered, err := j.findEarlier(ctx, r, planned.Plan); err != nil || covered {
		return err
	}
	if r.note.marker.Digest == "" {
		err := engine.Errorf(engine.NotReviewed, "let a pull request's plan be reviewed, or look at the plan above and run apply with require-reviewed-plan: false",
			"%s, so nothing was applied", r.why())
		j.failed("⛔ Nothing was applied", err)
		return err
	}
	return j.refuseChanged(ctx, r, planned.Plan)
}

// refuse says in the summary and in the comment why the plan is not applied.
func (j *Job) refuse(ctx context.Context, r *review, s state, title string, told func(limit int) string) {
	j.report(title, told(max(2_000, j.summaryRoom()-20_000)))
	j.tell(ctx, r, s, title, told)
}

// refuseChanged shows what differs from the reviewed plan.
func (j *Job) refuseChanged(ctx context.Context, r *review, p *diff.Plan) error {
	const notKept = "The comment does not hold the reviewed plan, so what differs can't be told.\n"
	const again = "review a new plan in a pull request, or look at the differences and run apply with require-reviewed-plan: false"
	if r.note.status.State == applied {
		err := engine.Errorf(engine.Stale, again, "what was reviewed is applied already and covers nothing any more: "+
			"the platform was changed since, nothing was written")
		j.failed("⛔ What was reviewed is applied already", err)
		return err
	}
	opt := j.out.RenderOptions()
	opt.Verbose = opt.Verbose || j.Run.InWorkflow // the comment points to the log
	var text strings.Builder
	text.WriteString("\nWhat differs from the reviewed plan:\n")
	if r.plan == nil {
		text.WriteString(notKept)
	} else if err := render.Differences(&text, r.planFor(p), r.comparable(p), opt); err != nil {
		return err
	}
	if _, err := io.WriteString(j.out.Stdout, text.String()); err != nil {
		return err
	}
	j.refuse(ctx, r, planChanged, "⛔ The plan is not the one that was reviewed", func(limit int) string {
		differences := notKept
		if r.plan != nil {
			differences = render.DifferencesMarkdown(r.planFor(p), r.comparable(p), render.Options{Budget: limit, Elsewhere: inLog})
		}
		return "Manifests or platform have moved since the review: **nothing was written**.\n\n" + differences +
			"\n**What to do:** take what was changed on the platform into the manifests, or change it back there, and review a new plan in a pull request. " +
			"Or look at the differences above and run `apply` with `require-reviewed-plan: false`.\n"
	})
	if parts := r.note.status.parts(); p.Shard != nil && parts > 0 && parts != p.Shard.Of {
		return engine.Errorf(engine.Stale, fmt.Sprintf("apply it in as many parts as it was planned in, %d; %s", parts, again),
			"the plan was reviewed in %d parts, and what the comment holds does not cover part %s, nothing was written", parts, p.Shard)
	}
	return engine.Errorf(engine.Stale, again, "the plan is not the one that was reviewed, nothing was written")
}

// execute applies, and says so in the comment before and after.
func (j *Job) execute(ctx context.Context, r *review, planned *engine.Planned) error {
	before, err := j.readLock()
	if err != nil {
		return err
	}
	if moved := j.tell(ctx, r, applying, "⏳ Applying", func(int) string { return "" }); moved != nil {
		err := &engine.Error{Kind: engine.Stale, Err: fmt.Errorf("nothing was written: %w", moved), Way: "run the job of the branch's last commit again"}
		j.failed("⛔ Nothing was applied", err)
		return err
	}
	report, err := j.out.Apply(ctx, planned)
	j.part.Report = report
	failure := applyFailure(report, err)
	s, title := applied, "✅ Applied"
	switch {
	case engine.KindOf(failure) == engine.Interrupted:
		s, title = interrupted, "❌ The apply was interrupted"
	case failure != nil:
		s, title = applyFailed, "❌ The apply failed"
	}
	finishErr := j.finish(failure) // before the rest: a cancelled job has little time
	told := func(limit int) string { return j.reportMarkdown(report, failure, limit) }
	j.report(title, told(100_000))
	if j.Inputs.CommitLock || j.isPart() {
		farewell(ctx, func(ctx context.Context) { j.keepLock(ctx, before) })
	}
	farewell(ctx, func(ctx context.Context) { j.tell(ctx, r, s, title, told) })
	return errors.Join(failure, finishErr)
}

// applyFailure is nil when all is applied, else one line: stdout has the report.
func applyFailure(report *sync.Report, err error) error {
	switch {
	case err == nil || engine.KindOf(err) == engine.Interrupted:
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
