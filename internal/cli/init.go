package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
)

//go:embed template
var template embed.FS

func (a *app) initCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Start a project",
		Long: `init writes a small project that validates: agentsync.yaml, one agent with its
prompt, and the JSON Schemas for your editor. Files that are there stay.`,
		Example: `  agentsync init
  agentsync init -C voice-agents`,
		Args: console.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.runInit() },
	}
}

func (a *app) runInit() error {
	if err := a.writeTemplate(); err != nil {
		return err
	}
	for _, f := range engine.Begin(a.opt.Dir, "") {
		if err := a.writeNew(f.Path, f.Data); err != nil {
			return err
		}
	}
	fmt.Fprint(a.env.Stdout, "\nNext:\n  agentsync validate\n  agentsync apply --sandbox     # try it on the embedded platform\n")
	return nil
}

// writeTemplate writes a first agent with its prompt.
func (a *app) writeTemplate() error {
	return fs.WalkDir(template, "template", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := template.ReadFile(path)
		if err != nil {
			return err
		}
		return a.writeNew(strings.TrimPrefix(path, "template/"), data)
	})
}

// writeNew writes a file that is not there yet, and says what it did.
func (a *app) writeNew(name string, data []byte) error {
	path := filepath.Join(a.opt.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		fmt.Fprintf(a.env.Stdout, "kept  %s\n", name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		fmt.Fprintf(a.env.Stdout, "wrote %s\n", name)
	}
	return err
}
