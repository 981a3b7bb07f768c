package spec

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/schema"
)

const (
	apiVersion  = "agentsync/v1"
	apiGroup    = "agentsync/"
	projectFile = "agentsync.yaml"
	lockFile    = "agentsync.lock.yaml"
)

// node is a value of a manifest. A text that stands in a prompt field has a
// *prompt as its Source.
type node = schema.Node

// document is one of agentsync's own documents, checked against its schema.
type document struct {
	kind string // Agent, Base or Project
	name string // metadata.name; "" when it is not usable
	root *node
	spec *node // schema.None when it is missing or no map
}

// fileResult is what one file holds.
type fileResult struct {
	documents []*document
	ignored   int
	passed    []string // what could be a manifest, and is passed over: a file, or one document as file:line
	problems  Problems
	lines     [][]byte          // of the file, while it is being loaded
	muted     map[line][]string // rules of the lint that a comment turns off
	// With a cache: what the file and the prompt files in it hold, as blobID.
	blob    string
	prompts map[string]string
}

func (r *fileResult) report(p Problem) { r.problems = append(r.problems, p) }

// passOver tells of a file, or of the document that begins in a later line,
// which could be a manifest and is not read. Nothing is passed over in silence.
func (r *fileResult) passOver(at Pos, hint, format string, args ...any) {
	r.report(warning(at, hint, format, args...))
	name := at.File
	if at.Line > 1 {
		name = fmt.Sprintf("%s:%d", at.File, at.Line)
	}
	r.passed = append(r.passed, name)
}

// loadFile reads one file and checks all that can be checked without the
// others. With named, a pattern of the project names the file; else the search
// for all YAML files found it, and it may be another tool's.
func (l *loader) loadFile(name string, named bool) *fileResult {
	r := &fileResult{}
	file := printable(name)
	fail := func(message, hint string) *fileResult {
		r.report(problem(Pos{File: file, Line: 1, Column: 1}, hint, "%s", message))
		return r
	}
	if file != name {
		return fail("the file's name holds characters that are not allowed", "rename it")
	}
	data, err := l.read(name)
	if err == nil && l.opt.Cache != nil {
		r.blob, r.prompts = blobID(data), map[string]string{}
	}
	top := Pos{File: file, Line: 1, Column: 1}
	switch {
	case err == errPointer && !named:
		r.passOver(top, pointerHint, "the file is passed over: it %s", err)
		return r
	case l.isForeign(name, data, err, named):
		r.ignored++
		if named {
			r.passOver(top, notOursHint, "the file is passed over: it %s", errHiddenLink)
		}
		return r
	case err == errOutside:
		return fail("the manifest is a link that leads out of the project", "put the file itself there")
	case err != nil:
		return fail("the manifest "+err.Error(), manifestHints[err])
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return fail("the file is empty", "write a manifest into it, or delete it")
	}
	if p, bad := notText(file, string(data)); bad {
		r.report(p)
		return r
	}
	if p, bad := lineSeparator(file, data); bad && bytes.Contains(data, []byte(apiGroup)) && l.refuse(r, p) {
		return r
	}
	l.loadDocuments(file, data, named, r)
	if named && len(r.documents)+len(r.problems) == 0 {
		r.passOver(top, notOursHint, "the file is passed over: it holds no manifest")
	}
	return r
}

// isForeign reports whether a file, which may not be readable, is another
// tool's: one that no pattern names and that can't be a manifest, or one that
// is hidden and that no message may quote.
func (l *loader) isForeign(name string, data []byte, err error, named bool) bool {
	switch err {
	case nil:
		return !bytes.Contains(data, []byte(apiGroup)) && l.visible(name) != nil
	case errTooLarge:
		return !named && !bytes.Contains(data, []byte(apiGroup))
	}
	return false
}

const (
	untrackedHint = "commit it: in a workflow, only files that the commit has are read"
	notOursHint   = "begin a manifest with apiVersion: " + apiVersion + "; for another tool's file, let `manifests` in " + projectFile + " not match it"
	pointerHint   = "check it out with Git LFS (actions/checkout: lfs: true), or take it out of LFS"
)

// manifestHints say what to do about a manifest that cannot be read.
var manifestHints = map[error]string{
	errTooLarge:  "spread the manifests over several files, and put long prompts into files of their own",
	errMissing:   "the link leads nowhere: mend or delete it",
	errPointer:   pointerHint,
	ErrUntracked: untrackedHint,
}

// loadDocuments checks the documents of a file.
func (l *loader) loadDocuments(file string, data []byte, named bool, r *fileResult) {
	r.lines = slices.Collect(bytes.Lines(data))
	defer func() { r.lines = nil }()
	if bytes.Contains(data, []byte(ignoreWord)) {
		r.readIgnores(file, r.lines)
	}
	roots, broken := l.parseYAML(file, data)
	for _, p := range broken {
		if !named && !bytes.Contains(data, []byte(apiGroup)) {
			const foreign = "another tool's file is passed over when `manifests` in " + projectFile + " does not match it"
			p.Hint = strings.TrimPrefix(p.Hint+"; "+foreign, "; ")
		}
		r.report(p)
	}
	for _, root := range l.apart(file, roots, r) {
		kind := classify(file, root, named, r)
		if kind == "" {
			continue
		}
		tree := schema.Check(strings.ToLower(kind), file, root, r.report)
		if tree == nil {
			continue
		}
		doc := &document{kind: kind, name: tree.Get("metadata", "name").Text(), root: tree, spec: schema.None}
		if spec := tree.Get("spec"); spec.IsMap() {
			doc.spec = spec
		}
		if kind != "Project" {
			l.checkSpec(file, doc.spec, r)
		}
		r.documents = append(r.documents, doc)
	}
}

