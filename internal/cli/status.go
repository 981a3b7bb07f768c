package cli

import (
	"context"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
)

var statusFormats = []string{"text", "json"}

func (a *app) statusCmd() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "status [NAME…]",
		Short: "Show what is live, and how it stands to git",
		Long: `status reads the platform as plan does and shows a line for each agent: which
version is live, since when and by whom, the commit that it comes from, what
drifts, what git wants otherwise and drafts that wait to be published. Below are
the agents on the platform that git does not have. What git wants is what the
manifests say as they lie here, committed or not. It writes nothing.`,
		Example: `  agentsync status
  agentsync status outbound-sales
  agentsync status --format json`,
		ValidArgsFunction: console.CompleteAgents(&a.opt),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runStatus(cmd.Context(), args, format) },
	}
	formatFlag(cmd, &format, statusFormats)
	return cmd
}

func (a *app) runStatus(ctx context.Context, names []string, format string) error {
	if err := checkFormat(format, statusFormats); err != nil {
		return err
	}
	project, _, err := a.loadQuietly(ctx, engine.Source{})
	if err != nil {
		return err
	}
	fleet, plan, err := project.Status(ctx, names)
	if err != nil {
		return err
	}
	a.out.ClearProgress()
	if format == "json" {
		return writeJSON(a.env.Stdout, struct {
			*history.Fleet
			Refusals []diff.Refusal `json:"refusals"`
			Warnings []diff.Warning `json:"warnings"`
		}{fleet, plan.Refusals, plan.Warnings})
	}
	for _, w := range plan.Warnings {
		a.out.Warning(w.Agent, w.Message, w.Hint)
	}
	if err := render.Fleet(a.env.Stdout, fleet, a.out.RenderOptions()); err != nil {
		return err
	}
	if command := plan.PullCommand(); command != "" {
		a.out.Message("hint: agentsync plan shows what drifts, %s takes it into the files", command)
	}
	return nil
}
