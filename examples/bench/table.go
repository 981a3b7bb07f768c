//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agentsync/agentsync/internal/benchgen"
)

// cell is one size of fleet at one latency.
type cell struct {
	agents      int
	latency     time.Duration
	plan, apply measured
}

// measured is a command beside the bare client.
type measured struct {
	ours, bare       usage
	requests, writes int
}

// table prints how plan and apply grow, as a table in Markdown: for each number of
// agents and latency, beside a bare client that makes the same reads, or after an
// apply as many.
func table(opt options) error {
	fmt.Printf("%s, %s/%s, %d processors, %d connections, prompts of %d KB.\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), opt.connections, benchgen.PromptSize>>10)
	fmt.Println("| Agents | Latency | Plan: requests an agent | Time | CPU | Memory | First apply: requests an agent | Time | CPU | Memory |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|")
	for _, n := range opt.agents {
		for _, latency := range opt.latencies {
			opt.latency = latency
			c := cell{agents: n, latency: latency}
			if err := c.measure(opt); err != nil {
				return fmt.Errorf("%d agents, %s: %w", n, latency, err)
			}
			fmt.Printf("| %d | %s | %s | %s |\n", n, latency, c.plan.columns(n), c.apply.columns(n))
		}
	}
	return nil
}

// columns are the requests, with the writes among them; times of the bare client's
// wall time and CPU, and what that took; and the peak of memory.
func (m measured) columns(agents int) string {
	requests := fmt.Sprintf("%.1f", float64(m.requests)/float64(agents))
	if m.writes > 0 {
		requests += fmt.Sprintf(" (%.1f writes)", float64(m.writes)/float64(agents))
	}
	times := func(ours, bare time.Duration) string {
		return fmt.Sprintf("%.2f × %.2f s", ours.Seconds()/bare.Seconds(), bare.Seconds())
	}
	return fmt.Sprintf("%s | %s | %s | %.0f MB", requests, times(m.ours.wall, m.bare.wall), times(m.ours.cpu, m.bare.cpu), m.ours.peak)
}

// measure applies a new fleet, and plans it once more: the medians of so many runs
// as opt says.
func (c *cell) measure(opt options) error {
	var plans, applies, bares, bareApplies []usage
	for range opt.runs {
		dir, err := os.MkdirTemp(opt.dir, "table")
		if err != nil {
			return err
		}
		if err := benchgen.Write(dir, c.agents); err != nil {
			return err
		}
		p, err := startPlatform(opt.latency)
		if err != nil {
			return err
		}
		apply, plan, err := c.once(opt, dir, p)
		p.stop()
		if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
			return err
		}
		plans, bares = append(plans, plan.ours), append(bares, plan.bare)
		applies, bareApplies = append(applies, apply.ours), append(bareApplies, apply.bare)
		c.plan, c.apply = plan, apply
	}
	c.plan.ours, c.plan.bare = median(plans), median(bares)
	c.apply.ours, c.apply.bare = median(applies), median(bareApplies)
	return nil
}

// once applies and plans the fleet in dir.
func (c *cell) once(opt options, dir string, p *platform) (apply, plan measured, err error) {
	if apply.ours, _, err = run(opt.command(p.far, dir, "apply", "--auto-approve")); err != nil {
		return apply, plan, err
	}
	if apply.requests, apply.writes, err = p.counts(); err != nil {
		return apply, plan, err
	}
	var out string
	if plan.ours, out, err = run(opt.command(p.far, dir, "plan")); err == nil && !strings.Contains("\n"+out, "\nNo changes.") {
		err = fmt.Errorf("the plan is not empty:\n%s", out)
	}
	if err != nil {
		return apply, plan, err
	}
	reads, err := p.reads()
	if err != nil {
		return apply, plan, err
	}
	list := slices.Collect(strings.Lines(reads))
	plan.requests = len(list)
	if plan.bare, err = opt.bare(p, reads); err != nil {
		return apply, plan, err
	}
	many := make([]string, apply.requests)
	for i := range many {
		many[i] = list[i%len(list)]
	}
	apply.bare, err = opt.bare(p, strings.Join(many, ""))
	return apply, plan, err
}

// bare runs the bare client over reads, as platform.reads has them.
func (opt options) bare(p *platform, reads string) (usage, error) {
	self, err := os.Executable()
	if err != nil {
		return usage{}, err
	}
	cmd := exec.Command(self, "read", p.far, strconv.Itoa(opt.connections))
	cmd.Stdin = strings.NewReader(reads)
	u, _, err := run(cmd)
	if err == nil {
		_, err = p.reads() // forget them
	}
	return u, err
}
