package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
	"github.com/agentsync/agentsync/sync/lock"
)

// fakeRemote is a platform that answers what a test has told it to. A call that
// nobody expected fails the test. The answers of a read are given one by one,
// and the last again and again; those of a write are given once each.
type fakeRemote struct {
	t       *testing.T
	mu      gosync.Mutex
	answers map[string][]any
	writes  []string         // in the order in which they came
	bodies  map[string][]any // of the writes
	before  func(call string)
}

// on says what calls answer: an error, or what the method returns. nil is an
// answer without a value.
func (f *fakeRemote) on(call string, answers ...any) { f.answers[call] = answers }

func (f *fakeRemote) take(call, id string, body any) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.before != nil {
		f.before(call)
	}
	if id == "" {
		f.t.Errorf("of no agent: %s", call)
	}
	isRead := strings.HasPrefix(call, "read ")
	if !isRead {
		f.writes = append(f.writes, call)
		f.bodies[call] = append(f.bodies[call], body)
	}
	left := f.answers[call]
	if len(left) == 0 {
		f.t.Errorf("nobody expected the call: %s", call)
		return &failure{text: "nobody expected " + call, tries: 1}
	}
	if !isRead || len(left) > 1 {
		f.answers[call] = left[1:]
	}
	return left[0]
}

// done holds that every write that was expected has come.
func (f *fakeRemote) done() {
	for _, call := range value.SortedKeys(f.answers) {
		if !strings.HasPrefix(call, "read ") && len(f.answers[call]) > 0 {
			f.t.Errorf("%d times less than expected: %s", len(f.answers[call]), call)
		}
	}
}

// answer is what a call returns; the zero value beside an error.
func answer[T any](got any) (out T, err error) {
	if err, is := got.(error); is {
		return out, err
	}
	out, _ = got.(T)
	return out, nil
}

func (f *fakeRemote) write(call, id string, body any) error {
	_, err := answer[any](f.take(call, id, body))
	return err
}

// anyID is that of a call which is about no agent.
const anyID = "any"

type unlisted struct{}

func (f *fakeRemote) ListAgents(context.Context) ([]diff.RemoteAgent, bool, error) {
	got := f.take("read listing", anyID, nil)
	if _, none := got.(unlisted); none {
		return nil, false, nil
	}
	agents, err := answer[[]diff.RemoteAgent](got)
	return agents, err == nil, err
}

func (f *fakeRemote) Agent(_ context.Context, id string) (diff.RemoteAgent, error) {
	return answer[diff.RemoteAgent](f.take("read agent", id, nil))
}

func (f *fakeRemote) CreateAgent(_ context.Context, body map[string]any) (diff.RemoteAgent, error) {
	return answer[diff.RemoteAgent](f.take("create agent", anyID, body))
}

func (f *fakeRemote) UpdateAgent(_ context.Context, id string, body map[string]any) error {
	return f.write("update agent", id, body)
}

func (f *fakeRemote) DeleteAgent(_ context.Context, id string) error {
	return f.write("delete agent", id, nil)
}

func (f *fakeRemote) CurrentVersion(_ context.Context, id string) (*diff.Version, error) {
	return answer[*diff.Version](f.take("read live", id, nil))
}

func (f *fakeRemote) Versions(_ context.Context, id string, _ func([]diff.Version) bool) ([]diff.Version, error) {
	return answer[[]diff.Version](f.take("read versions", id, nil))
}

func (f *fakeRemote) Version(_ context.Context, id string, number int) (*diff.Version, error) {
	return answer[*diff.Version](f.take(fmt.Sprintf("read v%d", number), id, nil))
}

func (f *fakeRemote) CreateDraft(_ context.Context, id string, body map[string]any) (diff.Version, error) {
	return answer[diff.Version](f.take("create draft", id, body))
}

func (f *fakeRemote) UpdateDraft(_ context.Context, id string, version int, body map[string]any) error {
	return f.write(fmt.Sprintf("update draft v%d", version), id, body)
}

func (f *fakeRemote) DeleteDraft(_ context.Context, id string, version int) error {
	return f.write(fmt.Sprintf("delete draft v%d", version), id, nil)
}

