package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
)

// checkFailed are expectations that do not hold: what comes after the checks is
// not done.
type checkFailed struct{ failures []checks.Failure }

func (e *checkFailed) Error() string { return checks.InWords(e.failures) }

// failedWith is the error of a check with these failures; nil when there are none.
func failedWith(failures []checks.Failure) error {
	if len(failures) == 0 {
		return nil
	}
	return &checkFailed{failures}
}

// checkOf is the check that a step is about.
func (j *job) checkOf(step diff.Step) (spec.Check, error) {
	i := slices.IndexFunc(j.want.Checks, func(c spec.Check) bool { return c.Name == step.Target })
	if i < 0 {
		return spec.Check{}, fmt.Errorf("the manifest has no check %q", step.Target)
	}
	return j.want.Checks[i], nil
}

// checkLocally runs the checks of an agent that is to be created without the
// platform: some platforms publish the first version by the create itself, and
// nothing can be rendered before it.
func (j *job) checkLocally() error {
	var failures []checks.Failure
	for _, c := range j.want.Checks {
		failures = append(failures, checks.Local(c, j.plan.Wanted.Config, j.plan.Wanted.Infields)...)
	}
	return failedWith(failures)
}

// validate has the platform hold a check's values against the version's
// metadata schema.
func (j *job) validate(ctx context.Context, p *progress, step diff.Step) (note string, err error) {
	c, err := j.checkOf(step)
	if err != nil {
		return "", err
	}
	v, err := j.checkedVersion(ctx, p, step)
	if err != nil {
		return "", err
	}
	said, err := j.Remote.Validate(ctx, p.id, v.Number, c.Metadata)
	schema := v.Content.Get("metadata_schema")
	live := p.live
	if j.seen != nil {
		live = j.seen.Current
	}
	if live == nil && isNotFound(err) { // it looks at the live version alone
		said, err, note = checks.Complaints(schema, c.Metadata), nil, "read from the version's metadata_schema: the platform validates what is live, and nothing is"
	}
	if err != nil {
		return "", err
	}
	if live == nil || !value.Equal(schema, live.Content.Get("metadata_schema")) {
		if own := checks.Complaints(schema, c.Metadata); (len(own) == 0) != (len(said) == 0) {
			said, note = own, fmt.Sprintf("read from v%d's metadata_schema: the platform answers as for what is live", v.Number)
		}
	}
	return note, failedWith(checks.JudgeValid(c, said))
}

// render has the platform fill in the version's prompts, and judges them.
func (j *job) render(ctx context.Context, p *progress, step diff.Step) (note string, err error) {
	c, err := j.checkOf(step)
	if err != nil {
		return "", err
	}
	v, err := j.checkedVersion(ctx, p, step)
	if err != nil {
		return "", err
	}
	rendered, err := j.Remote.Render(ctx, p.id, checks.Ask{Version: v.Number, Values: c.Metadata})
	if err != nil {
		return "", err
	}
	if len(rendered.Errors) > 0 {
		note = "the platform remarks: " + strings.Join(rendered.Errors, "; ")
	}
	return note, failedWith(checks.Judge(c, rendered, checks.Declared(v.Content, j.plan.Wanted.Infields)))
}

// checkedVersion is the version that a check is about: the one that the step
// names, the draft of this run, or a new agent's first version. What this run
// wrote is read first, until a read shows it: else an older draft could be
// rendered in its place.
func (j *job) checkedVersion(ctx context.Context, p *progress, step diff.Step) (*diff.Version, error) {
	if p.checked != nil {
		return p.checked, nil
	}
	number := p.version
	if step.To != nil {
		number = *step.To
	}
	var v *diff.Version
	switch {
	case number == 0:
		_, first, err := j.firstVersion(ctx, p)
		if err != nil {
			return nil, err
		}
		v = diff.FindVersion(p.listed, first)
	case p.wrote && number == p.version:
		shows, err := j.eventually(ctx, func(ctx context.Context) (_ bool, err error) {
			v, err = findVersion(ctx, j.Remote, p.id, number)
			return v != nil && diff.ConfigMismatch(j.want, v.Content) == nil, err
		})
		if err != nil {
			return nil, err
		}
		if !shows {
			return nil, fmt.Errorf("draft v%d does not read as this apply left it", number)
		}
	default:
		v = diff.FindVersion(p.listed, number)
	}
	if v == nil {
		return nil, errors.New("the version to check is not there")
	}
	p.checked = v
	return v, nil
}

// stopped says which checks failed, and what is live now.
func (j *job) stopped(p *progress, failed []string) error {
	what := "check " + failed[0]
	if len(failed) > 1 {
		what = "checks " + strings.Join(failed, ", ")
	}
	end := "nothing was created"
	switch {
	case p.checked != nil && p.live != nil && p.live.Number == p.checked.Number:
		end = fmt.Sprintf("v%d is live all the same: the platform published it when it created the agent", p.live.Number)
	case j.seen == nil && p.checked == nil:
	default:
		end = "nothing is live yet"
		if j.seen != nil && j.seen.Current != nil {
			end = fmt.Sprintf("v%d stays live", j.seen.Current.Number)
		}
		if p.checked != nil && p.checked.IsDraft() {
			end += fmt.Sprintf(", and draft v%d is kept for the next apply", p.checked.Number)
		}
	}
	return fmt.Errorf("%s failed: %s", what, end)
}
