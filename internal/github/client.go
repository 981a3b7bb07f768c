package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

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

// ClientOptions are what a client needs beside the run.
type ClientOptions struct {
	Transport http.RoundTripper // nil: the default one
	UserAgent string
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error
	Logf      func(format string, args ...any) // told of each try that is repeated
}

// NewClient makes a client for the run's repository.
func NewClient(run Run, opt ClientOptions) (*Client, error) {
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
// own, may not ask for the user: GraphQL tells it, and where that fails too it
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
		c.me = &author{login: firstOf(c.viewer(ctx), "github-actions[bot]"), bot: true}
	default:
		return author{}, err
	}
	return *c.me, ctx.Err()
}

// viewer is the login of an installation, "" when GraphQL does not tell it.
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

// Comment is one comment of ours or of others.
type Comment struct {
	ID      int64
	Body    string
	URL     string
	Updated time.Time
	user    *api.User
}

func commentOf(c *api.IssueComment) Comment {
	return Comment{ID: c.GetID(), Body: c.GetBody(), URL: c.GetHTMLURL(), Updated: c.GetUpdatedAt().Time, user: c.User}
}

// Comments lists all comments of a pull request or issue, oldest first.
func (c *Client) Comments(ctx context.Context, number int) ([]Comment, error) {
	var out []Comment
	opt := &api.IssueListCommentsOptions{ListOptions: api.ListOptions{PerPage: 100}}
	for {
		page, resp, err := c.api.Issues.ListComments(ctx, c.owner, c.name, number, opt)
		if err != nil {
			return nil, c.wrap(http.MethodGet, c.path("/issues/%d/comments", number), "pull-requests: read", err)
		}
		for _, one := range page {
			out = append(out, commentOf(one))
		}
		if resp.NextPage == 0 {
			return out, nil
		}
		opt.Page = resp.NextPage
	}
}

// CreateComment adds a comment.
func (c *Client) CreateComment(ctx context.Context, number int, body string) (Comment, error) {
	made, _, err := c.api.Issues.CreateComment(ctx, c.owner, c.name, number, &api.IssueComment{Body: &body})
	if err != nil {
		return Comment{}, c.wrap(http.MethodPost, c.path("/issues/%d/comments", number), "pull-requests: write", err)
	}
	return commentOf(made), nil
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

// Pull is a pull request as far as a merge needs it.
type Pull struct {
	Number   int
	Merged   time.Time // zero when it is not merged
	MergeSHA string
	BaseRef  string
}

func pullOf(p *api.PullRequest) Pull {
	return Pull{Number: p.GetNumber(), Merged: p.GetMergedAt().Time, MergeSHA: p.GetMergeCommitSHA(), BaseRef: p.GetBase().GetRef()}
}

// Pull reads one pull request.
func (c *Client) Pull(ctx context.Context, number int) (Pull, error) {
	p, _, err := c.api.PullRequests.Get(ctx, c.owner, c.name, number)
	if err != nil {
		return Pull{}, c.wrap(http.MethodGet, c.path("/pulls/%d", number), "pull-requests: read", err)
	}
	return pullOf(p), nil
}

// CommitPulls lists the pull requests that a commit came from.
func (c *Client) CommitPulls(ctx context.Context, sha string) ([]Pull, error) {
	var out []Pull
	opt := &api.ListOptions{PerPage: 100}
	for {
		page, resp, err := c.api.PullRequests.ListPullRequestsWithCommit(ctx, c.owner, c.name, sha, opt)
		if err != nil {
			return nil, c.wrap(http.MethodGet, c.path("/commits/%s/pulls", sha), "pull-requests: read", err)
		}
		for _, one := range page {
			out = append(out, pullOf(one))
		}
		if resp.NextPage == 0 {
			return out, nil
		}
		opt.Page = resp.NextPage
	}
}

// Commit gives a commit's message, parents, and up to 300 of its files.
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
	if err != nil {
		return "", c.wrap(http.MethodGet, c.path("/git/ref/heads/%s", branch), "contents: read", err)
	}
	return ref.GetObject().GetSHA(), nil
}

// maxCompared is how many files GitHub lists of a comparison.
const maxCompared = 300

// Compare gives the files that differ between a commit and a later one, by
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

// Issue is an issue of ours or of others.
type Issue struct {
	Number int
	Title  string
	Body   string
	Open   bool
	user   *api.User
}

// Issues lists all issues with a label, open and closed, newest first.
func (c *Client) Issues(ctx context.Context, label string) ([]Issue, error) {
	var out []Issue
	opt := &api.IssueListByRepoOptions{State: "all", Labels: []string{label}, ListOptions: api.ListOptions{PerPage: 100}}
	for {
		page, resp, err := c.api.Issues.ListByRepo(ctx, c.owner, c.name, opt)
		if err != nil {
			return nil, c.wrap(http.MethodGet, c.path("/issues"), "issues: write", err)
		}
		for _, one := range page {
			if !one.IsPullRequest() {
				out = append(out, Issue{one.GetNumber(), one.GetTitle(), one.GetBody(), one.GetState() == "open", one.User})
			}
		}
		if resp.NextPage == 0 {
			return out, nil
		}
		opt.ListOptions.Page = resp.NextPage
	}
}

// CreateIssue opens an issue.
func (c *Client) CreateIssue(ctx context.Context, title, body, label string) (int, error) {
	made, _, err := c.api.Issues.Create(ctx, c.owner, c.name, &api.IssueRequest{Title: &title, Body: &body, Labels: &[]string{label}})
	if err != nil {
		return 0, c.wrap(http.MethodPost, c.path("/issues"), "issues: write", err)
	}
	return made.GetNumber(), nil
}

// EditIssue sets an issue's title and body, and whether it is open.
func (c *Client) EditIssue(ctx context.Context, number int, title, body string, open bool) error {
	state := "open"
	if !open {
		state = "closed"
	}
	_, _, err := c.api.Issues.Edit(ctx, c.owner, c.name, number, &api.IssueRequest{Title: &title, Body: &body, State: &state})
	return c.wrap(http.MethodPatch, c.path("/issues/%s", strconv.Itoa(number)), "issues: write", err)
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
// a new file. It gives the commit.
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
