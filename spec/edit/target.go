package edit

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

const (
	projectFile = "agentsync.yaml"
	defaultEnv  = "default"
	sandboxEnv  = "sandbox"
)

// pass is one look at all agents; positions are those of the files as they were
// when it began.
type pass struct {
	*Editor
	projects []*spec.Project
	users    map[spec.Pos][]string // by place: the agents that have a value from there, in any environment
	readers  map[string][]string   // by prompt file: the texts that have lines of it, as agent and field
	docs     map[string]*manifest  // by real name: as they are by now
	layout   map[string][]target   // by real name: the documents as they were
	same     *alike                // nil until something is shared
}

// manifest is a file with its documents.
type manifest struct {
	bom   []byte
	eol   string
	parts []spec.Part
}

// target is a document in which a value is set.
type target struct {
	file      string // real name
	part, doc int
	kind      string
	inside    []string // from the document's root to the spec that path is below
	line      int      // where the document began
	override  int      // of a Project: the number of the override; the number of overrides for a new one
}

// agent makes what differs right, as far as this pass can, and reports whether
// something did differ.
func (p *pass) agent(want *spec.Agent, r *Result) (differs bool, err error) {
	now := find(p.projects[0], want.Name)
	if now == nil {
		return false, fmt.Errorf("no manifest of an agent is called %s", want.Name)
	}
	todo := ops(now, want)
	for _, o := range todo {
		if o.place() == "agent.agent_name" {
			if o, err = p.withoutSuffix(now, o); err != nil {
				return true, err
			}
		}
		if o.row != nil && o.row.Type == schema.Prompt && len(now.Sources[o.path[len(o.path)-1]]) > 0 {
			done, err := p.prompt(now, o, r)
			if err != nil {
				return true, err
			}
			if done {
				continue
			}
		}
		if err := p.set(now, o); err != nil {
			return true, err
		}
	}
	return len(todo) > 0, nil
}

// set changes one value, where it lives or in the agent itself.
func (p *pass) set(now *spec.Agent, o op) error {
	t, err := p.target(now, o)
	if err != nil {
		return err
	}
	file := p.manifest(t.file)
	part := file.parts[t.part]
	kind := strings.ToLower(t.kind)
	whole := plain(part.Roots[t.doc])
	row := schema.Document(kind)
	if t.kind == "Project" {
		whole = p.withOverride(whole, now.Name, t)
	}
	o.path = append(slices.Clone(t.inside), o.path...)
	changed := placed(whole, row, t, o)
	data, err := rewrite(part, t.doc, row, changed, file.eol)
	if err != nil {
		o.path = o.path[len(t.inside):]
		return problemAt(now, o, "%s", err)
	}
	p.store(t.file, file, t.part, data)
	return nil
}

// placed is put, where an override stands in a list that has no names.
func placed(whole any, row *schema.Field, t target, o op) any {
	if t.kind != "Project" {
		return put(whole, row, o.path, o)
	}
	list, _ := get(whole, row, t.inside[:4])
	overrides := slices.Clone(list.([]any))
	item := overrides[t.override].(map[string]any)
	o.path = o.path[4:]
	spec := put(item["spec"], schema.Spec(), o.path, o)
	overrides[t.override] = with(item, "spec", spec)
	return put(whole, row, t.inside[:4], op{v: overrides})
}

// withOverride adds the override of one agent's own that t asks for, if it is not
// there.
func (p *pass) withOverride(whole any, agent string, t target) any {
	row := schema.Document("project")
	list, _ := get(whole, row, t.inside)
	overrides, _ := list.([]any)
	if t.override < len(overrides) {
		return whole
	}
	fresh := map[string]any{"agents": []any{agent}, "spec": map[string]any{}}
	return put(whole, row, t.inside, op{v: append(slices.Clone(overrides), fresh)})
}

