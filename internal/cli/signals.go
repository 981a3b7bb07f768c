package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Signals returns the context of the whole process. The first SIGINT or SIGTERM
// cancels it: nothing new is started, and what was done is reported. The second
// one ends the process at once.
func Signals() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGPIPE) // a reader that went away must not end an apply
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(ExitInterrupted)
	}()
	return ctx
}
