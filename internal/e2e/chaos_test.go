package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// fleet writes n agents, each with a prompt of its own.
func (w *world) fleet(n int, prompt string) {
	w.t.Helper()
	files := map[string]string{}
	for i := range n {
		name := fmt.Sprintf("agent-%03d", i)
		files["agents/"+name+".yaml"] = agentYAML(name, fmt.Sprintf("%s %d", prompt, i), twoOutcomes)
	}
	w.write(files)
}

// TestAFifthOfAllAnswersFails lets every answer fail with a chance of one in
// five, before or after the platform acted.
func TestAFifthOfAllAnswersFails(t *testing.T) {
	t.Parallel()
	agents := exhaustive.Or(20, 50)
	story := func(w *world, disturb func()) (requests int) {
		for _, prompt := range []string{"Be kind to caller", "Be brief with caller"} {
			w.fleet(agents, prompt)
			w.faults.Reset()
			disturb()
			for try := 1; ; try++ {
				r := w.run("apply", "--auto-approve")
				if r.code == 0 {
					break
				}
				if try == 3 {
					t.Fatalf("apply %d: %s", try, r)
				}
			}
			requests += len(w.faults.Requests())
		}
		return requests
	}
	calm := newWorld(t, nil)
	baseline := story(calm, func() {})
	rough := newWorld(t, nil)
	requests := story(rough, func() {
		// Each rule sees what the ones before it left: 4 of 100 each.
		for i, do := range []faults.Action{faults.Status(http.StatusBadGateway), faults.CutBefore(), faults.CutAfter(),
			faults.TooMany(""), faults.StatusAfter(http.StatusBadGateway)} {
			rough.faults.Add(faults.Rule{Path: "/api/agents", Probability: 0.04 / (1 - 0.04*float64(i)), Do: do})
		}
	})
	faulted := rough.faults.Faulted()
	compare(t, calm.snapshot(), rough.snapshot())
	rough.settled()
	fmt.Printf("undisturbed %d requests, disturbed %d, %d of the last round's faulted\n", baseline, requests, faulted)
	if requests >= 2*baseline {
		t.Errorf("%d requests, twice the undisturbed %d or more", requests, baseline)
	}
	if faulted < agents {
		t.Errorf("only %d requests were disturbed", faulted)
	}
}

// TestLimitedServer plans and applies 100 agents against a server that takes
// 20 requests a second. The quick tests let time pass faster, and have one of two ways.
func TestLimitedServer(t *testing.T) {
	t.Parallel()
	for _, n := range exhaustive.Of(2, 2, t.Name()) {
		name := []string{"without", "with Retry-After"}[n-1]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldAt(t, exhaustive.Or(10, 1), func(o *sandbox.Options) { o.RateLimit, o.RetryAfter = 20, n == 2 })
			w.fleet(100, "Limited")
			report := w.must(0, "apply", "--auto-approve")
			w.must(0, "plan", "--detailed-exitcode")
			if !strings.Contains(report.stdout, "Apply done: 600 done of 600 steps.") {
				t.Errorf("not every step is done: %s", report)
			}
			all, limited := len(w.faults.Requests()), w.faults.Count("", "", http.StatusTooManyRequests)
			fmt.Printf("limit %s: %d requests, %d answered 429 (%.1f%%)\n", name, all, limited, 100*float64(limited)/float64(all))
			if limited*100 >= all*5 {
				t.Errorf("%d of %d requests were answered 429, 5%% or more", limited, all)
			}
		})
	}
}

// TestLimitedFleet applies and plans 1,000 agents against a server that takes 20
// requests a second: no step fails, and neither takes more than 1.1 times what the
// limit dictates. Time passes four times as fast.
func TestLimitedFleet(t *testing.T) {
	exhaustive.Only(t, "two minutes of waiting")
	const agents, limit = 1000, 20
	w := newWorldAt(t, 4, func(o *sandbox.Options) { o.RateLimit = limit })
	w.fleet(agents, "Limited")
	for _, args := range [][]string{{"apply", "--auto-approve"}, {"plan", "--detailed-exitcode"}} {
		w.faults.Reset()
		start := w.clock.Now()
		w.must(0, args...)
		took := w.clock.Now().Sub(start)
		all, limited := len(w.faults.Requests()), w.faults.Count("", "", http.StatusTooManyRequests)
		dictated := time.Duration(all-limited-limit) * time.Second / limit // the first second's worth is free
		fmt.Printf("%s: %d requests, %d answered 429, %s of %s dictated (%.2f times)\n",
			args[0], all, limited, took.Round(time.Second), dictated, took.Seconds()/dictated.Seconds())
		if took > dictated*11/10 {
			t.Errorf("%s took %s, more than 1.1 times %s", args[0], took, dictated)
		}
	}
}

// TestTokensDieAllTheTime lets tokens live two seconds while every request
// takes its time.
func TestTokensDieAllTheTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *sandbox.Options) { o.TokenLife, o.Latency = 2*time.Second, 100*time.Millisecond })
	w.fleet(20, "Short")
	w.must(0, "apply", "--auto-approve", "--parallelism", "4")
	if n := w.faults.Count("", "", http.StatusUnauthorized); n == 0 {
		t.Error("no token died: the story was too quick")
	}
	w.settled()
}
