package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/lock"
)

// leftPart is what a part's job has left.
type leftPart struct {
	folder string
	plan   *diff.Plan // nil where there is none
	about  string
	done   *partDone // of an apply, else nil
}

// name is the part, or its folder where there is no plan.
func (l leftPart) name() string {
	if l.plan == nil || l.plan.Shard == nil {
		return filepath.Base(l.folder)
	}
	return "part " + l.plan.Shard.String()
}

// lost says, where others have left the end of an apply, that this one has begun one
// and has not.
func (l leftPart) lost() bool { return l.plan != nil && l.done == nil }

// merge makes of what parts have left one plan and its comment, or one report and
// lock of their applies.
func (j *Job) merge(ctx context.Context) error {
	if j.isPart() {
		return console.Usagef("input shard: a merge is of all parts")
	}
	if err := j.load(ctx); err != nil {
		return err
	}
	parts, err := j.readParts()
	if slices.ContainsFunc(parts, func(p leftPart) bool { return p.done != nil }) {
		return j.mergeApplied(ctx, parts, err)
	}
	var p *diff.Plan
	if err == nil {
		p, err = j.joinPlans(parts)
	}
	if err != nil {
		j.failed("❌ The plan failed", err)
	} else if err = j.showPlan(p); err == nil {
		err = engine.Refusal(p)
	}
	return j.commented(ctx, p, err)
}

// readParts reads the folders of the parts, by their names. The error is of those
// whose plan can't be read.
func (j *Job) readParts() ([]leftPart, error) {
	dir := j.Inputs.Parts
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(cmp.Or(j.Run.Workspace, j.opt.Dir), dir)
	}
	folders, err := filepath.Glob(filepath.Join(dir, "*"))
	if err == nil && len(folders) == 0 {
		_, err = os.Stat(dir)
	}
	if err != nil {
		return nil, engine.Errorf(engine.Failed, "download the artifacts of the parts' jobs there, a folder each, or give the input parts", "no parts: %w", err)
	}
	var parts []leftPart
	var errs []error
	for _, folder := range folders {
		part := leftPart{folder: folder}
		if data, err := os.ReadFile(filepath.Join(folder, planFileName)); err == nil {
			if part.plan, err = planfile.Read(data); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", filepath.Base(folder), err))
			}
		}
		if data, err := os.ReadFile(filepath.Join(folder, doneFileName)); err == nil {
			part.done = &partDone{}
			if err := json.Unmarshal(data, part.done); err != nil {
				part.done = &partDone{State: applyFailed, Title: "❌ The apply failed", Reason: reasonOf(err), Error: doneFileName + ": " + err.Error()}
			}
		}
		about, _ := os.ReadFile(filepath.Join(folder, aboutFileName)) // of an offline plan there is none
		part.about = string(about)
		parts = append(parts, part)
	}
	return parts, errors.Join(errs...)
}

// joinPlans makes one plan of the parts', of the commit that is checked out.
func (j *Job) joinPlans(parts []leftPart) (*diff.Plan, error) {
	var names []string
	var plans []*diff.Plan
	for _, part := range parts {
		if part.plan != nil {
			names, plans = append(names, filepath.Base(part.folder)), append(plans, part.plan)
		}
	}
	const again = "see the jobs of the parts, and run those that failed again, and this one after them"
	if len(plans) == 0 {
		return nil, engine.Errorf(engine.Failed, again, "no part has left a plan")
	}
	p, err := engine.MergePlans(names, plans)
	if err != nil {
		return nil, engine.Errorf(engine.Failed, again, "%w", err)
	}
	commit := plans[0].Shard.Commit
	switch {
	case p.Environment != j.environment():
		return nil, engine.Errorf(engine.Refused, "give this job the input environment of the parts'", "the parts are of the environment %s, and this job is of %s", p.Environment, j.environment())
	case j.Head != "" && commit != j.Head:
		return nil, engine.Errorf(engine.Refused, "merge in the run that planned, with the same checkout", "the parts are of the commit %s, and %s is checked out", cut12(commit), cut12(j.Head))
	}
	j.merged, j.about = len(plans), parts[0].about
	return p, nil
}

