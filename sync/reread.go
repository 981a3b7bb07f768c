package sync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
)

// touch is what an agent's steps are about to write.
type touch struct {
	sections
	versions bool // the version list, which has the live version and the drafts
}

func touchedBy(steps []diff.Step) touch {
	var t touch
	for _, step := range steps {
		switch step.Action.Facts().Section {
		case spec.SectionAgent:
			t.agent = true
		case spec.SectionOutcomes:
			t.outcomes = true
		case spec.SectionInfields:
			t.infields = true
		}
		switch step.Action {
		case diff.CreateDraft, diff.UpdateDraft, diff.DeleteDraft, diff.Publish, diff.Validate, diff.Render:
			t.versions = true
		case diff.Rollback: // it may move outcomes and infields too
			t.versions, t.outcomes, t.infields = true, true, true
		case diff.SmokeCall: // all that it may put back
			t.agent, t.current, t.outcomes, t.infields = true, true, true, true
		case diff.UpdateService:
			t.current = true
		case diff.DeleteAgent:
			t.sections, t.versions = allSections, true
		}
	}
	if t.versions {
		t.current = false // the list has it
	}
	return t
}

// reread reads again what the steps are about to write. It must be what the
// plan saw; else it is a conflict, and nothing is written.
func (j *job) reread(ctx context.Context, p *progress) error {
	switch {
	case j.moved:
		return &conflict{"another apply in this folder changed the agent since the plan"}
	case j.seen == nil:
		return nil
	}
	t := touchedBy(j.plan.Steps)
	fresh := *j.seen
	if err := readSections(ctx, j.Remote, &fresh, t.sections); err != nil {
		if isNotFound(err) {
			return &conflict{"the agent is gone since the plan"}
		}
		return fmt.Errorf("read again before the first write: %w", err)
	}
	if t.versions {
		if err := j.readVersions(ctx, &fresh, versionsOf(j.plan.Steps)...); err != nil {
			return fmt.Errorf("read again before the first write: %w", err)
		}
		p.listed, p.listedTo = fresh.Versions, fresh.ListedTo
		if what := movedVersions(j.seen, &fresh, j.plan.Steps); what != "" {
			return &conflict{what}
		}
	}
	if what := movedSection(j.seen, &fresh); what != "" {
		return &conflict{what}
	}
	return nil
}

// versionsOf are the versions that steps name.
func versionsOf(steps []diff.Step) []int {
	var out []int
	for _, step := range steps {
		if step.To != nil {
			out = append(out, *step.To)
		}
	}
	return out
}

// readVersions reads the newest versions into agent, those with these numbers,
// and what is live.
func (j *job) readVersions(ctx context.Context, agent *diff.RemoteAgent, numbers ...int) (err error) {
	if err = readVersions(ctx, j.Remote, agent, diff.AskRecent(numbers...)); err != nil {
		return err
	}
	agent.Current = diff.LiveVersion(agent.Versions)
	wasLive := j.seen != nil && j.seen.Current != nil
	published := slices.ContainsFunc(agent.Versions, func(v diff.Version) bool { return !v.IsDraft() })
	if agent.Current == nil && (wasLive || published) { // nothing is live any more, or the list does not say
		agent.Current, err = j.Remote.CurrentVersion(ctx, agent.ID)
	}
	return err
}

// movedVersions says in which version the platform is not what the plan saw:
// one that was made since, or one that a step names; "" when there is none.
func movedVersions(seen, fresh *diff.RemoteAgent, steps []diff.Step) string {
	for i := range fresh.Versions {
		v := &fresh.Versions[i] // a plan without a list rests on what is live alone
		if seen.Versions != nil && v.Number >= seen.ListedTo && diff.FindVersion(seen.Versions, v.Number) == nil {
			return fmt.Sprintf("v%d was made since the plan%s", v.Number, by(v))
		}
	}
	for _, step := range steps {
		if step.To == nil || step.Action == diff.UpdateService || step.Action == diff.SmokeCall {
			continue
		}
		before, now := diff.FindVersion(seen.Versions, *step.To), diff.FindVersion(fresh.Versions, *step.To)
		if !diff.SameVersion(before, now) {
			return fmt.Sprintf("v%d was changed since the plan%s", *step.To, by(now))
		}
	}
	return ""
}

