package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentsync/agentsync/schema"
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
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.runInit() },
	}
}

func (a *app) runInit() error {
	files := map[string][]byte{}
	var paths []string
	err := fs.WalkDir(template, "template", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimPrefix(path, "template/")
		files[name], err = template.ReadFile(path)
		paths = append(paths, name)
		return err
	})
	if err != nil {
		return err
	}
	for _, kind := range schema.Kinds() {
		name := "schema/" + kind + ".schema.json"
		files[name], _ = schema.JSON(kind)
		paths = append(paths, name)
	}
	for _, name := range paths {
		wrote, err := a.writeNew(name, files[name])
		if err != nil {
			return err
		}
		word := "wrote"
		if !wrote {
			word = "kept "
		}
		fmt.Fprintf(a.env.Stdout, "%s %s\n", word, name)
	}
	fmt.Fprint(a.env.Stdout, "\nNext:\n  agentsync validate\n  agentsync apply --sandbox     # try it on the embedded platform\n")
	return nil
}

// writeNew writes a file that is not there yet.
func (a *app) writeNew(name string, data []byte) (bool, error) {
	path := filepath.Join(a.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, fmt.Errorf("make a folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err == nil, err
}
