package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
)

const (
	summaryLimit = 1_000_000 // GitHub drops a step's summary over 1 MiB
	bodyLimit    = 60_000    // and refuses a comment over 65,536 characters
	planBudget   = 55_000    // of those, the plan's; the rest is for what became of it
	hiddenBudget = 16_000    // of those, the hidden plan's
	// inLog is where the whole plan is, since stdout has it. The files that the
	// outputs name are gone after the job.
	inLog          = "the log of this job"
	inSummaryOrLog = "the job summary, or this job's log,"
	// lastWords is how long a job that was cancelled tries to tell one thing more.
	lastWords = 2 * time.Second
)

// Job is one command in one workflow run.
type Job struct {
	Command string // "plan", "apply", "validate" or "drift"
	Run     Run
	Inputs  Inputs
	Folder  string // the project's folder from the repository's root, with slashes; "" for the root
	Head    string // the commit that is checked out, "" where that is not known
	// Environment is the one that was asked for, for when no project loads.
	Environment string
	Engine      Engine
	Client      *Client // nil without a repository
	Stdout      io.Writer
	Stderr      io.Writer
	Message     func(format string, args ...any) // a line for people, on stderr
	Report      func(io.Writer, *sync.Report)    // the report as text
	Options     render.Options                   // for text on stdout
	Now         func() time.Time                 // for nothing that is compared

	outputs Outputs
	written bool
	project Project
	summary int // bytes that the summary has
}

// Do runs the command. The outputs are written on every way out.
func (j *Job) Do(ctx context.Context) error {
	err := j.command(ctx)
	reason := j.reason(err)
	var told *Failure
	if reason == Interrupted && !errors.As(err, &told) {
		err = failuref(Interrupted, "", "interrupted: nothing was written")
		j.summarize("### ❌ Interrupted" + j.title(j.environment()) + "\n\nNothing was written.")
	}
	if writeErr := j.finish(reason); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	return err
}

func (j *Job) command(ctx context.Context) error {
	switch j.Command {
	case "plan":
		return j.plan(ctx)
	case "apply":
		return j.apply(ctx)
	case "validate":
		return j.validate(ctx)
	case "drift":
		return j.drift(ctx)
	}
	return fmt.Errorf("no command %q", j.Command)
}

// reason classes an error for the output.
func (j *Job) reason(err error) Reason {
	var failure *Failure
	switch {
	case err == nil:
		return ""
	case errors.As(err, &failure):
		return failure.Reason
	default:
		return j.Engine.Reason(err)
	}
}

// finish writes the outputs, once.
func (j *Job) finish(reason Reason) error {
	if j.written {
		return nil
	}
	j.written = true
	j.outputs.Reason = reason
	return j.outputs.Write(j.Run.Output)
}

// load reads the manifests. What is wrong in them is annotated and told in the
// summary.
func (j *Job) load(ctx context.Context) error {
	project, problems, err := j.Engine.Load(ctx)
	if err != nil {
		return err
	}
	out := j.Stderr
	if j.Command == "validate" {
		out = j.Stdout
	}
	for _, p := range problems {
		if err := ProblemAnnotation(p, j.Folder).Write(out); err != nil {
			return err
		}
	}
	if errs := problems.Errors(); len(errs) > 0 {
		j.summarize(problemsMarkdown(j.title(""), problems, j.Folder))
		return &Failure{Reason: Validation, Err: problems, Told: true}
	}
	j.project = project
	return nil
}

// failed tells in the summary that nothing came of the command. An interrupt is
// told at the end.
func (j *Job) failed(what string, err error) {
	if j.reason(err) != Interrupted {
		j.summarize("### ❌ " + what + j.title(j.environment()) + "\n\n" + fenced("text", errorText(err, j.Folder), 10_000))
	}
}

