package sync

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// TestTouchedBy holds what is read again before the first write: what the steps
// are about to write, and no more.
func TestTouchedBy(t *testing.T) {
	all := touch{sections: sections{agent: true, outcomes: true, infields: true}, versions: true}
	for action, want := range map[diff.Action]touch{
		diff.Adopt:         {sections: sections{agent: true}},
		diff.UpdateAgent:   {sections: sections{agent: true}},
		diff.CreateDraft:   {versions: true},
		diff.UpdateDraft:   {versions: true},
		diff.DeleteDraft:   {versions: true},
		diff.Publish:       {versions: true},
		diff.Validate:      {versions: true}, // what is checked is what the plan saw
		diff.Render:        {versions: true},
		diff.Rollback:      {sections: sections{outcomes: true, infields: true}, versions: true}, // it may move them
		diff.UpdateService: {sections: sections{current: true}},
		diff.CreateOutcome: {sections: sections{outcomes: true}},
		diff.UpdateOutcome: {sections: sections{outcomes: true}},
		diff.DeleteOutcome: {sections: sections{outcomes: true}},
		diff.CreateInfield: {sections: sections{infields: true}},
		diff.UpdateInfield: {sections: sections{infields: true}},
		diff.DeleteInfield: {sections: sections{infields: true}},
		diff.DeleteAgent:   all, // all of it goes
	} {
		if got := touchedBy([]diff.Step{{Action: action}}); got != want {
			t.Errorf("%s: %+v, want %+v", action, got, want)
		}
	}
	if got := touchedBy(nil); got != (touch{}) {
		t.Errorf("no step touches %+v", got)
	}
	// The list has what is live, so a draft beside a service needs no read of it.
	got := touchedBy([]diff.Step{{Action: diff.DeleteDraft}, {Action: diff.UpdateService}, {Action: diff.CreateInfield}})
	if want := (touch{sections: sections{infields: true}, versions: true}); got != want {
		t.Errorf("together: %+v, want %+v", got, want)
	}
}

