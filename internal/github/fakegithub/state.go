package fakegithub

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is all that the server knows, as JSON for /_fake/state.
type State struct {
	Repos map[string]*Repo `json:"repos"` // by "owner/name"
	Next  int64            `json:"next"`  // the last id that was given
}

// Repo is one repository.
type Repo struct {
	DefaultBranch string     `json:"default_branch"`
	Pulls         []*Pull    `json:"pulls"`
	Issues        []*Issue   `json:"issues"`
	Comments      []*Comment `json:"comments"` // of pull requests and issues
	// Files are what branches hold: branch, path, content.
	Files   map[string]map[string]string `json:"files"`
	Modes   map[string]string            `json:"modes,omitempty"` // of files that were written through trees, by path
	Commits []*Commit                    `json:"commits"`         // those that tests or the contents endpoint made
	// Protected branches take no commit through the contents endpoint.
	Protected []string `json:"protected"`
	// Heads are the commits of branches that were set through the API, "" for one
	// that was deleted; of others it is the commit that came last.
	Heads map[string]string            `json:"heads"`
	Trees map[string]map[string]string `json:"trees"` // what commits hold: id, path, content
	// NoWorkflowPulls is the setting that forbids workflows to open pull requests.
	NoWorkflowPulls bool `json:"no_workflow_pulls"`
}

// User is who did something.
type User struct {
	Login string `json:"login"`
	Type  string `json:"type"` // "User" or "Bot"
}

// Ref is one side of a pull request.
type Ref struct {
	Ref  string `json:"ref"`
	SHA  string `json:"sha"`
	Repo string `json:"repo"` // "owner/name"; "" for a fork that was deleted
}

// Pull is a pull request. Commits are further commits that the commit's pull
// requests are found by, beside MergeCommitSHA and the head.
type Pull struct {
	Number         int        `json:"number"`
	Title          string     `json:"title"`
	Body           string     `json:"body"`
	State          string     `json:"state"` // "open" or "closed"
	User           User       `json:"user"`
	Head           Ref        `json:"head"`
	Base           Ref        `json:"base"`
	MergedAt       *time.Time `json:"merged_at"`
	MergeCommitSHA string     `json:"merge_commit_sha"`
	Commits        []string   `json:"commits"`
	Locked         bool       `json:"locked"` // its conversation takes no comment
}

// Issue is an issue, no pull request.
type Issue struct {
	Number    int       `json:"number"`
	Title     string    `json:"title"`
	Body      string    `json:"body"`
	State     string    `json:"state"`
	User      User      `json:"user"`
	Labels    []string  `json:"labels"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Locked    bool      `json:"locked"` // takes no comment
}

// Comment is a comment on the pull request or issue Number.
type Comment struct {
	ID        int64     `json:"id"`
	Number    int       `json:"number"`
	Body      string    `json:"body"`
	User      User      `json:"user"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Commit is a commit as far as GET …/commits/{sha} tells.
type Commit struct {
	SHA     string   `json:"sha"`
	Message string   `json:"message"`
	Parents []string `json:"parents"`
	Files   []string `json:"files"` // a renamed one as "old => new"
	Branch  string   `json:"branch"`
	Tree    string   `json:"tree"` // "" until somebody asks
}

func (s *State) id() int64 {
	s.Next++
	return s.Next
}

// Repo gives the repository, made when it is not there.
func (s *State) Repo(name string) *Repo {
	if s.Repos == nil {
		s.Repos = map[string]*Repo{}
	}
	if s.Repos[name] == nil {
		s.Repos[name] = &Repo{DefaultBranch: "main"}
	}
	return s.Repos[name]
}

// Pull gives the pull request, nil when there is none.
func (r *Repo) Pull(number int) *Pull {
	for _, p := range r.Pulls {
		if p.Number == number {
			return p
		}
	}
	return nil
}

// Issue gives the issue, nil when there is none.
func (r *Repo) Issue(number int) *Issue {
	for _, i := range r.Issues {
		if i.Number == number {
			return i
		}
	}
	return nil
}

// CommentsOn gives the comments of a pull request or issue, oldest first.
func (r *Repo) CommentsOn(number int) []*Comment {
	var out []*Comment
	for _, c := range r.Comments {
		if c.Number == number {
			out = append(out, c)
		}
	}
	return out
}

// Merge marks a pull request as merged by this commit, at this time. A commit
// that is not there is made, with these files, on top of the base branch.
func (r *Repo) Merge(number int, sha string, at time.Time, files ...string) {
	p := r.Pull(number)
	p.State, p.MergeCommitSHA, p.MergedAt = "closed", sha, &at
	if r.commit(sha) == nil {
		r.Push(p.Base.Ref, sha, files...)
	}
}

// Push puts a commit on top of a branch, past the API.
func (r *Repo) Push(branch, sha string, files ...string) {
	c := &Commit{SHA: sha, Branch: branch, Files: files}
	if head := r.head(branch); head != nil {
		c.Parents = []string{head.SHA}
	}
	r.add(c)
}

// add puts a commit on its branch.
func (r *Repo) add(c *Commit) {
	r.Commits = append(r.Commits, c)
	if _, set := r.Heads[c.Branch]; set {
		r.Heads[c.Branch] = c.SHA
		for _, p := range r.Pulls {
			if p.State == "open" && p.Head.Ref == c.Branch {
				p.Head.SHA = c.SHA
			}
		}
	}
}

// commit gives the commit, nil when there is none.
func (r *Repo) commit(sha string) *Commit {
	i := slices.IndexFunc(r.Commits, func(c *Commit) bool { return c.SHA == sha })
	if i < 0 {
		return nil
	}
	return r.Commits[i]
}

// head is the commit that a branch is at: the one that it was set to, or that was
// put on it last; nil for none.
func (r *Repo) head(branch string) *Commit {
	if sha, set := r.Heads[branch]; set {
		return r.commit(sha)
	}
	var last *Commit
	for _, c := range r.Commits {
		if c.Branch == branch {
			last = c
		}
	}
	return last
}

// SetFile puts a file on a branch, past the API.
func (r *Repo) SetFile(branch, path, content string) {
	if r.Files == nil {
		r.Files = map[string]map[string]string{}
	}
	if r.Files[branch] == nil {
		r.Files[branch] = map[string]string{}
	}
	r.Files[branch][path] = content
}

func (r *Repo) number() int {
	n := 0
	for _, p := range r.Pulls {
		n = max(n, p.Number)
	}
	for _, i := range r.Issues {
		n = max(n, i.Number)
	}
	return n + 1
}

func (r *Repo) isProtected(branch string) bool { return slices.Contains(r.Protected, branch) }

// has says whether the pull request is found by this commit.
func (p *Pull) has(sha string) bool {
	return p.MergeCommitSHA == sha || p.Head.SHA == sha || slices.Contains(p.Commits, sha)
}

// blobSHA is git's id of a file's content.
func blobSHA(content string) string {
	sum := sha1.Sum([]byte(fmt.Sprintf("blob %d\x00%s", len(content), content)))
	return hex.EncodeToString(sum[:])
}

// clone is a deep copy through JSON.
func (s *State) clone() *State {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	out := &State{}
	if err := json.Unmarshal(data, out); err != nil {
		panic(err)
	}
	return out
}

func owner(repo string) string {
	name, _, _ := strings.Cut(repo, "/")
	return name
}
