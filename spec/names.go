package spec

import (
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"

	"github.com/agentsync/agentsync/schema"
)

// uniqueKeys reports documents of one kind that share a metadata.name.
func (l *loader) uniqueKeys(docs []*document, kind string) {
	first := map[string]*document{}
	for _, doc := range docs {
		switch before := first[doc.name]; {
		case doc.name == "":
		case before == nil:
			first[doc.name] = doc
		default:
			l.report(Problem{Pos: doc.at, Message: fmt.Sprintf("metadata.name: another %s is called %s", kind, schema.Quote(doc.name)), Hint: "the other is at " + before.at.String() + ": rename one of them"})
		}
	}
}

// names holds agents to names of their own on the platform, where an agent is
// found by its name or by one that it had before. An agent that is to be
// absent counts as well: it is found, and deleted, by its name.
type names struct {
	suffix  string
	report  func(Problem)
	current map[string]owner
	earlier []owner
}

type owner struct {
	doc  *document
	name *node
}

func newNames(suffix string, report func(Problem)) *names {
	return &names{suffix: suffix, report: report, current: map[string]owner{}}
}

func (n *names) add(doc *document, spec *node) {
	for _, name := range spec.at("lifecycle", "previous_names").texts() {
		n.earlier = append(n.earlier, owner{doc, name})
	}
	name := spec.at("agent", "agent_name")
	if name.text() == "" {
		return
	}
	if other, ok := n.current[name.text()]; ok {
		n.report(Problem{Pos: name.pos, Message: fmt.Sprintf("agent.agent_name: %s is also the name of agent %s", schema.Quote(name.text()+n.suffix), other.doc.name),
			Hint: "the other is at " + other.name.pos.String() + ": an agent_name is unique on the platform"})
		return
	}
	n.current[name.text()] = owner{doc, name}
}

// check compares previous names once all agents are known.
func (n *names) check() {
	earlier := map[string]owner{}
	for _, o := range n.earlier {
		text := o.name.text()
		other, ok := n.current[text]
		if !ok || other.doc == o.doc {
			other, ok = earlier[text]
		}
		if ok && other.doc != o.doc {
			n.report(Problem{Pos: o.name.pos, Message: fmt.Sprintf("lifecycle.previous_names: %s is a name of agent %s too", schema.Quote(text+n.suffix), other.doc.name),
				Hint: "the other is at " + other.name.pos.String() + ": once an agent is renamed, take its old name out"})
		}
		earlier[text] = o
	}
}

var agentName = regexp.MustCompile(`(?m)^metadata:\s*\{?\s*name:\s*["']?([a-z0-9][a-z0-9-]{0,62})\b`)
var agentKind = regexp.MustCompile(`(?m)^kind:\s*Agent\b`)

// AgentNames returns the keys of the agents below dir, sorted, for completion: it
// looks no further than the first lines of each document, and passes over what
// it cannot read.
func AgentNames(dir string) []string {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	f := &files{fsys: root.FS(), budget: &budget{}}
	var names []string
	for _, file := range f.search(nil, func(Problem) {}) {
		data, err := f.read(file)
		if err != nil || !strings.Contains(string(data), apiVersion) {
			continue
		}
		for _, c := range split(data) {
			if m := agentName.FindSubmatch(c.data); m != nil && agentKind.Match(c.data) {
				names = append(names, string(m[1]))
			}
		}
	}
	sort.Strings(names)
	return names
}

// EnvironmentNames returns the environments of agentsync.yaml below dir, sorted,
// for completion: none where the file cannot be read.
func EnvironmentNames(dir string) []string {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	b := &budget{}
	l := &loader{files: &files{fsys: root.FS(), budget: b}, budget: b, told: map[Problem]bool{}}
	var names []string
	for _, doc := range l.loadProjectFile().documents {
		if doc.kind != "Project" {
			continue
		}
		if environments := doc.spec.get("environments"); environments != nil {
			for _, f := range environments.fields {
				names = append(names, f.key)
			}
		}
	}
	sort.Strings(names)
	return names
}
