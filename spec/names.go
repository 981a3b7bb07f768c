package spec

import (
	"cmp"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/schema"
)

// repeated calls report with each name that stands there once more, and with
// its first.
func repeated(names []*node, report func(name, first *node)) {
	first := map[string]*node{}
	for _, name := range names {
		switch before := first[name.Text()]; {
		case name.Text() == "":
		case before == nil:
			first[name.Text()] = name
		default:
			report(name, before)
		}
	}
}

// uniqueKeys reports documents of one kind that share a metadata.name.
func (l *loader) uniqueKeys(docs []*document, kind string) {
	var names []*node
	for _, doc := range docs {
		names = append(names, doc.root.Get("metadata", "name"))
	}
	repeated(names, l.sameKey(kind))
}

// sameKey reports, for repeated, a metadata.name that two documents of a kind have.
func (l *loader) sameKey(kind string) func(name, first *node) {
	return func(name, first *node) {
		l.report(problem(name.Pos, "the other is at "+first.Pos.String()+": rename one of them",
			"metadata.name: another %s is called %s", kind, schema.Quote(name.Text())))
	}
}

// names holds agents to names of their own on the platform, where an agent is
// found by its name or by one that it had before. An agent that is to be
// absent counts as well: it is found, and deleted, by its name.
type names struct {
	*loader
	suffix           string
	current, earlier []owner
}

// owner is the agent of the nth document, with its name or one that it had.
type owner struct {
	agent string
	nth   int
	name  *node
}

func (n *names) add(agent string, nth int, spec *node) {
	for _, name := range spec.Get("lifecycle", "previous_names").Texts() {
		n.earlier = append(n.earlier, owner{agent, nth, name})
	}
	if name := spec.Get(SectionAgent, "agent_name"); name.Text() != "" {
		n.current = append(n.current, owner{agent, nth, name})
	}
}

// check compares the names once all agents are known.
func (n *names) check() {
	inOrder := func(a, b owner) int { return cmp.Compare(a.nth, b.nth) }
	slices.SortStableFunc(n.current, inOrder)
	slices.SortStableFunc(n.earlier, inOrder)
	current, earlier := map[string]owner{}, map[string]owner{}
	for _, o := range n.current {
		other, taken := current[o.name.Text()]
		if !taken {
			current[o.name.Text()] = o
			continue
		}
		n.report(problem(o.name.Pos, "the other is at "+other.name.Pos.String()+": an agent_name is unique on the platform",
			"agent.agent_name: %s is also the name of agent %s", schema.Quote(o.name.Text()+n.suffix), other.agent))
	}
	for _, o := range n.earlier {
		text := o.name.Text()
		other, ok := current[text]
		if !ok || other.nth == o.nth {
			other, ok = earlier[text]
		}
		if ok && other.nth != o.nth {
			n.report(problem(o.name.Pos, "the other is at "+other.name.Pos.String()+": once an agent is renamed, take its old name out",
				"lifecycle.previous_names: %s is a name of agent %s too", schema.Quote(text+n.suffix), other.agent))
		}
		earlier[text] = o
	}
}

// elsewhere is the hint for a name that a document has which the project does not
// read, or which is of another kind; "" for none.
func (l *loader) elsewhere(kind, name string) string {
	l.others.Do(func() {
		l.unread = map[string]string{}
		l.eachKey(func(file, of, key string) {
			if !isHidden(file) {
				l.unread[of+" "+key] = file
			}
		})
	})
	other := map[string]string{"Base": "Agent", "Agent": "Base"}[kind]
	switch file := l.unread[kind+" "+name]; {
	case slices.Contains(l.found, file):
		return printable(file) + " has it, in a document that can't be read"
	case file != "":
		return printable(file) + " has it, which no pattern of `manifests` in " + projectFile + " matches"
	case l.unread[other+" "+name] != "":
		return printable(l.unread[other+" "+name]) + " has that name, as a document of kind " + other
	}
	return ""
}

var keyKind = regexp.MustCompile(`(?m)^kind:\s*["']?(Agent|Base)\b`)

var keyName = regexp.MustCompile(`(?m)^metadata:\s*\{?\s*name:\s*["']?([a-z0-9][a-z0-9-]{0,62})\b`)

// eachKey calls visit with the kind and key of each agent and base in a file that may
// be a manifest, whether the project's patterns match it or not. It goes by
// the lines that say so, without parsing, and passes over what it cannot read.
func (l *loader) eachKey(visit func(file, kind, name string)) {
	found, _ := l.search(nil, func(...Problem) {})
	for _, file := range found {
		data, err := l.read(file)
		if err != nil || !strings.Contains(string(data), apiVersion) {
			continue
		}
		for _, c := range split(data) {
			if m, k := keyName.FindSubmatch(c.data), keyKind.FindSubmatch(c.data); m != nil && k != nil {
				visit(file, string(k[1]), string(m[1]))
			}
		}
	}
}

// AgentNames returns the keys of the agents below dir, sorted, for completion, as
// eachKey finds them.
func AgentNames(dir string) (names []string) {
	lookInto(dir, func(l *loader) {
		l.eachKey(func(_, kind, name string) {
			if kind == "Agent" {
				names = append(names, name)
			}
		})
	})
	slices.Sort(names)
	return names
}

// AgentFiles returns, of the agents with these keys, the files below dir that have a
// manifest of theirs, as eachKey finds them.
func AgentFiles(dir string, keys []string) map[string]string {
	files := map[string]string{}
	lookInto(dir, func(l *loader) {
		l.eachKey(func(file, kind, name string) {
			if kind == "Agent" && !isHidden(file) && slices.Contains(keys, name) {
				files[name] = file
			}
		})
	})
	return files
}

// EnvironmentNames returns the environments of agentsync.yaml below dir, sorted,
// for completion: none where the file cannot be read.
func EnvironmentNames(dir string) (names []string) {
	lookInto(dir, func(l *loader) {
		for _, doc := range l.loadProjectFile().documents {
			for _, f := range doc.spec.Get("environments").Below {
				names = append(names, f.Key)
			}
		}
	})
	slices.Sort(names)
	return names
}

// lookInto calls do with a loader of the project in dir, if dir can be read.
func lookInto(dir string, do func(*loader)) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return
	}
	defer root.Close()
	do(newLoader(LoadOptions{FS: root.FS()}))
}

// ManifestFiles returns the files that a load of the project reads documents from,
// agentsync.yaml first where there is one: paths from its root. Some may be other
// tools'. problems are those of finding them.
func ManifestFiles(fsys fs.FS) (files []string, problems Problems) {
	l := newLoader(LoadOptions{FS: fsys, Past: true})
	first := l.loadProjectFile()
	settings := l.settings(first)
	l.report(first.problems...)
	if _, err := fs.Lstat(fsys, projectFile); err == nil {
		files = append(files, projectFile)
	}
	found, _ := l.manifests(&settings)
	files = append(files, found...)
	l.problems.Sort()
	return files, l.problems
}
