package action

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// validateWorkflow is the least that uses the Action.
const validateWorkflow = `on: push
jobs:
  validate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - uses: agentsync/agentsync@v1
        with: {command: validate}
      - run: agentsync version
`

// released is a repository whose workflow uses the Action at a release, on a
// runner that has no Go and an empty tool cache.
type released struct {
	*world
	*releases
}

func newReleasedWorld(t *testing.T) released {
	t.Helper()
	w := newWorld(t)
	built, err := filepath.Glob(filepath.Join(shared.home, "cache", "act", "tool_cache", "agentsync", "*", "agentsync"))
	if err != nil || len(built) != 1 {
		t.Fatalf("want the program that was built before, got %q, %v", built, err)
	}
	program, err := os.ReadFile(built[0])
	if err != nil {
		t.Fatal(err)
	}
	s := newReleases(t, archiveOf(t, program))
	w.action = filepath.Join(t.TempDir(), "action")
	if err := copyAction(w.action); err != nil {
		t.Fatal(err)
	}
	pin(t, w.action, s.archive)
	if err := os.RemoveAll(filepath.Join(w.dir, ".github")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(w.dir, ".github", "workflows"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.write(".github/workflows/validate.yml", validateWorkflow)
	w.commit("Validate")

	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir() // a curl with less patience, and nobody who waits
	path := []string{bin}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, "go")); err != nil {
			path = append(path, dir)
		}
	}
	for name, script := range map[string]string{"curl": "exec " + curl + ` "$@" --max-time 2`, "sleep": ""} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.env = []string{"PATH=" + strings.Join(path, ":"), "XDG_CACHE_HOME=" + t.TempDir(), "AGENTSYNC_RELEASES=" + s.url}
	return released{w, s}
}

// validates runs the workflow, and wants so many requests to have been made in all.
func (w released) validates(code int, reason string, requests int) run {
	w.t.Helper()
	r := w.act("push", false, map[string]any{"ref": "refs/heads/main", "repository": map[string]any{"full_name": repository}}).ends(code, reason)
	if asked := w.asked(); len(asked) != requests {
		w.t.Errorf("want %d requests, got %q", requests, asked)
	}
	return r
}

var took = regexp.MustCompile(`Success - Main Get agentsync \[([^\]]+)\]`)

// TestReleaseStartsInSeconds: the Action at a release needs no Go, 3 seconds on
// a new runner, and no network on one that knows the release.
func TestReleaseStartsInSeconds(t *testing.T) {
	w := newReleasedWorld(t)
	for i, when := range []string{"cold", "from the tool cache"} {
		r := w.validates(0, "", 1).says("agentsync v1\n", "2 agents")
		said := took.FindStringSubmatch(r.log)
		if said == nil {
			t.Fatalf("run %d does not say how long the step took:\n%s", i, r.log)
		}
		start, err := time.ParseDuration(said[1])
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("the start took %v %s, with an archive of %d KiB", start, when, len(w.archive)>>10)
		if start > 3*time.Second {
			t.Errorf("the start took %v %s", start, when)
		}
	}
}

// TestReleaseIsCheckedByTheRunner: what is not the release stops the job before
// anything of it runs, and a bad connection only where it stays bad.
func TestReleaseIsCheckedByTheRunner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trouble  func(s *releases) http.HandlerFunc
		times    int
		code     int
		reason   string
		requests int
		says     string
	}{
		"tampered":       {func(s *releases) http.HandlerFunc { return s.tampered }, 1, 1, "error", 1, "nothing of it was run"},
		"missing":        {func(*releases) http.HandlerFunc { return http.NotFound }, 1, 1, "error", 1, "the release v1.2.3 lacks it"},
		"cut off once":   {func(s *releases) http.HandlerFunc { return s.cutOff }, 1, 0, "", 2, "agentsync v1\n"},
		"stalled once":   {func(s *releases) http.HandlerFunc { return s.stalled }, 1, 0, "", 2, "agentsync v1\n"},
		"always cut off": {func(s *releases) http.HandlerFunc { return s.cutOff }, 4, 1, "error", 4, "could not be downloaded"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newReleasedWorld(t)
			for range c.times {
				w.answers(c.trouble(w.releases))
			}
			r := w.validates(c.code, c.reason, c.requests).says(c.says)
			if c.code != 0 && strings.Contains(r.log, "agentsync v1\n") {
				t.Error("the program was run")
			}
		})
	}
	t.Run("another checksum", func(t *testing.T) {
		w := newReleasedWorld(t)
		pin(t, w.action, []byte("another archive"))
		w.validates(1, "error", 1).says("nothing of it was run")
	})
}
