package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/lock"
)

// Past reads the history of agents from the platform, and from git where there
// is a repository. Close ends the connection.
type Past struct {
	Close func()

	project *Project
	client  sync.Remote
	memory  diff.Memory
	repo    *git.Repo // nil where git can't be asked
}

// Past connects to the platform to read the history of agents.
func (p *Project) Past(ctx context.Context) (*Past, error) {
	return p.pastThrough(ctx, func(client *indus.Client, _ diff.Memory) sync.Remote { return client })
}

// pastThrough is Past by way of what through makes of the connection and of what
// the lock remembers.
func (p *Project) pastThrough(ctx context.Context, through func(*indus.Client, diff.Memory) sync.Remote) (*Past, error) {
	store, err := p.openLock()
	if err != nil {
		return nil, err
	}
	if p.Environment.BaseURL, err = p.address(); err != nil {
		return nil, err
	}
	out := &Past{project: p, memory: sync.ToMemory(store.Entries()).Rekey(p.Agents)}
	client, done, err := p.connect(indus.Options{VersionItems: true})
	if err != nil {
		return nil, err
	}
	out.client, out.Close = through(client, out.memory), done
	if repo, err := git.Open(ctx, p.opt.Dir); err == nil {
		out.repo = repo
	}
	return out, nil
}

// What is said of an agent that nobody can look for.
const (
	unknownAgent = "which agent it is can't be told: the lock file does not have its id, and the platform lists no agents"
	unknownHint  = "agentsync import AGT_…, with the id that the dashboard shows, puts it into the lock file"
)

// AgentPast is the history of one agent.
type AgentPast struct {
	past    *Past
	key     string
	want    spec.Agent // empty where there is no manifest
	agent   *diff.RemoteAgent
	current *diff.Version // nil when nothing is live
	now     *diff.Content // what is live, with the outcomes and infields as they are now; nil until it was read

	timeline history.Timeline // of what was read so far
}

// Agent finds an agent by its key in manifests or lock. One that is not there, in
// git or on the platform, is an error.
func (p *Past) Agent(ctx context.Context, name string) (*AgentPast, error) {
	out := &AgentPast{past: p, key: name}
	want := manifestOf(p.project.Agents, name)
	if want != nil {
		out.want = *want
	} else if err := known(p.project.Project, p.memory, name); err != nil {
		return nil, err
	}
	var err error
	if out.agent, err = sync.Find(ctx, p.client, name, want, p.memory); err != nil {
		return nil, fmt.Errorf("find %s: %w", name, err)
	}
	if out.agent == nil && p.memory[name].AgentID == "" {
		if _, listed, err := p.client.ListAgents(ctx); err == nil && !listed {
			return nil, Errorf(Failed, unknownHint, "%s: %s", name, unknownAgent)
		}
	}
	if out.agent == nil {
		return nil, Errorf(Failed, "agentsync plan shows what an apply would do about it", "%s is not on the platform", name)
	}
	if out.current, err = p.client.CurrentVersion(ctx, out.agent.ID); err != nil {
		return nil, fmt.Errorf("read the live version of %s: %w", name, err)
	}
	return out, nil
}

// Read reads versions, page by page, until enough is true of what is known then;
// without spans that only the lock file's history tells. nil reads all. The
// timeline that it returns has those too, and what git knows of commits.
func (a *AgentPast) Read(ctx context.Context, enough func(*history.Timeline) bool) (*history.Timeline, error) {
	ended := true // no page was the last one that was wanted
	versions, err := a.past.client.Versions(ctx, a.agent.ID, func(versions []diff.Version) bool {
		if enough == nil {
			return false
		}
		t := a.build(versions, nil)
		ended = !enough(t)
		return !ended
	})
	if err != nil {
		return nil, fmt.Errorf("read the versions of %s: %w", a.key, err)
	}
	var since time.Time
	if n := len(versions); n > 0 && !ended && versions[n-1].Number > 1 {
		since = versions[n-1].CreatedAt
	}
	seen, err := a.past.sightings(ctx, []string{a.agent.ID}, since)
	if err != nil {
		return nil, err
	}
	t := a.build(versions, seen[a.agent.ID])
	t.Whole = ended || len(versions) > 0 && versions[len(versions)-1].Number == 1
	a.timeline = *t
	return t, a.past.describe(ctx, t.Versions)
}

// build makes a timeline of versions, with the live one where it is not among
// them.
func (a *AgentPast) build(versions []diff.Version, seen []history.Sighting) *history.Timeline {
	t := &history.Timeline{Name: a.key, AgentName: a.agent.Fields.Get("agent_name").Text(), AgentID: a.agent.ID}
	versions = slices.Clone(versions)
	if a.current != nil {
		t.Live = a.current.Number
		versions = slices.DeleteFunc(versions, func(v diff.Version) bool { return v.Number == t.Live })
		versions = append(versions, *a.current)
	}
	slices.SortStableFunc(versions, func(v, w diff.Version) int { return w.Number - v.Number })
	t.Versions = []history.Version{}
	for i := range versions {
		v := history.VersionOf(&versions[i], a.want)
		if a.now != nil && v.Number == t.Live {
			v.Content = *a.now
		}
		t.Versions = append(t.Versions, v)
	}
	history.FindCopies(t.Versions)
	t.Spans = history.Spans(versions, t.Live, seen)
	return t
}

