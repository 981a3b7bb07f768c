package cli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/agentsync/agentsync/sync/sandbox"
)

// remote is what the platform has:
//
//	remote show [AGENT]   prints it, without ids, times and digests
//	remote keep NAME      remembers it
//	remote same NAME      it is what NAME was
//	remote id AGENT VAR   puts the agent's id into a variable
//	remote commit AGENT VERSION FILE   the version's notes name the commit in FILE
func remote(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	s := storyOf(ts)
	p := s.platform(ts)
	switch {
	case len(args) >= 1 && args[0] == "show":
		name := ""
		if len(args) > 1 {
			name = args[1]
		}
		fmt.Fprint(ts.Stdout(), remoteState(ts, p, name))
	case len(args) == 2 && args[0] == "keep":
		if s.kept == nil {
			s.kept = map[string]string{}
		}
		s.kept[args[1]] = remoteState(ts, p, "")
	case len(args) == 2 && args[0] == "same":
		if now := remoteState(ts, p, ""); now != s.kept[args[1]] {
			ts.Fatalf("the platform has\n%s\nand %s was\n%s", now, args[1], s.kept[args[1]])
		}
	case len(args) == 3 && args[0] == "id":
		ts.Setenv(args[2], agentID(ts, p, args[1]))
	case len(args) == 4 && args[0] == "commit":
		commitOf(ts, p, args[1], args[2], strings.TrimSpace(ts.ReadFile(args[3])))
	default:
		ts.Fatalf("usage: remote show [AGENT] | keep NAME | same NAME | id AGENT VAR")
	}
}

func commitOf(ts *testscript.TestScript, p *platform, name, number, commit string) {
	snap, err := p.sandbox.Snapshot()
	ts.Check(err)
	agent, _ := snap.Agent(name)
	for _, v := range agent.Versions {
		if strconv.Itoa(v.Number) == number {
			if !strings.Contains(v.Notes, " commit="+commit+" config=") {
				ts.Fatalf("the notes are %q, and the commit %s", v.Notes, commit)
			}
			return
		}
	}
	ts.Fatalf("%s has no v%s", name, number)
}

var changing = regexp.MustCompile(`(?:project=\S+ )?env=\S+ commit=(?:[0-9a-f]{12}\+?|none) config=[0-9a-f]{12}`)

// remoteState is the platform's state as text, the same on every run.
func remoteState(ts *testscript.TestScript, p *platform, name string) string {
	snap, err := p.sandbox.Snapshot()
	ts.Check(err)
	var b strings.Builder
	for _, a := range snap.Agents {
		if name == "" || a.Name == name {
			printAgent(&b, a)
		}
	}
	if b.Len() == 0 {
		return "nothing\n"
	}
	return b.String()
}

func printAgent(b *strings.Builder, a sandbox.AgentState) {
	fmt.Fprintf(b, "agent %s\n", a.Name)
	for _, field := range slices.Sorted(maps.Keys(a.Fields)) {
		v := a.Fields[field]
		if text := sprintJSON(v); field != "agent_name" && !slices.Contains([]string{"null", `""`, "[]", "{}"}, text) {
			fmt.Fprintf(b, "  %s: %s\n", field, text)
		}
	}
	for _, v := range a.Versions {
		live := ""
		if v.IsCurrent {
			live = ", live"
		}
		prompt, _ := v.Content["system_prompt"].(string)
		prompt, _, _ = strings.Cut(prompt, "\n")
		fmt.Fprintf(b, "  v%d %s%s: %q", v.Number, v.Status, live, prompt)
		if v.Notes != "" {
			fmt.Fprintf(b, " notes %q", changing.ReplaceAllString(v.Notes, "…"))
		}
		b.WriteString("\n")
	}
	for _, item := range a.Outcomes {
		fmt.Fprintf(b, "  outcome %s\n", sprintItem(item))
	}
	for _, item := range a.Infields {
		fmt.Fprintf(b, "  infield %s\n", sprintItem(item))
	}
}

// sprintItem is an item's values by their fields' order, the name first.
func sprintItem(item map[string]any) string {
	var parts []string
	for _, field := range []string{"outcome_name", "field_name", "outcome_type", "field_type", "outcome_enum", "field_enum", "outcome_description", "is_visible"} {
		switch v := item[field].(type) {
		case nil:
		case string:
			parts = append(parts, v)
		default:
			parts = append(parts, sprintJSON(v))
		}
	}
	return strings.Join(parts, " ")
}

