package render

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"pgregory.net/rapid"
)

// fleet is a plan of n agents with 4 KB prompts, English and Hindi in turn, in
// each of which three lines changed.
func fleet(n int) *diff.Plan {
	lines := []string{
		"Rule %d: when the caller asks about product %d, answer in one sentence and then ask for the city.",
		"नियम %d: जब ग्राहक उत्पाद %d के बारे में पूछे, तो एक वाक्य में उत्तर दें और फिर शहर पूछें।",
	}
	agents := make([]diff.AgentPlan, n)
	for i := range agents {
		var before, after strings.Builder
		for k := 0; before.Len() < 4000; k++ {
			line := fmt.Sprintf(lines[i%2], k, i*k%97)
			before.WriteString(line + "\n")
			if k%9 == 4 {
				line = strings.NewReplacer("one sentence", "two short sentences", "एक वाक्य", "दो छोटे वाक्यों").Replace(line)
			}
			after.WriteString(line + "\n")
		}
		name := fmt.Sprintf("agent-%04d", i)
		change := diff.Change{Path: "system_prompt", Before: value.Of(strings.TrimSuffix(before.String(), "\n")), After: value.Of(strings.TrimSuffix(after.String(), "\n")),
			Source: []spec.Segment{{Start: 1, File: "prompts/" + name + ".md", Line: 1}}}
		agents[i] = diff.AgentPlan{
			Name: name, AgentName: fmt.Sprintf("Agent %d", i), AgentID: fmt.Sprintf("AGT_%08x", uint32(i)*2654435761), Status: diff.Update,
			Drift: map[string]diff.Class{"config": diff.Pending}, Fingerprint: "sha256:" + strings.Repeat(fmt.Sprintf("%08x", uint32(i+1)*2246822519), 8),
			Steps: []diff.Step{
				{ID: name + "/create_draft", Action: diff.CreateDraft, Target: "new", From: ref(7), Changes: []diff.Change{change}},
				{ID: name + "/publish", Action: diff.Publish, Target: "new", Needs: []string{name + "/create_draft"}, From: ref(7)},
			},
		}
	}
	return plan(agents...)
}

func ref(i int) *int { return &i }

func markdownWith(t testing.TB, p *diff.Plan, opt Options) string {
	t.Helper()
	var buf bytes.Buffer
	if err := Markdown(&buf, p, opt); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// TestMarkdownOfAFleet: 300 agents with changed prompts fit a comment, each of
// them is there, the one with drift with its changes, and what is left out is
// said.
func TestMarkdownOfAFleet(t *testing.T) {
	p := fleet(300)
	p.Agents[217].Drift["config"] = diff.Both
	p = sealed(p)
	md := markdownWith(t, p, Options{})
	if len(md) > 60000 || len(md) < 55000 {
		t.Errorf("%d bytes", len(md))
	}
	doc := parsed(t, md)
	for i := range p.Agents {
		if !strings.Contains(md, p.Agents[i].Name) {
			t.Errorf("%s is not there", p.Agents[i].Name)
		}
	}
	if len(doc.fences) != doc.details || doc.details < 10 || doc.details+doc.items < 300 {
		t.Errorf("%d blocks, %d fences, %d items", doc.details, len(doc.fences), doc.items)
	}
	if all := strings.Join(doc.fences, ""); !strings.Contains(all, "prompts/agent-0217.md") {
		t.Error("the changes of the agent with drift are not there")
	}
	for _, want := range []string{"300 to update", "Drift in 1 agent", "Cut to fit", "See the job summary for the whole plan."} {
		if !strings.Contains(doc.visible, want) {
			t.Errorf("%q is missing in %.2000s", want, doc.visible)
		}
	}
}

// TestMarkdownOfAFleetInASummary: a job summary has room for everything.
func TestMarkdownOfAFleetInASummary(t *testing.T) {
	md := markdownWith(t, fleet(300), Options{Budget: 1 << 20, Elsewhere: "`agentsync plan`"})
	doc := parsed(t, md)
	if doc.details != 300 || strings.Contains(md, "Cut to fit") || strings.Contains(md, "<!--") {
		t.Errorf("%d blocks in %d bytes", doc.details, len(md))
	}
}

// TestLevels holds what is shown of a plan as its room shrinks.
func TestLevels(t *testing.T) {
	big := everyStep()
	big.Agents = append(big.Agents, fleet(12).Agents...)
	big.Agents = append(big.Agents, rewrittenPlan().Agents[0])
	big.Agents[len(big.Agents)-1].Name = "rewritten"
	big = sealed(big)
	for _, budget := range []int{30000, 12000, 6000, 3000, 2000} {
		md := markdownWith(t, big, Options{Budget: budget})
		parsed(t, md)
		if len(md) > budget {
			t.Errorf("%d bytes of %d", len(md), budget)
		}
		golden(t, fmt.Sprintf("levels-%05d.md", budget), md)
	}
}

// TestOfflineMarkdown: a plan that never looked at the platform says so, and
// never that there are no changes.
func TestOfflineMarkdown(t *testing.T) {
	for _, p := range []*diff.Plan{contractPlan(), plan(unchanged("billing"))} {
		p.Base = strings.Repeat("0123456789", 4)
		md := markdownWith(t, sealed(p), Options{})
		visible := parsed(t, md).visible
		if !strings.Contains(visible, "not compared with the platform") || !strings.Contains(md, "`012345678901`") {
			t.Errorf("not said: %s", visible)
		}
		if regexp.MustCompile(`(?i)no changes`).MatchString(visible) {
			t.Errorf("said: %s", visible)
		}
	}
}

// TestNothingToPlan: a plan of no agents at all has not looked either.
func TestNothingToPlan(t *testing.T) {
	p := plan()
	p.Targets = []string{}
	if visible := parsed(t, markdownOf(t, p)).visible; !strings.Contains(visible, "nothing to plan") || strings.Contains(visible, "o changes") {
		t.Errorf("said: %s", visible)
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
		for _, kept := range []*diff.Plan{fleet(120), hostilePlan()} {
			md := DifferencesMarkdown(kept, sealed(moved), Options{Budget: budget, Elsewhere: "the job log"})
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

// hostileText draws what tries to get out of a comment.
func hostileText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(
			rapid.SampledFrom([]string{"```", "~~~~", "`", "-->", "<!--", "<!-- agentsync:plan", "@everyone", "#123", "GH-1", "https://example.com", "www.example.com",
				"::warning::x", "##[error]x", "<b>", "</details>", "</code></summary>", "<img src=x>", "[a](b)", "![a](b)", "**", "$$", ":tada:", "&lt;", "\u202e", "\x1b[31m",
				"\n", "\r\n", "\n\n", "    ", "- ", "# ", "> ", "|a|\n|-|", "ग्राहक", "क\u094d\u0937", "\u0301\u0301\u0301", "\U000e0041", "\xff", "😀", "\\", "\u2028"}),
			rapid.StringN(0, 8, 24),
			rapid.Map(rapid.IntRange(1, 300), func(n int) string { return strings.Repeat("`", n) }),
			rapid.Map(rapid.IntRange(1, 300), func(n int) string { return strings.Repeat("\u0301", n) }),
		), 0, 6).Draw(t, "parts")
		return strings.Join(parts, "")
	})
}

