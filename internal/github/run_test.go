package github

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const someSHA = "0123456789abcdef0123456789abcdef01234567"

func TestReadRunRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		env  map[string]string
		says string
	}{
		"a token in the clear":     {map[string]string{"GITHUB_API_URL": "http://git.example.com/api/v3"}, "GITHUB_API_URL: http://git.example.com would carry the token in the clear"},
		"no address":               {map[string]string{"GITHUB_API_URL": "git"}, "GITHUB_API_URL: want https://host/path"},
		"a password in it":         {map[string]string{"GITHUB_API_URL": "https://u:p@git.example.com"}, "GITHUB_API_URL: want"},
		"a repository's path":      {map[string]string{"GITHUB_REPOSITORY": "a/b/../../c"}, "GITHUB_REPOSITORY: want owner/name"},
		"a commit that is none":    {map[string]string{"GITHUB_SHA": "main"}, "GITHUB_SHA: want"},
		"no event file":            {map[string]string{"GITHUB_EVENT_NAME": "pull_request"}, "GITHUB_EVENT_PATH is not set"},
		"a file that is not there": {map[string]string{"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": dir + "/none"}, "read the event:"},
		"no repository":            {map[string]string{"GITHUB_EVENT_NAME": "pull_request"}, "GITHUB_REPOSITORY is not set"},
		"no JSON":                  {map[string]string{"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": file("a", "{")}, "read the event:"},
		"no pull request":          {map[string]string{"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": file("b", "{}")}, "has no pull request"},
		"no commits":               {map[string]string{"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": file("c", `{"pull_request":{"number":1}}`)}, "have no commit"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadRun(func(name string) string {
				if name == "GITHUB_REPOSITORY" && c.env[name] == "" && c.says != "GITHUB_REPOSITORY is not set" {
					return "acme/agents"
				}
				return c.env[name]
			})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestWhoIsFromOutside(t *testing.T) {
	run := Run{Event: "pull_request", Repo: "acme/agents", Actor: "octo", Pull: &PullEvent{HeadRepo: "acme/agents", Author: "octo"}}
	for name, c := range map[string]struct {
		change func(*Run)
		want   bool
	}{
		"the same repository": {func(*Run) {}, false},
		"in other letters":    {func(r *Run) { r.Pull.HeadRepo = "Acme/Agents" }, false},
		"a fork":              {func(r *Run) { r.Pull.HeadRepo = "mallory/agents" }, true},
		"a fork that is gone": {func(r *Run) { r.Pull.HeadRepo = "" }, true},
		"dependabot":          {func(r *Run) { r.Actor = "dependabot[bot]" }, true},
		"dependabot's, again": {func(r *Run) { r.Pull.Author = "dependabot[bot]" }, true},
		"a push":              {func(r *Run) { r.Event, r.Pull = "push", nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := run
			pull := *run.Pull
			r.Pull = &pull
			if c.change(&r); r.FromOutside() != c.want {
				t.Errorf("got %t", r.FromOutside())
			}
		})
	}
}

func TestTheTokenIsTheInputsFirst(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"a": {"INPUT_GITHUB_TOKEN": "a", "GITHUB_TOKEN": "b"},
		"b": {"INPUT_GITHUB_TOKEN": " ", "GITHUB_TOKEN": "b"},
	} {
		r, err := ReadRun(func(name string) string { return env[name] })
		if err != nil || r.Token.Reveal() != want {
			t.Errorf("%v: %v", env, err)
		}
	}
}

func TestLinks(t *testing.T) {
	r := Run{Repo: "acme/agents", Server: "https://git.example.com", ID: "42", SHA: someSHA, Attempt: "2"}
	if got := r.Link(); got != "https://git.example.com/acme/agents/actions/runs/42/attempts/2" {
		t.Errorf("got %s", got)
	}
	r.ID = ""
	if got := r.Link(); got != "" {
		t.Errorf("got %s", got)
	}
}
