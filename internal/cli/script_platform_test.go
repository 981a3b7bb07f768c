package cli_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/agentsync/agentsync/internal/fastclock"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"
)

type storyKey struct{}

// story is what one script has: the platforms that it started, the last of
// which its commands speak of.
type story struct {
	reading []string        // switches that every platform of the story gets
	lock    string          // "no-lock": the story forgets its lock file
	log     string          // the file with all that the program said
	clock   fastclock.Clock // of a story where time is quick; else the zero one

	platforms []*platform
	kept      map[string]string // what `remote keep` remembered
	reached   map[int]bool      // endpoints, by their numbers
}

// platform is a sandbox behind a fault proxy, served on loopback.
type platform struct {
	sandbox *sandbox.Server
	proxy   *faults.Proxy
	server  *httptest.Server
	clock   *clock
	// from is the first request that counts; reset moves it.
	from int
}

func storyOf(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

// platform is the one that the story speaks of.
func (s *story) platform(ts *testscript.TestScript) *platform {
	if len(s.platforms) == 0 {
		ts.Fatalf("the story has no platform yet")
	}
	return s.platforms[len(s.platforms)-1]
}

func (s *story) close() {
	for _, p := range s.platforms {
		p.server.CloseClientConnections()
		p.server.Close()
		p.sandbox.Close()
	}
}

// customers is how every customer's number in a story begins: what the program says
// or writes may have its end alone.
const customers = "9198765"

func (s *story) secrets() []string {
	out := []string{customers}
	for _, p := range s.platforms {
		out = append(out, p.sandbox.Secrets()...)
	}
	return out
}

// startPlatform is `platform [switches]`: a fresh sandbox, and the variables
// that connect agentsync to it.
func startPlatform(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	s := storyOf(ts)
	o := sandbox.DefaultOptions()
	now := &clock{now: time.Date(2026, 4, 22, 9, 58, 53, 0, time.UTC), quick: s.clock}
	o.Now = now.Now
	o.Seed = 7
	flags := pflag.NewFlagSet("platform", pflag.ContinueOnError)
	flags.StringVar(&o.Rollback, "rollback", o.Rollback, "")
	flags.BoolVar(&o.CreatePublishes, "create-publishes", o.CreatePublishes, "")
	flags.StringVar(&o.Superseded, "superseded", o.Superseded, "")
	flags.BoolVar(&o.RestoreFields, "restore-fields", o.RestoreFields, "")
	flags.StringVar(&o.Numbers, "numbers", o.Numbers, "")
	flags.StringVar(&o.Listing, "listing", o.Listing, "")
	flags.BoolVar(&o.ValidatesLive, "validates-live", false, "")
	flags.StringVar(&o.Enhance, "enhance", o.Enhance, "")
	flags.StringVar(&o.Calls, "calls", o.Calls, "")
	flags.BoolVar(&o.RecentCalls, "recent-calls", o.RecentCalls, "")
	flags.StringVar(&o.CallOutcome, "call-outcome", o.CallOutcome, "")
	flags.IntVar(&o.TranscriptPolls, "transcript-polls", o.TranscriptPolls, "")
	flags.DurationVar(&o.TranscriptDelay, "transcript-delay", o.TranscriptDelay, "")
	flags.BoolVar(&o.Strict, "strict", false, "")
	flags.BoolVar(&o.Wrap, "wrap", false, "")
	flags.BoolVar(&o.SoftErrors, "soft-errors", false, "")
	flags.BoolVar(&o.NoRefresh, "no-refresh", false, "")
	flags.DurationVar(&o.ReadLag, "read-lag", 0, "")
	flags.DurationVar(&o.ClockSkew, "clock-skew", 0, "")
	flags.IntVar(&o.Page, "page", 0, "")
	flags.Float64Var(&o.RateLimit, "rate-limit", 0, "")
	flags.StringSliceVar(&o.Extra, "extra", nil, "")
	flags.StringVar(&o.Email, "email", o.Email, "")
	flags.StringVar(&o.Password, "password", o.Password, "")
	flags.StringVar(&o.APIKey, "api-key", o.APIKey, "")
	ts.Check(flags.Parse(append(append([]string{}, s.reading...), args...)))
	if flags.NArg() > 0 {
		ts.Fatalf("platform: %q is no switch", flags.Args())
	}
	if s.clock.Speed > 0 {
		o.Sleep = s.clock.Sleep
	}
	if s.clock.Speed == 0 && (o.RateLimit > 0 || o.ReadLag > 0) {
		o.Now = time.Now
	}
	server, err := sandbox.New(o)
	ts.Check(err)
	p := &platform{sandbox: server, proxy: faults.New(server, 1), clock: now}
	p.server = httptest.NewServer(p.proxy)
	s.platforms = append(s.platforms, p)
	ts.Setenv("INDUSLABS_BASE_URL", p.server.URL)
	ts.Setenv("INDUSLABS_EMAIL", o.Email)
	ts.Setenv("INDUSLABS_PASSWORD", o.Password)
	ts.Setenv("INDUSLABS_API_KEY", o.APIKey)
	ts.Setenv("INDUSLABS_TOKEN", "")
	ts.Setenv("LISTING", o.Listing)
}

// quick is `quick N`: time runs N times as fast for platforms that are started from
// now on, and for the program.
func quick(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	speed, err := strconv.Atoi(args[0])
	ts.Check(err)
	s := storyOf(ts)
	s.clock = fastclock.Clock{Start: time.Now(), Speed: speed}
	ts.Setenv(s.clock.Variable())
}

// await is `await METHOD PATHPART N`: waits until there were so many such requests
// since `requests reset`.
func await(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	p := storyOf(ts).platform(ts)
	within(ts, func() (is string, ok bool) {
		since := p.proxy.Requests()[p.from:]
		n := countRequests(since, func(r faults.Record) bool { return r.Method == args[0] && strings.Contains(r.Path, args[1]) })
		return "the requests are\n" + listRequests(since), n >= want
	})
}

// hear is `hear TEXT N`: it waits until the story's programs have said it N times.
func hear(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	within(ts, func() (is string, ok bool) {
		said, err := os.ReadFile(storyOf(ts).log)
		ts.Check(err)
		return "all that was said is\n" + string(said), strings.Count(string(said), args[0]) >= want
	})
}

// within waits a minute for something that other programs do; is says how it stands.
func within(ts *testscript.TestScript, done func() (is string, ok bool)) {
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		is, ok := done()
		if ok {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("it has not come within a minute: %s", is)
		}
	}
}