func (f *fakeRemote) Publish(_ context.Context, id string, version int) error {
	return f.write(fmt.Sprintf("publish v%d", version), id, nil)
}

func (f *fakeRemote) Rollback(_ context.Context, id string, version int) error {
	return f.write(fmt.Sprintf("roll back to v%d", version), id, nil)
}

func (f *fakeRemote) UpdateService(_ context.Context, id, service string, body any) error {
	return f.write("update "+service, id, body)
}

func (f *fakeRemote) Validate(_ context.Context, id string, version int, _ map[string]any) ([]string, error) {
	return answer[[]string](f.take(fmt.Sprintf("read validation of v%d", version), id, nil))
}

func (f *fakeRemote) Render(_ context.Context, id string, ask checks.Ask) (checks.Rendered, error) {
	return answer[checks.Rendered](f.take(fmt.Sprintf("read rendering of v%d", ask.Version), id, nil))
}

func (f *fakeRemote) Enhance(_ context.Context, id string, texts map[string]string) (diff.Enhanced, error) {
	return answer[diff.Enhanced](f.take("enhance", id, texts))
}

func (f *fakeRemote) Items(_ context.Context, id, kind string) ([]value.Value, error) {
	return answer[[]value.Value](f.take("read "+kind, id, nil))
}

func (f *fakeRemote) CreateItem(_ context.Context, id, kind string, body map[string]any) error {
	return f.write("create in "+kind, id, body)
}

func (f *fakeRemote) UpdateItem(_ context.Context, id, kind, name string, body map[string]any) error {
	return f.write("update in "+kind+" "+name, id, body)
}

func (f *fakeRemote) DeleteItem(_ context.Context, id, kind, name string) error {
	return f.write("delete in "+kind+" "+name, id, nil)
}

func (f *fakeRemote) PlaceCall(_ context.Context, order diff.CallOrder) (diff.Call, error) {
	return answer[diff.Call](f.take("place call", order.Agent, order))
}

func (f *fakeRemote) RecentCalls(_ context.Context, id string, _ diff.CallQuery) (calls []diff.Call, more bool, err error) {
	calls, err = answer[[]diff.Call](f.take("read calls", id, nil))
	return calls, false, err
}

func (f *fakeRemote) Transcript(_ context.Context, callID string) (diff.Call, error) {
	return answer[diff.Call](f.take("read transcript", callID, nil))
}

func (f *fakeRemote) Now() time.Time { return time.Time{} }

// failure is an error of a request.
type failure struct {
	text                   string
	notFound, mayHaveActed bool
	tries                  int
}

func (f *failure) Error() string      { return f.text }
func (f *failure) NotFound() bool     { return f.notFound }
func (f *failure) MayHaveActed() bool { return f.mayHaveActed }
func (f *failure) Tries() int         { return f.tries }

var (
	cut      = &failure{text: "connection cut", mayHaveActed: true, tries: 1}
	refused  = &failure{text: "400 refused", tries: 1}
	notFound = &failure{text: "404 not found", notFound: true, tries: 1}
	busy     = &failure{text: "503 busy", tries: 1}
)

// fakeKeeper is a lock file without a file.
type fakeKeeper struct {
	mu       gosync.Mutex
	entries  lock.Environment
	put      []string // the keys of what was made durable at once
	putErrs  []error  // of the next puts
	flushErr error
}

func (k *fakeKeeper) Entries() lock.Environment {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := lock.Environment{}
	for key, entry := range k.entries {
		out[key] = entry
	}
	return out
}

func (k *fakeKeeper) Put(changes map[string]*lock.Entry) error {
	k.PutLater(changes)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.put = append(k.put, strings.Join(value.SortedKeys(changes), " "))
	if len(k.putErrs) == 0 {
		return nil
	}
	err := k.putErrs[0]
	k.putErrs = k.putErrs[1:]
	return err
}

func (k *fakeKeeper) PutLater(changes map[string]*lock.Entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, entry := range changes {
		if entry == nil {
			delete(k.entries, key)
		} else {
			k.entries[key] = *entry
		}
	}
}

