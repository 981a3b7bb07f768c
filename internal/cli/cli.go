// Package cli is agentsync's commands but for `agentsync github`: it parses,
// asks the engine, prints, and turns errors into exit codes. How the program
// speaks is written down in package console.
//
// A command is an options struct, a constructor that only parses, and a run
// function that only works.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Env is the world outside the program. Nothing else in this package touches
// the operating system, save for files that the command line names.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time
	Sleep          func(context.Context, time.Duration) error
	Transport      http.RoundTripper // nil: the client's own
	// Terminal says which of the streams are one; Width is stdout's columns,
	// 0 when it is none.
	StdinTerminal, StdoutTerminal, StderrTerminal bool
	Width                                         int
}

// OSEnv binds Env to the process.
func OSEnv() Env {
	env := Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		Now: time.Now, Sleep: indus.Sleep,
		StdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if env.StdoutTerminal {
		if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			env.Width = width
		}
	}
	return env
}

// Main runs the program and returns its exit code. A cancelled ctx is an
// interrupt. The commands of other front ends are added to those of this one.
func Main(ctx context.Context, args []string, env Env, others ...console.Command) int {
	a := newApp(env)
	root := a.tree(others)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		PlainUsage(root)
	}
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !a.reported {
		err = errors.Join(err, a.reportUnparsed(args, err))
	}
	a.out.ClearProgress()
	if err != nil && errors.Is(err, context.Canceled) && exitCode(err) == ExitInterrupted {
		err = interrupted(cmd.Name(), err)
	}
	if err != nil && !isSilent(err) {
		a.out.Error(err)
	}
	return exitCode(err)
}

// Tree is all commands, for what is written from them: manual pages and the
// page of commands.
func Tree(env Env, others ...console.Command) *cobra.Command { return newApp(env).tree(others) }

func (a *app) tree(others []console.Command) *cobra.Command {
	root := a.rootCmd()
	for _, other := range others {
		root.AddCommand(other(a.out, &a.opt))
	}
	return root
}

// shownFirst are the commands that do their work once it is shown: where nobody could
// read that, nothing is done, and so they have failed.
var shownFirst = []string{"apply", "pull", "rollback"}

func onlyShows(cmd *cobra.Command) bool {
	dry, _ := cmd.Flags().GetBool("dry-run") // false where there is no such flag
	return dry || !slices.Contains(shownFirst, cmd.Name())
}

// unread takes what is written after the reader has gone. So a command goes on, and
// its exit code is its own: head must not make errors pass.
type unread struct{ io.Writer }

func (w unread) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	if isGone(err) {
		return len(b), nil
	}
	return n, err
}

// writing are the commands that may have written files before they were
// interrupted.
var writing = []string{"import", "pull", "rollback", "init", "fmt"}

// interrupted is the one line for what an interrupt has ended, but for an apply
// under way, whose report says more, and for a call: its own error says whether a
// phone may have rung, and how to go on.
func interrupted(command string, err error) error {
	if command == "call" || command == "transcript" {
		return err
	}
	if slices.Contains(writing, command) {
		return engine.Errorf(engine.Interrupted, "run it again", "interrupted")
	}
	return engine.Errorf(engine.Interrupted, "", "interrupted: nothing was changed")
}

// app is what all commands share: the world, and what the flags of all commands
// set in the console and in the engine's options.
type app struct {
	env      Env
	out      *console.Console
	opt      engine.Options
	started  string // the folder that -C names, where paths on the command line begin
	reported bool   // apply has written its report, or was not asked for one
}

func newApp(env Env) *app {
	out := &console.Console{
		Stdout: env.Stdout, Stderr: env.Stderr, Terminal: env.StderrTerminal, Width: env.Width, Now: env.Now,
		Color: env.StdoutTerminal && env.Getenv("NO_COLOR") == "" && env.Getenv("TERM") != "dumb",
	}
	out.Zone = env.Now().Location()
	out.Dumb = env.Getenv("TERM") == "dumb"
	env.Stdout = out.Results()
	return &app{env: env, out: out, opt: engine.Options{
		UserAgent: "agentsync/" + thisBuild().version,
		Getenv:    env.Getenv, Now: env.Now, Sleep: env.Sleep, Transport: env.Transport,
		Message: out.Message, Logf: out.Logf,
		Problems: func(problems spec.Problems) { out.Problems(env.Stderr, problems) },
		Progress: out.Reading,
	}}
}

