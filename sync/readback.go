package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// readBack reads the agent once more. It must be what is wanted: a plan of it
// must be empty. A rollback may have moved outcomes and infields: those are set
// right, once. The lock's entry of the verified agent is unmarked.
func (j *job) readBack(ctx context.Context, p *progress) error {
	fresh, left, err := j.settled(ctx, p, j.rollsBack())
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if len(left.Steps) > 0 && j.rollsBack() && settable(left.Steps) {
		again := *j
		again.plan.Wanted = left.Wanted
		for _, step := range left.Steps {
			if _, err := again.do(ctx, p, step); err != nil {
				return fmt.Errorf("set right %s %s: %w", step.Action, step.Target, err)
			}
		}
		if fresh, left, err = j.settled(ctx, p, false); err != nil {
			return fmt.Errorf("read back: %w", err)
		}
	}
	if len(left.Steps) > 0 {
		return &notApplied{describeLeft(left.Steps)}
	}
	p.verified = fresh
	entry := j.wentBack(j.verified(j.marked, j.want, fresh), j.plan.Steps)
	entry.Smoke = j.marked.Smoke
	j.remember(&entry)
	return nil
}

// wentBack is the entry of an agent whose steps are done. Where they rolled back to
// a version and no copy of it was made, nothing else says when it went live.
func (j *job) wentBack(entry lock.Entry, steps []diff.Step) lock.Entry {
	back := func(s diff.Step) bool { return s.Action == diff.Rollback && s.To != nil && *s.To == entry.Version }
	if now := j.Remote.Now(); slices.ContainsFunc(steps, back) && !now.IsZero() {
		entry.Since = now.UTC().Format(time.RFC3339)
	}
	return entry
}

// notApplied is an agent that was read back and is not what was applied.
type notApplied struct{ left string }

func (e *notApplied) Error() string {
	return fmt.Sprintf("read back, the agent is not what was applied: %s; plan again", e.left)
}

// settled plans the agent again until nothing is left to do, or a read must
// show by now what there is. rolledBack says that a rollback was the last write: it
// may leave something to do, and a read that shows something new is enough.
func (j *job) settled(ctx context.Context, p *progress, rolledBack bool) (fresh *diff.RemoteAgent, left diff.AgentPlan, err error) {
	_, err = j.eventually(ctx, func(ctx context.Context) (bool, error) {
		fresh, left, err = j.planAgain(ctx, p)
		done := err == nil && (len(left.Steps) == 0 || rolledBack && changedSince(j.seen, fresh, left.Steps))
		return done, notYet(err)
	})
	if err == nil && fresh == nil {
		err = errors.New("the new agent is not found")
	}
	return fresh, left, err
}

// changedSince reports whether each section that steps are about is not as it
// was seen: then a read shows something new, and is not merely late.
func changedSince(seen, fresh *diff.RemoteAgent, steps []diff.Step) bool {
	return !slices.ContainsFunc(steps, func(s diff.Step) bool {
		return diff.SameSection(s.Action.Facts().Section, seen, fresh)
	})
}

// notYet drops the error of a read that does not find what was just made.
func notYet(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}

// planAgain reads the whole agent and plans it again. After a rollback, outcomes and
// infields that the manifest does not manage must be as they were, too.
func (j *job) planAgain(ctx context.Context, p *progress) (*diff.RemoteAgent, diff.AgentPlan, error) {
	return j.planAs(ctx, p, j.want)
}

// planAs reads the whole agent and plans it as a manifest wants it.
func (j *job) planAs(ctx context.Context, p *progress, want spec.Agent) (*diff.RemoteAgent, diff.AgentPlan, error) {
	fresh, err := j.readWhole(ctx, p)
	if err != nil {
		return nil, diff.AgentPlan{}, err
	}
	return j.planRead(ctx, p, want, fresh)
}

