package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/google/go-cmp/cmp"
)

func written(t *testing.T, r history.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestWriteIsTheSameTwice: same report, same bytes.
func TestWriteIsTheSameTwice(t *testing.T) {
	one := written(t, demo())
	if two := written(t, demo()); one != two {
		t.Error(cmp.Diff(one, two))
	}
	if !IsReport([]byte(one)) {
		t.Error("a page is not known as one of ours")
	}
	for _, other := range []string{"", "<!doctype html>\n<title>Our company</title>", strings.Repeat(" ", 2000) + mark} {
		if IsReport([]byte(other)) {
			t.Errorf("%q is taken for a page of ours", other[:min(len(other), 60)])
		}
	}
}

// TestPageAsksForNothing: no address in it but the platform's, as a text, and the
// policy names the bytes of its script and style.
func TestPageAsksForNothing(t *testing.T) {
	got := written(t, demo())
	if found := regexp.MustCompile(`(src|href|action|srcset)="?[a-z]*:?//[^"]*|@import|url\(`).FindString(got); found != "" {
		t.Errorf("the page has an address: %s", found)
	}
	for _, pair := range [][2]string{{"<style>", "</style>"}, {"<script>", "</script>"}} {
		_, rest, _ := strings.Cut(got, pair[0])
		text, _, found := strings.Cut(rest, pair[1])
		if want := strings.ReplaceAll(source(text), "'", "&#39;"); !found || !strings.Contains(strings.ReplaceAll(got, "&#43;", "+"), want) {
			t.Errorf("the policy does not name what stands between %s and %s", pair[0], pair[1])
		}
	}
}

// hostile are texts that would do something on a page that pasted them.
var hostile = []string{
	`<script>window.broken = 1</script>`, `</script><script>window.broken = 2</script>`, `<!-- <script>`, `--><img src=x onerror="window.broken = 3">`,
	"a\u2028b\u2029c", `"></td><svg onload=alert(1)>`, `'-alert(1)-'`, `\u003c/script>`, "{{.}} ${window.broken = 4}", "\x00\x07\u202egnp.exe",
}

// hostileReport has them wherever a person writes.
func hostileReport() history.Report {
	all := strings.Join(hostile, "\n")
	evil := hostile[1]
	config := value.Of(map[string]any{"system_prompt": all, "guidelines": []any{evil, hostile[2]}, "llm_config": map[string]any{evil: evil}, evil: hostile[3]})
	v := history.Version{Number: 1, Status: "published", CreatedBy: evil, UpdatedBy: evil, Notes: all, CreatedAt: ago(3), UpdatedAt: ago(2),
		Commit:  &history.Commit{ID: "2ade34dc1f00", Subject: evil, Author: hostile[3]},
		Content: diff.Content{Config: config, Outcomes: []value.Value{item("outcome_name", evil, "outcome_description", evil)}, Infields: []value.Value{}}}
	calls := &history.Calls{Since: ago(3), Versions: []history.VersionCalls{{Version: 2, Calls: 1, Answered: 1, Outcomes: []history.OutcomeCount{ended(evil, 1)}}}}
	w := v
	w.Number, w.Content.Config = 2, config.With("system_prompt", value.Of(all+"\n"+evil+" again"))
	return history.Report{Project: evil, MadeAt: now, Commit: evil, Timelines: []history.Timeline{{
		Name: "evil", AgentName: evil, AgentID: evil, Live: 2, Calls: calls, Versions: []history.Version{w, v},
		Spans: []history.Span{{Version: 1, From: ago(3), To: ago(2), Known: history.ByLock, Lock: evil}, {Version: 2, From: ago(2), Known: history.ByWrite}},
	}}, Fleet: history.Fleet{Environment: evil, BaseURL: evil,
		Agents: []history.Standing{{Name: "evil", AgentName: evil, AgentID: evil, Status: diff.Update, Live: &w, Since: ago(2), Drift: map[string]diff.Class{evil: diff.Drift}}},
		Others: []history.Other{{AgentName: evil, AgentID: evil, Near: evil}}}}
}

// TestHostileTextsAreTexts: whatever they hold, the page has its own script, one
// block of data an agent, and no other.
func TestHostileTextsAreTexts(t *testing.T) {
	got := written(t, hostileReport())
	if scripts := regexp.MustCompile(`(?i)<script[^>]*>`).FindAllString(got, -1); len(scripts) != 2 {
		t.Errorf("want one block of data and one script, got %q", scripts)
	}
	for _, bad := range []string{"<!--", "<img", "<svg onload", "\u2028"} {
		if strings.Contains(strings.ReplaceAll(got, script, ""), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	data := dataIn(t, got, "evil")
	for _, text := range hostile {
		if !strings.Contains(strings.Join(data.Lines, "\n"), strings.ReplaceAll(text, "\r\n", "\n")) {
			t.Errorf("the data does not have %q", text)
		}
	}
}

// dataIn reads back an agent's block of data.
func dataIn(t *testing.T, page, name string) agentData {
	t.Helper()
	_, rest, found := strings.Cut(page, `<script type="application/json" data-agent="`+name+`">`)
	text, _, ended := strings.Cut(rest, "</script>")
	var data agentData
	if err := json.Unmarshal([]byte(text), &data); err != nil || !found || !ended {
		t.Fatalf("no data of %s: %v", name, err)
	}
	return data
}

// TestDataHoldsEachTextOnce: a line that all versions share stands in the page
// once, and every version can be read back whole.
func TestDataHoldsEachTextOnce(t *testing.T) {
	r := demo()
	got := written(t, r)
	if n := strings.Count(got, "Never read a list aloud."); n != 2 { // one form for two and one for three sentences
		t.Errorf("a line stands in the page %d times", n)
	}
	for _, timeline := range r.Timelines {
		data := dataIn(t, got, timeline.Name)
		for i, v := range timeline.Versions {
			want, have := map[field][]string{}, map[field][]string{}
			each(v.Content, func(f field, v value.Value) { want[f] = append([]string{}, linesOf(v)...) })
			content := data.Versions[i].Content
			for k := 0; k < len(content); k += 2 {
				lines := []string{}
				for _, n := range data.Values[content[k+1]] {
					lines = append(lines, data.Lines[n])
				}
				have[data.Fields[content[k]]] = lines
			}
			if d := cmp.Diff(want, have); d != "" {
				t.Errorf("%s v%d (-want +got):\n%s", timeline.Name, v.Number, d)
			}
		}
	}
}

func TestLinesOf(t *testing.T) {
	for _, tt := range []struct {
		value any
		want  []string
	}{
		{"Ask.\n\nThank.", []string{"Ask.", "", "Thank."}},
		{"hi", []string{"hi"}},
		{"0.2", []string{`"0.2"`}}, {0.2, []string{"0.2"}}, {"true", []string{`"true"`}}, {true, []string{"true"}},
		{[]any{"Be concise", "true", "a: b"}, []string{"- Be concise", `- "true"`, "- 'a: b'"}},
		{[]any{map[string]any{"content": "Hello\nthere", "role": "user"}}, []string{"- role: user", "  content: |-", "    Hello", "    there"}},
		{[]any{"ग्राहक से बजट पूछें।"}, []string{"- ग्राहक से बजट पूछें।"}},
	} {
		if d := cmp.Diff(tt.want, linesOf(value.Of(tt.value))); d != "" {
			t.Errorf("%v (-want +got):\n%s", tt.value, d)
		}
	}
}

// TestFieldsStandInTheRegistrysOrder: prompts, settings, outcomes, infields.
func TestFieldsStandInTheRegistrysOrder(t *testing.T) {
	timeline := demo().Timelines[3]
	timeline.Versions[0].Content.Config = timeline.Versions[0].Content.Config.With("new_field", value.Of("x"))
	var got []string
	for _, f := range fieldsOf(timeline) {
		got = append(got, strings.Trim(f.Section+" "+f.Item+" "+f.Name, " "))
	}
	want := []string{"prompts  system_prompt", "prompts  starting_instructions",
		"settings  agent_type", "settings  guardrail_ids", "settings  metadata_schema", "settings  examples", "settings  guidelines",
		"settings  llm_config.max_tokens", "settings  llm_config.model", "settings  llm_config.provider", "settings  llm_config.temperature",
		"settings  tts_config.voice_id", "settings  stt_config.language", "settings  stt_config.provider", "settings  new_field",
		"outcomes budget_range", "outcomes budget_range outcome_description", "outcomes budget_range outcome_type", "outcomes budget_range is_visible",
		"outcomes callback_time", "outcomes callback_time outcome_description", "outcomes callback_time outcome_type", "outcomes callback_time is_visible",
		"outcomes lead_status", "outcomes lead_status outcome_description", "outcomes lead_status outcome_type", "outcomes lead_status outcome_enum", "outcomes lead_status is_visible",
		"infields customer_budget", "infields customer_budget field_type", "infields customer_budget is_visible",
		"infields customer_name", "infields customer_name field_type", "infields customer_name is_visible"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestStates(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    history.Standing
		want string
	}{
		{"nothing to say", history.Standing{AgentID: "A", Status: diff.Unchanged}, "calm as wanted"},
		{"some of each", history.Standing{AgentID: "A", Status: diff.Update, Drift: map[string]diff.Class{"config": diff.Both, "call_outcomes": diff.Pending, "agent": diff.Drift}},
			"drift drift of agent|drift drift and git wants other config|pending git wants other outcomes"},
		{"unknown is drift", history.Standing{AgentID: "A", Status: diff.Update, Drift: map[string]diff.Class{"config": diff.Unknown}}, "drift drift unknown of config"},
		{"new", history.Standing{Status: diff.Create}, "pending not on the platform yet"},
		{"gone on both sides", history.Standing{Status: diff.Unchanged}, "orphan not on the platform"},
		{"left half way", history.Standing{AgentID: "A", Status: diff.Update, Unfinished: true}, "pending unfinished apply"},
		{"a draft to publish", history.Standing{AgentID: "A", Status: diff.Update, Steps: 1, Drafts: []history.Version{{Number: 9}, {Number: 8}}}, "pending git wants 1 step|drafts drafts wait: v9, v8"},
		{"orphan with a draft", history.Standing{AgentID: "A", Status: diff.Orphan, Drafts: []history.Version{{Number: 2}}}, "orphan its manifest is gone|drafts drafts wait: v2"},
		{"to go", history.Standing{AgentID: "A", Status: diff.Delete}, "pending git wants it deleted"},
	} {
		var got []string
		for _, s := range tt.s.States() {
			got = append(got, string(s.Kind)+" "+s.Text)
		}
		if d := cmp.Diff(tt.want, strings.Join(got, "|")); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// large is a fleet of agents with versions of 4 KB prompts, of which each version
// changes two lines.
func large(agents, versions int) history.Report {
	var lines []string
	for i := 0; len(strings.Join(lines, "\n")) < 4000; i++ {
		lines = append(lines, fmt.Sprintf("- Rule %d: ask the caller politely, wait for the whole answer, and repeat the number.", i))
	}
	r := history.Report{Project: "large", MadeAt: now}
	for a := range agents {
		var edits []edit
		for v := range versions {
			rule, point := fmt.Sprintf("Rule %d:", v%40), fmt.Sprintf("Rule %d:", (v*7+3)%40)
			edits = append(edits, edit{days: float64(versions-v) * 3, subject: fmt.Sprintf("Change %d", v+1), author: "Asha Rao",
				replace: []string{rule, fmt.Sprintf("%s agent %d, v%d:", rule, a, v+1), point, point + " always"}})
		}
		t := made(fmt.Sprintf("agent-%03d", a), fmt.Sprintf("Agent %d", a), config(strings.Join(lines, "\n"), "Greet."), edits...)
		t.Calls = &history.Calls{Since: ago(float64(versions) * 3)}
		for v := range versions {
			t.Calls.Versions = append(t.Calls.Versions, history.VersionCalls{Version: versions - v, Calls: 100 + v, Answered: 80, Talked: time.Hour,
				Outcomes: []history.OutcomeCount{ended("qualified", 40), ended("not_qualified", 30), ended("", 10)}})
		}
		live := *t.Find(t.Live)
		r.Timelines = append(r.Timelines, t)
		r.Fleet.Agents = append(r.Fleet.Agents, history.Standing{Name: t.Name, AgentName: t.AgentName, AgentID: t.AgentID, Status: diff.Unchanged, Live: &live, Since: live.CreatedAt})
	}
	return r
}

// TestLargeFleetIsSmall: the page grows with what changes, not with the prompts.
func TestLargeFleetIsSmall(t *testing.T) {
	begun := time.Now()
	size := len(written(t, large(20, 50)))
	t.Logf("20 agents with 50 versions: %d KiB, made in %v", size>>10, time.Since(begun))
	if all := 20 * 50 * 4000; size > all/3 {
		t.Errorf("20 agents with 50 versions of 4 KB prompts take %d KiB, which is more than a third of the prompts", size>>10)
	}
}
