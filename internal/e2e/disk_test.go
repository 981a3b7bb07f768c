//go:build unix

package e2e

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
)

// diskVariable is how large a file may become that the program writes, in bytes:
// what is more ends as on a full disk, with a part of it written.
const diskVariable = "AGENTSYNC_TEST_DISK"

func init() { limitDisk = limitFiles }

func limitFiles() {
	size, err := strconv.ParseUint(os.Getenv(diskVariable), 10, 64)
	if err != nil {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: size}); err != nil {
		panic(err)
	}
}

// TestFullDisk fills the disk at one byte after the other of what an apply writes
// for three new agents (the quick tests at a few). It stops and says so, the id of
// each agent that was made is on disk or in what it says, and when there is room
// again the next apply ends it, with nothing doubled.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	sizes := exhaustive.Of(2_500, 600, "disk")
	if exhaustive.On() {
		sizes = nil
		for size := 1; size < 2_500; size += 17 {
			sizes = append(sizes, size)
		}
	}
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.write(map[string]string{".agentsync/.gitignore": "*\n"})
			for _, name := range []string{"a", "b", "c"} {
				w.write(map[string]string{name + ".yaml": agentYAML(name, name, twoOutcomes)})
			}
			w.env = []string{diskVariable + "=" + strconv.Itoa(size)}
			r := w.run("apply", "--auto-approve")
			made := w.snapshot().Agents
			if r.code != 0 && (r.code != 1 || !strings.Contains(r.stderr, "file too large")) {
				t.Errorf("want exit 1 and why: %s", r)
			}
			if len(made) < 3 && r.code == 0 {
				t.Errorf("%d agents were made: %s", len(made), r)
			}
			lock, _ := os.ReadFile(filepath.Join(w.dir, lockFile))
			for _, agent := range made {
				if !strings.Contains(string(lock)+w.journal()+r.stderr, agent.ID) {
					t.Errorf("nobody says that %s is %s: %s", agent.Name, agent.ID, r)
				}
			}
			w.env = nil
			w.must(0, "apply", "--auto-approve")
			if n := len(w.snapshot().Agents); n != 3 {
				t.Errorf("%d agents, want 3", n)
			}
			w.settled()
		})
	}
}
