package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/fastclock"
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
// time, by chance. Whatever they leave, they do not both say that all is well
// over a mixture, and one more apply settles it. The quick tests take the two
// readings by turns.
func TestRivals(t *testing.T) {
	t.Parallel()
	rounds := exhaustive.Or(1, 10)
	readings := map[string]func(*sandbox.Options){
		"published at creation": func(*sandbox.Options) {},
		"draft at creation": func(o *sandbox.Options) {
			o.CreatePublishes, o.Rollback, o.Superseded, o.Numbers = false, "clone", "published", "once"
		},
	}
	for i, name := range slices.Sorted(maps.Keys(rivals)) {
		pair := rivals[name]
		for j, reading := range slices.Sorted(maps.Keys(readings)) {
			if (i+j)%2 == 1 && !exhaustive.On() {
				continue
			}
			change := readings[reading]
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
// killed at its first write, and both have its lock file.
func rivalRound(t *testing.T, change func(*sandbox.Options), before []string, wants, pictures [2]string, seed int64, marked bool) {
	t.Helper()
	w := newWorld(t, change)
	for _, manifest := range before {
		w.write(map[string]string{"a.yaml": manifest})
		w.must(0, "apply", "--auto-approve")
	}
	other := w.neighbour()
	w.write(map[string]string{"a.yaml": wants[0]})
	if marked {
		w.faults.Add(faults.Rule{Writes: true, Nth: 1, Do: faults.After(func(*http.Request) { w.kill() })})
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
	for i, r := range results {
		// Both may win one after the other; else one says that it did not.
		if r.code == 0 && end != pictures[i] && results[1-i].code == 0 && end != pictures[1-i] {
			t.Errorf("round %d: both say that they won, over a mixture; held against the first's wish:\n%s\nfirst %s\nsecond %s",
				seed, cmp.Diff(pictures[0], end), results[0], results[1])
		}
		if r.code != 0 && !saysWhy(r) {
			t.Errorf("round %d: apply %d failed without a conflict: %s", seed, i+1, r)
		}
	}
	t.Logf("round %d: exit codes %d and %d, a mixture: %v", seed, results[0].code, results[1].code, end != pictures[0] && end != pictures[1])

	loser, want := other, pictures[1]
	if results[0].code != 0 {
		loser, want = w, pictures[0]
	}
	again := loser.must(0, "apply", "--auto-approve", "--on-drift", "overwrite")
	if end := picture(w); end != want {
		t.Errorf("round %d: one more apply does not end in the wanted state:\n%s\n%s", seed, cmp.Diff(want, end), again)
	}
	if left := w.drafts(); len(left) > 0 {
		t.Errorf("round %d: drafts are left: %q\nfirst %s\nsecond %s\nonce more %s", seed, left, results[0], results[1], again)
	}
	loser.settled()
}

// saysWhy reports whether a failed apply says what it ran into.
func saysWhy(r result) bool {
	out := r.stdout + r.stderr
	for _, why := range []string{"conflict", "drift", "read back", "already exists", "not found", "is not draft"} {
		if strings.Contains(out, why) {
			return true
		}
	}
	return false
}

// chance is a wait of up to 20 ms.
func chance(seed int64) func(context.Context) error {
	var mu sync.Mutex
	random := rand.New(rand.NewSource(seed))
	return func(ctx context.Context) error {
		mu.Lock()
		d := time.Duration(random.Int63n(int64(20 * time.Millisecond)))
		mu.Unlock()
		return fastclock.Clock{Speed: 1}.Sleep(ctx, d)
	}
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

// TestDeleteAgainstUpdate lets another apply change an agent before each
// request of its delete but the last: once all was read for the plan, the
// change is a conflict, and the agent stays.
func TestDeleteAgainstUpdate(t *testing.T) {
	t.Parallel()
	const planned = 6 // log in, agent, live version, outcomes, infields, versions: in any order
	deletes := false
	for nth := 2; !deletes; nth++ {
		w := newWorld(t, nil)
		w.write(map[string]string{"a.yaml": rival("Hi.", "zero", "zero", "0.2", "maya")})
		w.must(0, "apply", "--auto-approve")
		other := w.neighbour()
		other.faults = faults.New(w.platform, 1)
		direct := httptest.NewServer(other.faults)
		t.Cleanup(direct.Close)
		other.url = direct.URL
		copyDir(t, w.dir, other.dir)
		w.write(map[string]string{"a.yaml": strings.Replace(rival("Hi.", "zero", "zero", "0.2", "maya"), "release:", "lifecycle: {state: absent}\n  release:", 1)})
		other.write(map[string]string{"a.yaml": rival("Hello.", "zero", "zero", "0.2", "maya")})
		w.faults.Reset()
		w.faults.Add(faults.Rule{Nth: nth, Do: faults.Before(func(r *http.Request) {
			if deletes = r.Method == http.MethodDelete; !deletes {
				other.must(0, "apply", "--auto-approve")
			}
		})})
		r := w.run("apply", "--auto-approve", "--parallelism", "1")
		_, there := w.snapshot().Agent("Agent a")
		switch {
		case there == (r.code == 0):
			t.Errorf("request %d: the agent is there: %v, and %s", nth, there, r)
		case nth > planned && !deletes && (!there || !strings.Contains(r.stdout, "conflict")):
			t.Errorf("request %d: the other's version went with the agent unseen: %s", nth, r)
		}
		if nth > 50 {
			t.Fatal("the delete never comes")
		}
	}
}