// store takes a part's new text into a file.
func (p *pass) store(name string, file *manifest, part int, data []byte) {
	var all bytes.Buffer
	all.Write(file.bom)
	for i := range file.parts {
		if i == part {
			all.Write(data)
		} else {
			all.Write(file.parts[i].Data)
		}
	}
	p.layoutOf(name)
	p.files.changed[name] = all.Bytes()
	fresh, err := spec.Parts(data)
	if err != nil || len(fresh) != 1 || !bytes.Equal(fresh[0].Data, data) {
		delete(p.docs, name)
		return
	}
	fresh[0].Line = file.parts[part].Line
	file.parts[part] = fresh[0] // the others are as they were
}

// manifest returns a file as it is by now. Its documents keep their numbers.
func (p *pass) manifest(name string) *manifest {
	if p.docs == nil {
		p.docs = map[string]*manifest{}
	}
	if m := p.docs[name]; m != nil {
		return m
	}
	data, err := p.files.read(name)
	m := &manifest{eol: "\n"}
	if rest, had := bytes.CutPrefix(data, bom); had {
		m.bom, data = bom, rest
	}
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		m.eol = "\r\n"
	}
	if err == nil {
		m.parts, _ = spec.Parts(data)
	}
	p.docs[name] = m
	return m
}

var bom = []byte("\xef\xbb\xbf")

// target says where an op is done.
func (p *pass) target(now *spec.Agent, o op) (target, error) {
	own, ok := p.documentAt(now.Pos)
	if !ok {
		return own, problemAt(now, o, "the manifest changed while it was edited")
	}
	if t, ok := p.winningOverride(now, o); ok {
		return t, nil
	}
	at, given := now.Positions.At(o.place())
	if !given {
		return own, nil
	}
	there, ok := p.documentAt(at)
	if !ok || there.kind != "Base" {
		return own, nil
	}
	users := p.usersOf(at)
	if len(users) == 1 || p.wantValue(at, users, o) {
		return there, nil
	}
	if o.gone {
		others := slices.DeleteFunc(slices.Clone(users), func(name string) bool { return name == now.Name })
		return own, spec.Problems{{
			Pos: at,
			Message: fmt.Sprintf("%s: it comes from a Base that other agents have it from too (%s), "+
				"and a manifest can't leave out what its base gives", o.place(), listed(others)),
			Hint: "take it out of the Base and give it to those agents themselves",
		}}
	}
	return own, nil
}

// documentAt returns the document in which a place is.
func (p *pass) documentAt(at spec.Pos) (target, bool) {
	name := p.files.real(at.File)
	var found target
	for _, t := range p.layoutOf(name) {
		if t.line <= at.Line {
			found = t
		}
	}
	return found, found.kind != ""
}

// layoutOf returns the documents of a file as they stood when the pass began. It is
// asked before the file is changed.
func (p *pass) layoutOf(name string) []target {
	if known, ok := p.layout[name]; ok {
		return known
	}
	var out []target
	for i, part := range p.manifest(name).parts {
		for doc, root := range part.Roots {
			out = append(out, target{file: name, part: i, doc: doc, kind: p.kindOf(part, doc), inside: []string{"spec"},
				line: part.Line + root.Line})
		}
	}
	if p.layout == nil {
		p.layout = map[string][]target{}
	}
	p.layout[name] = out
	return out
}

func (p *pass) kindOf(part spec.Part, doc int) string {
	m, _ := plain(part.Roots[doc]).(map[string]any)
	kind, _ := m["kind"].(string)
	return kind
}

// usersOf are the agents that have a value from a place.
func (p *pass) usersOf(at spec.Pos) []string {
	p.index()
	return p.users[at]
}

