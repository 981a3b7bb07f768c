package engine

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec/edit"
)

// History is what became of the branch with the versions.
type History struct {
	Branch  string
	New     bool
	Commits int      // added
	Unnamed []string // ids in created_by that no line of the authors names, sorted
}

// Authors are who the platform's ids stand for.
type Authors map[string]git.Person

var authorLine = regexp.MustCompile(`^\s*(\S.*?)\s*=\s*(\S.*?)\s*<([^<>\s]+)>\s*$`)

// ParseAuthors reads lines "id = Name <mail>", as git-svn's; empty ones and
// those that begin with # are passed over. name is the file's in messages. All
// lines that are none are told at once.
func ParseAuthors(name string, data []byte) (Authors, error) {
	authors := Authors{}
	var wrong []string
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		m := authorLine.FindStringSubmatch(line)
		switch text := strings.TrimSpace(line); {
		case text == "" || text[0] == '#':
		case m == nil:
			wrong = append(wrong, fmt.Sprintf("%s:%d: no author: %q", name, n, text))
		default:
			authors[m[1]] = git.Person{Name: m[2], Mail: m[3]}
		}
	}
	if len(wrong) > 0 {
		return nil, Errorf(Failed, "write a line for each: 65f1c0ffee = Asha Rao <asha@example.com>", "%s", strings.Join(wrong, "\n"))
	}
	return authors, nil
}

// versionTrailer ends the message of each commit that stands for a version, so
// that the next import knows it.
const versionTrailer = "Agentsync-Version"

func trailerOf(id string, v *diff.Version) string { return fmt.Sprintf("%s v%d", id, v.Number) }

// importer commits in everybody's place: so that two imports of the same
// versions make the same commits.
var importer = git.Person{Name: "agentsync", Mail: "agentsync@induslabs.invalid"}

// openBranch finds the branch that the versions go to; nil where none is asked
// for. One that somebody else has made is refused.
func (m *importing) openBranch(ctx context.Context) (*branch, error) {
	if m.in.History == "" {
		return nil, nil
	}
	repo, err := git.Open(ctx, m.opt.Dir)
	if err != nil {
		return nil, err
	}
	b := &branch{repo: repo, known: map[string]bool{}}
	if b.Branch, err = repo.Branch(ctx, m.in.History); err != nil {
		return nil, err
	}
	trailers, err := repo.Trailers(ctx, b.Tip, versionTrailer)
	if err != nil {
		return nil, err
	}
	if !b.New && len(trailers) == 0 {
		return nil, Errorf(Failed, "give the name of a new branch", "the branch %s is there already, and no import has made it", m.in.History)
	}
	for _, version := range trailers {
		b.known[version] = true
	}
	return b, nil
}

type branch struct {
	*git.Branch
	repo  *git.Repo
	known map[string]bool // the versions that are in it, as trailerOf
}

// pastVersion is a published version that is no commit yet.
type pastVersion struct {
	agent   *found
	version *diff.Version
	date    time.Time
}

// addHistory adds a commit for each published version that the branch lacks, in
// the order of their times.
func (m *importing) addHistory(ctx context.Context, b *branch) (*History, error) {
	var versions []pastVersion
	for _, f := range m.found {
		versions = append(versions, unknownVersions(f, b.known)...)
	}
	slices.SortStableFunc(versions, func(a, b pastVersion) int {
		return cmp.Or(a.date.Compare(b.date), cmp.Compare(a.agent.key, b.agent.key), cmp.Compare(a.version.Number, b.version.Number))
	})
	out := &History{Branch: b.Name, New: b.New, Commits: len(versions)}
	unnamed := map[string]bool{}
	commits := make([]git.Commit, len(versions))
	for i, v := range versions {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		author, named := m.author(v.version.CreatedBy)
		if unnamed[v.version.CreatedBy] = !named; v.version.CreatedBy == "" {
			delete(unnamed, "")
		}
		var err error
		if commits[i], err = commitOf(v, author); err != nil {
			return nil, err
		}
	}
	for _, id := range value.SortedKeys(unnamed) {
		if unnamed[id] {
			out.Unnamed = append(out.Unnamed, id)
		}
	}
	if err := b.repo.Extend(ctx, b.Branch, commits); err != nil {
		return nil, fmt.Errorf("write the branch %s: %w", b.Name, err)
	}
	return out, nil
}

// unknownVersions are an agent's published versions, oldest first, that are not
// known. A version without a time, or with one before that of the version before
// it, has that one's.
func unknownVersions(f *found, known map[string]bool) []pastVersion {
	var out []pastVersion
	var last time.Time
	for i := range slices.Backward(f.Versions) {
		v := &f.Versions[i]
		if v.IsDraft() {
			continue
		}
		at := v.CreatedAt
		if at.IsZero() {
			at = v.UpdatedAt
		}
		if at.Before(last) {
			at = last
		}
		last = at
		if !known[trailerOf(f.ID, v)] {
			out = append(out, pastVersion{f, v, at})
		}
	}
	return out
}

// author is who made a version; named is false where the authors don't say.
func (m *importing) author(id string) (who git.Person, named bool) {
	if who, named = m.in.Authors[id]; named {
		return who, true
	}
	id = cmp.Or(id, "unknown")
	return git.Person{Name: id, Mail: strings.ReplaceAll(id, " ", "-") + "@induslabs.invalid"}, false
}

// commitOf is a version as a commit: its files as import writes them.
func commitOf(v pastVersion, author git.Person) (git.Commit, error) {
	r := *v.agent.RemoteAgent
	r.Current = v.version
	a := asWritten(&r, v.version)
	if !v.version.IsCurrent {
		a.Outcomes, a.Infields = v.version.Outcomes, v.version.Infields
		r.Outcomes, r.Infields = a.Outcomes, a.Infields
	}
	written, err := edit.Write(a, differs(&r))
	if err != nil {
		return git.Commit{}, fmt.Errorf("write v%d of %s: %w", v.version.Number, v.agent.key, err)
	}
	c := git.Commit{Author: author, Committer: importer, Date: v.date, Delete: edit.OwnPaths(v.agent.key)}
	for _, f := range written.Files(v.agent.key) {
		c.Files = append(c.Files, git.File{Path: f.Path, Data: f.Data})
	}
	subject := fmt.Sprintf("%s v%d", v.agent.key, v.version.Number)
	if notes, _, _ := diff.ParseNotes(v.version.Notes); notes != "" {
		first, _, _ := strings.Cut(notes, "\n")
		if first = strings.Join(strings.Fields(printable(first)), " "); first != "" {
			subject += ": " + first
		}
	}
	c.Message = fmt.Sprintf("%s\n\n%s: %s\n", subject, versionTrailer, trailerOf(v.agent.ID, v.version))
	return c, nil
}

// printable has a blank for each character that could end a line, or do harm on a
// terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if bad, _ := schema.Unsafe(string(r), true); bad >= 0 {
			return ' '
		}
		return r
	}, s)
}
