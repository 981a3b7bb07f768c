package github

import (
	"context"
	"fmt"

	"github.com/agentsync/agentsync/diff/render"
)

// validate checks the manifests, offline.
func (j *Job) validate(ctx context.Context) error {
	if err := j.load(ctx); err != nil {
		return err
	}
	verb := "are"
	if j.project.Agents() == 1 {
		verb = "is"
	}
	line := fmt.Sprintf("%s %s valid", render.Count(j.project.Agents(), "agent"), verb)
	j.summarize("### ✅ " + line + j.title(j.project.Environment()))
	_, err := fmt.Fprintln(j.Stdout, line+".")
	return err
}
