package sync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/sync/lock"
)

func (r *agentRun) createDraft(ctx context.Context) error {
	return r.makeDraft(ctx, r.draftBody())
}

func (r *agentRun) draftBody() map[string]any {
	var base map[string]any
	notes := ""
	if r.seen != nil && r.seen.Current != nil {
		base, notes = r.seen.Current.Content, r.seen.Current.Notes
	}
	notes = diff.Notes(r.want, r.wanted, notes, r.in.Commit, r.in.Policy)
	return diff.ConfigBody(r.want, r.wanted, base, notes)
}

// makeDraft makes a draft and claims the agent with it: version numbers are
// given once, so of two applies at the same moment the one whose new version
// comes first goes on, and the other takes its draft back.
func (r *agentRun) makeDraft(ctx context.Context, body map[string]any) error {
	made, err := r.newDraft(ctx, body, func(v *diff.Version) bool {
		return diff.ConfigMismatch(r.want, v.Content) == nil
	})
	if err != nil {
		return err
	}
	r.version, r.heldSince = made.number, r.now()
	err = r.confirm(ctx, made, r.hold == 0, r.claim)
	if err != nil {
		return r.giveBack(ctx, err)
	}
	return nil
}

// numbered is a draft that this run has made.
type numbered struct {
	number int
	// next says that its number follows the highest that was there: no other
	// draft was there when it was made.
	next bool
	lost bool // its answer was lost
	same func(*diff.Version) bool
	note string
}

// newDraft makes a draft. One whose answer was lost is known by its notes, and
// by same.
func (r *agentRun) newDraft(ctx context.Context, body map[string]any, same func(*diff.Version) bool) (numbered, error) {
	out := numbered{same: same}
	out.note, _ = body["notes"].(string)
	err := r.settle(ctx, func() error {
		v, err := r.in.Remote.CreateDraft(ctx, r.id, body)
		out.number = v.Number
		return err
	}, func() (bool, error) {
		out.lost = true
		versions, err := r.in.Remote.Versions(ctx, r.id)
		if err != nil {
			return false, err
		}
		ours := r.ours(versions, out.note, same)
		if len(ours) == 0 {
			return false, nil
		}
		out.number = ours[0]
		return true, nil
	})
	highest := 0
	for number := range r.known {
		highest = max(highest, number)
	}
	out.next = !out.lost && out.number == highest+1
	return out, err
}

// confirm reads the version list after a draft was made, and whole says that
// the rest of the agent is to be read as well. The list comes last, so that a
// version that went live in between is seen. Where another draft may have been
// there first, and its apply have ended since, the rest counts only when it was
// read after a list without that draft, and the list is read twice.
func (r *agentRun) confirm(ctx context.Context, made numbered, whole bool, check func([]diff.Version) error) error {
	whole = whole && r.seen != nil
	for _, first := range []bool{true, false} {
		if whole && (made.next || !first) {
			if err := r.recheckRest(ctx); err != nil {
				return err
			}
		}
		versions, err := r.in.Remote.Versions(ctx, r.id)
		if err != nil {
			return err
		}
		if first && made.lost { // a create that was believed lost may have come through late
			if err := r.dropGhosts(ctx, made.number, r.ours(versions, made.note, made.same)); err != nil {
				return err
			}
		}
		if err := check(versions); err != nil {
			return err
		}
		if made.next || !whole {
			return nil
		}
	}
	return nil
}

// ours gives the new drafts with these notes that are the same, lowest first.
func (r *agentRun) ours(versions []diff.Version, notes string, same func(*diff.Version) bool) []int {
	var out []int
	for i := len(versions) - 1; i >= 0; i-- { // newest first
		v := &versions[i]
		if !r.known[v.Number] && v.IsDraft() && diff.SameValue(v.Notes, notes) && same(v) {
			out = append(out, v.Number)
		}
	}
	return out
}

// dropGhosts keeps the first of several drafts that one lost create left.
func (r *agentRun) dropGhosts(ctx context.Context, kept int, ours []int) error {
	for _, number := range ours {
		if number <= kept {
			continue
		}
		if err := r.in.Remote.DeleteDraft(ctx, r.id, number); err != nil && !isNotFound(err) {
			return fmt.Errorf("remove v%d, which a lost request left: %w", number, err)
		}
		r.known[number] = true
	}
	return nil
}

// claim looks at the version list after this run's draft was made or updated:
// it must be what was sent, and nobody's else.
func (r *agentRun) claim(versions []diff.Version) error {
	mine := findVersion(versions, r.version)
	if mine == nil {
		return &conflict{fmt.Sprintf("draft v%d is gone", r.version)}
	}
	if changes := diff.ConfigMismatch(r.want, mine.Content); changes != nil {
		return notKept(changes)
	}
	if err := r.contested(versions, r.version); err != nil {
		return err
	}
	r.claimed, r.claimIsFresh = mine, true
	return nil
}

// contested says that the agent is another's: its live version moved, or a new
// version stands before mine.
func (r *agentRun) contested(versions []diff.Version, mine int) error {
	if current := currentOf(versions); r.seen != nil && r.seen.Current != nil && current != nil &&
		!diff.SameVersion(current, r.seen.Current) {
		return &conflict{fmt.Sprintf("v%d went live meanwhile%s", current.Number, by(current))}
	}
	for i := range versions {
		v := &versions[i]
		if !r.known[v.Number] && v.Number != mine && (v.Number < mine || !v.IsDraft()) {
			return &conflict{fmt.Sprintf("another apply or person made v%d meanwhile%s", v.Number, by(v))}
		}
	}
	return nil
}

