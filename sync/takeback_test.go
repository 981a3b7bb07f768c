package sync

import (
	"testing"

	"github.com/agentsync/agentsync/internal/value"
)

// TestTakeBack holds when the draft of a run that failed is deleted again: where
// its publication was not what failed, and the platform's answer is clear.
func TestTakeBack(t *testing.T) {
	for name, tt := range map[string]struct {
		update  error // of the fields, after the draft
		publish error // nil: it is not reached
		deleted any
		want    string
		writes  []string
		lock    string
	}{
		"the fields are refused": {
			refused, nil, nil, `
done create_draft new, v2: deleted again, since a later step failed
failed update_agent sales: 400 refused
skipped publish new: because of sales/update_agent
failed AGT_1: update_agent sales: 400 refused`,
			[]string{"create draft", "update agent", "delete draft v2"}, "verified",
		},
		"and the draft is gone": {
			refused, nil, notFound, `
done create_draft new, v2: deleted again, since a later step failed
failed update_agent sales: 400 refused
skipped publish new: because of sales/update_agent
failed AGT_1: update_agent sales: 400 refused`,
			[]string{"create draft", "update agent", "delete draft v2"}, "verified",
		},
		"and the draft can't be deleted": {
			refused, nil, busy, `
done create_draft new, v2
failed update_agent sales: 400 refused (draft v2 may stay: 503 busy)
skipped publish new: because of sales/update_agent
failed AGT_1: update_agent sales: 400 refused (draft v2 may stay: 503 busy)`,
			[]string{"create draft", "update agent", "delete draft v2"}, "unfinished",
		},
		"the answer is not clear": {
			&failure{text: "429 slow down", tries: 6}, nil, nil, `
done create_draft new, v2
failed update_agent sales: 429 slow down
skipped publish new: because of sales/update_agent
failed AGT_1: update_agent sales: 429 slow down`,
			[]string{"create draft", "update agent"}, "unfinished",
		},
		"the publication is refused": {
			nil, refused, nil, `
done create_draft new, v2
done update_agent sales
failed publish new: 400 refused
failed AGT_1: publish new: 400 refused`,
			[]string{"create draft", "update agent", "publish v2"}, "unfinished",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, changed)
			e.want.Agent = patchOf(t, `{"agent_name":"Sales","agent_description":"New"}`)
			e.remote.on("read versions", versions(live(1, "One.")), versions(draft(2, "Two."), live(1, "One.")))
			e.remote.on("create draft", draft(2, "Two."))
			var update any
			if tt.update != nil {
				update = tt.update
			}
			e.remote.on("update agent", update)
			if tt.publish != nil {
				e.remote.on("publish v2", tt.publish)
			}
			if len(tt.writes) > 2 && tt.publish == nil {
				e.remote.on("delete draft v2", tt.deleted)
			}
			e.holdReport(tt.want, tt.writes...)
			e.holdLock(tt.lock)
		})
	}
}

// TestARefusedPublicationThatHappened holds that a version which somebody has
// published a moment ago is as good.
func TestARefusedPublicationThatHappened(t *testing.T) {
	e := newExample(t, changed)
	e.remote.on("read versions", versions(live(1, "One.")), versions(draft(2, "Two."), live(1, "One.")), versions(live(2, "Two."), older(1, "One.")))
	e.remote.on("create draft", draft(2, "Two."))
	e.remote.on("publish v2", refused)
	now := live(2, "Two.")
	e.remote.on("read live", &now)
	e.holdReport(`
done create_draft new, v2
done publish new, v2
done AGT_1`, "create draft", "publish v2")
}

// TestADraftThatThePlatformChanged holds that a config which is not stored as it
// was sent is said, and does not go live.
func TestADraftThatThePlatformChanged(t *testing.T) {
	e := newExample(t, changed)
	e.remote.on("create draft", draft(2, "Shorter."))
	e.remote.on("delete draft v2", nil)
	const why = "the platform did not keep system_prompt as sent: leave it out, or correct it"
	e.holdReport(`
failed create_draft new: `+why+`
skipped publish new: because of sales/create_draft
failed AGT_1: create_draft new: `+why, "create draft", "delete draft v2")
	e.holdLock("verified")
}

// TestARollbackIsSetRight holds that outcomes which a rollback has moved are put
// back, once, and that an agent which still differs then is not called done.
func TestARollbackIsSetRight(t *testing.T) {
	kept := object(t, `{"outcome_name":"kept","outcome_type":"TEXT"}`)
	back := object(t, `{"outcome_name":"back","outcome_type":"TEXT"}`)
	for name, tt := range map[string]struct {
		outcomes [][]value.Value // as they are read
		want     string
		writes   []string
		lock     string
		reads    int // of the outcomes
	}{
		"they stay": {
			[][]value.Value{{kept}}, "done rollback v1, v1\ndone AGT_1", []string{"roll back to v1"}, "verified", 2,
		},
		"they are moved": {
			[][]value.Value{{kept}, {back}, {kept}}, "done rollback v1, v1\ndone AGT_1",
			[]string{"roll back to v1", "create in call_outcomes", "delete in call_outcomes back"}, "verified", 3,
		},
		"they are moved, and what sets them right shows late": {
			[][]value.Value{{kept}, {back}, {back}, {kept}}, "done rollback v1, v1\ndone AGT_1",
			[]string{"roll back to v1", "create in call_outcomes", "delete in call_outcomes back"}, "verified", 4,
		},
		"they are moved and stay so": {
			[][]value.Value{{kept}, {back}, {back}},
			"done rollback v1, v1\nfailed AGT_1: read back, the agent is not what was applied: create_outcome kept (outcome_type), delete_outcome back (outcome_type) would be next; plan again",
			[]string{"roll back to v1", "create in call_outcomes", "delete in call_outcomes back"}, "unfinished", 8, // what was set right may show late
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, `{"system_prompt":"One."}`)
			now := live(2, "Two.")
			e.seen.Current, e.seen.Versions, e.seen.Outcomes = &now, versions(now, older(1, "One.")), []value.Value{kept}
			e.answerAsSeen()
			after := live(1, "One.")
			e.remote.on("read live", &after)
			var reads []any
			for _, outcomes := range tt.outcomes {
				reads = append(reads, outcomes)
			}
			e.remote.on("read call_outcomes", reads...)
			e.remote.on("roll back to v1", nil)
			if len(tt.writes) > 1 {
				e.remote.on("create in call_outcomes", nil)
				e.remote.on("delete in call_outcomes back", nil)
			}
			read := 0
			e.remote.before = func(call string) {
				if call == "read call_outcomes" {
					read++
				}
			}
			e.holdReport(tt.want, tt.writes...)
			e.holdLock(tt.lock)
			if read != tt.reads {
				t.Errorf("the outcomes were read %d times, want %d", read, tt.reads)
			}
		})
	}
}
