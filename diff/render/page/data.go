package page

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"gopkg.in/yaml.v3"
)

// agentData is an agent's timeline for the script. Versions have most of their
// lines in common, so each line stands in Lines once, each value once in Values
// as numbers of lines, and a version is numbers of fields and values.
type agentData struct {
	Name      string        `json:"name"`
	AgentName string        `json:"agentName"`
	ID        string        `json:"id"`
	Live      int           `json:"live"` // 0 for none
	Whole     bool          `json:"whole"`
	Lines     []string      `json:"lines"`
	Values    [][]int       `json:"values"`
	Fields    []field       `json:"fields"` // in the order in which they are shown
	Versions  []versionData `json:"versions"`
	Spans     []spanData    `json:"spans"`
	Calls     *callsData    `json:"calls,omitempty"` // where calls were asked for
}

// field is one line of a form: a prompt, a setting, or a field of an outcome or
// infield. Name "" stands for the outcome or infield itself: that it is there.
type field struct {
	Section string `json:"section"` // one of the four below
	Item    string `json:"item,omitempty"`
	Name    string `json:"name"`
}

const (
	prompts  = "prompts"
	settings = "settings"
	outcomes = "outcomes"
	infields = "infields"
)

type versionData struct {
	Number  int         `json:"n"`
	Status  string      `json:"status"`
	At      int64       `json:"at,omitempty"` // when it was made, in milliseconds since 1970
	By      string      `json:"by,omitempty"`
	Edited  int64       `json:"edited,omitempty"` // when it was last written, where that is later
	Editor  string      `json:"editor,omitempty"`
	Notes   string      `json:"notes,omitempty"`
	Commit  *commitData `json:"commit,omitempty"`
	CopyOf  int         `json:"copyOf,omitempty"`  // the older version that a rollback has copied
	Unknown []string    `json:"unknown,omitempty"` // sections that the platform does not keep with it
	Content []int       `json:"content"`           // a field, its value, the next field, …
}

type commitData struct {
	ID      string `json:"id"`
	Dirty   bool   `json:"dirty,omitempty"`
	Subject string `json:"subject,omitempty"`
	Author  string `json:"author,omitempty"`
}

type spanData struct {
	Version int    `json:"version"`
	From    int64  `json:"from,omitempty"`
	To      int64  `json:"to,omitempty"`
	Known   string `json:"known"`
	Lock    string `json:"lock,omitempty"`
}

// callsData is what came of an agent's calls.
type callsData struct {
	Problem  string             `json:"problem,omitempty"` // why nothing is known
	Since    int64              `json:"since,omitempty"`
	Cut      bool               `json:"cut,omitempty"`
	Unplaced int                `json:"unplaced,omitempty"`
	Versions []versionCallsData `json:"versions"`
}

type versionCallsData struct {
	Number   int           `json:"n"`
	Calls    int           `json:"calls"`
	Answered int           `json:"answered"`
	Seconds  int           `json:"seconds"` // of an answered call, on average
	Outcomes []outcomeData `json:"outcomes"`
	Unread   int           `json:"unread"`
}

type outcomeData struct {
	Name  string `json:"name"` // "" for calls without an outcome
	Calls int    `json:"calls"`
}

func callsOf(c *history.Calls) *callsData {
	if c == nil {
		return nil
	}
	out := &callsData{Problem: c.Problem, Since: millis(c.Since), Cut: c.Cut, Unplaced: c.Unplaced, Versions: []versionCallsData{}}
	for i := range c.Versions {
		v := &c.Versions[i]
		data := versionCallsData{v.Version, v.Calls, v.Answered, int(v.Length().Round(time.Second).Seconds()), []outcomeData{}, v.Unread}
		for _, o := range v.Outcomes {
			data.Outcomes = append(data.Outcomes, outcomeData{o.Outcome, o.Calls})
		}
		out.Versions = append(out.Versions, data)
	}
	return out
}

func dataOf(r history.Report) []agentData {
	out := make([]agentData, 0, len(r.Timelines))
	for _, t := range r.Timelines {
		out = append(out, timelineData(t))
	}
	return out
}

