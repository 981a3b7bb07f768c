package github

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite testdata")

// savedPlan reads one of the plan files that diff/planfile is tested with.
func savedPlan(t testing.TB, name string) *diff.Plan {
	t.Helper()
	data, err := os.ReadFile("../../diff/planfile/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	p, err := planfile.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var savedPlans = []string{"contract", "everystep", "longline", "hindi", "hostile", "rewritten", "joined", "nochange", "empty", "one"}

// inert holds that a hidden line shows nothing and is obeyed by nothing.
func inert(t testing.TB, line string) {
	t.Helper()
	if strings.ContainsAny(line, "\r\n@#") || strings.Count(line, "-->") != 1 || strings.IndexFunc(line, unicode.IsControl) >= 0 {
		t.Errorf("not one inert line: %q", line)
	}
}

func differences(t testing.TB, reviewed, now *diff.Plan) string {
	t.Helper()
	var b strings.Builder
	if err := render.Differences(&b, reviewed, now, render.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// alike checks that a plan read back from a comment is said to be the one it
// was made from.
func alike(t testing.TB, kept, p *diff.Plan) {
	t.Helper()
	if got := differences(t, kept, abridgeAs(p, kept)); got != "No differences: the plan is as it was reviewed.\n" {
		t.Errorf("the same plan differs:\n%s", got)
	}
}

// TestHiddenReadsBack: every plan comes back from its line, whole or abridged,
// with any line ends around it.
func TestHiddenReadsBack(t *testing.T) {
	for _, name := range savedPlans {
		p := savedPlan(t, name)
		lines := map[string]bool{pack(planfile.Bare(p), 1<<20): false}
		for s := shortValues; s <= shortest; s++ {
			lines[pack(abridge(p, s, nil), 1<<20)] = true
		}
		for line, want := range lines {
			inert(t, line)
			for _, body := range []string{line, "x\n" + line + "\n", "x\r\n\r\n" + line + "\r\n\r\n"} {
				kept, abridged, ok := findHidden(body)
				if !ok || abridged != want || kept.Digest != p.Digest {
					t.Fatalf("%s: abridged %v, ok %v", name, abridged, ok)
				}
				alike(t, kept, p)
			}
		}
	}
}

// fleet is a plan of agents that are unchanged, but for the first ones with a
// new prompt of the size.
func fleet(agents, changed, size int) *diff.Plan {
	p := &diff.Plan{FormatVersion: diff.FormatVersion, Environment: "default"}
	for i := range agents {
		name := fmt.Sprintf("agent-%04d", i)
		a := diff.AgentPlan{Name: name, AgentName: "Agent", AgentID: "AGT_" + value.Of(name).ShortDigest(), Status: diff.Unchanged, Fingerprint: "sha256:" + value.Of(name).Digest()}
		if p.Summary.Unchanged++; i < changed {
			prompt := ""
			for k := 0; len(prompt) < size; k++ {
				prompt += value.Of(fmt.Sprint(name, k)).Digest() + "\n"
			}
			a.Status = diff.Update
			a.Steps = []diff.Step{{ID: name + "/create_draft", Action: diff.CreateDraft, Target: "new",
				Changes: []diff.Change{{Path: "system_prompt", Before: value.Of("Ask."), After: value.Of(prompt + "end")}}}}
			p.Summary.Unchanged--
			p.Summary.Update++
		}
		p.Agents = append(p.Agents, a)
	}
	return planfile.Seal(p)
}

// TestHiddenFits: the more room, the more of a plan is kept, and never more
// than the room.
func TestHiddenFits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		plan   *diff.Plan
		budget int
		want   string
	}{
		{"all", fleet(10, 2, 1000), planBudget, "1, 10 agents"},
		{"what has steps", fleet(1000, 2, 1000), planBudget, "1, 2 agents"},
		{"long values as digests", fleet(10, 10, 10000), planBudget, "1/abridged-1, 10 agents"},
		{"no ids", fleet(500, 20, 10000), planBudget, "1/abridged-2, 500 agents"},
		{"no unchanged agents", fleet(3000, 20, 10000), planBudget, "1/abridged-3, 20 agents"},
		{"nothing", fleet(3000, 1000, 2000), 2000, "nothing"},
	} {
		line := hide(tt.plan, tt.budget)
		got := "nothing"
		if kept, _, ok := findHidden(line); ok {
			got = fmt.Sprintf("%s, %d agents", kept.FormatVersion, len(kept.Agents))
		}
		if got != tt.want || len(line) > tt.budget/3 {
			t.Errorf("%s: %s in %d bytes, want %s", tt.name, got, len(line), tt.want)
		}
	}
}

// packed packs any text as pack packs a plan.
func packed(text []byte) string {
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	_, _ = zip.Write(text)
	_ = zip.Close()
	return reviewedStart + base64.StdEncoding.EncodeToString(buf.Bytes()) + reviewedEnd
}

// TestFindHiddenRefuses: somebody else may have written the comment.
func TestFindHiddenRefuses(t *testing.T) {
	good := pack(savedPlan(t, "contract"), 1<<20)
	edited, other, twice := savedPlan(t, "contract"), savedPlan(t, "contract"), savedPlan(t, "contract")
	edited.Agents[1].Steps[1].Changes[0].After = value.Of("Say nothing.")
	other.FormatVersion = "2"
	twice.Agents = append(twice.Agents, twice.Agents[0])
	for name, body := range map[string]string{
		"empty": "", "no plan": packed([]byte("hello")), "null": packed([]byte("null")),
		"a bomb":            packed(bytes.Repeat([]byte(" "), 64<<20)),
		"not the last line": good + "\nmore",
		"inside a line":     "> " + good,
		"cut":               good[:len(good)-20] + reviewedEnd,
		"another alphabet":  strings.Replace(good, `gzip="H4s`, `gzip="H4_`, 1),
		"not closed":        strings.TrimSuffix(good, " -->"),
		"edited":            pack(edited, 1<<20),
		"format version 2":  pack(other, 1<<20),
		"an agent twice":    pack(abridge(twice, shortValues, nil), 1<<20),
		"abridged, unknown": packed([]byte(`{"format_version":"1/abridged-4","digest":"sha256:` + strings.Repeat("a", 64) + `"}`)),
		"deep":              packed([]byte(strings.Repeat("[", 100000))),
	} {
		if p, _, ok := findHidden(body); ok {
			t.Errorf("%s: read as %+v", name, p)
		}
	}
}

// TestDifferencesFromAbridged holds what is said beside a plan that was kept in
// short: the same agent moved, and another came.
func TestDifferencesFromAbridged(t *testing.T) {
	edited := savedPlan(t, "contract")
	a := &edited.Agents[1]
	a.Fingerprint = "sha256:" + strings.Repeat("d", 64)
	a.Drift = map[string]diff.Class{"config": diff.Both}
	a.Steps = a.Steps[1:]
	from, to := 8, 9
	a.Steps[0].From, a.Steps[0].To, a.Steps[0].Target = &from, &to, "v9"
	a.Steps[0].Changes[0].Before = value.Of(strings.Replace(a.Steps[0].Changes[0].Before.Text(), "Be polite", "Be very polite", 1))
	a.Steps[0].Changes[1].After = value.Of(json.Number("0.3"))
	a.Steps[1].From, a.Steps[1].To, a.Steps[1].Target = &from, &to, "v9"
	edited.Agents[0].Fingerprint = "sha256:" + strings.Repeat("e", 64)
	edited.Agents[3] = diff.AgentPlan{Name: "zulu", AgentName: "Zulu", AgentID: "AGT_zulu", Status: diff.Unchanged, Fingerprint: "sha256:" + strings.Repeat("b", 64)}
	edited.Refusals = []diff.Refusal{{Agent: "zulu", Rule: "protect", Message: "the agent is protected"}}
	planfile.Seal(edited)
	for s := shortValues; s <= shortest; s++ {
		path := filepath.Join("testdata", fmt.Sprintf("abridged-%d.differences", s))
		kept := abridge(savedPlan(t, "contract"), s, nil)
		got := differences(t, kept, abridgeAs(edited, kept))
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
	}
}

// TestAbridgingKeepsWhatDiffers: it hides no changed value, step or state,
// whatever else it hides.
func TestAbridgingKeepsWhatDiffers(t *testing.T) {
	for s := shortValues; s <= shortest; s++ {
		kept := abridge(savedPlan(t, "contract"), s, nil)
		for name, change := range map[string]func(*diff.AgentPlan){
			"state":  func(a *diff.AgentPlan) { a.Fingerprint = "sha256:" + strings.Repeat("d", 64) },
			"class":  func(a *diff.AgentPlan) { a.Drift = map[string]diff.Class{"config": diff.Drift} },
			"prompt": func(a *diff.AgentPlan) { a.Steps[1].Changes[0].After = value.Of("Sell!\nSell!") },
			"before": func(a *diff.AgentPlan) { a.Steps[1].Changes[0].Before = value.Of("Sell.\nSell!") },
			"enum": func(a *diff.AgentPlan) {
				a.Steps[0].Changes[2].After = value.Of([]string{"qualified", "lost", "follow_up"})
			},
			"number":  func(a *diff.AgentPlan) { a.Steps[1].Changes[1].After = value.Of(json.Number("0.3")) },
			"version": func(a *diff.AgentPlan) { a.Steps[2].To = new(int) },
			"step":    func(a *diff.AgentPlan) { a.Steps = a.Steps[:3] },
			"status":  func(a *diff.AgentPlan) { a.Status, a.Steps, a.Drift = diff.Unchanged, nil, nil },
		} {
			now := savedPlan(t, "contract")
			change(&now.Agents[1])
			if got := differences(t, kept, abridgeAs(planfile.Seal(now), kept)); !strings.HasPrefix(got, "outbound-sales") {
				t.Errorf("abridged %d, %s: not said:\n%s", s, name, got)
			}
		}
	}
}

// TestDocumentHoldsAnything: whatever a plan holds and however little room there
// is, the document fits, and the plan that is hidden in it reads back.
func TestDocumentHoldsAnything(t *testing.T) {
	exhaustive.Checks(t, "25", "100")
	hostile := rapid.StringOfN(rapid.RuneFrom([]rune("ab`<>-!@#:\n\r\x1b\u202eक्ष😀")), 0, 60, -1)
	rapid.Check(t, func(rt *rapid.T) {
		p := fleet(rapid.SampledFrom([]int{1, 20, 400}).Draw(rt, "agents"), rapid.IntRange(0, 12).Draw(rt, "changed"), rapid.SampledFrom([]int{0, 3000}).Draw(rt, "size"))
		for i := range p.Agents[:min(5, len(p.Agents))] {
			a := &p.Agents[i]
			a.AgentName = hostile.Draw(rt, "name")
			for k := range a.Steps {
				a.Steps[k].Changes[0].Before = value.Of(hostile.Draw(rt, "before"))
			}
		}
		planfile.Seal(p)
		budget := rapid.IntRange(4000, planBudget).Draw(rt, "budget")
		text := document(p, "as dev…@example.com", budget, inLog)
		if len(text) > budget {
			rt.Fatalf("%d bytes of %d", len(text), budget)
		}
		kept, abridged, ok := findHidden(text)
		if !ok {
			if budget > 40000 {
				rt.Fatal("the reviewed plan is not there")
			}
			return
		}
		if !abridged && stepsDigest(kept) != stepsDigest(p) || abridged && kept.Digest != p.Digest {
			rt.Fatalf("the reviewed plan is another: %s", kept.Digest)
		}
		r := review{plan: kept}
		if got := differences(t, kept, r.comparable(p)); kept.Digest == p.Digest && got != "No differences: the plan is as it was reviewed.\n" {
			rt.Fatalf("the same plan differs:\n%s", got)
		}
	})
}

func FuzzFindHidden(f *testing.F) {
	for _, name := range savedPlans {
		for s := unabridged; s <= shortest; s++ {
			data, err := json.Marshal(planfile.Normal(abridge(savedPlan(f, name), s, nil)))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	now := savedPlan(f, "everystep")
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, _ = findHidden(string(data))
		kept, abridged, ok := findHidden("x\n" + packed(data))
		if !ok {
			return
		}
		differences(t, kept, abridgeAs(now, kept))
		if again, _, ok := findHidden(pack(kept, 1<<20)); !abridged && (!ok || again.Digest != kept.Digest) {
			t.Error("does not read back again")
		}
	})
}