// mergeApplied says in one comment what became of the parts' applies, and makes one
// lock file of theirs. It ends as they have ended; readErr is that of readParts.
func (j *Job) mergeApplied(ctx context.Context, parts []leftPart, readErr error) error {
	if j.Client == nil || j.Run.SHA == "" {
		return engine.Errorf(engine.Failed, "outside a workflow, use agentsync lock merge", "GITHUB_REPOSITORY and GITHUB_SHA are not set")
	}
	// The targets of a part that was run again follow from what the others have done.
	for _, part := range parts {
		if part.plan != nil && parts[0].plan != nil && !slices.Equal(part.plan.Targets, parts[0].plan.Targets) {
			forgetTargets(parts)
			break
		}
	}
	p, joinErr := j.joinPlans(parts)
	if engine.KindOf(joinErr) == engine.Refused { // of another commit or environment
		j.failed("⛔ Nothing was merged", joinErr)
		return joinErr
	}
	failure := partsFailure(parts, errors.Join(readErr, joinErr))
	report := joinReports(p, parts)
	if failure != nil && report.OK() { // what has a report ended well, and not all has
		report.Result = "failed"
	}
	console.Report(j.out.Stdout, report)
	if j.whole = inLog; p != nil {
		if err := j.keep(p); err != nil {
			return err
		}
	}
	lockErr := j.joinLocks(ctx, parts)
	r, err := j.findReview(ctx)
	if err != nil {
		j.warn("the reviewed plan can't be read", err)
	} else if p != nil && r.pull != nil && !r.covers(p) { // then the parts needed earlier reviews
		if _, err := j.findEarlier(ctx, r, p); err != nil {
			j.warn("the reviews of earlier pull requests can't be read", err)
		}
	}
	s, title := endOf(parts, report, failure, r.note.status.State)
	told := func(limit int) string { return j.partsMarkdown(parts, report, failure, limit) }
	j.report(title, told(100_000))
	if s != "" && !(s == applied && report.Summary.Steps == 0 && r.note.status.State == applied) { // whose report stays
		j.tell(ctx, r, s, title, told)
	}
	return errors.Join(failure, lockErr)
}

func forgetTargets(parts []leftPart) {
	for _, part := range parts {
		if part.plan != nil {
			part.plan.Targets = nil
		}
	}
}

