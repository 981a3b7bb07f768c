package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/sync"
)

// sticky is the one comment of an environment of a project, or of some agents of
// it, in a pull request.
type sticky struct {
	client *Client
	number int    // the pull request's
	marker marker // the key

	id   int64 // 0 while there is none
	note note
	more []int64 // further comments of ours
}

// sticky is this project's comment in a pull request.
func (j *Job) sticky(number int) sticky {
	return sticky{client: j.Client, number: number, marker: j.marker()}
}

// find looks for the comment. Of several, as two runs at once leave them, the
// oldest is the comment, and its text is that of the latest run, or of the one
// written last where that can't be told.
func (s *sticky) find(ctx context.Context) error {
	me, err := s.client.author(ctx)
	if err != nil {
		return err
	}
	all, err := s.client.Comments(ctx, s.number)
	if err != nil {
		return err
	}
	s.id, s.note, s.more = 0, note{}, nil
	var latest time.Time
	for _, c := range all {
		n, ok := parseNote(c.GetBody())
		if !ok || !wrote(me, c.User) || !n.marker.sameKey(s.marker) {
			continue
		}
		if s.id == 0 {
			s.id = c.GetID()
		} else {
			s.more = append(s.more, c.GetID())
		}
		at, run := c.GetUpdatedAt().Time, n.status.Run
		if olderRun(s.note.status.Run, run) || !olderRun(run, s.note.status.Run) && !at.Before(latest) {
			latest, s.note = at, n
		}
	}
	return nil
}

// keepsError says why a comment is left as it is: somebody else has written it, or
// it can't be read again.
type keepsError struct{ why string }

func (e *keepsError) Error() string { return e.why }

// put makes the one comment say what change makes of what it says now, which is
// read right before it is written: the list that find read may be old by then,
// and other runs write too. change may return a keepsError. Further comments of
// ours are deleted.
func (s *sticky) put(ctx context.Context, change func(now note) (note, error)) error {
	now := s.note
	if s.id != 0 {
		comment, err := s.client.Comment(ctx, s.id)
		switch fresh, ours := parseNote(comment.GetBody()); {
		case statusOf(err) == http.StatusNotFound: // somebody has deleted it
			if err := s.find(ctx); err != nil {
				return err
			}
			if s.id == 0 {
				s.note = now
			}
			now = s.note
		case err != nil:
			return &keepsError{"it can't be read again: " + err.Error()}
		case ours && len(s.more) == 0: // else find has chosen the latest of several
			now = fresh
		}
	}
	n, err := change(now)
	if err != nil {
		return err
	}
	body := n.String()
	if s.id != 0 {
		err = s.client.EditComment(ctx, s.id, body)
	}
	if s.id == 0 || statusOf(err) == http.StatusNotFound { // deleted just now
		err = s.create(ctx, body)
	}
	if err != nil {
		return err
	}
	s.note = n
	for _, id := range s.more {
		if err := s.client.DeleteComment(ctx, id); err != nil {
			return err
		}
	}
	s.more = nil
	return nil
}

// create makes the comment, once, also when the answer to its POST is lost.
func (s *sticky) create(ctx context.Context, body string) (err error) {
	s.id, err = s.client.CreateComment(ctx, s.number, body)
	if code := statusOf(err); err == nil || code != 0 && code < 500 || ctx.Err() != nil || s.find(ctx) != nil {
		return err
	}
	if s.id != 0 {
		return s.client.EditComment(ctx, s.id, body)
	}
	s.id, err = s.client.CreateComment(ctx, s.number, body)
	return err
}

// tell makes the comment say what became of the reviewed plan, which stays in
// it, folded; and the comments of earlier pull requests, where the apply needed
// their reviews. body returns the text below the title in about so many bytes. A
// comment that can't be written is a warning, so that no apply stays half done.
// moved is why one was left alone that is another by now: before an apply it is
// asked for that also where comments are not to be written.
//
// What was applied stays so: its report goes only for that of another apply, and
// the comment never covers a plan again.
func (j *Job) tell(ctx context.Context, r *review, s state, title string, body func(limit int) string) (moved error) {
	if j.isPart() && s != applying {
		j.part.State, j.part.Title, j.part.Text = s, title, body(partTold)
		return nil
	}
	executes := s.unfinished() || s == applied
	for _, one := range append([]*review{r}, r.used...) {
		silent := j.Inputs.Comment == CommentNever
		if one.id == 0 || silent && s != applying || one.note.status.State == applied && !executes {
			continue
		}
		head := "### " + title + j.title() + "\n\n"
		if one != r {
			head += "Together with what was merged after it.\n\n"
		}
		known := one.note
		err := one.put(ctx, func(now note) (note, error) {
			if why := j.movedOn(known, now, r.commit); why != "" {
				return note{}, &keepsError{fmt.Sprintf("the comment in #%d is left as it is, since %s", one.number, why)}
			}
			if silent {
				return note{}, &keepsError{}
			}
			n := now
			n.status.Commit, n.status.Run = r.commit, j.Run.number()
			if now.status.State != applied {
				n.status.State = s
			}
			planned, _, _ := strings.Cut(now.foot, " Last told") // where the plan's run is
			n.foot = planned + " " + j.foot("Last told")
			return n.within(bodyLimit, func(limit int) string { return head + body(limit) }), nil
		})
		keeps, kept := errors.AsType[*keepsError](err)
		if kept && keeps.why != "" {
			moved = keeps
		}
		if err != nil && !(kept && keeps.why == "") {
			j.warn("the comment was not brought up to date", err)
		}
	}
	return moved
}

