package sync

import (
	"context"
	"fmt"
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
		switch step.Action {
		case diff.UpdateAgent, diff.Adopt:
			t.agent = true
		case diff.CreateDraft, diff.UpdateDraft, diff.DeleteDraft, diff.Publish:
			t.versions = true
		case diff.Rollback: // it may move outcomes and infields too
			t.versions, t.outcomes, t.infields = true, true, true
		case diff.UpdateService:
			t.current = true
		case diff.CreateOutcome, diff.UpdateOutcome, diff.DeleteOutcome:
			t.outcomes = true
		case diff.CreateInfield, diff.UpdateInfield, diff.DeleteInfield:
			t.infields = true
		case diff.DeleteAgent:
			t.sections = allSections
		}
	}
	if t.versions {
		t.current = false
	}
	return t
}

// recheck reads again what the steps are about to write. It must be what the
// plan saw; else it is a conflict, and nothing is written.
func (r *agentRun) recheck(ctx context.Context) error {
	if r.seen == nil {
		return nil
	}
	return r.waitForOthers(ctx, func() error { return r.recheckOnce(ctx) })
}

func (r *agentRun) recheckOnce(ctx context.Context) error {
	t := touchedBy(r.plan.Steps)
	if r.needsHold() {
		t.versions, t.current = true, false
	}
	fresh := *r.seen
	if err := readSections(ctx, r.in.Remote, &fresh, t.sections); err != nil {
		if isNotFound(err) {
			return &conflict{"the agent is gone since the plan"}
		}
		return fmt.Errorf("read again before the first write: %w", err)
	}
	if t.versions {
		versions, err := r.in.Remote.Versions(ctx, r.id)
		if err != nil {
			return fmt.Errorf("read again before the first write: %w", err)
		}
		if err := r.recheckVersions(ctx, &fresh, versions); err != nil {
			return err
		}
	}
	return r.sameAsSeen(&fresh)
}

func (r *agentRun) recheckVersions(ctx context.Context, fresh *diff.RemoteAgent, versions []diff.Version) error {
	r.known, r.listed = map[int]bool{}, versions
	for i := range versions {
		v := &versions[i] // a plan without a list rests on what is live alone
		if r.seen.Versions != nil && findVersion(r.seen.Versions, v.Number) == nil {
			return &conflict{fmt.Sprintf("v%d was made since the plan%s", v.Number, by(v))}
		}
		r.known[v.Number] = true
	}
	if v := r.inUse(versions); v != nil {
		return &busy{v}
	}
	current := currentOf(versions)
	if current == nil && r.seen.Current != nil {
		var err error // a list that does not say which one is live
		if current, err = r.in.Remote.CurrentVersion(ctx, r.id); err != nil {
			return fmt.Errorf("read again before the first write: %w", err)
		}
	}
	fresh.Current = current
	for _, step := range r.plan.Steps {
		if step.To == nil || step.Action == diff.UpdateService {
			continue
		}
		before, now := findVersion(r.seen.Versions, *step.To), findVersion(versions, *step.To)
		if !diff.SameVersion(before, now) {
			return &conflict{fmt.Sprintf("v%d was changed since the plan%s", *step.To, by(now))}
		}
	}
	return nil
}

// recheckRest reads the rest of the agent while this run holds it: fields, and
// the lists that the manifest manages. Another apply that ended between the
// plan and the hold shows there.
func (r *agentRun) recheckRest(ctx context.Context) error {
	fresh := *r.seen
	r.rest = sections{agent: true, outcomes: r.want.OutcomesManaged, infields: r.want.InfieldsManaged}
	if r.plan.Status == diff.Delete {
		r.rest = sections{agent: true, outcomes: true, infields: true}
	}
	if err := readSections(ctx, r.in.Remote, &fresh, r.rest); err != nil {
		return fmt.Errorf("read again before the first write: %w", err)
	}
	if err := r.sameAsSeen(&fresh); err != nil {
		return err
	}
	r.checked = &fresh
	return nil
}

// sameAsSeen wants what the plan saw.
func (r *agentRun) sameAsSeen(fresh *diff.RemoteAgent) error {
	for _, section := range []string{spec.SectionAgent, spec.SectionConfig, spec.SectionOutcomes, spec.SectionInfields} {
		if !diff.SameSection(section, r.seen, fresh) {
			return &conflict{describeMove(section, fresh)}
		}
	}
	return nil
}

// describeMove says what moved since the plan, and by whom where that is known.
func describeMove(section string, fresh *diff.RemoteAgent) string {
	switch {
	case section == spec.SectionConfig && fresh.Current != nil:
		return fmt.Sprintf("the live config is not what the plan saw: v%d%s", fresh.Current.Number, by(fresh.Current))
	case section == spec.SectionConfig:
		return "the live config is gone since the plan"
	case section == spec.SectionAgent && !fresh.UpdatedAt.IsZero():
		return fmt.Sprintf("the agent's fields were changed since the plan, at %s", fresh.UpdatedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	default:
		return strings.ReplaceAll(section, "_", " ") + " were changed since the plan"
	}
}

func by(v *diff.Version) string {
	var b strings.Builder
	if v != nil && !v.UpdatedAt.IsZero() {
		fmt.Fprintf(&b, ", changed at %s", v.UpdatedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if v != nil && v.UpdatedBy != "" {
		fmt.Fprintf(&b, " by %s", v.UpdatedBy)
	}
	return b.String()
}

func currentOf(versions []diff.Version) *diff.Version {
	for i := range versions {
		if versions[i].IsCurrent {
			return &versions[i]
		}
	}
	return nil
}

func findVersion(versions []diff.Version, number int) *diff.Version {
	for i := range versions {
		if versions[i].Number == number {
			return &versions[i]
		}
	}
	return nil
}
