package engine

import (
	"fmt"
	"slices"

	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
)

// sift tells the agents that can be taken from the others, and gives each its
// key. An agent that can't be taken fails the import, unless all were asked for
// and it is plainly not for this project.
func (m *importing) sift(agents []sync.FleetAgent) {
	named := map[string][]sync.FleetAgent{}
	for _, a := range agents {
		if a.Err == nil {
			name := nameOf(a.RemoteAgent)
			named[name] = append(named[name], a)
		}
	}
	passed := passedOver{}
	for _, a := range agents {
		name := nameOf(a.RemoteAgent)
		key := m.keyOf(a.ID, name)
		project, environment, foreign := "", "", false
		if a.Err == nil {
			in := diff.Input{Identity: m.identity(), Memory: m.memory, Elsewhere: m.store.Elsewhere()}
			project, environment, foreign = diff.Whose(in, key, a.RemoteAgent)
		}
		if a.Other {
			m.reserve(a, key)
			continue
		}
		other := m.holder(name)
		switch twins := named[name]; {
		case a.Err != nil:
			m.failed("%s: %v", a.ID, a.Err)
		case len(twins) > 1:
			mine := slices.IndexFunc(twins, func(twin sync.FleetAgent) bool { return !twin.Other })
			if twins[mine].ID == a.ID {
				m.failed("%d agents are named %q: %s; rename all but one in the dashboard", len(twins), name, joinIDs(twins))
			}
		case foreign:
			passed.add(m.whose(project, environment), quoted(name, a.ID))
		case !strings.HasSuffix(name, m.Environment.NameSuffix):
			passed.add(fmt.Sprintf("are not of this environment, whose names end with %q", m.Environment.NameSuffix), quoted(name, a.ID))
		case other != "" && other != key:
			m.failed("%s has the name of the agent %s, which is another one on the platform", quoted(name, a.ID), other)
		case m.seen[a.ID].unwritable != nil:
			m.failed("%s: %v; rename it in the dashboard", quoted(name, a.ID), m.seen[a.ID].unwritable)
		default:
			f := m.seen[a.ID]
			f.key = key
			m.found = append(m.found, f)
		}
	}
	if lines := passed.lines(); m.in.IDs == nil {
		m.outcome.Told = append(m.outcome.Told, lines...)
	} else {
		m.outcome.Failed = append(m.outcome.Failed, lines...)
	}
	m.nameAll()
	m.found = slices.DeleteFunc(m.found, func(f *found) bool { return f.other })
}

// reserve keeps a key for an agent of another part, whose import gives it that one.
func (m *importing) reserve(a sync.FleetAgent, key string) {
	bare, ours := strings.CutSuffix(nameOf(a.RemoteAgent), m.Environment.NameSuffix)
	if ours {
		fields := a.Fields.With("agent_name", value.Of(bare))
		m.found = append(m.found, &found{RemoteAgent: &diff.RemoteAgent{ID: a.ID, Fields: fields}, key: key, other: true})
	}
}

func (m *importing) failed(format string, args ...any) {
	m.outcome.Failed = append(m.outcome.Failed, fmt.Sprintf(format, args...))
}

// whose says that agents are another project's or environment's, as passedOver
// has it. Every plan of them would be refused here.
func (m *importing) whose(project, environment string) string {
	text := fmt.Sprintf("belong to environment %q", environment)
	if project == "" {
		return text
	}
	text = fmt.Sprintf("belong to project %q", project)
	if environment != "" {
		text += fmt.Sprintf(", environment %q", environment)
	}
	if project != m.Name {
		text += fmt.Sprintf("\n  hint: if that is what this project is called, or was, say so first in agentsync.yaml: metadata.name or previous_names, %q", project)
	}
	return text
}

// passedOver has the agents that are not for this project, by why.
type passedOver map[string][]string

func (p passedOver) add(why, agent string) { p[why] = append(p[why], agent) }

func (p passedOver) lines() []string {
	var lines []string
	for _, why := range value.SortedKeys(p) {
		first, hint, _ := strings.Cut(why, "\n")
		line := fmt.Sprintf("not imported, since they %s: %s", first, listed(p[why]))
		if hint != "" {
			line += "\n" + hint
		}
		lines = append(lines, line)
	}
	return lines
}

func nameOf(a *diff.RemoteAgent) string { return a.Fields.Get("agent_name").Text() }

// keyOf is the key that the lock has for an agent, else that of the manifest
// which has its name and which the lock gives no other agent; "" for none.
func (m *importing) keyOf(id, name string) string {
	for _, key := range value.SortedKeys(m.memory) {
		if m.memory[key].AgentID == id {
			return key
		}
	}
	if key := m.holder(name); m.memory[key].AgentID == "" {
		return key
	}
	return ""
}

// holder is the key of the manifest whose agent has a name on the platform, or
// "".
func (m *importing) holder(name string) string {
	i := slices.IndexFunc(m.Agents, func(a spec.Agent) bool { return a.AgentName == name && name != "" })
	if i < 0 {
		return ""
	}
	return m.Agents[i].Name
}

func (m *importing) manifest(key string) (spec.Agent, bool) {
	agent := manifestOf(m.Agents, key)
	if agent == nil {
		return spec.Agent{}, false
	}
	return *agent, true
}

// nameAll gives keys to the agents that have none yet, in the order of their
// ids. No key is anybody else's, in the lock file or in a manifest.
func (m *importing) nameAll() {
	taken := map[string]bool{}
	for key := range m.memory {
		taken[key] = true
	}
	for _, a := range m.Agents {
		taken[a.Name] = true
	}
	for _, f := range m.found {
		if f.key != "" {
			continue
		}
		wish := keyFor(f.Fields.Get("agent_name").Text(), "agent")
		f.key = wish
		for n := 2; taken[f.key]; n++ {
			end := fmt.Sprintf("-%d", n)
			f.key = strings.TrimRight(wish[:min(len(wish), 63-len(end))], "-") + end
		}
		taken[f.key] = true
	}
}
