package github

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/engine"
	api "github.com/google/go-github/v84/github"
)

// Client speaks to one repository.
type Client struct {
	transport   *transport
	api         *api.Client
	graphql     string
	owner, name string
	me          *author // nil until it was asked for
}

// NewClient makes a client for the run's repository.
func NewClient(run Run, opt engine.Options) (*Client, error) {
	base, err := url.Parse(run.API + "/")
	if err != nil {
		return nil, fmt.Errorf("GITHUB_API_URL: %w", err)
	}
	next := opt.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	c := &Client{transport: &transport{next: next, host: base, token: run.Token, now: opt.Now, sleep: opt.Sleep, logf: opt.Logf}}
	c.graphql = graphqlURL(run.API)
	c.owner, c.name, _ = strings.Cut(run.Repo, "/")
	c.api = api.NewClient(&http.Client{Transport: c.transport})
	c.api.BaseURL = base
	c.api.UserAgent = opt.UserAgent
	c.api.DisableRateLimitCheck = true // the transport obeys the limits
	return c, nil
}

func (c *Client) path(format string, args ...any) string {
	return "/repos/" + c.owner + "/" + c.name + fmt.Sprintf(format, args...)
}

// author is whose comments and issues are ours.
type author struct {
	login string
	bot   bool
}

// author asks who the token is. An installation's token, such as a workflow's
// own, may not ask for the user: GraphQL answers it, and where that fails too it
// is taken for the workflow's own, which acts as github-actions[bot].
func (c *Client) author(ctx context.Context) (author, error) {
	if c.me != nil {
		return *c.me, nil
	}
	user, _, err := c.api.Users.Get(ctx, "")
	err = c.wrap(http.MethodGet, "/user", "", err)
	switch {
	case err == nil:
		c.me = &author{login: user.GetLogin(), bot: user.GetType() == "Bot"}
	case statusOf(err) == http.StatusForbidden:
		c.me = &author{login: cmp.Or(c.viewer(ctx), "github-actions[bot]"), bot: true}
	default:
		return author{}, err
	}
	return *c.me, ctx.Err()
}

// viewer is the login of an installation, "" when GraphQL does not say it.
func (c *Client) viewer(ctx context.Context) string {
	req, err := c.api.NewRequest(http.MethodPost, c.graphql, map[string]string{"query": "query{viewer{login}}"})
	if err != nil {
		return ""
	}
	var answer struct {
		Data struct{ Viewer struct{ Login string } }
	}
	if _, err := c.api.Do(ctx, req, &answer); err != nil || answer.Data.Viewer.Login == "" {
		return ""
	}
	return strings.TrimSuffix(answer.Data.Viewer.Login, "[bot]") + "[bot]"
}

// graphqlURL is where GraphQL is beside the REST API: GitHub Enterprise has
// /api/v3 and /api/graphql.
func graphqlURL(api string) string {
	if root, ok := strings.CutSuffix(api, "/api/v3"); ok {
		return root + "/api/graphql"
	}
	return api + "/graphql"
}

func (a author) wrote(user *api.User) bool {
	return user != nil && a.login != "" && strings.EqualFold(user.GetLogin(), a.login) && (!a.bot || user.GetType() == "Bot")
}

// pages collects the pages of a list.
func pages[T any](list func(page int) ([]T, *api.Response, error)) ([]T, error) {
	var out []T
	for page := 0; ; {
		got, resp, err := list(page)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
		if resp.NextPage == 0 {
			return out, nil
		}
		page = resp.NextPage
	}
}

// Comments lists all comments of a pull request or issue, oldest first.
func (c *Client) Comments(ctx context.Context, number int) ([]*api.IssueComment, error) {
	all, err := pages(func(page int) ([]*api.IssueComment, *api.Response, error) {
		return c.api.Issues.ListComments(ctx, c.owner, c.name, number,
			&api.IssueListCommentsOptions{ListOptions: api.ListOptions{Page: page, PerPage: 100}})
	})
	return all, c.wrap(http.MethodGet, c.path("/issues/%d/comments", number), "pull-requests: read", err)
}

// CreateComment adds a comment and returns its id.
func (c *Client) CreateComment(ctx context.Context, number int, body string) (int64, error) {
	made, _, err := c.api.Issues.CreateComment(ctx, c.owner, c.name, number, &api.IssueComment{Body: &body})
	return made.GetID(), c.wrap(http.MethodPost, c.path("/issues/%d/comments", number), "pull-requests: write", err)
}

// EditComment replaces a comment's body.
func (c *Client) EditComment(ctx context.Context, id int64, body string) error {
	_, _, err := c.api.Issues.EditComment(ctx, c.owner, c.name, id, &api.IssueComment{Body: &body})
	return c.wrap(http.MethodPatch, c.path("/issues/comments/%d", id), "pull-requests: write", err)
}

// DeleteComment removes a comment; one that is gone is no error.
func (c *Client) DeleteComment(ctx context.Context, id int64) error {
	_, err := c.api.Issues.DeleteComment(ctx, c.owner, c.name, id)
	err = c.wrap(http.MethodDelete, c.path("/issues/comments/%d", id), "pull-requests: write", err)
	if statusOf(err) == http.StatusNotFound {
		return nil
	}
	return err
}

// Pull reads one pull request.
func (c *Client) Pull(ctx context.Context, number int) (*api.PullRequest, error) {
	p, _, err := c.api.PullRequests.Get(ctx, c.owner, c.name, number)
	return p, c.wrap(http.MethodGet, c.path("/pulls/%d", number), "pull-requests: read", err)
}

