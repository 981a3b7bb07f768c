// Command manual writes what a release ships beside the program and is made from
// its commands: manual pages and completion scripts.
//
//	go run ./internal/manual DIR DATE
//
// DIR gets man/agentsync*.1 and completions/agentsync.{bash,zsh,fish,ps1}, and
// must not exist. DATE (RFC 3339) stands in the pages: the commit's, so that the
// same commit gives the same bytes.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/agentsync/agentsync/internal/cli"
	"github.com/agentsync/agentsync/internal/github"
	"github.com/spf13/cobra/doc"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/manual DIR DATE")
		os.Exit(cli.ExitUsage)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(cli.ExitError)
	}
}

func write(dir, date string) error {
	day, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return err
	}
	day = day.UTC()
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"man", "completions"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	root := cli.Tree(env(io.Discard), github.Command)
	cli.PlainUsage(root)
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Date: &day, Source: "agentsync", Manual: "agentsync"}
	if err := doc.GenManTree(root, header, filepath.Join(dir, "man")); err != nil {
		return err
	}
	for shell, ending := range map[string]string{"bash": "bash", "zsh": "zsh", "fish": "fish", "powershell": "ps1"} {
		var script bytes.Buffer
		if code := cli.Main(context.Background(), []string{"completion", shell}, env(&script), github.Command); code != cli.ExitOK {
			return fmt.Errorf("completion %s ended with %d", shell, code)
		}
		if err := os.WriteFile(filepath.Join(dir, "completions", "agentsync."+ending), script.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// env is a world without variables: a page is the same on every machine.
func env(stdout io.Writer) cli.Env {
	return cli.Env{Stdin: bytes.NewReader(nil), Stdout: stdout, Stderr: os.Stderr, Getenv: func(string) string { return "" }, Now: time.Now}
}