func TestMovedVersions(t *testing.T) {
	two := 2
	one := live(1, "One.")
	for name, tt := range map[string]struct {
		seen, now []diff.Version
		steps     []diff.Step
		want      string
	}{
		"as it was": {
			versions(draft(2, "Two."), one), versions(draft(2, "Two."), one), []diff.Step{{Action: diff.Publish, To: &two}}, "",
		},
		"a draft was made": {
			versions(one), versions(someones(draft(2, "Two.")), one), nil,
			"v2 was made since the plan, changed at 2026-04-22 09:00:00 UTC by dev@example.com",
		},
		"a plan without a list can't tell": {
			nil, versions(draft(2, "Two."), one), nil, "",
		},
		"a draft that the plan does not use is gone": {
			versions(draft(2, "Two."), one), versions(one), []diff.Step{{Action: diff.CreateDraft}}, "",
		},
		"a draft that a step uses was edited": {
			versions(draft(2, "Two."), one), versions(someones(draft(2, "Mine.")), one), []diff.Step{{Action: diff.Publish, To: &two}},
			"v2 was changed since the plan, changed at 2026-04-22 09:00:00 UTC by dev@example.com",
		},
		"a draft that a step uses is gone": {
			versions(draft(2, "Two."), one), versions(one), []diff.Step{{Action: diff.Publish, To: &two}},
			"v2 was changed since the plan",
		},
		"the step before it names none": {
			versions(draft(2, "Two."), one), versions(one), []diff.Step{{Action: diff.UpdateAgent}, {Action: diff.DeleteDraft, To: &two}},
			"v2 was changed since the plan",
		},
		"a service's version is what is live": {
			versions(draft(2, "Two."), one), versions(one), []diff.Step{{Action: diff.UpdateService, To: &two}}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := movedVersions(&diff.RemoteAgent{Versions: tt.seen}, &diff.RemoteAgent{Versions: tt.now}, tt.steps); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMovedSection(t *testing.T) {
	at := time.Date(2026, 4, 22, 14, 30, 0, 0, time.FixedZone("IST", 5*3600+1800))
	one := live(1, "One.")
	sell := someones(live(1, "Sell!"))
	was := diff.RemoteAgent{Fields: object(t, `{"agent_name":"Sales"}`), Current: &one}
	for name, tt := range map[string]struct {
		change func(r *diff.RemoteAgent)
		want   string
	}{
		"as it was":                {func(r *diff.RemoteAgent) { r.UpdatedAt = at }, ""},
		"the fields":               {func(r *diff.RemoteAgent) { r.Fields = object(t, `{"agent_name":"New"}`) }, "the agent's fields were changed since the plan"},
		"the fields, at some time": {func(r *diff.RemoteAgent) { r.Fields, r.UpdatedAt = object(t, `{"agent_name":"New"}`), at }, "the agent's fields were changed since the plan, at 2026-04-22 09:00:00 UTC"},
		"the live config":          {func(r *diff.RemoteAgent) { r.Current = &sell }, "the live config is not what the plan saw: v1, changed at 2026-04-22 09:00:00 UTC by dev@example.com"},
		"it is gone":               {func(r *diff.RemoteAgent) { r.Current = nil }, "the live config is gone since the plan"},
		"outcomes":                 {func(r *diff.RemoteAgent) { r.Outcomes = []value.Value{object(t, `{"outcome_name":"x"}`)} }, "call outcomes were changed since the plan"},
		"infields":                 {func(r *diff.RemoteAgent) { r.Infields = []value.Value{object(t, `{"field_name":"x"}`)} }, "call infields were changed since the plan"},
	} {
		t.Run(name, func(t *testing.T) {
			fresh := was
			tt.change(&fresh)
			if got := movedSection(&was, &fresh); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestMovedBeforeLive holds what stops version 2 from going live.
func TestMovedBeforeLive(t *testing.T) {
	one := live(1, "One.")
	archived := draft(2, "Two.")
	archived.Status = "archived"
	for name, tt := range map[string]struct {
		seen   *diff.Version // what the plan saw live; nil for nothing
		isNew  bool
		listed []diff.Version // before the first write
		now    []diff.Version
		want   string
	}{
		"nothing happened":                     {&one, false, versions(one), versions(draft(2, "Two."), one), ""},
		"nothing was live":                     {nil, false, nil, versions(draft(2, "Two.")), ""},
		"a new agent":                          {nil, true, nil, versions(draft(2, "Two.")), ""},
		"it is gone":                           {&one, false, versions(draft(2, "Two."), one), versions(one), "v2 is gone"},
		"nothing is live":                      {&one, false, versions(draft(2, "Two."), one), versions(draft(2, "Two."), older(1, "One.")), "the live config is gone"},
		"the live one was changed":             {&one, false, versions(one), versions(draft(2, "Two."), live(1, "Sell!")), "v1, which is live, was changed meanwhile"},
		"another is live":                      {&one, false, versions(one), versions(live(3, "Three."), draft(2, "Two."), older(1, "One.")), "v3 went live meanwhile"},
		"another is live where nothing was":    {nil, false, nil, versions(live(3, "Three."), draft(2, "Two.")), "v3 went live meanwhile"},
		"another is live of a new agent":       {nil, true, nil, versions(live(3, "Three."), draft(2, "Two.")), "v3 went live meanwhile"},
		"another was, for a moment":            {&one, false, versions(draft(3, "Three."), one), versions(older(3, "Three."), draft(2, "Two."), one), "v3 was published meanwhile"},
		"another draft was made":               {&one, false, versions(one), versions(draft(3, "Three."), draft(2, "Two."), one), ""},
		"the draft was published for a moment": {&one, false, versions(draft(2, "Two."), one), versions(archived, one), "v2 was published meanwhile"},
		"so was one that this run made":        {&one, false, versions(one), versions(archived, one), "v2 was published meanwhile"},
		"a rollback to an older version":       {&one, false, versions(older(2, "Two."), one), versions(older(2, "Two."), one), ""},
	} {
		t.Run(name, func(t *testing.T) {
			seen := &diff.RemoteAgent{Current: tt.seen}
			if tt.isNew {
				seen = nil
			}
			fresh := diff.RemoteAgent{Versions: tt.now, Current: diff.LiveVersion(tt.now)}
			if got := movedBeforeLive(seen, &progress{listed: tt.listed}, &fresh, diff.FindVersion(tt.now, 2), 2); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPublishedSince(t *testing.T) {
	for name, tt := range map[string]struct {
		before, now []diff.Version
		listedTo    int
		want        int
	}{
		"none":                         {versions(older(1, "One.")), versions(older(1, "One.")), 0, 0},
		"ours":                         {nil, versions(live(2, "Two.")), 0, 0},
		"a draft is none":              {nil, versions(draft(3, "Three.")), 0, 0},
		"one that was a draft":         {versions(draft(3, "Three.")), versions(older(3, "Three.")), 0, 3},
		"one that was not there":       {versions(older(1, "One.")), versions(live(3, "Three."), older(1, "One.")), 0, 3},
		"one that was not read before": {versions(draft(6, "Six."), older(5, "Five.")), versions(older(5, "Five."), older(4, "Four.")), 5, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := 0
			if v := (&progress{listed: tt.before, listedTo: tt.listedTo}).publishedSince(tt.now, 2); v != nil {
				got = v.Number
			}
			if got != tt.want {
				t.Errorf("got v%d, want v%d", got, tt.want)
			}
		})
	}
}

func TestBy(t *testing.T) {
	v := someones(draft(2, "Mine."))
	nobody, never := v, v
	nobody.UpdatedBy, never.UpdatedAt = "", time.Time{}
	for want, v := range map[string]*diff.Version{
		"":                                     nil,
		", changed at 2026-04-22 09:00:00 UTC": &nobody,
		" by dev@example.com":                  &never,
		", changed at 2026-04-22 09:00:00 UTC by dev@example.com": &v,
	} {
		if got := by(v); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestEndOf holds what a report says of a step that ended with an error.
func TestEndOf(t *testing.T) {
	open := context.Background()
	cancelled, cancel := context.WithCancel(open)
	cancel()
	stopped, stop := context.WithCancelCause(open)
	stop(&lockError{errors.New("the lock file could not be written")})
	aborted := fmt.Errorf("read: %w", context.Canceled)
	abortedWrite := fmt.Errorf("%w: %w", cut, context.Canceled)
	unknown := fmt.Errorf("create: %w", &unknownFate{cut, busy})
	for name, tt := range map[string]struct {
		ctx  context.Context
		err  error
		want StepReport
	}{
		"it failed":                        {open, refused, StepReport{Status: Failed, Reason: "400 refused"}},
		"a sure failure of a lost write":   {open, cut, StepReport{Status: Failed, Reason: "connection cut"}},
		"its fate is unknown":              {open, unknown, StepReport{Status: Fate, Reason: unknown.Error()}},
		"and the apply was interrupted":    {cancelled, unknown, StepReport{Status: Fate, Reason: unknown.Error()}},
		"interrupted before it was sent":   {cancelled, aborted, StepReport{Status: Skipped, Reason: "interrupted"}},
		"interrupted while it was sent":    {cancelled, abortedWrite, StepReport{Status: Fate, Reason: abortedWrite.Error()}},
		"it failed, and then an interrupt": {cancelled, refused, StepReport{Status: Failed, Reason: "400 refused"}},
		"a request was given up by itself": {open, aborted, StepReport{Status: Failed, Reason: aborted.Error()}},
		"the apply has stopped by itself":  {stopped, aborted, StepReport{Status: Skipped, Reason: "the lock file could not be written"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := endOf(tt.ctx, tt.err, false); !cmp.Equal(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	// An agent that was created, and whose other fields were not set any more; a
	// draft that was to be sent again since it was not found.
	want := StepReport{Status: Fate, Reason: "interrupted after a part of it was sent: " + aborted.Error()}
	if got := endOf(cancelled, aborted, true); !cmp.Equal(got, want) {
		t.Errorf("half done: got %+v, want %+v", got, want)
	}
	if got := endOf(open, refused, true); got.Status != Failed {
		t.Errorf("half done and refused: got %+v", got)
	}
}

func TestFirstMissing(t *testing.T) {
	done := map[string]bool{"a": true, "b": true}
	for want, needs := range map[string][]string{"": {"a", "b", "another/publish"}, "c": {"a", "c", "d"}, "d": {"another/publish", "d"}} {
		if got := firstMissing(needs, done, map[string]bool{"another/publish": true}); got != want {
			t.Errorf("of %v: %q, want %q", needs, got, want)
		}
	}
	if got := firstMissing(nil, nil, nil); got != "" {
		t.Errorf("a step without needs waits for %q", got)
	}
}

// TestWaves holds that an agent waits for those whose steps it needs, and no
// other does.
func TestWaves(t *testing.T) {
	agent := func(name string, needs ...string) diff.AgentPlan {
		return diff.AgentPlan{Name: name, Steps: []diff.Step{{ID: name + "/update_agent", Needs: needs}, {ID: name + "/publish", Needs: []string{name + "/update_agent"}}}}
	}
	got := waves([]diff.AgentPlan{agent("a", "b/update_agent"), agent("b", "c/update_agent"), agent("c"), agent("d")})
	want := []map[string]bool{{"c": true, "d": true}, {"b": true}, {"a": true}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestAStepThatNeedsWhatIsNotDone guards against a plan whose order is broken:
// such a step is not sent.
func TestAStepThatNeedsWhatIsNotDone(t *testing.T) {
	j, p := lostJob(t)
	j.plan.Steps = []diff.Step{{ID: "sales/publish", Action: diff.Publish, Target: "new", Needs: []string{"sales/create_draft"}}}
	j.out.Steps = []StepReport{{ID: "sales/publish", Status: Skipped}}
	err := j.steps(context.Background(), p)
	if err == nil || err.Error() != "publish new: it needs sales/create_draft, which is not done" || j.out.Steps[0].Status != Failed {
		t.Errorf("%v, %+v", err, j.out.Steps)
	}
}

func TestAnActionThatIsNotKnown(t *testing.T) {
	j, p := lostJob(t)
	if _, err := j.do(context.Background(), p, diff.Step{Action: "tune_voice"}); err == nil || err.Error() != `this version of agentsync can't do "tune_voice"` {
		t.Errorf("got %v", err)
	}
}

// TestFailures holds what an error says of its request, however deep it is.
func TestFailures(t *testing.T) {
	deep := func(err error) error { return fmt.Errorf("publish: %w", err) }
	for name, tt := range map[string]struct {
		err             error
		notFound, acted bool
		tries           int
	}{
		"no request":         {errors.New("x"), false, false, 0},
		"refused":            {deep(refused), false, false, 1},
		"not found":          {deep(notFound), true, false, 1},
		"a lost answer":      {deep(&failure{mayHaveActed: true, tries: 4}), false, true, 4},
		"of an unknown fate": {deep(&unknownFate{cut, busy}), false, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if isNotFound(tt.err) != tt.notFound || mayHaveActed(tt.err) != tt.acted || tries(tt.err) != tt.tries {
				t.Errorf("not found %v, may have acted %v, tries %d", isNotFound(tt.err), mayHaveActed(tt.err), tries(tt.err))
			}
		})
	}
}

// TestSettable holds that after a rollback only fields, outcomes and infields are
// set right: a config that differs is somebody's.
func TestSettable(t *testing.T) {
	for name, tt := range map[string]struct {
		steps []diff.Step
		want  bool
	}{
		"fields and items":      {[]diff.Step{{Action: diff.UpdateAgent}, {Action: diff.CreateOutcome}, {Action: diff.DeleteInfield}}, true},
		"a draft":               {[]diff.Step{{Action: diff.CreateDraft}}, false},
		"one among others":      {[]diff.Step{{Action: diff.UpdateAgent}, {Action: diff.Publish}}, false},
		"an adoption":           {[]diff.Step{{Action: diff.Adopt}}, false},
		"an agent that is gone": {[]diff.Step{{Action: diff.CreateAgent}}, false},
	} {
		if got := settable(tt.steps); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDescribeLeft(t *testing.T) {
	got := describeLeft([]diff.Step{{Action: diff.UpdateAgent, Target: "sales", Changes: []diff.Change{{Path: "a"}, {Path: "b"}}}, {Action: diff.Publish, Target: "new"}})
	if want := "update_agent sales (a, b), publish new would be next"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVersionOf(t *testing.T) {
	three := 3
	for name, tt := range map[string]struct {
		step diff.Step
		made int
		want int
	}{
		"a draft that was made":       {diff.Step{Action: diff.CreateDraft}, 2, 2},
		"a draft that was updated":    {diff.Step{Action: diff.UpdateDraft, To: &three}, 3, 3},
		"its publication":             {diff.Step{Action: diff.Publish}, 2, 2},
		"none is known":               {diff.Step{Action: diff.Publish}, 0, 0},
		"one that the step names":     {diff.Step{Action: diff.Publish, To: &three}, 0, 3},
		"a rollback":                  {diff.Step{Action: diff.Rollback, To: &three}, 2, 3},
		"a step about something else": {diff.Step{Action: diff.UpdateAgent}, 2, 0},
	} {
		got := 0
		if v := (&progress{version: tt.made}).versionOf(tt.step); v != nil {
			got = *v
		}
		if got != tt.want {
			t.Errorf("%s: v%d, want v%d", name, got, tt.want)
		}
	}
}