func (k *fakeKeeper) Flush() error { return k.flushErr }

// example is an apply of one agent, "sales", with the platform and the lock
// that it meets.
type example struct {
	t      *testing.T
	ctx    context.Context
	remote *fakeRemote
	keeper *fakeKeeper
	want   spec.Agent
	seen   *diff.RemoteAgent // what the plan sees; nil: it is not there
	locked lock.Environment  // the lock as the plan read it; nil: as it is
	sleep  func(context.Context, time.Duration) error
	slept  []time.Duration
	report *Report
}

const salesID = "AGT_1"

// newExample wants this config, JSON, of an agent that has it live as v1 with
// the prompt "One.", and that the lock knows.
func newExample(t *testing.T, config string) *example {
	t.Helper()
	e := &example{t: t, ctx: context.Background(),
		remote: &fakeRemote{t: t, answers: map[string][]any{}, bodies: map[string][]any{}},
		keeper: &fakeKeeper{entries: lock.Environment{}},
		want: spec.Agent{Name: "sales", AgentName: "Sales", Config: patchOf(t, config),
			Agent: patchOf(t, `{"agent_name":"Sales","agent_type":"INBOUND"}`)},
	}
	live := live(1, "One.")
	e.seen = &diff.RemoteAgent{ID: salesID, Fields: object(t, `{"agent_name":"Sales","agent_type":"INBOUND"}`),
		Current: &live, Versions: []diff.Version{live}}
	e.keeper.entries["sales"] = (&ApplyInput{}).verified(lock.Entry{}, e.want, e.seen)
	e.answerAsSeen()
	return e
}

// newAgent is an example of an agent that neither the lock nor the platform has.
func newAgent(t *testing.T, config string) *example {
	t.Helper()
	e := newExample(t, config)
	e.seen = nil
	e.keeper.entries = lock.Environment{}
	e.remote.answers = map[string][]any{}
	return e
}

// answerAsSeen makes each read answer what the plan saw.
func (e *example) answerAsSeen() {
	e.remote.on("read agent", diff.RemoteAgent{ID: e.seen.ID, Fields: e.seen.Fields})
	e.remote.on("read live", e.seen.Current)
	e.remote.on("read versions", e.seen.Versions)
	e.remote.on("read call_outcomes", e.seen.Outcomes)
	e.remote.on("read call_infields", e.seen.Infields)
}

// outcomes makes outcomes wanted, each JSON.
func (e *example) outcomes(items ...string) {
	e.want.OutcomesManaged = true
	for _, item := range items {
		fields := patchOf(e.t, item)
		e.want.Outcomes = append(e.want.Outcomes, spec.Item{Name: fields.Get("outcome_name").Text(), Fields: fields})
	}
}

// apply plans and applies, and returns the report in words.
func (e *example) apply() string {
	e.t.Helper()
	memory := ToMemory(e.keeper.Entries())
	in := diff.Input{Environment: spec.Environment{Name: "default"}, Policy: spec.DefaultPolicy(), Agents: []spec.Agent{e.want},
		Identity: identity, OriginOf: asTheLineSays, Memory: memory, Remote: diff.Remote{Agents: map[string]*diff.RemoteAgent{}}, Known: 1}
	if e.seen != nil {
		in.Remote.Agents["sales"] = e.seen
	}
	plan, problems := diff.Compute(in)
	if len(problems) > 0 {
		e.t.Fatal(problems)
	}
	locked := e.locked
	if locked == nil {
		locked = e.keeper.Entries()
	}
	report, err := Apply(e.ctx, ApplyInput{
		Plan: plan, Agents: in.Agents, Seen: in.Remote, Memory: memory, Locked: locked, Policy: in.Policy,
		Identity: in.Identity, Commit: "0123456789ab", Remote: e.remote, Lock: e.keeper, Parallelism: 1,
		Sleep: func(ctx context.Context, d time.Duration) error {
			e.slept = append(e.slept, d)
			if e.sleep != nil {
				return e.sleep(ctx, d)
			}
			return ctx.Err()
		},
	})
	e.report = report
	e.remote.done()
	out := inWords(e.t, report)
	if err != nil {
		out += "error: " + err.Error() + "\n"
	}
	return out
}

