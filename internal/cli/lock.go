package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync/lock"
	"github.com/spf13/cobra"
)

type mergeOptions struct {
	files  []string
	base   string
	out    string
	driver bool
}

func (a *app) lockCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Merge lock files",
		Args:  console.KnownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.lockMergeCmd())
	return cmd
}

func (a *app) lockMergeCmd() *cobra.Command {
	var opt mergeOptions
	cmd := &cobra.Command{
		Use:   "merge FILE…",
		Short: "Make one lock file of several",
		Long: `merge makes one lock file of those that parts of a fleet have left, by agent and
field. With --base each FILE is what came of that one, so that what only one of
them has changed or removed is not in question; without it, what two of them say
of an agent must be the same. What a killed apply has left beside a FILE counts.

With --driver it is git's merge driver for the lock file: its arguments are %O %A
%B, and it leaves the merged file in %A. Agents that both sides have changed in
different ways stand there between conflict markers, and the exit code is 1.`,
		Example: `  agentsync lock merge --base agentsync.lock.yaml part-*/agentsync.lock.yaml --out merged.yaml
  git config merge.agentsync.driver 'agentsync lock merge --driver %O %A %B'
  echo 'agentsync.lock.yaml merge=agentsync' >> .gitattributes`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case opt.driver && (len(args) != 3 || opt.base != "" || opt.out != ""):
				return console.Usagef("lock merge --driver takes git's three files, %%O %%A %%B, and no other flag")
			case len(args) == 0:
				return console.Usagef("lock merge wants the files to merge")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			opt.files = args
			if opt.driver {
				return a.mergeForGit(args[0], args[1], args[2])
			}
			return a.mergeLocks(opt)
		},
	}
	cmd.Flags().StringVar(&opt.base, "base", "", "the `FILE` that all of them came from")
	cmd.Flags().StringVar(&opt.out, "out", "", "write to `FILE`, and not to stdout")
	cmd.Flags().BoolVar(&opt.driver, "driver", false, "be git's merge driver")
	return cmd
}

// mergeLocks merges one file after another into what the others made.
func (a *app) mergeLocks(opt mergeOptions) error {
	base := &lock.File{}
	var err error
	if opt.base != "" {
		if base, err = engine.ReadLock(a.path(opt.base)); err != nil {
			return err
		}
	}
	merged := base
	var errs []error
	for i, path := range opt.files {
		file, err := engine.ReadLock(a.path(path))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if i == 0 {
			merged = file
			continue
		}
		joined := lock.Join(base, merged, file)
		for _, c := range joined.Conflicts {
			errs = append(errs, fmt.Errorf("%s: %s: %s, and %s in the files before it", path, c.Place(), c.Theirs, c.Ours))
		}
		merged = joined.File
	}
	if len(errs) > 0 {
		return engine.Errorf(engine.Failed, "nothing was written; agentsync status says what is live", "%w", errors.Join(errs...))
	}
	data, err := merged.Bytes()
	if err != nil {
		return err
	}
	if opt.out == "" {
		_, err = a.env.Stdout.Write(data)
		return err
	}
	if err := a.checkReplaced(opt.out, "give another name, or move the file away", "no lock file", isLock); err != nil {
		return fmt.Errorf("--out %w", err)
	}
	return writeWhole(a.path(opt.out), func(w io.Writer) error { _, err := w.Write(data); return err })
}

func isLock(head []byte) bool { return bytes.Contains(head, []byte("\nkind: Lock\n")) }

// mergeForGit is git's merge driver (gitattributes, "Defining a custom merge
// driver"): ours becomes the merged file. base is an empty file where both sides
// have added theirs.
func (a *app) mergeForGit(base, ours, theirs string) error {
	var files [3]*lock.File
	for i, path := range []string{base, ours, theirs} {
		data, err := os.ReadFile(a.path(path))
		if err != nil {
			return err
		}
		if files[i] = (&lock.File{}); len(data) == 0 {
			continue
		}
		if files[i], err = lock.Parse(data); err != nil {
			return fmt.Errorf("%s, %s: %w", lock.FileName, []string{"the common ancestor", "our side", "their side"}[i], err)
		}
	}
	joined := lock.Join(files[0], files[1], files[2])
	data, err := joined.Bytes()
	if err != nil {
		return err
	}
	if err := os.WriteFile(a.path(ours), data, 0o644); err != nil {
		return err
	}
	var errs []error
	for _, c := range joined.Conflicts {
		errs = append(errs, fmt.Errorf("%s: %s: %s on our side, %s on theirs", lock.FileName, c.Place(), c.Ours, c.Theirs))
	}
	if len(errs) > 0 {
		return engine.Errorf(engine.Failed, "in the file, keep one entry of each agent; agentsync status says what is live", "%w", errors.Join(errs...))
	}
	return nil
}
