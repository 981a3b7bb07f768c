package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Inputs are what a job is asked to do, as the Action's inputs say it.
type Inputs struct {
	Comment         string // CommentAlways, CommentChanges or CommentNever
	RequireReviewed bool   // an apply needs a plan that was reviewed
	CommitLock      bool   // an apply commits the lock file
	OnDrift         string // "fail" or "overwrite", for a plan that nobody reviewed; "" for the policy's
	About           string // AboutChange or AboutAll: which agents a plan and an apply are about
	PullRequest     bool   // drift keeps a pull request that takes it into the files
	Parts           string // the folder that has the folders of the parts to merge
	Scope           engine.Scope
}

// The values of Inputs.Comment.
const (
	CommentAlways  = "true"
	CommentChanges = "changes-only"
	CommentNever   = "false"
)

// actionInputs are the Action's inputs by the flag that each is the default of.
var actionInputs = [][2]string{
	{"chdir", "working-directory"}, {"env", "environment"}, {"target", "targets"}, {"comment", "comment"},
	{"require-reviewed-plan", "require-reviewed-plan"}, {"on-drift", "on-drift"}, {"prune", "prune"},
	{"parallelism", "parallelism"}, {"commit-lock", "commit-lock"}, {"scope", "scope"},
	{"pull-request", "pull-request"}, {"shard", "shard"}, {"parts", "parts"},
}

// Command is `agentsync github`, with a command for each kind of job.
func Command(out *console.Console, opt *engine.Options) *cobra.Command {
	f := &front{out: out, opt: opt}
	cmd := &cobra.Command{
		Use:   "github",
		Short: "Plan, apply and watch in a GitHub workflow",
		Long: `github is what the GitHub Action runs. It reads the event of its workflow run
and writes outputs, a job summary and annotations; plan keeps one comment in the
pull request, and apply does just the plan that stood there when it was merged.
Both are about the agents that the commit changes, and those that an earlier one
asked for and no run has applied yet. Only files that the commit has are read.

Every flag takes its default from the Action's input, as a variable: --on-drift
from INPUT_ON_DRIFT, --chdir from INPUT_WORKING_DIRECTORY. The token is
INPUT_GITHUB_TOKEN or GITHUB_TOKEN, and never a flag.`,
		Example: `  agentsync github plan
  agentsync github apply --commit-lock
  agentsync github drift --env production`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return f.failed(console.KnownCommand(cmd, args))
		},
	}
	cmd.AddCommand(
		f.jobCmd("plan", "Plan, and keep the pull request's comment", `plan compares with the platform and shows the plan on stdout, in the job summary
and, for a pull request, in one comment that it keeps up to date. A pull request
from outside has no credentials: its manifests are compared with the base
branch's, without the platform.`, (*Job).plan),
		f.jobCmd("apply", "Apply what was reviewed in the merged pull request", `apply finds the merged pull request of the commit and the plan that was reviewed
in its comment, plans again, and applies when it does nothing but what was
reviewed. Else nothing is written, and what differs is shown. Nor is anything
written where the branch has moved on by a change of the project's files:
that commit's own run applies what is there. After a failure run the job again:
it does the rest of that plan. With --commit-lock the lock
file is committed to the branch, also after a failure.`, (*Job).apply),
		f.jobCmd("merge", "Make one plan and comment, or one report and lock, of a fleet's parts", `merge reads what the jobs with --shard have left in the folder that their output
part-path names, as a workflow's artifacts bring it to --parts, a folder each. Of
their plans it makes the plan of the whole fleet: it is shown, and commented, as
plan does it, and apply holds each part against it. Of applies it makes one
report, which the comment shows, and one lock file, with --commit-lock in one
commit. All parts must be there, of the commit that is checked out.`, (*Job).merge),
		f.jobCmd("validate", "Check all manifests, with annotations", `validate checks all manifests, offline, and annotates what is wrong at its line.`, (*Job).validate),
		f.jobCmd("test", "Run the agents' checks, with annotations", `test runs the checks of all manifests, offline, and annotates what fails at the
check's line. It needs no credentials.`, (*Job).test),
		f.jobCmd("drift", "Report what was changed on the platform in one issue or pull request", `drift compares with the platform. What was changed there since the last apply is
shown in one issue of the branch, which is closed when the drift is gone. With
--pull-request it is one pull request with what pull --all writes, files and
lock, from a branch of its own; the issue is for what can't be taken, and where
the pull request can't be made.`, (*Job).drift),
	)
	return cmd
}

// work is what a kind of job does.
type work func(*Job, context.Context) error

// front is the front end before its job begins.
type front struct {
	out *console.Console
	opt *engine.Options
}

