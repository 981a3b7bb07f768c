package github

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
)

const (
	summaryLimit = 1_000_000 // GitHub drops a step's summary over 1 MiB
	bodyLimit    = 65_000    // characters; it refuses a comment or an issue over 65,536
	planBudget   = 60_000    // of those, the plan's; the rest is for what became of it
	hiddenBudget = 16_000    // of those, the hidden plan's
	// Where the whole plan is: the log has it always, the summary where there is
	// room. The outputs' files are gone after the job.
	inLog     = "the log of this job"
	inSummary = "the job summary"
)

// Job is one command in one workflow run.
type Job struct {
	Command string // "plan", "apply", "merge", "validate", "test" or "drift"
	Run     Run
	Inputs  Inputs
	Folder  string  // the project's folder from the repository's root, with slashes; "" for the root
	Head    string  // the commit that is checked out, "" where that is not known
	Client  *Client // nil without a repository

	out     *console.Console
	opt     engine.Options
	outputs Outputs
	project *engine.Project
	about   string // which agents the plan is about, as Markdown; see tellScope
	whole   string // where the whole plan is that was shown: inLog or inSummary
	dir     string // where files for later steps are; see keep
	part    partDone
	merged  int // how many parts the plan was merged of; 0 for any other
}

// Do does the job. The outputs are written on every way out.
func (j *Job) Do(ctx context.Context, do work) error {
	err := j.check()
	if err == nil {
		err = do(j, ctx)
	}
	if _, own := errors.AsType[*engine.Error](err); !own && engine.KindOf(err) == engine.Interrupted {
		err = engine.Errorf(engine.Interrupted, "", "interrupted: nothing was written")
		j.report("❌ Interrupted", "Nothing was written.")
	}
	return errors.Join(err, j.leavePart(err), j.finish(err))
}

// check refuses a run in which the command can't be what it should be. The
// checkout of pull_request_target is the base branch, whose plan says nothing of
// the pull request, and any other would be given the base's secrets. The tree of
// a pull request is its merge into the base, or its head.
func (j *Job) check() error {
	run, hint := &j.Run, "check out the run's own commit, without ref"
	elsewhere := j.Head != "" && j.Head != run.SHA
	applies := j.Command == "apply"
	switch {
	case j.Command == "validate", j.Command == "test":
	case applies && (run.aboutPull() || run.Event == "merge_group"):
		return engine.Errorf(engine.Refused, "run apply on push to the branch that pull requests are merged into",
			"the event %s is before the merge: nothing is applied there", run.Event)
	case applies && (j.Client == nil || run.SHA == ""):
		return engine.Errorf(engine.Failed, "outside a workflow, use agentsync apply", "GITHUB_REPOSITORY and GITHUB_SHA are not set")
	case applies && elsewhere && j.Inputs.RequireReviewed:
		return engine.Errorf(engine.Refused, hint, "the commit %s is checked out, and the run is of %s", cut12(j.Head), cut12(run.SHA))
	case run.Event == "pull_request_target":
		return engine.Errorf(engine.Refused, "use on: pull_request; a fork's pull request gets a plan without the platform there",
			"pull_request_target compares the base branch, or gives the platform's credentials to the manifests of a stranger")
	case (j.Command == "plan" || j.Command == "merge") && run.Pull != nil && elsewhere && j.Head != run.Pull.HeadSHA:
		return engine.Errorf(engine.Refused, hint, "the commit %s is checked out, and the pull request is at %s: the plan would be another tree's",
			cut12(j.Head), cut12(run.Pull.HeadSHA))
	}
	return nil
}

// finish writes the outputs, once; err is what became of the job.
func (j *Job) finish(err error) error {
	if err != nil {
		j.outputs.Reason = reasonOf(err)
	}
	path := j.Run.Output
	j.Run.Output = "" // where nothing is written any more
	return j.outputs.Write(path)
}

// reasonOf is the failure-reason of an error.
func reasonOf(err error) string { return cmp.Or(reasons[engine.KindOf(err)], "error") }

// load reads the manifests, and only files that the commit has: other steps leave
// credentials in the working tree, and plans are shown to everybody. What is
// wrong in them is annotated and listed in the summary.
func (j *Job) load(ctx context.Context) error {
	project, problems, err := engine.Load(ctx, j.opt, engine.Source{Tracked: true, Compared: j.Command == "plan" || j.Command == "apply"})
	if err != nil {
		return err
	}
	out := j.out.Stderr
	if j.Command == "validate" {
		out = j.out.Stdout
	}
	if err := j.out.Annotate(out, problems, j.Folder); err != nil {
		return err
	}
	if project == nil {
		problems = j.out.Shown(problems)
		errs := len(problems.Errors())
		counts := render.Count(errs, "error")
		if warnings := len(problems) - errs; warnings > 0 {
			counts += ", " + render.Count(warnings, "warning")
		}
		j.summarize("### ❌ The manifests are not valid" + j.where("", "", code) + "\n\n" + counts + ":\n\n" +
			fenced("text", inFolder(problems, j.Folder).Error(), 30_000))
		return &engine.Error{Kind: engine.Invalid, Err: problems, Told: true}
	}
	j.project = project
	return nil
}

