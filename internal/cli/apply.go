package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync"
	"github.com/spf13/cobra"
)

type applyOptions struct {
	planFile     string
	autoApprove  bool
	expectDigest string
	onDrift      string
	report       string
	scope        engine.Scope
	rollback     string // the agent of a rollback, of which no plan can be reviewed before; else ""
}

// reviewed says that somebody has seen this very plan: no other question then.
func (o applyOptions) reviewed() bool { return o.planFile != "" || o.expectDigest != "" }

func (a *app) applyCmd() *cobra.Command {
	var opt applyOptions
	cmd := &cobra.Command{
		Use:   "apply [PLANFILE]",
		Short: "Do what the plan says",
		Long: `apply plans, shows the plan, asks on a terminal, and does it. With PLANFILE or
--expect-digest it does just the plan that was reviewed, and refuses when the
platform or the manifests have moved since. After a failure, apply again. Of two
in one folder the second waits for the first, and plans then.

With --shard it does a part. PLANFILE may be the plan of that part or of the
whole fleet, such as merge-plans makes: then the part is held against what the
file says of it, and nothing is done of a plan that policy forbids anywhere.
--expect-digest is that of the file, and without one that of the part.`,
		Example: `  agentsync apply
  agentsync apply --auto-approve --report report.json
  agentsync apply plan.json
  agentsync apply --expect-digest sha256:3f…
  agentsync apply --shard 3/8 plan.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return console.Usagef("apply wants one plan file at most, got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opt.planFile = args[0]
			}
			return a.runApply(cmd.Context(), opt)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opt.autoApprove, "auto-approve", false, "do not ask")
	flags.StringVar(&opt.expectDigest, "expect-digest", "", "do only the plan with this `DIGEST` (sha256:…)")
	flags.StringVar(&opt.onDrift, "on-drift", "", "fail or overwrite; instead of policy.on_drift")
	flags.StringVar(&opt.report, "report", "", "write what became of every step to `FILE`, as JSON")
	console.FixedValues(cmd, "on-drift", "fail", "overwrite")
	console.ScopeFlags(cmd, &a.opt, &opt.scope)
	return cmd
}

func (o applyOptions) check() error {
	switch {
	case o.onDrift != "" && o.onDrift != "fail" && o.onDrift != "overwrite":
		return console.Usagef("--on-drift %s: want fail or overwrite", o.onDrift)
	case o.planFile != "" && (len(o.scope.Targets) > 0 || o.scope.Prune):
		return console.Usagef("apply %s: --target and --prune are part of a saved plan; give them to plan --out", o.planFile)
	case o.expectDigest != "" && (!strings.HasPrefix(o.expectDigest, "sha256:") || len(o.expectDigest) != len("sha256:")+64):
		return console.Usagef("--expect-digest %s: want sha256: and 64 hex digits, as plan shows them", o.expectDigest)
	}
	return nil
}

// runApply applies, and leaves a report on every way out.
func (a *app) runApply(ctx context.Context, opt applyOptions) error {
	a.reported = true
	if opt.report == "" {
		_, err := a.apply(ctx, opt)
		return err
	}
	if err := a.checkOut("--report", opt.report); err != nil { // not only after all is applied
		return err
	}
	report, err := a.apply(ctx, opt)
	if report == nil {
		report = a.reportOf(nil, err)
	}
	if writeErr := a.writeReport(opt.report, report); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	return err
}

// reportUnparsed writes the report of an apply whose command line could not be
// read, as far as it says where to.
func (a *app) reportUnparsed(args []string, err error) error {
	path := lastOf(args, "--report")
	if path == "" || !slices.Contains(args, "apply") || exitCode(err) != ExitUsage {
		return nil
	}
	a.started = cmp.Or(lastOf(args, "-C", "--chdir"), a.opt.Dir)
	return a.writeReport(path, a.reportOf(nil, err))
}

// lastOf is the value of a flag on a command line that could not be read, "" for
// none.
func lastOf(args []string, names ...string) (value string) {
	for i, arg := range args {
		name, given, joined := strings.Cut(arg, "=")
		switch {
		case !slices.Contains(names, name):
		case joined:
			value = given
		case i+1 < len(args):
			value = args[i+1]
		}
	}
	return value
}

// reportOf is the report of an apply that did not begin; p is nil where there
// was not even a plan.
func (a *app) reportOf(p *diff.Plan, err error) *sync.Report {
	if p == nil {
		p = &diff.Plan{Environment: a.opt.Env()}
	}
	result := "failed"
	switch exitCode(err) {
	case ExitStale, ExitRefused, ExitUsage:
		result = "refused"
	case ExitInterrupted:
		result = "interrupted"
	}
	return sync.NewReport(p, result, err.Error())
}

// apply returns a report as soon as there is a plan.
func (a *app) apply(ctx context.Context, opt applyOptions) (*sync.Report, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	saved, err := a.saved(ctx, opt)
	if err != nil {
		return nil, err
	}
	project, err := a.load(ctx, engine.Source{})
	if err != nil {
		return nil, err
	}
	if saved != nil {
		if saved.Environment != project.Environment.Name {
			return nil, engine.Errorf(engine.Stale, "give the same --env or --sandbox as when it was made",
				"%s was made for the environment %s, and this is %s", opt.planFile, saved.Environment, project.Environment.Name)
		}
		shard := opt.scope.Shard
		if opt.scope = engine.ScopeOf(saved); shard != nil {
			opt.scope.Shard = shard
		}
	}
	release, err := project.Turn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	a.out.As = project.Account()
	opt.scope.Keep = engine.KeepChanges
	p, err := project.Plan(ctx, opt.scope)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if err := a.out.ShowPlan(p.Plan); err != nil {
		return nil, err
	}
	if err := a.approve(ctx, opt, saved, p); err != nil {
		return a.reportOf(p.Plan, err), err
	}
	return a.out.Apply(ctx, p)
}

// saved is the plan in the file, nil without one.
func (a *app) saved(ctx context.Context, opt applyOptions) (*diff.Plan, error) {
	if opt.planFile == "" {
		return nil, nil
	}
	p, err := a.readPlan(ctx, opt.planFile)
	if err == nil && p.Shard != nil && opt.scope.Shard != nil && p.Shard.String() != opt.scope.Shard.String() {
		return nil, console.Usagef("--shard %s: %s is the plan of part %s", opt.scope.Shard, opt.planFile, p.Shard)
	}
	if err == nil && p.Base != "" {
		return nil, engine.Errorf(engine.Stale, "make a plan without --base, and review that",
			"%s was made with --base: it was not compared with the platform, and can't be applied, nothing was written", opt.planFile)
	}
	return p, err
}

// approve compares the plan with what was reviewed, checks the policies, and
// asks where somebody can answer.
func (a *app) approve(ctx context.Context, opt applyOptions, saved *diff.Plan, p *engine.Planned) error {
	if err := a.checkReviewed(opt, saved, p.Plan); err != nil {
		return err
	}
	if err := engine.Refusal(p.Plan); err != nil {
		return err
	}
	if err := p.CheckCalls(); err != nil {
		return err
	}
	if p.Plan.IsEmpty() || opt.reviewed() {
		return nil
	}
	if opt.autoApprove {
		err := p.CheckDrift(opt.onDrift)
		if err != nil && opt.rollback != "" {
			err = engine.Errorf(engine.KindOf(err), fmt.Sprintf("--on-drift overwrite goes on all the same; agentsync pull %s --dry-run shows what was changed", opt.rollback),
				"%w", err)
		}
		if err != nil {
			a.out.Lines(p.Drift())
			return err
		}
		if unknown := p.Unknown(); len(unknown) > 0 {
			a.out.Lines(unknown)
			a.out.Message("  hint: %s", engine.MendUnknown)
		}
		return nil
	}
	if !a.env.StdinTerminal {
		hint := "review the plan and give --auto-approve, a plan file or --expect-digest"
		if opt.rollback != "" {
			hint = "review the plan and give --auto-approve"
		}
		return engine.Errorf(engine.Usage, hint, "there is no terminal to ask on, so nothing was applied")
	}
	return a.ask(ctx, p)
}

func (a *app) checkReviewed(opt applyOptions, saved, now *diff.Plan) error {
	if saved == nil {
		return engine.CheckDigest(now, opt.expectDigest)
	}
	part := engine.PartOf(saved, opt.scope)
	if err := engine.CheckSaved(now, part); err != nil {
		if engine.LeavesNothing(now, part) {
			return err
		}
		a.out.Message("what differs from %s:", opt.planFile)
		return errors.Join(render.Differences(a.env.Stderr, part, now, a.out.RenderOptions()), err)
	}
	if err := engine.CheckDigest(saved, opt.expectDigest); err != nil {
		return err
	}
	return engine.Refusal(saved) // what another part alone has, too
}

// ask puts the question on the terminal. Anything but yes is no.
func (a *app) ask(ctx context.Context, p *engine.Planned) error {
	drift, unknown := p.Drift(), p.Unknown()
	question := ""
	a.out.Lines(drift)
	a.out.Lines(unknown)
	switch {
	case len(drift) > 0:
		question = " and overwrite what was changed on the platform"
	case len(unknown) > 0:
		question = " and overwrite what may have been changed on the platform"
	}
	a.out.Ask("Apply this plan%s, to %s? Only \"yes\" is yes:", question,
		strings.TrimSpace(p.Plan.Environment+" at "+p.Plan.BaseURL+" "+a.out.As))
	answer := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(a.env.Stdin).ReadString('\n')
		if err != nil { // Ctrl-D leaves the cursor behind the question
			fmt.Fprintln(a.env.Stderr)
		}
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.env.Stderr)
		return engine.Errorf(engine.Interrupted, "", "interrupted\nnothing was applied")
	case line := <-answer:
		if strings.EqualFold(line, "yes") {
			return nil
		}
		if line == "" {
			return errors.New("not applied: there was no answer")
		}
		return fmt.Errorf("not applied: the answer was %s", render.Escape(fmt.Sprintf("%q", line)))
	}
}
