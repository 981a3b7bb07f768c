package sync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	gosync "sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/secret"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/lock"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// TestApplyThenPlanIsEmpty takes any platform, with anything on it, through
// any three wanted states and edits in the dashboard between them. After each
// apply a plan is empty, with the lock and without it; every plan's steps come
// after what they need, and its requests reach the platform in their order; and
// where nobody edited, all that differs is pending.
func TestApplyThenPlanIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.populate(t)
		var states [][]spec.Agent
		edits := edits{unapplied: true} // what is there was not applied
		for i := range 3 {
			wanted := genAgents(t, fmt.Sprintf("state %d", i))
			if i > 0 && rapid.Bool().Draw(t, "as before") {
				wanted = states[i-1] // what a git revert brings back
				if i > 1 {
					wanted = states[i-2]
				}
			}
			states = append(states, wanted)
			if i > 0 && rapid.Bool().Draw(t, "edit") {
				w.edit(t)
				edits.unapplied, edits.ever = true, true
			}
			w.applyAndCheck(t, wanted, edits)
			if len(wanted) == len(names) { // else an agent may still be as it was edited
				edits.unapplied = false
			}
		}
	})
}

// TestShuffledInputSameBytes holds that a plan depends on no order: of files,
// of the platform's lists, of a map.
func TestShuffledInputSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.populate(t)
		in := w.input(t, genAgents(t, "wanted"), w.memory())
		first, second := compute(t, in), compute(t, shuffled(t, in))
		if a, b := planBytes(t, first), planBytes(t, second); !bytes.Equal(a, b) {
			t.Fatalf("shuffled input gives another plan:\n%s\nand\n%s", a, b)
		}
	})
}

// edits says what the dashboard has done: since the last apply of all agents,
// and at all.
type edits struct{ unapplied, ever bool }

// world is a platform, a lock and a client.
type world struct {
	server *sandbox.Server
	remote sync.Remote
	lock   *memoryLock
	noList bool
	// inPlace: some version was changed in place, so its line is of what it was;
	// only the lock can tell that from somebody's change.
	inPlace bool
}

