package spec

import (
	"bytes"
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

// document is one of agentsync's own documents, checked against its schema.
type document struct {
	kind string // Agent, Base or Project
	name string // metadata.name; "" when it is not usable
	at   Pos    // of metadata.name, or of the document
	pos  Pos    // of the document
	root *node
	spec *node // nil when it is missing or no map
}

// fileResult is what one file holds.
type fileResult struct {
	documents []*document
	ignored   int
	problems  Problems
	data      []byte // of the file, while it is being loaded
	ends      []int  // of its lines
	// With a cache: what the file and the prompt files in it hold, as blobID.
	blob    string
	prompts map[string]string
}

// line returns a line of the file, from 1, while it is being loaded.
func (r *fileResult) line(n int) []byte {
	if r.ends == nil {
		r.ends = lineEnds(r.data)
	}
	if n < 1 || n > len(r.ends) {
		return nil
	}
	start := 0
	if n > 1 {
		start = r.ends[n-2]
	}
	return bytes.TrimRight(r.data[start:r.ends[n-1]], "\r\n")
}

func (r *fileResult) report(p Problem) { r.problems = append(r.problems, p) }

// loadFile reads one file and checks all that can be checked without the
// others. With named, a pattern of the project names the file; else the search
// for all YAML files found it, and it may be another tool's.
func (l *loader) loadFile(name string, named bool) *fileResult {
	r := &fileResult{}
	file := printable(name)
	problem := func(message, hint string) *fileResult {
		r.report(Problem{Pos: Pos{File: file, Line: 1, Column: 1}, Message: message, Hint: hint})
		return r
	}
	if file != name {
		return problem("the file's name holds characters that are not allowed", "rename it")
	}
	data, err := l.files.read(name)
	if err == nil && l.cache != nil {
		r.blob, r.prompts = blobID(data), map[string]string{}
	}
	switch {
	case l.isForeign(name, data, err, named):
		r.ignored++
		return r
	case err == errOutside:
		return problem("the manifest is a link that leads out of the project", "put the file itself there")
	case err != nil:
		return problem("the manifest "+err.Error(), manifestHints[err])
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return problem("the file is empty", "write a manifest into it, or delete it")
	}
	if p, bad := notText(file, string(data)); bad {
		r.report(p)
		return r
	}
	l.loadDocuments(file, data, named, r)
	return r
}

// isForeign reports whether a file, which may not be readable, is another
// tool's: one that no pattern names and that can't be a manifest, or one that
// is hidden and that no message may quote.
func (l *loader) isForeign(name string, data []byte, err error, named bool) bool {
	switch err {
	case nil:
		return !bytes.Contains(data, []byte(apiGroup)) && l.files.visible(name) != nil
	case errTooLarge:
		return !named && !l.files.begins(name, apiGroup)
	case errPointer:
		return !named
	}
	return false
}

const (
	untrackedHint = "commit it: for a pull request, only what is committed is read"
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
	r.data = data
	defer func() { r.data, r.ends = nil, nil }()
	report := r.report
	if !named && !bytes.Contains(data, []byte(apiGroup)) {
		report = func(p Problem) {
			const foreign = "another tool's file is passed over when `manifests` in " + projectFile + " does not match it"
			p.Hint = strings.TrimPrefix(p.Hint+"; "+foreign, "; ")
			r.report(p)
		}
	}
	for _, root := range parseYAML(file, data, l.budget, report) {
		l.loadDocument(file, root, r)
	}
}

// loadDocument checks one document and adds it to r, or counts it as ignored
// when it is not one of ours.
func (l *loader) loadDocument(file string, root *yaml.Node, r *fileResult) {
	kind, ours := classify(file, root, r)
	if !ours {
		return
	}
	root, ok := normalize(file, root, r.report)
	if !ok {
		return
	}
	bad := map[*yaml.Node]string{}
	for _, f := range schema.Check(strings.ToLower(kind), root) {
		r.report(Problem{Pos: Pos{File: file, Line: f.At.Line, Column: f.At.Column}, Message: f.Message, Hint: f.Hint})
		if f.Value != nil {
			bad[f.Value] = f.Meant
		}
	}
	tree := fromYAML(file, root, bad)
	doc := &document{kind: kind, pos: tree.pos, at: tree.pos, root: tree}
	if name := tree.at("metadata", "name"); name.isText() {
		doc.name, doc.at = name.text(), name.pos
	}
	if spec := tree.get("spec"); spec != nil && spec.kind == mapKind {
		doc.spec = spec
	}
	if kind != "Project" && doc.spec != nil {
		l.checkSpec(file, doc.spec, r)
	}
	r.documents = append(r.documents, doc)
}

// classify returns the kind of a document of ours. Those of other tools it counts.
func classify(file string, root *yaml.Node, r *fileResult) (kind string, ours bool) {
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return "", false // nothing between two "---"
	}
	version, kindNode := topField(root, "apiVersion"), topField(root, "kind")
	at := func(n *yaml.Node) Pos { return Pos{File: file, Line: n.Line, Column: n.Column} }
	switch {
	case version == nil:
		r.ignored++
		if kindNode != nil && (kindNode.Value == "Agent" || kindNode.Value == "Base") && topField(root, "spec") != nil {
			r.report(Problem{Pos: at(root), Warning: true, Message: "the document is passed over: it has no apiVersion", Hint: "begin it with apiVersion: " + apiVersion})
		}
		return "", false
	case version.Value == apiVersion:
	case strings.HasPrefix(version.Value, apiGroup):
		r.report(Problem{Pos: at(version), Message: fmt.Sprintf("apiVersion %s is not known to this version of agentsync", schema.Quote(version.Value)), Hint: "write apiVersion: " + apiVersion})
		return "", false
	default:
		r.ignored++
		if schema.Nearest(version.Value, []string{apiVersion}) != "" {
			r.report(Problem{Pos: at(version), Warning: true, Message: fmt.Sprintf("the document is passed over: its apiVersion is %s", schema.Quote(version.Value)), Hint: `did you mean "` + apiVersion + `"?`})
		}
		return "", false
	}
	known := []string{"Agent", "Base", "Project"}
	switch {
	case kindNode == nil:
		r.report(Problem{Pos: at(root), Message: `missing the field "kind"`, Hint: "write kind: Agent, Base or Project"})
	case kindNode.Value == "Lock":
		// the lock of another place; never a manifest
	case kindNode.Value == "Project" && file != projectFile:
		r.report(Problem{Pos: at(kindNode), Message: "a Project belongs in " + projectFile + " at the project's root", Hint: "move it there"})
	default:
		if slices.Contains(known, kindNode.Value) {
			return kindNode.Value, true
		}
		hint := "known kinds: Agent, Base, Project"
		if near := schema.Nearest(kindNode.Value, known); near != "" {
			hint = `did you mean "` + near + `"?`
		}
		r.report(Problem{Pos: at(kindNode), Message: "unknown kind " + schema.Quote(kindNode.Value), Hint: hint})
	}
	return "", false
}

// topField returns the scalar value of a root's field, or for "spec" any value.
func topField(root *yaml.Node, name string) *yaml.Node {
	if root.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		value := root.Content[i+1]
		if root.Content[i].Value == name && (value.Kind == yaml.ScalarNode || name == "spec") {
			return value
		}
	}
	return nil
}
