package github

import (
	"context"
	"errors"
	"strings"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
)

// test runs the checks of the manifests, offline, and shows each that fails at its
// place. It needs no credentials, so that it can do so for anybody's pull request.
func (j *Job) test(ctx context.Context) error {
	if err := j.load(ctx); err != nil {
		return err
	}
	results, agents, err := j.project.Test(ctx, engine.Checking{Names: j.targets()})
	if err != nil {
		return err
	}
	report := console.CheckReport{Agents: agents, Results: results}
	var text strings.Builder
	report.Text(&text, j.out.Verbose)
	j.out.Text(strings.TrimSuffix(text.String(), "\n"))
	title := "✅ "
	if report.Failed() > 0 {
		title = "❌ "
	}
	j.report(title+"Checks: "+report.Line(), fenced("text", strings.TrimSpace(text.String()), 100_000))
	if report.Failed() == 0 {
		return nil
	}
	if err := report.Annotate(j.out.Stderr, j.Folder); err != nil {
		return err
	}
	return &engine.Error{Kind: engine.Invalid, Err: errors.New("failed"), Told: true}
}
