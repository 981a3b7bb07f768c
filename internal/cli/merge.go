package cli

import (
	"context"
	"errors"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
)

func (a *app) mergePlansCmd() *cobra.Command {
	var out, format string
	cmd := &cobra.Command{
		Use:   "merge-plans FILE…",
		Short: "Make one plan of the parts that plan --shard has made",
		Long: `merge-plans makes one plan of its parts: the very plan, with the very digest, that
a plan of the whole fleet would be. All parts must be there, each once, and of the
same commit, environment and targets. "apply --shard I/N FILE" does a part of it,
in as many parts as you like.`,
		Example: `  agentsync merge-plans part-*.json --out plan.json
  agentsync merge-plans part-*.json --format markdown`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return console.Usagef("merge-plans wants the files to merge")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.mergePlans(cmd.Context(), args, out, format) },
	}
	cmd.Flags().StringVar(&out, "out", "", "save the plan in `FILE`, as JSON")
	formatFlag(cmd, &format, planFormats)
	return cmd
}

func (a *app) mergePlans(ctx context.Context, files []string, out, format string) error {
	if err := checkFormat(format, planFormats); err != nil {
		return err
	}
	if out != "" {
		if err := a.checkOut("--out", out); err != nil {
			return err
		}
	}
	var parts []*diff.Plan
	var errs []error
	for _, file := range files {
		p, err := a.readPlan(ctx, file)
		parts, errs = append(parts, p), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	p, err := engine.MergePlans(files, parts)
	if err != nil {
		return err
	}
	if out != "" {
		if err := a.savePlan(out, p); err != nil {
			return err
		}
	}
	if err := a.showPlan(p, format); err != nil {
		return err
	}
	return engine.Refusal(p)
}