// planRead plans an agent that was read as a manifest wants it.
func (j *job) planRead(ctx context.Context, p *progress, want spec.Agent, fresh *diff.RemoteAgent) (*diff.RemoteAgent, diff.AgentPlan, error) {
	in := diff.Input{
		Policy: j.Policy, Identity: j.Identity, Agents: []spec.Agent{want},
		Remote: diff.Remote{Agents: map[string]*diff.RemoteAgent{want.Name: fresh}},
		Memory: diff.Memory{want.Name: {AgentID: p.id, PutBack: j.marked.PutBack}},
	}
	if w := diff.Want(want, fresh); fresh.Versions == nil && diff.NeedVersions(want, fresh, w) {
		if err := readVersions(ctx, j.Remote, fresh, diff.AskVersions(in, want, fresh, w)); err != nil {
			return nil, diff.AgentPlan{}, err
		}
	}
	plan, problems := diff.Compute(in)
	if len(problems) > 0 {
		return nil, diff.AgentPlan{}, problems
	}
	return fresh, plan.Agents[0], nil
}

// readWhole reads all of an agent. After a publication it reads the version
// list, which shows what somebody else has made live at the same moment. The
// fields of an agent that this run has created are those of the create's
// answer, and a first version that nobody had to publish was read with the
// last step.
func (j *job) readWhole(ctx context.Context, p *progress) (*diff.RemoteAgent, error) {
	fresh := &diff.RemoteAgent{ID: p.id}
	which := allSections
	if p.created != nil {
		fresh.Fields, which.agent = p.created.Fields, false
	}
	publishes := j.seen != nil && slices.ContainsFunc(j.plan.Steps, func(s diff.Step) bool { return s.Action == diff.Publish })
	fresh.Current = p.live
	which.current = !publishes && p.live == nil
	if err := readSections(ctx, j.Remote, fresh, which); err != nil || !publishes {
		return fresh, err
	}
	if err := j.readVersions(ctx, fresh); err != nil {
		return nil, err
	}
	if v := p.publishedSince(fresh.Versions, p.version); v != nil {
		text := fmt.Sprintf("v%d was published at the same moment%s", v.Number, by(v))
		if live := diff.LiveVersion(fresh.Versions); live != nil {
			text += fmt.Sprintf(", and v%d was live when that was read last", live.Number)
		}
		return nil, fmt.Errorf("%s: take from v%d what is to stay, and plan again", text, v.Number)
	}
	return fresh, nil
}

func (j *job) rollsBack() bool { return rollsBack(j.plan.Steps) }

func rollsBack(steps []diff.Step) bool {
	return slices.ContainsFunc(steps, func(s diff.Step) bool { return s.Action == diff.Rollback })
}

// mayHaveMoved names the outcomes and infields that a rollback may have moved, of an
// agent whose apply has ended with err; "" where none was sent, where err says already
// what differs, and where the agent was read back after it.
func (j *job) mayHaveMoved(p *progress, err error) string {
	var told *notApplied
	sent := func(s StepReport) bool { return s.Action == diff.Rollback && (s.Status == Done || s.Status == Fate) }
	if err == nil || p.verified != nil || errors.As(err, &told) || !slices.ContainsFunc(j.out.Steps, sent) {
		return ""
	}
	names := strings.Join(diff.Remembered(j.marked).KeptNames(), ", ")
	if names != "" {
		names = " (" + names + ")"
	}
	return fmt.Sprintf("; a rollback may take outcomes and infields%s with it, and the next apply puts them back", names)
}

// settable reports whether all steps are about the agent's fields and items.
func settable(steps []diff.Step) bool {
	return !slices.ContainsFunc(steps, func(s diff.Step) bool {
		return s.Action != diff.UpdateAgent && s.Action.Facts().Section != spec.SectionOutcomes && s.Action.Facts().Section != spec.SectionInfields
	})
}

// describeLeft says what still differs, without quoting long texts.
func describeLeft(steps []diff.Step) string {
	var parts []string
	for _, step := range steps {
		part := string(step.Action) + " " + step.Target
		if len(step.Changes) > 0 {
			part += " (" + paths(step.Changes) + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ") + " would be next"
}
