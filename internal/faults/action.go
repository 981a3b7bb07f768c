package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
)

// Action answers a request in place of the server behind it, which it may call
// first. next sees the request as the client sent it.
type Action func(w http.ResponseWriter, r *http.Request, next http.Handler)

// CutBefore closes the connection without an answer; the server never sees the
// request.
func CutBefore() Action {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		cut(w)
	}
}

// CutAfter lets the server act and then closes the connection without an
// answer.
func CutAfter() Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		act(r, next)
		cut(w)
	}
}

// Status answers with an error before the server acts. 502, 503 and 504 come
// as a proxy's HTML page, other codes as FastAPI's detail.
func Status(code int) Action {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		fail(w, code)
	}
}

// StatusAfter is Status after the server acted: 500 after a create, say.
func StatusAfter(code int) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		act(r, next)
		fail(w, code)
	}
}

// TooMany answers 429, with a Retry-After header unless it is "".
func TooMany(retryAfter string) Action {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		fail(w, http.StatusTooManyRequests)
	}
}

// Unauthorized answers as if the token had run out.
func Unauthorized() Action { return Status(http.StatusUnauthorized) }

// Truncate lets the server act, announces its whole answer, sends the first
// half of the body and closes the connection.
func Truncate() Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := act(r, next)
		maps.Copy(w.Header(), a.header)
		w.Header().Set("Content-Length", strconv.Itoa(max(a.body.Len(), 1)))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Answer sends this in place of the server's answer, which is never made.
func Answer(code int, contentType, body string) Action {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		write(w, code, contentType, body)
	}
}

// DelayBefore waits before the server acts, until wait returns. When wait
// returns an error (the request was cancelled, say) the connection is closed
// and the server does not act.
func DelayBefore(wait func(context.Context) error) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if wait(r.Context()) != nil {
			cut(w)
		}
		next.ServeHTTP(w, r)
	}
}

// DelayAfter lets the server act and waits before its answer is sent.
func DelayAfter(wait func(context.Context) error) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := act(r, next)
		if wait(r.Context()) != nil {
			cut(w)
		}
		a.send(w)
	}
}

// Until is a wait for DelayBefore and DelayAfter that ends when the channel is
// closed or the request is cancelled.
func Until(released <-chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-released:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Before calls f and then lets the server act: a dashboard edit just before a
// write, a process that is killed.
func Before(f func(*http.Request)) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		f(r)
		next.ServeHTTP(w, r)
	}
}

// After lets the server act, calls f and then sends the answer.
func After(f func(*http.Request)) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := act(r, next)
		f(r)
		a.send(w)
	}
}

// named are the actions that scripts can ask for.
var named = map[string]Action{
	"cut-before":      CutBefore(),
	"cut-after":       CutAfter(),
	"401":             Unauthorized(),
	"429":             TooMany(""),
	"429-retry-after": TooMany("1"),
	"429-far":         TooMany("600"),
	"500-before":      Status(500),
	"500-after":       StatusAfter(500),
	"502":             Status(502),
	"502-after":       StatusAfter(502),
	"503":             Status(503),
	"504":             Status(504),
	"504-after":       StatusAfter(504),
	"truncate":        Truncate(),
	"empty-list":      Answer(200, "application/json", "[]"),
}

// Named is the action with a script's name for it: cut-before, cut-after, 401,
// 429, 429-retry-after, 429-far, 500-before, 500-after, 502, 502-after, 503, 504,
// 504-after, truncate or empty-list.
func Named(name string) (Action, error) {
	if a, ok := named[name]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("no fault is called %q", name)
}

// cut ends the handler and closes the connection without sending anything. A
// test transport without connections sees http.ErrAbortHandler instead.
func cut(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// fail writes an error the way the platform, or the proxy before it, does.
func fail(w http.ResponseWriter, code int) {
	text := http.StatusText(code)
	switch code {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		write(w, code, "text/html", fmt.Sprintf("<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n"+
			"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", code, text, code, text))
		return
	case http.StatusUnauthorized:
		text = "Could not validate credentials"
	}
	write(w, code, "application/json", fmt.Sprintf(`{"detail":%q}`, text))
}

func write(w http.ResponseWriter, code int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = io.WriteString(w, body)
}

// held is an answer that was made but not sent.
type held struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// act lets the server act and holds its answer back. The server goes on when
// the client has gone: what is asked for is a lost answer, not a lost request.
func act(r *http.Request, next http.Handler) *held {
	h := &held{header: http.Header{}}
	next.ServeHTTP(h, r.WithContext(context.WithoutCancel(r.Context())))
	h.WriteHeader(http.StatusOK)
	return h
}

func (h *held) Header() http.Header { return h.header }

func (h *held) WriteHeader(code int) {
	if h.status == 0 {
		h.status = code
	}
}

func (h *held) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

func (h *held) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes())
}
