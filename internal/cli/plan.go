package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
)

type planOptions struct {
	out      string
	format   string
	detailed bool
	targets  []string
	prune    bool
	base     givenRef
	since    givenRef
}

// givenRef is a flag that names a commit. An empty one is not as if it were
// not given: a variable of a workflow may be empty by mistake.
type givenRef struct {
	ref   string
	given bool
}

func (g *givenRef) Set(ref string) error { g.ref, g.given = ref, true; return nil }
func (g *givenRef) String() string       { return g.ref }
func (g *givenRef) Type() string         { return "string" }

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
ask for, not what an apply would do, so it can't be applied.`,
		Example: `  agentsync plan
  agentsync plan --out plan.json
  agentsync plan --format markdown --target outbound-sales
  agentsync plan --detailed-exitcode     # 2 when there are changes
  agentsync plan --changed-since origin/main
  agentsync plan --base origin/main      # without the platform`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runPlan(cmd.Context(), opt) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.out, "out", "", "save the plan in `FILE`, as JSON")
	flags.StringVar(&opt.format, "format", "text", "text, json or markdown")
	flags.BoolVar(&opt.detailed, "detailed-exitcode", false, "exit with 2 when there are changes")
	flags.Var(&opt.base, "base", "compare HEAD's manifests with those where it left the commit `REF`, and not with the platform")
	flags.Var(&opt.since, "changed-since", "only agents whose manifests have changed since the commit `REF`")
	for _, name := range []string{"base", "changed-since"} {
		_ = cmd.RegisterFlagCompletionFunc(name, a.completeRefs)
	}
	a.planFlags(cmd, &opt.targets, &opt.prune)
	completeFormats(cmd, planFormats)
	return cmd
}

// planFlags are those of plan and apply alike.
func (a *app) planFlags(cmd *cobra.Command, targets *[]string, prune *bool) {
	cmd.Flags().StringSliceVar(targets, "target", nil, "only the agent `NAME`; may be repeated")
	cmd.Flags().BoolVar(prune, "prune", false, "delete orphans: agents in the lock file whose manifest is gone")
	_ = cmd.RegisterFlagCompletionFunc("target", a.completeAgents)
}

var planFormats = []string{"text", "json", "markdown"}

func (opt planOptions) check() error {
	switch {
	case opt.base.given && opt.since.given:
		return usagef("--base and --changed-since: give one of the two; --base does not look at the platform, --changed-since does")
	case opt.base.given && opt.base.ref == "":
		return usagef("--base: want a branch, a tag or a commit, got nothing")
	case opt.since.given && opt.since.ref == "":
		return usagef("--changed-since: want a branch, a tag or a commit, got nothing")
	}
	return checkFormat(opt.format, planFormats)
}

func (a *app) runPlan(ctx context.Context, opt planOptions) error {
	if err := opt.check(); err != nil {
		return err
	}
	p, err := a.makePlan(ctx, opt)
	if err != nil {
		return err
	}
	if opt.out != "" {
		if err := savePlan(opt.out, p); err != nil {
			return err
		}
	}
	if err := a.showPlan(p, opt.format); err != nil {
		return err
	}
	if err := refusal(p); err != nil {
		return err
	}
	if opt.detailed && !p.IsEmpty() {
		return &changesError{}
	}
	return nil
}

// makePlan makes the kind of plan that the flags ask for.
func (a *app) makePlan(ctx context.Context, opt planOptions) (*diff.Plan, error) {
	switch {
	case opt.base.given:
		return a.offlinePlan(ctx, opt.base.ref, opt.targets, opt.prune)
	case opt.since.given:
		return a.changedPlan(ctx, opt.since.ref, opt.targets, opt.prune)
	}
	s, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	p, err := s.plan(ctx, opt.targets, opt.prune)
	if err != nil {
		return nil, err
	}
	return p.plan, nil
}

func (a *app) showPlan(p *diff.Plan, format string) error {
	switch format {
	case "json":
		return planfile.Write(a.env.Stdout, p)
	case "markdown":
		return render.Markdown(a.env.Stdout, p, a.renderOptions())
	default:
		return render.Text(a.env.Stdout, p, a.renderOptions())
	}
}

// refusal is the policy that forbids the plan; the plan as shown says it.
func refusal(p *diff.Plan) error {
	if len(p.Refusals) == 0 {
		return nil
	}
	return &refusedError{reason: p.Refusals[0].Message, hint: p.Refusals[0].Hint, shown: true}
}

func savePlan(path string, p *diff.Plan) error {
	var buf bytes.Buffer
	if err := planfile.Write(&buf, p); err != nil {
		return err
	}
	return writeWhole(path, buf.Bytes())
}

// writeWhole replaces a file by data, whole or not at all.
func writeWhole(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Unwrap(err))
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// maxPlanFile bounds what is read as a plan file.
const maxPlanFile = 256 << 20

func readPlan(ctx context.Context, path string) (*diff.Plan, error) {
	data, err := readAll(ctx, path, maxPlanFile+1)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, hintf(fmt.Errorf("read the plan %s: %w", path, err), "agentsync plan --out %s makes one", path)
	}
	if len(data) > maxPlanFile {
		return nil, fmt.Errorf("%s: larger than %d MiB, so no plan of ours", path, maxPlanFile>>20)
	}
	p, err := planfile.Read(data)
	if err != nil {
		return nil, &staleError{fmt.Sprintf("%s: %v", path, err), "make the plan again with this version of agentsync"}
	}
	return p, nil
}

// readAll reads at most limit bytes of a file, which may be a pipe: it ends
// when ctx does, whether or not anybody writes to it.
func readAll(ctx context.Context, path string, limit int64) ([]byte, error) {
	type read struct {
		data []byte
		err  error
	}
	got := make(chan read, 1)
	go func() {
		f, err := os.Open(path)
		if err != nil {
			got <- read{nil, err}
			return
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, limit))
		got <- read{data, err}
	}()
	select {
	case r := <-got:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
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
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, planFormats); err != nil {
				return err
			}
			p, err := readPlan(cmd.Context(), args[0])
			var stale *staleError
			if errors.As(err, &stale) { // nothing is refused here: the file can't be shown
				return hintf(errors.New(stale.reason), "%s", stale.hint)
			}
			if err != nil {
				return err
			}
			return a.showPlan(p, format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text, json or markdown")
	completeFormats(cmd, planFormats)
	return cmd
}

func checkFormat(format string, known []string) error {
	if slices.Contains(known, format) {
		return nil
	}
	return usagef("--format %s: want %s", format, strings.Join(known, ", "))
}

func completeFormats(cmd *cobra.Command, formats []string) {
	_ = cmd.RegisterFlagCompletionFunc("format", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return formats, cobra.ShellCompDirectiveNoFileComp
	})
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usagef("%s takes no arguments, got %q", cmd.Name(), args[0])
}

func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return usagef("%s wants %s", cmd.Name(), what)
	}
}
