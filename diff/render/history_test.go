package render

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/value"
)

// day is noon of a day in April 2026; 0 is no time.
func day(n int) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Date(2026, 4, n, 12, 0, 0, 0, time.UTC)
}

func commitOf(id, subject, author string) *history.Commit {
	return &history.Commit{ID: id, Subject: subject, Author: author, At: day(1)}
}

// timeline has every way in which a time is known, a version that was not read, a
// draft, and texts in Hindi and by somebody who means harm.
func timeline() *history.Timeline {
	return &history.Timeline{
		Name: "clinic-hindi", AgentName: "क्लिनिक सहायक", AgentID: "AGT_1", Live: 5,
		Versions: []history.Version{
			{Number: 9, Status: "draft", CreatedAt: day(20), CreatedBy: "मीरा"},
			{Number: 8, Status: "archived", CreatedAt: day(12), CreatedBy: "user-2", Notes: "::warning::x\x1b[31m"},
			{Number: 7, Status: "archived", CreatedAt: day(8), CreatedBy: "user-1", Notes: "त्योहार के लिए\nदूसरी पंक्ति",
				Commit: commitOf("1a2b3c4d5e6f", "नमस्ते कहें, फिर पूछें", "आशा राव")},
			{Number: 6, Status: "archived", CreatedAt: day(6), CreatedBy: "user-1", Commit: &history.Commit{ID: "aaaaaaaaaaaa", Dirty: true}},
			{Number: 5, Status: "published", CreatedAt: day(4), CreatedBy: "user-1", Commit: commitOf("bbbbbbbbbbbb", "Ask | for <b>`@all`</b>", "Asha Rao")},
		},
		Spans: []history.Span{
			{Version: 5, From: day(4), To: day(6), Known: history.ByCreation},
			{Version: 6, From: day(6), To: day(8), Known: history.Assumed},
			{Version: 7, From: day(8), To: day(9), Known: history.ByWrite},
			{Version: 3, From: day(9), To: day(10), Known: history.ByLock, Lock: "cccccccccccc"},
			{Version: 7, From: day(10), To: day(12), Known: history.ByLock, Lock: "dddddddddddd"},
			{Version: 8, From: day(12), Known: history.ByWrite},
			{Version: 5, Known: history.Untold},
		},
	}
}

func statuses() *history.Fleet {
	at := func(number int) *history.Version {
		return &history.Version{Number: number, UpdatedBy: "user-1", Commit: commitOf("1a2b3c4d5e6f", "नमस्ते कहें, फिर पूछें और यह एक लंबा विषय है", "आशा राव")}
	}
	return &history.Fleet{
		Environment: "default", BaseURL: "https://developer.induslabs.io", Listed: true,
		Agents: []history.Standing{
			{Name: "as-wanted", AgentID: "AGT_1", Status: diff.Unchanged, Live: at(3), Since: day(3)},
			{Name: "drifted", AgentID: "AGT_2", Status: diff.Update, Steps: 2, Live: &history.Version{Number: 12, CreatedBy: "मीरा"}, Since: day(4),
				Drift: map[string]diff.Class{"config": diff.Both, "call_outcomes": diff.Drift}},
			{Name: "elsewhere", AgentID: "AGT_3", Status: diff.Orphan, Live: at(4), Since: day(5)},
			{Name: "new", Status: diff.Create, Steps: 2},
			{Name: "gone", Status: diff.Unchanged},
			{Name: "going", AgentID: "AGT_6", Status: diff.Delete, Steps: 1, Live: at(1)},
			{Name: "pending", AgentID: "AGT_4", Status: diff.Update, Steps: 2, Live: at(5), Since: day(6),
				Drift: map[string]diff.Class{"config": diff.Pending}, Drafts: []history.Version{{Number: 7}, {Number: 6}}},
			{Name: "unfinished", AgentID: "AGT_5", Status: diff.Update, Unfinished: true, Steps: 1, Drift: map[string]diff.Class{"agent": diff.Unknown}},
		},
		Others: []history.Other{
			{AgentName: "Outbound Sales Agnet", AgentID: "AGT_8", Near: "outbound-sales"},
			{AgentName: "विक्रय \x1b[2J सहायक", AgentID: "AGT_9"},
		},
	}
}