// hostileAgents draws a plan of such text: from a few texts, and a few agents
// many times, so that large plans are drawn as fast as small ones.
func hostileAgents(t *rapid.T) *diff.Plan {
	texts := rapid.SliceOfN(hostileText(), 4, 12).Draw(t, "texts")
	next := 0
	text := func() string {
		next++
		return texts[next%len(texts)]
	}
	classes := []diff.Class{diff.Pending, diff.Drift, diff.Both, diff.Unknown}
	statuses := []diff.Status{diff.Create, diff.Update, diff.Delete, diff.Unchanged, diff.Orphan}
	actions := []diff.Action{diff.Adopt, diff.CreateAgent, diff.CreateDraft, diff.UpdateService, diff.DeleteOutcome, diff.CreateOutcome, "smoke_call"}
	size := rapid.SampledFrom([]int{1, 1, 10, 40}).Draw(t, "size")
	var agents []diff.AgentPlan
	for i := range rapid.IntRange(0, 12).Draw(t, "agents") {
		name := fmt.Sprint(i) + text()
		a := diff.AgentPlan{Name: name, AgentName: text(), AgentID: text(), Fingerprint: text(), Unfinished: i%5 == 1, Status: statuses[next%len(statuses)],
			Drift: map[string]diff.Class{"config": classes[next%4], text(): classes[i%4]}}
		for k := range rapid.IntRange(0, 3).Draw(t, "steps") {
			a.Steps = append(a.Steps, diff.Step{ID: fmt.Sprint(name, k), Action: actions[next%len(actions)], Target: text(), From: ref(k), Changes: []diff.Change{
				{Path: "system_prompt", Before: value.Of(strings.Repeat(text()+"\n", size)), After: value.Of(strings.Repeat(text()+"\n", size)), Source: []spec.Segment{{Start: 1, File: text(), Line: 1}}},
				{Path: text(), Before: value.Of(list(text())), After: value.Of(list(text(), text()))}}})
		}
		agents = append(agents, a)
	}
	p := plan(agents...)
	p.Environment, p.Base = text(), rapid.SampledFrom([]string{"", strings.Repeat("ab", 20)}).Draw(t, "base")
	for range rapid.IntRange(0, 25).Draw(t, "remarks") {
		p.Refusals = append(p.Refusals, diff.Refusal{Agent: text(), Rule: text(), Message: text(), Hint: text()})
		p.Warnings = append(p.Warnings, diff.Warning{Agent: text(), Message: text(), Hint: text()})
	}
	return sealed(p)
}

// TestMarkdownHoldsAnything: whatever a plan holds and however little room
// there is, the document fits, is closed, and nothing in it is alive.
func TestMarkdownHoldsAnything(t *testing.T) {
	exhaustive.Checks(t, "25", "300")
	rapid.Check(t, func(rt *rapid.T) {
		p := hostileAgents(rt)
		opt := Options{Budget: rapid.IntRange(2000, 60000).Draw(rt, "budget"), Verbose: rapid.Bool().Draw(rt, "verbose")}
		md := markdownWith(t, p, opt)
		if len(md) > opt.Budget {
			rt.Fatalf("%d bytes of %d", len(md), opt.Budget)
		}
		if !utf8.ValidString(md) {
			rt.Fatal("cut inside a character")
		}
		parsed(t, md)
		safe(t, "markdown", md)
		if again := markdownWith(t, p, opt); again != md {
			rt.Fatal("two forms of one plan")
		}
		differs := DifferencesMarkdown(everyStep(), p, Options{Budget: opt.Budget})
		if len(differs) > opt.Budget {
			rt.Fatalf("%d bytes of differences in %d", len(differs), opt.Budget)
		}
		parsed(t, differs)
		safe(t, "differences", differs)
		if t.Failed() {
			rt.FailNow()
		}
	})
}
