package spec_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/spec"
	"github.com/google/go-cmp/cmp"
)

const head = "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: %s}\n"

// TestHostileFiles feeds the loader what a stranger's pull request might hold:
// each ends with a problem that names the file, in little time and memory.
func TestHostileFiles(t *testing.T) {
	agent := fmt.Sprintf(head, "a")
	big := func(unit string, n int) string { return strings.Repeat(unit, n/len(unit)) }
	const most = 1<<20 - 200
	for name, c := range map[string]struct{ manifest, want string }{
		"over 1 MiB":      {agent + "# " + big("x", 1<<20), "a.yaml:1:1: the manifest is larger than 1 MiB"},
		"huge list":       {agent + "spec: {config: {guidelines: [" + big("a,", most) + "]}}", "too large: more than 20000 values"},
		"deep flow":       {agent + "spec: " + big("[", most), "broken YAML"},
		"deep block":      {agent + "spec:\n" + deepBlock(1000), "nested more than 64 deep"},
		"deep maps":       {agent + "spec: " + big("{a: ", 9000*4) + big("}", 9000), "nested more than 64 deep"},
		"many documents":  {big("---\na: b\n", most), "more than 20000 documents"},
		"many anchors":    {agent + "spec: {config: {passthrough: {" + manyAnchors(5000) + "}}}", "too large"},
		"merge of merges": {agent + "spec:\n  config:\n    passthrough:\n" + mergeBomb(2000), "too large"},
		"deep in a merge": {agent + "spec: {config: {<<: [{a: b}, " + big("[", 70) + big("]", 70) + ", {c: d}]}}", "nested more than 64 deep"},
		"many keys":       {agent + "spec: {config: {passthrough: {" + manyKeys(60000) + "}}}", "too large"},
		"long key":        {agent + "spec: {" + big("k", 1000) + ": 1}", `unknown field "kkk`},
		"long text":       {agent + "spec: {agent: {agent_type: " + big("t", most) + "}}", "got \"ttt"},
		"all wrong":       {agent + "spec: {config: {guidelines: [" + big("5,", 2*19000) + "]}}", "want text, got the number 5"},
		"all unknown":     {agent + "spec: {config: {" + manyKeys(9000) + "}}", "unknown field"},
		"deep long keys":  {agent + "spec: {config: {passthrough: " + strings.Repeat("{"+big("k", 256)+": ", 55) + "[" + big(`"\e",`, 5*19000) + "]" + big("}", 55) + "}}", "U+001B"},
		"one huge key":    {agent + "spec: {config: {passthrough: {" + big("k", 900<<10) + ": [" + big("a,", 2*19000) + "]}}}", "broken YAML"},
		"many comments":   {agent + big("#\n", most) + "spec: []", "want a map, got a list"},
		"open quote":      {agent + "spec: \"" + big("a\n ", most), "broken YAML"},
		"many tabs":       {agent + "spec:\n" + big("\t\n", most) + "x", ""},
		"long number":     {agent + "spec: {agent: {agent_cost: 1" + big("0", most) + "}}", ""},
		"one break each":  {big("---\na: [\n", 100_000), "broken YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "a.yaml", c.manifest)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if project != nil || !strings.Contains(problems.Error(), c.want) {
				t.Errorf("want %q, got %.300s", c.want, problems.Error())
			}
			for _, p := range problems {
				if len(p.Message) > 400 {
					t.Errorf("a message of %d bytes: %.200s", len(p.Message), p.Message)
				}
			}
			mib := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%s, %d MiB allocated, %d problems", took, mib, len(problems))
			if mib > 2000 {
				t.Errorf("%d MiB allocated", mib)
			}
			wellWorded(t, problems)
		})
	}
}

func deepBlock(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%*sa:\n", i+1, "")
	}
	return b.String()
}

func manyAnchors(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x], ")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d], ", i, i, i-1, i-1)
	}
	return b.String()
}

func mergeBomb(n int) string {
	var b strings.Builder
	b.WriteString("      m0: &m0 {k: v}\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "      m%d: &m%d {<<: *m%d, k%d: v}\n", i, i, i-1, i)
	}
	return b.String()
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: 1, ", i)
	}
	return b.String()
}

// TestWideBases writes a base of many fields out in many agents.
func TestWideBases(t *testing.T) {
	exhaustive.Only(t, "45 million keys are merged before it is too much")
	dir := t.TempDir()
	write(t, dir, "base.yaml", "apiVersion: agentsync/v1\nkind: Base\nmetadata: {name: wide}\nspec: {config: {passthrough: {"+manyKeys(9000)+"}}}\n")
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "---\napiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: a%d}\nspec: {extends: [wide], agent: {agent_name: A%d}}\n", i, i)
	}
	write(t, dir, "a.yaml", b.String())
	_, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
	if !strings.Contains(problems.Error(), "the project is too large") {
		t.Errorf("got %.300s", problems.Error())
	}
}

