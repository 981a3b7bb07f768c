package render

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// alike checks that a plan read back from a comment is said to be the one it
// was made from, and that it comes again from itself.
func alike(t fataler, kept, p *diff.Plan, abridged bool) {
	t.Helper()
	if abridged != (abridgement(kept.FormatVersion) != unabridged) {
		t.Fatalf("abridged %v, format version %s", abridged, kept.FormatVersion)
	}
	var buf bytes.Buffer
	if err := Differences(&buf, kept, p, Options{}); err != nil {
		t.Fatalf("%v", err)
	}
	if got := buf.String(); got != "No differences: the plan is as it was reviewed.\n" {
		t.Fatalf("the same plan differs:\n%s", got)
	}
}

// settled is a plan as it comes from files and a platform: text is UTF-8, and
// values are canonical.
func settled(t fataler, p *diff.Plan) *diff.Plan {
	t.Helper()
	data, err := json.Marshal(normalize(p))
	if err != nil {
		t.Fatalf("%v", err)
	}
	out, err := parse(data)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return sealed(out)
}

// TestReviewedReadsBack: every plan comes back from its line, whole or
// abridged, with any line ends around it.
func TestReviewedReadsBack(t *testing.T) {
	for _, tt := range plans {
		p := settled(t, tt.plan)
		lines := map[string]bool{pack(bare(p), 1<<20): false}
		for s := shortValues; s <= shortest; s++ {
			lines[pack(abridge(p, s), 1<<20)] = true
		}
		for line, want := range lines {
			for _, body := range []string{line, "x\n" + line + "\n", "x\r\n\r\n" + line + "\r\n\r\n"} {
				kept, abridged, ok := ParseReviewed(body)
				if !ok || abridged != want || kept.Digest != p.Digest {
					t.Fatalf("%s: abridged %v, ok %v", tt.name, abridged, ok)
				}
				alike(t, kept, p, abridged)
			}
			if strings.ContainsAny(line, "\n@#") || strings.Count(line, "--") != 2 {
				t.Errorf("%s: not one inert line: %s", tt.name, line)
			}
		}
	}
}

