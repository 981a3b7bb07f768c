package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

func (a *app) validateCmd() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check all manifests, offline",
		Long: `validate checks every manifest and prompt file without the network, and tells
all that is wrong in one run: where, what, and how to mend it.`,
		Example: `  agentsync validate
  agentsync validate --env staging
  agentsync validate --format github     # annotations in a pull request`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runValidate(cmd.Context(), format) },
	}
	formats := []string{"text", "json", "github"}
	cmd.Flags().StringVar(&format, "format", "text", "text, json or github")
	completeFormats(cmd, formats)
	return cmd
}

func (a *app) runValidate(ctx context.Context, format string) error {
	if err := checkFormat(format, []string{"text", "json", "github"}); err != nil {
		return err
	}
	if err := a.checkDir(); err != nil {
		return err
	}
	project, problems := load(ctx, spec.LoadOptions{Dir: a.dir, Env: a.environment()})
	if err := ctx.Err(); err != nil {
		return err
	}
	errs := problems.Errors()
	switch format {
	case "json":
		if err := a.printProblemsJSON(a.env.Stdout, problems); err != nil {
			return err
		}
	case "github":
		if err := a.printProblemsGitHub(a.env.Stdout, problems); err != nil {
			return err
		}
	default:
		a.printProblems(a.env.Stdout, problems)
	}
	if len(errs) > 0 {
		return &failedError{}
	}
	a.verboseIgnored(project)
	if format == "text" {
		fmt.Fprintf(a.env.Stdout, "%s valid.\n", agentsAre(len(project.Agents)))
	}
	return nil
}

func agentsAre(n int) string {
	if n == 1 {
		return "1 agent is"
	}
	return fmt.Sprintf("%d agents are", n)
}

func (a *app) schemaCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [KIND]",
		Short: "Print the JSON Schema of a kind of document",
		Long: `schema prints the JSON Schema (draft 2020-12) of agent, base or project, for
editors: put it beside your manifests and name it in their first line as
"# yaml-language-server: $schema=…". Without KIND it lists the kinds.`,
		Example: `  agentsync schema agent > schema/agent.schema.json
  agentsync schema project`,
		ValidArgs: schema.Kinds(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("schema wants one kind at most, got %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, kind := range schema.Kinds() {
					fmt.Fprintln(a.env.Stdout, kind)
				}
				return nil
			}
			data, ok := schema.JSON(args[0])
			if !ok {
				return &usageError{fmt.Errorf("schema: no kind %q", args[0]), nearestHint(args[0], schema.Kinds())}
			}
			_, err := a.env.Stdout.Write(data)
			return err
		},
	}
}