// joinReports makes one report of the parts'; p is nil where the parts make no plan.
func joinReports(p *diff.Plan, parts []leftPart) *sync.Report {
	out := sync.NewReport(&diff.Plan{}, "done", "")
	if p != nil {
		out.Environment, out.BaseURL, out.Digest = p.Environment, p.BaseURL, p.Digest
	}
	for _, part := range parts {
		if part.done == nil || part.done.Report == nil {
			continue
		}
		r := part.done.Report
		out.Agents = append(out.Agents, r.Agents...)
		if !r.OK() {
			out.Result, out.Error = r.Result, r.Error
		}
	}
	out.Count()
	slices.SortFunc(out.Agents, func(a, b sync.AgentReport) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// partsFailure is what keeps the parts' applies from being one that ended well: of
// the kind that the first failed one was of. Of an apply that has left its plan and
// no end, as one that was killed, nobody knows what it did.
func partsFailure(parts []leftPart, joinErr error) error {
	var failed []string
	kind := engine.Failed
	for _, part := range parts {
		switch {
		case part.lost():
			failed = append(failed, part.name()+": its job has not said what became of the apply")
		case part.done != nil && part.done.Reason != "":
			if len(failed) == 0 {
				kind = kindOf(part.done.Reason)
			}
			first, _, _ := strings.Cut(part.done.Error, "\n")
			failed = append(failed, part.name()+": "+first)
		}
	}
	switch {
	case len(failed) == 0:
		return joinErr
	case joinErr != nil:
		failed = append(failed, joinErr.Error())
	}
	return engine.Errorf(kind, "run the failed jobs again: what is done is left alone", "%s", strings.Join(failed, "\n"))
}

// kindOf is the kind of error that a failure-reason is of.
func kindOf(reason string) engine.Kind {
	for kind, text := range reasons {
		if text == reason {
			return kind
		}
	}
	return engine.Failed
}

// endOf is what the comment, which is in the state now, says of the parts' applies:
// done, failed where anything was or may have been begun, else what the first refused
// one would say; "" for nothing.
func endOf(parts []leftPart, report *sync.Report, failure error, now state) (s state, title string) {
	if failure == nil {
		if report.Summary.Steps == 0 {
			return applied, "✅ Nothing left to apply"
		}
		return applied, "✅ Applied"
	}
	if now == applying || slices.ContainsFunc(parts, leftPart.lost) {
		return applyFailed, "❌ The apply failed"
	}
	for _, part := range parts {
		switch done := part.done; {
		case done == nil:
		case done.State.unfinished() || done.Report != nil && done.Report.Summary.Steps > 0:
			return applyFailed, "❌ The apply failed"
		case s == "" && done.Reason != "":
			s, title = done.State, done.Title
		}
	}
	return s, cmp.Or(title, "❌ The apply failed")
}

// partsMarkdown is the report of all parts, and what those say that did not get so
// far, in about limit bytes.
func (j *Job) partsMarkdown(parts []leftPart, report *sync.Report, failure error, limit int) string {
	var b strings.Builder
	if failure == nil && report.Summary.Steps == 0 {
		return "The platform is as the manifests want it.\n"
	}
	b.WriteString(j.reportMarkdown(report, failure, limit/2))
	var rest []string
	for _, part := range parts {
		if part.done == nil || part.done.Reason == "" || part.done.Report != nil {
			continue
		}
		text := cmp.Or(part.done.Text, fenced("text", part.done.Error, 2_000))
		if b.Len()+len(text) > limit {
			rest = append(rest, part.name())
			continue
		}
		fmt.Fprintf(&b, "\n#### %s: %s\n\n%s", part.name(), cmp.Or(part.done.Title, "❌ The apply did not begin"), text)
	}
	if len(rest) > 0 {
		fmt.Fprintf(&b, "\nSee also the jobs of %s.\n", strings.Join(rest, ", "))
	}
	return b.String()
}

// joinLocks puts what each part's apply has changed into the branch's lock file, and
// with commit-lock commits it. Where an agent's entry has been changed there
// meanwhile, in another way, that stays: the part is one of an earlier attempt.
func (j *Job) joinLocks(ctx context.Context, parts []leftPart) error {
	if j.project.LockFile() == "" {
		return nil
	}
	if j.Inputs.CommitLock {
		if err := j.fetchLock(ctx); err != nil {
			j.warn("commit-lock: the branch's lock file was not taken", err)
		}
	}
	before, err := j.readLock()
	if err != nil {
		return err
	}
	merged, err := parseLock(before)
	if err != nil {
		return err
	}
	for _, part := range parts {
		var sides [2]*lock.File // what the part's apply began with, and what it left
		data, err := os.ReadFile(filepath.Join(part.folder, lock.FileName))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			sides[1], err = parseLock(data)
		}
		if err == nil {
			data, err = os.ReadFile(filepath.Join(part.folder, beforeFileName))
		}
		if err == nil || errors.Is(err, os.ErrNotExist) {
			sides[0], err = parseLock(data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", part.name(), err)
		}
		joined := lock.Join(sides[0], merged, sides[1])
		for _, c := range joined.Conflicts {
			j.warn("the lock keeps what the branch has", fmt.Errorf("%s: %s: %s, and %s on the branch", part.name(), c.Place(), c.Theirs, c.Ours))
		}
		merged = joined.File
	}
	data, err := merged.Bytes()
	if err != nil {
		return err
	}
	if len(merged.Environments) == 0 && before == nil {
		return nil
	}
	if err := os.WriteFile(j.project.LockFile(), data, 0o644); err != nil {
		return err
	}
	if j.Inputs.CommitLock {
		farewell(ctx, func(ctx context.Context) { j.commitLock(ctx, before) })
	}
	return nil
}
