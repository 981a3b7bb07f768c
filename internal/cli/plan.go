package cli

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
	"github.com/spf13/cobra"
)

type planOptions struct {
	out      string
	format   string
	detailed bool
	scope    engine.Scope
	base     string
	// An empty ref is not as if the flag were not given: a variable of a workflow
	// may be empty by mistake.
	baseGiven, sinceGiven bool
}

func (a *app) planCmd() *cobra.Command {
	var opt planOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would change",
		Long: `plan reads the platform and shows each step that apply would take, in order.
It writes nothing to the platform. With --out the plan is saved, and
"apply FILE" does it only as long as it still holds.

With --changed-since, it plans only the agents whose manifests, bases, prompt
files and settings taken together want something else than at REF, as if they
were given with --target; when there are none, the platform is not asked. REF
is compared with the working tree. On a branch that is behind, give the commit
where it began: --changed-since "$(git merge-base origin/main HEAD)".

With --base, it does not look at the platform at all, and needs neither network
nor credentials: it compares the manifests that HEAD has with those of the
commit where HEAD left REF, as a pull request does. It shows what the manifests
ask for, not what an apply would do, so it can't be applied.

With --shard I/N, it plans one of N parts of the fleet, as several machines can
do side by side; "merge-plans" makes the plan of the whole of them. Which part
an agent is in follows from its key alone. Limits on deletes count over all.`,
		Example: `  agentsync plan
  agentsync plan --out plan.json
  agentsync plan --format markdown --target outbound-sales
  agentsync plan --detailed-exitcode     # 2 when there are changes
  agentsync plan --changed-since origin/main
  agentsync plan --base origin/main      # without the platform
  agentsync plan --shard 3/8 --out part-3.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			err := console.NoArgs(cmd, args)
			if err != nil && a.isAgent(args[0]) {
				err = engine.Errorf(engine.Usage, "agentsync plan --target "+args[0], "%w", err)
			}
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			opt.baseGiven, opt.sinceGiven = cmd.Flags().Changed("base"), cmd.Flags().Changed("changed-since")
			return a.runPlan(cmd.Context(), opt)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.out, "out", "", "save the plan in `FILE`, as JSON")
	formatFlag(cmd, &opt.format, planFormats)
	flags.BoolVar(&opt.detailed, "detailed-exitcode", false, "exit with 2 when there are changes")
	flags.StringVar(&opt.base, "base", "", "compare HEAD's manifests with those where it left the commit `REF`, and not with the platform")
	flags.StringVar(&opt.scope.Since, "changed-since", "", "only agents whose manifests have changed since the commit `REF`")
	for _, name := range []string{"base", "changed-since"} {
		_ = cmd.RegisterFlagCompletionFunc(name, a.completeRefs)
	}
	console.ScopeFlags(cmd, &a.opt, &opt.scope)
	return cmd
}

var planFormats = []string{"text", "json", "markdown"}

func (opt planOptions) check() error {
	switch {
	case opt.baseGiven && opt.sinceGiven:
		return console.Usagef("--base and --changed-since: give one of the two; --base does not look at the platform, --changed-since does")
	case opt.baseGiven && opt.base == "":
		return console.Usagef("--base: want a branch, a tag or a commit, got nothing")
	case opt.sinceGiven && opt.scope.Since == "":
		return console.Usagef("--changed-since: want a branch, a tag or a commit, got nothing")
	}
	return checkFormat(opt.format, planFormats)
}

func (a *app) runPlan(ctx context.Context, opt planOptions) error {
	if err := opt.check(); err != nil {
		return err
	}
	if opt.out != "" { // before the platform is read
		if err := a.checkOut("--out", opt.out); err != nil {
			return err
		}
	}
	p, err := a.makePlan(ctx, opt)
	if err != nil {
		return err
	}
	if opt.out != "" {
		if err := a.savePlan(opt.out, p); err != nil {
			return err
		}
	}
	if err := a.showPlan(p, opt.format); err != nil {
		return err
	}
	if opt.out != "" {
		a.saySaved(opt.out, p)
	}
	if err := engine.Refusal(p); err != nil {
		return err
	}
	if opt.detailed && !p.IsEmpty() {
		return errChanges
	}
	return nil
}

// saySaved says where a plan is, and what to do with it.
func (a *app) saySaved(path string, p *diff.Plan) {
	switch {
	case p.Base != "":
		a.out.Message("saved in %s, to be shown: a plan with --base can't be applied", path)
	case len(p.Refusals) > 0:
		a.out.Message("saved in %s, but it is refused, and can't be applied", path)
	case p.IsEmpty():
		a.out.Message("saved in %s: there is nothing to apply", path)
	default:
		a.out.Message("saved in %s; once it is reviewed: %s", path, a.command("apply", path))
	}
}

// command is a command line for the same project and environment as this one, to be
// copied into a shell.
func (a *app) command(args ...string) string {
	line := []string{"agentsync"}
	if a.started != "." {
		line = append(line, "-C", a.started)
	}
	if a.opt.Environment != "" {
		line = append(line, "--env", a.opt.Environment)
	}
	if a.opt.Sandbox {
		line = append(line, "--sandbox")
	}
	line = append(line, args...)
	for i, word := range line {
		if !plainWord.MatchString(word) {
			line[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(line, " ")
}

// plainWord is what stays as it is: what a shell takes so, and the backslashes of
// Windows, whose shells do.
var plainWord = regexp.MustCompile(`^[\pL\pN_@%+=:,./\\-]+$`)

// makePlan makes the kind of plan that the flags ask for.
func (a *app) makePlan(ctx context.Context, opt planOptions) (*diff.Plan, error) {
	if opt.baseGiven {
		return engine.Offline(ctx, a.opt, opt.base, opt.scope)
	}
	project, err := a.load(ctx, engine.Source{Compared: opt.sinceGiven})
	if err != nil {
		return nil, err
	}
	a.out.As = project.Account()
	opt.scope.Keep = engine.KeepPlan
	p, err := project.Plan(ctx, opt.scope)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return p.Plan, nil
}

func (a *app) showPlan(p *diff.Plan, format string) error {
	a.out.ClearProgress()
	switch format {
	case "json":
		return planfile.Write(a.env.Stdout, p)
	case "markdown":
		return render.Markdown(a.env.Stdout, p, a.out.RenderOptions())
	default:
		return a.out.ShowPlan(p)
	}
}

func (a *app) showCmd() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "show PLANFILE",
		Short: "Show a saved plan",
		Example: `  agentsync show plan.json
  agentsync show plan.json --format markdown`,
		Args: exactArgs(1, "the plan file"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runShow(cmd.Context(), args[0], format) },
	}
	formatFlag(cmd, &format, planFormats)
	return cmd
}

func (a *app) runShow(ctx context.Context, path, format string) error {
	if err := checkFormat(format, planFormats); err != nil {
		return err
	}
	p, err := a.readPlan(ctx, path)
	if engine.KindOf(err) == engine.Stale { // nothing is refused here: the file can't be shown
		return engine.Errorf(engine.Failed, engine.HintOf(err), "%w", err)
	}
	if err != nil {
		return err
	}
	return a.showPlan(p, format)
}

func checkFormat(format string, known []string) error {
	if slices.Contains(known, format) {
		return nil
	}
	return console.Usagef("--format %s: want %s", format, strings.Join(known, ", "))
}

// formatFlag adds --format; the first format is the default.
func formatFlag(cmd *cobra.Command, format *string, formats []string) {
	last := len(formats) - 1
	cmd.Flags().StringVar(format, "format", formats[0], strings.Join(formats[:last], ", ")+" or "+formats[last])
	console.FixedValues(cmd, "format", formats...)
}

// oneAgent wants the name of an agent, and says which there are.
func (a *app) oneAgent(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := exactArgs(1, what)(cmd, args); err == nil || len(args) > 0 {
			return err
		}
		return engine.Errorf(engine.Usage, engine.Nearest("", a.agentNames()), "%s wants %s", cmd.Name(), what)
	}
}

// agentNames are those of the project's manifests, before it is loaded.
func (a *app) agentNames() []string { return spec.AgentNames(engine.Root(a.opt.Dir)) }

// isAgent reports whether an argument that should be something else is an agent's name.
func (a *app) isAgent(name string) bool { return slices.Contains(a.agentNames(), name) }

func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return console.Usagef("%s wants %s", cmd.Name(), what)
	}
}
