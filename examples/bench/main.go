//go:build unix

// Command bench measures agentsync as a process, beside a bare HTTP client
// that makes the same reads over as many connections. examples/bench.sh builds
// and runs it. The platform is a sandbox on loopback, in a process of its own,
// so that its work counts for neither.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

type options struct {
	agentsync   string // the binary
	dir         string // for generated projects; made and removed by the caller
	agents      []int
	validate    int
	imports     int
	table       bool
	latency     time.Duration
	latencies   []time.Duration // of the table
	connections int
	runs        int
}

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		err = serve(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "read":
		err = read(os.Args[2], os.Args[3], os.Stdin)
	default:
		var opt options
		if opt, err = parse(); err == nil {
			if opt.table {
				err = table(opt)
			} else {
				err = measure(opt)
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse() (options, error) {
	var opt options
	var agents, latencies string
	flag.StringVar(&opt.agentsync, "agentsync", "", "the agentsync binary")
	flag.StringVar(&opt.dir, "dir", "", "an empty folder for the generated projects")
	flag.StringVar(&agents, "agents", "", "plan projects of so many agents, in turn; 250,500,1000,2000, or for the table 100,1000,10000")
	flag.BoolVar(&opt.table, "table", false, "print how plan and first apply grow, as docs/inside.md has it, and nothing else")
	flag.StringVar(&latencies, "latencies", "0s,5ms,20ms", "of the table: what the platform waits, in turn")
	flag.IntVar(&opt.validate, "validate", 10_000, "validate a project of so many agents")
	flag.IntVar(&opt.imports, "import", 500, "import so many agents; 0 for none")
	flag.DurationVar(&opt.latency, "latency", 20*time.Millisecond, "what the platform waits before each answer")
	flag.IntVar(&opt.connections, "connections", 16, "requests in flight at once")
	flag.IntVar(&opt.runs, "runs", 3, "counted runs of each command; the table has their medians")
	flag.Parse()
	if agents == "" {
		agents = "250,500,1000,2000"
		if opt.table {
			agents = "100,1000,10000"
		}
	}
	for _, s := range strings.Split(latencies, ",") {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return opt, fmt.Errorf("-latencies %s: want such as 0s,5ms", latencies)
		}
		opt.latencies = append(opt.latencies, d)
	}
	for _, s := range strings.Split(agents, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return opt, fmt.Errorf("-agents %s: want numbers with commas between them", agents)
		}
		opt.agents = append(opt.agents, n)
	}
	if opt.agentsync == "" || opt.dir == "" || opt.runs < 1 {
		return opt, errors.New("want -agentsync FILE, -dir FOLDER and -runs of 1 or more")
	}
	return opt, nil
}
