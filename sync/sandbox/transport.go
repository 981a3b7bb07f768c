package sandbox

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Transport calls the server without a network, whatever host a request names.
func (s *Server) Transport() http.RoundTripper { return NewTransport(s) }

// NewTransport calls a handler without a network: each request runs in a
// goroutine of its own, the body is streamed as it is written, a cancelled
// request ends with its context's error, and http.ErrAbortHandler looks like a
// connection that was cut. Errors are those of the context or
// io.ErrUnexpectedEOF.
func NewTransport(h http.Handler) http.RoundTripper { return transport{h} }

type transport struct{ handler http.Handler }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, cancel := context.WithCancel(req.Context())
	in := req.Clone(ctx)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = in.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	reader, writer := io.Pipe()
	w := &pipeWriter{header: http.Header{}, pipe: writer, ready: make(chan struct{})}
	go t.serve(w, in)
	stop := context.AfterFunc(ctx, func() { writer.CloseWithError(context.Cause(ctx)) })
	body := &responseBody{PipeReader: reader, done: func() { stop(); cancel() }}

	select {
	case <-w.ready:
	case <-ctx.Done():
		cancel()
		return nil, context.Cause(ctx)
	}
	if w.status == 0 {
		stop()
		defer cancel()
		return nil, cmp.Or(req.Context().Err(), io.ErrUnexpectedEOF)
	}
	length, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: length, Request: req,
	}, nil
}

// serve runs the handler and ends the body: cleanly, or with an error when the
// handler aborted.
func (t transport) serve(w *pipeWriter, in *http.Request) {
	defer closeBody(in)
	defer func() {
		raised := recover()
		err, _ := raised.(error)
		switch {
		case raised == nil:
			w.WriteHeader(http.StatusOK)
			w.pipe.Close()
		case errors.Is(err, http.ErrAbortHandler):
			w.once.Do(func() { close(w.ready) })
			w.pipe.CloseWithError(io.ErrUnexpectedEOF)
		default:
			panic(raised)
		}
	}()
	t.handler.ServeHTTP(w, in)
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

// pipeWriter is the handler's side. ready is closed when the header is sent, or
// with status 0 when there will be none.
type pipeWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	ready  chan struct{}
	once   sync.Once

	status int
	sent   http.Header
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.ready)
	})
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(b)
}

// Flush is there for handlers that ask for it; nothing is held back.
func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

// responseBody releases the request's context when it is closed or read to
// its end.
type responseBody struct {
	*io.PipeReader
	done func()
}

func (b *responseBody) Read(p []byte) (int, error) {
	n, err := b.PipeReader.Read(p)
	if err != nil {
		b.done()
	}
	return n, err
}

func (b *responseBody) Close() error {
	b.done()
	return b.PipeReader.Close()
}
