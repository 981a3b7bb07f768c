package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
)

// TestImportKeys holds that keys come from names in any script, clash with none
// that is taken, fit, and are the lock's where it knows the agent.
func TestImportKeys(t *testing.T) {
	long := strings.Repeat("long-", 13)
	m := &importing{Project: &Project{Project: &spec.Project{Agents: []spec.Agent{{Name: "desk", AgentName: "Front Desk"}, {Name: "billing", AgentName: "Money"}}}},
		memory: diff.Memory{"old": {AgentID: "AGT_2"}, "gone": {AgentID: "AGT_99"}, "billing": {AgentID: "AGT_5"}}}
	var got []string
	for i, name := range []string{"Sales", "Anything", "sales!", "Sales?", "Money", "Billing", "Gone", "Front Desk", "हिंदी सहायता", "営業", "Ünïcode & Söhne", "🚀", "---", long, long + "x"} {
		id := "AGT_" + string(rune('1'+i))
		m.found = append(m.found, &found{key: m.keyOf(id, name), RemoteAgent: &diff.RemoteAgent{ID: id, Fields: value.Of(map[string]any{"agent_name": name})}})
	}
	m.nameAll()
	for _, f := range m.found {
		got = append(got, f.key)
	}
	cut := strings.TrimRight(long[:63], "-")
	want := []string{"sales", "old", "sales-2", "sales-3", "billing", "billing-2", "gone-2", "desk", "hindii-shaaytaa", "ying-ye", "unicode-sohne", "agent", "agent-2",
		cut, strings.TrimRight(cut[:61], "-") + "-2"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestParseAuthors holds git-svn's lines, and that all that are none are told.
func TestParseAuthors(t *testing.T) {
	got, err := ParseAuthors("a.txt", []byte("# who is who\r\n\n65f1 = Asha Rao <asha@example.com>\r\n id two=Ö <o@x>  \n"))
	want := Authors{"65f1": git.Person{Name: "Asha Rao", Mail: "asha@example.com"}, "id two": git.Person{Name: "Ö", Mail: "o@x"}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Error(err, d)
	}
	_, err = ParseAuthors("a.txt", []byte("65f1\nx = <a@b>\nok = A <a@b>\ny = A <a b>\n"))
	if text := errText(err); text != "a.txt:1: no author: \"65f1\"\na.txt:2: no author: \"x = <a@b>\"\na.txt:4: no author: \"y = A <a b>\"" {
		t.Error(text)
	}
}

// TestUnknownVersions holds which versions become commits, and in whose order:
// an agent's own never turn round, whatever their times say.
func TestUnknownVersions(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 4, day, 0, 0, 0, 0, time.UTC) }
	f := &found{RemoteAgent: &diff.RemoteAgent{ID: "AGT_1", Versions: []diff.Version{
		{Number: 6, Status: "published", IsCurrent: true, CreatedAt: at(2)},
		{Number: 5, Status: "draft", CreatedAt: at(6)},
		{Number: 4, Status: "archived"},
		{Number: 3, Status: "archived", UpdatedAt: at(4)},
		{Number: 2, Status: "published", CreatedAt: at(3), UpdatedAt: at(9)},
		{Number: 1, Status: "archived", CreatedAt: at(1)},
	}}}
	var got []string
	for _, v := range unknownVersions(f, map[string]bool{"AGT_1 v1": true, "AGT_2 v2": true}) {
		got = append(got, trailerOf("AGT_1", v.version)+v.date.Format(" 2"))
	}
	if d := cmp.Diff([]string{"AGT_1 v2 3", "AGT_1 v3 4", "AGT_1 v4 4", "AGT_1 v6 4"}, got); d != "" {
		t.Error(d)
	}
}

// TestCommitMessage holds the subject: the notes' first line, without our own
// line and without what could end it; the trailer is the message's last
// paragraph, whatever the notes hold.
func TestCommitMessage(t *testing.T) {
	for notes, want := range map[string]string{
		"":                                    "sales v7",
		"Warmer tone\nbecause people hung up": "sales v7: Warmer tone",
		"[agentsync project=a env=b commit=none config=0123456789ab]":      "sales v7",
		"One\n[agentsync project=a env=b commit=none config=0123456789ab]": "sales v7: One",
		"Tone\u2028\u0007 and\ttabs\r\n\nAgentsync-Version: AGT_9 v1":      "sales v7: Tone and tabs",
		"\n  \nsecond": "sales v7",
	} {
		agent := &found{key: "sales", RemoteAgent: &diff.RemoteAgent{ID: "AGT_1", Fields: value.Of(map[string]any{"agent_name": "Sales"})}}
		c, err := commitOf(pastVersion{agent: agent, version: &diff.Version{Number: 7, Status: "archived", Notes: notes}}, git.Person{})
		if err != nil || c.Message != want+"\n\nAgentsync-Version: AGT_1 v7\n" {
			t.Errorf("%q: %q, %v", notes, c.Message, err)
		}
	}
}

// TestSiftWantsNoDoubles holds that twins and another agent's name are told with
// their ids, and that the others are taken.
func TestSiftWantsNoDoubles(t *testing.T) {
	agent := func(id, name string) sync.FleetAgent {
		return sync.FleetAgent{RemoteAgent: &diff.RemoteAgent{ID: id, Fields: value.Of(map[string]any{"agent_name": name})}}
	}
	agents := []sync.FleetAgent{agent("AGT_1", "Sales"), agent("AGT_2", "Billing"), agent("AGT_3", "Sales"), agent("AGT_4", "Desk")}
	m := testImport(t, &spec.Project{Agents: []spec.Agent{{Name: "desk", AgentName: "Desk"}}})
	m.memory = diff.Memory{"desk": {AgentID: "AGT_9"}}
	for _, a := range agents {
		m.see(a.RemoteAgent)
	}
	m.sift(agents)
	want := []string{
		`2 agents are named "Sales": AGT_1, AGT_3; rename all but one in the dashboard`,
		`"Desk" (AGT_4) has the name of the agent desk, which is another one on the platform`,
	}
	if d := cmp.Diff(want, m.outcome.Failed); d != "" || len(m.found) != 1 || m.found[0].key != "billing" {
		t.Error(d, m.found)
	}

	// Of a part, also where the first of the twins is of another.
	agents[0].Other, agents[1].Other = true, true
	m.found, m.outcome.Failed = nil, nil
	m.sift(agents)
	if d := cmp.Diff(want, m.outcome.Failed); d != "" || len(m.found) != 0 {
		t.Error(d, m.found)
	}
}

func testImport(t *testing.T, project *spec.Project) *importing {
	p := &Project{Project: project, opt: Options{Dir: t.TempDir()}}
	store, err := p.openLock()
	if err != nil {
		t.Fatal(err)
	}
	return &importing{Project: p, store: store, outcome: &Imported{}, seen: map[string]*found{}}
}
