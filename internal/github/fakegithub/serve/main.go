// Command serve serves a fake GitHub on loopback, for tests that run it as a
// process of its own: it prints its URL in one line and serves until it is
// interrupted. GET /_fake/state gives its state and PUT replaces it; POST
// /_fake/rules makes requests go wrong.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/agentsync/agentsync/internal/github/fakegithub"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:0", "listen here, on loopback")
	prefix := flags.String("prefix", "", "of every path, such as /api/v3")
	start := flags.String("state", "", "begin with the state in this JSON file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	opt := fakegithub.Options{Prefix: *prefix}
	if *start != "" {
		data, err := os.ReadFile(*start)
		if err != nil {
			return err
		}
		opt.State = &fakegithub.State{}
		if err := json.Unmarshal(data, opt.State); err != nil {
			return fmt.Errorf("%s: %w", *start, err)
		}
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	if ip := listener.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
		listener.Close()
		return fmt.Errorf("-addr %s: loopback alone", *addr)
	}
	fmt.Printf("http://%s%s\n", listener.Addr(), *prefix)
	server := &http.Server{Handler: fakegithub.New(opt), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