func newWorld(t *rapid.T) *world {
	o := sandbox.DefaultOptions()
	o.Rollback = rapid.SampledFrom([]string{"repoint", "clone"}).Draw(t, "rollback")
	o.Superseded = rapid.SampledFrom([]string{"archived", "published"}).Draw(t, "superseded")
	o.Numbers = rapid.SampledFrom([]string{"max", "once"}).Draw(t, "numbers")
	o.Listing = rapid.SampledFrom([]string{"bearer", "legacy", "none"}).Draw(t, "listing")
	o.CreatePublishes = rapid.Bool().Draw(t, "create publishes")
	o.RestoreFields = rapid.Bool().Draw(t, "restore fields")
	o.Strict = rapid.Bool().Draw(t, "strict")
	o.Wrap = rapid.Bool().Draw(t, "wrap")
	now := time.Date(2026, 4, 22, 9, 0, 0, 0, time.UTC)
	var mu gosync.Mutex
	o.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Millisecond)
		return now
	}
	noSleep := func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	o.Sleep = noSleep
	server, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	client, err := indus.New(indus.Options{
		BaseURL: "https://sandbox.invalid", Transport: server.Transport(), Now: o.Now, Sleep: noSleep,
		Credentials: indus.Credentials{Email: sandbox.DefaultEmail, Password: secret.New(sandbox.DefaultPassword), APIKey: secret.New(sandbox.DefaultAPIKey)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &world{server: server, remote: client, lock: &memoryLock{entries: lock.Environment{}}, noList: o.Listing == "none"}
}

// memoryLock is a lock file without a file.
type memoryLock struct {
	mu      gosync.Mutex
	entries lock.Environment
}

func (l *memoryLock) Entries() lock.Environment {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := lock.Environment{}
	for key, entry := range l.entries {
		out[key] = entry
	}
	return out
}

func (l *memoryLock) Put(changes map[string]*lock.Entry) error {
	l.PutLater(changes)
	return nil
}

func (l *memoryLock) PutLater(changes map[string]*lock.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, entry := range changes {
		if entry == nil {
			delete(l.entries, key)
		} else {
			l.entries[key] = *entry
		}
	}
}

func (l *memoryLock) Flush() error { return nil }

func (w *world) memory() diff.Memory { return sync.ToMemory(w.lock.Entries()) }

// identity is who applies.
var identity = diff.Identity{Project: "acme", Environment: "default"}

// asTheLineSays plays git: a line's commit wants what the line says that it wants.
func asTheLineSays(_ string, live *diff.Version, line diff.Provenance) diff.Origin {
	if line.Config == diff.LiveDigest(spec.Agent{}, live) {
		return diff.OriginWanted
	}
	return diff.OriginOther
}

// input observes the platform for a plan.
func (w *world) input(t *rapid.T, wanted []spec.Agent, memory diff.Memory) diff.Input {
	memory = memory.Rekey(wanted)
	in := diff.Input{Environment: spec.Environment{Name: "default"}, Policy: spec.DefaultPolicy(), Agents: wanted, Memory: memory, Known: len(wanted),
		Identity: identity, OriginOf: asTheLineSays}
	for _, key := range value.SortedKeys(memory) {
		if !slices.ContainsFunc(wanted, func(a spec.Agent) bool { return a.Name == key }) {
			in.Orphans = append(in.Orphans, key)
		}
	}
	seen, err := sync.Observe(context.Background(), w.remote, sync.Scope{Agents: wanted, Memory: memory, Orphans: in.Orphans, Parallelism: 1,
		Ask: func(want spec.Agent, r *diff.RemoteAgent, w diff.Wanted) diff.VersionsAsked {
			return diff.AskVersions(in, want, r, w)
		}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range wanted { // a new agent without a prompt is refused
		if a := &wanted[i]; seen.Agents[a.Name] == nil && a.Config.Get("system_prompt").IsEmpty() {
			a.Config = a.Config.With("system_prompt", value.Of("New."))
		}
	}
	in.Remote = seen
	return in
}

func compute(t *rapid.T, in diff.Input) *diff.Plan {
	plan, problems := diff.Compute(in)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	checkOrder(t, plan)
	return plan
}

// checkOrder holds that a step comes after all that it needs, which are steps
// of the same agent, and that ids are given once.
func checkOrder(t *rapid.T, plan *diff.Plan) {
	for _, agent := range plan.Agents {
		before := map[string]bool{}
		for _, step := range agent.Steps {
			for _, need := range step.Needs {
				if !before[need] {
					t.Fatalf("%s comes before %s, which it needs", step.ID, need)
				}
			}
			if before[step.ID] {
				t.Fatalf("%s is there twice", step.ID)
			}
			before[step.ID] = true
		}
	}
}

func (w *world) applyAndCheck(t *rapid.T, wanted []spec.Agent, edits edits) {
	in := w.input(t, wanted, w.memory())
	plan := compute(t, in)
	if !edits.unapplied {
		checkPending(t, plan, nil)
		if !w.noList && !edits.ever && !w.inPlace {
			without := w.input(t, wanted, diff.Memory{})
			checkPending(t, compute(t, without), without.Remote.Agents)
		}
	}
	w.inPlace = w.inPlace || bytes.Contains(planBytes(t, plan), []byte(`"update_service"`))
	w.server.ResetRequests()
	report, err := sync.Apply(context.Background(), sync.ApplyInput{
		Plan: plan, Agents: in.Agents, Seen: in.Remote, Memory: in.Memory, Locked: w.lock.Entries(), Orphans: in.Orphans, Policy: in.Policy,
		Identity: in.Identity, Commit: diff.NoCommit, Remote: w.remote, Lock: w.lock, Parallelism: 1, // ids come in a fixed order
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil || !report.OK() {
		t.Fatalf("apply: %v\n%s\nof the plan\n%s", err, asJSON(report), planBytes(t, plan))
	}
	holdRequestOrder(t, plan, report, w.server.Requests())
	writes := w.server.CountWrites()
	if left := compute(t, w.input(t, wanted, w.memory())); !left.IsEmpty() {
		t.Fatalf("after the apply of\n%s\na plan has\n%s", planBytes(t, plan), planBytes(t, left))
	}
	if !w.noList {
		if left := w.forgetful(t, wanted); !left.IsEmpty() && !adoptsAlone(left) {
			t.Fatalf("without the lock, after the apply of\n%s\na plan has\n%s", planBytes(t, plan), planBytes(t, left))
		}
	}
	if now := w.server.CountWrites(); now != writes {
		t.Fatalf("planning wrote %d times", now-writes)
	}
}

// forgetful is the plan of somebody who has no lock file.
func (w *world) forgetful(t *rapid.T, wanted []spec.Agent) *diff.Plan {
	return compute(t, w.input(t, wanted, diff.Memory{}))
}

// adoptsAlone: an agent whose config git does not manage carries no line of
// ours, so without the lock it is adopted again.
func adoptsAlone(plan *diff.Plan) bool {
	for _, agent := range plan.Agents {
		for _, step := range agent.Steps {
			if step.Action != diff.Adopt {
				return false
			}
		}
	}
	return true
}

// checkPending holds that nothing is called drift where only git moved. Without
// the lock, seen is what is there: a live version without a provenance line,
// such as a dashboard's that was rolled back to, says nothing then.
func checkPending(t *rapid.T, plan *diff.Plan, seen map[string]*diff.RemoteAgent) {
	for _, agent := range plan.Agents {
		if r := seen[agent.Name]; r != nil && r.Current != nil {
			if _, _, ours := diff.ParseNotes(r.Current.Notes); !ours {
				continue
			}
		}
		if len(agent.Steps) > 0 && agent.Steps[0].Action == diff.Adopt {
			continue
		}
		for _, section := range value.SortedKeys(agent.Drift) {
			if class := agent.Drift[section]; class == diff.Drift || class == diff.Both {
				t.Fatalf("nobody edited, and %s of %s is called %s:\n%s", section, agent.Name, class, planBytes(t, plan))
			}
		}
	}
}

func shuffled(t *rapid.T, in diff.Input) diff.Input {
	in.Agents = rapid.Permutation(in.Agents).Draw(t, "agents")
	in.Orphans = rapid.Permutation(in.Orphans).Draw(t, "orphans")
	agents := map[string]*diff.RemoteAgent{}
	for _, key := range value.SortedKeys(in.Remote.Agents) {
		a := *in.Remote.Agents[key]
		a.Outcomes = rapid.Permutation(a.Outcomes).Draw(t, "outcomes")
		a.Infields = rapid.Permutation(a.Infields).Draw(t, "infields")
		agents[key] = &a
	}
	in.Remote.Agents = agents
	return in
}

func planBytes(t *rapid.T, plan *diff.Plan) []byte {
	var b bytes.Buffer
	if err := planfile.Write(&b, plan); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJSON(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}
