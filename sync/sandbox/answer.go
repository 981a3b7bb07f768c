package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// answer is a response before it is sent. Its body is encoded while the state
// is held, so that nothing changes under it.
type answer struct {
	status  int
	body    []byte
	form    form
	list    string // the name of a raw list when Options.Wrap puts it in an envelope
	header  [][2]string
	traced  bool   // an error whose body names the request id
	message string // of an error with traced
	acted   bool   // an error after which the change stays
	cut     bool   // the connection ends before the answer
	delay   time.Duration
}

// form is how the reference documents the body.
type form int

const (
	rawForm form = iota
	envelopeForm
	errorForm
)

// envelope is the platform's standard answer.
type envelope struct {
	StatusCode int    `json:"status_code"`
	Message    string `json:"message"`
	Error      any    `json:"error"`
	Data       any    `json:"data"`
}

func raw(v any) answer { return answer{status: http.StatusOK, body: mustEncode(v)} }

// rawList is an array; name is what it is called when it comes wrapped.
func rawList(name string, docs []*doc) answer {
	if docs == nil {
		docs = []*doc{}
	}
	return answer{status: http.StatusOK, body: mustEncode(docs), list: name}
}

func enveloped(status int, message string, data any) answer {
	return answer{status: status, form: envelopeForm,
		body: mustEncode(envelope{StatusCode: status, Message: message, Data: data})}
}

// refused is an error in an envelope.
func refused(status int, message string) answer {
	return answer{status: status, form: envelopeForm,
		body: mustEncode(envelope{StatusCode: status, Message: message, Error: message})}
}

// detail is FastAPI's error with a text.
func detail(status int, message string) answer {
	return answer{status: status, form: errorForm, body: mustEncode(map[string]any{"detail": message})}
}

// tracedDetail is detail with the request's id in the body.
func tracedDetail(status int, message string) answer {
	return answer{status: status, form: errorForm, traced: true, message: message}
}

// invalid is FastAPI's 422.
func invalid(problems ...problem) answer {
	return answer{status: http.StatusUnprocessableEntity, form: errorForm,
		body: mustEncode(map[string]any{"detail": problems})}
}

func (a answer) with(key, value string) answer {
	a.header = append(a.header, [2]string{key, value})
	return a
}

// send writes the answer the way the options ask for.
func (s *Server) send(w http.ResponseWriter, a answer, requestID string) {
	body, status := a.body, a.status
	switch {
	case a.traced:
		body = mustEncode(map[string]any{"detail": a.message, "request_id": requestID})
	case a.form == rawForm && s.opts.Wrap && body != nil:
		body = wrap(a)
	case a.form == envelopeForm && s.opts.SoftErrors && status >= 400:
		status = http.StatusOK
	}
	h := w.Header()
	h.Set("Date", s.opts.Now().UTC().Format(http.TimeFormat))
	h.Set("X-Request-ID", requestID)
	h.Set("Server", "uvicorn")
	for _, kv := range a.header {
		h.Set(kv[0], kv[1])
	}
	if body != nil {
		h.Set("Content-Type", "application/json")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// wrap puts a raw answer into an envelope; the parts are JSON already.
func wrap(a answer) []byte {
	out := []byte(`{"status_code":` + strconv.Itoa(a.status) + `,"message":"OK","error":null,"data":`)
	if a.list != "" {
		out = append(out, `{"`+a.list+`":`...)
		out = append(out, a.body...)
		return append(out, `}}`...)
	}
	out = append(out, a.body...)
	return append(out, '}')
}
