package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/agentsync/agentsync/internal/github"
)

// githubOptions are a workflow job's inputs, beside the global flags.
type githubOptions struct {
	comment         string
	requireReviewed bool
	onDrift         string
	prune           bool
	targets         []string
	commitLock      bool
}

// githubInputs are the Action's inputs by the flag that each is the default of.
var githubInputs = [][2]string{
	{"chdir", "working-directory"}, {"env", "environment"}, {"target", "targets"}, {"comment", "comment"},
	{"require-reviewed-plan", "require-reviewed-plan"}, {"on-drift", "on-drift"}, {"prune", "prune"},
	{"parallelism", "parallelism"}, {"commit-lock", "commit-lock"},
}

func (a *app) githubCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "github",
		Short: "Plan, apply and watch in a GitHub workflow",
		Long: `github is what the GitHub Action runs. It reads the event of its workflow run
and writes outputs, a job summary and annotations; plan keeps one comment in the
pull request, and apply does just the plan that stood there when it was merged.

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
			return errors.Join(knownCommand(cmd, args), a.noOutputs())
		},
	}
	for _, sub := range []struct{ name, short, long string }{
		{"plan", "Plan, and keep the pull request's comment", `plan compares with the platform and shows the plan on stdout, in the job summary
and, for a pull request, in one comment that it keeps up to date. For a pull
request only files that git tracks are read. One from outside has no
credentials: its manifests are compared with the base branch's, without the
platform.`},
		{"apply", "Apply what was reviewed in the merged pull request", `apply finds the merged pull request of the commit and the plan that was reviewed
in its comment, plans again, and applies when it does nothing but what was
reviewed. Else nothing is written, and what differs is shown. Nor is anything
written where the branch has moved on, to a commit that changes the project:
that commit's own run applies what is there. After a failure run the job again:
it does the rest of that plan. With --commit-lock the lock
file is committed to the branch, also after a failure.`},
		{"validate", "Check all manifests, with annotations", `validate checks all manifests, offline, and annotates what is wrong at its line.`},
		{"drift", "Report what was changed on the platform in one issue", `drift compares with the platform. What was changed there since the last apply is
