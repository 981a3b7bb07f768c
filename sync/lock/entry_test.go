package lock

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/spec"
)

// TestEntryEqual holds that each field of an entry counts: one that did not
// would be lost when two commits' lock files are merged.
func TestEntryEqual(t *testing.T) {
	whole := func() Entry {
		return Entry{AgentID: "1", AgentName: "A", Protect: true, Unfinished: true, Version: 1, Newest: 3, Since: "s", Config: "c", Wants: "w", Draft: 2,
			Expect: []string{"e"}, PutBack: "{}", Agent: map[string]string{"a": "1"}, Outcomes: map[string]string{"o": "1"}, Infields: map[string]string{"i": "1"},
			Smoke: &spec.PendingCall{Releases: "r", Back: 7}}
	}
	if !whole().Equal(whole()) {
		t.Error("an entry is not equal to its copy")
	}
	if !(Entry{}).Equal(Entry{Expect: []string{}, Agent: map[string]string{}}) {
		t.Error("what is written as the same bytes is not equal")
	}
	for i := range reflect.TypeFor[Entry]().NumField() {
		changed := whole()
		field := reflect.ValueOf(&changed).Elem().Field(i)
		if field.IsZero() {
			t.Fatalf("the example has no %s", reflect.TypeFor[Entry]().Field(i).Name)
		}
		field.SetZero()
		if changed.Equal(whole()) || whole().Equal(changed) {
			t.Errorf("%s does not count", reflect.TypeFor[Entry]().Field(i).Name)
		}
	}
	called := whole()
	called.Smoke = &spec.PendingCall{Releases: "r", Back: 7, CallID: "call_1"}
	if called.Equal(whole()) {
		t.Error("what a smoke call came to does not count")
	}
}

func TestEntryCheck(t *testing.T) {
	const digest = "0123456789ab"
	for name, tt := range map[string]struct {
		entry Entry
		want  string // "" for none
	}{
		"a verified agent":          {Entry{AgentID: "AGT_1", Config: digest, Expect: []string{digest}, Agent: map[string]string{"a": digest}}, ""},
		"a create that was begun":   {Entry{Unfinished: true}, ""},
		"no id":                     {Entry{}, "agent_id is missing"},
		"an odd id":                 {Entry{AgentID: "a/b"}, `agent_id "a/b" is not an id`},
		"an odd id of a create":     {Entry{AgentID: "a b", Unfinished: true}, `agent_id "a b" is not an id`},
		"an odd config":             {Entry{AgentID: "1", Config: "0123456789AB"}, `"0123456789AB" is not a digest of 12 hex digits`},
		"an odd config that may be": {Entry{AgentID: "1", Expect: []string{digest, ""}}, `"" is not a digest of 12 hex digits`},
		"an odd since":              {Entry{AgentID: "1", Since: "today"}, `since "today" is no time`},
		"an odd field":              {Entry{AgentID: "1", Agent: map[string]string{"a": "x"}}, `"x" is not a digest of 12 hex digits`},
		"an odd outcome":            {Entry{AgentID: "1", Outcomes: map[string]string{"a": "y"}}, `"y" is not a digest of 12 hex digits`},
		"an odd infield":            {Entry{AgentID: "1", Infields: map[string]string{"a": "z"}}, `"z" is not a digest of 12 hex digits`},
		"what is to be put back":    {Entry{AgentID: "1", PutBack: `{"call_outcomes":[{"outcome_name":"a"}],"call_infields":[]}`}, ""},
		"something else":            {Entry{AgentID: "1", PutBack: "[]"}, "put_back is not JSON of outcomes and infields"},
		"any name that is taken":    {Entry{AgentID: "1", Outcomes: map[string]string{"नाम: [": digest}}, ""},
		"an id of 128 letters":      {Entry{AgentID: strings.Repeat("a", 128)}, ""},
		"a call that waits": {Entry{AgentID: "1", Smoke: &spec.PendingCall{Releases: digest, Back: 7, Before: `{"call_outcomes":[]}`,
			Version: 8, Placed: "2026-04-22T09:30:00Z", CallID: "call_1"}}, ""},
		"an odd release": {Entry{AgentID: "1", Smoke: &spec.PendingCall{}}, `smoke_call: "" is not a digest of 12 hex digits`},
		"an odd time":    {Entry{AgentID: "1", Smoke: &spec.PendingCall{Releases: digest, Placed: "today"}}, `smoke_call: placed_at "today" is no time`},
		"an odd before":  {Entry{AgentID: "1", Smoke: &spec.PendingCall{Releases: digest, Before: "{"}}, "smoke_call: before is no JSON of the agent's fields, outcomes and infields"},
		"an odd item before": {Entry{AgentID: "1", Smoke: &spec.PendingCall{Releases: digest, Before: `{"call_outcomes":[5]}`}},
			"smoke_call: before is no JSON of the agent's fields, outcomes and infields"},
		"an odd state": {Entry{AgentID: "1", Smoke: &spec.PendingCall{Releases: digest, State: "new"}}, `smoke_call: state "new" is not known`},
		"an id of 129": {Entry{AgentID: strings.Repeat("a", 129)}, `agent_id "` + strings.Repeat("a", 129) + `" is not an id`},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := tt.entry.check(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestFileCheck holds that a file which agentsync can't have written is refused
// with all that is wrong with it.
func TestFileCheck(t *testing.T) {
	file := &File{Environments: map[string]Environment{
		"prod": {"a": {AgentID: "1"}, "b": {AgentID: "1"}, "C!": {AgentID: "2"}, "d": {}},
		"test": {"a": {AgentID: "1"}, "begun": {Unfinished: true}, "too": {Unfinished: true}}, // the same id, elsewhere
	}}
	err := file.check()
	want := `environments.prod: "C!" is no agent's key
environments.prod: "a" and "b" have the same agent_id 1
environments.prod."d": agent_id is missing`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestOneLine(t *testing.T) {
	long := strings.Repeat("a", 300)
	for in, want := range map[string]string{
		"two\n lines\tand more": "two lines and more",
		"a\x1b[31mb":            `a\x1b[31mb`,
		"नमस्ते":                "नमस्ते",
		long:                    long,
		long + "b":              long + "…",
	} {
		if got := oneLine(errors.New(in)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