// title names the project in headings.
func (j *Job) title(environment string) string {
	var parts []string
	if environment != "" && environment != "default" {
		parts = append(parts, "environment "+code(environment))
	}
	if j.Folder != "" {
		parts = append(parts, "in "+code(j.Folder))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// problemsMarkdown lists what is wrong in manifests.
func problemsMarkdown(title string, problems spec.Problems, folder string) string {
	errs := len(problems.Errors())
	head := fmt.Sprintf("### ❌ The manifests are not valid%s\n\n%s", title, render.Count(errs, "error"))
	if warnings := len(problems) - errs; warnings > 0 {
		head += ", " + render.Count(warnings, "warning")
	}
	return head + ":\n\n" + fenced("text", inFolder(problems, folder).Error(), 30_000)
}

func inFolder(problems spec.Problems, folder string) spec.Problems {
	out := make(spec.Problems, len(problems))
	for i, p := range problems {
		if p.Pos.File != "" && folder != "" {
			p.Pos.File = folder + "/" + p.Pos.File
		}
		out[i] = p
	}
	return out
}

// summarize adds Markdown to the job's summary; what is too much is left out
// with a note. A summary that can't be written is a warning, nothing more.
func (j *Job) summarize(markdown string) {
	if j.Run.Summary == "" {
		return
	}
	if j.summary == 0 {
		if info, err := os.Stat(j.Run.Summary); err == nil {
			j.summary = int(info.Size())
		}
	}
	text := strings.TrimRight(markdown, "\n") + "\n\n"
	if j.summary+len(text) > summaryLimit {
		text = "_The rest does not fit into this summary; see the job's log._\n\n"
	}
	if err := appendFile(j.Run.Summary, text); err != nil {
		j.warn("the job summary can't be written: %v", err)
		return
	}
	j.summary += len(text)
}

// summaryRoom is how many bytes the summary still takes.
func (j *Job) summaryRoom() int {
	size := j.summary
	if info, err := os.Stat(j.Run.Summary); size == 0 && err == nil {
		size = int(info.Size())
	}
	return max(2_000, summaryLimit-size-20_000)
}

// warn tells of something that went wrong and stops nothing.
func (j *Job) warn(format string, args ...any) { j.annotate("warning", format, args...) }

func (j *Job) notice(format string, args ...any) { j.annotate("notice", format, args...) }

// annotate shows a remark beside the checks; outside a workflow it is a line.
func (j *Job) annotate(level, format string, args ...any) {
	if !j.Run.InWorkflow {
		j.Message(level+": "+format, args...)
		return
	}
	_ = Annotation{Level: level, Title: "agentsync " + j.Command, Message: fmt.Sprintf(format, args...)}.Write(j.Stderr)
}

// hintOf is an error's hint, after a semicolon.
func hintOf(err error) string {
	if hint := hintText(err); hint != "" {
		return "; hint: " + hint
	}
	return ""
}

// keep puts the plan into the outputs and into files for later steps.
func (j *Job) keep(p *diff.Plan) error {
	j.outputs.setPlan(p)
	dir, err := os.MkdirTemp(firstOf(j.Run.Temp, os.TempDir()), "agentsync-")
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	for _, one := range []struct {
		name  string
		write func(io.Writer) error
		path  *string
	}{
		{"plan.json", func(w io.Writer) error { return planfile.Write(w, p) }, &j.outputs.PlanPath},
		{"plan.md", func(w io.Writer) error {
			_, err := io.WriteString(w, markerOf(p, j.Folder).String()+"\n"+document(p, planBudget, "the job summary"))
			return err
		}, &j.outputs.MarkdownPath},
	} {
		var text strings.Builder
		if err := one.write(&text); err != nil {
			return fmt.Errorf("save the plan: %w", err)
		}
		path := filepath.Join(dir, one.name)
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			return fmt.Errorf("save the plan: %w", err)
		}
		*one.path = path
	}
	return nil
}

// farewell is a context for telling how a job ended: ctx itself, or a short
// while when that is cancelled.
func farewell(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), lastWords)
}
