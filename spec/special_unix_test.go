//go:build unix

package spec_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/agentsync/agentsync/spec"
)

// TestPipes are refused and not waited for.
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", fmt.Sprintf(head, "a")+"spec: {agent: {agent_name: A}, config: {system_prompt: {file: pipe.md}}}\n")
	for _, name := range []string{"pipe.md", "pipe.yaml"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o644); err != nil {
			t.Skip(err)
		}
	}
	_, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
	if got := problems.Error(); strings.Count(got, "is no regular file") != 2 {
		t.Errorf("got %s", got)
	}
}
