package engine_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// pullWorld is a project in a folder, and a platform.
type pullWorld struct {
	*rapid.T
	dir    string
	server *sandbox.Server
	specs  map[string]map[string]any // by document
	texts  map[string]string         // of prompt files, by name
	styles *styled
	eol    map[string]string // by file
}

func newPullWorld(t *rapid.T) *pullWorld {
	o := sandbox.DefaultOptions()
	now := time.Date(2026, 4, 22, 9, 0, 0, 0, time.UTC)
	o.Now = func() time.Time { return now }
	server, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pull-")
	if err != nil {
		t.Fatal(err)
	}
	return &pullWorld{T: t, dir: dir, server: server, specs: map[string]map[string]any{}, texts: map[string]string{}, eol: map[string]string{},
		styles: &styled{t: t, at: map[string][2]int{}}}
}

func (w *pullWorld) close() { _ = w.server.Close(); _ = os.RemoveAll(w.dir) }

var (
	someTexts = []string{"One.", "Two words here.", "यह हिन्दी है।", "a: b # c", "'quoted' \"twice\"", "- dash", "12", "yes", " spaced ", "x\nसाथ\n\nlast line", "One.\n\nTwo words here.\n\nThree: {x}", "tab\there"}
	someLines = []string{"One.", "Two words here.", "हिन्दी", "a: b # c", "it's", "12", "true"}
	types     = []string{"TEXT", "DATE", "BOOLEAN", "NUMBER", "FIXED"}
)

// write draws a project and writes it.
func (w *pullWorld) write() {
	base := map[string]any{}
	for _, name := range []string{"sales", "support"} {
		config := w.config(name)
		if rapid.Bool().Draw(w.T, "extends") {
			w.specs[name] = map[string]any{"extends": []any{"base"}}
			for _, key := range slices.Sorted(maps.Keys(config)) {
				if key != "system_prompt" && rapid.Bool().Draw(w.T, "in the base") && base[key] == nil {
					base[key] = config[key]
					delete(config, key)
				}
			}
		} else {
			w.specs[name] = map[string]any{}
		}
		agent := map[string]any{"agent_name": strings.ToUpper(name), "agent_type": "OUTBOUND"}
		if rapid.Bool().Draw(w.T, "described") {
			agent["agent_description"] = pick(w.T, "description", someTexts)
		}
		w.specs[name]["agent"], w.specs[name]["config"] = agent, config
		w.specs[name]["call_outcomes"] = w.items("outcome_name", "outcome_type", "outcome_enum")
		if rapid.Bool().Draw(w.T, "infields") {
			w.specs[name]["call_infields"] = w.items("field_name", "field_type", "field_enum")
		}
	}
	w.specs["base"] = map[string]any{"config": base}
	one := rapid.Bool().Draw(w.T, "one file")
	for i, name := range []string{"base", "sales", "support"} {
		if !one {
			w.styles.lines, w.styles.first = nil, 0
		}
		if i > 0 && one {
			w.styles.add("---")
		}
		w.document(name)
		if !one {
			w.save(name+".yaml", w.styles.lines)
		}
	}
	if one {
		w.save("all.yaml", w.styles.lines)
	}
	for _, name := range slices.Sorted(maps.Keys(w.texts)) {
		w.save(name, append(strings.Split(w.texts[name], "\n"), slices.Repeat([]string{""}, rapid.IntRange(0, 2).Draw(w.T, "lines at the end"))...))
	}
}

func (w *pullWorld) document(name string) {
	s := w.styles
	s.anchors, s.items = map[string]anchored{}, nil
	kind := "Agent"
	if name == "base" {
		kind = "Base"
	}
	s.add("# " + name)
	s.mapping(name, "", map[string]any{"apiVersion": "agentsync/v1", "kind": kind, "metadata": map[string]any{"name": name}, "spec": w.specs[name]})
}

// save writes a file in one of the forms that editors leave.
func (w *pullWorld) save(name string, lines []string) {
	eol := pick(w.T, "line ends", []string{"\n", "\n", "\r\n"})
	text := strings.Join(lines, eol)
	if rapid.Bool().Draw(w.T, "last newline") {
		text += eol
	}
	if rapid.IntRange(0, 3).Draw(w.T, "mark") == 0 {
		text = "\ufeff" + text
	}
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o644); err != nil {
		w.Fatal(err)
	}
}

