package sandbox

import (
	"slices"
	"strings"
	"sync"
)

// maxRecords is how many requests are remembered; older ones are forgotten.
const maxRecords = 50_000

// RequestRecord is one request that the sandbox answered. Query has the values
// that could be secret masked. Body is "" unless Options.RecordBodies is set,
// and always for logins and the legacy listing.
type RequestRecord struct {
	Method string
	Path   string // unescaped
	Query  string
	Status int
	Body   string
}

type recorder struct {
	mu   sync.Mutex
	list []RequestRecord
}

func (r *recorder) add(rec RequestRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) >= maxRecords {
		r.list = slices.Delete(r.list, 0, maxRecords/2)
	}
	r.list = append(r.list, rec)
}

// Requests are the requests since the last reset, in the order in which they
// were answered.
func (s *Server) Requests() []RequestRecord {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	return slices.Clone(s.record.list)
}

// ResetRequests forgets the requests so far.
func (s *Server) ResetRequests() {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	s.record.list = nil
}

// CountRequests counts those with this method ("" for any) whose path contains
// part.
func (s *Server) CountRequests(method, part string) int {
	n := 0
	for _, r := range s.Requests() {
		if (method == "" || r.Method == method) && strings.Contains(r.Path, part) {
			n++
		}
	}
	return n
}

// IsWrite says whether the request changes the platform: not a read, a login,
// a refresh, a listing by API key or one of the prompt tools.
func (r RequestRecord) IsWrite() bool {
	switch {
	case r.Method == "GET", r.Method == "HEAD", r.Method == "OPTIONS":
		return false
	case r.Method != "POST":
		return true
	}
	for _, end := range []string{"/login", "/refresh_token", "/api/agents", "/configs/enhance", "/configs/render", "/configs/validate"} {
		if strings.HasSuffix(r.Path, end) {
			return false
		}
	}
	return true
}

// CountWrites counts the requests that were meant to change something.
func (s *Server) CountWrites() int {
	n := 0
	for _, r := range s.Requests() {
		if r.IsWrite() {
			n++
		}
	}
	return n
}

// Secrets are all the values that must never show in a client's output: the
// account's password and API key, every token that this process handed out, the
// LiveKit fields of every agent, and what signs the recordings of calls.
func (s *Server) Secrets() []string {
	out := []string{s.opts.Password, s.opts.APIKey}
	s.tokens.mu.Lock()
	out = append(out, s.tokens.issued...)
	s.tokens.mu.Unlock()
	_ = s.store.read(func(st *state) {
		for _, a := range st.oldestFirst() {
			for _, key := range livekitFields {
				out = append(out, a.Doc.text(key))
			}
		}
		for id := range st.calls {
			out = append(out, s.recordingKey(id))
		}
	})
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

var livekitFields = []string{"livekit_api_key", "livekit_api_secret", "livekit_host_url"}
