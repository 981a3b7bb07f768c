package cli_test

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/agentsync/agentsync/internal/faults"
)

// theEndpoints are those of the platform's reference, by its numbers.
var theEndpoints = []string{1: "POST /api/login", 2: "POST /api/refresh_token", 3: "POST /api/agents", 4: "GET /api/agents/",
	5: "POST /api/agents/create", 6: "GET /api/agents/{}", 7: "PUT /api/agents/{}", 8: "DELETE /api/agents/{}",
	9: "POST /api/agents/{}/configs", 10: "GET /api/agents/{}/configs", 11: "GET /api/agents/{}/configs/current",
	12: "GET /api/agents/{}/configs/{n}", 13: "PUT /api/agents/{}/configs/{n}", 14: "DELETE /api/agents/{}/configs/{n}",
	15: "POST /api/agents/{}/configs/{n}/publish", 16: "POST /api/agents/{}/configs/{n}/rollback",
	17: "POST /api/agents/{}/configs/enhance", 18: "POST /api/agents/{}/configs/render", 19: "POST /api/agents/{}/configs/validate",
	20: "POST /api/agents/{}/call_outcomes", 21: "GET /api/agents/{}/call_outcomes", 22: "PATCH /api/agents/{}/call_outcomes/{}", 23: "DELETE /api/agents/{}/call_outcomes/{}",
	24: "POST /api/agents/{}/call_infields", 25: "GET /api/agents/{}/call_infields", 26: "PATCH /api/agents/{}/call_infields/{}", 27: "DELETE /api/agents/{}/call_infields/{}",
	28: "PUT /api/agents/{}/config/{}", 29: "POST /api/developer/login",
	30: "POST /api/developer/calls/click2call", 31: "GET /api/developer/calls/{}/transcript"}

// newerEndpoints are the addresses of calls that the reference gives beside them.
var newerEndpoints = []string{"POST /api/calls/click2call", "GET /api/calls/{}/transcript", "GET /api/calls/recent"}

// endpointPatterns match the line of a request: those of theEndpoints under their
// numbers, the newer ones after them.
var endpointPatterns = func() (out []*regexp.Regexp) {
	for _, line := range append(slices.Clone(theEndpoints), newerEndpoints...) {
		pattern := strings.NewReplacer(`\{n\}`, "[0-9]+", `\{\}`, "[^/]+").Replace(regexp.QuoteMeta(line))
		out = append(out, regexp.MustCompile("^"+pattern+"$"))
	}
	return out
}()

// endpointOf is the number of a request's endpoint; 0 for none. A literal segment
// goes before one that stands for anything.
func endpointOf(r faults.Record) int {
	found := 0
	for number, pattern := range endpointPatterns {
		if number > 0 && pattern.MatchString(r.Method+" "+r.Path) && (found == 0 || strings.Count(pattern.String(), "+") < strings.Count(endpointPatterns[found].String(), "+")) {
			found = number
		}
	}
	return found
}

// endpoints holds what the program has asked the platform for:
//
//	endpoints N…    since the last such line it has had an answer of each of these
//	endpoints all   in the story it has had one of each that the reference has
//
// A request to any other address fails the story.
func endpoints(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	s := storyOf(ts)
	if len(args) == 1 && args[0] == "all" {
		for number := range theEndpoints {
			if number > 0 && !s.reached[number] {
				ts.Fatalf("no command has reached endpoint %d, %s", number, theEndpoints[number])
			}
		}
		return
	}
	p := s.platform(ts)
	since := p.proxy.Requests()[p.from:]
	p.from += len(since)
	got := map[int]bool{}
	for _, r := range since {
		number := endpointOf(r)
		if number == 0 {
			ts.Fatalf("the reference has no endpoint %s %s", r.Method, r.Path)
		}
		if r.Status > 0 && r.Status < 400 {
			got[number] = true
		}
	}
	for _, arg := range args {
		number, err := strconv.Atoi(arg)
		ts.Check(err)
		if !got[number] {
			ts.Fatalf("endpoint %d was not reached, %s; these were:\n%s", number, theEndpoints[number], listRequests(since))
		}
	}
	if s.reached == nil {
		s.reached = map[int]bool{}
	}
	maps.Copy(s.reached, got)
	ts.Logf("reached %s", cmp.Or(strings.Trim(fmt.Sprint(slices.Sorted(maps.Keys(got))), "[]"), "none"))
}
