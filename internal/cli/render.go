package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
	"github.com/spf13/cobra"
)

type renderOptions struct {
	engine.Rendering
	sets       []string
	versionSet bool
	format     string
}

var renderFormats = []string{"text", "json"}

func (a *app) renderCmd() *cobra.Command {
	var opt renderOptions
	cmd := &cobra.Command{
		Use:   "render NAME",
		Short: "Show an agent's prompts as a call speaks them",
		Long: `render fills in the prompts of an agent with the values of a call: of the live
version, of another one with --version, or, without the platform, of what the
manifest wants with --local. What has no value stays as it stands, and would be
spoken so.`,
		Example: `  agentsync render outbound-sales --set customer_name=Rahul
  agentsync render outbound-sales --set customer_name=Rahul --version 7
  agentsync render outbound-sales --set customer_name=Rahul --local`,
		Args:              a.oneAgent("one agent's name"),
		ValidArgsFunction: console.CompleteAgents(&a.opt),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt.Name, opt.versionSet = args[0], cmd.Flags().Changed("version")
			return a.runRender(cmd.Context(), opt)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&opt.sets, "set", nil, "the value of a placeholder, as `NAME=VALUE`; may be repeated")
	flags.IntVar(&opt.Version, "version", 0, "render version `N`")
	flags.BoolVar(&opt.Local, "local", false, "render what the manifest wants, without the platform")
	formatFlag(cmd, &opt.format, renderFormats)
	return cmd
}

func (opt *renderOptions) check() error {
	switch {
	case opt.versionSet && opt.Local:
		return console.Usagef("--version and --local: give one of the two; --local renders the manifest's own texts")
	case opt.versionSet && opt.Version < 1:
		return console.Usagef("--version %d: versions count from 1", opt.Version)
	}
	var err error
	if opt.Values, err = readSets(opt.sets); err != nil {
		return err
	}
	return checkFormat(opt.format, renderFormats)
}

// readSets reads the values of --set.
func readSets(sets []string) (map[string]string, error) {
	values := map[string]string{}
	for _, set := range sets {
		name, value, ok := strings.Cut(set, "=")
		if !ok || name == "" {
			return nil, console.Usagef("--set %s: want NAME=VALUE", diff.MaskPhones(set))
		}
		values[name] = value
	}
	return values, nil
}

func (a *app) runRender(ctx context.Context, opt renderOptions) error {
	if err := opt.check(); err != nil {
		return err
	}
	project, _, err := a.loadQuietly(ctx, engine.Source{})
	if err != nil {
		return err
	}
	rendered, err := project.Render(ctx, opt.Rendering)
	if err != nil {
		return err
	}
	a.out.ClearProgress()
	for _, name := range rendered.Undeclared {
		a.out.Message("warning: %s", name)
	}
	for _, left := range rendered.Left {
		a.out.Message("warning: %s has no value: it would be spoken as it stands", left)
	}
	for _, remark := range rendered.Errors {
		a.out.Message("warning: the platform remarks: %s", remark)
	}
	if opt.format == "json" {
		return writeJSON(a.env.Stdout, map[string]any{"agent": opt.Name, "on": rendered.On, "texts": rendered.Texts,
			"placeholders_left": append([]string{}, rendered.Left...), "errors": append([]string{}, rendered.Errors...)})
	}
	for i, field := range spec.SpokenFields() {
		if i > 0 {
			fmt.Fprintln(a.env.Stdout)
		}
		fmt.Fprintf(a.env.Stdout, "@@ %s, %s @@\n", field, rendered.On)
		a.out.Text(rendered.Texts[field])
	}
	return nil
}
