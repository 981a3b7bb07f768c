package cli

import (
	"fmt"
	"path/filepath"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
)

func (a *app) fmtCmd() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "fmt [FILE…]",
		Short: "Put the keys of manifests in their usual order",
		Long: `fmt puts the keys of all manifests, or of the given files, in the order of the
schema: apiVersion, kind, metadata, spec; in it agent, config, call_outcomes and
so on. Comments move with their keys, blank lines stay, and so does how values
are written. It changes no plan. It prints the files that it has changed.`,
		Example: `  agentsync fmt
  agentsync fmt agents/outbound-sales.yaml
  agentsync fmt --check     # for CI: 1 when a file is not in order`,
		RunE: func(_ *cobra.Command, args []string) error { return a.runFormat(args, check) },
	}
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; exit with 1 when a file is not in order")
	return cmd
}

func (a *app) runFormat(files []string, check bool) error {
	files, err := a.fromRoot(files)
	if err != nil {
		return err
	}
	changes, err := engine.Format(a.opt, files)
	if err == nil && !check {
		err = engine.WriteFiles(a.opt.Dir, changes)
	}
	if err != nil {
		return err
	}
	for _, change := range changes {
		fmt.Fprintln(a.env.Stdout, render.Escape(change.Path))
	}
	if check && len(changes) > 0 {
		return engine.Errorf(engine.Failed, "agentsync fmt puts them in order", "the keys of %s are not in order", render.Count(len(changes), "file"))
	}
	return nil
}

// fromRoot makes paths of the command line paths below the project's root.
func (a *app) fromRoot(files []string) ([]string, error) {
	root, err := filepath.Abs(a.opt.Dir)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(files))
	for i, file := range files {
		full, err := filepath.Abs(a.path(file))
		if err != nil {
			return nil, err
		}
		if out[i], err = filepath.Rel(root, full); err != nil {
			return nil, err
		}
	}
	return out, nil
}
