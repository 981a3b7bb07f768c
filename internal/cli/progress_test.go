package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/cli"
)

// TestProgressFromTheFirstRequestOn holds what a terminal shows while it waits:
// a line before the first request, and before the first step.
func TestProgressFromTheFirstRequestOn(t *testing.T) {
	dir := t.TempDir()
	manifest := "apiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: sales}\nspec:\n" +
		"  agent: {agent_name: Sales, agent_description: Sells, agent_type: OUTBOUND}\n  config: {system_prompt: Sell.}\n"
	if err := os.WriteFile(filepath.Join(dir, "agents.yaml"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, StderrTerminal: true, Now: time.Now,
		Getenv: func(string) string { return "" },
		Sleep:  func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	if code := cli.Main(t.Context(), []string{"apply", "--sandbox", "--auto-approve", "-C", dir}, env); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	shown := strings.Split(stderr.String(), "\r\x1b[K")
	for i, want := range []string{"asking the platform", "reading 1 of 1 agents", "", "0 of 2 steps", "1 of 2 steps  done sales/create_agent"} {
		if i+1 >= len(shown) || shown[i+1] != want {
			t.Fatalf("line %d is not %q: %q", i+1, want, shown)
		}
	}
}
