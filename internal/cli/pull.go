package cli

import (
	"context"
	"fmt"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
)

type pullOptions struct {
	engine.PullOptions
	all, dryRun bool
}

func (a *app) pullCmd() *cobra.Command {
	var opt pullOptions
	cmd := &cobra.Command{
		Use:   "pull [NAME…]",
		Short: "Take what was changed on the platform into the files",
		Long: `pull takes drift, which is what was changed on the platform since the last
apply, into the manifests and prompt files that are there. It shows what changes
and writes it: each value where it lives, and every other byte stays. After it,
a plan has no step for what was taken. What git changed and nobody applied yet
stays as it is.

A value of a Base or an environment's override is changed there when it is this
agent's alone, or when all that have it were changed alike; else it is set in the
agent. So is a prompt file that others read too: else the agent gets a file of its
own. What no manifest can say is told and stays drift, and the rest of its agent is
taken. An agent that is gone from the platform is told of.

With --commit it makes one commit an agent, which says who changed it on the
platform and when; other changes, staged or not, are no part of it, and no hooks
run.`,
		Example: `  agentsync pull outbound-sales
  agentsync pull --all --dry-run
  agentsync pull --all --commit`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opt.Names = args
			return a.runPull(cmd.Context(), opt)
		},
		ValidArgsFunction: console.CompleteAgents(&a.opt),
	}
	flags := cmd.Flags()
	flags.BoolVar(&opt.all, "all", false, "all agents")
	flags.BoolVar(&opt.dryRun, "dry-run", false, "only show what would change")
	flags.BoolVar(&opt.Force, "force", false, "write into files with uncommitted changes, and take what git changed too")
	flags.BoolVar(&opt.Commit, "commit", false, "make one commit an agent")
	return cmd
}

func (a *app) runPull(ctx context.Context, opt pullOptions) error {
	switch {
	case opt.all && len(opt.Names) > 0:
		return console.Usagef("pull: give names or --all, not both")
	case !opt.all && len(opt.Names) == 0:
		return engine.Errorf(engine.Usage, "agentsync plan shows where there is drift", "pull: name the agents, or give --all")
	}
	project, err := a.load(ctx, engine.Source{})
	if err != nil {
		return err
	}
	if !opt.dryRun {
		release, err := project.Turn(ctx)
		if err != nil {
			return err
		}
		defer release()
	}
	pull, err := project.Pull(ctx, opt.PullOptions)
	if err != nil {
		return err
	}
	if err := a.showPull(pull); err != nil {
		return err
	}
	if opt.dryRun {
		return pull.Err()
	}
	commits, err := pull.Write(ctx)
	for _, agent := range pull.Agents {
		if id := commits[agent.Name]; id != "" {
			fmt.Fprintf(a.env.Stdout, "Committed %s as %.12s.\n", render.Escape(agent.Name), id)
		}
	}
	if err != nil {
		return err
	}
	if !opt.Commit {
		a.sayNew(pull.Files)
	}
	return pull.Err()
}

// showPull prints what changes in the files, and says what is not taken.
func (a *app) showPull(pull *engine.Pull) error {
	a.out.ClearProgress()
	var shown []render.Taken
	for _, agent := range pull.Agents {
		if !agent.Taken() {
			continue
		}
		one := render.Taken{Name: agent.Name, AgentName: agent.AgentName, ID: agent.ID, Said: agent.Drift}
		one.Files = shownFiles(agent.Files)
		shown = append(shown, one)
	}
	if err := render.Files(a.env.Stdout, shown, a.out.RenderOptions()); err != nil {
		return err
	}
	for _, agent := range pull.Agents {
		a.out.Lines(agent.Notes)
		for _, reason := range agent.NotTaken() {
			said := "not taken: "
			if agent.Gone {
				said = ""
			}
			a.out.Message("%s%s: %s", said, agent.Name, reason.Why)
			if reason.Hint != "" {
				a.out.Message("  hint: %s", reason.Hint)
			}
		}
	}
	switch agents := len(shown); {
	case len(pull.Agents) == 0:
		fmt.Fprintln(a.env.Stdout, "No drift: there is nothing to take.")
	case agents > 0:
		fmt.Fprintf(a.env.Stdout, "\nPull: %s, %s.\n", render.Count(agents, "agent"), render.Count(len(pull.Files), "file"))
	}
	return nil
}