// validate checks the manifests, offline.
func (j *Job) validate(ctx context.Context) error {
	if err := j.load(ctx); err != nil {
		return err
	}
	line := console.Valid(j.project)
	j.report("✅ "+line, "")
	_, err := fmt.Fprintln(j.out.Stdout, line+".")
	return err
}

// environment is the loaded project's; before that, the one that was asked for.
func (j *Job) environment() string {
	if j.project != nil {
		return j.project.Environment.Name
	}
	return cmp.Or(j.opt.Env(), "default")
}

// marker is that of the project's comments, without a plan's digest.
func (j *Job) marker() marker {
	return marker{Environment: markerName(j.environment()), FormatVersion: diff.FormatVersion,
		Project: markerName(j.Folder), Targets: markerName(strings.Join(j.targets(), ","))}
}

// targets are the agents that the job was asked for, in order; none for all.
func (j *Job) targets() []string {
	return slices.Compact(slices.Sorted(slices.Values(j.Inputs.Scope.Targets)))
}

// title names the environment, the project's folder and the targets in headings.
func (j *Job) title() string { return j.where("environment ", j.environment(), code) }

// where is an environment, the project's folder and the targets, where they are
// not the usual.
func (j *Job) where(named, environment string, show func(string) string) string {
	var parts []string
	if environment != "" && environment != "default" {
		parts = append(parts, named+show(environment))
	}
	if j.Folder != "" {
		parts = append(parts, "in "+show(j.Folder))
	}
	if targets := j.targets(); len(targets) > 0 {
		parts = append(parts, "only "+show(strings.Join(targets, ", ")))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// failed says in the summary that nothing came of it; of an interrupt Do says it.
func (j *Job) failed(title string, err error) {
	if engine.KindOf(err) != engine.Interrupted {
		j.report(title, fenced("text", errorText(err, j.Folder), 10_000))
	}
}

// report adds a section of its own to the job's summary.
func (j *Job) report(title, body string) {
	j.summarize("### " + title + j.partOf(", ") + j.title() + "\n\n" + body)
}

// summarize adds Markdown to the job's summary, or a note that it does not fit.
// It reports whether the Markdown is there.
func (j *Job) summarize(markdown string) bool {
	if j.Run.Summary == "" {
		return false
	}
	text := strings.TrimRight(markdown, "\n") + "\n\n"
	fits := len(text) <= j.summaryRoom()
	if !fits {
		text = "_The rest does not fit into this summary; see " + inLog + "._\n\n"
	}
	err := appendFile(j.Run.Summary, text)
	if err != nil {
		j.warn("the job summary can't be written", err)
	}
	return fits && err == nil
}

// summaryRoom is how many bytes the summary still takes, beside other steps'.
func (j *Job) summaryRoom() int {
	info, err := os.Stat(j.Run.Summary)
	if err != nil { // nothing is there
		return summaryLimit
	}
	return summaryLimit - int(info.Size())
}

// warn reports an error that stops nothing, with its hint.
func (j *Job) warn(what string, err error) {
	j.annotate("warning", what+": "+strings.ReplaceAll(errorText(err, ""), "\n", "; "))
}

// annotate shows a remark beside the checks; outside a workflow it is a line.
func (j *Job) annotate(level, text string) {
	if !j.Run.InWorkflow {
		j.out.Message("%s: %s", level, text)
		return
	}
	_ = console.Annotation{Level: level, Title: "agentsync " + j.Command, Message: text}.Write(j.out.Stderr)
}

// keep puts the plan into the outputs and into files for later steps.
func (j *Job) keep(p *diff.Plan) error {
	o := &j.outputs
	o.Changes, o.Digest = !p.IsEmpty(), p.Digest
	o.Create, o.Update, o.Delete = p.Summary.Create, p.Summary.Update, p.Summary.Delete
	marker := j.marker()
	marker.Digest = p.Digest
	var data bytes.Buffer
	dir, err := j.files()
	plan, markdown := filepath.Join(dir, planFileName), filepath.Join(dir, "plan.md")
	if err == nil {
		err = planfile.Write(&data, p)
	}
	if err == nil {
		err = os.WriteFile(plan, data.Bytes(), 0o600)
	}
	if err == nil {
		text := marker.String() + "\n" + j.about + document(p, j.out.As, planBudget, j.whole)
		err = os.WriteFile(markdown, []byte(text), 0o600)
	}
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	o.PlanPath, o.MarkdownPath = plan, markdown
	return nil
}

// farewell lets say tell how a job ended: within two seconds, where ctx was
// cancelled.
func farewell(ctx context.Context, say func(context.Context)) {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
	}
	say(ctx)
}