// Version returns a version by its number: one that was read, else read alone.
func (a *AgentPast) Version(ctx context.Context, number int) (*history.Version, error) {
	if v := a.timeline.Find(number); v != nil {
		return v, nil
	}
	found, err := a.past.client.Version(ctx, a.agent.ID, number)
	var failure sync.Failure
	if errors.As(err, &failure) && failure.NotFound() {
		return nil, Errorf(Failed, fmt.Sprintf("agentsync history %s lists its versions", a.key), "%s has no v%d", a.key, number)
	}
	if err != nil {
		return nil, fmt.Errorf("read v%d of %s: %w", number, a.key, err)
	}
	versions := []history.Version{history.VersionOf(found, a.want)}
	if err := a.past.describe(ctx, versions); err != nil {
		return nil, err
	}
	return &versions[0], nil
}

// maxLock is how much of one revision of the lock file is read.
const maxLock = 64 << 20

// sightings are what the lock file says of agents, by their ids, and its revisions:
// each time that a verified version changed, the oldest first. Only commits since
// a time count; zero is all.
func (p *Past) sightings(ctx context.Context, ids []string, since time.Time) (map[string][]history.Sighting, error) {
	out := map[string][]history.Sighting{}
	add := func(id string, s history.Sighting) {
		list := out[id]
		switch n := len(list); {
		case s.Version == 0:
		case n > 0 && list[n-1].Version == s.Version && list[n-1].Newest == s.Newest: // the oldest commit that has it counts
			list[n-1] = s
		default:
			out[id] = append(list, s)
		}
	}
	for _, m := range p.memory {
		if slices.Contains(ids, m.AgentID) && !m.Unfinished {
			went, _ := time.Parse(time.RFC3339, m.Since)
			add(m.AgentID, history.Sighting{At: p.project.opt.Now(), Version: m.Version, Newest: max(m.Newest, m.Version), Since: went})
		}
	}
	var err error
	if p.repo != nil && !p.project.opt.Sandbox { // whose lock is not in git
		err = p.repo.FileHistory(ctx, lock.FileName, since, maxLock, func(r git.Revision) bool {
			for _, id := range ids {
				l := lock.LiveOf(r.Data, id)
				add(id, history.Sighting{At: r.At, Version: l.Version, Newest: l.Newest, Since: l.Since, Commit: r.Commit[:12]})
			}
			return true
		})
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		p.project.opt.Logf("the lock file's history can't be read: %v", err)
	}
	for _, id := range ids {
		slices.Reverse(out[id])
	}
	return out, nil
}

// describe fills in what git knows of the versions' commits.
func (p *Past) describe(ctx context.Context, versions []history.Version) error {
	return p.project.describe(ctx, p.repo, func(yield func(*history.Version) bool) {
		for i := range versions {
			if !yield(&versions[i]) {
				return
			}
		}
	})
}

// describe fills in what git knows of versions' commits; repo may be nil.
func (p *Project) describe(ctx context.Context, repo *git.Repo, versions func(yield func(*history.Version) bool)) error {
	if repo == nil {
		return nil
	}
	ids := map[string]bool{}
	for v := range versions {
		if v.Commit != nil {
			ids[v.Commit.ID] = true
		}
	}
	known, err := repo.Describe(ctx, value.SortedKeys(ids))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		p.opt.Logf("git can't be asked about the commits of versions: %v", err)
		return nil
	}
	for v := range versions {
		if v.Commit == nil {
			continue
		}
		if c, ok := known[v.Commit.ID]; ok {
			v.Commit.Subject, v.Commit.Author, v.Commit.At = c.Subject, c.Author, c.At
		}
	}
	return nil
}

// At says what was live at a time, and reads no more pages than it needs for
// that. A time at which nothing is known to have been live is an error, and so is one
// that is still to come. What is live now has its outcomes and infields as they are
// now; of another version the platform keeps those that it went live with.
func (a *AgentPast) At(ctx context.Context, when time.Time) (*history.Moment, error) {
	if when.After(a.past.project.opt.Now()) {
		return nil, Errorf(Usage, "", "--at: %s is still to come", when.Format(diff.TimeForm))
	}
	t, err := a.Read(ctx, func(t *history.Timeline) bool {
		_, _, ok := t.At(when)
		return ok
	})
	if err != nil {
		return nil, err
	}
	span, sure, ok := t.At(when)
	if !ok {
		return nil, Errorf(Failed, fmt.Sprintf("agentsync history %s shows from when on something was", a.key),
			"nothing of %s is known to have been live at %s", a.key, when.Format(diff.TimeForm))
	}
	v, err := a.Version(ctx, span.Version)
	if err != nil {
		return nil, err
	}
	if a.current != nil && span.Version == a.current.Number && span == t.Spans[len(t.Spans)-1] {
		if v.Content, err = a.liveContent(ctx); err != nil {
			return nil, err
		}
	}
	return &history.Moment{
		Name: t.Name, AgentName: t.AgentName, AgentID: t.AgentID, At: when, Span: span, Sure: sure,
		Unread:  !t.Whole && span != t.Spans[len(t.Spans)-1],
		Version: *v, Config: v.Content.Config, Outcomes: v.Content.Outcomes, Infields: v.Content.Infields,
	}, nil
}
