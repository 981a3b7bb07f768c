package github

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/value"
	api "github.com/google/go-github/v84/github"
)

const (
	driftBranches = "agentsync/drift/"
	pullMarker    = "<!-- agentsync:drift-pull -->" // the second line, below a plan's marker
	tipWord       = "Agentsync-Drift:"              // begins the last line of a commit of ours
	pullNames     = 20                              // values that the text names of an agent
)

// proposal is what the drift pull request is to have.
type proposal struct {
	branch  string
	title   string
	body    string
	message string // of its one commit
	content string // the digest of files
	files   []engine.CommitFile
}

// keepPull keeps the one pull request of this environment of this project into
// this branch: what a pull of the drift writes, as one commit on top of the run's
// own. It is closed, and its branch deleted, when no drift is left, or none that
// can be taken. It returns the pull request's number, 0 where there is none or
// where it could not be brought up to date, which is told.
//
// A branch whose last commit is not ours is never written: see tip.
func (j *Job) keepPull(ctx context.Context, planned *engine.Planned, lines, unknown []string) (number int) {
	var err error
	if len(lines) == 0 {
		err = j.dropPull(ctx, driftGone)
	} else {
		number, err = j.propose(ctx, planned, lines, unknown)
	}
	if err != nil {
		j.warn("the drift pull request was not brought up to date", err)
		j.summarize("⚠️ The drift pull request was not brought up to date:\n\n" + fenced("text", errorText(err, ""), 2_000))
		return 0
	}
	return number
}

func (j *Job) propose(ctx context.Context, planned *engine.Planned, lines, unknown []string) (int, error) {
	if j.Head != "" && j.Head != j.Run.SHA {
		return 0, engine.Errorf(engine.Failed, "check out the run's own commit, without ref",
			"the commit %s is checked out, and the run is of %s", cut12(j.Head), cut12(j.Run.SHA))
	}
	pull, err := planned.Pull(ctx, engine.PullOptions{})
	if err != nil {
		return 0, err
	}
	for _, agent := range pull.Agents {
		for _, reason := range agent.NotTaken() {
			j.out.Message("not taken: %s: %s", agent.Name, reason.Why)
			if reason.Hint != "" {
				j.out.Message("  hint: %s", reason.Hint)
			}
		}
	}
	files, err := pull.Committable(ctx)
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, j.dropPull(ctx, "Nothing of the drift can be taken into the files any more; the drift issue says what is left.")
	}
	p := proposal{branch: j.driftBranch(), message: pull.Message(), files: files, content: contentOf(files),
		title: "Take what was changed on the platform" + j.where("", j.environment(), render.Escape) + " (branch " + render.Escape(j.Run.Branch()) + ")",
		body:  j.pullBody(pull, lines, unknown)}
	if err := j.pushProposal(ctx, p); err != nil {
		return 0, err
	}
	return j.savePull(ctx, p)
}

// driftBranch is the branch that the pull request comes from. Two projects never
// share one: where the name alone does not tell them apart, the key of tip does.
func (j *Job) driftBranch() string {
	m, name := j.issueMarker(), driftBranches+j.Run.Branch()
	if m.Environment != "default" {
		name += "-" + m.Environment
	}
	if m.Project != "" || m.Targets != "" {
		name += "-" + m.Project + "-" + value.Of(m.Project+"\n"+m.Targets).ShortDigest()
	}
	return strings.Trim(noRef.ReplaceAllString(name, "-"), "-")
}

// noRef is what is safe in no branch's name; dots would need rules of their own.
var noRef = regexp.MustCompile(`[^A-Za-z0-9_/-]+`)

// key is who a proposal's commit belongs to.
func (j *Job) key() string {
	m := j.issueMarker()
	m.FormatVersion = ""
	return value.Of(m.String()).ShortDigest()
}

func contentOf(files []engine.CommitFile) string {
	var all []any
	for _, f := range files {
		all = append(all, []any{f.Path, string(f.Data), f.Executable})
	}
	return value.Of(all).Digest()
}

// tip is the last commit of the proposal's branch.
type tip struct {
	sha     string // "" for no branch
	ours    bool
	content string // the digest of what it has, where that is known
}

