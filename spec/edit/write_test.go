package edit_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/edit"
)

func parse(t *testing.T, text string) value.Value {
	t.Helper()
	var v value.Value
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// agentOf reads an agent as the files of testdata/write hold it.
func agentOf(t *testing.T, text string) edit.Agent {
	whole := parse(t, text)
	a := edit.Agent{Fields: whole.Get("agent"), Config: whole.Get("config")}
	if !whole.Get("items").IsEmpty() {
		a.Outcomes = append([]value.Value{}, whole.Get("items").Get("call_outcomes").List()...)
		a.Infields = append([]value.Value{}, whole.Get("items").Get("call_infields").List()...)
	}
	return a
}

// TestWrite holds what a manifest looks like: agents of testdata/write beside
// their files. UPDATE_WRITE=1 writes the files anew.
func TestWrite(t *testing.T) {
	paths, err := filepath.Glob("testdata/write/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no examples", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			written, err := edit.Write(agentOf(t, string(archive.Files[0].Data)), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []txtar.File
			for _, f := range written.Files(parse(t, string(archive.Files[0].Data)).Get("key").Text()) {
				got = append(got, txtar.File{Name: f.Path, Data: f.Data})
			}
			if os.Getenv("UPDATE_WRITE") != "" {
				archive.Files = append(archive.Files[:1], got...)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(archive.Files[1:], got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestWriteANameThatNoManifestCanSay holds that such an agent is an error, and
// what it says.
func TestWriteANameThatNoManifestCanSay(t *testing.T) {
	for name, want := range map[string]string{
		``:               `missing the field "agent_name"`,
		`"a\u202eb"`:     "agent_name",
		`"two\nlines"`:   "agent_name",
		`{"not":"text"}`: "agent_name",
	} {
		if name == "" {
			name = "null"
		}
		_, err := edit.Write(edit.Agent{Fields: parse(t, `{"agent_name":`+name+`}`)}, nil)
		if !errors.Is(err, edit.ErrUnwritable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWriteLeavesNoText holds that a manifest says every text without control
// characters, wherever it stands, whatever else YAML, git or a file could read in
// it, and that it reads back the same.
func TestWriteLeavesNoText(t *testing.T) {
	odd := rapid.SampledFrom([]string{
		"version https://git-lfs.github.com/spec/v1\noid", "\ufeffmark", "\ufeff\ufeffmarks", "   ", " \n x", "\u2028", "a\u2028b\nc", "\u2029", "\ufeff", "a\ttab\nb", "\t\nx",
		"\u00a0\nx", "see prompts/a.md", "- a\n- b", "---\n...", "# a\n# b", "a: b\nc", "a:", "{a: b}", "<<", "yes", "0x1f", "क्\u200dष\nक्\u200cष", "🚀\n👩\u200d🚀", "\U000e0001", "\ue000", "\u202e",
		strings.Repeat("long ", 300), strings.Repeat("line\n", 20) + "x", "x\n" + strings.Repeat(" ", 9) + "\ny", "a \n b \n",
	})
	anyText := rapid.OneOf(odd, rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("ab \n\t#:-'\"{}[],|>&*!%@`?\\\u00a0\u2028\ufeffअ🚀")), 0, 20, -1))
	text := anyText.Filter(func(s string) bool {
		bad, _ := schema.Unsafe(value.Text(s), false)
		isPath := strings.Contains(s, "@") && strings.ContainsAny(s, `/\`) // @prompts/a: no manifest may say one
		return bad < 0 && !isPath
	})
	rapid.Check(t, func(t *rapid.T) {
		one := text.Draw(t, "text")
		a := edit.Agent{Fields: value.Of(map[string]any{"agent_name": "A", "agent_description": one}), Config: value.Of(map[string]any{
			"system_prompt": one, "starting_instructions": one, "guidelines": []any{one, "b"}, "examples": []any{map[string]any{"role": "user", "content": one}},
		})}
		written, err := edit.Write(a, nil)
		if err != nil || len(written.Left) > 0 {
			t.Fatalf("%q: %v %v", one, err, written)
		}
		files := written.Files("a")
		project, problems := spec.Load(t.Context(), spec.LoadOptions{FS: edit.Overlay(nil, files)})
		if project == nil {
			t.Fatalf("%q: %v", one, problems)
		}
		got := project.Agents[0]
		for field, want := range map[string]value.Value{"system_prompt": value.Of(one), "starting_instructions": value.Of(one),
			"guidelines": a.Config.Get("guidelines"), "examples": a.Config.Get("examples")} {
			if !got.Config.Get(field).Equal(want) {
				t.Fatalf("%q: %s reads as %s\n%s", one, field, got.Config.Get(field).JSON(), files[0].Data)
			}
		}
		if !got.Agent.Get("agent_description").Equal(value.Of(one)) {
			t.Fatalf("%q: the description reads as %s", one, got.Agent.Get("agent_description").JSON())
		}
	})
}
