// Package cli is agentsync's commands: it parses, wires the other packages
// together, prints, and turns errors into exit codes.
//
// How the program speaks: results go to stdout, messages and progress to
// stderr. An error is one line, lower case, without a period, that says where
// and what; the way out is a `hint:` line of its own. Nothing is coloured
// where there is no terminal, and nothing from a manifest or from the platform
// is printed with its control characters.
package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/spec"
)

// Env is the world outside the program. Nothing else in this package touches
// the operating system, save for files below the project's root.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time
	Sleep          func(context.Context, time.Duration) error
	Random         io.Reader
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
		Now: time.Now, Sleep: sleep, Random: rand.Reader,
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

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Main runs the program and gives its exit code. A cancelled ctx is an
// interrupt.
func Main(ctx context.Context, args []string, env Env) int {
	app := &app{env: env}
	root := app.rootCmd()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !app.reported {
		err = errors.Join(err, app.reportUnparsed(ctx, args, err))
	}
	app.clearProgress()
	if err != nil && !isSilent(err) {
		app.printError(err)
	}
	return exitCode(ctx, err)
}

// app is what all commands share: the world and the global flags.
type app struct {
	env         Env
	dir         string
	envName     string
	parallelism int
	sandbox     bool
	noColor     bool
	verbose     bool
	progress    progress
	reported    bool // apply has written its report, or was not asked for one
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
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(a.env.Stdin)
	root.SetOut(a.env.Stdout)
	root.SetErr(a.env.Stderr)
	flags := root.PersistentFlags()
	flags.StringVarP(&a.dir, "chdir", "C", ".", "run as if started in `DIR`, the project's root")
	flags.StringVar(&a.envName, "env", "", "use the environment `NAME` of agentsync.yaml")
	flags.IntVar(&a.parallelism, "parallelism", 16, "at most `N` requests in flight at once")
	flags.BoolVar(&a.sandbox, "sandbox", false, "use the embedded platform, whose state lies in .agentsync/")
	flags.BoolVar(&a.noColor, "no-color", false, "never colour (NO_COLOR does the same)")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "say more: what was retried and why, ignored documents")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err, "agentsync " + commandPath(cmd) + "--help lists the flags"}
	})
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.checkGlobals() }
	root.AddCommand(a.validateCmd(), a.planCmd(), a.applyCmd(), a.showCmd(), a.initCmd(),
		a.schemaCmd(), a.sandboxCmd(), a.githubCmd(), a.versionCmd())
	_ = root.RegisterFlagCompletionFunc("env", a.completeEnvironments)
	addCompletion(root)
	strictHelp(root)
	return root
}

// knownCommand refuses what is left on the command line where a command's name
// should stand, and offers the name that was meant.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return &usageError{fmt.Errorf("unknown command %q", args[0]), nearestHint(args[0], names)}
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
			return usagef("%s has no command %q", cmd.CommandPath(), left[0])
		default:
			return knownCommand(cmd, args[len(args)-max(1, len(left)):])
		}
	}
}

func commandPath(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return cmd.Name() + " "
	}
	return ""
}

func (a *app) checkGlobals() error {
	switch {
	case a.parallelism < 1 || a.parallelism > 256:
		return usagef("--parallelism %d: want 1 to 256", a.parallelism)
	case a.sandbox && a.envName != "" && a.envName != "sandbox":
		return usagef("--sandbox and --env %s: the embedded platform is an environment of its own, so give one of the two", render.Escape(a.envName))
	}
	return nil
}

// renderOptions are how results are shown on stdout.
func (a *app) renderOptions() render.Options {
	return render.Options{Color: a.color(), Width: a.env.Width, Verbose: a.verbose}
}

func (a *app) color() bool {
	return a.env.StdoutTerminal && !a.noColor && a.env.Getenv("NO_COLOR") == "" && a.env.Getenv("TERM") != "dumb"
}

func (a *app) printError(err error) {
	var problems spec.Problems
	if errors.As(err, &problems) {
		a.printProblems(a.env.Stderr, problems)
		return
	}
	a.message("error: %s", err)
	var h hinter
	if errors.As(err, &h) && h.Hint() != "" {
		a.message("  hint: %s", h.Hint())
	}
}