func agentID(ts *testscript.TestScript, p *platform, name string) string {
	id, err := p.sandbox.Dashboard().AgentID(name)
	ts.Check(err)
	return id
}

// drift is `drift AGENT FIELD=VALUE…`: somebody saves the config of the agent
// of that agent_name in the dashboard, which publishes it.
func drift(ts *testscript.TestScript, neg bool, args []string) {
	dashboard(ts, neg, append([]string{"config"}, args...))
}

// dashboard is what another user does there. Values are JSON, or else text.
//
//	dashboard config|agent|outcome|infield AGENT FIELD=VALUE…
//	dashboard history AGENT N              saves N prompts one after another
//	dashboard draft AGENT FIELD=VALUE…
//	dashboard edit-draft AGENT VERSION FIELD=VALUE…
//	dashboard in-place AGENT FIELD=VALUE
//	dashboard publish|rollback AGENT VERSION
//	dashboard delete-outcome|delete-infield AGENT NAME
//	dashboard create AGENT FIELD=VALUE…    fields of its config; agent_… of itself
//	dashboard delete AGENT
//	dashboard call AGENT NUMBER            a customer's call with the agent
//	dashboard busy AGENT N                 saves N prompts, one an hour: "Busy.\nLine 1" and so on
func dashboard(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	if len(args) < 2 {
		ts.Fatalf("usage: dashboard WHAT AGENT …")
	}
	p := storyOf(ts).platform(ts)
	d := p.sandbox.Dashboard()
	what, name, rest := args[0], args[1], args[2:]
	if what == "create" {
		agent, config := map[string]any{"agent_name": name, "agent_description": "", "agent_type": "OUTBOUND", "team": []any{}, "is_auto": true}, map[string]any{}
		for field, v := range values(ts, rest) {
			if strings.HasPrefix(field, "agent_") {
				agent[field] = v
			} else {
				config[field] = v
			}
		}
		_, err := d.CreateAgent(agent, config, "")
		ts.Check(err)
		return
	}
	if what == "busy" {
		n, err := strconv.Atoi(rest[0])
		ts.Check(err)
		for i := range n {
			later(ts, false, []string{"1h"})
			_, err := d.EditPrompt(agentID(ts, p, name), fmt.Sprintf("Busy.\nLine %d", i+1))
			ts.Check(err)
		}
		return
	}
	ts.Check(dashboardDoes(ts, d, what, agentID(ts, p, name), rest))
}

func dashboardDoes(ts *testscript.TestScript, d *sandbox.Dashboard, what, id string, rest []string) error {
	version := func() int {
		n, err := strconv.Atoi(rest[0])
		ts.Check(err)
		return n
	}
	var err error
	switch what {
	case "config":
		_, err = d.EditConfig(id, values(ts, rest))
	case "history":
		for i := 1; i <= version() && err == nil; i++ {
			_, err = d.EditPrompt(id, fmt.Sprintf("Dashboard %d", i))
		}
	case "draft":
		_, err = d.CreateDraft(id, values(ts, rest))
	case "edit-draft":
		err = d.EditDraft(id, version(), values(ts, rest[1:]))
	case "in-place":
		for field, v := range values(ts, rest) {
			err = d.EditConfigInPlace(id, field, v)
		}
	case "agent":
		err = d.EditAgent(id, values(ts, rest))
	case "outcome":
		err = d.SetOutcome(id, values(ts, rest))
	case "infield":
		err = d.SetInfield(id, values(ts, rest))
	case "publish":
		err = d.Publish(id, version())
	case "rollback":
		err = d.Rollback(id, version())
	case "delete-outcome":
		err = d.DeleteOutcome(id, rest[0])
	case "delete-infield":
		err = d.DeleteInfield(id, rest[0])
	case "call":
		_, err = d.Call(id, rest[0])
	case "delete":
		err = d.DeleteAgent(id)
	default:
		ts.Fatalf("dashboard: %q is not known", what)
	}
	return err
}

func values(ts *testscript.TestScript, args []string) map[string]any {
	out := map[string]any{}
	for _, arg := range args {
		field, text, ok := strings.Cut(arg, "=")
		if !ok {
			ts.Fatalf("want FIELD=VALUE, got %q", arg)
		}
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			v = text
		}
		out[field] = v
	}
	return out
}
