package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/edit"
)

// anyPlatform answers reads with whatever a test says, which no platform that
// checks its bodies would hold.
type anyPlatform []anyAgent

type anyAgent struct {
	id                 string
	fields, config     map[string]any // config nil: nothing is published
	outcomes, infields []any
}

const anySecret = "LK-SECRET-that-stands-nowhere"

func (p anyPlatform) RoundTrip(req *http.Request) (*http.Response, error) {
	status, body := http.StatusNotFound, any(map[string]any{"detail": "Not found"})
	answer := func(v any) { status, body = http.StatusOK, v }
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	switch {
	case req.URL.Path == "/api/login":
		answer(map[string]any{"status_code": 200, "data": map[string]any{"access_token": "a", "refresh_token": "b"}})
	case req.Method == http.MethodGet && req.URL.Path == "/api/agents/":
		list := []any{}
		for _, a := range p {
			list = append(list, a.object())
		}
		if req.URL.Query().Get("skip") != "0" {
			list = []any{}
		}
		answer(list)
	case req.Method == http.MethodGet && len(parts) > 3:
		for _, a := range p {
			switch {
			case a.id != parts[2]:
			case parts[3] == "configs" && a.config != nil:
				answer(a.version())
			case parts[3] == "call_outcomes":
				answer(map[string]any{"status_code": 200, "data": a.outcomes})
			case parts[3] == "call_infields":
				answer(map[string]any{"status_code": 200, "data": a.infields})
			}
		}
	}
	data, err := json.Marshal(body)
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(data)), Request: req}, err
}

func (a anyAgent) object() map[string]any {
	out := map[string]any{"agent_id": a.id, "livekit_api_key": anySecret, "livekit_api_secret": anySecret, "livekit_host_url": anySecret}
	for k, v := range a.fields {
		out[k] = v
	}
	return out
}

func (a anyAgent) version() map[string]any {
	out := map[string]any{"version": 3, "status": "published", "is_current": true}
	for k, v := range a.config {
		out[k] = v
	}
	return out
}

var (
	hostileText = rapid.SampledFrom([]string{
		"Be kind.", "a\r\nb\r\n", "trailing \nblanks  ", "\ttab", "tab\tin\tside\nb", "no\u00a0break", "no\u00a0break\nspace", "line\u2028sep", "par\u2029sep\nx", "bell\u0007", "c1\u0085x",
		"\r", "a\rb", "a\r", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2", "prompts/a.md", "a.md", "/etc/passwd", "../x", "\ufeffbom", "bom\ufeff",
		"   ", "\n\n", " lead\nx", "\nlead", "- a\n- b", "---\n---", "---", "# no comment", "a # b", "a: b", "a:", "{file: x}", "[a]", "yes", "null", "~", "1", "0x1f", "1_000", "2026-01-01",
		"<<", "=", "!!str x", "&a", "*a", "|", ">", "'", "\"", "\\", "%", "@", "`", "नमस्ते {शहर}", "क्\u200dष\nक्\u200cष", "🚀 emoji", "\U000e0001tag", "שלום\u202e", "{customer_name}", "{{x}}",
		"\ufffd", "\ue000", strings.Repeat("long ", 200), strings.Repeat("line\n", 9), "...", "a\n...\nb", "a\n  b\n c", "ends with colon:\nx", "key: [1\n", "\u3000", "a\u200eb", "a\n\tb", "a\n \n \nb",
	})
	text      = rapid.OneOf(hostileText, rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("ab \n\r\t#:-'\"{}[],\u00a0\u2028अ🚀")), 0, 30, -1))
	anyScalar = rapid.OneOf(rapid.Map(text, toAny[string]), rapid.Map(rapid.Bool(), toAny[bool]), rapid.Map(rapid.IntRange(-5, 2000), toAny[int]),
		rapid.Map(rapid.SampledFrom([]float64{0, 0.1, 5.0, 1e21, 1e300, -0.5, 1e-9}), toAny[float64]), rapid.Just[any](nil))
	anyValue = rapid.OneOf(anyScalar, anyScalar, rapid.Map(rapid.SliceOfN(anyScalar, 0, 3), toAny[[]any]),
		rapid.Map(rapid.MapOfN(text, anyScalar, 0, 3), toAny[map[string]any]))
	name = rapid.OneOf(rapid.SampledFrom([]string{"lead", "call_id", "phone_number", "a/b", "..", "नाम", "x y", "null"}), text)
)

