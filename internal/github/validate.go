package github

import (
	"context"
	"fmt"
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
	line := fmt.Sprintf("%s %s valid", count(j.project.Agents(), "agent"), verb)
	j.summarize("### ✅ " + line + j.title(j.project.Environment()))
	_, err := fmt.Fprintln(j.Stdout, line+".")
	return err
}