// inWords is a report, a line a step, and holds that it counts right.
func inWords(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	counted := map[StepStatus]int{}
	for _, agent := range r.Agents {
		for _, step := range agent.Steps {
			counted[step.Status]++
			fmt.Fprintf(&b, "%s %s %s", step.Status, step.Action, step.Target)
			if step.To != nil {
				fmt.Fprintf(&b, ", v%d", *step.To)
			}
			if text := step.Reason + step.Note; text != "" {
				fmt.Fprintf(&b, ": %s", text)
			}
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s %s", agent.Result, agent.AgentID)
		if agent.Error != "" {
			fmt.Fprintf(&b, ": %s", agent.Error)
		}
		b.WriteString("\n")
	}
	s := r.Summary
	want := ReportSummary{counted[Done] + counted[Failed] + counted[Skipped] + counted[Fate], counted[Done], counted[Failed], counted[Skipped], counted[Fate]}
	if s != want {
		t.Errorf("the summary is %+v, want %+v", s, want)
	}
	allDone := !slices.ContainsFunc(r.Agents, func(a AgentReport) bool { return a.Result != "done" })
	if r.OK() != (allDone && r.Error == "") {
		t.Errorf("the result is %s: %s", r.Result, asJSON(r))
	}
	return b.String()
}

func asJSON(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// holdReport applies, and compares the report and the writes.
func (e *example) holdReport(want string, writes ...string) {
	e.t.Helper()
	if d := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(e.apply())); d != "" {
		e.t.Errorf("the report differs (-want +got):\n%s", d)
	}
	if d := cmp.Diff(writes, e.remote.writes); d != "" {
		e.t.Errorf("the writes differ (-want +got):\n%s", d)
	}
}

// holdLock holds what the lock says of the agent in the end.
func (e *example) holdLock(state string) {
	e.t.Helper()
	entry, there := e.keeper.entries["sales"]
	got := "verified"
	switch {
	case !there:
		got = "forgotten"
	case entry.Unfinished && entry.AgentID == "":
		got = "begun"
	case entry.Unfinished:
		got = "unfinished"
	}
	if got != state {
		e.t.Errorf("the lock has the agent as %s, want %s: %+v", got, state, entry)
	}
}

func object(t *testing.T, text string) value.Value {
	t.Helper()
	var v value.Value
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func patchOf(t *testing.T, text string) value.Patch {
	t.Helper()
	var raw map[string]any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value.NewPatch(raw)
}

// identity is who applies in these tests.
var identity = diff.Identity{Project: "acme", Environment: "default"}

// asTheLineSays plays git: a line's commit wants what the line says that it wants.
func asTheLineSays(_ string, live *diff.Version, line diff.Provenance) diff.Origin {
	if line.Config == diff.LiveDigest(spec.Agent{}, live) {
		return diff.OriginWanted
	}
	return diff.OriginOther
}

// version is one with this prompt and a line of ours that fits it.
func version(number int, status, prompt string) diff.Version {
	v := diff.Version{Number: number, Status: status, Content: value.Of(map[string]any{"system_prompt": prompt})}
	v.Notes = diff.Provenance{Project: "acme", Environment: "default", Commit: "0123456789ab", Config: diff.LiveDigest(spec.Agent{}, &v)}.String()
	return v
}

func live(number int, prompt string) diff.Version {
	v := version(number, "published", prompt)
	v.IsCurrent = true
	return v
}

func draft(number int, prompt string) diff.Version { return version(number, "draft", prompt) }

func older(number int, prompt string) diff.Version { return version(number, "archived", prompt) }

// someones makes a version somebody else's.
func someones(v diff.Version) diff.Version {
	v.Notes, v.UpdatedBy, v.UpdatedAt = "", "dev@example.com", time.Date(2026, 4, 22, 9, 0, 0, 0, time.UTC)
	return v
}

func versions(list ...diff.Version) []diff.Version { return list }
