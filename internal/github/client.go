package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/secret"
	api "github.com/google/go-github/v84/github"
)

// Client speaks to one repository.
type Client struct {
	api   *api.Client
	opt   engine.Options
	token secret.Secret
	repo  string    // "owner/name"
	me    *api.User // nil until it was asked for
}

// NewClient makes a client for the run's repository.
func NewClient(run Run, opt engine.Options) (*Client, error) {
	base, err := url.Parse(run.API + "/")
	if err != nil {
		return nil, fmt.Errorf("GITHUB_API_URL: %w", err)
	}
	c := &Client{opt: opt, token: run.Token, repo: run.Repo}
	c.api = api.NewClient(&http.Client{Transport: opt.Transport, CheckRedirect: keepToken})
	c.api.BaseURL = base
	c.api.UserAgent = opt.UserAgent
	c.api.DisableRateLimitCheck = true // call obeys the limits
	return c, nil
}

// owner is the repository's, "acme" of "acme/agents".
func (c *Client) owner() string {
	owner, _, _ := strings.Cut(c.repo, "/")
	return owner
}

func (c *Client) path(format string, args ...any) string {
	return "/repos/" + c.repo + fmt.Sprintf(format, args...)
}

func get[T any](ctx context.Context, c *Client, permission, path string) (T, error) {
	var out T
	_, err := c.call(ctx, permission, http.MethodGet, path, nil, &out)
	return out, err
}

