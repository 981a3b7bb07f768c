package github

import (
	"context"
	"errors"
)

func (j *Job) apply(ctx context.Context) error { return errors.New("not yet") }
func (j *Job) drift(ctx context.Context) error { return errors.New("not yet") }