// movedSection says in which section an agent is not what the plan saw, and who
// changed it where that is known; "" when it is what the plan saw.
func movedSection(seen, fresh *diff.RemoteAgent) string {
	for _, section := range []string{spec.SectionAgent, spec.SectionConfig, spec.SectionOutcomes, spec.SectionInfields} {
		switch {
		case diff.SameSection(section, seen, fresh):
		case section == spec.SectionConfig && fresh.Current != nil:
			return fmt.Sprintf("the live config is not what the plan saw: v%d%s", fresh.Current.Number, by(fresh.Current))
		case section == spec.SectionConfig:
			return "the live config is gone since the plan"
		case section == spec.SectionAgent && !fresh.UpdatedAt.IsZero():
			return fmt.Sprintf("the agent's fields were changed since the plan, at %s", fresh.UpdatedAt.UTC().Format(timeForm))
		case section == spec.SectionAgent:
			return "the agent's fields were changed since the plan"
		default:
			return strings.ReplaceAll(section, "_", " ") + " were changed since the plan"
		}
	}
	return ""
}

const timeForm = "2006-01-02 15:04:05 UTC"

// by says when a version was changed and by whom, as far as that is known.
func by(v *diff.Version) string {
	out := ""
	if v != nil && !v.UpdatedAt.IsZero() {
		out = ", changed at " + v.UpdatedAt.UTC().Format(timeForm)
	}
	if v != nil && v.UpdatedBy != "" {
		out += " by " + v.UpdatedBy
	}
	return out
}

// beforeLive reads the versions once more right before version goes live. It
// must be what this run wrote or the plan saw, and what is live must still be
// what the plan saw; else it is a conflict. A draft of this run that somebody has
// touched is theirs from then on.
func (j *job) beforeLive(ctx context.Context, p *progress, version int) error {
	fresh := diff.RemoteAgent{ID: p.id}
	_, err := j.eventually(ctx, func(ctx context.Context) (bool, error) {
		if err := j.readVersions(ctx, &fresh, version); err != nil {
			return false, err
		}
		v := diff.FindVersion(fresh.Versions, version)
		return v != nil && (version != p.version || diff.ConfigMismatch(j.want, v.Content) == nil), nil
	})
	if err != nil {
		return err
	}
	if p.lost { // a create that was believed lost may have come through late
		if err := j.dropDoubles(ctx, p, fresh.Versions); err != nil {
			return err
		}
	}
	v := diff.FindVersion(fresh.Versions, version)
	what := movedBeforeLive(j.seen, p, &fresh, v, version)
	if version == p.version {
		var edits []diff.Change
		if v != nil {
			edits = diff.ConfigMismatch(j.want, v.Content)
		}
		if what == "" && edits != nil {
			what = fmt.Sprintf("draft v%d is not as this apply left it, in %s%s", version, paths(edits), by(v))
		}
		if v == nil || !v.IsDraft() || edits != nil {
			p.version = 0 // so that takeBack leaves it
		}
	}
	if what != "" {
		return &conflict{what}
	}
	return nil
}

// movedBeforeLive says what happened to an agent's versions since its first
// write that this run did not do; "" when nothing has. seen is nil for a new
// agent.
func movedBeforeLive(seen *diff.RemoteAgent, p *progress, fresh *diff.RemoteAgent, v *diff.Version, version int) string {
	var live *diff.Version
	if seen != nil {
		live = seen.Current
	}
	switch now := fresh.Current; {
	case v == nil:
		return fmt.Sprintf("v%d is gone", version)
	case now == nil && live != nil:
		return "the live config is gone"
	case now != nil && live != nil && now.Number == live.Number && !diff.SameVersion(now, live):
		return fmt.Sprintf("v%d, which is live, was changed meanwhile%s", now.Number, by(now))
	case now != nil && !diff.SameVersion(now, live):
		return fmt.Sprintf("v%d went live meanwhile%s", now.Number, by(now))
	}
	if other := p.publishedSince(fresh.Versions, version); other != nil {
		return fmt.Sprintf("v%d was published meanwhile%s", other.Number, by(other))
	}
	if was := diff.FindVersion(p.listed, version); (was == nil || was.IsDraft()) && !v.IsDraft() {
		return fmt.Sprintf("v%d was published meanwhile%s", version, by(v))
	}
	return ""
}

// publishedSince returns a version, other than ours, that somebody has made
// live since before the first write: it is no draft now, and was one or was not
// there.
func (p *progress) publishedSince(now []diff.Version, ours int) *diff.Version {
	for i := range now {
		v := &now[i]
		was := diff.FindVersion(p.listed, v.Number)
		isNew := was == nil && v.Number >= p.listedTo // else it was not read then
		if v.Number != ours && !v.IsDraft() && (isNew || was != nil && was.IsDraft()) {
			return v
		}
	}
	return nil
}
