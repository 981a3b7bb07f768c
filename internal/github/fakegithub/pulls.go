package fakegithub

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func getRepo(c *call) {
	reply(c.w, http.StatusOK, map[string]any{"full_name": c.name, "default_branch": c.repo.DefaultBranch})
}

func refJSON(r Ref) map[string]any {
	out := map[string]any{"ref": r.Ref, "sha": r.SHA, "repo": nil}
	if r.Repo != "" {
		out["repo"] = map[string]any{"full_name": r.Repo, "owner": map[string]any{"login": owner(r.Repo)}}
	}
	return out
}

func pullJSON(p *Pull) map[string]any {
	out := map[string]any{"number": p.Number, "title": p.Title, "body": p.Body, "state": p.State, "user": p.User,
		"head": refJSON(p.Head), "base": refJSON(p.Base), "merged_at": p.MergedAt, "merged": p.MergedAt != nil}
	if p.MergeCommitSHA != "" {
		out["merge_commit_sha"] = p.MergeCommitSHA
	}
	return out
}

func getPull(c *call) {
	p := c.repo.Pull(c.number("number"))
	if p == nil {
		notHere(c)
		return
	}
	reply(c.w, http.StatusOK, pullJSON(p))
}

func commitPulls(c *call) {
	out := []any{}
	for _, p := range c.repo.Pulls {
		if p.has(c.r.PathValue("sha")) {
			out = append(out, pullJSON(p))
		}
	}
	reply(c.w, http.StatusOK, page(c, out))
}

func commentJSON(c *call, one *Comment) map[string]any {
	return map[string]any{"id": one.ID, "body": one.Body, "user": one.User, "created_at": one.CreatedAt, "updated_at": one.UpdatedAt,
		"html_url": fmt.Sprintf("http://%s/%s/pull/%d#issuecomment-%d", c.r.Host, c.name, one.Number, one.ID)}
}

func listComments(c *call) {
	number := c.number("number")
	if c.repo.Pull(number) == nil && c.repo.Issue(number) == nil {
		notHere(c)
		return
	}
	out := []any{}
	for _, one := range c.repo.CommentsOn(number) {
		out = append(out, commentJSON(c, one))
	}
	reply(c.w, http.StatusOK, page(c, out))
}

// maxBody is how long GitHub takes a comment or an issue.
const maxBody = 65536

// body reads a body, and answers when GitHub would not take it.
func (c *call) body() (string, bool) {
	var in struct {
		Body string `json:"body"`
	}
	if !c.input(&in) {
		return "", false
	}
	return in.Body, c.checkBody(in.Body)
}

func (c *call) checkBody(body string) bool {
	switch {
	case strings.TrimSpace(body) == "":
		fail(c.w, http.StatusUnprocessableEntity, "Validation Failed: body can't be blank")
	case len([]rune(body)) > maxBody:
		fail(c.w, http.StatusUnprocessableEntity, "Validation Failed: Body is too long (maximum is 65536 characters)")
	default:
		return true
	}
	return false
}

func createComment(c *call) {
	number := c.number("number")
	if c.repo.Pull(number) == nil && c.repo.Issue(number) == nil {
		notHere(c)
		return
	}
	if pull, issue := c.repo.Pull(number), c.repo.Issue(number); pull != nil && pull.Locked || issue != nil && issue.Locked {
		fail(c.w, http.StatusForbidden, "Unable to create comment because issue is locked.")
		return
	}
	body, ok := c.body()
	if !ok {
		return
	}
	now := c.s.opt.Now().UTC()
	one := &Comment{ID: c.s.state.id(), Number: number, Body: body, User: c.who.User, CreatedAt: now, UpdatedAt: now}
	c.repo.Comments = append(c.repo.Comments, one)
	reply(c.w, http.StatusCreated, commentJSON(c, one))
}

func (c *call) comment() *Comment {
	id := int64(c.number("id"))
	for _, one := range c.repo.Comments {
		if one.ID == id {
			return one
		}
	}
	notHere(c)
	return nil
}

func getComment(c *call) {
	if one := c.comment(); one != nil {
		reply(c.w, http.StatusOK, commentJSON(c, one))
	}
}

func editComment(c *call) {
	one := c.comment()
	if one == nil {
		return
	}
	body, ok := c.body()
	if !ok {
		return
	}
	one.Body, one.UpdatedAt = body, c.s.opt.Now().UTC()
	reply(c.w, http.StatusOK, commentJSON(c, one))
}

func deleteComment(c *call) {
	one := c.comment()
	if one == nil {
		return
	}
	c.repo.Comments = slices.DeleteFunc(c.repo.Comments, func(other *Comment) bool { return other == one })
	c.w.WriteHeader(http.StatusNoContent)
}
