package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/agentsync/agentsync/internal/faults"
)

// server counts how often it acted and says so.
func server(t *testing.T) (p *faults.Proxy, url string, acted *atomic.Int32) {
	acted = new(atomic.Int32)
	p = faults.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%d %s %s", acted.Add(1), b, strings.Repeat("x", 100))
	}), 1)
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return p, s.URL, acted
}

// post gives the status and the error of one POST; an error of the body counts.
func post(url string) (status int, header http.Header, body string, err error) {
	res, err := http.Post(url, "text/plain", strings.NewReader("hello"))
	if err != nil {
		return 0, nil, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, res.Header, string(b), err
}

func TestActions(t *testing.T) {
	for _, c := range []struct {
		name   string
		acts   int32
		status int
		fails  bool
		body   string
	}{
		{"cut-before", 0, 0, true, ""},
		{"cut-after", 1, 0, true, ""},
		{"401", 0, 401, false, `{"detail":"Could not validate credentials"}`},
		{"429", 0, 429, false, "Too Many"},
		{"429-retry-after", 0, 429, false, "Too Many"},
		{"500-before", 0, 500, false, "detail"},
		{"500-after", 1, 500, false, "detail"},
		{"502", 0, 502, false, "<html>"},
		{"502-after", 1, 502, false, "<html>"},
		{"503", 0, 503, false, "<html>"},
		{"504", 0, 504, false, "<html>"},
		{"504-after", 1, 504, false, "<html>"},
		{"truncate", 1, 201, true, "1 hello x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, url, acted := server(t)
			do, err := faults.Named(c.name)
			if err != nil {
				t.Fatal(err)
			}
			p.Add(faults.Rule{Do: do})
			status, header, body, err := post(url)
			if status != c.status || (err != nil) != c.fails || acted.Load() != c.acts || !strings.Contains(body, c.body) {
				t.Errorf("status %d, error %v, acted %d, body %q", status, err, acted.Load(), body)
			}
			if got := header.Get("Retry-After"); (got == "1") != (c.name == "429-retry-after") {
				t.Errorf("Retry-After %q", got)
			}
			wanted := c.status
			if c.fails {
				wanted = 0
			}
			if p.Count("POST", "", wanted) != 1 || p.Faulted() != 1 {
				t.Errorf("requests: %v", p.Requests())
			}
		})
	}
	if _, err := faults.Named("nonsense"); err == nil {
		t.Error("an unknown name is an error")
	}
}

func TestChoosing(t *testing.T) {
	p, url, _ := server(t)
	p.Add(faults.Rule{Method: "POST", Path: "/a", Nth: 2, Do: faults.Status(500)})
	p.Add(faults.Rule{Path: "/b", Times: 1, Do: faults.Status(503)})
	p.Add(faults.Rule{Writes: true, Path: "login", Do: faults.Status(418)})
	var got []int
	for _, path := range []string{"/a", "/a", "/a", "/b", "/b", "/api/login"} {
		status, _, _, err := post(url + path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if fmt.Sprint(got) != "[201 500 201 503 201 201]" {
		t.Errorf("got %v", got)
	}
	if p.Writes() != 5 {
		t.Errorf("writes: %d", p.Writes())
	}
	p.Reset()
	if len(p.Requests()) != 0 {
		t.Error("reset keeps requests")
	}
}

func TestProbabilityIsRepeatable(t *testing.T) {
	run := func() (pattern string) {
		p, url, _ := server(t)
		p.Add(faults.Rule{Probability: 0.2, Do: faults.Status(500)})
		for range 100 {
			status, _, _, _ := post(url)
			pattern += fmt.Sprint(status / 500)
		}
		return pattern
	}
	first := run()
	if n := strings.Count(first, "1"); n < 8 || n > 35 {
		t.Errorf("%d of 100 at 20 %%", n)
	}
	if second := run(); second != first {
		t.Errorf("the same seed gave\n%s\n%s", first, second)
	}
}

func TestHooksAndDelays(t *testing.T) {
	p, url, acted := server(t)
	var seen []int32
	note := func(*http.Request) { seen = append(seen, acted.Load()) }
	p.Add(faults.Rule{Nth: 1, Do: faults.Before(note)})
	p.Add(faults.Rule{Nth: 2, Do: faults.After(note)})
	for range 2 {
		if status, _, _, err := post(url); status != 201 || err != nil {
			t.Fatal(status, err)
		}
	}
	if fmt.Sprint(seen) != "[0 2]" {
		t.Errorf("hooks saw %v", seen)
	}

	p.Reset()
	released := make(chan struct{})
	p.Add(faults.Rule{Nth: 1, Do: faults.DelayAfter(faults.Until(released))})
	p.Add(faults.Rule{Nth: 2, Do: faults.DelayBefore(func(context.Context) error { return errors.New("no") })})
	answered := make(chan int)
	go func() {
		status, _, _, _ := post(url)
		answered <- status
	}()
	for acted.Load() < 3 {
		select {
		case <-answered:
			t.Fatal("answered before the release")
		default:
		}
	}
	close(released)
	if status := <-answered; status != 201 {
		t.Errorf("status %d", status)
	}
	if _, _, _, err := post(url); err == nil || acted.Load() != 3 {
		t.Error("a wait that fails cuts the connection before the server acts")
	}
}
