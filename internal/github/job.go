package github

import (
	"cmp"
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
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
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
	// lastWords is how long a job that was cancelled tries to say one thing more.
	lastWords = 2 * time.Second
)

// Job is one command in one workflow run.
type Job struct {
	Command string // "plan", "apply", "validate" or "drift"
	Run     Run
	Inputs  Inputs
	Folder  string  // the project's folder from the repository's root, with slashes; "" for the root
	Head    string  // the commit that is checked out, "" where that is not known
	Client  *Client // nil without a repository

	out     *console.Console
	opt     engine.Options
	outputs Outputs
	written bool
	project *engine.Project
}

// Do does the job. The outputs are written on every way out.
func (j *Job) Do(ctx context.Context, do work) error {
	err := do(j, ctx)
	var own *engine.Error
	if engine.KindOf(err) == engine.Interrupted && !errors.As(err, &own) {
		err = engine.Errorf(engine.Interrupted, "", "interrupted: nothing was written")
		j.summarize("### ❌ Interrupted" + j.title(j.environment()) + "\n\nNothing was written.")
	}
	if writeErr := j.finish(err); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	return err
}

// finish writes the outputs, once; err is what became of the job.
func (j *Job) finish(err error) error {
	if j.written {
		return nil
	}
	j.written = true
	if err != nil {
		j.outputs.Reason = reasons[engine.KindOf(err)]
	}
	return j.outputs.Write(j.Run.Output)
}

// load reads the manifests. What is wrong in them is annotated and listed in
// the summary.
func (j *Job) load(ctx context.Context) error {
	// For a pull request only what git tracks is read.
	project, problems, err := engine.Load(ctx, j.opt, engine.Source{Tracked: j.Run.Pull != nil})
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
		j.summarize(problemsMarkdown(j.title(""), problems, j.Folder))
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
	j.summarize("### ✅ " + line + j.title(j.environment()))
	_, err := fmt.Fprintln(j.out.Stdout, line+".")
	return err
}

// failed says in the summary that nothing came of the command. Do says it of an
// interrupt.
func (j *Job) failed(what string, err error) {
	if engine.KindOf(err) != engine.Interrupted {
		j.summarize("### ❌ " + what + j.title(j.environment()) + "\n\n" + fenced("text", errorText(err, j.Folder), 10_000))
	}
}

// title names the project in headings.
func (j *Job) title(environment string) string { return j.where("environment ", environment, code) }

// where is an environment and the project's folder in brackets, as far as they
// are not the usual ones.
func (j *Job) where(named, environment string, show func(string) string) string {
	var parts []string
	if environment != "" && environment != "default" {
		parts = append(parts, named+show(environment))
	}
	if j.Folder != "" {
		parts = append(parts, "in "+show(j.Folder))
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
	if folder == "" {
		return problems
	}
	return engine.Located(problems, folder+"/")
}

// summarize adds Markdown to the job's summary; what is too much is left out
// with a note. A summary that can't be written is a warning, nothing more.
func (j *Job) summarize(markdown string) {
	if j.Run.Summary == "" {
		return
	}
	text := strings.TrimRight(markdown, "\n") + "\n\n"
	if j.summarySize()+len(text) > summaryLimit {
		text = "_The rest does not fit into this summary; see the job's log._\n\n"
	}
	if err := appendFile(j.Run.Summary, text); err != nil {
		j.warn("the job summary can't be written", err)
	}
}

// summarySize is how many bytes the summary has, other steps' included.
func (j *Job) summarySize() int {
	info, err := os.Stat(j.Run.Summary)
	if err != nil {
		return 0
	}
	return int(info.Size())
}

// summaryRoom is how many bytes the summary still takes.
func (j *Job) summaryRoom() int { return max(2_000, summaryLimit-j.summarySize()-20_000) }

// warn reports an error that stops nothing, with its hint.
func (j *Job) warn(what string, err error) {
	if hint := engine.HintOf(err); hint != "" {
		err = fmt.Errorf("%w; hint: %s", err, hint)
	}
	j.annotate("warning", "%s: %v", what, err)
}

func (j *Job) notice(format string, args ...any) { j.annotate("notice", format, args...) }

// annotate shows a remark beside the checks; outside a workflow it is a line.
func (j *Job) annotate(level, format string, args ...any) {
	if !j.Run.InWorkflow {
		j.out.Message(level+": "+format, args...)
		return
	}
	_ = console.Annotation{Level: level, Title: "agentsync " + j.Command, Message: fmt.Sprintf(format, args...)}.Write(j.out.Stderr)
}

// keep puts the plan into the outputs and into files for later steps.
func (j *Job) keep(p *diff.Plan) error {
	j.outputs.setPlan(p)
	dir, err := os.MkdirTemp(cmp.Or(j.Run.Temp, os.TempDir()), "agentsync-")
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