func timelineData(t history.Timeline) agentData {
	in := newInterner(t)
	in.data.Calls = callsOf(t.Calls)
	for _, v := range t.Versions {
		in.data.Versions = append(in.data.Versions, in.version(v))
	}
	for _, s := range t.Spans {
		in.data.Spans = append(in.data.Spans, spanData{s.Version, millis(s.From), millis(s.To), string(s.Known), s.Lock})
	}
	return in.data
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// interner fills an agent's tables.
type interner struct {
	data   agentData
	lines  map[string]int
	values map[string]int
	fields map[field]int
}

func newInterner(t history.Timeline) *interner {
	in := &interner{lines: map[string]int{}, values: map[string]int{}, fields: map[field]int{}, data: agentData{
		Name: t.Name, AgentName: t.AgentName, ID: t.AgentID, Live: t.Live, Whole: t.Whole,
		Lines: []string{}, Values: [][]int{}, Fields: []field{}, Versions: []versionData{}, Spans: []spanData{},
	}}
	for _, f := range fieldsOf(t) {
		in.fields[f] = len(in.data.Fields)
		in.data.Fields = append(in.data.Fields, f)
	}
	return in
}

func (in *interner) version(v history.Version) versionData {
	out := versionData{Number: v.Number, Status: v.Status, At: millis(v.CreatedAt), By: v.CreatedBy, Notes: v.Notes, CopyOf: v.CopyOf, Content: []int{}}
	if v.UpdatedAt.After(v.CreatedAt) {
		out.Edited, out.Editor = millis(v.UpdatedAt), v.UpdatedBy
	}
	if c := v.Commit; c != nil {
		out.Commit = &commitData{c.ID, c.Dirty, c.Subject, c.Author}
	}
	if v.Content.Outcomes == nil {
		out.Unknown = append(out.Unknown, outcomes)
	}
	if v.Content.Infields == nil {
		out.Unknown = append(out.Unknown, infields)
	}
	each(v.Content, func(f field, v value.Value) {
		out.Content = append(out.Content, in.fields[f], in.value(v))
	})
	return out
}

func (in *interner) value(v value.Value) int {
	key := string(v.JSON())
	at, known := in.values[key]
	if !known {
		at = len(in.data.Values)
		in.values[key] = at
		numbers := []int{}
		for _, line := range linesOf(v) {
			numbers = append(numbers, in.line(line))
		}
		in.data.Values = append(in.data.Values, numbers)
	}
	return at
}

func (in *interner) line(text string) int {
	at, known := in.lines[text]
	if !known {
		at = len(in.data.Lines)
		in.lines[text] = at
		in.data.Lines = append(in.data.Lines, text)
	}
	return at
}

// fieldsOf are the fields that any of the versions has: prompts first, then as
// the registry has them, then by name.
func fieldsOf(t history.Timeline) []field {
	var all []field
	seen := map[field]bool{}
	for _, v := range t.Versions {
		each(v.Content, func(f field, _ value.Value) {
			if !seen[f] {
				seen[f] = true
				all = append(all, f)
			}
		})
	}
	slices.SortFunc(all, func(a, b field) int { return slices.Compare(place(a), place(b)) })
	return all
}

// place is what fields are sorted by.
func place(f field) []string {
	section, order := spec.SectionConfig, "2"
	switch f.Section {
	case prompts:
		order = "1"
	case outcomes:
		section, order = spec.SectionOutcomes, "3"
	case infields:
		section, order = spec.SectionInfields, "4"
	}
	top, _, _ := strings.Cut(f.Name, ".")
	row := slices.Index(spec.FieldNames(section), top)
	known := "a"
	if row < 0 && f.Name != "" {
		known = "b"
	}
	return []string{order, f.Item, known, string(rune('A' + row)), f.Name}
}

// each calls show with each field of a version's content and its value; an outcome
// or infield itself has none.
func each(c diff.Content, show func(field, value.Value)) {
	for _, key := range c.Config.Keys() {
		section := settings
		if row := spec.FieldOf(spec.SectionConfig, key); row != nil && row.Spoken {
			section = prompts
		}
		leaves(key, c.Config.Get(key), func(name string, v value.Value) { show(field{section, "", name}, v) })
	}
	items := func(section string, kind diff.ItemKind, list []value.Value) {
		for _, item := range list {
			name := kind.NameOf(item)
			show(field{section, name, ""}, value.Value{})
			for _, key := range item.Keys() {
				if key != kind.NameField {
					leaves(key, item.Get(key), func(path string, v value.Value) { show(field{section, name, path}, v) })
				}
			}
		}
	}
	items(outcomes, diff.OutcomeItems, c.Outcomes)
	items(infields, diff.InfieldItems, c.Infields)
}

// leaves calls show with each value below v that is no map.
func leaves(path string, v value.Value, show func(string, value.Value)) {
	if !v.IsObject() {
		show(path, v)
		return
	}
	for _, key := range v.Keys() {
		leaves(path+"."+key, v.Get(key), show)
	}
}

// linesOf writes a value for a reader: a text as it is, but in quotes where it
// could be taken for something else, and a list as YAML. No value has no lines.
func linesOf(v value.Value) []string {
	switch {
	case v.IsEmpty():
		return nil
	case v.IsText() && (v.Text() == "" || json.Valid([]byte(v.Text()))):
		return []string{string(v.JSON())}
	case v.IsText():
		return words.Split(v.Text())
	case v.List() != nil:
		return yamlLines(v)
	default:
		return []string{string(v.JSON())}
	}
}

// yamlLines writes a list as it would stand in a manifest. JSON is YAML, so it is
// read as that and written without its style.
func yamlLines(v value.Value) []string {
	var doc yaml.Node
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if yaml.Unmarshal(v.JSON(), &doc) != nil || enc.Encode(plain(&doc)) != nil {
		return []string{string(v.JSON())}
	}
	return words.Split(strings.TrimRight(out.String(), "\n"))
}

// plain takes flow style and quotes from a node and those below. What names an
// item comes first in it.
func plain(n *yaml.Node) *yaml.Node {
	n.Style = 0
	for _, below := range n.Content {
		plain(below)
	}
	for i := 2; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if key := n.Content[i].Value; key == "name" || key == "role" {
			pair := []*yaml.Node{n.Content[i], n.Content[i+1]}
			n.Content = slices.Insert(slices.Delete(n.Content, i, i+2), 0, pair...)
		}
	}
	return n
}
