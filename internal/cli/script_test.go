package cli_test

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/cli"
	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/fastclock"
	"github.com/agentsync/agentsync/internal/github"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this binary the program as well: a story's `agentsync` is a
// process of its own. Twice as many run at a time as there are processors, since
// they wait more than they work.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))) // what the command line says comes after it
	testscript.Main(m, map[string]func(){"agentsync": runProgram})
}

// runProgram is main.go's main with one more reader: all that the program says
// goes to the file that STORY_LOG names too, where the story's end looks for
// secrets.
func runProgram() {
	env := cli.OSEnv()
	if c, ok := fastclock.FromEnv(); ok {
		env.Now, env.Sleep = c.Now, c.Sleep
	}
	if path := os.Getenv("STORY_LOG"); path != "" {
		log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(99)
		}
		env.Stdout = io.MultiWriter(env.Stdout, log)
		env.Stderr = io.MultiWriter(env.Stderr, log)
	}
	// Not os.Exit: with the race detector its end has been seen to hang. A race
	// ends the process where it is found (GORACE below).
	syscall.Exit(cli.Main(cli.Signals(), os.Args[1:], env, github.Command))
}

// TestStories runs what a user would do, each story against a sandbox of its
// own. Their commands beside testscript's are in script_commands_test.go.
func TestStories(t *testing.T) {
	testscript.Run(t, storyParams("testdata/script", nil, ""))
}

// TestEveryReading runs the main stories under every reading of what the
// platform's reference leaves open, with the lock file and without it. The quick
// tests have the first four, with the lock and without it by turns, and a fourth of the
// stories each: each switch is in one of them, each story in one. Where reads are
// late, time is quick.
func TestEveryReading(t *testing.T) {
	readings := []string{
		"",
		"--superseded published --create-publishes=false --restore-fields=false --listing legacy --wrap",
		"--rollback clone --superseded published --create-publishes=false --restore-fields=false --strict --listing none",
		"--read-lag 3s --page 50 --clock-skew -7m --rollback clone --superseded published --create-publishes=false --restore-fields=false",
		"--rollback clone --superseded published --create-publishes=false --restore-fields=false --strict --wrap",
		"--read-lag 3s --page 20 --clock-skew 7m",
		"--read-lag 1s",
		"--read-lag 3s",
		"--read-lag 3s --listing none",
		"--read-lag 3s --listing legacy --create-publishes=false",
		"--clock-skew 90m",
		"--clock-skew -90m",
		"--page 20",
		"--page 50",
		"--page 1",
		"--rollback clone",
		"--create-publishes=false",
		"--superseded published",
		"--restore-fields=false",
		"--listing legacy",
		"--listing none",
		"--strict",
		"--wrap",
		"--rollback clone --restore-fields=false",
		"--rollback clone --superseded published --create-publishes=false --restore-fields=false --strict --listing legacy",
	}
	stories, err := filepath.Glob("testdata/readings/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i, reading := range exhaustive.Or(readings[:4], readings) {
		for j, lock := range []string{"lock", "no-lock"} {
			if !exhaustive.On() && (i+j)%2 == 1 {
				continue
			}
			if lock == "no-lock" && strings.Contains(reading, "--listing none") {
				continue // nothing could find the agents
			}
			t.Run(lock+" "+reading, func(t *testing.T) {
				t.Parallel()
				params := storyParams("testdata/readings", strings.Fields(reading), lock)
				for k, story := range stories {
					if exhaustive.On() || (i+k)%4 == 0 {
						params.Files = append(params.Files, story)
					}
				}
				params.Dir = ""
				testscript.Run(t, params)
			})
		}
	}
}

// TestLongHistory runs the story of an agent with 400 versions, with pages of
// each size that platforms have been seen to give.
func TestLongHistory(t *testing.T) {
	exhaustive.Only(t, "400 versions take a while")
	for _, page := range []string{"20", "50", "100"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, storyParams("testdata/history", []string{"--page", page}, ""))
		})
	}
}

