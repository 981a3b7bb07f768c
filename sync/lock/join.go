package lock

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// Conflict is an entry that two sides have changed in different ways. Field is
// "" where one side has removed it.
type Conflict struct {
	Environment, Key, Field string
	Ours, Theirs            string
}

const fieldAgentID = "agent_id"

// Place is where in a lock file it is.
func (c Conflict) Place() string {
	place := "environments." + c.Environment + "." + c.Key
	if c.Field != "" {
		place += "." + c.Field
	}
	return place
}

// Joined is what two lock files make together. Where they are in conflict, the
// file has ours.
type Joined struct {
	File      *File
	Conflicts []Conflict // by environment and key
	theirs    *File      // their entries of the agents in conflict
}

// Join merges what ours and theirs have changed since base, by agent and field.
// base is empty where nothing is known of it: then entries of both sides have to
// agree in what both say. The arguments are left as they are.
func Join(base, ours, theirs *File) *Joined {
	j := &Joined{File: &File{Environments: map[string]Environment{}}, theirs: &File{Environments: map[string]Environment{}}}
	for _, env := range keysOfAll(base.Environments, ours.Environments, theirs.Environments) {
		j.join(env, base.Environments[env], ours.Environments[env], theirs.Environments[env])
	}
	return j
}

func (j *Joined) join(env string, base, ours, theirs Environment) {
	block := Environment{}
	j.File.Environments[env], j.theirs.Environments[env] = block, Environment{}
	owner := map[string]string{}
	for _, key := range keysOfAll(base, ours, theirs) {
		b, inBase := base[key]
		o, inOurs := ours[key]
		t, inTheirs := theirs[key]
		entry, there, conflicts := o, inOurs, []Conflict(nil)
		switch {
		case inOurs && inTheirs:
			entry, conflicts = mergeEntries(b, o, t)
		case inBase && inOurs: // gone there
			if there = !o.Equal(b); there {
				conflicts = []Conflict{{Ours: "changed", Theirs: "removed"}}
			}
		case inBase && inTheirs:
			if !t.Equal(b) {
				conflicts = []Conflict{{Ours: "removed", Theirs: "changed"}}
			}
		case inTheirs:
			entry, there = t, true
		}
		if other, taken := owner[entry.AgentID]; there && taken && entry.AgentID != "" {
			conflicts = append(conflicts, Conflict{Field: fieldAgentID, Ours: "that of " + other, Theirs: entry.AgentID})
			there = inOurs
		}
		if there {
			block[key], owner[entry.AgentID] = entry, key
		}
		for _, c := range conflicts {
			c.Environment, c.Key = env, key
			j.Conflicts = append(j.Conflicts, c)
		}
		if len(conflicts) > 0 && inTheirs {
			j.theirs.Environments[env][key] = t
		}
	}
}

// keysOfAll are the keys of several maps, sorted.
func keysOfAll[V any](maps ...map[string]V) []string {
	all := map[string]bool{}
	for _, m := range maps {
		for key := range m {
			all[key] = true
		}
	}
	return value.SortedKeys(all)
}

// mergeEntries merges what two sides have made of an entry, field by field; a
// conflict leaves ours. Three rules are not those of git: expect has what both
// sides expect, and left out where the sides differ are wants, a digest of a whole
// manifest, since what the manifests want together was not verified, and since.
func mergeEntries(base, ours, theirs Entry) (Entry, []Conflict) {
	m := merging{}
	out := Entry{
		AgentID:    pick(&m, fieldAgentID, base.AgentID, ours.AgentID, theirs.AgentID),
		AgentName:  pick(&m, "agent_name", base.AgentName, ours.AgentName, theirs.AgentName),
		Protect:    pick(&m, "protect", base.Protect, ours.Protect, theirs.Protect),
		Unfinished: pick(&m, "unfinished", base.Unfinished, ours.Unfinished, theirs.Unfinished),
		Version:    pick(&m, "version", base.Version, ours.Version, theirs.Version),
		Newest:     pick(&m, "newest", base.Newest, ours.Newest, theirs.Newest),
		Since:      agreed(base.Since, ours.Since, theirs.Since),
		Config:     pick(&m, "config", base.Config, ours.Config, theirs.Config),
		Wants:      agreed(base.Wants, ours.Wants, theirs.Wants),
		Draft:      pick(&m, "draft", base.Draft, ours.Draft, theirs.Draft),
		Expect:     mergeExpect(base.Expect, ours.Expect, theirs.Expect),
		PutBack:    pick(&m, "put_back", base.PutBack, ours.PutBack, theirs.PutBack),
		Agent:      m.digests("agent", base.Agent, ours.Agent, theirs.Agent),
		Outcomes:   m.digests("call_outcomes", base.Outcomes, ours.Outcomes, theirs.Outcomes),
		Infields:   m.digests("call_infields", base.Infields, ours.Infields, theirs.Infields),
		Smoke:      m.call(base.Smoke, ours.Smoke, theirs.Smoke),
	}
	return out, m.conflicts
}

