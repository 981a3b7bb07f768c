package edit_test

import (
	"context"
	"encoding/json"

	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/edit"
)

// TestSet runs the stories of testdata/set. The comment of each has lines
//
//	env NAME
//	apart                     one agent after the other
//	set AGENT PATH JSON       a field of config, of agent, or NAME of call_outcomes and call_infields
//	remove AGENT PATH
//	note TEXT                 that the result has
//	error TEXT                that the error has
//
// and its files come in the form they have before, and as after/NAME where they
// are to be another one then. A file may say CRLF, BOM or CUT in its first line.
func TestSet(t *testing.T) {
	stories, err := filepath.Glob("testdata/set/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatal(stories, err)
	}
	for _, path := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			runStory(t, archive)
		})
	}
}

func runStory(t *testing.T, archive *txtar.Archive) {
	before, after := fstest.MapFS{}, map[string]string{}
	for _, f := range archive.Files {
		text := form(string(f.Data))
		if name, is := strings.CutPrefix(f.Name, "after/"); is {
			after[name] = text
			continue
		}
		before[f.Name] = &fstest.MapFile{Data: []byte(text)}
	}
	var env string
	apart := false
	var notes, errors []string
	changes := map[string][][]string{}
	for line := range strings.Lines(string(archive.Comment)) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 4)
		switch words[0] {
		case "apart":
			apart = true
		case "env":
			env = words[1]
		case "note":
			notes = append(notes, strings.TrimSpace(strings.TrimPrefix(line, "note ")))
		case "error":
			errors = append(errors, strings.TrimSpace(strings.TrimPrefix(line, "error ")))
		case "set", "remove":
			changes[words[1]] = append(changes[words[1]], words)
		}
	}
	opt := spec.LoadOptions{Env: env, FS: before}
	project, problems := spec.Load(context.Background(), opt)
	if project == nil {
		t.Fatal(problems)
	}
	var wanted []spec.Agent
	for _, a := range project.Agents {
		if lines := changes[a.Name]; lines != nil {
			for _, words := range lines {
				changeAgent(t, &a, words)
			}
			wanted = append(wanted, a)
		}
	}
	editor, err := edit.Open(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	results, err := editor.Set(context.Background(), wanted, apart)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var said, failed []string
	for _, r := range results {
		said = append(said, r.Notes...)
		if r.Err != nil {
			failed = append(failed, r.Err.Error())
		}
		for _, f := range r.Files {
			got[f.Path] = string(f.After)
		}
	}
	if diff := cmp.Diff(after, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	check(t, "note", notes, said)
	check(t, "error", errors, failed)
}

func check(t *testing.T, what string, want, got []string) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%d of %s, want %d: %q", len(got), what, len(want), got)
		return
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("%s %q does not hold %q", what, got[i], want[i])
		}
	}
}

// form is a file in the form that its first line asks for.
func form(text string) string {
	for {
		word, rest, _ := strings.Cut(text, "\n")
		switch strings.TrimSuffix(word, "\r") {
		case "CRLF":
			text = strings.ReplaceAll(rest, "\n", "\r\n")
		case "BOM":
			text = "\ufeff" + rest
		case "CUT":
			text = strings.TrimRight(rest, "\n")
		default:
			return text
		}
	}
}

// changeAgent does one line of a story.
func changeAgent(t *testing.T, a *spec.Agent, words []string) {
	t.Helper()
	section, field, _ := strings.Cut(words[2], ".")
	var v any
	if words[0] == "set" {
		dec := json.NewDecoder(strings.NewReader(words[3]))
		dec.UseNumber()
		if err := dec.Decode(&v); err != nil {
			t.Fatalf("%v: %v", words, err)
		}
	}
	gone := words[0] == "remove"
	switch section {
	case "agent":
		a.Agent = patched(a.Agent, field, v, gone)
		a.AgentName = a.Agent.Get("agent_name").Text()
	case "config":
		a.Config = patched(a.Config, field, v, gone)
	case "passthrough":
		a.Passthrough = patched(a.Passthrough, field, v, gone)
	case "call_outcomes":
		a.Outcomes, a.OutcomesManaged = changeItems(a.Outcomes, field, "outcome_name", v, gone), true
	case "call_infields":
		a.Infields, a.InfieldsManaged = changeItems(a.Infields, field, "field_name", v, gone), true
	default:
		t.Fatalf("no section is called %s", section)
	}
}

// patched sets a dotted path.
func patched(p value.Patch, path string, v any, gone bool) value.Patch {
	key, below, deep := strings.Cut(path, ".")
	switch {
	case deep:
		return value.NewPatch(with(p.Any(), key, patched(p.Sub(key), below, v, gone).Any()))
	case gone:
		return p.Without(key)
	}
	return value.NewPatch(with(p.Any(), key, v))
}

func with(m map[string]any, key string, v any) map[string]any {
	out := map[string]any{key: v}
	for k, item := range m {
		if k != key {
			out[k] = item
		}
	}
	return out
}

func changeItems(items []spec.Item, path, nameKey string, v any, gone bool) []spec.Item {
	name, below, deep := strings.Cut(path, ".")
	items = slices.Clone(items)
	i := slices.IndexFunc(items, func(it spec.Item) bool { return it.Name == name })
	switch {
	case deep:
		items[i].Fields = patched(items[i].Fields, below, v, gone)
	case gone:
		return slices.Delete(items, i, i+1)
	default:
		m := with(v.(map[string]any), nameKey, name)
		return append(items, spec.Item{Name: name, Fields: value.NewPatch(m)})
	}
	return items
}