func toAny[T any](v T) any { return v }

// oddly draws a value, which is now and then another than it should be.
func oddly(t *rapid.T, label string, fine *rapid.Generator[any]) any {
	if rapid.IntRange(0, 7).Draw(t, label+" is odd") == 0 {
		return anyValue.Draw(t, label)
	}
	return fine.Draw(t, label)
}

func texts() *rapid.Generator[any]              { return rapid.Map(text, toAny[string]) }
func oneOf(values ...any) *rapid.Generator[any] { return rapid.SampledFrom(values) }

func object(t *rapid.T, label string, fields map[string]*rapid.Generator[any]) map[string]any {
	out := map[string]any{}
	for _, key := range value.SortedKeys(fields) {
		if rapid.IntRange(0, 3).Draw(t, label+"."+key+" is there") > 0 {
			out[key] = oddly(t, label+"."+key, fields[key])
		}
	}
	if rapid.IntRange(0, 9).Draw(t, label+" has more") == 0 {
		out[text.Draw(t, label+" key")] = anyValue.Draw(t, label+" more")
	}
	return out
}

func objects(t *rapid.T, label string, most int, fields map[string]*rapid.Generator[any]) []any {
	out := []any{}
	for i := range rapid.IntRange(0, most).Draw(t, label+" count") {
		out = append(out, object(t, fmt.Sprint(label, i), fields))
	}
	return out
}

func drawAgent(t *rapid.T, i int) anyAgent {
	names := rapid.OneOf(rapid.Just[any]("Sales"), rapid.Just[any]("sales!"), rapid.Map(rapid.StringMatching(`[A-Z][a-z]{2,6}( [a-zअ-ह🚀]{1,4})?`), toAny[string]), rapid.Map(name, toAny[string]))
	a := anyAgent{id: fmt.Sprintf("AGT_%02d", i), fields: object(t, "agent", map[string]*rapid.Generator[any]{
		"agent_name": names, "agent_description": texts(), "agent_type": oneOf("INBOUND", "OUTBOUND", "HYBRID"),
		"is_active": oneOf(true, false), "is_auto": oneOf(true, false), "whatsapp_enabled": oneOf(true, false), "agent_cost": oneOf(0, 5.0, -1),
		"team": oneOf([]any{}, []any{map[string]any{"user_id": "65f0", "role": "member"}}),
	})}
	types := oneOf("TEXT", "DATE", "FIXED", "FIXED", "MAYBE", nil)
	enums := oneOf(nil, []any{}, []any{"a", "b"}, []any{"a", "a"}, []any{"yes", "5", "a\nb"})
	a.outcomes = objects(t, "outcome", 3, map[string]*rapid.Generator[any]{"outcome_name": rapid.Map(name, toAny[string]), "outcome_description": texts(),
		"outcome_type": types, "outcome_enum": enums, "is_visible": oneOf(true, false)})
	a.infields = objects(t, "infield", 3, map[string]*rapid.Generator[any]{"field_name": rapid.Map(name, toAny[string]),
		"field_type": types, "field_enum": enums, "is_visible": oneOf(true, false)})
	if rapid.IntRange(0, 9).Draw(t, "nothing live") == 0 {
		return a
	}
	a.config = object(t, "config", map[string]*rapid.Generator[any]{
		"system_prompt": texts(), "starting_instructions": texts(), "notes": texts(), "agent_type": oneOf("generic_alpha", nil, 5),
		"guardrail_ids": oneOf(nil, []any{"a", "b"}, []any{"a", "a"}, []any{""}), "voice_style": oneOf("warm", map[string]any{"a": 1}),
		"guidelines": rapid.Map(rapid.SliceOfN(texts(), 0, 3), toAny[[]any]),
	})
	a.config["metadata_schema"] = objects(t, "metadata", 3, map[string]*rapid.Generator[any]{"name": rapid.Map(name, toAny[string]), "type": oneOf("string", "number", nil),
		"required": oneOf(true, false), "description": texts(), "default": anyValue, "enum_values": oneOf(nil, []any{1, "a", nil})})
	a.config["examples"] = objects(t, "example", 2, map[string]*rapid.Generator[any]{"role": oneOf("user", "assistant"), "content": texts(), "id": oneOf(nil, nil, nil, "7")})
	a.config["llm_config"] = object(t, "llm", map[string]*rapid.Generator[any]{"provider": texts(), "model": oneOf("openai/gpt-oss-120b"),
		"temperature": oneOf(0, 0.2, 7), "max_tokens": oneOf(0, 100, 1.5, -1)})
	a.config["tts_config"] = oddly(t, "tts", oneOf(nil, map[string]any{"voice_id": "maya", "speed": 2}, map[string]any{}))
	return a
}