// callsDir has the stories of calls, which wait for minutes: time is quick in all
// of them.
const callsDir = "testdata/calls"

// TestCalls runs them under each reading of what a rollback does.
func TestCalls(t *testing.T) {
	readings := []string{"--rollback clone --restore-fields=false", "", "--rollback clone", "--restore-fields=false --create-publishes=false"}
	for _, reading := range exhaustive.Or(readings[:1], readings) {
		t.Run(reading, func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, storyParams(callsDir, strings.Fields(reading), ""))
		})
	}
}

func storyParams(dir string, reading []string, lock string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		Cmds:                storyCommands,
		RequireUniqueNames:  true,
		RequireExplicitExec: false,
		UpdateScripts:       os.Getenv("UPDATE_STORIES") != "",
		Condition: func(name string) (bool, error) {
			switch name {
			case "exhaustive":
				return exhaustive.On(), nil
			case "listing": // the platform lists its agents
				return !strings.Contains(strings.Join(reading, " "), "--listing none"), nil
			case "clone": // a rollback makes a new version
				return strings.Contains(strings.Join(reading, " "), "--rollback clone"), nil
			case "small-pages": // a list of a few versions takes a request each
				return strings.HasSuffix(strings.Join(reading, " "), "--page 1"), nil
			case "late": // a read may not show a write yet, and is then repeated
				return slices.Contains(reading, "--read-lag"), nil
			}
			return false, fmt.Errorf("no condition is called %q", name)
		},
		Setup: func(env *testscript.Env) error {
			s := &story{reading: reading, lock: lock}
			env.Values[storyKey{}] = s
			s.log = filepath.Join(env.Getenv("TMPDIR"), "said.log")
			if slices.Contains(reading, "--read-lag") || dir == callsDir {
				s.clock = fastclock.Clock{Start: time.Now(), Speed: fastclock.Quick}
				env.Setenv(s.clock.Variable())
			}
			for _, v := range [][2]string{
				{"HOME", env.WorkDir}, {"TZ", "UTC"}, {"GORACE", "halt_on_error=1 atexit_sleep_ms=0"}, {"STORY_LOG", s.log}, {"LOCK", lock},
				{"GIT_CONFIG_GLOBAL", os.DevNull}, {"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CEILING_DIRECTORIES", filepath.Dir(env.WorkDir)},
				{"GIT_AUTHOR_NAME", "Story"}, {"GIT_AUTHOR_EMAIL", "story@example.com"},
				{"GIT_COMMITTER_NAME", "Story"}, {"GIT_COMMITTER_EMAIL", "story@example.com"},
				{"GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"}, {"GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"},
			} {
				env.Setenv(v[0], v[1])
			}
			env.Defer(func() { s.end(env) })
			return nil
		},
	}
}

// end looks for the secrets of every platform of the story in all that the
// program said and in all files that it left.
func (s *story) end(env *testscript.Env) {
	defer s.close()
	fail := func(format string, args ...any) {
		env.T().Log(fmt.Sprintf(format, args...))
		env.T().FailNow()
	}
	secrets := s.secrets()
	err := filepath.WalkDir(env.WorkDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "sandbox.json" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, secret := range secrets {
			if strings.Contains(string(data), secret) {
				fail("%s holds the secret %.12s…", path, secret)
			}
		}
		return nil
	})
	if err != nil {
		fail("look for secrets: %v", err)
	}
}

// clock stands still unless a story moves it, so that tokens never die by
// chance on a busy machine. In a story where time is quick it runs as that does.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	quick fastclock.Clock
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	if c.quick.Speed > 0 {
		return c.now.Add(c.quick.Now().Sub(c.quick.Start))
	}
	return c.now
}

// later moves it on, and is the time then.
func (c *clock) later(by time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
	return c.now
}
