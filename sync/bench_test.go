package sync_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/benchgen"
	"github.com/agentsync/agentsync/internal/secret"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/lock"
	"github.com/agentsync/agentsync/sync/sandbox"
	"golang.org/x/sync/errgroup"
)

const (
	benchLatency     = 20 * time.Millisecond
	benchConnections = 16
)

// BenchmarkPlan is a plan that finds no change: manifests are loaded, the
// platform is read over a link of 20 ms, the plan is computed and rendered.
// ratio is its time to that of a bare client that makes the same reads over as
// many connections. The platform works in this process too, so the ratio as
// users see it is lower: examples/bench.sh measures that.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("agents=%d", n), func(b *testing.B) { benchmarkPlan(b, n) })
	}
}

func benchmarkPlan(b *testing.B, n int) {
	p := newBenchPlatform(b, n)
	var planned, bare time.Duration
	reads := 0
	for b.Loop() {
		p.server.ResetRequests()
		start := time.Now()
		client := p.client(b, p.far.URL, nil)
		plan, _ := p.plan(b, client)
		var out bytes.Buffer
		if err := render.Text(&out, plan, render.Options{}); err != nil {
			b.Fatal(err)
		}
		planned += time.Since(start)

		b.StopTimer()
		if !plan.IsEmpty() {
			b.Fatalf("the plan is not empty:\n%s", out.Bytes())
		}
		requests := p.server.Requests()
		reads = len(requests)
		start = time.Now()
		p.readBare(b, requests)
		bare += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(planned.Seconds()/bare.Seconds(), "ratio")
	b.ReportMetric(float64(reads), "requests/plan")
}

// benchPlatform is a sandbox that holds a project's agents, as applied.
type benchPlatform struct {
	dir    string
	server *sandbox.Server
	far    *httptest.Server // the server at the end of the link
	lock   *lock.Store
}

func newBenchPlatform(b *testing.B, n int) *benchPlatform {
	dir := b.TempDir()
	if err := benchgen.Write(dir, n); err != nil {
		b.Fatal(err)
	}
	o := sandbox.DefaultOptions()
	o.TokenLife = time.Hour
	server, err := sandbox.New(o)
	if err != nil {
		b.Fatal(err)
	}
	p := &benchPlatform{dir: dir, server: server}
	p.far = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(benchLatency)
		server.ServeHTTP(w, r)
	}))
	b.Cleanup(p.far.Close)
	if p.lock, err = lock.Open(filepath.Join(dir, lock.FileName), "default", lock.State{Dir: dir, Make: func() error { return nil }}); err != nil {
		b.Fatal(err)
	}
	p.apply(b)
	return p
}

// apply makes the agents, without the link.
func (p *benchPlatform) apply(b *testing.B) {
	client := p.client(b, "https://sandbox.invalid", p.server.Transport())
	plan, in := p.plan(b, client)
	report, err := sync.Apply(context.Background(), sync.ApplyInput{
		Plan: plan, Agents: in.Agents, Seen: in.Remote, Memory: in.Memory, Policy: in.Policy,
		Identity: in.Identity, Commit: diff.NoCommit, Remote: client, Lock: p.lock, Parallelism: benchConnections,
	})
	if err != nil || !report.OK() {
		b.Fatalf("apply: %v", err)
	}
}

func (p *benchPlatform) client(b *testing.B, url string, transport http.RoundTripper) *indus.Client {
	client, err := indus.New(indus.Options{
		BaseURL: url, Transport: transport, Parallelism: benchConnections,
		Credentials: indus.Credentials{Email: sandbox.DefaultEmail, Password: secret.New(sandbox.DefaultPassword)},
	})
	if err != nil {
		b.Fatal(err)
	}
	return client
}

func (p *benchPlatform) plan(b *testing.B, client *indus.Client) (*diff.Plan, diff.Input) {
	project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: p.dir})
	if project == nil {
		b.Fatal(problems)
	}
	in := diff.Input{
		Environment: project.Environment, Policy: project.Policy, Agents: project.Agents,
		Memory: sync.ToMemory(p.lock.Entries()).Rekey(project.Agents), Known: len(project.Agents),
		Identity: identity, OriginOf: asTheLineSays,
	}
	seen, err := sync.Observe(context.Background(), client,
		sync.Scope{Agents: in.Agents, Memory: in.Memory, Parallelism: benchConnections})
	if err != nil {
		b.Fatal(err)
	}
	in.Remote = seen
	plan, problems := diff.Compute(in)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	return plan, in
}

// readBare sends the plan's requests again, without looking at the answers.
func (p *benchPlatform) readBare(b *testing.B, requests []sandbox.RequestRecord) {
	transport := &http.Transport{MaxConnsPerHost: benchConnections, MaxIdleConnsPerHost: benchConnections}
	defer transport.CloseIdleConnections()
	token := "Bearer " + p.server.Token()
	work := make(chan sandbox.RequestRecord, len(requests))
	for _, r := range requests {
		work <- r
	}
	close(work)
	var group errgroup.Group
	for range benchConnections {
		group.Go(func() error {
			for r := range work {
				if err := send(transport, r.Method, p.far.URL+r.Path+"?"+r.Query, token); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}

func send(transport http.RoundTripper, method, url, token string) error {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", token)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