// config draws a config as a manifest has it.
func (w *pullWorld) config(name string) map[string]any {
	out := map[string]any{}
	maybe := func(key string, draw func() any) {
		if rapid.Bool().Draw(w.T, key) {
			out[key] = draw()
		}
	}
	text := func() any { return pick(w.T, "text", someTexts) }
	file := func(n int) any {
		path := fmt.Sprintf("%s%d.md", name, n)
		w.texts[path] = strings.Trim(pick(w.T, "file's text", someTexts), " ")
		return path
	}
	switch rapid.IntRange(0, 3).Draw(w.T, "prompt") {
	case 0:
		out["system_prompt"] = map[string]any{"file": file(1)}
	case 1:
		w.texts["common.md"] = "Common.\n\nRules."
		out["system_prompt"] = map[string]any{"file": []any{file(1), pick(w.T, "second", []any{"common.md", file(2)})}}
	default:
		out["system_prompt"] = text()
	}
	maybe("starting_instructions", text)
	maybe("agent_type", func() any { return pick(w.T, "type", someLines) })
	maybe("guidelines", func() any { return w.list(someTexts) })
	maybe("llm_config", func() any {
		return map[string]any{"provider": pick(w.T, "provider", someLines), "temperature": pick(w.T, "temperature", []any{0.2, 1, 0.45}), "max_tokens": 100}
	})
	maybe("tts_config", func() any { return map[string]any{"voice_id": pick(w.T, "voice", someLines)} })
	maybe("examples", func() any { return w.examples() })
	maybe("metadata_schema", func() any {
		return []any{map[string]any{"name": "city", "type": "string", "required": rapid.Bool().Draw(w.T, "required")}, map[string]any{"name": "plan", "description": text()}}
	})
	return out
}

func (w *pullWorld) list(from []string) []any {
	out := []any{}
	for range rapid.IntRange(0, 3).Draw(w.T, "items") {
		out = append(out, pick(w.T, "item", from))
	}
	return out
}

func (w *pullWorld) examples() []any {
	out := []any{}
	for range rapid.IntRange(0, 3).Draw(w.T, "turns") {
		out = append(out, map[string]any{"role": pick(w.T, "role", []string{"user", "assistant"}), "content": pick(w.T, "content", someTexts)})
	}
	return out
}

func (w *pullWorld) items(name, kind, enum string) []any {
	out := []any{}
	for _, n := range []string{"lead", "next", "कॉल", "a b"} {
		if rapid.Bool().Draw(w.T, n) {
			out = append(out, w.item(n, name, kind, enum))
		}
	}
	return out
}

func (w *pullWorld) item(n, name, kind, enum string) map[string]any {
	item := map[string]any{name: n, kind: pick(w.T, "kind", types)}
	if item[kind] == "FIXED" {
		item[enum] = pick(w.T, "enum", []any{[]any{"won", "lost"}, []any{"हाँ", "no", "a, b"}})
	}
	if name == "outcome_name" && rapid.Bool().Draw(w.T, "described") {
		item["outcome_description"] = pick(w.T, "description", someTexts)
	}
	if rapid.Bool().Draw(w.T, "visible is said") {
		item["is_visible"] = rapid.Bool().Draw(w.T, "visible")
	}
	return item
}

func (w *pullWorld) opt() engine.Options {
	vars := map[string]string{"INDUSLABS_BASE_URL": "https://sandbox.invalid", "INDUSLABS_EMAIL": sandbox.DefaultEmail, "INDUSLABS_PASSWORD": sandbox.DefaultPassword}
	quiet := func(string, ...any) {}
	return engine.Options{
		Dir: w.dir, Parallelism: 4, Getenv: func(name string) string { return vars[name] }, Now: time.Now, Transport: http.RoundTripper(w.server.Transport()),
		Sleep:   func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Message: quiet, Logf: quiet, Problems: func(spec.Problems) {}, Progress: func(int, int) {},
	}
}

func (w *pullWorld) load() *engine.Project {
	project, problems, err := engine.Load(context.Background(), w.opt(), engine.Source{})
	if project == nil {
		w.Fatalf("%v %v\n%s", err, problems, w.files())
	}
	return project
}

func (w *pullWorld) plan() *engine.Planned {
	planned, err := w.load().Plan(context.Background(), engine.Scope{})
	if err != nil {
		w.Fatal(err)
	}
	return planned
}

func (w *pullWorld) apply() {
	planned := w.plan()
	defer planned.Close()
	if _, err := planned.Apply(context.Background(), func(string, sync.StepReport) {}); err != nil {
		w.Fatalf("apply: %v\n%s", err, w.files())
	}
}

// settled fails where a plan has steps, but for what was not taken; that must not
// pass for git's.
func (w *pullWorld) settled(after string, pulled map[string]engine.PulledAgent) {
	planned := w.plan()
	defer planned.Close()
	for _, a := range planned.Plan.Agents {
		agent := pulled[a.Name]
		if agent.Err != nil {
			continue
		}
		for _, move := range a.Moves {
			path := move.Section + "." + move.Path
			if move.Class == diff.Pending || !slices.ContainsFunc(agent.Left, func(l engine.LeftOut) bool { return l.Path == path }) {
				w.Fatalf("after %s a plan has %v of %s, and left is %v\n%s", after, move, a.Name, agent.Left, w.files())
			}
		}
		if len(a.Steps) > 0 && len(agent.Left) == 0 {
			w.Fatalf("after %s a plan has %v\n%s", after, a.Steps, w.files())
		}
	}
}

