package e2e

import (
	"context"
	"encoding/json"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
	"github.com/google/go-cmp/cmp"
)

// rivals are pairs of manifests that two people apply at the same moment, each
// from a folder of his own. No two of their steps need be about the same thing.
var rivals = map[string]struct {
	before   []string // applied one after the other; none for an agent that is not there yet
	one, two string
}{
	"outcomes": {[]string{rival("Hi.", "zero", "zero", "0.2", "maya")},
		rival("Hi.", "zero", "one", "0.2", "maya"), rival("Hi.", "zero", "two", "0.2", "maya")},
	"fields and outcomes": {[]string{rival("Hi.", "zero", "zero", "0.2", "maya")},
		rival("Hi.", "one", "one", "0.2", "maya"), rival("Hi.", "two", "two", "0.2", "maya")},
	"a field or outcomes": {[]string{rival("Hi.", "zero", "zero", "0.2", "maya")},
		rival("Hi.", "one", "zero", "0.2", "maya"), rival("Hi.", "zero", "two", "0.2", "maya")},
	"a prompt or outcomes": {[]string{rival("Hi.", "zero", "zero", "0.2", "maya")},
		rival("Hello.", "zero", "zero", "0.2", "maya"), rival("Hi.", "zero", "two", "0.2", "maya")},
	"prompts and removed outcomes": {[]string{rival("Hi.", "zero", "zero", "0.2", "maya")},
		rival("Hello.", "zero", "", "0.2", "maya"), rival("Good day.", "zero", "two", "0.2", "maya")},
	"services in place": {[]string{rival("Hi.", "zero", "zero", "0.2", "maya")},
		rival("Hi.", "zero", "zero", "0.3", "arjun"), rival("Hi.", "zero", "zero", "0.4", "kavya")},
	"a rollback or a publication": {[]string{rival("Hi.", "zero", "zero", "0.2", "maya"), rival("Hello.", "zero", "zero", "0.2", "maya")},
		rival("Hi.", "zero", "one", "0.2", "maya"), rival("Good day.", "two", "zero", "0.2", "maya")},
	"creates": {nil,
		rival("Hello.", "one", "one", "0.2", "maya"), rival("Good day.", "two", "two", "0.2", "maya")},
}

// rival is a manifest; outcomes "" is an agent that may have none.
func rival(prompt, description, outcomes, temperature, voice string) string {
	list := "[]"
	if outcomes != "" {
		list = ""
		for _, name := range []string{"a", "b", "c"} {
			list += "\n    - {outcome_name: " + name + ", outcome_description: " + outcomes + ", outcome_type: TEXT, is_visible: true}"
		}
	}
	return `apiVersion: agentsync/v1
kind: Agent
metadata: {name: a}
spec:
  agent: {agent_name: Agent a, agent_description: ` + description + `, agent_type: OUTBOUND}
  config:
    system_prompt: ` + prompt + `
    llm_config: {provider: groq, model: m, temperature: ` + temperature + `}
    tts_config: {voice_id: ` + voice + `}
  release: {service_updates: in_place}
  call_outcomes: ` + list + "\n"
}