// later is `later DURATION`: the platform's clock goes on by so long, such as 2h.
// git's follows it, so that commits are made then.
func later(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	by, err := time.ParseDuration(args[0])
	ts.Check(err)
	now := storyOf(ts).platform(ts).clock.later(by).Format(time.RFC3339)
	ts.Setenv("GIT_AUTHOR_DATE", now)
	ts.Setenv("GIT_COMMITTER_DATE", now)
}

// fault is `fault METHOD PATHPART ACTION [NTH]`: the nth (or every) such
// request goes wrong, with 400 or 404, or as faults.Named says. `fault reset` ends all faults.
func fault(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	p := storyOf(ts).platform(ts)
	if len(args) == 1 && args[0] == "reset" {
		p.proxy.Reset()
		p.from = 0
		return
	}
	if len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: fault METHOD PATHPART ACTION [NTH] | fault reset")
	}
	var do faults.Action
	switch args[2] {
	case "400", "404":
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		do = faults.Status(status)
	default:
		var err error
		do, err = faults.Named(args[2])
		ts.Check(err)
	}
	rule := faults.Rule{Method: args[0], Path: args[1], Do: do}
	if len(args) == 4 {
		var err error
		rule.Nth, err = strconv.Atoi(args[3])
		ts.Check(err)
	}
	p.proxy.Add(rule)
}

// requests counts those since `requests reset`:
//
//	requests METHOD PATHPART N   just so many; METHOD may be "any"
//	requests writes N
//	requests most N              at most so many in all
func requests(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	p := storyOf(ts).platform(ts)
	since := p.proxy.Requests()[p.from:]
	switch {
	case len(args) == 1 && args[0] == "reset":
		p.from += len(since)
	case len(args) == 2 && args[0] == "writes":
		n := countRequests(since, func(r faults.Record) bool { return faults.IsWrite(r.Method, r.Path) })
		wantCount(ts, since, n, args[1])
	case len(args) == 2 && args[0] == "most":
		most, err := strconv.Atoi(args[1])
		ts.Check(err)
		if len(since) > most {
			ts.Fatalf("%d requests, want at most %d:\n%s", len(since), most, listRequests(since))
		}
		ts.Logf("%d requests, at most %d wanted", len(since), most)
	case len(args) == 3:
		n := countRequests(since, func(r faults.Record) bool {
			return (args[0] == "any" || args[0] == r.Method) && strings.Contains(r.Path, args[1])
		})
		wantCount(ts, since, n, args[2])
	default:
		ts.Fatalf("usage: requests reset | METHOD PATHPART N | writes N | most N")
	}
}

func countRequests(list []faults.Record, match func(faults.Record) bool) int {
	n := 0
	for _, r := range list {
		if match(r) {
			n++
		}
	}
	return n
}

func wantCount(ts *testscript.TestScript, list []faults.Record, got int, want string) {
	if strconv.Itoa(got) != want {
		ts.Fatalf("%d such requests, want %s; all of them:\n%s", got, want, listRequests(list))
	}
}

func listRequests(list []faults.Record) string {
	var b strings.Builder
	for _, r := range list {
		fmt.Fprintf(&b, "  %s %s %d\n", r.Method, r.Path, r.Status)
	}
	return b.String()
}

func noNeg(ts *testscript.TestScript, neg bool) {
	if neg {
		ts.Fatalf("! makes no sense here")
	}
}
