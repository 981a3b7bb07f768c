package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/benchgen"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// TestLargeFleetInParts takes a fleet of 1,000 agents (60 in the quick tests) from
// nothing to applied in 8 parts (3), each with a lock file of its own: the plans make
// one, of which a comment of 60,000 bytes has room, and with the locks put together a
// plan of the whole is empty.
func TestLargeFleetInParts(t *testing.T) {
	agents, of := exhaustive.Or(60, 1000), exhaustive.Or(3, 8)
	dir := t.TempDir()
	if err := benchgen.Write(dir, agents); err != nil {
		t.Fatal(err)
	}
	server, err := sandbox.New(sandbox.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	vars := map[string]string{"INDUSLABS_BASE_URL": "https://sandbox.invalid", "INDUSLABS_EMAIL": sandbox.DefaultEmail, "INDUSLABS_PASSWORD": sandbox.DefaultPassword}
	opt := engine.Options{
		Dir: dir, Parallelism: 16, Getenv: func(name string) string { return vars[name] }, Now: time.Now, Transport: server.Transport(),
		Sleep:   func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Message: func(string, ...any) {}, Logf: func(string, ...any) {}, Problems: func(spec.Problems) {}, Progress: func(int, int) {},
	}
	began := time.Now()
	told := func(what string) { t.Logf("%s after %v", what, time.Since(began).Round(time.Second)) }
	plan := func(shard *diff.Shard, do func(*engine.Planned)) *diff.Plan {
		t.Helper()
		project, problems, err := engine.Load(t.Context(), opt, engine.Source{})
		if project == nil {
			t.Fatal(err, problems)
		}
		planned, err := project.Plan(t.Context(), engine.Scope{Shard: shard})
		if err != nil {
			t.Fatal(err)
		}
		defer planned.Close()
		do(planned)
		var file bytes.Buffer // as the next job has it, and all that is kept of it
		if err := planfile.Write(&file, planned.Plan); err != nil {
			t.Fatal(err)
		}
		read, err := planfile.Read(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return read
	}
	var files []string
	var parts []*diff.Plan
	for i := range of {
		files = append(files, fmt.Sprint("part ", i+1))
		parts = append(parts, plan(&diff.Shard{Index: i + 1, Of: of}, func(*engine.Planned) {}))
	}
	merged, err := engine.MergePlans(files, parts)
	if err != nil {
		t.Fatal(err)
	}
	if merged.Summary.Create != agents {
		t.Errorf("%d agents are planned, want %d", merged.Summary.Create, agents)
	}
	told("planned and merged")
	var comment strings.Builder
	if err := render.Markdown(&comment, merged, render.Options{}); err != nil || comment.Len() >= 60_000 {
		t.Errorf("the comment has %d bytes, %v", comment.Len(), err)
	}

	whole := &lock.File{Environments: map[string]lock.Environment{}}
	path := filepath.Join(dir, lock.FileName)
	for i := range of {
		shard := &diff.Shard{Index: i + 1, Of: of}
		plan(shard, func(p *engine.Planned) {
			if err := engine.CheckSaved(p.Plan, engine.PartOf(merged, engine.Scope{Shard: shard})); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Apply(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		})
		left, err := engine.ReadLock(path)
		joined := lock.Join(&lock.File{}, whole, left)
		if err = errors.Join(err, os.Remove(path)); err != nil || len(joined.Conflicts) > 0 { // the next part has a checkout of its own
			t.Fatal(err, joined.Conflicts)
		}
		whole = joined.File
		told(fmt.Sprint("applied ", shard))
	}
	data, err := whole.Bytes()
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if left := plan(nil, func(*engine.Planned) {}); !left.IsEmpty() || left.Summary.Unchanged != agents {
		t.Errorf("a plan of the whole has %+v", left.Summary)
	}
	told("planned the whole")
}