// movedOn says why an apply must not write a comment that it knows as known and
// that is now another; "" where it may.
func (j *Job) movedOn(known, now note, commit string) string {
	switch {
	case now.marker != known.marker || now.status.Steps != known.status.Steps:
		return "it shows another plan by now"
	case now.status.State == applied && known.status.State != applied && now.status.Run != j.Run.number():
		return "it was applied meanwhile, in the run of " + cut12(now.status.Commit)
	case now.status.Commit != known.status.Commit && now.status.Commit != commit:
		return "the run of " + cut12(now.status.Commit) + " has written it meanwhile"
	case now.status.Run != known.status.Run && olderRun(j.Run.number(), now.status.Run):
		return "a later run has written it meanwhile"
	}
	return ""
}

// within is the note in at most limit characters: told returns what it says in
// about so many bytes.
func (n note) within(limit int, told func(limit int) string) note {
	fits := func() bool { return utf8.RuneCountInString(n.String()) <= limit }
	for _, room := range []int{30_000, 10_000, 3_000, 500} {
		if n.told = told(room); fits() {
			return n
		}
	}
	n.document = "_The plan is too large to stand here; it is in the log of the pull request's run._"
	return n
}

// nothingWritten is a body that says why nothing was done.
func nothingWritten(why string) func(int) string {
	return func(limit int) string { return "Nothing was written.\n\n" + fenced("text", why, limit) }
}

// reportMarkdown is an apply's report in about limit bytes.
func (j *Job) reportMarkdown(report *sync.Report, failure error, limit int) string {
	var b strings.Builder
	counts := report.Summary
	fmt.Fprintf(&b, "%d of %s done", counts.Done, render.Count(counts.Steps, "step"))
	for i, n := range []int{counts.Failed, counts.Unknown, counts.Skipped} {
		if n > 0 {
			fmt.Fprintf(&b, ", %d %s", n, []string{"failed", "unknown", "skipped"}[i])
		}
	}
	b.WriteString(".\n")
	why := reportFailures(report)
	if why == "" && failure != nil {
		why = errorText(failure, j.Folder)
	}
	if why != "" {
		b.WriteString("\n" + fenced("text", why, limit/3))
	}
	switch {
	case failure != nil && checkFailed(report):
		b.WriteString("\n**What to do:** mend the prompt or the check in a pull request: its apply goes on with the same draft, and does the rest.\n")
	case failure != nil:
		b.WriteString("\n**What to do:** when what is wrong is mended, run this job again: it looks at what is there, and does the rest of this plan and nothing else.\n")
	}
	if limit < 2_000 {
		return b.String() + "\nEvery step is in " + inLog + ".\n"
	}
	var steps strings.Builder
	console.Report(&steps, report)
	return b.String() + "\n" + folded("Every step", fenced("text", strings.TrimSpace(steps.String()), limit*2/3))
}

func checkFailed(report *sync.Report) bool {
	return slices.ContainsFunc(report.Agents, func(agent sync.AgentReport) bool {
		return slices.ContainsFunc(agent.Steps, func(step sync.StepReport) bool { return len(step.Failures) > 0 })
	})
}

// reportFailures says of each agent why it did not end as wanted.
func reportFailures(report *sync.Report) string {
	var b strings.Builder
	for _, agent := range report.Agents {
		if agent.Error != "" && agent.Result == "failed" {
			fmt.Fprintf(&b, "%s: %s\n", agent.Name, strings.ReplaceAll(agent.Error, "\n", "; "))
			for _, step := range agent.Steps {
				console.Failures(&b, "  ", step.Failures)
			}
		}
	}
	return b.String()
}
