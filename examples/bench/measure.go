//go:build unix

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/agentsync/agentsync/internal/benchgen"
)

// usage is what one run of a process took.
type usage struct {
	wall, cpu time.Duration // cpu: user and system
	peak      float64       // resident memory in MB
}

// run runs a command to its end. What it prints is shown only on failure.
func run(cmd *exec.Cmd) (usage, string, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	u := usage{wall: time.Since(start)}
	if err != nil {
		return u, "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out.Bytes())
	}
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = float64(r.Maxrss) / 1e3 // in KiB
		if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
			u.peak /= 1024 // in bytes there
		}
		u.peak *= 1.024
	}
	return u, out.String(), nil
}

// median takes the median of each figure by itself.
func median(runs []usage) usage {
	return usage{
		wall: middle(runs, func(u usage) time.Duration { return u.wall }),
		cpu:  middle(runs, func(u usage) time.Duration { return u.cpu }),
		peak: middle(runs, func(u usage) float64 { return u.peak }),
	}
}

func middle[T any, V cmp.Ordered](list []T, value func(T) V) V {
	values := make([]V, len(list))
	for i, v := range list {
		values[i] = value(v)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func row(name string, u usage, more string) {
	fmt.Printf("%-28s %9.3f %8.3f %8.1f  %s\n", name, u.wall.Seconds(), u.cpu.Seconds(), u.peak, more)
}

// measure prints the table.
func measure(opt options) error {
	fmt.Printf("%s/%s, %d processors, latency %s, %d connections, medians of %d\n\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), opt.latency, opt.connections, opt.runs)
	fmt.Printf("%-28s %9s %8s %8s\n", "", "wall s", "CPU s", "peak MB")
	if err := measureOffline(opt, "version", 10*opt.runs, "version"); err != nil {
		return err
	}
	dir := filepath.Join(opt.dir, "validate")
	if err := benchgen.Write(dir, opt.validate); err != nil {
		return err
	}
	name := fmt.Sprintf("validate %d", opt.validate)
	if err := measureOffline(opt, name, opt.runs, "validate", "-C", dir); err != nil {
		return err
	}
	for _, n := range opt.agents {
		if err := measurePlan(opt, n); err != nil {
			return err
		}
	}
	if opt.imports > 0 {
		return measureImport(opt, opt.imports)
	}
	return nil
}

func measureOffline(opt options, name string, runs int, args ...string) error {
	var list []usage
	for i := range runs + 1 {
		cmd := exec.Command(opt.agentsync, args...)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
		u, _, err := run(cmd)
		if err != nil {
			return err
		}
		if i > 0 { // the first one warms the caches up
			list = append(list, u)
		}
	}
	row(name, median(list), "on two processors at most")
	return nil
}

// measurePlan fills a platform with n agents by agentsync apply, and then
// measures plans that find no change, each beside a run of the bare client.
func measurePlan(opt options, n int) error {
	dir, p, err := fill(opt, n)
	if err != nil {
		return err
	}
	defer p.stop()
	return opt.besideBare(p, fmt.Sprintf("plan %d, no change", n), func() (usage, error) {
		plan, out, err := run(opt.command(p.far, dir, "plan"))
		if err == nil && !strings.Contains("\n"+out, "\nNo changes.") {
			err = fmt.Errorf("the plan is not empty:\n%s", out)
		}
		return plan, err
	})
}

const projectFile = "apiVersion: agentsync/v1\nkind: Project\nmetadata: {name: bench}\n"

// measureImport fills a platform with n agents, and then measures imports of all
// into an empty folder, each beside a run of the bare client.
func measureImport(opt options, n int) error {
	_, p, err := fill(opt, n)
	if err != nil {
		return err
	}
	defer p.stop()
	return opt.besideBare(p, fmt.Sprintf("import %d", n), func() (usage, error) {
		dir, err := os.MkdirTemp(opt.dir, "import")
		if err == nil { // in the name of the project that made them
			err = os.WriteFile(filepath.Join(dir, "agentsync.yaml"), []byte(projectFile), 0o644)
		}
		if err != nil {
			return usage{}, err
		}
		taken, out, err := run(opt.command(p.far, dir, "import", "--all"))
		if want := fmt.Sprintf("\n%d agents imported, ", n); err == nil && !strings.Contains(out, want) {
			err = fmt.Errorf("not all were imported:\n%s", out)
		}
		return taken, err
	})
}

// command is agentsync in dir against the platform at url.
func (opt options) command(url, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(opt.agentsync, append(args, "-C", dir, "--parallelism", strconv.Itoa(opt.connections))...)
	cmd.Env = env(url)
	return cmd
}

// fill starts a platform and gives it n agents, by an apply of the project in
// dir.
func fill(opt options, n int) (dir string, p *platform, err error) {
	if dir, err = os.MkdirTemp(opt.dir, strconv.Itoa(n)); err != nil {
		return "", nil, err
	}
	if err := benchgen.Write(dir, n); err != nil {
		return "", nil, err
	}
	if p, err = startPlatform(opt.latency); err != nil {
		return "", nil, err
	}
	filled, _, err := run(opt.command(p.near, dir, "apply", "--auto-approve"))
	if err == nil {
		row(fmt.Sprintf("apply %d new, no latency", n), filled, "")
		_, err = p.reads() // forget the apply's
	}
	if err != nil {
		p.stop()
		return "", nil, err
	}
	return dir, p, nil
}

// besideBare measures a command beside a bare client that makes the same reads.
func (opt options) besideBare(p *platform, name string, command func() (usage, error)) error {
	var ours, bares []usage
	var ratios []float64
	var reads string
	for i := range opt.runs + 1 {
		u, err := command()
		if err != nil {
			return err
		}
		if reads, err = p.reads(); err != nil {
			return err
		}
		bare, err := opt.bare(p, reads)
		if err != nil {
			return err
		}
		if i > 0 { // the first one warms the caches up
			ours, bares = append(ours, u), append(bares, bare)
			ratios = append(ratios, u.wall.Seconds()/bare.wall.Seconds())
		}
	}
	row(fmt.Sprintf("bare client, %d reads", strings.Count(reads, "\n")), median(bares), "")
	ratio := middle(ratios, func(v float64) float64 { return v })
	row(name, median(ours), fmt.Sprintf("%.3f times the bare client's wall time (%.3f to %.3f)",
		ratio, slices.Min(ratios), slices.Max(ratios)))
	return nil
}