// TestManyBraces ends, and says of each placeholder on a long line no more than one thing.
func TestManyBraces(t *testing.T) {
	for _, unit := range []string{"{a%d} ", "{{a%d", "{a%d", `\{a%d}`, "${a%d}", "{{{a%d}}}", "{%% if a%d %%}", "`{a%d}`"} {
		dir := t.TempDir()
		var b strings.Builder
		n := 0
		for ; b.Len() < exhaustive.Or(1<<18, 1<<20-20); n++ {
			fmt.Fprintf(&b, unit, n)
		}
		write(t, dir, "p.md", b.String())
		write(t, dir, "a.yaml", fmt.Sprintf(head, "a")+"spec: {agent: {agent_name: A}, config: {system_prompt: {file: p.md}}}\n")
		start := time.Now()
		project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
		t.Logf("%s: %s, %d problems", unit, time.Since(start), len(problems))
		if project == nil || len(problems) > 1 && len(problems) != n {
			t.Errorf("%s: %d problems: %.300s", unit, len(problems), problems.Error())
		}
	}
}

// TestPromptSizes refuses prompts over 1 MiB, alone and joined, and takes one
// of just that size.
func TestPromptSizes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "big.md", strings.Repeat("x", 1<<20+1))
	write(t, dir, "most.md", strings.Repeat("x", 1<<20))
	write(t, dir, "half.md", strings.Repeat("x", 600<<10))
	write(t, dir, "a.yaml", fmt.Sprintf(head, "a")+"spec:\n  agent: {agent_name: A}\n  config: {system_prompt: {file: big.md}, starting_instructions: {file: [half.md, half.md]}, notes: {file: most.md}}\n")
	_, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
	want := `a.yaml:6:34: config.system_prompt: the prompt file "big.md" is larger than 1 MiB
  hint: shorten the prompt
a.yaml:6:83: config.starting_instructions: the files are larger than 1 MiB together
  hint: shorten the prompt`
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Error(diff)
	}
}

// TestFileNames refuses names that could change what a log shows.
func TestFileNames(t *testing.T) {
	dir := t.TempDir()
	name := "a\n::set-output name=x::y\x1b[31m.yaml"
	if err := os.WriteFile(filepath.Join(dir, name), []byte("a: b"), 0o644); err != nil {
		t.Skip(err)
	}
	_, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
	if got := problems.Error(); strings.ContainsAny(got, "\x1b") || !strings.Contains(got, "name holds characters") {
		t.Errorf("got %q", got)
	}
	wellWorded(t, problems)
}

// TestNoProject names the folder that cannot be opened.
func TestNoProject(t *testing.T) {
	_, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: filepath.Join(t.TempDir(), "nowhere")})
	if !strings.Contains(problems.Error(), "does not exist") {
		t.Error(problems)
	}
}

// TestCancelled returns no project to a caller that no longer waits.
func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", fmt.Sprintf(head, "a")+"spec: {agent: {agent_name: A}}\n")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if project, problems := spec.Load(ctx, spec.LoadOptions{Dir: dir}); project != nil || len(problems) != 1 {
		t.Errorf("got %v, %v", project, problems)
	}
}

// TestAgentNames lists keys for completion, broken files or not.
func TestAgentNames(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", fmt.Sprintf(head, "b")+"---\n"+fmt.Sprintf(head, "a")+"  broken: [\n---\napiVersion: agentsync/v1\nkind: Base\nmetadata:\n  name: base\n")
	write(t, dir, "sub/c.yml", "apiVersion: agentsync/v1\nkind: Agent\nmetadata:\n  name: \"c\"\n")
	write(t, dir, "other.yaml", "kind: Agent\nmetadata:\n  name: other\n")
	if diff := cmp.Diff([]string{"a", "b", "c"}, spec.AgentNames(dir)); diff != "" {
		t.Error(diff)
	}
}

// TestNoProjectOfAllFiles reads no disk in a folder that nothing says is a project.
func TestNoProjectOfAllFiles(t *testing.T) {
	files := fstest.MapFS{"a.yaml": {Data: []byte(fmt.Sprintf(head, "a"))}}
	for i := range 100_001 {
		files[fmt.Sprintf("%06d", i)] = &fstest.MapFile{}
	}
	_, problems := spec.Load(context.Background(), spec.LoadOptions{FS: files})
	if len(problems) != 1 || !strings.HasPrefix(problems[0].Message, "this is no project: ") {
		t.Errorf("got %v", problems)
	}
	files["agentsync.yaml"] = &fstest.MapFile{Data: []byte("apiVersion: agentsync/v1\nkind: Project\n")}
	if _, problems := spec.Load(context.Background(), spec.LoadOptions{FS: files}); !strings.Contains(problems.Error(), `missing the field "spec"`) {
		t.Errorf("with agentsync.yaml: %v", problems)
	}
}