shown in one issue, which is closed when the drift is gone.`},
	} {
		cmd.AddCommand(a.githubJobCmd(sub.name, sub.short, sub.long))
	}
	return cmd
}

func (a *app) githubJobCmd(name, short, long string) *cobra.Command {
	var opt githubOptions
	cmd := &cobra.Command{
		Use: name, Short: short, Long: long, Example: "  agentsync github " + name,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return errors.Join(noArgs(cmd, args), a.noOutputs())
		},
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil }, // after the inputs are read
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.runGitHub(cmd, &opt) },
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return errors.Join(cmd.Root().FlagErrorFunc()(cmd, err), a.noOutputs())
	})
	flags := cmd.Flags()
	flags.StringVar(&opt.comment, "comment", github.CommentAlways, "true, false, or changes-only: no new comment for an empty plan")
	flags.BoolVar(&opt.requireReviewed, "require-reviewed-plan", true, "apply only what was reviewed")
	flags.StringVar(&opt.onDrift, "on-drift", "", "fail or overwrite, for a plan that nobody reviewed; instead of policy.on_drift")
	flags.BoolVar(&opt.commitLock, "commit-lock", false, "commit the lock file to the branch after an apply that changed it")
	a.planFlags(cmd, &opt.targets, &opt.prune)
	return cmd
}

// runGitHub runs one job. Its outputs are written whatever happens.
func (a *app) runGitHub(cmd *cobra.Command, opt *githubOptions) error {
	job, err := a.githubJob(cmd, opt)
	if err != nil {
		err = errors.Join(err, a.noOutputs())
	} else {
		err = job.Do(cmd.Context())
	}
	var failure *github.Failure
	annotated := errors.As(err, &failure) && failure.Reason == github.Validation // line by line
	if err != nil && !annotated && a.env.Getenv("GITHUB_ACTIONS") == "true" {
		_ = github.Annotation{Level: "error", Title: "agentsync " + cmd.Name(), Message: withHint(err)}.Write(a.env.Stderr)
	}
	return err
}

// noOutputs writes the outputs of a job that could not begin.
func (a *app) noOutputs() error {
	return github.Outputs{Reason: github.Error}.Write(a.env.Getenv("GITHUB_OUTPUT"))
}

func withHint(err error) string {
	text := err.Error()
	var h hinter
	if errors.As(err, &h) && h.Hint() != "" {
		text += "\nhint: " + h.Hint()
	}
	return text
}

// githubJob reads inputs and run.
func (a *app) githubJob(cmd *cobra.Command, opt *githubOptions) (*github.Job, error) {
	if err := a.readInputs(cmd.Flags()); err != nil {
		return nil, err
	}
	if err := opt.check(); err != nil {
		return nil, err
	}
	if err := a.checkGlobals(); err != nil {
		return nil, err
	}
	run, err := github.ReadRun(a.env.Getenv)
	if err != nil {
		return nil, err
	}
	job := &github.Job{
		Command: cmd.Name(), Run: run, Environment: a.environment(), Engine: &engine{app: a, opt: *opt, pull: run.Pull != nil},
		Inputs: github.Inputs{Comment: opt.comment, RequireReviewed: opt.requireReviewed, CommitLock: opt.commitLock},
		Stdout: a.env.Stdout, Stderr: a.env.Stderr, Message: a.message, Report: printReport, Options: a.renderOptions(),
	}
	if job.Environment == "" {
		job.Environment = "default"
	}
	if job.Folder, err = repositoryFolder(a.dir, run.Workspace); err != nil {
		return nil, err
	}
	if err := a.checkWorkspace(cmd.Flags(), run.Workspace); err != nil {
		return nil, err
	}
	job.Head = headCommit(cmd.Context(), a.dir)
	if run.Repo != "" {
		job.Client, err = github.NewClient(run, github.ClientOptions{Transport: a.env.Transport,
			UserAgent: "agentsync/" + versionText(), Now: a.env.Now, Sleep: a.env.Sleep, Logf: a.verbosef})
	}
	return job, err
}

// readInputs sets each flag that was not given from its input's variable. An
// empty variable is an input that was not given.
func (a *app) readInputs(flags *pflag.FlagSet) error {
	for _, one := range githubInputs {
		flag := flags.Lookup(one[0])
		value := strings.TrimSpace(a.env.Getenv("INPUT_" + strings.ToUpper(strings.ReplaceAll(one[1], "-", "_"))))
		if flag == nil || flag.Changed || value == "" {
			continue
		}
		switch flag.Value.Type() {
		case "bool":
			value = strings.ToLower(value)
			if value != "true" && value != "false" {
				return usagef("input %s: want true or false, got %q", one[1], value)
			}
		case "stringSlice":
			value = strings.Join(strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }), ",")
		}
		if err := flag.Value.Set(value); err != nil {
			return usagef("input %s: want %s, got %q", one[1], wantOf(flag), value)
		}
	}
	return nil
}

func wantOf(flag *pflag.Flag) string {
	if flag.Value.Type() == "int" {
		return "a number"
	}
	return "a " + flag.Value.Type()
}

func (o githubOptions) check() error {
	switch {
	case o.comment != github.CommentAlways && o.comment != github.CommentChanges && o.comment != github.CommentNever:
		return usagef("input comment: want true, changes-only or false, got %q", o.comment)
	case o.onDrift != "" && o.onDrift != "fail" && o.onDrift != "overwrite":
		return usagef("input on-drift: want fail or overwrite, got %q", o.onDrift)
	}
	return nil
}

// repositoryFolder is the project's folder from the repository's root, with
// slashes, "" for the root itself: the nearest folder above with a .git, else
// the workspace.
func repositoryFolder(dir, workspace string) (string, error) {
	abs, err := realPath(dir)
	if err != nil {
		return "", usagef("--chdir %s: %v", dir, errors.Unwrap(err))
	}
	root := checkoutRoot(abs)
	if root == "" {
		if root, err = realPath(workspace); workspace == "" || err != nil {
			return "", nil
		}
	}
	folder, err := filepath.Rel(root, abs)
	if err != nil || folder == "." || strings.HasPrefix(folder, "..") {
		return "", nil
	}
	return filepath.ToSlash(folder), nil
}

// checkWorkspace refuses a folder outside the job's workspace, links resolved:
// what lies there is no part of the checkout.
func (a *app) checkWorkspace(flags *pflag.FlagSet, workspace string) error {
	if workspace == "" {
		return nil
	}
	root, err := realPath(workspace)
	if err != nil {
		return fmt.Errorf("GITHUB_WORKSPACE: %w", err)
	}
	dir, err := realPath(a.dir)
	if err != nil {
		return usagef("--chdir %s: %v", a.dir, errors.Unwrap(err))
	}
	inside, err := filepath.Rel(root, dir)
	if err == nil && filepath.IsLocal(inside) {
		return nil
	}
	named := "input working-directory: "
	if flags.Changed("chdir") {
		named = "--chdir "
	}
	return usagef("%s%s leads out of the workspace", named, a.dir)
}

func realPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}