var blameLines = []history.Line{
	{Text: "नमस्ते {customer_name}।", Version: 7}, {Text: "", Version: 5}, {Text: "##[group] पूछें।", Version: 9}, {Text: "Old.", Version: 0},
	{Text: strings.Repeat("यह पंक्ति लंबी है। ", 12), Version: 5},
}

func moment() *history.Moment {
	v := timeline().Versions[2]
	return &history.Moment{
		Name: "clinic-hindi", AgentName: "क्लिनिक सहायक", AgentID: "AGT_1", At: day(9), Assumed: "the beginning of the day in UTC",
		Span: history.Span{Version: 7, From: day(8), To: day(10), Known: history.Assumed}, Version: v,
		Config: value.Of(map[string]any{
			"system_prompt": "नमस्ते।\n::warning::पूछें।", "starting_instructions": "Greet.", "guardrail_ids": list("a", "b"), "voice_style": "calm",
			"llm_config": map[string]any{"temperature": 0.2, "model": "m"}, "examples": list(map[string]any{"role": "user", "content": "Hello"}),
		}),
		Outcomes: []value.Value{value.Of(map[string]any{"outcome_name": "booked", "outcome_type": "BOOLEAN", "is_visible": true})},
	}
}

func comparison() *history.Comparison {
	content := func(prompt string, temperature float64, items ...map[string]any) diff.Content {
		c := diff.Content{Config: value.Of(map[string]any{"system_prompt": prompt, "llm_config": map[string]any{"temperature": temperature}}), Infields: []value.Value{}}
		c.Outcomes = []value.Value{}
		for _, item := range items {
			c.Outcomes = append(c.Outcomes, value.Of(item))
		}
		return c
	}
	item := func(name, kind string) map[string]any {
		return map[string]any{"outcome_name": name, "outcome_type": kind}
	}
	return &history.Comparison{
		Name: "clinic-hindi", AgentName: "क्लिनिक सहायक", AgentID: "AGT_1", Before: "v7", After: "HEAD, 1a2b3c4d5e6f",
		Difference: diff.Compare(
			content("नमस्ते कहें।\nशहर पूछें।", 0.2, item("a.b", "TEXT"), item("old", "DATE")),
			content("नमस्ते कहें।\nशहर और बजट पूछें।", 0.3, item("a.b", "NUMBER"), item("new", "TEXT")), nil),
	}
}

// TestHistory holds the forms of a history, a status, a blame, a moment and a
// comparison: in a pipe, in a narrow terminal with colour, and as Markdown.
func TestHistory(t *testing.T) {
	ist := time.FixedZone("IST", 5*3600+1800)
	unlisted, partial := statuses(), statuses()
	unlisted.Listed, unlisted.Others = false, nil
	partial.Partial, partial.Listed = true, false
	unknown := comparison()
	unknown.Difference = diff.Compare(diff.Content{}, diff.Content{}, nil)
	for name, write := range map[string]func(io.Writer, Options) error{
		"history":  func(w io.Writer, o Options) error { return History(w, timeline(), o) },
		"newest":   func(w io.Writer, o Options) error { return History(w, timeline().Newest(2), o) },
		"fleet":    func(w io.Writer, o Options) error { return Fleet(w, statuses(), o) },
		"unlisted": func(w io.Writer, o Options) error { return Fleet(w, unlisted, o) },
		"partial":  func(w io.Writer, o Options) error { return Fleet(w, partial, o) },
		"nofleet":  func(w io.Writer, o Options) error { return Fleet(w, &history.Fleet{Listed: true}, o) },
		"blame":    func(w io.Writer, o Options) error { return Blame(w, blameLines, timeline(), o) },
		"moment":   func(w io.Writer, o Options) error { return At(w, moment(), o) },
		"compared": func(w io.Writer, o Options) error { return Compare(w, comparison(), o) },
		"alike":    func(w io.Writer, o Options) error { return Compare(w, unknown, o) },
	} {
		var plain, narrow bytes.Buffer
		if err := write(&plain, Options{}); err != nil {
			t.Fatal(err)
		}
		if err := write(&narrow, Options{Color: true, Width: 90, Zone: ist}); err != nil {
			t.Fatal(err)
		}
		golden(t, "history/"+name+".txt", plain.String())
		golden(t, "history/"+name+".color", strings.ReplaceAll(narrow.String(), "\x1b", `\e`))
		if strings.Contains(plain.String(), "\x1b") {
			t.Errorf("%s: a pipe gets escapes", name)
		}
	}
	var md bytes.Buffer
	if err := HistoryMarkdown(&md, timeline(), Options{}); err != nil {
		t.Fatal(err)
	}
	parsed(t, md.String())
	golden(t, "history/history.md", md.String())
	md.Reset()
	if err := CompareMarkdown(&md, comparison(), Options{}); err != nil {
		t.Fatal(err)
	}
	parsed(t, md.String())
	golden(t, "history/compared.md", md.String())
}

