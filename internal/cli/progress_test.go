package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/cli"
)

// terminal is what a terminal of 80 columns gets, on stdout and on stderr, from a
// command about the project in dir.
func terminal(t *testing.T, dir string, vars map[string]string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, messages bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &messages, StdoutTerminal: true, StderrTerminal: true, Width: 80,
		Now:    time.Now,
		Getenv: func(name string) string { return vars[name] },
		Sleep:  func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	code := cli.Main(t.Context(), append(args, "-C", dir), env)
	t.Logf("%q: exit %d", args, code)
	return out.String(), messages.String()
}

// oneAgent is a project in a folder of its own, whose agent has this in its config.
func oneAgent(t *testing.T, config string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	manifest := "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: sales}\nspec:\n" +
		"  agent: {agent_name: Sales, agent_description: Sells, agent_type: OUTBOUND}\n  config: {" + config + "}\n"
	if err := os.WriteFile(filepath.Join(dir, "agents.yaml"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestProgressFromTheFirstRequestOn holds what a terminal shows while it waits:
// a line before the first request, and before the first step.
func TestProgressFromTheFirstRequestOn(t *testing.T) {
	_, stderr := terminal(t, oneAgent(t, "system_prompt: Sell."), nil, "apply", "--sandbox", "--auto-approve")
	shown := strings.Split(stderr, "\r\x1b[K")
	for i, want := range []string{"asking the platform", "reading 1 of 1 agents", "", "0 of 2 steps", "1 of 2 steps  done sales/create_agent"} {
		if i+1 >= len(shown) || shown[i+1] != want {
			t.Fatalf("line %d is not %q: %q", i+1, want, shown)
		}
	}
}

// TestDumbTerminal holds that a terminal that knows no escapes gets none: neither
// colours nor a line that is written over.
func TestDumbTerminal(t *testing.T) {
	stdout, stderr := terminal(t, oneAgent(t, "system_prompt: Sell."), map[string]string{"TERM": "dumb"}, "apply", "--sandbox", "--auto-approve")
	if strings.ContainsAny(stdout+stderr, "\x1b\r") || !strings.Contains(stderr, "done  sales/create_agent\n") {
		t.Errorf("%q\n%q", stdout, stderr)
	}
}

// TestEightyColumns holds that no line is longer than the terminal is wide, which
// would break a word in two: of plans and reports, of findings, errors and hints,
// and of the lists of flags.
func TestEightyColumns(t *testing.T) {
	long := strings.Repeat("नमस्ते कहें, नाम पूछें and wait for the answer. ", 5)
	good := oneAgent(t, "system_prompt: '"+long+"', llm_config: {model: openai/gpt-oss-120b, provider: groq, temperature: 0.25}")
	bad := oneAgent(t, "system_prompt: prompts/sales.md, llm_config: {temprature: 2}")
	for _, args := range [][]string{
		{"plan", "--sandbox"}, {"plan", "--sandbox", "-v"}, {"apply", "--sandbox", "--auto-approve"}, {"status", "--sandbox"},
		{"plan"}, {"validate"}, {"plan", "--help"}, {"apply", "--help"}, {"import", "--help"},
		{"status", "--help"}, {"history", "--help"}, {"blame", "--help"}, {"fmt", "--help"},
	} {
		for _, dir := range []string{good, bad} {
			stdout, stderr := terminal(t, dir, map[string]string{"NO_COLOR": "1"}, args...)
			for _, line := range strings.Split(stdout+strings.ReplaceAll(stderr, "\r\x1b[K", "\n"), "\n") {
				if n := render.Columns(line); n > 80 && !strings.Contains(line, dir) {
					t.Errorf("%q: %d columns: %s", args, n, line)
				}
			}
		}
	}
}
