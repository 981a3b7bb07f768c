package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// side is one side of a comparison.
type side struct {
	label   string
	content diff.Content
	want    *spec.Agent // of a commit; its content is what that wants over the other side's
}

var versionName = regexp.MustCompile(`^v?[0-9]{1,6}$`)

// versionNumber reads "7" or "v7".
func versionNumber(name string) (number int, ok bool) {
	if !versionName.MatchString(name) {
		return 0, false
	}
	number, err := strconv.Atoi(strings.TrimPrefix(name, "v"))
	return number, err == nil && number > 0
}

// Compare says what differs between two sides: each is a version ("7" or "v7",
// whatever git calls so), "live", which is what the platform has now, or a commit
// in any of git's ways. What a commit's manifests leave out is taken from the
// other side, and of two commits from what is live, so that only what they manage
// differs. Each version costs one read, and no list is read.
func (a *AgentPast) Compare(ctx context.Context, before, after string) (*history.Comparison, error) {
	b, err := a.side(ctx, before, after)
	if err != nil {
		return nil, err
	}
	c, err := a.side(ctx, after, before)
	if err != nil {
		return nil, err
	}
	if b.want != nil && c.want != nil {
		if b.content, err = a.liveContent(ctx); err != nil {
			return nil, err
		}
		c.content = b.content
	}
	var source map[string][]spec.Segment
	under := [2]diff.Content{b.content, c.content}
	if b.want != nil {
		b.content = diff.ContentOf(*b.want, under[1])
	}
	if c.want != nil {
		c.content, source = diff.ContentOf(*c.want, under[0]), c.want.Sources
	}
	return &history.Comparison{
		Name: a.key, AgentName: a.agent.Fields.Get("agent_name").Text(), AgentID: a.agent.ID,
		Before: b.label, After: c.label, Difference: diff.Compare(b.content, c.content, source),
	}, nil
}

// side resolves the name of a side; other is that of the other one. The number of
// the version that is live means what is live, but beside "live" what it went live
// with.
func (a *AgentPast) side(ctx context.Context, name, other string) (side, error) {
	number, isVersion := versionNumber(name)
	if isVersion && (a.current == nil || number != a.current.Number || other == "live") {
		v, err := a.Version(ctx, number)
		if err != nil {
			return side{}, err
		}
		return a.versionSide(v), nil
	}
	if name == "live" || isVersion {
		if a.current == nil {
			return side{}, Errorf(Failed, "compare two versions by their numbers", "nothing of %s is live", a.key)
		}
		content, err := a.liveContent(ctx)
		return side{label: fmt.Sprintf("v%d, live", a.current.Number), content: content}, err
	}
	want, commit, err := a.at(ctx, name)
	if missingHere(err, name) {
		v, readErr := a.madeFrom(ctx, name)
		switch {
		case readErr != nil:
			return side{}, readErr
		case v != nil:
			return a.versionSide(v), nil
		}
	}
	if err != nil {
		return side{}, err
	}
	return side{label: labelOf(name, commit), want: want}, nil
}

// labelOf is a commit as the user named it, and its first 12 hex digits.
func labelOf(name, commit string) string {
	if strings.HasPrefix(commit, name) {
		return commit[:12]
	}
	return name + ", " + commit[:12]
}

func (a *AgentPast) versionSide(v *history.Version) side {
	label := fmt.Sprintf("v%d", v.Number)
	switch {
	case v.Status == "draft":
		label += ", a draft"
	case a.current != nil && a.current.Number == v.Number:
		label += ", as it went live"
	}
	return side{label: label, content: v.Content}
}

// liveContent is the live config, with the outcomes and infields as they are now:
// they may have been changed since the version went live.
func (a *AgentPast) liveContent(ctx context.Context) (diff.Content, error) {
	switch {
	case a.current == nil:
		return diff.Content{}, nil
	case a.now != nil:
		return *a.now, nil
	}
	out := diff.Content{Config: a.current.Content}
	var err error
	if out.Outcomes, err = a.past.client.Items(ctx, a.agent.ID, spec.SectionOutcomes); err == nil {
		out.Infields, err = a.past.client.Items(ctx, a.agent.ID, spec.SectionInfields)
	}
	if err != nil {
		return out, fmt.Errorf("read what of %s is live: %w", a.key, err)
	}
	a.now = &out
	return out, nil
}

// at is what the manifests of a commit want of the agent.
func (a *AgentPast) at(ctx context.Context, ref string) (want *spec.Agent, commit string, err error) {
	repo := a.past.repo
	if repo == nil {
		if repo, err = git.Open(ctx, a.past.project.opt.Dir); err != nil {
			return nil, "", err
		}
	}
	if commit, err = repo.Commit(ctx, ref); err != nil {
		return nil, "", err
	}
	was, problems, err := a.past.project.opt.atCommit(ctx, repo, commit, spec.LoadOptions{Past: true})
	switch {
	case err != nil:
		return nil, "", err
	case was == nil:
		return nil, "", Errorf(Failed, "give another commit, or a version", "the manifests of %s are broken:\n%s",
			named(ref, commit), Located(problems.Errors(), commit[:12]+":"))
	}
	from := &origin{agents: map[string]spec.Agent{}}
	for _, agent := range was.Agents {
		from.agents[agent.Name] = agent
	}
	found, there := from.agent(a.past.project.Agents, a.key)
	if !there {
		return nil, "", Errorf(Failed, "give a commit that has its manifest, or a version",
			"%s has no manifest in %s", a.key, named(ref, commit))
	}
	return &found, commit, nil
}

