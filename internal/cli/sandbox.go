package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/sync/sandbox"
	"github.com/spf13/cobra"
)

type sandboxOptions struct {
	sandbox.Options
	addr string
	log  bool
}

func (a *app) sandboxCmd() *cobra.Command {
	opt := sandboxOptions{Options: sandbox.DefaultOptions()}
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the embedded platform on loopback",
		Long: `sandbox serves a simulation of the whole platform, for trying things out and for
tests. It prints its address and the variables that connect agentsync to it,
and serves until it is interrupted. The flags choose how it behaves where the
platform's reference leaves it open.

How a call goes hangs on the last digits of the customer's number: nobody takes
0000; 0402, 0403, 0404, 0409, 0422 and 0429 are refused with that status; 0015
takes 15 seconds; 0020 has no outcome and 0021 another; the transcript of 0030
fails, of 0031 never comes, of 0032 is switched off; after 0500 and 0599 the
call is placed and its answer lost. All others are answered.`,
		Example: `  agentsync sandbox
  agentsync sandbox --addr 127.0.0.1:8080 --data sandbox.json
  agentsync sandbox --rollback clone --listing none`,
		Args: console.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runSandbox(cmd.Context(), opt) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.addr, "addr", "127.0.0.1:0", "listen on this loopback `HOST:PORT`; port 0 takes a free one")
	flags.StringVar(&opt.DataFile, "data", "", "keep the state in `FILE`; without it, in memory")
	flags.DurationVar(&opt.Latency, "latency", 0, "wait so long before each answer, such as 20ms")
	flags.Int64Var(&opt.Seed, "seed", 0, "seed of ids and tokens")
	flags.StringVar(&opt.Rollback, "rollback", opt.Rollback, "repoint: the old version is current again; clone: a new version has its content")
	flags.BoolVar(&opt.CreatePublishes, "create-publishes", opt.CreatePublishes, "creating an agent publishes its version 1")
	flags.StringVar(&opt.Superseded, "superseded", opt.Superseded, "status of a version that is no longer current: archived or published")
	flags.BoolVar(&opt.RestoreFields, "restore-fields", opt.RestoreFields, "rollback brings back the version's outcomes and infields")
	flags.StringVar(&opt.Numbers, "numbers", opt.Numbers, "a new version is one more than the highest there is (max) or ever was (once)")
	flags.StringVar(&opt.Listing, "listing", opt.Listing, "bearer, legacy or none")
	flags.BoolVar(&opt.ValidatesLive, "validates-live", false, "values are validated against the live version, whatever version is asked for")
	flags.StringVar(&opt.Enhance, "enhance", opt.Enhance, "shape of what enhances prompts: flat, nested or none")
	flags.StringVar(&opt.Calls, "calls", opt.Calls, "addresses of calls and transcripts: both, new, old or none")
	flags.BoolVar(&opt.RecentCalls, "recent-calls", opt.RecentCalls, "serve the list of recent calls, at the new address")
	flags.StringVar(&opt.CallOutcome, "call-outcome", opt.CallOutcome, "the `OUTCOME` of calls that are answered")
	flags.IntVar(&opt.TranscriptPolls, "transcript-polls", opt.TranscriptPolls, "a transcript is ready after so many reads; -1: after the delay alone")
	flags.DurationVar(&opt.TranscriptDelay, "transcript-delay", opt.TranscriptDelay, "or so long after hang-up")
	flags.BoolVar(&opt.Strict, "strict", false, "answer 422 to unknown fields")
	flags.DurationVar(&opt.ReadLag, "read-lag", 0, "a read shows a write only after so long, such as 3s")
	flags.DurationVar(&opt.ClockSkew, "clock-skew", 0, "the platform's clock is so far ahead, such as 7m or -7m")
	flags.IntVar(&opt.Page, "page", 0, "most entries of a page, whatever is asked for; 0 for no limit")
	flags.DurationVar(&opt.TokenLife, "token-life", opt.TokenLife, "life of an access token")
	flags.Float64Var(&opt.RateLimit, "rate-limit", 0, "most requests a second, 0 for no limit")
	console.FixedValues(cmd, "rollback", "repoint", "clone")
	console.FixedValues(cmd, "superseded", "archived", "published")
	console.FixedValues(cmd, "numbers", "max", "once")
	console.FixedValues(cmd, "listing", "bearer", "legacy", "none")
	console.FixedValues(cmd, "enhance", "flat", "nested", "none")
	console.FixedValues(cmd, "calls", "both", "new", "old", "none")
	flags.BoolVar(&opt.log, "log", false, "log each request to stderr")
	return cmd
}

func (a *app) runSandbox(ctx context.Context, opt sandboxOptions) error {
	host, _, err := net.SplitHostPort(opt.addr)
	if err != nil {
		return console.Usagef("--addr %s: want HOST:PORT", opt.addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return console.Usagef("--addr %s: the sandbox listens on loopback alone, such as 127.0.0.1:0", opt.addr)
	}
	opt.Now, opt.Sleep = a.env.Now, a.env.Sleep
	if opt.log {
		opt.Log = a.env.Stderr
	}
	if opt.DataFile != "" {
		opt.DataFile = a.path(opt.DataFile)
	}
	handler, err := sandbox.New(opt.Options)
	if err != nil {
		return err
	}
	defer handler.Close()
	listener, err := net.Listen("tcp", opt.addr)
	if err != nil {
		return fmt.Errorf("--addr %s: %w", opt.addr, err)
	}
	fmt.Fprintf(a.env.Stdout, `# sandbox on http://%[1]s, until Ctrl-C
export INDUSLABS_BASE_URL=http://%[1]s
export INDUSLABS_EMAIL=%[2]s
export INDUSLABS_PASSWORD=%[3]s
export INDUSLABS_API_KEY=%[4]s
`, listener.Addr(), sandbox.DefaultEmail, sandbox.DefaultPassword, sandbox.DefaultAPIKey)
	return serve(ctx, listener, handler)
}

// serve answers until ctx ends, and lets requests in flight finish.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := server.Shutdown(stopCtx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("stop: %w", err)
		}
		return nil
	}
}