func (a *app) rootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:   "agentsync",
		Short: "Keep IndusLabs voice agents in git",
		Long: `agentsync keeps IndusLabs voice agents in git. YAML manifests say what each
agent should be; plan shows what would change, and apply does just that.`,
		Example: `  agentsync plan
  agentsync apply --auto-approve
  agentsync apply --sandbox --auto-approve -C examples/quickstart`,
		SilenceErrors: true, SilenceUsage: true,
		Args: console.KnownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.showNext()
			return cmd.Help()
		},
		Version: thisBuild().String(),
	}
	root.SetVersionTemplate("agentsync {{.Version}}\n")
	root.SetIn(a.env.Stdin)
	root.SetOut(a.env.Stdout)
	root.SetErr(a.env.Stderr)
	flags := root.PersistentFlags()
	flags.StringVarP(&a.opt.Dir, "chdir", "C", ".", "run as if started in `DIR`, the project's root or a folder in it")
	flags.StringVar(&a.opt.Environment, "env", "", "use the environment `NAME` of agentsync.yaml")
	flags.IntVar(&a.opt.Parallelism, "parallelism", 16, "at most `N` requests in flight at once")
	flags.BoolVar(&a.opt.Sandbox, "sandbox", false, "use the embedded platform, whose state lies in .agentsync/")
	flags.BoolVar(&a.out.NoColor, "no-color", false, "never colour (NO_COLOR does the same)")
	flags.BoolVarP(&a.out.Verbose, "verbose", "v", false, "say more: what was retried and why, ignored documents")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return engine.Errorf(engine.Usage, cmd.CommandPath()+" --help lists the flags", "%w", err)
	})
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := console.CheckOptions(&a.opt); err != nil {
			return err
		}
		if onlyShows(cmd) {
			a.out.Stdout = unread{a.out.Stdout}
		}
		a.started = a.opt.Dir
		a.findProject(cmd)
		return nil
	}
	root.AddCommand(a.validateCmd(), a.planCmd(), a.applyCmd(), a.showCmd(), a.initCmd(), a.importCmd(), a.pullCmd(), a.fmtCmd(),
		a.testCmd(), a.renderCmd(), a.enhanceCmd(), a.callCmd(), a.transcriptCmd(), a.callsCmd(), a.rollbackCmd(), a.statusCmd(), a.historyCmd(),
		a.blameCmd(), a.reportCmd(), a.schemaCmd(), a.lockCmd(), a.mergePlansCmd(),
		a.sandboxCmd(), a.versionCmd())
	_ = root.RegisterFlagCompletionFunc("env", a.completeEnvironments)
	addCompletion(root)
	strictHelp(root)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages |", ".FlagUsagesWrapped 80 |"))
	return root
}

// showNext says what to do next in this folder.
func (a *app) showNext() {
	if spec.IsRoot(engine.Root(a.opt.Dir)) {
		fmt.Fprint(a.env.Stdout, `This folder is in a project. Next:
  agentsync validate     # check the manifests, without the network
  agentsync plan         # see what an apply would change
  agentsync apply        # do it

`)
		return
	}
	fmt.Fprint(a.env.Stdout, `There is no project in this folder, or above it. Next:
  agentsync init           # start a project with one agent
  agentsync import --all   # or take the agents that you have already

`)
}

// here are the commands that are about the folder in which they are started, or
// about none: no other looks for a project above it.
var here = []string{"init", "schema", "lock", "merge-plans", "sandbox", "version", "completion", "help", "github"}

// findProject makes the project's root the folder that a command is about.
func (a *app) findProject(cmd *cobra.Command) {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	if slices.Contains(here, cmd.Name()) {
		return
	}
	if root := engine.Root(a.opt.Dir); root != a.opt.Dir {
		a.opt.Dir = root
		a.out.Message("the project is in %s: files are named from there", root)
	}
}

// path is where a path on the command line leads: it is as if started in the
// folder that -C names.
func (a *app) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.started, name)
}

// strictHelp makes "help nosuch" wrong usage, as "nosuch" is.
func strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil || help == root {
		return
	}
	help.Run, help.RunE = nil, func(_ *cobra.Command, args []string) error {
		cmd, left, err := root.Find(args)
		switch {
		case err == nil && len(left) == 0:
			return cmd.Help()
		case err == nil && !cmd.HasSubCommands():
			return console.Usagef("%s has no command %q", cmd.CommandPath(), left[0])
		default:
			return console.KnownCommand(cmd, args[len(args)-max(1, len(left)):])
		}
	}
}

// load loads the project and prints what there is to warn of.
func (a *app) load(ctx context.Context, from engine.Source) (*engine.Project, error) {
	project, warnings, err := a.loadQuietly(ctx, from)
	a.warn(warnings)
	return project, err
}

// loadQuietly loads the project for a command that is not about all its agents: the
// warnings are its to tell, or left to validate.
func (a *app) loadQuietly(ctx context.Context, from engine.Source) (*engine.Project, spec.Problems, error) {
	project, problems, err := engine.Load(ctx, a.opt, from)
	if err == nil && project == nil {
		return nil, nil, problems
	}
	return project, problems, err
}

func (a *app) warn(warnings spec.Problems) {
	a.out.Problems(a.env.Stderr, slices.DeleteFunc(warnings, func(p spec.Problem) bool { return p.Planned }))
}