// TestReviewedFits: the more room, the more of a plan is kept, and never more
// than the room.
func TestReviewedFits(t *testing.T) {
	quiet := fleet(4)
	for i := range 600 {
		a := unchanged(fmt.Sprintf("quiet-%03d", i))
		a.Fingerprint = "sha256:" + value.Of(a.Name).Digest()
		quiet.Agents = append(quiet.Agents, a)
	}
	quiet = sealed(quiet)
	var got []string
	for _, limit := range []int{100000, 16000, 8000, 2000, 500, 0, -1} {
		line := Reviewed(quiet, limit)
		if len(line) > max(limit, 0) {
			t.Errorf("%d bytes of %d", len(line), limit)
		}
		version := "nothing"
		if kept, _, ok := ParseReviewed(line); ok {
			version = kept.FormatVersion
		}
		got = append(got, fmt.Sprint(limit, " ", version))
	}
	if d := cmp.Diff([]string{"100000 1", "16000 1/abridged-1", "8000 1/abridged-2", "2000 1/abridged-3", "500 nothing", "0 nothing", "-1 nothing"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// packed packs any text as Reviewed packs a plan.
func packed(text []byte) string {
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	_, _ = zip.Write(text)
	_ = zip.Close()
	return reviewedStart + base64.StdEncoding.EncodeToString(buf.Bytes()) + reviewedEnd
}

// TestParseReviewedRefuses: somebody else may have written the comment.
func TestParseReviewedRefuses(t *testing.T) {
	good := pack(bare(contractPlan()), 1<<20)
	edited := contractPlan()
	edited.Agents[1].Steps[1].Changes[0].After = value.Of("Say nothing.")
	other := contractPlan()
	other.FormatVersion = "2"
	twice := contractPlan()
	twice.Agents = append(twice.Agents, twice.Agents[0])
	for name, body := range map[string]string{
		"empty": "", "no plan": packed([]byte("hello")), "null": packed([]byte("null")),
		"a bomb":             packed(bytes.Repeat([]byte(" "), 64<<20)),
		"not the last line":  good + "\nmore",
		"inside a line":      "> " + good,
		"cut":                good[:len(good)-20] + reviewedEnd,
		"another alphabet":   strings.Replace(good, `gzip="H4s`, `gzip="H4_`, 1),
		"not closed":         strings.TrimSuffix(good, " -->"),
		"edited":             pack(bare(edited), 1<<20),
		"format version 2":   pack(other, 1<<20),
		"an agent twice":     pack(abridge(twice, shortValues), 1<<20),
		"abridged, untitled": packed([]byte(`{"format_version":"1/abridged-4","digest":"` + digestOf("a") + `"}`)),
		"deep":               packed([]byte(strings.Repeat("[", 100000))),
	} {
		if p, _, ok := ParseReviewed(body); ok {
			t.Errorf("%s: read as %+v", name, p)
		}
	}
}

// TestDifferencesFitAComment: however much differs and whatever it holds, the
// fence is one and closed, and what is not there is counted.
func TestDifferencesFitAComment(t *testing.T) {
	moved := fleet(120)
	for i := range moved.Agents {
		moved.Agents[i].Fingerprint = digestOf("0")
		moved.Agents[i].Steps[0].Changes[0].Before = value.Of("Sell " + strings.Repeat("`", i) + "\n</details> -->")
	}
	for _, budget := range []int{0, 20000, 2000} {
		for _, kept := range []*diff.Plan{fleet(120), abridge(fleet(120), shortAgents), hostilePlan()} {
			var buf bytes.Buffer
			if err := DifferencesMarkdown(&buf, kept, sealed(moved), Options{Budget: budget, Elsewhere: "the job log"}); err != nil {
				t.Fatal(err)
			}
			md := buf.String()
			doc := parsed(t, md)
			most := budgetOf(Options{Budget: budget})
			if len(md) > most || len(doc.fences) != 1 {
				t.Errorf("%d bytes of %d in %d fences", len(md), most, len(doc.fences))
			}
			safe(t, "differences", md)
			cut := !strings.Contains(doc.fences[0], "\nagent-0119")
			if said := strings.Contains(doc.visible, "more lines, see the job log."); said != cut || cut && len(md) < most/2 {
				t.Errorf("%d bytes of %d: cut %v, said %v", len(md), most, cut, said)
			}
		}
	}
}

// TestAbridgeAsKeepsWhatDiffers: abridging hides no changed value, step or
// state, whatever else it hides.
func TestAbridgeAsKeepsWhatDiffers(t *testing.T) {
	for s := shortValues; s <= shortest; s++ {
		kept := abridge(contractPlan(), s)
		for name, change := range map[string]func(*diff.AgentPlan){
			"state":  func(a *diff.AgentPlan) { a.Fingerprint = digestOf("d") },
			"class":  func(a *diff.AgentPlan) { a.Drift = map[string]diff.Class{"config": diff.Drift} },
			"prompt": func(a *diff.AgentPlan) { a.Steps[1].Changes[0].After = value.Of(salesPrompt + "\nSell!") },
			"before": func(a *diff.AgentPlan) { a.Steps[1].Changes[0].Before = value.Of(salesPrompt + "!") },
			"enum": func(a *diff.AgentPlan) {
				a.Steps[0].Changes[2].After = value.Of(list("qualified", "lost", "follow_up"))
			},
			"number":  func(a *diff.AgentPlan) { a.Steps[1].Changes[1].After = value.Of(json.Number("0.3")) },
			"version": func(a *diff.AgentPlan) { a.Steps[2].To = n(9) },
			"step":    func(a *diff.AgentPlan) { a.Steps = a.Steps[:3] },
			"status":  func(a *diff.AgentPlan) { *a = unchanged(a.Name) },
		} {
			now := contractPlan()
			change(&now.Agents[1])
			var buf bytes.Buffer
			if err := Differences(&buf, kept, sealed(now), Options{}); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(buf.String(), "outbound-sales") {
				t.Errorf("abridged %d, %s: not said:\n%s", s, name, buf.String())
			}
		}
	}
}

func FuzzParseReviewed(f *testing.F) {
	for _, tt := range plans {
		for s := unabridged; s <= shortest; s++ {
			p := normalize(tt.plan)
			if s != unabridged {
				p = abridge(tt.plan, s)
			}
			data, err := json.Marshal(withIDs(p, relativeID))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte(`{"format_version":"1/abridged-2","digest":"` + digestOf("0") + `","agents":[{"name":"a","status":"update","steps":[{"id":"/x","action":"x","changes":[{"path":"p","before":{"a":[1]},"after":"‹›"}]}]}]}`))
	now := everyStep()
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, _ = ParseReviewed(string(data))
		kept, abridged, ok := ParseReviewed("x\n" + packed(data))
		if !ok {
			return
		}
		var buf bytes.Buffer
		if err := Differences(&buf, kept, now, Options{}); err != nil {
			t.Fatal(err)
		}
		safe(t, "differences", buf.String())
		if abridged {
			AbridgeAs(now, kept)
		} else if again, _, ok := ParseReviewed(Reviewed(kept, 1<<20)); !ok || again.Digest != kept.Digest {
			t.Error("does not read back again")
		}
	})
}
