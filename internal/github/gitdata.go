package github

import (
	"context"
	"net/http"
	"net/url"

	api "github.com/google/go-github/v84/github"
)

// proposes is what a branch and a pull request of our own need.
const proposes = "contents: write, pull-requests: write"

// GitCommit reads a commit as git has it, without its files.
func (c *Client) GitCommit(ctx context.Context, sha string) (*api.Commit, error) {
	return get[*api.Commit](ctx, c, "contents: read", c.path("/git/commits/%s", sha))
}

// CreateTree makes a tree: that of another one, but for these entries. It returns
// its id.
func (c *Client) CreateTree(ctx context.Context, base string, entries []*api.TreeEntry) (string, error) {
	in := struct {
		Base    string           `json:"base_tree"`
		Entries []*api.TreeEntry `json:"tree"`
	}{base, entries}
	var made api.Tree
	_, err := c.call(ctx, proposes, http.MethodPost, c.path("/git/trees"), in, &made)
	return made.GetSHA(), err
}

// CreateCommit makes a commit of the token's own author, and returns its id. No
// branch has it yet.
func (c *Client) CreateCommit(ctx context.Context, message, tree, parent string) (string, error) {
	in := map[string]any{"message": message, "tree": tree, "parents": []string{parent}}
	var made api.Commit
	_, err := c.call(ctx, proposes, http.MethodPost, c.path("/git/commits"), in, &made)
	return made.GetSHA(), err
}

// CreateBranch makes a branch at a commit.
func (c *Client) CreateBranch(ctx context.Context, branch, sha string) error {
	in := map[string]string{"ref": "refs/heads/" + branch, "sha": sha}
	_, err := c.call(ctx, proposes, http.MethodPost, c.path("/git/refs"), in, nil)
	return err
}

// ForceBranch sets a branch to a commit, whatever it was at.
func (c *Client) ForceBranch(ctx context.Context, branch, sha string) error {
	in := map[string]any{"sha": sha, "force": true}
	_, err := c.call(ctx, proposes, http.MethodPatch, c.path("/git/refs/heads/%s", escaped(branch)), in, nil)
	return err
}

// DeleteBranch removes a branch; one that is gone is no error.
func (c *Client) DeleteBranch(ctx context.Context, branch string) error {
	_, err := c.call(ctx, proposes, http.MethodDelete, c.path("/git/refs/heads/%s", escaped(branch)), nil, nil)
	if code := statusOf(err); code == http.StatusNotFound || code == http.StatusUnprocessableEntity {
		if head, readErr := c.BranchHead(ctx, branch); readErr == nil && head != "" {
			return err
		}
		return nil
	}
	return err
}

// OpenPulls lists the open pull requests from one branch of the repository into
// another.
func (c *Client) OpenPulls(ctx context.Context, from, into string) ([]*api.PullRequest, error) {
	query := "state=open&head=" + url.QueryEscape(c.owner()+":"+from) + "&base=" + url.QueryEscape(into) + "&"
	return list[*api.PullRequest](ctx, c, "pull-requests: read", c.path("/pulls"), query)
}

// CreatePull opens a pull request, and returns its number.
func (c *Client) CreatePull(ctx context.Context, from, into, title, body string) (int, error) {
	in := api.NewPullRequest{Title: &title, Head: &from, Base: &into, Body: &body}
	var made api.PullRequest
	_, err := c.call(ctx, proposes, http.MethodPost, c.path("/pulls"), in, &made)
	return made.GetNumber(), err
}

// SavePull sets what is given of a pull request: its title, body or state.
func (c *Client) SavePull(ctx context.Context, number int, change map[string]string) error {
	_, err := c.call(ctx, proposes, http.MethodPatch, c.path("/pulls/%d", number), change, nil)
	return err
}