// merging collects the conflicts of one entry.
type merging struct{ conflicts []Conflict }

func pick[T comparable](m *merging, field string, base, ours, theirs T) T {
	switch {
	case ours == theirs, theirs == base:
		return ours
	case ours == base:
		return theirs
	}
	m.conflicts = append(m.conflicts, Conflict{Field: field, Ours: shown(ours), Theirs: shown(theirs)})
	return ours
}

// agreed is pick of what is left out where the sides differ.
func agreed(base, ours, theirs string) string {
	var m merging
	if picked := pick(&m, "", base, ours, theirs); len(m.conflicts) == 0 {
		return picked
	}
	return ""
}

// shown is a value as the lock file has it; its zero value is not in the file.
func shown[T comparable](v T) string {
	var zero T
	if v == zero {
		return "absent"
	}
	return fmt.Sprint(v)
}

func (m *merging) digests(section string, base, ours, theirs map[string]string) map[string]string {
	var out map[string]string
	for _, name := range keysOfAll(base, ours, theirs) {
		if digest := pick(m, section+"."+name, base[name], ours[name], theirs[name]); digest != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = digest
		}
	}
	return out
}

// call is one smoke call or none: of two, nobody could say which is waited for.
func (m *merging) call(base, ours, theirs *spec.PendingCall) *spec.PendingCall {
	of := func(c *spec.PendingCall) spec.PendingCall {
		if c == nil {
			return spec.PendingCall{}
		}
		return *c
	}
	picked := pick(m, "smoke_call", of(base), of(ours), of(theirs))
	if picked == (spec.PendingCall{}) {
		return nil
	}
	return &picked
}

func mergeExpect(base, ours, theirs []string) []string {
	switch {
	case slices.Equal(ours, theirs), slices.Equal(theirs, base):
		return ours
	case slices.Equal(ours, base):
		return theirs
	}
	both := slices.Clone(ours)
	for _, digest := range theirs {
		if !slices.Contains(both, digest) {
			both = append(both, digest)
		}
	}
	return both
}

// Bytes returns the file as it is written; the entries of agents in conflict
// stand there twice, between git's markers, which no command takes for a lock
// file (Parse).
func (j *Joined) Bytes() ([]byte, error) {
	if len(j.Conflicts) == 0 {
		return j.File.Bytes()
	}
	disputed := map[[2]string]bool{}
	for _, c := range j.Conflicts {
		disputed[[2]string{c.Environment, c.Key}] = true
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%sapiVersion: %s\nkind: %s\nenvironments:\n", header, apiVersion, kind)
	for _, env := range keysOfAll(j.File.Environments, j.theirs.Environments) {
		ours, theirs := j.File.Environments[env], j.theirs.Environments[env]
		if len(ours)+len(theirs) == 0 {
			continue
		}
		fmt.Fprintf(&out, "  %s:\n", env)
		for _, key := range keysOfAll(ours, theirs) {
			text, err := block(ours, key)
			if err != nil {
				return nil, err
			}
			if disputed[[2]string{env, key}] {
				other, err := block(theirs, key)
				if err != nil {
					return nil, err
				}
				text = "<<<<<<< ours\n" + text + "=======\n" + other + ">>>>>>> theirs\n"
			}
			out.WriteString(text)
		}
	}
	return out.Bytes(), nil
}

// block is one agent's entry as the file has it; "" where it has none.
func block(env Environment, key string) (string, error) {
	entry, there := env[key]
	if !there {
		return "", nil
	}
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := enc.Encode(Environment{key: entry}); err != nil {
		return "", fmt.Errorf("write the lock file: %w", err)
	}
	return "    " + strings.ReplaceAll(strings.TrimSuffix(buf.String(), "\n"), "\n", "\n    ") + "\n", nil
}