// apart takes documents apart that no "---" separates: each begins with the first
// field of the first once more.
func (l *loader) apart(file string, roots []*yaml.Node, r *fileResult) []*yaml.Node {
	var out []*yaml.Node
	for _, root := range roots {
		out = append(out, root)
		fields := root.Content
		version := topField(root, "apiVersion")
		if version == nil || !strings.HasPrefix(version.Value, apiGroup) || fields[0].Value != "apiVersion" && fields[0].Value != "kind" {
			continue
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if fields[i].Value != fields[0].Value {
				continue
			}
			r.report(problem(Pos{File: file, Line: fields[i].Line, Column: fields[i].Column}, `put a line "---" before it`,
				"a second document begins here, without a line that says so"))
			last, next := out[len(out)-1], *root
			last.Content = slices.Clone(last.Content[:len(last.Content)-(len(fields)-i)])
			next.Content, next.Line, next.Column = fields[i:], fields[i].Line, fields[i].Column
			out = append(out, &next)
		}
	}
	return out
}

// classify returns the kind of a document of ours, and "" for another. Those of
// other tools it counts, and tells of the ones that could be meant to be ours:
// all of a file that a pattern names, else what is nearly ours.
func classify(file string, root *yaml.Node, named bool, r *fileResult) string {
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return "" // nothing between two "---"
	}
	version, kind := topField(root, "apiVersion"), topField(root, "kind")
	at := func(n *yaml.Node) Pos { return Pos{File: file, Line: n.Line, Column: n.Column} }
	switch {
	case version == nil:
		r.ignored++
		if named || nearlyOurs(root, "", kind) {
			r.passOver(at(root), notOursHint, "the document is passed over: it has no apiVersion")
		}
		return ""
	case version.Value == apiVersion:
	case strings.HasPrefix(version.Value, apiGroup):
		r.report(problem(at(version), "write apiVersion: "+apiVersion,
			"apiVersion %s is not known to this version of agentsync", schema.Quote(version.Value)))
		return ""
	default:
		r.ignored++
		if named || nearlyOurs(root, version.Value, kind) {
			hint := cmp.Or(schema.DidYouMean(version.Value, []string{apiVersion}), notOursHint)
			r.passOver(at(version), hint, "the document is passed over: its apiVersion is %s", schema.Quote(version.Value))
		}
		return ""
	}
	known := []string{"Agent", "Base", "Project"}
	switch {
	case kind == nil:
		r.report(problem(at(root), "write kind: Agent, Base or Project", `missing the field "kind"`))
	case kind.Value == "Lock":
		// the lock of another place; never a manifest
	case kind.Value == "Project" && file != projectFile:
		r.report(problem(at(kind), "move it there", "a Project belongs in %s at the project's root", projectFile))
	case slices.Contains(known, kind.Value):
		return kind.Value
	default:
		hint := cmp.Or(schema.DidYouMean(kind.Value, known), "known kinds: Agent, Base, Project")
		r.report(problem(at(kind), hint, "unknown kind %s", schema.Quote(kind.Value)))
	}
	return ""
}

// nearlyOurs reports whether a document without our apiVersion looks like a
// manifest that has lost it: version, "" for none, is nearly ours, or kind is and
// the rest does not speak against it, or its spec names an agent.
func nearlyOurs(root *yaml.Node, version string, kind *yaml.Node) bool {
	spec := topField(root, "spec")
	has := func(n *yaml.Node, name string) bool { return n != nil && topValue(n, name) != nil }
	sections := slices.ContainsFunc([]string{SectionAgent, SectionConfig, SectionOutcomes, SectionInfields, "extends"},
		func(name string) bool { return has(spec, name) })
	kinds := []string{"Agent", "Base"}
	ourKind := kind != nil && (slices.Contains(kinds, kind.Value) || schema.Nearest(kind.Value, kinds) != "")
	switch {
	case version != "" && schema.Nearest(version, []string{apiVersion}) != "":
		return true
	case spec != nil && has(topValue(spec, SectionAgent), "agent_name"):
		return true
	case version == "":
		return ourKind && spec != nil
	default:
		return ourKind && sections
	}
}

// topField returns the scalar value of a root's field, or for "spec" any value.
func topField(root *yaml.Node, name string) *yaml.Node {
	if value := topValue(root, name); value != nil && (value.Kind == yaml.ScalarNode || name == "spec") {
		return value
	}
	return nil
}

// topValue returns the value of a map's field; nil for none, and where n is no map.
func topValue(n *yaml.Node, name string) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}
