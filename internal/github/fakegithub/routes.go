package fakegithub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// call is one request of somebody to one repository.
type call struct {
	s    *Server
	w    http.ResponseWriter
	r    *http.Request
	who  Token
	name string // of the repository
	repo *Repo
}

// handler answers a call; needs is the permission that a write needs, any one
// of those between bars, or "" for a read.
type handler struct {
	needs string
	do    func(*call)
}

func (s *Server) routes() {
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("GET /user", s.user)
	s.mux.HandleFunc("POST "+graphql, s.viewer)
	for pattern, h := range map[string]handler{
		"GET /repos/{owner}/{repo}":                           {"", getRepo},
		"GET /repos/{owner}/{repo}/pulls/{number}":            {"", getPull},
		"GET /repos/{owner}/{repo}/commits/{sha}":             {"", getCommit},
		"GET /repos/{owner}/{repo}/commits/{sha}/pulls":       {"", commitPulls},
		"GET /repos/{owner}/{repo}/git/ref/{ref...}":          {"", getRef},
		"GET /repos/{owner}/{repo}/compare/{range}":           {"", compare},
		"GET /repos/{owner}/{repo}/issues/{number}/comments":  {"", listComments},
		"POST /repos/{owner}/{repo}/issues/{number}/comments": {"issues|pull_requests", createComment},
		"GET /repos/{owner}/{repo}/issue-comments/{id}":       {"", getComment},
		"PATCH /repos/{owner}/{repo}/issue-comments/{id}":     {"issues|pull_requests", editComment},
		"DELETE /repos/{owner}/{repo}/issue-comments/{id}":    {"issues|pull_requests", deleteComment},
		"GET /repos/{owner}/{repo}/issues":                    {"", listIssues},
		"POST /repos/{owner}/{repo}/issues":                   {"issues", createIssue},
		"GET /repos/{owner}/{repo}/issues/{number}":           {"", getIssue},
		"PATCH /repos/{owner}/{repo}/issues/{number}":         {"issues", editIssue},
		"GET /repos/{owner}/{repo}/contents/{path...}":        {"", getContents},
		"PUT /repos/{owner}/{repo}/contents/{path...}":        {"contents", putContents},
		"GET /repos/{owner}/{repo}/git/blobs/{sha}":           {"", getBlob},
		"GET /repos/{owner}/{repo}/git/commits/{sha}":         {"", getGitCommit},
		"POST /repos/{owner}/{repo}/git/commits":              {"contents", createCommit},
		"POST /repos/{owner}/{repo}/git/trees":                {"contents", createTree},
		"POST /repos/{owner}/{repo}/git/refs":                 {"contents", createRef},
		"PATCH /repos/{owner}/{repo}/git/refs/{ref...}":       {"contents", editRef},
		"DELETE /repos/{owner}/{repo}/git/refs/{ref...}":      {"contents", deleteRef},
		"GET /repos/{owner}/{repo}/pulls":                     {"", listPulls},
		"POST /repos/{owner}/{repo}/pulls":                    {"pull_requests", createPull},
		"PATCH /repos/{owner}/{repo}/pulls/{number}":          {"pull_requests", editPull},
	} {
		s.mux.HandleFunc(pattern, s.inRepo(h))
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusNotFound, "Not Found") })
}

func notHere(c *call) { fail(c.w, http.StatusNotFound, "Not Found") }

// answer checks the token and routes.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, token string) {
	if _, known := s.opt.Tokens[token]; token != "" && !known {
		fail(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	// A mux can't tell issues/comments/7 from issues/7/comments.
	r.URL.Path = strings.Replace(r.URL.Path, "/issues/comments/", "/issue-comments/", 1)
	s.mux.ServeHTTP(w, r)
}

func (s *Server) inRepo(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("owner") + "/" + r.PathValue("repo")
		who, known := s.opt.Tokens[bearer(r)]
		repo := s.state.Repos[name]
		switch {
		case repo == nil:
			fail(w, http.StatusNotFound, "Not Found")
		case h.needs != "" && !known:
			fail(w, http.StatusUnauthorized, "Requires authentication")
		case h.needs != "" && !who.may(h.needs):
			fail(w, http.StatusForbidden, "Resource not accessible by integration")
		default:
			h.do(&call{s: s, w: w, r: r, who: who, name: name, repo: repo})
		}
	}
}

func (t Token) may(needs string) bool {
	if t.ReadOnly {
		return false
	}
	for _, one := range strings.Split(needs, "|") {
		if !slices.Contains(t.Lacks, one) {
			return true
		}
	}
	return false
}

func (s *Server) user(w http.ResponseWriter, r *http.Request) {
	who, known := s.opt.Tokens[bearer(r)]
	switch {
	case !known:
		fail(w, http.StatusUnauthorized, "Requires authentication")
	case who.Nameless:
		fail(w, http.StatusForbidden, "Resource not accessible by personal access token")
	case who.App:
		fail(w, http.StatusForbidden, "Resource not accessible by integration")
	default:
		reply(w, http.StatusOK, who.User)
	}
}

func (s *Server) viewer(w http.ResponseWriter, r *http.Request) {
	who, known := s.opt.Tokens[bearer(r)]
	if !known {
		fail(w, http.StatusUnauthorized, "Requires authentication")
		return
	}
	if who.Nameless {
		fail(w, http.StatusForbidden, "Resource not accessible by personal access token")
		return
	}
	reply(w, http.StatusOK, map[string]any{"data": map[string]any{"viewer": map[string]any{"login": who.Login}}})
}

// input decodes the body, and answers when it can't.
func (c *call) input(v any) bool {
	if err := json.NewDecoder(c.r.Body).Decode(v); err != nil {
		fail(c.w, http.StatusBadRequest, "Problems parsing JSON")
		return false
	}
	return true
}

func (c *call) number(name string) int {
	n, _ := strconv.Atoi(c.r.PathValue(name))
	return n
}

// page cuts the page that was asked for out of a list, and sets Link.
func page[T any](c *call, all []T) []T {
	query := c.r.URL.Query()
	per, err := strconv.Atoi(query.Get("per_page"))
	if err != nil || per < 1 {
		per = 30
	}
	per = min(per, 100)
	number, err := strconv.Atoi(query.Get("page"))
	if err != nil || number < 1 {
		number = 1
	}
	last := max(1, (len(all)+per-1)/per)
	var links []string
	link := func(n int, rel string) {
		query.Set("page", strconv.Itoa(n))
		links = append(links, fmt.Sprintf(`<http://%s%s%s?%s>; rel="%s"`, c.r.Host, c.s.opt.Prefix, c.r.URL.Path, query.Encode(), rel))
	}
	if number > 1 {
		link(number-1, "prev")
		link(1, "first")
	}
	if number < last {
		link(number+1, "next")
		link(last, "last")
	}
	if len(links) > 0 {
		c.w.Header().Set("Link", strings.Join(links, ", "))
	}
	from := min(len(all), (number-1)*per)
	return all[from:min(len(all), from+per)]
}
