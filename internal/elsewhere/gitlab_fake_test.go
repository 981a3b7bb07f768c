package elsewhere

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	token   = "glpat-secret-of-the-bot"
	botID   = 7
	project = "42"
)

// noteOf is a note of a merge request.
type noteOf struct {
	ID     int    `json:"id"`
	Body   string `json:"body"`
	Author struct {
		ID int `json:"id"`
	} `json:"author"`
}

// gitlabFake is what the template asks of GitLab. Requests that it does not know,
// and those without the token, fail.
type gitlabFake struct {
	*httptest.Server
	mu       sync.Mutex
	notes    map[int][]noteOf // by merge request
	merged   map[string]int   // merge requests by the commits that they were merged as
	plans    map[int][]byte   // plan.json of each merge request's newest plan
	archives map[string][]byte
}

func newFake(t *testing.T) *gitlabFake {
	f := &gitlabFake{notes: map[int][]noteOf{}, merged: map[string]int{}, plans: map[int][]byte{}, archives: map[string][]byte{}}
	api := http.NewServeMux()
	root := "/api/v4/projects/" + project
	api.HandleFunc("GET /api/v4/user", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]int{"id": botID}) })
	api.HandleFunc("GET "+root+"/merge_requests/{n}/notes", f.list)
	api.HandleFunc("POST "+root+"/merge_requests/{n}/notes", func(w http.ResponseWriter, r *http.Request) {
		answer(w, f.add(number(r, "n"), botID, r.PostFormValue("body")))
	})
	api.HandleFunc("PUT "+root+"/merge_requests/{n}/notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		for i, note := range f.notes[number(r, "n")] {
			if note.ID == number(r, "id") && note.Author.ID == botID {
				f.notes[number(r, "n")][i].Body = r.PostFormValue("body")
				answer(w, note)
				return
			}
		}
		http.Error(w, "403 Forbidden", http.StatusForbidden)
	})
	api.HandleFunc("GET "+root+"/repository/commits/{sha}/merge_requests", func(w http.ResponseWriter, r *http.Request) {
		requests := []any{map[string]any{"iid": 90, "state": "opened"}}
		if n, ok := f.merged[r.PathValue("sha")]; ok {
			requests = append(requests, map[string]any{"iid": n, "state": "merged"})
		}
		answer(w, requests)
	})
	// The newest pipeline has no plan, as after a push whose plan failed.
	api.HandleFunc("GET "+root+"/merge_requests/{n}/pipelines", func(w http.ResponseWriter, r *http.Request) {
		answer(w, []any{map[string]any{"id": 1000 + number(r, "n")}, map[string]any{"id": 500 + number(r, "n")}})
	})
	api.HandleFunc("GET "+root+"/pipelines/{id}/jobs", func(w http.ResponseWriter, r *http.Request) {
		jobs := []any{map[string]any{"id": 1, "name": "lint"}}
		if n := number(r, "id") - 500; f.plans[n] != nil && r.URL.Query().Get("scope[]") == "success" {
			jobs = append(jobs, map[string]any{"id": n, "name": "agentsync-plan"})
		}
		answer(w, jobs)
	})
	api.HandleFunc("GET "+root+"/jobs/{id}/artifacts/plan.json", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(f.plans[number(r, "id")])
	})
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if data, ok := f.archives[r.URL.Path]; ok {
			_, _ = w.Write(data)
			return
		}
		_, pattern := api.Handler(r)
		if r.Header.Get("PRIVATE-TOKEN") != token || pattern == "" {
			t.Errorf("GitLab got %s %s, with the token %v", r.Method, r.URL, r.Header.Get("PRIVATE-TOKEN") == token)
			http.Error(w, "404 Not Found", http.StatusNotFound)
			return
		}
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *gitlabFake) add(request, author int, body string) noteOf {
	note := noteOf{ID: len(f.notes[request]) + 100*request, Body: body}
	note.Author.ID = author
	f.notes[request] = append(f.notes[request], note)
	return note
}

// list answers a page of notes; each has two, so that there are some.
func (f *gitlabFake) list(w http.ResponseWriter, r *http.Request) {
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	notes := f.notes[number(r, "n")]
	from, to := min(2*(page-1), len(notes)), min(2*page, len(notes))
	answer(w, append([]noteOf{}, notes[from:to]...))
}

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.PathValue(name))
	return n
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// change changes what it holds, between two of its answers.
func (f *gitlabFake) change(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
}

// ours are the bot's notes of a merge request.
func (f *gitlabFake) ours(request int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, note := range f.notes[request] {
		if note.Author.ID == botID {
			out = append(out, note.Body)
		}
	}
	return strings.Join(out, fmt.Sprintf("\n%s\n", strings.Repeat("=", 20)))
}