var hexDigits = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// missingHere says whether a name is that of a commit which this clone does not
// have: a version may name it all the same.
func missingHere(err error, name string) bool {
	return errors.Is(err, git.ErrNoCommit) && hexDigits.MatchString(name)
}

// madeFrom is the newest version whose line names a commit, given by 7 or more
// hex digits, and which was not edited since; nil for none. It reads versions
// until it is found.
func (a *AgentPast) madeFrom(ctx context.Context, commit string) (*history.Version, error) {
	is := func(v *history.Version) bool {
		return v.Status != "draft" && v.Commit != nil && !v.Commit.Dirty &&
			(strings.HasPrefix(v.Commit.ID, commit) || strings.HasPrefix(commit, v.Commit.ID))
	}
	t, err := a.Read(ctx, func(t *history.Timeline) bool { return newest(t, is) != nil })
	if err != nil {
		return nil, err
	}
	return newest(t, is), nil
}

// newest is the version with the highest number of those that are so; nil for none.
func newest(t *history.Timeline, is func(*history.Version) bool) *history.Version {
	for i := range t.Versions {
		if is(&t.Versions[i]) {
			return &t.Versions[i]
		}
	}
	return nil
}

// target resolves what a rollback goes back to: a version by its number, a commit,
// or "previous" (see there). Of a commit it is the version that its manifest pins,
// else the newest that was made from it, else the newest that holds what its
// manifests want.
func (a *AgentPast) target(ctx context.Context, to string) (*history.Version, error) {
	if number, ok := versionNumber(to); ok {
		return a.Version(ctx, number)
	}
	if to == "previous" {
		return a.previous(ctx)
	}
	want, commit, err := a.at(ctx, to)
	if err != nil && !missingHere(err, to) {
		return nil, err
	}
	if want != nil && want.Release.Version > 0 {
		return a.Version(ctx, want.Release.Version)
	}
	v, readErr := a.madeFrom(ctx, cmp.Or(commit, to))
	if v == nil && want != nil {
		v = newest(&a.timeline, func(v *history.Version) bool {
			return v.Status != "draft" && diff.ConfigMismatch(*want, v.Content.Config) == nil
		})
	}
	switch {
	case readErr != nil:
		return nil, readErr
	case v == nil && err != nil:
		return nil, err
	case v == nil:
		return nil, Errorf(Failed, fmt.Sprintf("agentsync history %s lists its versions", a.key),
			"no version of %s was made from %s, or holds what its manifests want", a.key, named(to, commit))
	}
	return v, nil
}

// previous is what was live before. Where that is what somebody has gone back from, to
// what is live, it is an error: said twice, a rollback must not bring the bad prompt
// back.
func (a *AgentPast) previous(ctx context.Context) (*history.Version, error) {
	t, err := a.Read(ctx, func(t *history.Timeline) bool { return t.Previous() > 0 })
	if err != nil {
		return nil, err
	}
	number := t.Previous()
	// A rollback whose times tell nothing, as where all came within a second, is in the
	// lock file all the same: after its newest version, which was gone back from.
	memory := a.past.memory[a.key]
	if memory.Newest > 0 && number == memory.Newest && len(t.SpansOf(number)) == 1 && t.Live > memory.Newest {
		number = memory.Version
	}
	if number == 0 {
		return nil, Errorf(Failed, "", "nothing is known to have been live before of %s", a.key)
	}
	before, err := a.Version(ctx, number)
	if err == nil && a.heldBefore(number) {
		return nil, Errorf(Failed, fmt.Sprintf("--to v%d leads forward to it all the same; agentsync history %s shows what else was live", number, a.key),
			"v%d of %s was live before, and has been gone back from already: what v%d holds is older", number, a.key, a.current.Number)
	}
	return before, err
}

// heldBefore reports whether what is live is older than a version: it is that of a
// lower number, or repeats one.
func (a *AgentPast) heldBefore(number int) bool {
	return a.current != nil && slices.ContainsFunc(a.timeline.Versions, func(v history.Version) bool {
		return v.Number < number && v.Status != "draft" && value.Equal(v.Content.Config, a.current.Content)
	})
}

// Blame says which version brought each line of the live prompt, and reads no
// more pages than it needs for that.
func (a *AgentPast) Blame(ctx context.Context) ([]history.Line, *history.Timeline, error) {
	if a.current == nil {
		return nil, nil, Errorf(Failed, "", "nothing of %s is live", a.key)
	}
	t, err := a.Read(ctx, func(t *history.Timeline) bool {
		_, left := history.Blame(t.Versions, t.Live, false)
		return left == 0
	})
	if err != nil {
		return nil, nil, err
	}
	lines, _ := history.Blame(t.Versions, t.Live, t.Whole)
	return lines, t, nil
}