// index notes who has what from where, in all environments.
func (p *pass) index() {
	if p.users != nil {
		return
	}
	p.users, p.readers = map[spec.Pos][]string{}, map[string][]string{}
	for _, project := range p.projects {
		for i := range project.Agents {
			a := &project.Agents[i]
			for at := range a.Positions.All {
				if !slices.Contains(p.users[at], a.Name) {
					p.users[at] = append(p.users[at], a.Name)
				}
			}
			for _, field := range value.SortedKeys(a.Sources) {
				for _, s := range a.Sources[field] {
					reader, name := a.Name+" "+field, p.files.real(s.File)
					if !slices.Contains(p.readers[name], reader) {
						p.readers[name] = append(p.readers[name], reader)
					}
				}
			}
		}
	}
}

// winningOverride returns the override that gives an agent the value, and one of
// the agent's own where it may not be changed there.
func (p *pass) winningOverride(now *spec.Agent, o op) (target, bool) {
	t, ok := p.givingOverride(now, o.path)
	at, _ := now.Positions.At(o.place())
	if users := p.usersOf(at); ok && len(users) > 1 && !p.wantValue(at, users, o) {
		list, _ := get(plain(p.manifest(t.file).parts[t.part].Roots[t.doc]), schema.Document("project"), t.inside)
		t.override = ownOverride(list.([]any), now.Name)
	}
	return t, ok
}

// givingOverride returns the override that gives an agent the value at a path.
func (p *pass) givingOverride(now *spec.Agent, path []string) (target, bool) {
	row := schema.Document("project")
	for _, t := range p.layoutOf(p.files.real(projectFile)) {
		if t.kind != "Project" {
			continue
		}
		part := p.manifest(t.file).parts[t.part]
		t.inside = []string{"spec", "environments", p.environment(part, t.doc), "overrides"}
		list, _ := get(plain(part.Roots[t.doc]), row, t.inside)
		overrides, _ := list.([]any)
		for n, item := range slices.Backward(overrides) {
			override, _ := item.(map[string]any)
			if _, gives := get(override["spec"], schema.Spec(), path); gives && matches(override, now.Name) {
				t.override = n
				return t, true
			}
		}
	}
	return target{}, false
}

// ownOverride is the number of the last override, where that is for this agent
// alone, or of one that comes after all.
func ownOverride(overrides []any, agent string) int {
	last := len(overrides) - 1
	override, _ := overrides[last].(map[string]any)
	if patterns, _ := override["agents"].([]any); len(patterns) == 1 && patterns[0] == agent {
		return last
	}
	return last + 1
}

func matches(override map[string]any, agent string) bool {
	patterns, _ := override["agents"].([]any)
	return slices.ContainsFunc(patterns, func(p any) bool {
		ok, _ := path.Match(fmt.Sprint(p), agent)
		return ok
	})
}

// environment is the name that the loaded environment has in agentsync.yaml:
// without one of its own, the sandbox is as the default.
func (p *pass) environment(part spec.Part, doc int) string {
	env := cmp.Or(p.load.Env, defaultEnv)
	_, there := get(plain(part.Roots[doc]), schema.Document("project"), []string{"spec", "environments", env})
	if env == sandboxEnv && !there {
		return defaultEnv
	}
	return env
}

// environments are all that agentsync.yaml has, sorted.
func environments(files *layered) []string {
	p := &pass{Editor: &Editor{files: files}}
	var out []string
	for _, part := range p.manifest(files.real(projectFile)).parts {
		for doc := range part.Roots {
			envs, _ := get(plain(part.Roots[doc]), schema.Document("project"), []string{"spec", "environments"})
			if m, isMap := envs.(map[string]any); isMap && p.kindOf(part, doc) == "Project" {
				out = append(out, value.SortedKeys(m)...)
			}
		}
	}
	return out
}

// withoutSuffix takes the environment's suffix off a new agent_name.
func (p *pass) withoutSuffix(now *spec.Agent, o op) (op, error) {
	suffix := p.projects[0].Environment.NameSuffix
	name, _ := o.v.(string)
	short, has := strings.CutSuffix(name, suffix)
	if !has || short == "" {
		return o, problemAt(now, o, "the name %q lacks the environment's agent_name_suffix %q", name, suffix)
	}
	o.v = short
	return o, nil
}

func listed(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
