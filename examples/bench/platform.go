//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// serve is the platform's process: one sandbox at two addresses, which it
// prints. The first answers at once, for filling it; the second after latency.
// It ends with its standard input.
func serve(latency string) error {
	wait, err := time.ParseDuration(latency)
	if err != nil {
		return err
	}
	o := sandbox.DefaultOptions()
	o.TokenLife = time.Hour
	server, err := sandbox.New(o)
	if err != nil {
		return err
	}
	defer server.Close()
	var requests, writes atomic.Int64 // at the far address; the sandbox remembers the last ones alone
	mux := http.NewServeMux()
	mux.Handle("/", server)
	mux.HandleFunc("/bench/reads", func(w http.ResponseWriter, _ *http.Request) {
		for _, r := range server.Requests() {
			if r.Method == http.MethodGet {
				fmt.Fprintf(w, "%s?%s\n", r.Path, r.Query)
			}
		}
		server.ResetRequests()
	})
	mux.HandleFunc("/bench/counts", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, requests.Swap(0), writes.Swap(0))
		server.ResetRequests()
	})
	far := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if faults.IsWrite(r.Method, r.URL.Path) {
			writes.Add(1)
		}
		time.Sleep(wait)
		server.ServeHTTP(w, r)
	})
	for _, handler := range []http.Handler{mux, far} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()
		go http.Serve(listener, handler)
		fmt.Printf("http://%s\n", listener.Addr())
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// platform is a running serve.
type platform struct {
	near, far string // without and with latency
	stop      func()
}

func startPlatform(latency time.Duration) (*platform, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "serve", latency.String())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &platform{stop: func() { stdin.Close(); _ = cmd.Wait() }}
	lines := bufio.NewScanner(stdout)
	for _, url := range []*string{&p.near, &p.far} {
		if !lines.Scan() {
			p.stop()
			return nil, fmt.Errorf("the platform did not start: %v", lines.Err())
		}
		*url = lines.Text()
	}
	return p, nil
}

// reads are the GETs since the last call, as a path and query a line.
func (p *platform) reads() (string, error) {
	resp, err := http.Get(p.near + "/bench/reads")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// counts are the requests since the last call, and the writes among them.
func (p *platform) counts() (requests, writes int, err error) {
	resp, err := http.Get(p.near + "/bench/counts")
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	_, err = fmt.Fscan(resp.Body, &requests, &writes)
	return requests, writes, err
}

// env is what connects agentsync to the platform at url.
func env(url string) []string {
	var out []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "INDUSLABS_") {
			out = append(out, v)
		}
	}
	return append(out, "INDUSLABS_BASE_URL="+url, "INDUSLABS_EMAIL="+sandbox.DefaultEmail, "INDUSLABS_PASSWORD="+sandbox.DefaultPassword)
}