// TestHistoryMarkdownFits holds that a long history keeps within its budget, as a
// plan does, and says how much of it is not there.
func TestHistoryMarkdownFits(t *testing.T) {
	long := &history.Timeline{Name: "a", AgentName: "A", AgentID: "AGT_1", Live: 2000, Whole: true}
	for n := 2000; n > 0; n-- {
		long.Versions = append(long.Versions, history.Version{Number: n, Status: "archived", CreatedBy: "user", Notes: strings.Repeat("नोट ", 40)})
	}
	for _, budget := range []int{0, 5000} {
		var out bytes.Buffer
		if err := HistoryMarkdown(&out, long, Options{Budget: budget}); err != nil {
			t.Fatal(err)
		}
		most := budgetOf(Options{Budget: budget})
		if out.Len() > most || out.Len() < most*3/4 {
			t.Errorf("%d bytes, for %d", out.Len(), most)
		}
		if shown := strings.Count(out.String(), "| `v"); !strings.Contains(out.String(), "There is no room for "+Count(2000-shown, "more row")+".") {
			t.Errorf("%d rows, and it ends with %q", shown, out.String()[out.Len()-200:])
		}
	}
}

// TestHistoryMarkdownFitsCalls holds that neither of the two tables takes the other's
// room, nor both more than there is.
func TestHistoryMarkdownFitsCalls(t *testing.T) {
	long := &history.Timeline{Name: "a", AgentName: "A", AgentID: "AGT_1", Live: 900, Whole: true, Calls: &history.Calls{Since: time.Unix(0, 0)}}
	for n := 900; n > 0; n-- {
		long.Versions = append(long.Versions, history.Version{Number: n, Status: "archived", CreatedBy: "user", Notes: strings.Repeat("नोट ", 40)})
		long.Calls.Versions = append(long.Calls.Versions, history.VersionCalls{Version: n, Calls: 1, Unread: 1})
	}
	for _, budget := range []int{0, 5000} {
		var out bytes.Buffer
		if err := HistoryMarkdown(&out, long, Options{Budget: budget}); err != nil {
			t.Fatal(err)
		}
		if most := budgetOf(Options{Budget: budget}); out.Len() > most || out.Len() < most*3/4 {
			t.Errorf("%d bytes, for %d", out.Len(), most)
		}
		versions, calls, _ := strings.Cut(out.String(), "| version | calls |")
		for _, table := range []string{versions, calls} {
			if shown := strings.Count(table, "| `v"); shown == 0 || shown < 900 && !strings.Contains(table, "There is no room for "+Count(900-shown, "more row")+".") {
				t.Errorf("%d rows of a table for %d bytes, and it does not say what is left", shown, budget)
			}
		}
		if !strings.HasSuffix(out.String(), "the version that was live when it was made.\n") {
			t.Errorf("it ends with %q", out.String()[out.Len()-200:])
		}
	}
}
