package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	gosync "sync"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// TestObserve holds how an agent is found (design section 3): by the lock's id,
// else by its name in the listing, and what is read of it.
func TestObserve(t *testing.T) {
	named := func(id, name string) diff.RemoteAgent {
		return diff.RemoteAgent{ID: id, Fields: value.Of(map[string]any{"agent_name": name})}
	}
	known := diff.Memory{"sales": {AgentID: salesID, AgentName: "Sales"}}
	for name, tt := range map[string]struct {
		memory  diff.Memory
		prepare func(f *fakeRemote)
		want    string // the id that was found; "" for none
		err     string
	}{
		"by the lock's id": {
			known, func(f *fakeRemote) { f.on("read agent", named(salesID, "Renamed")) }, salesID, "",
		},
		"the lock's id is gone, and another has the name": {
			known, func(f *fakeRemote) {
				f.on("read agent", notFound)
				f.on("read listing", []diff.RemoteAgent{named("AGT_2", "Sales")})
			}, "AGT_2", "",
		},
		"the lock's id can't be read": {
			known, func(f *fakeRemote) { f.on("read agent", busy) }, "", "read sales: 503 busy",
		},
		"by its name": {
			nil, func(f *fakeRemote) {
				f.on("read listing", []diff.RemoteAgent{named("AGT_3", "Other"), named("AGT_2", "Sales")})
			}, "AGT_2", "",
		},
		"by an earlier name": {
			nil, func(f *fakeRemote) { f.on("read listing", []diff.RemoteAgent{named("AGT_2", "Sales (old)")}) }, "AGT_2", "",
		},
		"by the name of a create that was begun": {
			diff.Memory{"sales": {AgentName: "Begun", Unfinished: true}},
			func(f *fakeRemote) {
				f.on("read listing", []diff.RemoteAgent{named("AGT_2", "Begun")})
				f.on("read versions", []diff.Version(nil))
			}, "AGT_2", "",
		},
		"not by the name that it had when it was verified": {
			diff.Memory{"sales": {AgentName: "Verified"}},
			func(f *fakeRemote) { f.on("read listing", []diff.RemoteAgent{named("AGT_2", "Verified")}) }, "", "",
		},
		"not one that the lock gives to another manifest": {
			diff.Memory{"other": {AgentID: "AGT_2"}},
			func(f *fakeRemote) { f.on("read listing", []diff.RemoteAgent{named("AGT_2", "Sales")}) }, "", "",
		},
		"two have the name": {
			nil, func(f *fakeRemote) {
				f.on("read listing", []diff.RemoteAgent{named("AGT_3", "Sales"), named("AGT_2", "Sales")})
			}, "", `read sales: 2 agents on the platform are named "Sales": AGT_2, AGT_3; rename all but one, or put the right agent_id into the lock file`,
		},
		"none has it": {
			nil, func(f *fakeRemote) { f.on("read listing", []diff.RemoteAgent{named("AGT_3", "Other")}) }, "", "",
		},
		"nothing lists agents": {
			nil, func(f *fakeRemote) { f.on("read listing", unlisted{}) }, "", "",
		},
		"the listing fails": {
			nil, func(f *fakeRemote) { f.on("read listing", busy) }, "", "503 busy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeRemote{t: t, answers: map[string][]any{}, bodies: map[string][]any{}}
			one := live(1, "One.")
			f.on("read live", &one)
			f.on("read call_outcomes", []value.Value{object(t, `{"outcome_name":"a"}`)})
			f.on("read call_infields", []value.Value{object(t, `{"field_name":"b"}`)})
			tt.prepare(f)
			want := spec.Agent{Name: "sales", AgentName: "Sales", PreviousNames: []string{"Sales (old)"}, Config: patchOf(t, `{"system_prompt":"One."}`)}
			got, err := Observe(context.Background(), f, Scope{Agents: []spec.Agent{want}, Memory: tt.memory, Parallelism: 2})
			if text := errorText(err); text != tt.err {
				t.Fatalf("got %q, want %q", text, tt.err)
			}
			r := got.Agents["sales"]
			if tt.want == "" {
				if r != nil {
					t.Errorf("found %+v", r)
				}
				return
			}
			if r == nil || r.ID != tt.want || r.Current == nil || r.Current.Number != 1 || len(r.Outcomes) != 1 || len(r.Infields) != 1 || r.Versions != nil {
				t.Errorf("read %+v", r)
			}
			if unlisted := name == "nothing lists agents"; got.Unlisted != unlisted {
				t.Errorf("unlisted: %v", got.Unlisted)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestWhenVersionsAreRead holds that the list, which is large, is read only when
// what is live is not what is wanted, or an apply that did not end may have left
// a draft.
func TestWhenVersionsAreRead(t *testing.T) {
	for name, tt := range map[string]struct {
		prompt     string
		unfinished bool
		want       bool
	}{
		"it is live":               {"One.", false, false},
		"something else is":        {"Two.", false, true},
		"an apply was interrupted": {"One.", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, `{"system_prompt":"`+tt.prompt+`"}`)
			got, err := Observe(context.Background(), e.remote, Scope{Agents: []spec.Agent{e.want},
				Memory: diff.Memory{"sales": {AgentID: salesID, Unfinished: tt.unfinished}}, Parallelism: 1})
			if err != nil {
				t.Fatal(err)
			}
			if read := got.Agents["sales"].Versions != nil; read != tt.want {
				t.Errorf("the list was read: %v", read)
			}
		})
	}
}

// TestAgentsThatShareAnError holds that a refused login is one line, and that
// two manifests of one agent are a fault.
func TestAgentsThatShareAnError(t *testing.T) {
	agents := []spec.Agent{{Name: "b", AgentName: "B"}, {Name: "a", AgentName: "A"}}
	memory := diff.Memory{"a": {AgentID: "AGT_1"}, "b": {AgentID: "AGT_2"}}
	f := &fakeRemote{t: t, answers: map[string][]any{}, bodies: map[string][]any{}}
	f.on("read agent", errors.New("401 log in"))
	_, err := Observe(context.Background(), f, Scope{Agents: agents, Memory: memory, Parallelism: 1})
	if errorText(err) != "read a: 401 log in" {
		t.Errorf("got %v", err)
	}
	f.on("read agent", diff.RemoteAgent{ID: salesID}) // the same for both
	f.on("read live", (*diff.Version)(nil))
	f.on("read call_outcomes", []value.Value(nil))
	f.on("read call_infields", []value.Value(nil))
	_, err = Observe(context.Background(), f, Scope{Agents: agents, Memory: memory, Parallelism: 1})
	if want := `read a: "b" is the same agent on the platform, AGT_1`; errorText(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestNeedsListing holds when the listing is read first: where an agent must be
// found by its name, and where one listing is cheaper than reading each agent.
func TestNeedsListing(t *testing.T) {
	known := func(n int) (agents []spec.Agent, memory diff.Memory) {
		memory = diff.Memory{}
		for i := range n {
			name := fmt.Sprintf("a%02d", i)
			agents = append(agents, spec.Agent{Name: name})
			memory[name] = diff.Remembered{AgentID: "AGT_" + name}
		}
		return agents, memory
	}
	for name, tt := range map[string]struct {
		change func(s *Scope)
		known  int
		want   bool
	}{
		"all are known":                 {func(*Scope) {}, 25, false},
		"but many":                      {func(*Scope) {}, 26, true},
		"one is new":                    {func(s *Scope) { s.Agents = append(s.Agents, spec.Agent{Name: "new"}) }, 2, true},
		"an orphan that is known":       {func(s *Scope) { s.Agents, s.Orphans = s.Agents[1:], []string{"a00"} }, 2, false},
		"many, with the orphans":        {func(s *Scope) { s.Agents, s.Orphans = s.Agents[1:], []string{"a00"} }, 26, true},
		"an orphan whose create is not": {func(s *Scope) { s.Orphans = []string{"begun"} }, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			var scope Scope
			scope.Agents, scope.Memory = known(tt.known)
			tt.change(&scope)
			if got := (&observer{scope: scope}).needsListing(); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestObserveAnOrphan holds that an agent without a manifest is read as a plan
// that deletes it needs it, and that only agents with one are handed on.
func TestObserveAnOrphan(t *testing.T) {
	e := newExample(t, `{"system_prompt":"One."}`)
	e.remote.on("read call_outcomes", []value.Value{object(t, `{"outcome_name":"a"}`)})
	e.remote.on("read call_infields", []value.Value{object(t, `{"field_name":"b"}`)})
	handed := map[string]diff.Wanted{}
	scope := Scope{Memory: diff.Memory{"sales": {AgentID: salesID}}, Parallelism: 1,
		Seen: func(want spec.Agent, r *diff.RemoteAgent, w diff.Wanted) { handed[want.Name+" "+r.ID] = w }}
	scope.Orphans = []string{"sales"}
	got, err := Observe(context.Background(), e.remote, scope)
	if r := got.Agents["sales"]; err != nil || r == nil || r.Current == nil || len(r.Outcomes) != 1 || len(r.Infields) != 1 || r.Versions != nil || len(handed) > 0 {
		t.Errorf("an orphan: %+v, %v; handed on: %v", r, err, handed)
	}
	scope.Orphans, scope.Agents = nil, []spec.Agent{e.want}
	if _, err := Observe(context.Background(), e.remote, scope); err != nil || len(handed) != 1 || handed["sales "+salesID].Config.Get("system_prompt").Text() != "One." {
		t.Errorf("handed on: %v, %v", handed, err)
	}
	e.remote.on("read live", busy)
	clear(handed)
	if _, err := Observe(context.Background(), e.remote, scope); errorText(err) != "read sales: 503 busy" || len(handed) > 0 {
		t.Errorf("one that can't be read: %v; handed on: %v", err, handed)
	}
}

// TestProgressOfAnAgentThatGoes holds that no more agents are counted than there
// are, where one is deleted between the listing and the reads.
func TestProgressOfAnAgentThatGoes(t *testing.T) {
	f := &fakeRemote{t: t, answers: map[string][]any{}, bodies: map[string][]any{}}
	f.on("read listing", []diff.RemoteAgent{{ID: "AGT_2", Fields: object(t, `{"agent_name":"New"}`)}})
	f.on("read agent", notFound)
	f.on("read live", (*diff.Version)(nil))
	f.on("read call_outcomes", []value.Value(nil))
	f.on("read call_infields", []value.Value(nil))
	last := 0
	_, err := Observe(context.Background(), f, Scope{
		Agents: []spec.Agent{{Name: "new", AgentName: "New"}}, Orphans: []string{"old"}, Memory: diff.Memory{"old": {AgentID: "AGT_1"}}, Parallelism: 1,
		Progress: func(done, total int) {
			if done != last+1 || done > total {
				t.Errorf("told %d of %d after %d", done, total, last)
			}
			last = done
		},
	})
	if err != nil || last != 2 {
		t.Errorf("told %d, %v", last, err)
	}
}

// TestProgress holds that each agent counts once, whether it was read while the
// listing was on its way or after it.
func TestProgress(t *testing.T) {
	f := &fakeRemote{t: t, answers: map[string][]any{}, bodies: map[string][]any{}}
	f.on("read listing", []diff.RemoteAgent{{ID: "AGT_1"}, {ID: "AGT_2", Fields: object(t, `{"agent_name":"New"}`)}})
	f.on("read live", (*diff.Version)(nil))
	f.on("read call_outcomes", []value.Value(nil))
	f.on("read call_infields", []value.Value(nil))
	var told []int
	var mu gosync.Mutex
	_, err := Observe(context.Background(), f, Scope{
		Agents: []spec.Agent{{Name: "new", AgentName: "New"}}, Orphans: []string{"old"}, Memory: diff.Memory{"old": {AgentID: "AGT_1"}}, Parallelism: 2,
		Progress: func(done, total int) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, done, total)
		},
	})
	if want := []int{1, 2, 2, 2}; err != nil || !slices.Equal(told, want) {
		t.Errorf("told %v, want %v, %v", told, want, err)
	}
}