// CommitPulls lists the pull requests that a commit came from.
func (c *Client) CommitPulls(ctx context.Context, sha string) ([]*api.PullRequest, error) {
	all, err := pages(func(page int) ([]*api.PullRequest, *api.Response, error) {
		return c.api.PullRequests.ListPullRequestsWithCommit(ctx, c.owner, c.name, sha, &api.ListOptions{Page: page, PerPage: 100})
	})
	return all, c.wrap(http.MethodGet, c.path("/commits/%s/pulls", sha), "pull-requests: read", err)
}

// Commit returns a commit's message, parents, and up to 300 of its files.
func (c *Client) Commit(ctx context.Context, sha string) (message string, parents, files []string, err error) {
	commit, _, err := c.api.Repositories.GetCommit(ctx, c.owner, c.name, sha, nil)
	if err != nil {
		return "", nil, nil, c.wrap(http.MethodGet, c.path("/commits/%s", sha), "contents: read", err)
	}
	for _, parent := range commit.Parents {
		parents = append(parents, parent.GetSHA())
	}
	for _, file := range commit.Files {
		files = append(files, file.GetFilename())
	}
	return commit.GetCommit().GetMessage(), parents, files, nil
}

// BranchHead is the commit that a branch is at.
func (c *Client) BranchHead(ctx context.Context, branch string) (string, error) {
	ref, _, err := c.api.Git.GetRef(ctx, c.owner, c.name, "heads/"+branch)
	return ref.GetObject().GetSHA(), c.wrap(http.MethodGet, c.path("/git/ref/heads/%s", branch), "contents: read", err)
}

// maxCompared is how many files GitHub lists of a comparison.
const maxCompared = 300

// Compare returns the files that differ between a commit and a later one, by
// their old names too. status is "ahead" when head comes after base,
// "identical", "behind" or "diverged"; whole is false where files may be
// missing from the list.
func (c *Client) Compare(ctx context.Context, base, head string) (status string, files []string, whole bool, err error) {
	found, _, err := c.api.Repositories.CompareCommits(ctx, c.owner, c.name, base, head, nil)
	if err != nil {
		return "", nil, false, c.wrap(http.MethodGet, c.path("/compare/%s...%s", base, head), "contents: read", err)
	}
	for _, file := range found.Files {
		files = append(files, file.GetFilename())
		if old := file.GetPreviousFilename(); old != "" {
			files = append(files, old)
		}
	}
	return found.GetStatus(), files, len(found.Files) < maxCompared, nil
}

// Issues lists all issues with a label, open and closed, newest first. Pull
// requests are not among them.
func (c *Client) Issues(ctx context.Context, label string) ([]*api.Issue, error) {
	all, err := pages(func(page int) ([]*api.Issue, *api.Response, error) {
		return c.api.Issues.ListByRepo(ctx, c.owner, c.name,
			&api.IssueListByRepoOptions{State: "all", Labels: []string{label}, ListOptions: api.ListOptions{Page: page, PerPage: 100}})
	})
	all = slices.DeleteFunc(all, func(one *api.Issue) bool { return one.IsPullRequest() })
	return all, c.wrap(http.MethodGet, c.path("/issues"), "issues: write", err)
}

// CreateIssue opens an issue.
func (c *Client) CreateIssue(ctx context.Context, title, body, label string) error {
	_, _, err := c.api.Issues.Create(ctx, c.owner, c.name, &api.IssueRequest{Title: &title, Body: &body, Labels: &[]string{label}})
	return c.wrap(http.MethodPost, c.path("/issues"), "issues: write", err)
}

// EditIssue sets an issue's title and body, and whether it is open.
func (c *Client) EditIssue(ctx context.Context, number int, title, body string, open bool) error {
	state := "open"
	if !open {
		state = "closed"
	}
	_, _, err := c.api.Issues.Edit(ctx, c.owner, c.name, number, &api.IssueRequest{Title: &title, Body: &body, State: &state})
	return c.wrap(http.MethodPatch, c.path("/issues/%d", number), "issues: write", err)
}

// File reads a file of a branch. Without one, sha is "".
func (c *Client) File(ctx context.Context, path, branch string) (data []byte, sha string, err error) {
	file, _, _, err := c.api.Repositories.GetContents(ctx, c.owner, c.name, path, &api.RepositoryContentGetOptions{Ref: branch})
	err = c.wrap(http.MethodGet, c.path("/contents/%s", path), "contents: write", err)
	switch {
	case statusOf(err) == http.StatusNotFound:
		return nil, "", nil
	case err != nil:
		return nil, "", err
	case file == nil:
		return nil, "", &APIError{Op: "GET " + c.path("/contents/%s", path), Message: "it is a folder"}
	}
	if file.GetEncoding() == "none" { // a large file: its blob has the content
		data, _, err = c.api.Git.GetBlobRaw(ctx, c.owner, c.name, file.GetSHA())
		return data, file.GetSHA(), c.wrap(http.MethodGet, c.path("/git/blobs/%s", file.GetSHA()), "contents: write", err)
	}
	text, err := file.GetContent()
	if err != nil {
		return nil, "", &APIError{Op: "GET " + c.path("/contents/%s", path), Message: oneLine(err.Error())}
	}
	return []byte(text), file.GetSHA(), nil
}

// PutFile commits a file to a branch; sha is the blob that it replaces, "" for
// a new file. It returns the commit.
func (c *Client) PutFile(ctx context.Context, path, branch, sha, message string, data []byte) (string, error) {
	opt := &api.RepositoryContentFileOptions{Message: &message, Content: data, Branch: &branch}
	if sha != "" {
		opt.SHA = &sha
	}
	made, _, err := c.api.Repositories.UpdateFile(ctx, c.owner, c.name, path, opt)
	if err != nil {
		return "", c.wrap(http.MethodPut, c.path("/contents/%s", path), "contents: write", err)
	}
	return made.GetSHA(), nil
}