// list collects all pages. query ends with "&" or is "".
func list[T any](ctx context.Context, c *Client, permission, path, query string) ([]T, error) {
	var all []T
	for next := 1; next != 0; {
		var page []T
		var err error
		next, err = c.call(ctx, permission, http.MethodGet, fmt.Sprintf("%s?%sper_page=100&page=%d", path, query, next), nil, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
	}
	return all, nil
}

// Comments lists all comments of a pull request or issue, oldest first.
func (c *Client) Comments(ctx context.Context, number int) ([]*api.IssueComment, error) {
	return list[*api.IssueComment](ctx, c, "pull-requests: read", c.path("/issues/%d/comments", number), "")
}

// Comment reads one comment; nil with an error.
func (c *Client) Comment(ctx context.Context, id int64) (*api.IssueComment, error) {
	return get[*api.IssueComment](ctx, c, "pull-requests: read", c.path("/issues/comments/%d", id))
}

func (c *Client) CreateComment(ctx context.Context, number int, body string) (int64, error) {
	var made api.IssueComment
	in, path := api.IssueComment{Body: &body}, c.path("/issues/%d/comments", number)
	_, err := c.call(ctx, "pull-requests: write", http.MethodPost, path, in, &made)
	return made.GetID(), err
}

func (c *Client) EditComment(ctx context.Context, id int64, body string) error {
	in := api.IssueComment{Body: &body}
	_, err := c.call(ctx, "pull-requests: write", http.MethodPatch, c.path("/issues/comments/%d", id), in, nil)
	return err
}

// DeleteComment removes a comment; one that is gone is no error.
func (c *Client) DeleteComment(ctx context.Context, id int64) error {
	_, err := c.call(ctx, "pull-requests: write", http.MethodDelete, c.path("/issues/comments/%d", id), nil, nil)
	if statusOf(err) == http.StatusNotFound {
		return nil
	}
	return err
}

func (c *Client) Pull(ctx context.Context, number int) (*api.PullRequest, error) {
	return get[*api.PullRequest](ctx, c, "pull-requests: read", c.path("/pulls/%d", number))
}

func (c *Client) CommitPulls(ctx context.Context, sha string) ([]*api.PullRequest, error) {
	return list[*api.PullRequest](ctx, c, "pull-requests: read", c.path("/commits/%s/pulls", sha), "")
}

// Commit reads a commit, with up to 300 of its files.
func (c *Client) Commit(ctx context.Context, sha string) (*api.RepositoryCommit, error) {
	return get[*api.RepositoryCommit](ctx, c, "contents: read", c.path("/commits/%s", sha))
}

func (c *Client) DefaultBranch(ctx context.Context) (string, error) {
	repo, err := get[*api.Repository](ctx, c, "", c.path(""))
	return repo.GetDefaultBranch(), err
}

func (c *Client) BranchHead(ctx context.Context, branch string) (string, error) {
	ref, err := get[*api.Reference](ctx, c, "contents: read", c.path("/git/ref/heads/%s", escaped(branch)))
	return ref.GetObject().GetSHA(), err
}

// Compare reads what differs in a later commit, with up to maxCompared files.
func (c *Client) Compare(ctx context.Context, base, head string) (*api.CommitsComparison, error) {
	return get[*api.CommitsComparison](ctx, c, "contents: read", c.path("/compare/%s...%s", base, head))
}

// Issues lists all issues with a label, open and closed, and pull requests.
func (c *Client) Issues(ctx context.Context, label string) ([]*api.Issue, error) {
	return list[*api.Issue](ctx, c, "issues: write", c.path("/issues"), "state=all&labels="+url.QueryEscape(label)+"&")
}

// SaveIssue makes an issue, or sets what is given of one; number is 0 for a new one.
func (c *Client) SaveIssue(ctx context.Context, number int, issue api.IssueRequest) error {
	method, path := http.MethodPost, c.path("/issues")
	if number != 0 {
		method, path = http.MethodPatch, c.path("/issues/%d", number)
	}
	_, err := c.call(ctx, "issues: write", method, path, issue, nil)
	return err
}

// File reads a file of a branch. Without one, sha is "".
func (c *Client) File(ctx context.Context, path, branch string) (data []byte, sha string, err error) {
	where := c.path("/contents/%s?ref=%s", escaped(path), url.QueryEscape(branch))
	file, err := get[*api.RepositoryContent](ctx, c, "contents: write", where)
	if statusOf(err) == http.StatusNotFound {
		return nil, "", nil
	}
	if err == nil && file.GetEncoding() == "none" { // a large file: its blob has the content
		where = c.path("/git/blobs/%s", file.GetSHA())
		file, err = get[*api.RepositoryContent](ctx, c, "contents: write", where)
	}
	if err != nil {
		return nil, "", err
	}
	text, err := file.GetContent()
	if err != nil {
		return nil, "", c.failure("", http.MethodGet, where, nil, err)
	}
	return []byte(text), file.GetSHA(), nil
}

// PutFile commits a file, and returns the commit; sha is the blob that it
// replaces, "" for none.
func (c *Client) PutFile(ctx context.Context, path, branch, sha, message string, data []byte) (string, error) {
	in := api.RepositoryContentFileOptions{Message: &message, Content: data, Branch: &branch}
	if sha != "" {
		in.SHA = &sha
	}
	var made api.RepositoryContentResponse
	_, err := c.call(ctx, "contents: write", http.MethodPut, c.path("/contents/%s", escaped(path)), in, &made)
	return made.GetSHA(), err
}

// escaped is a path as it stands in an address.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// author is who the token acts as. An installation's token, such as a workflow's
// own, may not ask for the user: GraphQL answers it. Where that is refused too,
// the token is taken for the workflow's own, which acts as github-actions[bot],
// unless it is a user's. A nameless error is a noAuthor.
func (c *Client) author(ctx context.Context) (*api.User, error) {
	if c.me != nil {
		return c.me, nil
	}
	user, err := get[*api.User](ctx, c, "", "/user")
	if refusal, ok := errors.AsType[*apiError](err); ok && refusal.status == http.StatusForbidden && !refusal.limited {
		user, err = c.viewer(ctx)
		if err == nil && user == nil {
			refusal.hint = "the token can't say who it acts as, so its comments can't be found again: give one that may read its user, or the workflow's own"
			err = &noAuthor{refusal}
		}
	}
	if err != nil {
		return nil, err
	}
	c.me = user
	return user, nil
}

// noAuthor is a token that does not say who it acts as.
type noAuthor struct{ *apiError }

func (e *noAuthor) Unwrap() error { return e.apiError }

// wrote says whether what user wrote is ours.
func wrote(me, user *api.User) bool {
	same := me.GetLogin() != "" && strings.EqualFold(user.GetLogin(), me.GetLogin())
	return same && (me.GetType() != "Bot" || user.GetType() == "Bot")
}

// viewer asks GraphQL who the token acts as; nil where nobody can say. An
// installation's name ends with "[bot]" as GitHub shows it. GitHub Enterprise has
// GraphQL at /api/graphql beside /api/v3.
func (c *Client) viewer(ctx context.Context) (*api.User, error) {
	address := strings.TrimSuffix(strings.TrimSuffix(c.api.BaseURL.String(), "/"), "/v3") + "/graphql"
	var answer struct {
		Data struct{ Viewer struct{ Login string } }
	}
	_, err := c.call(ctx, "", http.MethodPost, address, map[string]string{"query": "query{viewer{login}}"}, &answer)
	if code := statusOf(err); err != nil && (code == 0 || code >= 500 || code == http.StatusTooManyRequests) {
		return nil, err // it may say it the next time: a guess would make a second comment
	}
	login, isBot := strings.CutSuffix(answer.Data.Viewer.Login, "[bot]")
	users := false // personal tokens of both kinds, those of OAuth apps, and of apps for a user
	for _, prefix := range []string{"ghp_", "github_pat_", "gho_", "ghu_"} {
		users = users || strings.HasPrefix(c.token.Reveal(), prefix)
	}
	switch {
	case login == "" && users:
		return nil, nil
	case users && !isBot:
		return &api.User{Login: &login, Type: new("User")}, nil
	}
	return &api.User{Login: new(cmp.Or(login, "github-actions") + "[bot]"), Type: new("Bot")}, nil
}
