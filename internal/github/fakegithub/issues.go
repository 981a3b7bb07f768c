package fakegithub

import (
	"net/http"
	"slices"
	"strings"
)

func issueJSON(i *Issue) map[string]any {
	labels := []any{}
	for _, name := range i.Labels {
		labels = append(labels, map[string]any{"name": name})
	}
	return map[string]any{"number": i.Number, "title": i.Title, "body": i.Body, "state": i.State, "user": i.User,
		"labels": labels, "created_at": i.CreatedAt, "updated_at": i.UpdatedAt}
}

// listIssues lists newest first, and pull requests among the issues, as GitHub does.
func listIssues(c *call) {
	query := c.r.URL.Query()
	state := query.Get("state")
	if state == "" {
		state = "open"
	}
	type numbered struct {
		number int
		json   map[string]any
	}
	var found []numbered
	for _, i := range c.repo.Issues {
		if (state == "all" || i.State == state) && hasLabels(i, query.Get("labels")) {
			found = append(found, numbered{i.Number, issueJSON(i)})
		}
	}
	for _, p := range c.repo.Pulls {
		if query.Get("labels") == "" && (state == "all" || p.State == state) {
			found = append(found, numbered{p.Number, map[string]any{"number": p.Number, "title": p.Title, "state": p.State,
				"user": p.User, "labels": []any{}, "pull_request": map[string]any{"url": "x"}}})
		}
	}
	slices.SortFunc(found, func(a, b numbered) int { return b.number - a.number })
	out := []any{}
	for _, one := range found {
		out = append(out, one.json)
	}
	reply(c.w, http.StatusOK, page(c, out))
}

func hasLabels(i *Issue, wanted string) bool {
	for _, name := range strings.Split(wanted, ",") {
		if name != "" && !slices.Contains(i.Labels, name) {
			return false
		}
	}
	return true
}

type issueInput struct {
	Title  *string   `json:"title"`
	Body   *string   `json:"body"`
	State  *string   `json:"state"`
	Labels *[]string `json:"labels"`
}

func createIssue(c *call) {
	var in issueInput
	if !c.input(&in) {
		return
	}
	if in.Title == nil || *in.Title == "" {
		fail(c.w, http.StatusUnprocessableEntity, "Validation Failed: title can't be blank")
		return
	}
	now := c.s.opt.Now().UTC()
	i := &Issue{Number: c.repo.number(), State: "open", User: c.who.User, CreatedAt: now}
	if c.change(i, in) {
		c.repo.Issues = append(c.repo.Issues, i)
		reply(c.w, http.StatusCreated, issueJSON(i))
	}
}

func (c *call) change(i *Issue, in issueInput) bool {
	if in.Body != nil && !c.checkBody(*in.Body) {
		return false
	}
	if in.Title != nil {
		i.Title = *in.Title
	}
	if in.Body != nil {
		i.Body = *in.Body
	}
	if in.State != nil {
		i.State = *in.State
	}
	if in.Labels != nil {
		i.Labels = *in.Labels
	}
	i.UpdatedAt = c.s.opt.Now().UTC()
	return true
}

func getIssue(c *call) {
	i := c.repo.Issue(c.number("number"))
	if i == nil {
		notHere(c)
		return
	}
	reply(c.w, http.StatusOK, issueJSON(i))
}

func editIssue(c *call) {
	i := c.repo.Issue(c.number("number"))
	if i == nil {
		notHere(c)
		return
	}
	var in issueInput
	if c.input(&in) && c.change(i, in) {
		reply(c.w, http.StatusOK, issueJSON(i))
	}
}