// tipOf reads the tip. A commit is ours when its last line says of its tree, its
// parent and its key what they are: what a person commits, amends, merges or
// rebases there has others. What the base branch has already is nobody's to lose.
func (j *Job) tipOf(ctx context.Context, branch string) (tip, error) {
	sha, err := j.Client.BranchHead(ctx, branch)
	if statusOf(err) == http.StatusNotFound {
		return tip{}, nil
	}
	if err != nil {
		return tip{}, err
	}
	commit, err := j.Client.GitCommit(ctx, sha)
	if err != nil {
		return tip{}, err
	}
	t, message := tip{sha: sha}, strings.TrimSpace(commit.GetMessage())
	words := strings.Fields(message[strings.LastIndexByte(message, '\n')+1:])
	if len(words) == 5 && len(commit.Parents) == 1 {
		t.content = words[2]
		t.ours = strings.Join(words, " ") == tipLine(j.key(), t.content, commit.GetTree().GetSHA(), commit.Parents[0].GetSHA())
	}
	if !t.ours {
		compared, err := j.Client.Compare(ctx, sha, j.Run.SHA)
		if err != nil && statusOf(err) != http.StatusNotFound {
			return tip{}, err
		}
		status := compared.GetStatus()
		t.ours, t.content = err == nil && (status == "ahead" || status == "identical"), ""
	}
	return t, nil
}

func tipLine(key, content, tree, parent string) string {
	return strings.Join([]string{tipWord, key, content, tree, parent}, " ")
}

// foreign is the error of a branch that somebody has committed to.
func (t tip) foreign(branch string) error {
	return engine.Errorf(engine.Failed, "merge what is there, or delete the branch: the next run makes it anew",
		"the branch %s is at %s, which is not a commit of this job's, so it stays as it is", branch, cut12(t.sha))
}

// pushProposal makes the branch have the proposal's files. A branch that has them
// is left alone, also where the base has moved on.
func (j *Job) pushProposal(ctx context.Context, p proposal) error {
	now, err := j.tipOf(ctx, p.branch)
	switch {
	case err != nil:
		return err
	case now.sha != "" && !now.ours:
		return now.foreign(p.branch)
	case now.sha != "" && now.content == p.content:
		return nil
	}
	commit, err := j.commitProposal(ctx, p)
	if err != nil {
		return err
	}
	if now.sha == "" {
		err = j.Client.CreateBranch(ctx, p.branch, commit)
	} else if err = j.stillAt(ctx, p.branch, now.sha); err == nil {
		err = j.Client.ForceBranch(ctx, p.branch, commit)
	}
	if err == nil {
		j.out.Message("set the branch %s to %s", p.branch, cut12(commit))
	}
	return err
}

// stillAt is an error where a branch has moved since it was read: GitHub has no
// update that holds only for the commit that one has seen.
func (j *Job) stillAt(ctx context.Context, branch, sha string) error {
	head, err := j.Client.BranchHead(ctx, branch)
	if err == nil && head != sha {
		err = tip{sha: head}.foreign(branch)
	}
	return err
}

// commitProposal makes the commit, on top of the run's.
func (j *Job) commitProposal(ctx context.Context, p proposal) (string, error) {
	base, err := j.Client.GitCommit(ctx, j.Run.SHA)
	if err != nil {
		return "", err
	}
	var entries []*api.TreeEntry
	for _, f := range p.files {
		if !utf8.Valid(f.Data) {
			return "", engine.Errorf(engine.Failed, "save it as UTF-8", "%s is not UTF-8, so it can't be committed through GitHub's API", f.Path)
		}
		mode := "100644"
		if f.Executable {
			mode = "100755"
		}
		entries = append(entries, &api.TreeEntry{Path: new(path.Join(j.Folder, f.Path)), Mode: &mode, Type: new("blob"), Content: new(string(f.Data))})
	}
	tree, err := j.Client.CreateTree(ctx, base.GetTree().GetSHA(), entries)
	if err != nil {
		return "", err
	}
	message := strings.TrimSpace(p.message) + "\n\n" + tipLine(j.key(), p.content, tree, j.Run.SHA)
	return j.Client.CreateCommit(ctx, message, tree, j.Run.SHA)
}

// ownPull is the open pull request from the branch, nil for none: GitHub takes one
// at most. One that somebody else has opened, or whose first lines are gone, is an
// error.
func (j *Job) ownPull(ctx context.Context, branch string) (*api.PullRequest, error) {
	me, err := j.Client.author(ctx)
	if err != nil {
		return nil, err
	}
	open, err := j.Client.OpenPulls(ctx, branch, j.Run.Branch())
	if err != nil || len(open) == 0 {
		return nil, err
	}
	one := open[0]
	if !j.isOurs(one.GetBody(), pullMarker) || !wrote(me, one.User) {
		return nil, engine.Errorf(engine.Failed, "close it: the next run opens one of its own",
			"#%d is open from the branch %s, and is not this job's", one.GetNumber(), branch)
	}
	return one, nil
}

