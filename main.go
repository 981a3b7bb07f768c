// Command agentsync keeps IndusLabs voice agents in git.
package main

import (
	"os"

	"github.com/agentsync/agentsync/internal/cli"
	"github.com/agentsync/agentsync/internal/github"
)

func main() {
	os.Exit(cli.Main(cli.Signals(), os.Args[1:], cli.OSEnv(), github.Command))
}
