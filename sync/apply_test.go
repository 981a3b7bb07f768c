package sync

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestNothingToDo holds that an agent that is as it is wanted costs neither a
// request nor a write of the lock file.
func TestNothingToDo(t *testing.T) {
	e := newExample(t, `{"system_prompt":"One."}`)
	e.remote.answers = nil
	e.holdReport("")
	if len(e.keeper.put) > 0 || e.report.Result != "done" {
		t.Errorf("put %v\n%s", e.keeper.put, asJSON(e.report))
	}
}

// TestHowManyFailed holds the report's own sentence.
func TestHowManyFailed(t *testing.T) {
	agents := func(results ...string) (out []AgentReport) {
		for _, result := range results {
			out = append(out, AgentReport{Result: result})
		}
		return out
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, tt := range map[string]struct {
		ctx           context.Context
		agents        []AgentReport
		result, error string
	}{
		"none":                    {context.Background(), agents("done", "done"), "done", ""},
		"some":                    {context.Background(), agents("failed", "done", "failed"), "failed", "2 of 3 agents did not end in the wanted state"},
		"an interrupt":            {cancelled, agents("done", "interrupted"), "interrupted", "interrupted"},
		"an interrupt at the end": {cancelled, agents("done"), "done", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Report{Agents: tt.agents}
			if r.conclude(tt.ctx); r.Result != tt.result || r.Error != tt.error {
				t.Errorf("%s: %s", r.Result, r.Error)
			}
		})
	}
}

// TestALockFileThatFails holds that nothing goes on without it, and that the
// report says which id it lacks.
func TestALockFileThatFails(t *testing.T) {
	full := errors.New("disk full")
	t.Run("before the first write", func(t *testing.T) {
		e := newExample(t, changed)
		e.keeper.putErrs = []error{full}
		e.holdReport(`
skipped create_draft new: disk full
skipped publish new: disk full
skipped AGT_1
error: disk full`)
		if e.report.Result != "failed" || e.report.Error != "disk full" {
			t.Error(asJSON(e.report))
		}
	})
	t.Run("after a create", func(t *testing.T) {
		e := newAgent(t, changed)
		e.keeper.putErrs = []error{nil, full}
		e.remote.on("create agent", newSales(t))
		const why = `"Sales" was created as AGT_new, and the lock file does not say so: put that id into it, as environments.default.sales.agent_id: disk full`
		e.holdReport(`
failed create_agent sales: `+why+`
skipped publish new: because of sales/create_agent
failed AGT_new: create_agent sales: `+why+`
error: the lock file could not be written`, "create agent")
		e.holdLock("unfinished")
	})
	t.Run("at the end", func(t *testing.T) {
		e := newExample(t, `{"system_prompt":"One."}`)
		e.keeper.flushErr = full
		e.holdLock("verified")
		if got := e.apply(); got != "error: disk full\n" || e.report.Result != "failed" || e.report.Error != "disk full" {
			t.Errorf("%s\n%s", got, asJSON(e.report))
		}
	})
}

// TestInterrupted holds what the report says of steps that were not sent, and of
// one that was and whose answer did not come.
func TestInterrupted(t *testing.T) {
	t.Run("before the first step", func(t *testing.T) {
		e := newExample(t, changed)
		ctx, cancel := context.WithCancel(context.Background())
		e.ctx = ctx
		e.remote.before = func(call string) {
			if call == "read versions" {
				cancel()
			}
		}
		e.holdReport(`
skipped create_draft new: interrupted
skipped publish new: interrupted
interrupted AGT_1: interrupted`)
		e.holdLock("verified")
		if e.report.Result != "interrupted" || e.report.Error != "interrupted" {
			t.Error(asJSON(e.report))
		}
	})
	t.Run("between two steps", func(t *testing.T) {
		e := newExample(t, changed)
		ctx, cancel := context.WithCancel(context.Background())
		e.ctx = ctx
		e.remote.before = func(call string) {
			if call == "create draft" {
				cancel()
			}
		}
		e.remote.on("create draft", draft(2, "Two."))
		e.holdReport(`
done create_draft new, v2
skipped publish new: interrupted
interrupted AGT_1: interrupted`, "create draft")
		e.holdLock("unfinished")
	})
	t.Run("while a lost write is looked for", func(t *testing.T) {
		e := newExample(t, changed)
		ctx, cancel := context.WithCancel(context.Background())
		e.ctx = ctx
		e.remote.on("create draft", cut)
		e.sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
		e.holdReport(`
unknown create_draft new: connection cut; and what became of it is not known: context canceled
skipped publish new: because of sales/create_draft
interrupted AGT_1: interrupted`, "create draft")
		e.holdLock("unfinished")
	})
	t.Run("before the read back", func(t *testing.T) {
		e := newExample(t, changed)
		ctx, cancel := context.WithCancel(context.Background())
		e.ctx = ctx
		e.remote.on("read versions", versions(live(1, "One.")), versions(draft(2, "Two."), live(1, "One.")), context.Canceled)
		e.remote.on("create draft", draft(2, "Two."))
		e.remote.on("publish v2", nil)
		e.remote.before = func(call string) {
			if call == "publish v2" {
				cancel()
			}
		}
		e.holdReport(`
done create_draft new, v2
done publish new, v2
interrupted AGT_1: interrupted before the agent was read back`, "create draft", "publish v2")
		e.holdLock("unfinished")
	})
}
