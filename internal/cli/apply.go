package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/sync"
)

type applyOptions struct {
	planFile     string
	autoApprove  bool
	expectDigest string
	onDrift      string
	report       string
	targets      []string
	prune        bool
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
platform or the manifests have moved since. After a failure, apply again.`,
		Example: `  agentsync apply
  agentsync apply --auto-approve --report report.json
  agentsync apply plan.json
  agentsync apply --expect-digest sha256:3f…`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("apply wants one plan file at most, got %d", len(args))
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
	a.planFlags(cmd, &opt.targets, &opt.prune)
	return cmd
}

func (o applyOptions) check() error {
	switch {
	case o.onDrift != "" && o.onDrift != "fail" && o.onDrift != "overwrite":
		return usagef("--on-drift %s: want fail or overwrite", o.onDrift)
	case o.planFile != "" && (len(o.targets) > 0 || o.prune):
		return usagef("apply %s: --target and --prune are part of a saved plan; give them to plan --out", o.planFile)
	case o.expectDigest != "" && (!strings.HasPrefix(o.expectDigest, "sha256:") || len(o.expectDigest) != len("sha256:")+64):
		return usagef("--expect-digest %s: want sha256: and 64 hex digits, as plan shows them", o.expectDigest)
	}
	return nil
}

// runApply applies, and leaves a report on every way out.
func (a *app) runApply(ctx context.Context, opt applyOptions) error {
	a.reported = true
	if opt.report != "" { // not only after all is applied
		if err := checkWritable(opt.report); err != nil {
			return err
		}
	}
	report, err := a.apply(ctx, opt)
	if report == nil {
		report = sync.NewReport(&diff.Plan{Environment: a.environment()}, resultOf(ctx, err), errText(err))
	}
	if opt.report != "" {
		if writeErr := writeReport(opt.report, report); writeErr != nil {
			return errors.Join(err, writeErr)
		}
	}
	return err
}

// reportUnparsed writes the report of an apply whose command line could not be
// read, as far as it says where to.
func (a *app) reportUnparsed(ctx context.Context, args []string, err error) error {
	path := ""
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--report="); ok {
			path = value
		} else if arg == "--report" && i+1 < len(args) {
			path = args[i+1]
		}
	}
	if path == "" || !slices.Contains(args, "apply") || exitCode(ctx, err) != ExitUsage {
		return nil
	}
	return writeReport(path, sync.NewReport(&diff.Plan{Environment: a.environment()}, resultOf(ctx, err), errText(err)))
}

// checkWritable says whether a file can be put at path.
func checkWritable(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--report %s: it is a folder", path)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("--report %s: %w", path, errors.Unwrap(err))
	}
	tmp.Close()
	return os.Remove(tmp.Name())
}

func resultOf(ctx context.Context, err error) string {
	switch exitCode(ctx, err) {
	case ExitOK:
		return "done"
	case ExitStale, ExitRefused, ExitUsage:
		return "refused"
	case ExitInterrupted:
		return "interrupted"
	default:
		return "failed"
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// apply gives a report as soon as there is a plan.
func (a *app) apply(ctx context.Context, opt applyOptions) (*sync.Report, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	var saved *diff.Plan
	if opt.planFile != "" {
		var err error
		if saved, err = readPlan(ctx, opt.planFile); err != nil {
			return nil, err
		}
	}
	if saved != nil && saved.Base != "" {
		return nil, &staleError{fmt.Sprintf("%s was made with --base: it was not compared with the platform, and can't be applied, nothing was written", opt.planFile),
			"make a plan without --base, and review that"}
	}
	s, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if saved != nil && saved.Environment != s.project.Environment.Name {
		return nil, &staleError{fmt.Sprintf("%s was made for the environment %s, and this is %s", opt.planFile, saved.Environment, s.project.Environment.Name),
			"give the same --env or --sandbox as when it was made"}
	}
	p, err := s.planAgain(ctx, opt, saved)
	if err != nil {
		return nil, err
	}
	if err := a.showPlan(p.plan, "text"); err != nil {
		return nil, err
	}
	if err := a.approve(ctx, opt, saved, s, p); err != nil {
		return sync.NewReport(p.plan, resultOf(ctx, err), err.Error()), err
	}
	return a.execute(ctx, s, p)
}

// planAgain makes the plan that is to be applied. A saved plan brings its own
// scope, which may be no agents at all.
func (s *session) planAgain(ctx context.Context, opt applyOptions, saved *diff.Plan) (*planned, error) {
	if saved != nil {
		return s.planOf(ctx, saved.Targets, saved.Prune)
	}
	return s.plan(ctx, opt.targets, opt.prune)
}

// approve holds the plan against what was reviewed, against the policies, and
// asks where somebody can answer.
func (a *app) approve(ctx context.Context, opt applyOptions, saved *diff.Plan, s *session, p *planned) error {
	if err := a.checkReviewed(opt, saved, p.plan); err != nil {
		return err
	}
	if err := refusal(p.plan); err != nil {
		return err
	}
	if p.plan.IsEmpty() || opt.reviewed() {
		return nil
	}
	drift := driftLines(p)
	onDrift := s.project.Policy.OnDrift
	if opt.onDrift != "" {
		onDrift = opt.onDrift
	}
	if opt.autoApprove {
		if len(drift) == 0 || onDrift == "overwrite" {
			return nil
		}
		for _, line := range drift {
			a.message("%s", line)
		}
		return &refusedError{reason: driftReason(p.plan),
			hint: "take it into the manifests, or review the plan (plan --out FILE, apply FILE), or go on with --on-drift overwrite"}
	}
	if !a.env.StdinTerminal {
		return &usageError{errors.New("there is no terminal to ask on, so nothing was applied"),
			"review the plan and give --auto-approve, a plan file or --expect-digest"}
	}
	return a.ask(ctx, drift)
}

func (a *app) checkReviewed(opt applyOptions, saved, now *diff.Plan) error {
	if saved != nil && saved.Digest != now.Digest {
		a.message("what differs from %s:", opt.planFile)
		if err := render.Differences(a.env.Stderr, saved, now, a.renderOptions()); err != nil {
			return err
		}
		return &staleError{"the plan is stale: manifests or platform have moved since it was made, nothing was written",
			"make the plan again, and review what is new in it"}
	}
	if opt.expectDigest != "" && opt.expectDigest != now.Digest {
		return &staleError{fmt.Sprintf("the plan's digest is %s, not the expected one, nothing was written", now.Digest),
			"the plan above is what apply would do now; review it again"}
	}
	return nil
}

// execute applies an approved plan and prints the report.
func (a *app) execute(ctx context.Context, s *session, p *planned) (*sync.Report, error) {
	commit := diff.NoCommit
	if !p.plan.IsEmpty() {
		if head := headCommit(ctx, a.dir); head != "" {
			commit = head[:12]
		}
	}
	report, err := sync.Apply(ctx, sync.ApplyInput{
		Plan: p.plan, Agents: p.agents, Seen: p.seen, Memory: p.memory, Locked: p.locked, Orphans: p.orphans,
		Policy: s.project.Policy, Commit: commit, Remote: s.remote, Lock: s.lock,
		Parallelism: a.parallelism, Sleep: a.env.Sleep, Logf: a.verbosef, Event: a.applyProgress(p.plan.Summary.Steps),
	})
	a.clearProgress()
	if report.Summary.Steps > 0 {
		printReport(a.env.Stdout, report)
	}
	switch {
	case err != nil:
		return report, err
	case report.Result == "interrupted":
		return report, hintf(errInterrupted, "apply again: it goes on from what is there")
	case !report.OK():
		return report, &failedError{}
	}
	return report, nil
}

// applyProgress tells of each step as it ends: on a terminal in one line that
// is written over, on a pipe a line each.
func (a *app) applyProgress(total int) func(string, sync.StepReport) {
	done := 0
	return func(_ string, step sync.StepReport) {
		a.progress.mu.Lock()
		done++
		n := done
		a.progress.mu.Unlock()
		if a.env.StderrTerminal {
			a.showProgress("%d of %d steps  %s %s", n, total, step.Status, step.ID)
			return
		}
		if step.Status != sync.Skipped {
			a.message("%s  %s", step.Status, step.ID)
		}
	}
}

func writeReport(path string, report *sync.Report) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(report); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return writeWhole(path, buf.Bytes())
}
