package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/diff/render/page"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
)

func (a *app) reportCmd() *cobra.Command {
	var dir string
	var calls bool
	cmd := &cobra.Command{
		Use:   "report --html DIR",
		Short: "Write the fleet and its prompt history as a page to look at",
		Long: `report reads the platform and writes DIR/index.html: what is live of each agent
and what drifts, and for each agent its versions, with what differs between any
two of them, word by word. The page is one file that needs no network: open it,
send it, or publish it as an artifact. It holds the prompts of every version, so
share it as you would share them. A link such as index.html#outbound-sales/v7
opens a version.

DIR is made where it is missing. An index.html that is no report of agentsync's
is never replaced. It writes nothing to the platform.`,
		Example: `  agentsync report --html site
  agentsync report --html site --calls
  agentsync report --html site --sandbox -C examples/quickstart`,
		Args: console.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return engine.Errorf(engine.Usage, "agentsync report --html site", "report wants --html and a folder")
			}
			return a.runReport(cmd.Context(), dir, calls)
		},
	}
	cmd.Flags().StringVar(&dir, "html", "", "write the page into the folder `DIR`, as index.html")
	cmd.Flags().BoolVar(&calls, "calls", false, "read the calls of each agent, and draw what came of them version by version")
	_ = cmd.MarkFlagDirname("html")
	return cmd
}

func (a *app) runReport(ctx context.Context, dir string, calls bool) error {
	path := filepath.Join(dir, "index.html")
	if err := a.checkPage(dir, path); err != nil { // before the platform is read
		return err
	}
	project, err := a.load(ctx, engine.Source{})
	if err != nil {
		return err
	}
	report, plan, err := project.Report(ctx, calls)
	if err != nil {
		return err
	}
	a.out.ClearProgress()
	for _, w := range plan.Warnings {
		a.out.Warning(w.Agent, w.Message, w.Hint)
	}
	var out bytes.Buffer
	if err := page.Write(&out, *report); err != nil {
		return err
	}
	if err := os.MkdirAll(a.path(dir), 0o755); err != nil {
		return err
	}
	if err := a.checkPage(dir, path); err != nil {
		return err
	}
	if err := writeWhole(a.path(path), func(w io.Writer) error { _, err := out.WriteTo(w); return err }); err != nil {
		return err
	}
	versions := 0
	for _, t := range report.Timelines {
		versions += len(t.Versions)
	}
	_, err = fmt.Fprintf(a.env.Stdout, "wrote %s: %s, %s\n", path, render.Count(len(report.Fleet.Agents), "agent"), render.Count(versions, "version"))
	return err
}

// checkPage says whether the page can be written: what is there already must be
// a page of ours.
func (a *app) checkPage(dir, path string) error {
	if info, err := os.Stat(a.path(dir)); err == nil && !info.IsDir() {
		return fmt.Errorf("--html %s: it is no folder", dir)
	}
	return a.checkReplaced(path, "give another folder, or move the file away", "no report of agentsync's", page.IsReport)
}