// savePull opens the pull request, or brings its text up to date.
func (j *Job) savePull(ctx context.Context, p proposal) (int, error) {
	one, err := j.ownPull(ctx, p.branch)
	if err != nil {
		return 0, err
	}
	if one == nil {
		number, err := j.Client.CreatePull(ctx, p.branch, j.Run.Branch(), p.title, p.body)
		if err == nil {
			j.out.Message("opened the pull request #%d", number)
		}
		return number, err
	}
	if one.GetTitle() == p.title && withoutFoot(one.GetBody()) == withoutFoot(p.body) {
		return one.GetNumber(), nil
	}
	return one.GetNumber(), j.Client.SavePull(ctx, one.GetNumber(), map[string]string{"title": p.title, "body": p.body})
}

// dropPull closes the pull request, saying why, and deletes its branch; also that
// of one that was merged. Where the branch is not ours both stay, and that is told.
func (j *Job) dropPull(ctx context.Context, why string) error {
	branch := j.driftBranch()
	now, err := j.tipOf(ctx, branch)
	if err != nil || now.sha == "" {
		return err
	}
	if !now.ours {
		j.annotate("notice", oneLine(errorText(now.foreign(branch), "")))
		return nil
	}
	one, err := j.ownPull(ctx, branch)
	if err != nil {
		return err
	}
	if one != nil {
		if err := j.say(ctx, one.GetNumber(), why); err != nil {
			return err
		}
		if err := j.Client.SavePull(ctx, one.GetNumber(), map[string]string{"state": "closed"}); err != nil {
			return err
		}
	}
	if err := j.stillAt(ctx, branch, now.sha); err != nil {
		return err
	}
	return j.Client.DeleteBranch(ctx, branch)
}

// pullBody says for each agent what changed, who changed it and when, and what
// could not be taken and why.
func (j *Job) pullBody(pull *engine.Pull, lines, unknown []string) string {
	taken, left := []string{}, []string{}
	for _, a := range pull.Agents {
		if a.Taken() {
			taken = append(taken, takenText(a))
		}
		lines := slices.Clone(a.Drift)
		for _, reason := range a.NotTaken() {
			lines = append(lines, "not taken: "+reason.Why)
			if reason.Hint != "" {
				lines = append(lines, "hint: "+reason.Hint)
			}
		}
		if len(lines) > len(a.Drift) {
			left = append(left, "#### "+code(a.Name)+"\n\n"+fenced("text", strings.Join(lines, "\n"), 2_000))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", j.issueMarker(), pullMarker)
	fmt.Fprintf(&b, "The platform was changed since the last apply of %s%s. Merged, this takes it into the files of %s, so that an apply has nothing to undo. "+
		"What is not wanted: close this, and overwrite it by a plan with `scope: all` that is reviewed.\n\n",
		code(j.Run.Branch()), j.title(), render.Count(len(taken), "agent"))
	if len(left) > 0 {
		b.WriteString("### Not taken\n\n")
		j.fill(&b, left, (bodyLimit-issueRest)/2)
	}
	if len(unknown) > 0 {
		b.WriteString("### Not known\n\n" + fenced("text", strings.Join(unknown, "\n"), 5_000))
	}
	b.WriteString("### Taken\n\n")
	j.fill(&b, taken, bodyLimit-issueRest)
	return b.String() + footer(j.foot("Found"))
}

// fill adds parts while the text has at most limit characters, and says how many
// there is no room for.
func (j *Job) fill(b *strings.Builder, parts []string, limit int) {
	for i, part := range parts {
		if utf8.RuneCountInString(b.String())+utf8.RuneCountInString(part) > limit {
			fmt.Fprintf(b, "And %s; %s has all.\n\n", render.Count(len(parts)-i, "more agent"), inLog)
			return
		}
		b.WriteString(part + "\n")
	}
}

func takenText(a engine.PulledAgent) string {
	text := "#### " + code(a.Name) + " " + code(a.AgentName) + "\n\n" + fenced("text", strings.Join(a.Drift, "\n"), 2_000) + "\n"
	for _, one := range a.Paths[:min(len(a.Paths), pullNames)] {
		text += "- " + code(one) + "\n"
	}
	if more := len(a.Paths) - pullNames; more > 0 {
		text += fmt.Sprintf("- and %d more\n", more)
	}
	if len(a.Notes) > 0 {
		text += "\n" + fenced("text", strings.Join(a.Notes, "\n"), 2_000)
	}
	return text
}
