package github

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/secret"
	api "github.com/google/go-github/v84/github"
)

const dependabot = "dependabot[bot]"

// Run is the workflow run that the program is part of; outside one, mostly empty.
type Run struct {
	InWorkflow         bool   // a runner reads what the program says
	Event              string // "pull_request", "push"; "" outside a workflow
	Repo               string // "owner/name"
	SHA                string // the commit that triggered the run
	Ref                string // "refs/heads/main", "refs/pull/7/merge"
	API, Server        string // base URLs of the API and of the pages, without a slash at the end
	ID, Attempt, Actor string
	Output, Summary    string // files for outputs and for the job's summary
	Temp, Workspace    string // folders for what later steps read, and for checkouts
	Token              secret.Secret
	Pull               *PullEvent // of an event about a pull request, else nil
	Into               string     // the commit that a pull request or a merge group goes into, "" elsewhere
	Before             string     // the commit that the branch was at before a push, "" elsewhere
}

// PullEvent is what the event says of its pull request.
type PullEvent struct {
	Number                   int
	HeadSHA, BaseSHA, Author string
	HeadRepo                 string // "" when the fork is gone
}

var (
	repoForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$`)
	shaForm  = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
)

// ReadRun reads the run from its variables. The token comes from
// INPUT_GITHUB_TOKEN, else GITHUB_TOKEN.
func ReadRun(getenv func(string) string) (Run, error) {
	r := Run{
		InWorkflow: getenv("GITHUB_ACTIONS") == "true",
		Event:      getenv("GITHUB_EVENT_NAME"), Repo: getenv("GITHUB_REPOSITORY"),
		SHA: getenv("GITHUB_SHA"), Ref: getenv("GITHUB_REF"),
		API:    strings.TrimRight(cmp.Or(getenv("GITHUB_API_URL"), "https://api.github.com"), "/"),
		Server: strings.TrimRight(cmp.Or(getenv("GITHUB_SERVER_URL"), "https://github.com"), "/"),
		ID:     getenv("GITHUB_RUN_ID"), Attempt: getenv("GITHUB_RUN_ATTEMPT"), Actor: getenv("GITHUB_ACTOR"),
		Output: getenv("GITHUB_OUTPUT"), Summary: getenv("GITHUB_STEP_SUMMARY"),
		Temp: getenv("RUNNER_TEMP"), Workspace: getenv("GITHUB_WORKSPACE"),
		Token: secret.New(cmp.Or(strings.TrimSpace(getenv("INPUT_GITHUB_TOKEN")), strings.TrimSpace(getenv("GITHUB_TOKEN")))),
	}
	switch {
	case r.Repo != "" && !repoForm.MatchString(r.Repo):
		return r, fmt.Errorf("GITHUB_REPOSITORY: want owner/name, got %q", r.Repo)
	case r.Repo == "" && r.aboutPull():
		return r, fmt.Errorf("GITHUB_REPOSITORY is not set, and the event %s needs it", r.Event)
	case r.SHA != "" && !shaForm.MatchString(r.SHA):
		return r, fmt.Errorf("GITHUB_SHA: want a commit's 40 hex digits, got %q", r.SHA)
	}
	if err := checkAPI(r.API); err != nil {
		return r, fmt.Errorf("GITHUB_API_URL: %w", err)
	}
	return r, r.readEvent(getenv("GITHUB_EVENT_PATH"))
}

// checkAPI refuses an address that would carry the token in the clear.
func checkAPI(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("want https://host/path")
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return fmt.Errorf("%s://%s would carry the token in the clear: want https", u.Scheme, u.Host)
	}
	return nil
}

func (r *Run) aboutPull() bool { return strings.HasPrefix(r.Event, "pull_request") }

// readEvent reads what the event says of commits. Of an event that is not about
// a pull request it is no error to say nothing.
func (r *Run) readEvent(path string) error {
	if path == "" && r.aboutPull() {
		return fmt.Errorf("GITHUB_EVENT_PATH is not set, and the event %s needs it", r.Event)
	}
	var event struct {
		Pull   *api.PullRequest `json:"pull_request"`
		Group  *api.MergeGroup  `json:"merge_group"`
		Before string           `json:"before"`
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &event)
	}
	if !r.aboutPull() {
		if shaForm.MatchString(event.Before) {
			r.Before = event.Before
		}
		if into := event.Group.GetBaseSHA(); shaForm.MatchString(into) {
			r.Into = into
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the event: %s: %w", path, err)
	}
	p := event.Pull
	if p.GetNumber() == 0 {
		return fmt.Errorf("read the event: %s has no pull request", path)
	}
	head, base := p.GetHead(), p.GetBase()
	if !shaForm.MatchString(head.GetSHA()) || !shaForm.MatchString(base.GetSHA()) {
		return fmt.Errorf("read the event: %s: the pull request's head and base have no commit", path)
	}
	r.Pull = &PullEvent{Number: p.GetNumber(), HeadSHA: head.GetSHA(), HeadRepo: head.GetRepo().GetFullName(),
		BaseSHA: base.GetSHA(), Author: p.GetUser().GetLogin()}
	r.Into = base.GetSHA()
	return nil
}

// number is the run and its attempt, "42.1"; "" outside a workflow.
func (r *Run) number() string {
	if r.ID == "" {
		return ""
	}
	return r.ID + "." + cmp.Or(r.Attempt, "1")
}

// Branch is the branch that the run is on; "" for a tag or a pull request.
func (r *Run) Branch() string {
	if branch, ok := strings.CutPrefix(r.Ref, "refs/heads/"); ok {
		return branch
	}
	return ""
}

// FromOutside says that the run gets no secrets and a token that only reads:
// for a pull request of a fork, or of Dependabot.
func (r *Run) FromOutside() bool {
	return r.Event == "pull_request" && r.Pull != nil &&
		(!strings.EqualFold(r.Pull.HeadRepo, r.Repo) || r.Actor == dependabot || r.Pull.Author == dependabot)
}

// Link is the address of the run's page, "" outside a workflow.
func (r *Run) Link() string {
	if r.ID == "" || r.Repo == "" {
		return ""
	}
	link := r.Server + "/" + r.Repo + "/actions/runs/" + url.PathEscape(r.ID)
	if r.Attempt != "" && r.Attempt != "1" {
		link += "/attempts/" + url.PathEscape(r.Attempt)
	}
	return link
}

// Outputs are what later steps can read; zero where nothing was found out.
type Outputs struct {
	Changes                bool
	Digest                 string
	PlanPath, MarkdownPath string
	Create, Update, Delete int
	PartPath               string // of a part of the fleet, the folder that a merge reads
	Reason                 string // "" is success
}

// reasons are the values of the output failure-reason; any other is "error".
var reasons = map[engine.Kind]string{
	engine.Invalid:     "validation",
	engine.Refused:     "refused",
	engine.Drifted:     "drift",
	engine.NotReviewed: "not-reviewed",
	engine.Stale:       "plan-changed",
	engine.Unapplied:   "apply-failed",
	engine.Interrupted: "interrupted",
}

// Write appends all outputs to the file at path; "" writes nothing.
func (o Outputs) Write(path string) error {
	if path == "" {
		return nil
	}
	var b strings.Builder
	for _, one := range [][2]any{
		{"changes", o.Changes}, {"digest", o.Digest},
		{"plan-path", o.PlanPath}, {"markdown-path", o.MarkdownPath},
		{"part-path", o.PartPath}, {"to-create", o.Create}, {"to-update", o.Update}, {"to-delete", o.Delete},
		{"failure-reason", o.Reason},
	} {
		// A delimiter that nobody can foresee: no value can end its own block.
		delimiter := "agentsync_" + rand.Text()
		fmt.Fprintf(&b, "%s<<%s\n%v\n%s\n", one[0], delimiter, one[1], delimiter)
	}
	if err := appendFile(path, b.String()); err != nil {
		return fmt.Errorf("write the outputs: %w", err)
	}
	return nil
}

func appendFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
