package sandbox

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTransport(t *testing.T) {
	c := newClient(t, nil)
	c.create("A", strings.Repeat("long ", 100_000))
	client := &http.Client{Transport: c.s.Transport()}
	req, err := http.NewRequest("GET", "https://anything.example/api/agents/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	for _, whole := range []bool{true, false} {
		res, err := client.Do(req)
		if err != nil || res.StatusCode != 200 || res.ContentLength <= 0 {
			t.Fatal(res, err)
		}
		if whole {
			b, err := io.ReadAll(res.Body)
			if err != nil || int64(len(b)) != res.ContentLength {
				t.Errorf("%d of %d: %v", len(b), res.ContentLength, err)
			}
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	res, err := client.Post("http://x/api/login", "application/json", strings.NewReader(`{"email":"a","password":"b"}`))
	if err != nil || res.StatusCode != 400 {
		t.Fatal(res, err)
	}
	res.Body.Close()
}

func TestTransportIsCancelled(t *testing.T) {
	c := newClient(t, func(o *Options) { o.Latency = time.Hour })
	ctx, cancel := context.WithCancel(context.Background())
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://x/api/agents/", nil)
	time.AfterFunc(time.Millisecond, cancel)
	if _, err := c.s.Transport().RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := c.s.Transport().RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestTransportOfAnAbortedHandler(t *testing.T) {
	get := func(h http.HandlerFunc) (*http.Response, error) {
		req, _ := http.NewRequest("GET", "http://x/", nil)
		return NewTransport(h).RoundTrip(req)
	}
	if _, err := get(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
	res, err := get(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(res.Body); string(b) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q %v", b, err)
	}
	res, err = get(func(http.ResponseWriter, *http.Request) {})
	if err != nil || res.StatusCode != 200 {
		t.Errorf("%v %v", res, err)
	}
}