// TestImportThenPlan is the property of import: whatever the platform holds, the
// manifests validate and a plan of them is empty, with a Base or without; no
// secret is in any file; a second import writes nothing; and each agent of a name
// that a manifest can say is imported or told of.
func TestImportThenPlan(t *testing.T) {
	root := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		var platform anyPlatform
		for i := range rapid.IntRange(1, 4).Draw(t, "agents") {
			platform = append(platform, drawAgent(t, i))
		}
		runs++
		dir := filepath.Join(root, fmt.Sprint(runs))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		said := &bytes.Buffer{}
		opt := optionsFor(dir, platform, said)
		in := ImportOptions{SplitBases: rapid.Bool().Draw(t, "bases")}
		got, err := Import(context.Background(), opt, in)
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		told := strings.Join(append(got.Failed, got.Told...), "\n")
		for _, a := range platform {
			taken := false
			for _, b := range got.Agents {
				taken = taken || a.id == b.ID
			}
			if taken {
				a.mustBeNamed(t, got.Agents)
			}
			if taken == strings.Contains(told, a.id) {
				t.Fatalf("%s: imported %v, and said is\n%s", a.id, taken, told)
			}
		}
		noSecrets(t, dir)
		if len(got.Agents) == 0 {
			if got.Files > 0 {
				t.Fatalf("%d files for no agent", got.Files)
			}
			return
		}
		planIsEmpty(t, opt, len(got.Agents))
		again, err := Import(context.Background(), opt, ImportOptions{})
		if err != nil || again.Files != 0 {
			t.Fatalf("the second import writes %d files, %v", again.Files, err)
		}
		if d := cmp.Diff(got.Failed, again.Failed); d != "" {
			t.Fatal(d)
		}
	})
}

// mustBeNamed holds that each field which no manifest has is told of.
func (a anyAgent) mustBeNamed(t *rapid.T, imported []ImportedAgent) {
	i := slices.IndexFunc(imported, func(b ImportedAgent) bool { return b.ID == a.id })
	unknown := map[string]bool{}
	for section, objects := range map[string][]any{
		spec.SectionAgent: {a.object()}, spec.SectionOutcomes: a.outcomes, spec.SectionInfields: a.infields,
	} {
		for _, object := range objects {
			for _, name := range diff.UnknownOf(section, object.(map[string]any)) {
				unknown[section+"."+name] = true
			}
		}
	}
	named := slices.DeleteFunc(slices.Clone(imported[i].Left), func(l edit.Left) bool {
		return strings.HasPrefix(l.Path, "config.") || l.Why != "agentsync does not know this field"
	})
	if len(named) != len(unknown) {
		t.Fatalf("%s: fields that no manifest has are %v, and told is %v", a.id, unknown, imported[i].Left)
	}
}

func optionsFor(dir string, transport http.RoundTripper, said io.Writer) Options {
	vars := map[string]string{"INDUSLABS_EMAIL": "a@example.com", "INDUSLABS_PASSWORD": "p"}
	say := func(format string, args ...any) { fmt.Fprintf(said, format+"\n", args...) }
	return Options{Dir: dir, Parallelism: 4, Transport: transport, Getenv: func(key string) string { return vars[key] }, Now: time.Now,
		Sleep: func(context.Context, time.Duration) error { return nil }, Message: say, Logf: func(string, ...any) {},
		Problems: func(p spec.Problems) { say("%v", p) }}
}

func planIsEmpty(t *rapid.T, opt Options, agents int) {
	project, problems, err := Load(context.Background(), opt, Source{})
	if err != nil || project == nil {
		t.Fatalf("the manifests do not validate: %v %v", err, problems)
	}
	if len(project.Agents) != agents {
		t.Fatalf("%d manifests of %d agents", len(project.Agents), agents)
	}
	planned, err := project.Plan(context.Background(), Scope{})
	if err != nil {
		t.Fatal(err)
	}
	defer planned.Close()
	if !planned.Plan.IsEmpty() {
		data, _ := json.MarshalIndent(planned.Plan, "", " ")
		t.Fatalf("the plan is not empty: %s", data)
	}
}

func noSecrets(t *rapid.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(anySecret)) {
			t.Fatalf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
