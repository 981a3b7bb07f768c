package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

func TestAfterLost(t *testing.T) {
	look, other := errors.New("no look"), &conflict{"somebody else"}
	for name, tt := range map[string]struct {
		sent     int
		happened bool
		lookErr  error
		want     verdict
	}{
		"it is there":                          {1, true, nil, itHappened},
		"it is there after the last try":       {mostSent, true, nil, itHappened},
		"it is not there":                      {1, false, nil, sendAgain},
		"it is not there before the last try":  {mostSent - 1, false, nil, sendAgain},
		"it is not there after the last try":   {mostSent, false, nil, giveUp},
		"sent more often than that":            {mostSent + 3, false, nil, giveUp},
		"nobody can look":                      {1, false, look, dontKnow},
		"nobody can look, and nothing is sure": {mostSent, true, look, dontKnow},
		"somebody else's is there":             {1, false, other, foreign},
		"wrapped":                              {mostSent, false, fmt.Errorf("look: %w", other), foreign},
	} {
		t.Run(name, func(t *testing.T) {
			if got := afterLost(tt.sent, tt.happened, tt.lookErr); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// TestSend holds how often a write is sent whose answer is lost, how long is
// waited between the looks, and that the client's own tries count.
func TestSend(t *testing.T) {
	round := []time.Duration{250, 500, 1000, 2000, 1250} // 5 s, by when a read shows what there is
	for name, tt := range map[string]struct {
		tries int // within the client, each time
		sent  int
		slept []time.Duration
	}{
		"one by one":            {1, 6, slices.Repeat(round, 6)},
		"three at a time":       {3, 2, slices.Repeat(round, 2)},
		"more than enough":      {7, 1, round},
		"the client can't tell": {0, 6, slices.Repeat(round, 6)},
	} {
		t.Run(name, func(t *testing.T) {
			var slept []time.Duration
			var logged []string
			in := &ApplyInput{
				Sleep: func(_ context.Context, d time.Duration) error {
					slept = append(slept, d/time.Millisecond)
					return nil
				},
				Logf: func(format string, args ...any) { logged = append(logged, fmt.Sprintf(format, args...)) },
			}
			j, p, sent := &job{ApplyInput: in, plan: diff.AgentPlan{Name: "sales"}}, &progress{}, 0
			lost := &failure{text: "cut", mayHaveActed: true, tries: tt.tries}
			err := j.send(context.Background(), p, write{
				send:     func(context.Context) error { sent++; return lost },
				happened: func(context.Context) (bool, error) { return false, nil },
			})
			if !errors.Is(err, lost) || sent != tt.sent || !slices.Equal(slept, tt.slept) || !p.wrote {
				t.Errorf("%v after %d times, waiting %v", err, sent, slept)
			}
			first := fmt.Sprintf("sales: cut; looking whether it happened, sent %d of 6 times", max(1, tt.tries))
			if len(logged) != tt.sent || logged[0] != first {
				t.Errorf("told %q", logged)
			}
		})
	}
}

// TestLost holds, for every kind of write, what a read must show for it to have
// happened when its answer was lost: then it is not sent again; else it is.
func TestLost(t *testing.T) {
	two, three := 2, 3
	lead := diff.Step{Action: diff.UpdateOutcome, Target: "lead", Changes: []diff.Change{{Path: "outcome_type", Before: value.Of("TEXT"), After: value.Of("DATE")}}}
	items := func(t *testing.T, list ...string) []value.Value {
		out := []value.Value{}
		for _, item := range list {
			out = append(out, object(t, item))
		}
		return out
	}
	withLLM := func(text string) *diff.Version {
		v := live(1, "One.")
		v.Content = v.Content.With("llm_config", value.Of(map[string]any{"model": text}))
		return &v
	}
	for name, tt := range map[string]struct {
		step     diff.Step
		call     string
		read     string
		not, yes func(t *testing.T) any
	}{
		"update_agent": {
			diff.Step{Action: diff.UpdateAgent}, "update agent", "read agent",
			func(t *testing.T) any { return diff.RemoteAgent{Fields: object(t, `{"agent_name":"Sales"}`)} },
			func(t *testing.T) any {
				return diff.RemoteAgent{Fields: object(t, `{"agent_name":"Sales","agent_cost":5,"is_auto":true}`)}
			},
		},
		"delete_agent": {
			diff.Step{Action: diff.DeleteAgent}, "delete agent", "read agent",
			func(t *testing.T) any { return diff.RemoteAgent{ID: salesID} },
			func(t *testing.T) any { return notFound },
		},
		"create_draft": {
			diff.Step{Action: diff.CreateDraft}, "create draft", "read versions",
			func(t *testing.T) any { return versions(live(1, "One.")) },
			func(t *testing.T) any { return versions(draft(2, "Two."), live(1, "One.")) },
		},
		"update_draft": {
			diff.Step{Action: diff.UpdateDraft, To: &three}, "update draft v3", "read v3",
			func(t *testing.T) any { v := draft(3, "Three."); return &v },
			func(t *testing.T) any { v := draft(3, "Two."); return &v },
		},
		"delete_draft": {
			diff.Step{Action: diff.DeleteDraft, To: &three}, "delete draft v3", "read v3",
			func(t *testing.T) any { v := draft(3, "Three."); return &v },
			func(t *testing.T) any { return notFound },
		},
		"publish": {
			diff.Step{Action: diff.Publish, To: &two}, "publish v2", "read live",
			func(t *testing.T) any { v := live(1, "One."); return &v },
			func(t *testing.T) any { v := live(2, "Two."); return &v },
		},
		"rollback": {
			diff.Step{Action: diff.Rollback, To: &two}, "roll back to v2", "read live",
			func(t *testing.T) any { v := live(1, "One."); return &v },
			func(t *testing.T) any { v := live(4, "Two."); return &v }, // a copy of it
		},
		"update_service": {
			diff.Step{Action: diff.UpdateService, Target: "llm_config"}, "update llm_config", "read live",
			func(t *testing.T) any { return withLLM("old") },
			func(t *testing.T) any { return withLLM("new") },
		},
		"nothing is live": {
			diff.Step{Action: diff.UpdateService, Target: "llm_config"}, "update llm_config", "read live",
			func(t *testing.T) any { return (*diff.Version)(nil) },
			func(t *testing.T) any { return withLLM("new") },
		},
		"create_outcome": {
			diff.Step{Action: diff.CreateOutcome, Target: "lead"}, "create in call_outcomes", "read call_outcomes",
			func(t *testing.T) any { return items(t, `{"outcome_name":"other"}`) },
			func(t *testing.T) any {
				return items(t, `{"outcome_name":"lead","outcome_type":"DATE","is_visible":true}`)
			},
		},
		"create_infield": {
			diff.Step{Action: diff.CreateInfield, Target: "budget"}, "create in call_infields", "read call_infields",
			func(t *testing.T) any { return items(t) },
			func(t *testing.T) any { return items(t, `{"field_name":"budget","field_type":"TEXT"}`) },
		},
		"update_outcome": {
			lead, "update in call_outcomes lead", "read call_outcomes",
			func(t *testing.T) any { return items(t, `{"outcome_name":"lead","outcome_type":"TEXT"}`) },
			func(t *testing.T) any {
				return items(t, `{"outcome_name":"lead","outcome_type":"DATE","is_visible":true}`)
			},
		},
		"update of an outcome that is gone": {
			lead, "update in call_outcomes lead", "read call_outcomes",
			func(t *testing.T) any { return items(t) },
			func(t *testing.T) any { return items(t, `{"outcome_name":"lead","outcome_type":"DATE"}`) },
		},
		"delete_infield": {
			diff.Step{Action: diff.DeleteInfield, Target: "old"}, "delete in call_infields old", "read call_infields",
			func(t *testing.T) any { return items(t, `{"field_name":"old"}`) },
			func(t *testing.T) any { return items(t, `{"field_name":"budget"}`) },
		},
	} {
		for end, shown := range map[string]struct {
			answers []any // to the write
			reads   []any
			fate    bool
			err     bool
		}{
			"it happened":             {[]any{cut}, []any{tt.yes(t)}, false, false},
			"it did, and shows late":  {[]any{cut}, []any{tt.not(t), tt.yes(t)}, false, false},
			"it did not":              {[]any{cut, nil}, []any{tt.not(t)}, false, false},
			"it did at the second":    {[]any{cut, cut}, append(looks(tt.not(t)), tt.yes(t)), false, false},
			"refused at the second":   {[]any{cut, refused}, []any{tt.not(t)}, false, true},
			"nobody can look":         {[]any{cut}, []any{busy}, true, true},
			"refused, without a look": {[]any{refused}, nil, false, true},
		} {
			t.Run(name+"/"+end, func(t *testing.T) {
				j, p := lostJob(t)
				if tt.step.Action == diff.CreateDraft {
					for i, a := range shown.answers {
						if a == nil {
							shown.answers[i] = draft(2, "Two.")
						}
					}
				}
				remote := j.Remote.(*fakeRemote)
				remote.on(tt.call, shown.answers...)
				if shown.reads != nil {
					remote.on(tt.read, shown.reads...)
				}
				if tt.step.Action == diff.Publish && end == "refused, without a look" {
					remote.on(tt.read, tt.not(t)) // somebody may have published it already
				}
				_, err := j.do(context.Background(), p, tt.step)
				remote.done()
				var unknown *unknownFate
				if (err != nil) != shown.err || errors.As(err, &unknown) != shown.fate {
					t.Errorf("got %v", err)
				}
				if unknown != nil && err.Error() != "connection cut; and what became of it is not known: 503 busy" {
					t.Errorf("it says %q", err)
				}
				if tt.step.Action == diff.CreateDraft && err == nil && p.version != 2 {
					t.Errorf("the draft is v%d", p.version)
				}
				if wrote := end != "refused, without a look"; p.wrote != wrote {
					t.Errorf("some write may have reached the platform: %v", p.wrote)
				}
			})
		}
	}
}

// lostJob is an apply in the middle of an agent whose live version is v1 and
// which has drafts v2, as wanted, and v3.
func lostJob(t *testing.T) (*job, *progress) {
	t.Helper()
	remote := &fakeRemote{t: t, answers: map[string][]any{}, bodies: map[string][]any{}}
	now := live(1, "One.")
	listed := versions(draft(3, "Three."), live(1, "One."))
	want := spec.Agent{Name: "sales", AgentName: "Sales", Agent: patchOf(t, `{"agent_name":"Sales","agent_cost":5}`),
		Config: patchOf(t, `{"system_prompt":"Two."}`), OutcomesManaged: true, InfieldsManaged: true,
		Outcomes: []spec.Item{{Name: "lead", Fields: patchOf(t, `{"outcome_name":"lead","outcome_type":"DATE"}`)}},
		Infields: []spec.Item{{Name: "budget", Fields: patchOf(t, `{"field_name":"budget","field_type":"TEXT"}`)}},
	}
	seen := &diff.RemoteAgent{ID: salesID, Current: &now, Versions: append(versions(draft(2, "Two.")), listed...)}
	wanted := diff.Want(want, seen)
	wanted.Config = wanted.Config.With("llm_config", value.Of(map[string]any{"model": "new"}))
	j := &job{
		ApplyInput: &ApplyInput{Plan: &diff.Plan{}, Remote: remote, Policy: spec.DefaultPolicy(), Identity: identity, Commit: "0123456789ab",
			Lock: &fakeKeeper{entries: nil}, Sleep: func(context.Context, time.Duration) error { return nil }},
		plan: diff.AgentPlan{Name: "sales", Wanted: &wanted}, want: want, seen: seen, out: &AgentReport{},
	}
	// The notes of the drafts of these examples name the config that is wanted.
	j.plan.Wanted.ConfigDigest = diff.LiveDigest(want, &diff.Version{Content: value.Of(map[string]any{"system_prompt": "Two."})})
	return j, &progress{id: salesID, listed: listed}
}

// TestALostDeleteOfWhatIsGone holds that a delete that finds nothing is as good
// as one that deleted.
func TestALostDeleteOfWhatIsGone(t *testing.T) {
	three := 3
	for call, step := range map[string]diff.Step{
		"delete agent":                {Action: diff.DeleteAgent},
		"delete draft v3":             {Action: diff.DeleteDraft, To: &three},
		"delete in call_infields old": {Action: diff.DeleteInfield, Target: "old"},
	} {
		j, p := lostJob(t)
		j.Remote.(*fakeRemote).on(call, notFound)
		if _, err := j.do(context.Background(), p, step); err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// looks is one read's answers for as long as a read may be late.
func looks(shown any) []any { return slices.Repeat([]any{shown}, 6) }

func TestALostCreateOfAnItemThatSomebodyElseMade(t *testing.T) {
	j, p := lostJob(t)
	remote := j.Remote.(*fakeRemote)
	remote.on("create in call_outcomes", cut)
	remote.on("read call_outcomes", []value.Value{object(t, `{"outcome_name":"lead","outcome_type":"TEXT"}`)})
	_, err := j.do(context.Background(), p, diff.Step{Action: diff.CreateOutcome, Target: "lead"})
	if !isConflict(err) || !strings.Contains(err.Error(), "lead was made by somebody else at the same time") {
		t.Errorf("got %v", err)
	}
}

// TestOurDrafts holds which draft is taken for that of a lost create.
func TestOurDrafts(t *testing.T) {
	ours := draft(5, "Two.")
	notes := ours.Notes
	renumbered := func(number int) diff.Version { v := ours; v.Number = number; return v }
	edited, foreign, published, blank := ours, ours, ours, ours
	edited.Content = value.Of(map[string]any{"system_prompt": "Mine."})
	foreign.Notes, published.Status = "mine", "published"
	blank.Notes += "\r\n"
	for name, tt := range map[string]struct {
		before, now []diff.Version
		want        []int
	}{
		"it is there":              {nil, versions(ours, live(1, "One.")), []int{5}},
		"with other line ends":     {nil, versions(blank), []int{5}},
		"it was there before":      {versions(ours), versions(ours), nil},
		"somebody edited it":       {nil, versions(edited), nil},
		"somebody else's notes":    {nil, versions(foreign), nil},
		"published":                {nil, versions(published), nil},
		"two, lowest number first": {nil, versions(renumbered(7), renumbered(6)), []int{6, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			j, _ := lostJob(t)
			if got := j.ourDrafts(tt.before, tt.now, notes); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestDoublesOfALostDraftAreDropped guards against drafts that pile up: a create
// whose answer was lost, and which no read showed, is sent again; when both come
// through, the one that the apply does not go on with is deleted.
func TestDoublesOfALostDraftAreDropped(t *testing.T) {
	for name, tt := range map[string]struct {
		dropped any
		want    string
		lock    string
	}{
		"deleted":        {nil, "done create_draft new, v3\ndone publish new, v3\ndone AGT_1", "verified"},
		"gone by itself": {notFound, "done create_draft new, v3\ndone publish new, v3\ndone AGT_1", "verified"},
		"it can't be": {busy, `done create_draft new, v3
failed publish new: remove v2, which a lost request left: 503 busy
failed AGT_1: publish new: remove v2, which a lost request left: 503 busy`, "unfinished"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, changed)
			was := versions(live(1, "One."))
			late := versions(draft(4, "Other."), draft(3, "Two."), draft(2, "Two."), live(1, "One."))
			e.remote.on("read versions", append(append([]any{was}, looks(was)...), late, versions(draft(4, "Other."), live(3, "Two."), older(1, "One.")))...)
			e.remote.on("create draft", cut, draft(3, "Two."))
			e.remote.on("delete draft v2", tt.dropped)
			writes := []string{"create draft", "create draft", "delete draft v2"}
			if tt.lock == "verified" {
				e.remote.on("publish v3", nil)
				writes = append(writes, "publish v3")
			}
			e.holdReport(tt.want, writes...)
			e.holdLock(tt.lock)
		})
	}
}