func (f *front) jobCmd(name, short, long string, do work) *cobra.Command {
	var in Inputs
	cmd := &cobra.Command{
		Use: name, Short: short, Long: long, Example: "  agentsync github " + name,
		Args:              func(cmd *cobra.Command, args []string) error { return f.failed(console.NoArgs(cmd, args)) },
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil }, // after the inputs are read
		RunE:              func(cmd *cobra.Command, _ []string) error { return f.run(cmd, &in, do) },
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return f.failed(cmd.Root().FlagErrorFunc()(cmd, err)) })
	flags := cmd.Flags()
	flags.StringVar(&in.Comment, "comment", CommentAlways, "true, false, or changes-only: no new comment for an empty plan")
	flags.BoolVar(&in.RequireReviewed, "require-reviewed-plan", true, "apply only what was reviewed")
	flags.StringVar(&in.OnDrift, "on-drift", "", "fail or overwrite, for a plan that nobody reviewed; instead of policy.on_drift")
	flags.BoolVar(&in.CommitLock, "commit-lock", false, "commit the lock file to the branch after an apply that changed it")
	flags.StringVar(&in.About, "scope", AboutChange, "change: agents that the commit changes, and those that earlier ones left to apply; or all")
	flags.BoolVar(&in.PullRequest, "pull-request", false, "drift keeps a pull request with what a pull writes, instead of an issue")
	flags.StringVar(&in.Parts, "parts", "agentsync-parts", "merge reads the parts in the folders below `DIR`, from the workspace")
	console.FixedValues(cmd, "comment", CommentAlways, CommentChanges, CommentNever)
	console.FixedValues(cmd, "on-drift", "fail", "overwrite")
	console.FixedValues(cmd, "scope", AboutChange, AboutAll)
	console.ScopeFlags(cmd, f.opt, &in.Scope)
	return cmd
}

// run runs one job. Its outputs are written whatever happens.
func (f *front) run(cmd *cobra.Command, in *Inputs, do work) error {
	job, err := f.job(cmd.Context(), cmd.Flags(), in)
	if err = f.failed(err); err == nil {
		job.Command = cmd.Name()
		err = job.Do(cmd.Context(), do)
	}
	own, ok := errors.AsType[*engine.Error](err)
	annotated := ok && own.Kind == engine.Invalid && own.Told // line by line
	if err != nil && !annotated && f.opt.Getenv("GITHUB_ACTIONS") == "true" {
		_ = console.Annotation{Level: "error", Title: "agentsync " + cmd.Name(), Message: errorText(err, "")}.Write(f.out.Stderr)
	}
	return err
}

// failed returns err, and writes the outputs of a job that could not begin.
func (f *front) failed(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(err, Outputs{Reason: "error"}.Write(f.opt.Getenv("GITHUB_OUTPUT")))
}

// job reads inputs and run.
func (f *front) job(ctx context.Context, flags *pflag.FlagSet, in *Inputs) (*Job, error) {
	if err := f.readInputs(flags); err != nil {
		return nil, err
	}
	switch {
	case in.Comment != CommentAlways && in.Comment != CommentChanges && in.Comment != CommentNever:
		return nil, console.Usagef("input comment: want true, changes-only or false, got %q", in.Comment)
	case in.About != AboutChange && in.About != AboutAll:
		return nil, console.Usagef("input scope: want change or all, got %q", in.About)
	case in.OnDrift != "" && in.OnDrift != "fail" && in.OnDrift != "overwrite":
		return nil, console.Usagef("input on-drift: want fail or overwrite, got %q", in.OnDrift)
	}
	if err := console.CheckOptions(f.opt); err != nil {
		return nil, err
	}
	if in.Scope.Shard != nil && in.PullRequest {
		return nil, console.Usagef("inputs shard and pull-request: one pull request takes all drift, and a part knows only its own")
	}
	run, err := ReadRun(f.opt.Getenv)
	if err != nil {
		return nil, err
	}
	f.out.Groups = run.InWorkflow
	job := &Job{Run: run, Inputs: *in, out: f.out, opt: *f.opt}
	if job.Folder, err = f.folder(flags, run.Workspace); err != nil {
		return nil, err
	}
	job.Head = engine.HeadCommit(ctx, f.opt.Dir)
	if run.Repo != "" {
		job.Client, err = NewClient(run, *f.opt)
	}
	return job, err
}

// readInputs sets each flag that was not given from its input, where that was.
func (f *front) readInputs(flags *pflag.FlagSet) error {
	for _, one := range actionInputs {
		flag := flags.Lookup(one[0])
		value := strings.TrimSpace(f.opt.Getenv("INPUT_" + strings.ToUpper(strings.ReplaceAll(one[1], "-", "_"))))
		if flag == nil || flag.Changed || value == "" {
			continue
		}
		switch flag.Value.Type() {
		case "bool":
			value = strings.ToLower(value)
			if value != "true" && value != "false" {
				return console.Usagef("input %s: want true or false, got %q", one[1], value)
			}
		case "stringSlice":
			value = strings.Join(strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }), ",")
		}
		if err := flag.Value.Set(value); err != nil && flag.Value.Type() == "int" {
			return console.Usagef("input %s: want a number, got %q", one[1], value)
		} else if err != nil {
			return console.Usagef("input %s: %v", one[1], err)
		}
	}
	return nil
}

// folder is the project's from the repository's root, with slashes, "" for the
// root itself: that is the nearest folder above with a .git, else the workspace.
// A project outside of the workspace is no part of the checkout.
func (f *front) folder(flags *pflag.FlagSet, workspace string) (string, error) {
	dir, err := engine.RealPath(f.opt.Dir)
	if err != nil {
		return "", console.Usagef("--chdir %s: %v", f.opt.Dir, errors.Unwrap(err))
	}
	root, err := engine.RealPath(cmp.Or(workspace, dir))
	if err != nil {
		return "", fmt.Errorf("GITHUB_WORKSPACE: %w", err)
	}
	if inside, err := filepath.Rel(root, dir); err != nil || !filepath.IsLocal(inside) {
		named := "input working-directory: "
		if flags.Changed("chdir") {
			named = "--chdir "
		}
		return "", console.Usagef("%s%s leads out of the workspace", named, f.opt.Dir)
	}
	folder, err := filepath.Rel(cmp.Or(engine.CheckoutRoot(dir), root), dir)
	if err != nil || folder == "." {
		return "", nil
	}
	return filepath.ToSlash(folder), nil
}