// drift lets somebody change things in the dashboard, and returns the paths of what
// was changed.
func (w *pullWorld) drift() (changed []string) {
	d := w.server.Dashboard()
	do := func(err error) {
		if err != nil {
			w.Fatal(err)
		}
	}
	for _, name := range []string{"sales", "support"} {
		id, err := d.AgentID(strings.ToUpper(name))
		do(err)
		note := func(path ...string) {
			for _, doc := range []string{name, "base"} {
				changed = append(changed, doc+".spec."+strings.Join(path, "."))
			}
		}
		if rapid.Bool().Draw(w.T, "description drifts") {
			do(d.EditAgent(id, map[string]any{"agent_description": pick(w.T, "new description", someTexts)}))
			note("agent", "agent_description")
		}
		edits := map[string]any{}
		for key, draw := range map[string]func() any{
			"system_prompt":         func() any { return w.edited(name) },
			"starting_instructions": func() any { return pick(w.T, "new text", append(someTexts, "")) },
			"guidelines":            func() any { return w.list(someTexts) },
			"examples":              func() any { return w.examples() },
			"llm_config": func() any {
				return pick(w.T, "new llm", []any{map[string]any{}, map[string]any{"provider": "new: one", "temperature": 0.7, "max_tokens": 100}, map[string]any{"provider": "One.", "max_tokens": 5}})
			},
			"metadata_schema": func() any {
				return pick(w.T, "new schema", []any{[]any{}, []any{map[string]any{"name": "plan", "description": "New."}, map[string]any{"name": "new"}}, []any{map[string]any{"name": "city", "required": true}}})
			},
		} {
			edits[key] = draw
		}
		body := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(edits)) {
			if rapid.IntRange(0, 2).Draw(w.T, key+" drifts") == 0 {
				body[key] = edits[key].(func() any)()
				w.noteFields(note, []string{"config", key}, w.said(name, key), body[key])
			}
		}
		if len(body) > 0 {
			_, err = d.EditConfig(id, body)
			do(err)
		}
		for _, n := range []string{"lead", "next", "कॉल", "new"} {
			var was any
			for _, item := range w.specs[name]["call_outcomes"].([]any) {
				if item.(map[string]any)["outcome_name"] == n {
					was = item
				}
			}
			switch rapid.IntRange(0, 5).Draw(w.T, n+" drifts") {
			case 0:
				item := w.item(n, "outcome_name", "outcome_type", "outcome_enum")
				fields := map[string]any{"outcome_description": "", "is_visible": true, "outcome_enum": nil}
				maps.Copy(fields, item)
				do(d.SetOutcome(id, fields))
				w.noteFields(note, []string{"call_outcomes", n}, was, fields)
			case 1:
				if was != nil {
					do(d.DeleteOutcome(id, n))
					note("call_outcomes", n)
				}
			}
		}
		if fields, _ := w.specs[name]["call_infields"].([]any); len(fields) > 0 && rapid.Bool().Draw(w.T, "an infield goes") {
			first := fields[0].(map[string]any)["field_name"].(string)
			do(d.DeleteInfield(id, first))
			note("call_infields", first)
		}
	}
	return changed
}

// said is what the manifests say of a field of an agent's config.
func (w *pullWorld) said(name, key string) any {
	if config := w.specs[name]["config"].(map[string]any); config[key] != nil {
		return config[key]
	}
	if w.specs[name]["extends"] != nil {
		return w.specs["base"]["config"].(map[string]any)[key]
	}
	return nil
}

// noteFields notes the fields in which two maps differ; of anything else, the whole.
func (w *pullWorld) noteFields(note func(...string), path []string, was, now any) {
	before, wasMap := was.(map[string]any)
	after, isMap := now.(map[string]any)
	if !wasMap || !isMap || before["file"] != nil {
		note(path...)
		return
	}
	if len(after) == 0 {
		note(path...)
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if jsonOf(before[key]) != jsonOf(after[key]) {
			note(append(slices.Clone(path), key)...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, stays := after[key]; !stays {
			note(append(slices.Clone(path), key)...)
		}
	}
}

// edited is the agent's prompt with some of its lines changed.
func (w *pullWorld) edited(name string) string {
	var lines []string
	for _, a := range w.load().Agents {
		if a.Name == name {
			lines = strings.Split(a.Config.Get("system_prompt").Text(), "\n")
		}
	}
	for range rapid.IntRange(1, 2).Draw(w.T, "edits") {
		at := rapid.IntRange(0, len(lines)-1).Draw(w.T, "line")
		switch rapid.IntRange(0, 2).Draw(w.T, "edit") {
		case 0:
			lines[at] += " और कुछ."
		case 1:
			lines = slices.Insert(lines, at, "A new line: #1")
		default:
			if len(lines) > 1 {
				lines = slices.Delete(lines, at, at+1)
			}
		}
	}
	return strings.Join(lines, "\n")
}

func (w *pullWorld) read() map[string][]byte {
	out := map[string][]byte{}
	names, _ := filepath.Glob(filepath.Join(w.dir, "*.[ym]*"))
	for _, name := range names {
		if filepath.Base(name) != "agentsync.lock.yaml" {
			out[filepath.Base(name)], _ = os.ReadFile(name)
		}
	}
	return out
}

func (w *pullWorld) files() string {
	var b strings.Builder
	for name, data := range w.read() {
		fmt.Fprintf(&b, "-- %s --\n%s\n", name, data)
	}
	return b.String()
}
