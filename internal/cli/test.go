package cli

import (
	"context"
	"errors"
	"regexp"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
	"github.com/spf13/cobra"
)

type testOptions struct {
	names  []string
	run    string
	format string
	remote bool
}

var testFormats = []string{"text", "json", "junit", "github"}

func (a *app) testCmd() *cobra.Command {
	var opt testOptions
	cmd := &cobra.Command{
		Use:   "test [NAME…]",
		Short: "Run the agents' checks, and publish nothing",
		Long: `test runs the checks of the manifests, of all agents or of those that are named:
the prompts are filled in with each check's values and held against what it
expects. Nothing is published, and no draft is left behind.

Without --remote all is done here, and needs neither network nor credentials.
With --remote the platform renders and validates: what is live, where the
manifest wants the same texts; else the new texts, where they are short enough
to go along with the request.`,
		Example: `  agentsync test
  agentsync test outbound-sales -v
  agentsync test --run 'sales/greets'     # what agent/check must match
  agentsync test --remote
  agentsync test --format junit > checks.xml`,
		ValidArgsFunction: console.CompleteAgents(&a.opt),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt.names = args
			return a.runTest(cmd.Context(), opt)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.run, "run", "", "only checks whose \"agent/check\" matches the regular expression `REGEXP`")
	flags.BoolVar(&opt.remote, "remote", false, "let the platform render and validate")
	formatFlag(cmd, &opt.format, testFormats)
	return cmd
}

func (a *app) runTest(ctx context.Context, opt testOptions) error {
	if err := checkFormat(opt.format, testFormats); err != nil {
		return err
	}
	which := engine.Checking{Names: opt.names, Remote: opt.remote}
	if opt.run != "" {
		re, err := regexp.Compile(opt.run)
		if err != nil {
			return console.Usagef("--run %s: %v", opt.run, err)
		}
		which.Run = re
	}
	project, _, err := a.loadQuietly(ctx, engine.Source{})
	var invalid spec.Problems
	if errors.As(err, &invalid) {
		return a.reportInvalid(opt.format, invalid.Errors())
	}
	if err != nil {
		return err
	}
	results, agents, err := project.Test(ctx, which)
	if err != nil {
		return err
	}
	a.out.ClearProgress()
	return a.showChecks(opt.format, console.CheckReport{Agents: agents, Results: results})
}

// reportInvalid reports manifests that have errors, so that no check was run: to a
// reader as every command does, to a program in the form that it asked for.
func (a *app) reportInvalid(format string, problems spec.Problems) error {
	if format == "text" {
		return problems
	}
	return a.showChecks(format, console.CheckReport{Invalid: problems})
}

func (a *app) showChecks(format string, report console.CheckReport) (err error) {
	switch format {
	case "json":
		err = report.JSON(a.env.Stdout)
	case "junit":
		err = report.JUnit(a.env.Stdout)
	case "github":
		if err = report.Annotate(a.env.Stdout, ""); err == nil {
			err = a.out.Annotate(a.env.Stdout, report.Invalid, "")
		}
	default:
		report.Text(a.env.Stdout, a.out.Verbose)
	}
	if err == nil && report.Failed()+len(report.Invalid) > 0 {
		err = &engine.Error{Kind: engine.Failed, Err: errors.New("failed"), Told: true}
	}
	return err
}
