package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/edit"
	"github.com/spf13/cobra"
)

type rollbackOptions struct {
	engine.RollbackOptions
	autoApprove bool
	onDrift     string
}

func (a *app) rollbackCmd() *cobra.Command {
	var opt rollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback NAME",
		Short: "Go back to a version that was live",
		Long: `rollback sets an agent's manifest and prompt files to the config of a version
that was live, every other byte as it was: the next plan is one rollback step, and
goes its usual way through review and apply. Outcomes, infields and the agent's own
fields stay as they are. Where the manifest pins a version, the pin alone is set.

With --apply it is done on the platform at once, for the minute in which a bad
prompt speaks to callers: one write, and the files and the lock file say the same.
It asks on a terminal. What somebody has changed on the platform since the last
apply is not overwritten without --on-drift overwrite.

--to takes a version (7 or v7), a commit that a version was made from, or
"previous", which is what was live before, whatever its number. What was gone back
from already comes live again by its number alone.`,
		Example: `  agentsync rollback outbound-sales
  agentsync rollback outbound-sales --to v7
  agentsync rollback outbound-sales --apply --auto-approve`,
		Args:              a.oneAgent("the name of an agent"),
		ValidArgsFunction: console.CompleteAgents(&a.opt),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt.Name = args[0]
			return a.runRollback(cmd.Context(), opt)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.To, "to", "previous", "go back to `VERSION`: a number, a commit, or previous")
	flags.BoolVar(&opt.Apply, "apply", false, "do it on the platform at once")
	flags.BoolVar(&opt.autoApprove, "auto-approve", false, "do not ask")
	flags.StringVar(&opt.onDrift, "on-drift", "", "fail or overwrite; instead of policy.on_drift")
	flags.BoolVar(&opt.Force, "force", false, "write into files with uncommitted changes")
	return cmd
}

func (o rollbackOptions) check() error {
	switch {
	case !o.Apply && o.autoApprove:
		return console.Usagef("--auto-approve goes with --apply: without it, only files are set")
	case !o.Apply && o.onDrift != "":
		return console.Usagef("--on-drift goes with --apply: without it, only files are set")
	case o.To == "" || strings.HasPrefix(o.To, "-"):
		return console.Usagef(`--to %q: want a version such as v7, a commit, or "previous"`, o.To)
	}
	return o.asApply().check()
}

// asApply is what an apply of the plan asks and checks.
func (o rollbackOptions) asApply() applyOptions {
	return applyOptions{autoApprove: o.autoApprove, onDrift: o.onDrift, rollback: o.Name}
}

func (a *app) runRollback(ctx context.Context, opt rollbackOptions) error {
	if err := opt.check(); err != nil {
		return err
	}
	project, warnings, err := a.loadQuietly(ctx, engine.Source{})
	if err != nil {
		return err
	}
	a.warn(slices.DeleteFunc(warnings, func(p spec.Problem) bool { return !project.IsAbout(opt.Name, p) }))
	if opt.Apply {
		release, err := project.Turn(ctx)
		if err != nil {
			return err
		}
		defer release()
	}
	back, err := project.Rollback(ctx, opt.RollbackOptions)
	if err != nil {
		return err
	}
	defer back.Close()
	if err := a.showRollback(back); err != nil {
		return err
	}
	if !opt.Apply {
		return a.setBack(back)
	}
	if err := a.out.ShowPlan(back.Planned.Plan); err != nil {
		return err
	}
	if err := a.approve(ctx, opt.asApply(), nil, back.Planned); err != nil {
		return err
	}
	if !opt.autoApprove {
		back.Asked()
	}
	// The files come first: a run that is cut off then finds them in the state that
	// it goes on to.
	if err := back.Write(); err != nil {
		return err
	}
	if _, err = a.out.Apply(ctx, back.Planned); err != nil {
		a.out.Message("the files want v%d of %s; run the same command again, or agentsync plan shows what is left", back.Version, render.Escape(back.Name))
		return err
	}
	a.out.Say("\n%s is as it was in v%d, and so are its files.", back.Name, back.Version)
	if len(back.Files) > 0 {
		a.out.Say("Commit them: %s.", strings.Join(paths(back.Files), ", "))
	}
	a.sayNew(back.Files)
	return nil
}

// showRollback prints what changes in the files, but not where the plan says just that.
func (a *app) showRollback(back *engine.Rollback) error {
	a.out.ClearProgress()
	one := render.Taken{Name: back.Name, AgentName: back.AgentName, ID: back.ID, Said: []string{fmt.Sprintf("back to v%d", back.Version)}}
	switch {
	case len(back.Files) == 0:
		one.Said[0] += ", which the files want already"
	case back.AsPlanned:
		one.Said[0] += ", in " + strings.Join(paths(back.Files), ", ") + ": the plan has what changes"
	default:
		one.Files = shownFiles(back.Files)
	}
	if err := render.Files(a.env.Stdout, []render.Taken{one}, a.out.RenderOptions()); err != nil {
		return err
	}
	fmt.Fprintln(a.env.Stdout)
	a.out.Lines(back.Notes)
	return nil
}

func shownFiles(files []edit.Change) (shown []render.File) {
	for _, f := range files {
		shown = append(shown, render.File{Path: f.Path, Before: f.Before, After: f.After})
	}
	return shown
}

// setBack writes the files, and says how to go on.
func (a *app) setBack(back *engine.Rollback) error {
	if err := back.Write(); err != nil {
		return err
	}
	if len(back.Files) > 0 {
		a.out.Say("Set to v%d: %s. On the platform nothing has changed: review, commit and apply, or add --apply.",
			back.Version, strings.Join(paths(back.Files), ", "))
	} else {
		a.out.Say("On the platform nothing has changed: agentsync apply brings it back, or rollback with --apply.")
	}
	a.sayNew(back.Files)
	return nil
}

// sayNew tells of files that git does not know yet: a commit without them leaves
// manifests that name files which nobody else has.
func (a *app) sayNew(files []edit.Change) {
	fresh := paths(slices.DeleteFunc(slices.Clone(files), func(f edit.Change) bool { return f.Before != nil }))
	if len(fresh) > 0 {
		a.out.Say("New: %s. git commit -a leaves it out, git add takes it.", strings.Join(fresh, ", "))
	}
}

func paths(files []edit.Change) (paths []string) {
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	return paths
}
