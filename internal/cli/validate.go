package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
	"github.com/spf13/cobra"
)

var validateFormats = []string{"text", "json", "github", "sarif"}

func (a *app) validateCmd() *cobra.Command {
	var format string
	var strict bool
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check all manifests, offline",
		Long: `validate checks every manifest and prompt file without the network, and tells
all that is wrong in one run: where, what, and how to mend it.

What may well be meant is a warning, and behind it stands its rule's name in
brackets. A rule is turned off, or made an error, under spec.lint in
agentsync.yaml; a comment "# agentsync:ignore RULE" turns it off for one line of
a manifest, and at the line that names a prompt file for what is in that file.
With --strict every warning is an error. With -v, rules that are off are listed.`,
		Example: `  agentsync validate
  agentsync validate --env staging
  agentsync validate --strict
  agentsync validate --format github     # annotations in a pull request
  agentsync validate --format sarif > agentsync.sarif   # for GitHub code scanning`,
		Args: console.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runValidate(cmd.Context(), format, strict) },
	}
	formatFlag(cmd, &format, validateFormats)
	cmd.Flags().BoolVar(&strict, "strict", false, "take every warning for an error")
	return cmd
}

func (a *app) runValidate(ctx context.Context, format string, strict bool) error {
	if err := checkFormat(format, validateFormats); err != nil {
		return err
	}
	project, problems, err := engine.Load(ctx, a.opt, engine.Source{})
	if err != nil {
		return err
	}
	if strict {
		for i := range problems {
			problems[i].Warning = problems[i].Verbose // what only -v shows is no more than a remark
		}
	}
	switch format {
	case "json":
		err = a.printProblemsJSON(problems)
	case "github":
		err = a.out.Annotate(a.env.Stdout, problems, "")
	case "sarif":
		err = a.out.SARIF(a.env.Stdout, problems, engine.FolderIn(a.opt.Dir), thisBuild().version)
	default:
		a.out.Problems(a.env.Stdout, problems)
	}
	if project != nil && len(project.LintOff) > 0 {
		a.out.Logf("rules that agentsync.yaml turns off: %s", strings.Join(project.LintOff, ", "))
	}
	if err == nil && (project == nil || len(problems.Errors()) > 0) {
		err = &engine.Error{Kind: engine.Invalid, Err: errors.New("failed"), Told: true}
	}
	if err == nil && format == "text" {
		fmt.Fprintf(a.env.Stdout, "%s.\n", console.Valid(project))
	}
	return err
}

// printProblemsJSON prints findings as a JSON array.
func (a *app) printProblemsJSON(problems spec.Problems) error {
	type finding struct {
		File     string `json:"file"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
		Severity string `json:"severity"` // "error" or "warning"
		Rule     string `json:"rule,omitempty"`
		Message  string `json:"message"`
		Hint     string `json:"hint,omitempty"`
	}
	out := []finding{}
	for _, p := range a.out.Shown(problems) {
		severity := "error"
		if p.Warning {
			severity = "warning"
		}
		out = append(out, finding{p.Pos.File, p.Pos.Line, p.Pos.Column, severity, p.Rule, p.Message, p.Hint})
	}
	return writeJSON(a.env.Stdout, out)
}

func (a *app) schemaCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [KIND]",
		Short: "Print the JSON Schema of a kind of document",
		Long: `schema prints the JSON Schema (draft-07) of agent, base or project, for
editors: put it beside your manifests and name it in their first line as
"# yaml-language-server: $schema=…". Without KIND it lists the kinds.`,
		Example: `  agentsync schema agent > schema/agent.schema.json
  agentsync schema project`,
		ValidArgs: schema.Kinds(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return console.Usagef("schema wants one kind at most, got %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.runSchema(args) },
	}
}

func (a *app) runSchema(args []string) error {
	if len(args) == 0 {
		for _, kind := range schema.Kinds() {
			fmt.Fprintln(a.env.Stdout, kind)
		}
		return nil
	}
	data, ok := schema.JSON(args[0])
	if !ok {
		return engine.Errorf(engine.Usage, engine.Nearest(args[0], schema.Kinds()), "schema: no kind %q", args[0])
	}
	_, err := a.env.Stdout.Write(data)
	return err
}