// picture is what callers meet of an agent: not its version numbers.
func picture(w *world) string {
	w.t.Helper()
	agent, ok := w.snapshot().Agent("Agent a")
	if !ok {
		w.t.Fatal("there is not just one Agent a")
	}
	live, _ := agent.Live()
	data, err := json.MarshalIndent(map[string]any{"fields": agent.Fields, "config": live.Content, "outcomes": agent.Outcomes}, "", " ")
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

// alone is the picture after the manifests were applied with nobody else there.
func alone(t *testing.T, change func(*sandbox.Options), manifests ...string) string {
	t.Helper()
	w := newWorld(t, change)
	for _, manifest := range manifests {
		w.write(map[string]string{"a.yaml": manifest})
		w.must(0, "apply", "--auto-approve")
	}
	return picture(w)
}

// TestRivals lets two applies loose on one agent, with answers that take their
// time, by chance: the agent ends as one of the two wants it, whoever wins.
// AGENTSYNC_RIVALS is the number of rounds of each pair.
func TestRivals(t *testing.T) {
	t.Parallel()
	rounds := 2
	if n, err := strconv.Atoi(os.Getenv("AGENTSYNC_RIVALS")); err == nil {
		rounds = n
	}
	readings := map[string]func(*sandbox.Options){
		"published at creation": func(*sandbox.Options) {},
		"draft at creation": func(o *sandbox.Options) {
			o.CreatePublishes, o.Rollback, o.Superseded, o.Numbers = false, "clone", "published", "once"
		},
	}
	for name, pair := range rivals {
		for reading, change := range readings {
			t.Run(name+", "+reading, func(t *testing.T) {
				t.Parallel()
				one := alone(t, change, append(pair.before, pair.one)...)
				two := alone(t, change, append(pair.before, pair.two)...)
				if one == two {
					t.Fatal("the two want the same")
				}
				for round := range rounds {
					rivalRound(t, change, pair.before, [2]string{pair.one, pair.two}, [2]string{one, two}, int64(round), false)
					if pair.before != nil {
						rivalRound(t, change, pair.before, [2]string{pair.one, pair.two}, [2]string{one, two}, int64(round), true)
					}
				}
			})
		}
	}
}

// rivalRound is one round. With marked an apply of the first's manifest was
// killed at its first draft, and both have its lock file.
func rivalRound(t *testing.T, change func(*sandbox.Options), before []string, wants, pictures [2]string, seed int64, marked bool) {
	t.Helper()
	w := newWorld(t, change)
	for _, manifest := range before {
		w.write(map[string]string{"a.yaml": manifest})
		w.must(0, "apply", "--auto-approve")
	}
	other := &world{t: t, dir: t.TempDir(), platform: w.platform, faults: w.faults, url: w.url}
	w.write(map[string]string{"a.yaml": wants[0]})
	if marked {
		w.faults.Add(faults.Rule{Method: "POST", Path: "/configs", Nth: 1, Do: faults.After(func(*http.Request) { w.kill() })})
		if r := w.run("apply", "--auto-approve"); r.code != -1 {
			t.Fatalf("want it killed: %s", r)
		}
		w.faults.Reset()
	}
	copyDir(t, w.dir, other.dir)
	other.write(map[string]string{"a.yaml": wants[1]})
	w.faults.Add(faults.Rule{Do: faults.DelayBefore(chance(seed))})
	first, second := w.start("apply", "--auto-approve"), other.start("apply", "--auto-approve")
	results := [2]result{w.wait(first), other.wait(second)}
	w.faults.Reset()

	end := picture(w)
	if end != pictures[0] && end != pictures[1] {
		t.Errorf("round %d: a mixture; held against the first's wish:\n%s\nfirst %s\nsecond %s", seed, cmp.Diff(pictures[0], end), results[0], results[1])
	}
	for i, r := range results {
		// Both may win one after the other: then the later one stands, and saw it all.
		if r.code == 0 && end != pictures[i] && results[1-i].code != 0 {
			t.Errorf("round %d: apply %d says that it won, and did not: %s", seed, i+1, r)
		}
		if r.code != 0 && !strings.Contains(r.stdout+r.stderr, "conflict") && !strings.Contains(r.stdout+r.stderr, "drift") {
			t.Errorf("round %d: apply %d failed without a conflict: %s", seed, i+1, r)
		}
	}
	t.Logf("round %d: exit codes %d and %d", seed, results[0].code, results[1].code)
	agent, _ := w.snapshot().Agent("Agent a")
	for _, v := range agent.Versions {
		if v.Status == "draft" {
			t.Errorf("round %d: draft v%d is left: %s\nfirst %s\nsecond %s", seed, v.Number, v.Notes, results[0], results[1])
		}
	}
}

// chance is a wait of up to 20 ms.
func chance(seed int64) func(context.Context) error {
	var mu sync.Mutex
	random := rand.New(rand.NewSource(seed))
	return func(ctx context.Context) error {
		mu.Lock()
		d := time.Duration(random.Int63n(int64(20 * time.Millisecond)))
		mu.Unlock()
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// leftHold gives a world in which an apply was killed right after it made its
// hold, by the platform's clock so long ago, and whose lock file is lost.
func leftHold(t *testing.T, ago time.Duration) *world {
	t.Helper()
	w := newWorld(t, func(o *sandbox.Options) { o.Now = func() time.Time { return time.Now().Add(-ago) } })
	w.write(map[string]string{"a.yaml": rival("Hi.", "zero", "zero", "0.2", "maya")})
	w.must(0, "apply", "--auto-approve")
	w.write(map[string]string{"a.yaml": rival("Hi.", "zero", "one", "0.2", "maya")})
	before := w.must(0, "plan", "--format", "json").stdout
	w.faults.Add(faults.Rule{Method: "POST", Path: "/configs", Nth: 1, Do: faults.After(func(*http.Request) { w.kill() })})
	if r := w.run("apply", "--auto-approve"); r.code != -1 {
		t.Fatalf("want it killed: %s", r)
	}
	w.faults.Reset()
	if len(w.drafts()) != 1 {
		t.Fatalf("want the hold, got %v", w.drafts())
	}
	w.write(map[string]string{"agentsync.lock.yaml": ""})
	if after := w.must(0, "plan", "--format", "json").stdout; !strings.Contains(after, `"steps": 3`) || strings.Contains(after, "_draft") {
		t.Fatalf("want the hold in no plan; before\n%s\nafter\n%s", before, after)
	}
	return w
}

// drafts are the notes of all drafts of Agent a.
func (w *world) drafts() []string {
	w.t.Helper()
	agent, _ := w.snapshot().Agent("Agent a")
	var notes []string
	for _, v := range agent.Versions {
		if v.Status == "draft" {
			notes = append(notes, v.Notes)
		}
	}
	return notes
}

// TestFreshHoldIsWaitedFor has no lock file to tell that the hold is a dead
// apply's: it is waited for until it is a minute old.
func TestFreshHoldIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := leftHold(t, 56*time.Second)
	r := w.must(0, "apply", "--auto-approve")
	if !strings.Contains(r.stderr, "a: another apply is at work, with draft v2") || len(w.drafts()) != 0 {
		t.Errorf("drafts %q: %s", w.drafts(), r)
	}
	w.settled()
}

// TestFreshHoldInterrupted stops an apply that waits.
func TestFreshHoldInterrupted(t *testing.T) {
	t.Parallel()
	w := leftHold(t, 0)
	w.faults.Add(faults.Rule{Method: "GET", Path: "/configs", Nth: 4, Do: faults.After(func(*http.Request) { w.signal(os.Interrupt) })})
	r := w.run("apply", "--auto-approve")
	if r.code != 130 || w.faults.Writes() != 0 || len(w.drafts()) != 1 {
		t.Errorf("want it interrupted and nothing written, got %d writes: %s", w.faults.Writes(), r)
	}
}

// TestDeleteAgainstUpdate lets another apply change an agent at each moment of
// its delete until the delete holds it: once all was read for the
// plan, the change is a conflict, and the agent stays.
func TestDeleteAgainstUpdate(t *testing.T) {
	t.Parallel()
	const planned = 6 // log in, agent, live version, outcomes, infields, versions: in any order
	held := false
	for nth := 2; !held; nth++ {
		w := newWorld(t, nil)
		w.write(map[string]string{"a.yaml": rival("Hi.", "zero", "zero", "0.2", "maya")})
		w.must(0, "apply", "--auto-approve")
		other := newWorld(t, nil)
		other.platform, other.faults = w.platform, faults.New(w.platform, 1)
		direct := httptest.NewServer(other.faults)
		t.Cleanup(direct.Close)
		other.url = direct.URL
		copyDir(t, w.dir, other.dir)
		w.write(map[string]string{"a.yaml": strings.Replace(rival("Hi.", "zero", "zero", "0.2", "maya"), "release:", "lifecycle: {state: absent}\n  release:", 1)})
		other.write(map[string]string{"a.yaml": rival("Hello.", "zero", "zero", "0.2", "maya")})
		w.faults.Reset()
		w.faults.Add(faults.Rule{Nth: nth, Do: faults.Before(func(r *http.Request) {
			if held = w.faults.Writes() > 0; !held {
				other.must(0, "apply", "--auto-approve")
			}
		})})
		r := w.run("apply", "--auto-approve", "--parallelism", "1")
		_, there := w.snapshot().Agent("Agent a")
		switch {
		case there == (r.code == 0):
			t.Errorf("request %d: the agent is there: %v, and %s", nth, there, r)
		case nth > planned && !held && (!there || !strings.Contains(r.stdout, "conflict")):
			t.Errorf("request %d: the other's version went with the agent unseen: %s", nth, r)
		}
		if nth > 50 {
			t.Fatal("the delete never holds its agent")
		}
	}
}

func TestOldHoldIsRemoved(t *testing.T) {
	t.Parallel()
	w := leftHold(t, 6*time.Minute)
	w.must(0, "apply", "--auto-approve")
	if len(w.drafts()) != 0 {
		t.Errorf("drafts are left: %q", w.drafts())
	}
	w.settled()
}