// giveBack deletes the draft that this run made and may not publish.
func (r *agentRun) giveBack(ctx context.Context, because error) error {
	if r.known[r.version] {
		return because // it was there before
	}
	if err := r.in.Remote.DeleteDraft(ctx, r.id, r.version); err != nil && !isNotFound(err) {
		return fmt.Errorf("%w (draft v%d stays: %v)", because, r.version, err)
	}
	r.writes-- // as if it had not been made
	return because
}

func (r *agentRun) updateDraft(ctx context.Context, version int) error {
	r.version = version
	if draft := findVersion(r.seen.Versions, version); r.seen.Current == nil && draft != nil {
		r.wanted = diff.Merge(r.want, r.seen, draft.Content)
	}
	body := r.draftBody()
	if draft := findVersion(r.seen.Versions, version); draft != nil {
		body = diff.FillEmpty(body, draft.Content)
	}
	err := r.settle(ctx, func() error { return r.in.Remote.UpdateDraft(ctx, r.id, version, body) },
		func() (bool, error) {
			versions, err := r.in.Remote.Versions(ctx, r.id)
			if err != nil {
				return false, err
			}
			v := findVersion(versions, version)
			return v != nil && diff.ConfigMismatch(r.want, v.Content) == nil, nil
		})
	if err != nil {
		return err
	}
	versions, err := r.in.Remote.Versions(ctx, r.id)
	if err != nil {
		return err
	}
	if err := r.claim(versions); err != nil {
		return r.giveBack(ctx, err)
	}
	return nil
}

// deleteDraft removes a draft that an earlier apply left.
func (r *agentRun) deleteDraft(ctx context.Context, version int) error {
	err := r.settle(ctx, func() error { return r.in.Remote.DeleteDraft(ctx, r.id, version) },
		func() (bool, error) {
			versions, err := r.in.Remote.Versions(ctx, r.id)
			return err == nil && findVersion(versions, version) == nil, err
		})
	if isNotFound(err) {
		return nil
	}
	return err
}

// publish makes the draft of this run, or the version that the step names,
// live. For a new agent that is its first version, which some platforms have
// published when they created it.
func (r *agentRun) publish(ctx context.Context, step diff.Step) (string, error) {
	version := r.version
	if step.To != nil {
		version = *step.To
	}
	if version == 0 {
		live, number, err := r.firstVersion(ctx)
		if err != nil || live {
			r.version = number
			return fmt.Sprintf("v%d went live when the agent was created", number), err
		}
		version = number
	}
	r.version = version
	isLive := func(live *diff.Version) bool {
		return live != nil && live.Number == version && (r.claimed == nil || diff.SameContent(live, r.claimed))
	}
	look := func() (bool, error) {
		live, err := r.in.Remote.CurrentVersion(ctx, r.id)
		return err == nil && isLive(live), err
	}
	err := r.settle(ctx, func() error { return r.in.Remote.Publish(ctx, r.id, version) }, look)
	if err != nil && !mayHaveActed(err) { // refused, perhaps since somebody has published it already
		if live, lookErr := look(); lookErr == nil && live {
			err = nil
		}
	}
	if err == nil {
		r.published, r.liveHolds = true, isLive
	}
	return "", err
}

// firstVersion finds a new agent's first version, and says whether it is live.
func (r *agentRun) firstVersion(ctx context.Context) (live bool, number int, err error) {
	current, err := r.in.Remote.CurrentVersion(ctx, r.id)
	if err != nil {
		return false, 0, err
	}
	if current != nil && diff.ConfigMismatch(r.want, current.Content) == nil {
		return true, current.Number, nil
	}
	versions, err := r.in.Remote.Versions(ctx, r.id)
	if err != nil {
		return false, 0, err
	}
	for i := range versions {
		if versions[i].IsDraft() && diff.ConfigMismatch(r.want, versions[i].Content) == nil {
			return false, versions[i].Number, nil
		}
	}
	if current != nil {
		r.expectLive(current)
		return false, 0, notKept(diff.ConfigMismatch(r.want, current.Content))
	}
	return false, 0, fmt.Errorf("the new agent has no version with the wanted config; plan again")
}

// notKept is a config that the platform did not store as it was sent.
func notKept(changes []diff.Change) error {
	return fmt.Errorf("the platform did not keep %s as sent: leave it out, or correct it", paths(changes))
}

// expectLive remembers in the lock that what is live is this apply's own, though
// not what was wanted: the next plan does not take it for somebody's change.
func (r *agentRun) expectLive(live *diff.Version) {
	entry := r.marked
	entry.AgentID, entry.AgentName, entry.Unfinished = r.id, r.want.AgentName, true
	entry.Expect = append(slices.Clone(entry.Expect), diff.LiveDigest(r.want, live))
	r.in.Lock.PutLater(map[string]*lock.Entry{r.plan.Name: &entry})
}

func paths(changes []diff.Change) string {
	names := make([]string, len(changes))
	for i, c := range changes {
		names[i] = c.Path
	}
	return strings.Join(names, ", ")
}
