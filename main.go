// Command agentsync keeps IndusLabs voice agents in git.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/agentsync/agentsync/internal/cli"
	"github.com/agentsync/agentsync/internal/github"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGPIPE) // a reader that went away must not end an apply
	go func() {
		<-signals
		cancel() // the first signal: start nothing new, and report
		<-signals
		os.Exit(cli.ExitInterrupted) // the second: stop at once
	}()
	os.Exit(cli.Main(ctx, os.Args[1:], cli.OSEnv(), github.Command))
}
