package action

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// pinned is an action at a full commit, with the release that it is.
var pinned = regexp.MustCompile(`^actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)

// TestWorkflowsAreCareful holds what every workflow of ours keeps to: pinned
// actions, permissions that are named, an end to a job that hangs, no more than
// a pull request's own event, and no apply that is cut off by the next.
func TestWorkflowsAreCareful(t *testing.T) {
	paths, err := filepath.Glob("../../examples/github/*.yml")
	own, ownErr := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || ownErr != nil || len(paths) < 3 || len(own) < 1 {
		t.Fatalf("want workflows to check, got %q and %q", paths, own)
	}
	for _, path := range append(paths, own...) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, used := range regexp.MustCompile(`uses: (.*)`).FindAllStringSubmatch(string(data), -1) {
			if !pinned.MatchString(used[1]) && !strings.HasPrefix(used[1], "agentsync/agentsync@v1 #") && used[1] != "./" {
				t.Errorf("%s: %s is not pinned to a commit of a release", path, used[1])
			}
		}
		var workflow struct {
			On          any
			Permissions map[string]string
			Concurrency struct {
				Group  string
				Cancel any `yaml:"cancel-in-progress"`
			}
			Jobs map[string]struct {
				Timeout     int `yaml:"timeout-minutes"`
				Permissions map[string]string
				Steps       []struct{ Run string }
			}
		}
		if err := yaml.Unmarshal(data, &workflow); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if len(workflow.Permissions) == 0 || workflow.Concurrency.Group == "" {
			t.Errorf("%s: want permissions and a concurrency group, got %+v", path, workflow)
		}
		if strings.Contains(string(data), "command: apply") && workflow.Concurrency.Cancel != false {
			t.Errorf("%s: an apply is cut off by the next", path)
		}
		if on, _ := yaml.Marshal(workflow.On); strings.Contains(string(on), "pull_request_target") {
			t.Errorf("%s runs on %s, which hands secrets to forks", path, on)
		}
		for name, job := range workflow.Jobs {
			if job.Timeout == 0 {
				t.Errorf("%s: job %s has no time limit", path, name)
			}
			if job.Permissions != nil && !maps.Equal(workflow.Permissions, map[string]string{"contents": "read"}) {
				t.Errorf("%s: job %s has permissions of its own beside %v, which all jobs have", path, name, workflow.Permissions)
			}
			for _, step := range job.Steps {
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s: job %s pastes an expression into a shell line: %s", path, name, step.Run)
				}
			}
		}
	}
}
