package sync

import (
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
)

// TestUnmet holds what a call is held against: a transcript is heard, so capitals and
// line breaks make no difference, but each text is said in one turn.
func TestUnmet(t *testing.T) {
	heard := diff.Call{Outcome: "Interested", Turns: []diff.Turn{{Role: "agent", Text: "Namaste\nRahul, नमस्ते."}, {Role: "user", Text: "Call me LATER"}}}
	for name, tt := range map[string]struct {
		expect spec.CallExpectation
		heard  diff.Call
		want   string // the failures
	}{
		"all of it":        {spec.CallExpectation{Outcomes: []string{"won", "interested"}, Contains: []string{"namaste rahul", "later", "नमस्ते"}}, heard, ""},
		"another outcome":  {spec.CallExpectation{Outcomes: []string{"won", "lost"}}, heard, `call_outcome: must be "won" or "lost", and is "Interested"`},
		"no outcome":       {spec.CallExpectation{Outcomes: []string{"won"}}, diff.Call{}, `call_outcome: must be "won", and the call has none`},
		"a part of one":    {spec.CallExpectation{Outcomes: []string{"Interest"}}, heard, `call_outcome: must be "Interest", and is "Interested"`},
		"never said":       {spec.CallExpectation{Contains: []string{"rupees"}}, heard, `transcript: must contain "rupees"; line 1: agent: Namaste Rahul, नमस्ते.`},
		"across two turns": {spec.CallExpectation{Contains: []string{"नमस्ते. call me"}}, heard, `transcript: must contain "नमस्ते. call me"; line 1: agent: Namaste Rahul, नमस्ते.`},
		"nobody spoke":     {spec.CallExpectation{Contains: []string{"hello"}}, diff.Call{}, `transcript: must contain "hello", and nothing was said`},
		"nothing about it": {spec.CallExpectation{Answered: true}, diff.Call{}, ""},
		"two that are unmet": {spec.CallExpectation{Outcomes: []string{"a"}, Contains: []string{"b"}}, diff.Call{},
			"call_outcome: must be \"a\", and the call has none\ntranscript: must contain \"b\", and nothing was said"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range unmet(tt.expect, tt.heard) {
				got = append(got, f.String())
			}
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got\n%s\nwant\n%s", text, tt.want)
			}
		})
	}
}
