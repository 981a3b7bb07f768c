package indus

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/agentsync/agentsync/internal/secret"
)

// Error is what became of a request that did not work, in one line without
// secrets and control characters. It has the methods of sync.Failure.
type Error struct {
	Op        string // verb and path: "GET /api/agents/AGT_1"
	Status    int    // of the answer or its envelope; 0 when there was none
	Message   string // the server's, or what happened to the connection
	Detail    string // the reason below Message: "EOF"
	RequestID string // the server's, when it gave one

	tries  int
	gaveUp bool // the tries are the reason to stop
	acted  bool
	noAPI  bool // the platform does not have the endpoint, wherever it may be
	auth   bool // about the login that the request needed, not about its own answer
	cause  error
}

// Error is "verb path: status: message (request id)".
func (e *Error) Error() string {
	text := e.Op
	if e.Status != 0 {
		text += fmt.Sprintf(": %d", e.Status)
	}
	text += ": " + e.Message
	if e.gaveUp && e.tries > 1 {
		text += fmt.Sprintf(" after %d tries", e.tries)
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.RequestID != "" {
		text += " (request " + e.RequestID + ")"
	}
	return text
}

// NotFound reports whether the platform answered 404 to this very request.
func (e *Error) NotFound() bool { return e.Status == http.StatusNotFound && !e.auth }

// Login reports whether it is the login that did not work, not the request itself.
func (e *Error) Login() bool { return e.auth }

// MayHaveActed reports that a write was sent and that nothing proves that it
// changed nothing. It is never true for a read.
func (e *Error) MayHaveActed() bool { return e.acted }

// Tries counts how often the request was sent.
func (e *Error) Tries() int { return e.tries }

// Unwrap returns the reason below: context.Canceled after an interrupt.
func (e *Error) Unwrap() error { return e.cause }

// absent reports whether the platform does not know this endpoint. A nil error
// is none.
func (e *Error) absent() bool {
	return e != nil && !e.auth && slices.Contains([]int{404, 405, 501}, e.Status)
}

// advise adds which variables to check, when the platform refused their
// values.
func (e *Error) advise(vars string) {
	if slices.Contains([]int{400, 401, 403, 422}, e.Status) {
		e.Message += " (check " + vars + ")"
	}
}

// clean makes a stranger's text fit for one line on a terminal: white space is
// one space, what does not print is escaped, and limit characters are enough.
func clean(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.Join(strings.Fields(s), " ") {
		if n++; n > limit {
			return b.String() + "…"
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// scrubber takes known secrets out of text, in the forms in which servers
// echo them.
type scrubber struct {
	mu       sync.RWMutex
	forms    []string // longest first, so that no rest of a longer form stays
	replacer *strings.Replacer
}

// add makes secrets known. Ones of under four characters are left out: taking
// "a" out of every text would hide the text and not the secret.
func (s *scrubber) add(secrets ...secret.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sec := range secrets {
		plain := sec.Reveal()
		if len(plain) < 4 {
			continue
		}
		quoted, _ := json.Marshal(plain)
		s.forms = append(s.forms, plain, url.QueryEscape(plain), url.PathEscape(plain),
			strings.Trim(string(quoted), `"`), strings.Trim(strconv.Quote(plain), `"`))
	}
	slices.SortFunc(s.forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	s.forms = slices.Compact(s.forms)
	var pairs []string
	for _, form := range s.forms {
		pairs = append(pairs, form, "[secret]")
	}
	s.replacer = strings.NewReplacer(pairs...)
}

// clean returns text without the known secrets.
func (s *scrubber) clean(text string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.replacer == nil {
		return text
	}
	return s.replacer.Replace(text)
}

// line returns text without the known secrets, fit for one line: see clean.
func (s *scrubber) line(text string, limit int) string { return clean(s.clean(text), limit) }
